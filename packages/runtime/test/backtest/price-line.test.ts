import fc from "fast-check";
import { expect, test } from "vitest";
import { DepthOp } from "../../src/backtest/columns.ts";
import { DepthColumnsBuilder } from "../../src/backtest/columns-builder.ts";
import { lastPriceTicks, priceLine, thin } from "../../src/backtest/price-line.ts";

test("a thinned line has its highest and its lowest point, rises in time, and has no more points than asked for", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 500 }),
      fc.integer({ min: 2, max: 60 }),
      (values, most) => {
        const found = thin({ atUs: values.map((_, i) => i), values, length: values.length }, most);
        expect(Math.max(...found.values)).toBe(Math.max(...values));
        expect(Math.min(...found.values)).toBe(Math.min(...values));
        expect(found.values.length).toBeLessThanOrEqual(Math.max(2, most));
        for (let i = 0; i < found.atUs.length; i++) {
          expect(found.values[i]).toBe(values[found.atUs[i]!]);
          if (i > 0) expect(found.atUs[i]).toBeGreaterThan(found.atUs[i - 1]!);
        }
      },
    ),
  );
});

test("of depth it is the middle of the book at the end of each message, while the book is good", () => {
  const depth = new DepthColumnsBuilder();
  const rows: readonly (readonly [op: number, ticks: number, lots: number])[] = [
    [DepthOp.clear, 0, 0],
    [DepthOp.bid, 100, 1],
    [DepthOp.end, 0, 0], // one side has no middle
    [DepthOp.ask, 103, 1],
    [DepthOp.end, 0, 0],
    [DepthOp.gap, 0, 0],
    [DepthOp.end, 0, 0],
    [DepthOp.clear, 0, 0],
    [DepthOp.bid, 110, 1],
    [DepthOp.ask, 111, 1],
    [DepthOp.end, 0, 0],
  ];
  for (const [i, [op, ticks, lots]] of rows.entries()) depth.push(i, i, op, ticks, lots);
  const columns = depth.finish();
  expect(priceLine(columns, 100)).toEqual({ atUs: [4, 10], values: [101.5, 110.5] });
  expect(lastPriceTicks(columns)).toBe(111);
  expect(lastPriceTicks(new DepthColumnsBuilder().finish())).toBeUndefined();
});
