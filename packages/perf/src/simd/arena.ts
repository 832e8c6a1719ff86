import { integerInRange, PitlaneError } from "../errors.ts";
import type { Floats } from "./scalar.ts";

/** The kernels' memory has no room for an array. Nothing frees it but dropping the kernels: plan its size. */
export class ArenaFullError extends PitlaneError {
  readonly code = "ARENA_FULL";
  readonly retryable = false;
}

const ALIGNMENT = 16; // bytes of one vector
const READ_BEHIND = 16; // bytes: kernels read in pairs, and so up to this far behind an array

/**
 * Hands out arrays one behind the other in a buffer of fixed size; none is ever given back.
 *
 * The buffer must not grow: growing detaches every array made so far.
 */
export class Arena {
  readonly #buffer: ArrayBuffer;
  readonly #arrays = new WeakSet<Floats>();
  #usedBytes = 0;

  constructor(buffer: ArrayBuffer) {
    this.#buffer = buffer;
  }

  /** @throws {ArenaFullError} When it does not fit. @throws {InvalidInputError} When `length` is not a whole number, 0 or more. */
  float64(length: number): Float64Array {
    const array = new Float64Array(this.#buffer, this.#take(length, 8), length);
    this.#arrays.add(array);
    return array;
  }

  /** As `float64`. */
  float32(length: number): Float32Array {
    const array = new Float32Array(this.#buffer, this.#take(length, 4), length);
    this.#arrays.add(array);
    return array;
  }

  /** Whether `values` lie in this arena: an array made here, or a part of one. */
  holds(values: Floats): boolean {
    if (values.byteOffset === 0) return false; // the first array made here stays with the kernels
    // Asking an array for its buffer takes 20 ns, looking one up 3: only parts are asked.
    return this.#arrays.has(values) || values.buffer === this.#buffer;
  }

  #take(length: number, bytesPerValue: number): number {
    const bytes = integerInRange("length", length, 0, 2 ** 31) * bytesPerValue;
    const at = Math.ceil(this.#usedBytes / ALIGNMENT) * ALIGNMENT;
    const endBytes = this.#buffer.byteLength - READ_BEHIND;
    if (at + bytes > endBytes)
      throw new ArenaFullError(`no room for an array of ${bytes} bytes: ${Math.max(0, endBytes - at)} are left`);
    this.#usedBytes = at + bytes;
    return at;
  }
}
