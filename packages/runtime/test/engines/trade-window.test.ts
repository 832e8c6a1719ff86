import fc from "fast-check";
import { expect, test } from "vitest";
import { TradeWindow } from "../../src/engines/trade-window.ts";

const trade = fc.record({
  ticks: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER })),
  lots: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 2 ** 40 })),
  isThrough: fc.boolean(),
});

test("the window says what adding up its trades anew says", () => {
  fc.assert(
    fc.property(fc.array(trade, { maxLength: 60 }), fc.integer({ min: 1, max: 12 }), (trades, length) => {
      const window = new TradeWindow(length);
      for (const [i, { ticks, lots, isThrough }] of trades.entries()) {
        window.add(ticks, lots, isThrough);
        const latest = trades.slice(Math.max(0, i + 1 - length), i + 1);
        const tickLots = latest.reduce((sum, one) => sum + BigInt(one.ticks) * BigInt(one.lots), 0n);
        const sumLots = latest.reduce((sum, one) => sum + one.lots, 0);
        expect(window.count).toBe(latest.length);
        expect(window.vwapTicks / (Number(tickLots) / sumLots)).toBeCloseTo(1, 12);
        expect(window.meanLots).toBe(sumLots / latest.length);
        expect(window.throughs).toBe(latest.filter((one) => one.isThrough).length);
      }
    }),
  );
});

test("without trades, and once they were lost, nothing is known", () => {
  const window = new TradeWindow();
  expect(window.vwapTicks).toBeNaN();
  window.add(1000, 5, true);
  window.clear();
  expect(window.vwapTicks).toBeNaN();
  expect(window.meanLots).toBeNaN();
  expect(window.throughs).toBe(0);
  window.add(1001, 5, false);
  expect(window.vwapTicks).toBe(1001);
});
