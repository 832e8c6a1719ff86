import type { QuoteEvent } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_SIGNALS, type Signal, shapeSignal } from "../../src/orders/signal.ts";
import { reviewTerms } from "../../src/orders/terms.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const quote: QuoteEvent = {
  kind: "quote",
  instrument,
  venueAtUs: 0,
  receivedAtUs: 0,
  receivedNs: 0,
  bidTicks: 100_000,
  bidLots: 1,
  askTicks: 100_010,
  askLots: 1,
  sequence: 1,
};
const SIGNAL: Signal = { instrument, side: "buy", sizeLots: 1000, confidence: 0.8 };

test("a signal becomes an immediate limit order at the quote and the slippage allowed beyond it", () => {
  const { intent, refusal } = shapeSignal(SIGNAL, quote, DEFAULT_SIGNALS);
  expect(refusal).toBeUndefined();
  expect(intent).toEqual({
    instrument,
    side: "buy",
    type: "limit",
    sizeLots: 1000,
    timeInForce: "IOC",
    confidence: 0.8,
    maxLatencyMs: 5,
    priceTicks: 100_110, // 10 basis points of 100,010 are 100
  });
  expect(shapeSignal({ ...SIGNAL, side: "sell" }, quote, DEFAULT_SIGNALS).intent.priceTicks).toBe(99_900);
});

test("size and price are rounded away from harm, and to what the venue takes", () => {
  const coarse = testInstrument({ lotIncrement: 100, tickIncrement: 25 });
  const signal = fc.record({
    instrument: fc.constant(coarse),
    side: fc.constantFrom("buy", "sell"),
    sizeLots: fc.integer({ min: 100, max: 1e9 }),
    priceTicks: fc.integer({ min: 25, max: 1e12 }),
    confidence: fc.constant(1),
  });
  fc.assert(
    fc.property(signal, (wanted) => {
      const { priceTicks = Number.NaN, sizeLots } = shapeSignal(wanted as Signal, undefined, DEFAULT_SIGNALS).intent;
      expect(sizeLots % 100).toBe(0);
      expect(wanted.sizeLots - sizeLots).toBeGreaterThanOrEqual(0);
      expect(wanted.sizeLots - sizeLots).toBeLessThan(100);
      expect(Math.abs(priceTicks % 25)).toBe(0);
      const better = wanted.side === "buy" ? wanted.priceTicks - priceTicks : priceTicks - wanted.priceTicks;
      expect(better).toBeGreaterThanOrEqual(0);
      expect(better).toBeLessThan(25);
    }),
  );
});

test("the slippage is exact where price times basis points is above what a number can hold", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2 ** 52 }),
      fc.integer({ min: 0, max: 10_000 }),
      (askTicks, maxSlippageBps) => {
        const { intent } = shapeSignal({ ...SIGNAL, maxSlippageBps }, { ...quote, askTicks }, DEFAULT_SIGNALS);
        const exact = BigInt(askTicks) + (BigInt(askTicks) * BigInt(maxSlippageBps)) / 10_000n;
        const { tickIncrement } = instrument;
        expect(intent.priceTicks).toBe(Number(exact - (exact % BigInt(tickIncrement))));
      },
    ),
  );
});

test.each([
  ["LOW_CONFIDENCE", { confidence: 0.59 }, quote],
  ["BAD_CONFIDENCE", { confidence: 1.01 }, quote],
  ["BAD_CONFIDENCE", { confidence: Number.NaN }, quote],
  ["BAD_SLIPPAGE", { maxSlippageBps: 0.5 }, quote],
  ["NO_REFERENCE_PRICE", {}, undefined],
  ["NO_REFERENCE_PRICE", {}, { ...quote, askTicks: Number.POSITIVE_INFINITY }],
] as const)("%s: a signal that cannot be acted on is refused", (code, change, known) => {
  expect(shapeSignal({ ...SIGNAL, ...change }, known, DEFAULT_SIGNALS).refusal?.code).toBe(code);
});

test("what an intent says of its way is checked: priority, profit, confidence, latency budget", () => {
  const intent = { instrument, side: "buy", type: "market", sizeLots: 1 } as const;
  const codeOf = (terms: object) => {
    const verdict = reviewTerms({ ...intent, ...terms });
    return verdict.allowed ? "" : verdict.code;
  };
  expect(codeOf({ priority: 0, expectedProfit: -1n, confidence: 0, maxLatencyMs: 1 })).toBe("");
  expect(codeOf({ priority: 10 })).toBe("BAD_PRIORITY");
  expect(codeOf({ priority: 1.5 })).toBe("BAD_PRIORITY");
  expect(codeOf({ expectedProfit: 5 })).toBe("BAD_PROFIT");
  expect(codeOf({ confidence: 2 })).toBe("BAD_CONFIDENCE");
  expect(codeOf({ maxLatencyMs: 0 })).toBe("BAD_LATENCY_BUDGET");
  expect(codeOf({ maxLatencyMs: 60_001 })).toBe("BAD_LATENCY_BUDGET");
});
