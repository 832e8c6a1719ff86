import { formatScaled, parseScaled } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DecimalScale, decimalsOf, parseStep } from "../../../src/backtest/readers/decimal-scale.ts";

const decimalText = fc
  .record({ value: fc.integer({ min: 0, max: 1e9 }), decimals: fc.integer({ min: 0, max: 6 }) })
  .map(({ value, decimals }) => (value / 10 ** decimals).toFixed(decimals));

test("numbers of any scales end at the finest one, exactly, as if it had been known from the start", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(decimalText, decimalText), { minLength: 1, maxLength: 40 }), (rows) => {
      const scale = new DecimalScale("price", undefined);
      const columns = [new Float64Array(rows.length), new Float64Array(rows.length)] as const;
      rows.forEach((row, i) => {
        for (const text of row) scale.observe(text, i);
        row.forEach((text, at) => {
          columns[at]![i] = scale.read(text);
        });
      });
      for (const column of columns) scale.rescale(column, rows.length);
      const finest = Math.max(...rows.flat().map(decimalsOf));
      expect(scale.step).toEqual({ decimals: finest, increment: 1 });
      rows.forEach((row, i) => {
        for (const [at, text] of row.entries()) expect(columns[at]![i]).toBe(parseScaled(text, finest));
      });
    }),
  );
});

test("what does not fit the finest scale any more is refused", () => {
  const scale = new DecimalScale("size", undefined);
  const column = new Float64Array(2);
  for (const [row, text] of ["9000000000000", "0.00001"].entries()) {
    scale.observe(text, row);
    column[row] = scale.read(text);
  }
  expect(() => scale.rescale(column, 2)).toThrow(
    /row 1: the size does not fit 5 decimals exactly: give a coarser step/,
  );
});

test("a given step takes its multiples and nothing between; volumes are cut to it", () => {
  const step = parseStep("--tick", "0.25");
  expect(step).toEqual({ decimals: 2, increment: 25 });
  const scale = new DecimalScale("price", step);
  expect(scale.read("1.50")).toBe(150);
  expect(() => scale.read("1.55")).toThrow(/lies between two steps of 0.25/);
  expect(() => scale.read("1.505")).toThrow(/lies between two steps of 0.25/);
  expect(formatScaled(scale.readDown("1.999"), 2)).toBe("1.75");
  for (const text of ["0", "-1", "x", "0.0000000000001"])
    expect(() => parseStep("--tick", text)).toThrow(/--tick must be a decimal above 0/);
});
