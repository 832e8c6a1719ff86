import { InvalidInputError, inRange, integerInRange } from "@pitlane/perf";
import type { CallControl, WriteControl } from "./calls.ts";

// What types promise and callers without them may not keep. A raw TypeError from further inside would name neither field nor rule,
// and could come after the wire.

/** A value in an error: text in quotes, of an object no more than that it is one. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return value === Object(value) ? typeof value : String(value);
}

/** @param rule Ends the sentence "NAME must be ...". @throws {InvalidInputError} When `isRight` is false. */
export function check(isRight: boolean, name: string, rule: string, value: unknown): asserts isRight {
  if (!isRight) throw new InvalidInputError(`${name} must be ${rule}, got ${shown(value)}`);
}

export function checkObject(name: string, value: unknown): void {
  check(typeof value === "object" && value !== null, name, "an object", value);
}

export function checkFunction(name: string, value: unknown): void {
  check(typeof value === "function", name, "a function", value);
}

export function checkFlag(name: string, value: boolean): boolean {
  check(typeof value === "boolean", name, "true or false", value);
  return value;
}

export function checkList(name: string, value: unknown): void {
  check(Array.isArray(value), name, "a list", value);
}

/** @param pattern Alone it would take a list or a number by its text. */
export function checkText(name: string, pattern: RegExp, rule: string, value: unknown): void {
  check(typeof value === "string" && pattern.test(value), name, rule, value);
}

/** A venue's name, the first part of its instruments' ids. */
export function checkVenueName(name: string, value: unknown): void {
  checkText(name, /^[a-z0-9-]+$/, "lower-case letters, digits and -", value);
}

/** An object with these methods, `clock` and `nowUs` say. */
export function checkMethods(name: string, value: unknown, ...methods: readonly string[]): void {
  checkObject(name, value);
  for (const method of methods)
    checkFunction(`${name}.${method}`, (value as Readonly<Record<string, unknown>>)[method]);
}

/** An object with no field beyond `names`: a misspelt one would be without effect. */
export function checkNames(name: string, value: unknown, names: readonly string[]): void {
  checkObject(name, value);
  for (const field in value as object)
    check(names.includes(field), `a field of ${name}`, `one of ${names.join(", ")}`, field);
}

/** An AbortSignal, of whatever realm, or none. */
export function checkSignal(signal: AbortSignal | undefined, name = "signal"): void {
  const isOne = signal === undefined || {}.toString.call(signal) === "[object AbortSignal]";
  check(isOne, name, "an AbortSignal", signal);
}

/** What may come with a call. @throws {InvalidInputError} Naming the field and its rule. */
export function checkControl(control: CallControl): void {
  checkObject("control", control);
  const { signal, timeoutMs = 1, retries = 0, hedgeAfterMs = 1 } = control;
  checkSignal(signal);
  inRange("timeoutMs", timeoutMs, 1, 600_000);
  integerInRange("retries", retries, 0, 100);
  inRange("hedgeAfterMs", hedgeAfterMs, 1, 60_000);
}

/** What may come with a write. Throws as `checkControl`. */
export function checkWriteControl(control: WriteControl): void {
  checkControl(control);
  if (control.onSent !== undefined) checkFunction("onSent", control.onSent);
}
