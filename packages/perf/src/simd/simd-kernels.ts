import type { Arena } from "./arena.ts";
import type { Floats } from "./scalar.ts";
import { STAGE_LENGTH, Stage } from "./stage.ts";
import type { WasmKernels } from "./wasm.ts";

// The length from which on SIMD was no slower than plain JavaScript for each kernel, in place or copied (Node 20, Zen 5): a call
// costs 20 to 40 ns, a copy 10 ns and 0.1 ns a value. A constant rather than a measurement at load: no result depends on it, and
// a program takes the same way each time it runs.
const SIMD_FROM = 256;

/**
 * The kernels of kernels.wat over arrays from anywhere, where that is faster than plain JavaScript.
 *
 * Sums return how many leading values they took, whole blocks or none; the caller adds the rest. Rolling kernels take all or
 * return false. Long arrays from elsewhere go through in pieces, with one small object each; running sums stay in `lanes` between.
 */
export class SimdKernels {
  readonly #wasm: WasmKernels;
  readonly #arena: Arena;
  readonly #first: Stage;
  readonly #second: Stage;
  readonly #results: Float64Array;
  readonly #suffixes: number; // address

  constructor(wasm: WasmKernels, arena: Arena, suffixes: Float64Array) {
    this.#wasm = wasm;
    this.#arena = arena;
    this.#first = new Stage(wasm, arena);
    this.#second = new Stage(wasm, arena);
    this.#results = arena.float64(STAGE_LENGTH);
    this.#suffixes = suffixes.byteOffset;
  }

  addSum(values: Floats, lanes: Float64Array): number {
    const whole = wholeBlocks(values);
    for (let done = 0; done < whole; done += STAGE_LENGTH) {
      const count = Math.min(STAGE_LENGTH, whole - done);
      this.#wasm.sum(this.#first.addressOf(values, done, count), count, lanes.byteOffset);
    }
    return whole;
  }

  addWeighed(values: Floats, weights: Floats, lanes: Float64Array): number {
    const whole = wholeBlocks(values);
    for (let done = 0; done < whole; done += STAGE_LENGTH) {
      const count = Math.min(STAGE_LENGTH, whole - done);
      const valuesAt = this.#first.addressOf(values, done, count);
      const weightsAt = this.#second.addressOf(weights, done, count);
      this.#wasm.weigh(valuesAt, weightsAt, count, lanes.byteOffset);
    }
    return whole;
  }

  addMoments(a: Floats, b: Floats, lanes: Float64Array, pivotA: number, pivotB: number): number {
    const whole = wholeBlocks(a);
    for (let done = 0; done < whole; done += STAGE_LENGTH) {
      const count = Math.min(STAGE_LENGTH, whole - done);
      const aAt = this.#first.addressOf(a, done, count);
      const bAt = this.#second.addressOf(b, done, count);
      this.#wasm.moments(aAt, bAt, count, lanes.byteOffset, pivotA, pivotB);
    }
    return whole;
  }

  rollingMean(values: Floats, count: number, window: number, means: Float64Array): boolean {
    return this.#roll(this.#wasm.rollingMean, values, count, window, means);
  }

  rollingVariance(values: Floats, count: number, window: number, variances: Float64Array): boolean {
    return this.#roll(this.#wasm.rollingVariance, values, count, window, variances);
  }

  #roll(
    kernel: WasmKernels["rollingMean"],
    values: Floats,
    count: number,
    window: number,
    results: Float64Array,
  ): boolean {
    if (values.length < SIMD_FROM) return false;
    if (this.#isInPlace(values, results)) {
      kernel(values.byteOffset, count, window, results.byteOffset, this.#suffixes);
      return true;
    }
    const pieceLength = pieceOf(window);
    if (pieceLength === 0) return false;
    for (let first = 0; first < count; first += pieceLength) {
      const pieceCount = Math.min(pieceLength, count - first);
      const at = this.#first.addressOf(values, first, pieceCount + window - 1);
      kernel(at, pieceCount, window, this.#results.byteOffset, this.#suffixes);
      results.set(this.#results.subarray(0, pieceCount), first);
    }
    return true;
  }

  #isInPlace(values: Floats, results: Float64Array): boolean {
    return values instanceof Float64Array && this.#arena.holds(values) && this.#arena.holds(results);
  }
}

/** How many leading values to take: kernels take four at a time, and short arrays none. */
function wholeBlocks({ length }: Floats): number {
  return length < SIMD_FROM ? 0 : length - (length % 4);
}

/** How many windows go through the stage at a time: whole groups, so that pieces change no result; 0 when not even one fits. */
function pieceOf(window: number): number {
  const room = STAGE_LENGTH - window + 1;
  return room < window ? 0 : room - (room % window);
}
