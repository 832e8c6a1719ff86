import { InvalidInputError } from "@pitlane/perf";

// What types promise and callers without them may not keep. A raw TypeError from further inside would name neither option nor rule,
// and could come after a port was taken.

const MOST_SHOWN = 100; // characters

/** A value in an error: text in quotes and not all of a long one, of an object no more than that it is one. */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > MOST_SHOWN ? `${value.slice(0, MOST_SHOWN)}...` : value);
  }
  return value === Object(value) ? typeof value : String(value);
}

/** @param rule Ends the sentence "NAME must be ...". @throws {InvalidInputError} When `isRight` is false. */
export function check(isRight: boolean, name: string, rule: string, value: unknown): asserts isRight {
  if (!isRight) throw new InvalidInputError(`${name} must be ${rule}, got ${shown(value)}`);
}

/** An object of fields: a list or a map has none, and would pass for one where all is left out. */
export function checkObject(name: string, value: unknown, rule = "an object"): void {
  const isOne = typeof value === "object" && value !== null && !(Symbol.iterator in value);
  check(isOne, name, rule, value);
}

export function checkList(name: string, value: unknown): void {
  check(Array.isArray(value), name, "a list", value);
}

export function checkFlag(name: string, value: unknown): void {
  check(typeof value === "boolean", name, "true or false", value);
}

export function checkFunction(name: string, value: unknown): void {
  check(typeof value === "function", name, "a function", value);
}

/** Text as `pattern` has it, which alone would take a list or a number by its text. */
export function checkText(name: string, pattern: RegExp, rule: string, value: unknown): void {
  check(typeof value === "string" && pattern.test(value), name, rule, value);
}

/** An object with these methods, `clock` and `nowUs` say. */
export function checkMethods(name: string, value: unknown, ...methods: readonly string[]): void {
  checkObject(name, value);
  for (const method of methods) {
    checkFunction(`${name}.${method}`, (value as Readonly<Record<string, unknown>>)[method]);
  }
}

/** An AbortSignal, of whatever realm, or none. */
export function checkSignal(signal: unknown): void {
  const isOne = signal === undefined || {}.toString.call(signal) === "[object AbortSignal]";
  check(isOne, "signal", "an AbortSignal", signal);
}
