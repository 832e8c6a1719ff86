import fc from "fast-check";
import { testInstrument } from "pitlane/testing";
import { expect, test } from "vitest";
import { fitLots, leastLots, takePrice } from "../src/index.ts";
import { instrument } from "./support.ts";

const quote = { bidTicks: 9_990, askTicks: 10_010 };

test("a rest too small for an order goes with the last one that can carry it", () => {
  expect(leastLots(instrument, 10_000)).toBe(50); // 5.00 at 100.00
  expect(fitLots(instrument, 60, 200, 10_000)).toBe(60);
  expect(fitLots(instrument, 60, 109, 10_000)).toBe(109);
  expect(fitLots(instrument, 60, 110, 10_000)).toBe(60);
  expect(fitLots(instrument, 49, 1000, 10_000)).toBe(0);
  expect(fitLots(testInstrument({ maxLots: 70 }), 60, 109, 10_000)).toBe(70);
});

test("a child is within what is free, on the venue's step, and large enough, or there is none", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 1, max: 1_000_000 }),
      fc.constantFrom(1, 5, 100),
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 10_000, max: 200_000 }),
      (wantedLots, freeLots, priceTicks, lotIncrement, minLots, maxLots) => {
        const one = testInstrument({ lotIncrement, minLots, maxLots });
        const lots = fitLots(one, wantedLots, freeLots, priceTicks);
        if (lots === 0) return;
        expect(lots).toBeLessThanOrEqual(Math.min(freeLots, maxLots));
        expect(lots % lotIncrement).toBe(0);
        expect(lots).toBeGreaterThanOrEqual(leastLots(one, priceTicks));
        expect(lots).toBeLessThan(wantedLots + leastLots(one, priceTicks));
      },
    ),
  );
});

test("gives way by the slippage, on the venue's step, and never beyond the limit", () => {
  expect(takePrice(instrument, quote, "buy", { slippageBps: 10 })).toBe(10_020);
  expect(takePrice(instrument, quote, "sell", { slippageBps: 10 })).toBe(9_981);
  expect(takePrice(instrument, quote, "buy", { slippageBps: 10, limitTicks: 10_012 })).toBe(10_012);
  expect(takePrice(instrument, quote, "buy", { slippageBps: 10, limitTicks: 10_009 })).toBeUndefined();
  expect(takePrice(instrument, quote, "sell", { slippageBps: 10, limitTicks: 9_991 })).toBeUndefined();
  expect(takePrice(testInstrument({ tickIncrement: 10 }), quote, "sell", { slippageBps: 4 })).toBe(9_990);
  expect(takePrice(instrument, undefined, "buy", { slippageBps: 10 })).toBeUndefined();
});
