import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, test } from "vitest";
import { Levels, OrderBook, Secret, unwrap } from "../src/index.ts";
import { pulseColumn } from "../src/venues/axiom/index.ts";

// What a caller without types may give in place of anything.
const ODD: Readonly<Record<string, unknown>> = {
  null: null,
  NaN: Number.NaN,
  "-1": -1,
  "0": 0,
  "1.5": 1.5,
  Infinity: Number.POSITIVE_INFINITY,
  "5n": 5n,
  '"x"': "x",
  true: true,
  "[]": [],
  "{}": {},
  "a bare object": Object.create(null),
  "a symbol": Symbol("odd"),
  "a function": () => {},
};

describe.each<[string, (value: never) => unknown, string, readonly string[]]>([
  ["unwrap", unwrap, "outcome must be an outcome of a batch", []],
  ["unwrap of a failure", (error) => unwrap({ ok: false, error }), "outcome.error must be an Error", []],
  ["pulseColumn", pulseColumn, "index must be", ["0"]],
  ["new Levels", (capacity) => new Levels(capacity), "capacity must be", []],
  ["new OrderBook", (options) => new OrderBook(options), "options must be an object", ["[]", "{}", "a bare object"]],
  ["new Secret", (text) => new Secret(text), "a secret must be text", ['"x"']],
])("%s", (_name, call, rule, legal) => {
  test.each(Object.entries(ODD).filter(([kind]) => !legal.includes(kind)))(
    "refuses %s, and names the rule",
    (_kind, value) => {
      expect(() => call(value as never)).toThrow(InvalidInputError);
      expect(() => call(value as never)).toThrow(rule);
    },
  );
});

test("what is right still passes", () => {
  expect(unwrap({ ok: true, value: 5 })).toBe(5);
  expect(() => unwrap({ ok: false, error: new RangeError("its own") })).toThrow(RangeError);
  expect([pulseColumn(0), pulseColumn(1_000)]).toEqual(["pairAddress", undefined]);
  expect(new Levels().copy().count).toBe(0);
  expect(new Levels(1, new Float64Array(2), new Float64Array(2)).count).toBe(0);
  expect(new OrderBook({ windowTicks: 32 }).bidLevels).toBe(0);
  expect(new Secret("").reveal()).toBe("");
});

test("a refused secret is not shown", () => {
  expect(() => new Secret(["hunter2"] as never)).not.toThrow("hunter2");
});
