import { expect, test } from "vitest";
import { InvalidInputError, inRange, integerInRange } from "../src/errors.ts";

test("a number's error shows what was given, of objects no more than that they are one", () => {
  const throwing = {
    toString() {
      throw new TypeError("mine");
    },
  };
  const rows: readonly (readonly [value: unknown, shown: string])[] = [
    [Object.create(null), "object"],
    [throwing, "object"],
    [["PLANTED"], "object"],
    [() => {}, "function"],
    [Symbol("a"), "Symbol(a)"],
    [5n, "5"],
    ["5", "5"],
    [null, "null"],
    [undefined, "undefined"],
    [Number.NaN, "NaN"],
  ];
  for (const [value, shown] of rows) {
    for (const [use, words] of [
      [inRange, "a number"],
      [integerInRange, "a whole number"],
    ] as const) {
      expect(() => use("n", value as never, 1, 9)).toThrow(InvalidInputError);
      expect(() => use("n", value as never, 1, 9)).toThrow(new RegExp(`^n must be ${words} from 1 to 9, got .*$`));
      expect(() => use("n", value as never, 1, 9)).toThrow(`got ${shown}`);
    }
  }
});
