import fc from "fast-check";
import { expect, test } from "vitest";
import { gridOf, parseParam, withParams } from "../../src/backtest/sweep-grid.ts";

const values = (text: string) => parseParam(text, ["one"]).values;

test("ranges are exact and include their end where the step meets it", () => {
  expect(values("a=1..4")).toEqual([1, 2, 3, 4]);
  expect(values("a=0.1..0.5:0.1")).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
  expect(values("a=1..2:0.3")).toEqual([1, 1.3, 1.6, 1.9]);
  expect(values("a=-2..2:2")).toEqual([-2, 0, 2]);
});

test("lists hold numbers, flags and words", () => {
  expect(values("a=1,2.5,true,slow")).toEqual([1, 2.5, true, "slow"]);
});

test("a range has the values that counting in whole steps gives", () => {
  const decimal = fc.integer({ min: 0, max: 5_000 });
  fc.assert(
    fc.property(decimal, decimal, fc.integer({ min: 1, max: 500 }), (from, length, step) => {
      const text = (cents: number) => (cents / 100).toFixed(2);
      const found = values(`a=${text(from)}..${text(from + length)}:${text(step)}`);
      expect(found).toHaveLength(Math.floor(length / step) + 1);
      for (let i = 0; i < found.length; i++) expect(found[i]).toBe((from + i * step) / 100);
    }),
  );
});

test.each([
  ["a", /must be such as/],
  ["a=", /must be such as/],
  ["a=5..1", /goes up/],
  ["a=1..5:0", /goes up/],
  ["a=1,,2", /is empty/],
  ["a=0..1000000", /100000 at most/],
])("%s is refused, with what to write instead", (text, message) => {
  expect(() => parseParam(text, ["one"])).toThrow(message);
});

test("the grid has every combination, the last parameter changing fastest", () => {
  const params = [parseParam("a=1..2", ["one"]), parseParam("b=x,y", ["one"])];
  expect(gridOf(params)).toEqual([
    { a: 1, b: "x" },
    { a: 1, b: "y" },
    { a: 2, b: "x" },
    { a: 2, b: "y" },
  ]);
  expect(gridOf([])).toEqual([{}]);
  expect(() => gridOf([params[0]!, params[0]!])).toThrow(/a is given twice/);
  expect(() => gridOf([parseParam("a=1..1000", ["one"]), parseParam("b=1..1000", ["one"])])).toThrow(
    /1000000 combinations/,
  );
});

test("with several strategies a name begins with one of them, and changes that one alone", () => {
  expect(() => parseParam("a=1", ["one", "two"])).toThrow(/begin the name with one of one\., two\./);
  const param = parseParam("two.fast.length=7", ["one", "two"]);
  const [set] = gridOf([param]);
  expect(set).toEqual({ "two.fast.length": 7 });
  const config = { fast: { length: 3, kind: "sma" }, slow: 9 };
  expect(withParams(config, "two", [param], set!)).toEqual({ fast: { length: 7, kind: "sma" }, slow: 9 });
  expect(withParams(config, "one", [param], set!)).toEqual(config);
  expect(config.fast.length).toBe(3);
});
