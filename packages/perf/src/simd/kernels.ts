import { InvalidInputError, integerInRange } from "../errors.ts";
import { Arena } from "./arena.ts";
import {
  addMoments,
  addSum,
  addWeighed,
  type Floats,
  foldCorrelation,
  foldFour,
  MOMENT_LANES,
  SUM_LANES,
  WEIGH_LANES,
} from "./scalar.ts";
import { rollingMean, rollingVariance } from "./scalar-rolling.ts";
import { SimdKernels } from "./simd-kernels.ts";
import { STAGE_LENGTH } from "./stage.ts";
import { loadWasm, type WasmKernels } from "./wasm.ts";

export interface KernelsOptions {
  /** Room for the arrays of `allocFloat64` and `allocFloat32`, in bytes; 0 to 2^30, 2^20 (1 MiB) by default. */
  readonly arenaBytes?: number;
  /** False keeps to plain JavaScript. By default SIMD is used where the host has it. */
  readonly simd?: boolean;
}

const SCALAR_LENGTH = 1024; // pairs that `addWeighed` goes over twice: 16 KiB stay in the first level of cache
const LONGEST_WINDOW = 16_384;

/** Bytes the kernels' own arrays take in the arena, with their alignment. */
const OWN_BYTES = 2 * 12 * STAGE_LENGTH + 8 * STAGE_LENGTH + 16 * LONGEST_WINDOW + 256;

/**
 * Sums, VWAP, correlation and rolling windows over `Float64Array` and `Float32Array`, by WebAssembly SIMD where that is faster.
 *
 * Whichever way is taken (SIMD or not, copied or in place, long or short), the same values give the same bits: the plain
 * JavaScript does the same operations in the same order. Floats are added up as doubles.
 *
 * SIMD takes over from 256 values on. Arrays made by `allocFloat64` and `allocFloat32`, and subarrays of them, live in the kernels'
 * memory and are read in place; others are copied there in pieces of 4,096 values.
 *
 * Error bounds to first order, with u = 2^-53 and n values, as long as nothing overflows (squares do above 1e154):
 * - `sum`: (n / 4 + 3) u times the sum of |value|. `weightedSum`: (n / 4 + 4) u times the sum of |value * weight|.
 * - `vwap` of prices and volumes that are not negative: relative (n / 2 + 8) u.
 * - `rollingMean`: (window / 2 + 4) u times the mean of |value| in the window.
 * - `rollingVariance`: relative 4 (window + 8) d^2 u; `correlation`: absolute 4 (n + 8) d^2 u. Here d^2 is 1 plus the square of how
 *   many standard deviations one value of the window (of the data) lies from its mean: usually 1 to 5, never above the number of values.
 *
 * @example
 * const kernels = createKernels();
 * const prices = kernels.allocFloat64(1000);
 * const volumes = kernels.allocFloat64(1000);
 * prices.fill(100);
 * volumes.fill(2);
 * kernels.vwap(prices, volumes); // 100
 */
export class Kernels {
  /** Whether long arrays go through SIMD. */
  readonly simd: boolean;
  readonly #arena: Arena;
  readonly #lanes: Float64Array;
  readonly #suffixes: Float64Array;
  readonly #simd: SimdKernels | undefined;

  /** @internal Use `createKernels`. */
  constructor(wasm: WasmKernels | undefined, arena: Arena) {
    this.simd = wasm !== undefined;
    this.#arena = arena;
    this.#lanes = arena.float64(MOMENT_LANES);
    this.#suffixes = arena.float64(2 * LONGEST_WINDOW); // two sums a value, for variances
    this.#simd = wasm && new SimdKernels(wasm, arena, this.#suffixes);
  }

  /**
   * A new array of `length` zeros in the kernels' memory. Nothing frees it but dropping the kernels: make arrays once.
   *
   * @throws {ArenaFullError} When `arenaBytes` has no room for it. @throws {InvalidInputError} When `length` is not a whole number, 0 or more.
   */
  allocFloat64(length: number): Float64Array {
    return this.#arena.float64(length);
  }

  /** As `allocFloat64`, of floats: half the memory, the same error bounds, about twice the time. */
  allocFloat32(length: number): Float32Array {
    return this.#arena.float32(length);
  }

  /** The sum of `values`; 0 when there are none. */
  sum(values: Floats): number {
    const lanes = this.#cleared(SUM_LANES);
    const done = this.#simd?.addSum(values, lanes) ?? 0;
    addSum(values, done, values.length, lanes);
    return foldFour(lanes, 0);
  }

