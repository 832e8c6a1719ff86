import fc from "fast-check";
import { expect, test } from "vitest";
import { NotionalLimit } from "../../src/engines/notional.ts";
import {
  allow,
  deny,
  isReducing,
  RiskEngine,
  type RiskLimits,
  reviewOrderSize,
  reviewPosition,
  reviewShape,
  type Verdict,
} from "../../src/engines/risk.ts";
import { type Intent, Order } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument({ lotIncrement: 10, tickIncrement: 5, minLots: 10, maxLots: 1_000_000 });
const limit = (sizeLots: number, priceTicks = 1000, side: "buy" | "sell" = "buy"): Intent => ({
  instrument,
  side,
  type: "limit",
  priceTicks,
  sizeLots,
});
const LIMITS: RiskLimits = {
  maxOrderNotional: new NotionalLimit(instrument, 100_00000000n),
  maxPositionNotional: new NotionalLimit(instrument, 300_00000000n),
};
const codeOf = (verdict: Verdict) => (verdict.allowed ? "allowed" : verdict.code);

test("every voter is heard, any veto denies, and a voter that throws denies", () => {
  const risk = new RiskEngine();
  risk.addVoter("yes", () => allow());
  risk.addVoter("broken", () => {
    throw new Error("no data");
  });
  risk.addVoter("no", () => deny("NEVER", "not today"));
  const { approved, verdicts } = risk.review(new Order("a", "s", 0, limit(1000)));
  expect(approved).toBeUndefined();
  expect(verdicts).toEqual([
    { voter: "yes", verdict: { allowed: true } },
    { voter: "broken", verdict: { allowed: false, code: "VOTER_FAILED", reason: "broken failed: no data" } },
    { voter: "no", verdict: { allowed: false, code: "NEVER", reason: "not today" } },
  ]);
});

test("an order that breaks the venue's steps and bounds is denied before it is sent", () => {
  expect(codeOf(reviewShape(limit(1000)))).toBe("allowed");
  for (const size of [0, -10, 15, 1.5, Number.NaN, 2 ** 60]) expect(codeOf(reviewShape(limit(size)))).toBe("BAD_SIZE");
  for (const price of [0, -5, 3, Number.NaN, Number.POSITIVE_INFINITY])
    expect(codeOf(reviewShape(limit(1000, price)))).toBe("BAD_PRICE");
  expect(codeOf(reviewShape({ instrument, side: "buy", type: "limit", sizeLots: 1000 }))).toBe("BAD_PRICE");
  expect(codeOf(reviewShape(limit(10, 100)))).toBe("BELOW_MIN_NOTIONAL");
  expect(codeOf(reviewShape({ ...limit(1000), instrument: testInstrument({ trading: false }) }))).toBe("NOT_TRADING");
});

test("an order is held to its notional and its size, a market order at the reference price", () => {
  expect(codeOf(reviewOrderSize(limit(10_000), LIMITS, undefined))).toBe("allowed"); // 10 AAA at 10
  expect(codeOf(reviewOrderSize(limit(10_010), LIMITS, undefined))).toBe("MAX_ORDER_NOTIONAL");
  expect(codeOf(reviewOrderSize(limit(500), { ...LIMITS, maxOrderLots: 490 }, undefined))).toBe("MAX_ORDER_SIZE");
  const market: Intent = { instrument, side: "buy", type: "market", sizeLots: 10_000 };
  expect(codeOf(reviewOrderSize(market, LIMITS, 1000))).toBe("allowed");
  expect(codeOf(reviewOrderSize(market, LIMITS, 1001))).toBe("MAX_ORDER_NOTIONAL");
  expect(codeOf(reviewOrderSize(market, LIMITS, undefined))).toBe("NO_REFERENCE_PRICE");
});

test("a position is limited with open orders counted, and shrinking it is always allowed", () => {
  const flat = { positionLots: 0, openBuyLots: 0, openSellLots: 0 };
  expect(codeOf(reviewPosition(limit(30_000), flat, LIMITS, undefined))).toBe("allowed");
  expect(codeOf(reviewPosition(limit(30_000), { ...flat, openBuyLots: 10 }, LIMITS, undefined))).toBe(
    "MAX_POSITION_NOTIONAL",
  );
  expect(codeOf(reviewPosition(limit(30_000), { ...flat, openSellLots: 10 }, LIMITS, undefined))).toBe("allowed");
  const beyond = { positionLots: 90_000, openBuyLots: 0, openSellLots: 0 };
  expect(codeOf(reviewPosition(limit(10, 1000, "sell"), beyond, LIMITS, undefined))).toBe("allowed");
  expect(codeOf(reviewPosition(limit(10), beyond, LIMITS, undefined))).toBe("MAX_POSITION_NOTIONAL");
  expect(codeOf(reviewPosition(limit(100), flat, { ...LIMITS, maxPositionLots: 90 }, undefined))).toBe("MAX_POSITION");
});

test("no sequence of allowed orders can lead beyond the position limit, whatever fills", () => {
  const order = fc.record({
    side: fc.constantFrom("buy" as const, "sell" as const),
    size: fc.integer({ min: 1, max: 900 }).map((n) => n * 10),
    fills: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(order, { maxLength: 80 }), (orders) => {
      let [positionLots, openBuyLots, openSellLots] = [0, 0, 0];
      for (const { side, size, fills } of orders) {
        if (
          !reviewPosition(limit(size, 1000, side), { positionLots, openBuyLots, openSellLots }, LIMITS, undefined)
            .allowed
        )
          continue;
        if (fills) positionLots += side === "buy" ? size : -size;
        else if (side === "buy") openBuyLots += size;
        else openSellLots += size;
        expect(Math.max(positionLots + openBuyLots, -(positionLots - openSellLots))).toBeLessThanOrEqual(30_000);
      }
    }),
  );
});

test("orders that can only shrink a position never grow it or turn it round, whichever of them fill", () => {
  const order = fc.record({
    side: fc.constantFrom("buy" as const, "sell" as const),
    size: fc.integer({ min: 1, max: 40 }),
    fills: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.integer({ min: -100, max: 100 }), fc.array(order, { maxLength: 40 }), (startLots, orders) => {
      let [positionLots, openBuyLots, openSellLots] = [startLots, 0, 0];
      for (const { side, size, fills } of orders) {
        if (!isReducing(limit(size, 1000, side), { positionLots, openBuyLots, openSellLots })) continue;
        const wasLots = positionLots;
        if (fills) positionLots += side === "buy" ? size : -size;
        else if (side === "buy") openBuyLots += size;
        else openSellLots += size;
        expect(Math.abs(positionLots)).toBeLessThanOrEqual(Math.abs(wasLots));
        // All that is open may fill as well.
        const leastLots = positionLots > 0 ? positionLots - openSellLots : positionLots + openBuyLots;
        expect(leastLots * startLots).toBeGreaterThanOrEqual(0);
      }
    }),
  );
});

test("an approved order is told of before the next vote; a denied one is not", () => {
  const approved: string[] = [];
  const risk = new RiskEngine(({ clientOrderId }) => approved.push(clientOrderId));
  risk.addVoter("once", () => (approved.length === 0 ? allow() : deny("ONE_IS_ENOUGH", "there was one")));
  expect(risk.review(new Order("a", "s", 0, limit(1000))).approved).toBeDefined();
  expect(risk.review(new Order("b", "s", 0, limit(1000))).approved).toBeUndefined();
  expect(approved).toEqual(["a"]);
});
