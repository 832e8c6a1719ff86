/**
 * Root of every error Pitlane throws. Branch on `code`; messages are for people and may change.
 *
 * @example
 * try { await client.orders.submit(order); }
 * catch (error) { if (error instanceof PitlaneError && error.code === "INVALID_INPUT") fixTheOrder(error); }
 */
export abstract class PitlaneError extends Error {
  override get name(): string {
    return this.constructor.name;
  }
  /** Stable identifier of the kind of failure, upper snake case. */
  abstract readonly code: string;
  /** True when repeating the call could go better with nothing changed by the caller. Only reads are repeated on it. */
  abstract readonly retryable: boolean;
}

/** A value given by the caller breaks a documented rule. Thrown before any side effect. */
export class InvalidInputError extends PitlaneError {
  readonly code: string = "INVALID_INPUT";
  readonly retryable = false;
}

/**
 * Returns `value` when it is a finite number in `[min, max]`.
 *
 * @throws {InvalidInputError} Naming `name`, the value and the range otherwise.
 * @example
 * const capacity = inRange("capacity", options.capacity, 1, 1e9);
 */
export function inRange(name: string, value: number, min: number, max: number): number {
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw new InvalidInputError(`${name} must be a number from ${min} to ${max}, got ${shown(value)}`);
}

/** As `inRange`, and whole. @throws {InvalidInputError} When out of range or not an integer. */
export function integerInRange(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value)) return inRange(name, value, min, max);
  throw new InvalidInputError(`${name} must be a whole number from ${min} to ${max}, got ${shown(value)}`);
}

/** Of an object no more than that it is one: its own text may throw. */
function shown(value: unknown): string {
  return value === Object(value) ? typeof value : String(value);
}