  /**
   * The sum of `values[i] * weights[i]`; 0 when there are none.
   *
   * @throws {InvalidInputError} When the lengths differ.
   */
  weightedSum(values: Floats, weights: Floats): number {
    return foldFour(this.#weigh(values, weights), 0);
  }

  /**
   * The volume-weighted average price: the sum of price * volume over the sum of volumes. NaN when there are none or all volumes
   * are 0. For display and signals: amounts that must be exact are `PackedTrades`' work.
   *
   * @throws {InvalidInputError} When the lengths differ.
   */
  vwap(prices: Floats, volumes: Floats): number {
    const lanes = this.#weigh(prices, volumes);
    return foldFour(lanes, 0) / foldFour(lanes, 4);
  }

  /**
   * Pearson's correlation of `a` and `b`, from -1 to 1. NaN when either does not vary, holds a value that is not finite, or is empty.
   *
   * One pass, over distances from the first pair: being one of the data, it bounds what cancels, however far prices are from 0.
   * Source: T. Chan, G. Golub, R. LeVeque, "Algorithms for computing the sample variance", 1983, on shifted data; the bound on
   * d^2 is P. Samuelson's inequality, 1968.
   *
   * @throws {InvalidInputError} When the lengths differ.
   */
  correlation(a: Floats, b: Floats): number {
    sameLength(a, b);
    const pivotA = a[0] ?? Number.NaN;
    const pivotB = b[0] ?? Number.NaN;
    const lanes = this.#cleared(MOMENT_LANES);
    const done = this.#simd?.addMoments(a, b, lanes, pivotA, pivotB) ?? 0;
    addMoments(a, b, done, a.length, lanes, pivotA, pivotB);
    return foldCorrelation(lanes, a.length);
  }

  /**
   * Writes the mean of each `window` consecutive values: `means[i]` is that of `values[i]` to `values[i + window - 1]`. Returns how
   * many were written: `values.length - window + 1`, or 0 when there are fewer values than that.
   *
   * Nothing is carried along by subtracting what left the window, so errors do not build up, and a NaN or an Infinity touches only
   * the windows that hold it. Each result takes three additions, whatever the window.
   * Source: M. van Herk, "A fast algorithm for local minimum and maximum filters", 1992, with sums in place of maxima.
   *
   * @param window 1 to 16,384. Longer than 2,048 it uses SIMD only where `values` and `means` are doubles in the kernels' memory.
   * @param means Must not overlap `values`.
   * @throws {InvalidInputError} When `window` is out of range or `means` too short.
   */
  rollingMean(values: Floats, window: number, means: Float64Array): number {
    const count = countWindows(values, window, means);
    if (this.#simd?.rollingMean(values, count, window, means) !== true)
      rollingMean(values, count, window, means, this.#suffixes);
    return count;
  }

  /**
   * As `rollingMean`, population variances: over `window`, not `window - 1`. Never below 0; exactly 0 where a window does not vary,
   * NaN where it holds a value that is not finite.
   */
  rollingVariance(values: Floats, window: number, variances: Float64Array): number {
    const count = countWindows(values, window, variances);
    if (this.#simd?.rollingVariance(values, count, window, variances) !== true)
      rollingVariance(values, count, window, variances, this.#suffixes);
    return count;
  }

  #weigh(values: Floats, weights: Floats): Float64Array {
    sameLength(values, weights);
    const lanes = this.#cleared(WEIGH_LANES);
    let done = this.#simd?.addWeighed(values, weights, lanes) ?? 0;
    for (; done < values.length; done += SCALAR_LENGTH)
      addWeighed(values, weights, done, Math.min(done + SCALAR_LENGTH, values.length), lanes);
    return lanes;
  }

  #cleared(count: number): Float64Array {
    const lanes = this.#lanes;
    for (let lane = 0; lane < count; lane++) lanes[lane] = 0;
    return lanes;
  }
}

/**
 * Kernels with a memory of their own; one for each thread is enough.
 *
 * Takes about half a millisecond, and 400 KB beside `arenaBytes`. Where the host has no WebAssembly SIMD, the same results come from plain
 * JavaScript, and `simd` says so.
 *
 * @throws {InvalidInputError} When `arenaBytes` is out of range.
 * @example
 * const kernels = createKernels({ arenaBytes: 16_000_000 });
 */
export function createKernels({ arenaBytes = 2 ** 20, simd = true }: KernelsOptions = {}): Kernels {
  const bytes = OWN_BYTES + integerInRange("arenaBytes", arenaBytes, 0, 2 ** 30);
  const loaded = simd ? loadWasm(bytes) : undefined;
  return new Kernels(loaded?.kernels, new Arena(loaded?.buffer ?? new ArrayBuffer(bytes)));
}

function sameLength(a: Floats, b: Floats): void {
  if (a.length !== b.length)
    throw new InvalidInputError(`both arrays must have the same length, got ${a.length} and ${b.length}`);
}

function countWindows(values: Floats, window: number, results: Float64Array): number {
  integerInRange("window", window, 1, LONGEST_WINDOW);
  const count = Math.max(0, values.length - window + 1);
  if (results.length < count)
    throw new InvalidInputError(`results must have room for ${count} values, got an array of ${results.length}`);
  return count;
}
