import type { Arena } from "./arena.ts";
import type { Floats } from "./scalar.ts";
import type { WasmKernels } from "./wasm.ts";

/** Values copied at a time: 32 KiB of doubles stay in the first two levels of cache. */
export const STAGE_LENGTH = 4096;

/**
 * Gives kernels the address of values as doubles: where they are, when that is the kernels' memory, or of a copy.
 *
 *   doubles in the arena      ------------------------------> address
 *   doubles elsewhere         -- set --------> doubles -----> address
 *   floats in the arena       -- widen ------> doubles -----> address
 *   floats elsewhere  -- set --> floats -- widen --> doubles -> address
 */
export class Stage {
  readonly #wasm: WasmKernels;
  readonly #arena: Arena;
  readonly #doubles: Float64Array;
  readonly #floats: Float32Array;

  constructor(wasm: WasmKernels, arena: Arena) {
    this.#wasm = wasm;
    this.#arena = arena;
    this.#doubles = arena.float64(STAGE_LENGTH);
    this.#floats = arena.float32(STAGE_LENGTH);
  }

  /** The address of `count` values from index `from` on, at most `STAGE_LENGTH`; of a copy, valid until the next call. */
  addressOf(values: Floats, from: number, count: number): number {
    const here = this.#arena.holds(values);
    if (values instanceof Float64Array) {
      if (here) return values.byteOffset + 8 * from;
      this.#doubles.set(part(values, from, count));
      return this.#doubles.byteOffset;
    }
    if (!here) this.#floats.set(part(values, from, count));
    const floats = here ? values.byteOffset + 4 * from : this.#floats.byteOffset;
    this.#wasm.widen(floats, count + (-count & 3), this.#doubles.byteOffset); // whole blocks: the rest is not used
    return this.#doubles.byteOffset;
  }
}

function part<T extends Floats>(values: T, from: number, count: number): T {
  return count === values.length ? values : (values.subarray(from, from + count) as T);
}
