import { InvalidInputError } from "pitlane";

/** `value` when it is a whole number within bounds. @throws {InvalidInputError} Naming it and the bounds. */
export function wholeIn(name: string, value: number, min: number, max: number): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw new InvalidInputError(`${name} must be a whole number from ${min} to ${max}, got ${String(value)}`);
}

/** `value` when it is a number within bounds. @throws {InvalidInputError} Naming it and the bounds. */
export function numberIn(name: string, value: number, min: number, max: number): number {
  if (typeof value === "number" && value >= min && value <= max) return value;
  throw new InvalidInputError(`${name} must be a number from ${min} to ${max}, got ${String(value)}`);
}

/** `value` when it is a boolean. @throws {InvalidInputError} Naming it. */
export function flagOf(name: string, value: boolean): boolean {
  if (typeof value === "boolean") return value;
  throw new InvalidInputError(`${name} must be true or false, got ${String(value)}`);
}

/** `priceTicks` when the venue takes it. @throws {InvalidInputError} Naming it and the step. */
export function priceOf(name: string, priceTicks: number, tickIncrement: number): number {
  if (Number.isSafeInteger(priceTicks) && priceTicks > 0 && priceTicks % tickIncrement === 0) return priceTicks;
  throw new InvalidInputError(
    `${name} must be whole ticks above 0 in steps of ${tickIncrement}, got ${String(priceTicks)}`,
  );
}
