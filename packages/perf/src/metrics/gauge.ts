import { InvalidInputError } from "../errors.ts";

/**
 * A value that goes up and down: a queue's length, a temperature. Starts at 0.
 *
 * NaN and the infinities are legal and exposed as such: a gauge whose source is gone says so by NaN.
 *
 * @example
 * const queued = new Gauge();
 * queued.set(3);
 * queued.add(-1);
 * queued.value; // 2
 */
export class Gauge {
  readonly #cell = new Float64Array(1);

  /** Replaces the value. @throws {InvalidInputError} When `value` is not of type number; text would become NaN unseen. */
  set(value: number): void {
    if (typeof value !== "number") throw refused(value);
    this.#cell[0] = value;
  }

  /** Adds `delta`, which may be negative. @throws {InvalidInputError} When `delta` is not of type number. */
  add(delta: number): void {
    if (typeof delta !== "number") throw refused(delta);
    (this.#cell[0] as number) += delta;
  }

  get value(): number {
    return this.#cell[0] as number;
  }
}

function refused(value: unknown): InvalidInputError {
  return new InvalidInputError(`a gauge takes a number, got ${typeof value} ${String(value)}`);
}
