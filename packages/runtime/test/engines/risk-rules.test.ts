import { expect, test } from "vitest";
import {
  reviewBalance,
  reviewCollar,
  reviewDataAge,
  reviewOpenOrders,
  reviewSelfTrade,
  reviewTradingState,
} from "../../src/engines/risk-rules.ts";
import { INITIAL_TRADING } from "../../src/engines/trading-state.ts";
import type { Verdict } from "../../src/hooks/verdict.ts";
import type { Intent } from "../../src/orders/order.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const buy: Intent = { instrument, side: "buy", type: "limit", priceTicks: 1000, sizeLots: 10 };
const sell: Intent = { ...buy, side: "sell" };
const codeOf = (verdict: Verdict) => (verdict.allowed ? "allowed" : verdict.code);
const held = (positionLots: number) => () => ({ positionLots, openBuyLots: 0, openSellLots: 0 });

test("a halt denies all and says who halted and why; reduce-only lets pass what shrinks a position", () => {
  const halted = { state: "halted", reason: "drill", by: "cli", sinceUs: 1 } as const;
  expect(reviewTradingState(sell, halted, held(50))).toEqual({
    allowed: false,
    code: "HALTED",
    reason: "trading is halted, by cli: drill",
  });
  const reduceOnly = { ...halted, state: "reduceOnly" } as const;
  expect(codeOf(reviewTradingState(sell, reduceOnly, held(50)))).toBe("allowed");
  expect(codeOf(reviewTradingState(sell, reduceOnly, held(9)))).toBe("REDUCE_ONLY");
  expect(codeOf(reviewTradingState(buy, reduceOnly, held(50)))).toBe("REDUCE_ONLY");
  expect(codeOf(reviewTradingState(buy, INITIAL_TRADING, held(50)))).toBe("allowed");
});

test("an order that is to be reduce-only by itself is held to it while trading is active", () => {
  expect(codeOf(reviewTradingState({ ...buy, reduceOnly: true }, INITIAL_TRADING, held(-10)))).toBe("allowed");
  expect(codeOf(reviewTradingState({ ...buy, reduceOnly: true }, INITIAL_TRADING, held(0)))).toBe("REDUCE_ONLY");
});

test("as many orders may be open as the limits say, in all and of an instrument; 0 is no limit", () => {
  expect(codeOf(reviewOpenOrders(4, 5, 1, 2))).toBe("allowed");
  expect(codeOf(reviewOpenOrders(5, 5, 1, 2))).toBe("MAX_OPEN_ORDERS");
  expect(codeOf(reviewOpenOrders(4, 5, 2, 2))).toBe("MAX_OPEN_ORDERS_INSTRUMENT");
  expect(codeOf(reviewOpenOrders(1_000_000, 0, 1_000_000, 0))).toBe("allowed");
});

test("the collar is exact on both sides of a mid between two ticks", () => {
  const at = (priceTicks: number) => codeOf(reviewCollar({ ...buy, priceTicks }, 2001, 100));
  expect(at(1010)).toBe("allowed"); // 9.5 of 1000.5: below 1 %
  expect(at(1011)).toBe("PRICE_COLLAR"); // 10.5
  expect(at(991)).toBe("allowed");
  expect(at(990)).toBe("PRICE_COLLAR");
  expect(codeOf(reviewCollar({ ...buy, priceTicks: 9_000_000 }, 2001, 0))).toBe("allowed");
  expect(codeOf(reviewCollar(buy, undefined, 100))).toBe("NO_REFERENCE_PRICE");
  expect(codeOf(reviewCollar({ instrument, side: "buy", type: "market", sizeLots: 1 }, undefined, 100))).toBe(
    "allowed",
  );
});

test("of a stop the collar holds the trigger against the mid, and its limit against the trigger", () => {
  const stop: Intent = { instrument, side: "sell", type: "stop", triggerTicks: 900, sizeLots: 10 };
  const limit: Intent = { ...stop, type: "stopLimit", priceTicks: 810 };
  const codes = (intent: Intent, maxBps: number) => codeOf(reviewCollar(intent, 2000, maxBps));
  expect([codes(stop, 1000), codes(stop, 999)]).toEqual(["allowed", "PRICE_COLLAR"]);
  expect([codes(limit, 1000), codes({ ...limit, priceTicks: 809 }, 1000)]).toEqual(["allowed", "PRICE_COLLAR"]);
  const { triggerTicks: _, ...trailing } = { ...stop, trailingBps: 5000 };
  expect([codes(trailing, 1), codeOf(reviewCollar(trailing, undefined, 1))]).toEqual(["allowed", "allowed"]);
  expect(codeOf(reviewCollar(stop, undefined, 1000))).toBe("NO_REFERENCE_PRICE");
});

test("an order that reaches one of our own is denied, and so is one of which nobody knows how far it reaches", () => {
  expect(codeOf(reviewSelfTrade(buy, undefined, 1000))).toBe("allowed");
  expect(codeOf(reviewSelfTrade(buy, 1001, 1000))).toBe("allowed");
  expect(codeOf(reviewSelfTrade(buy, 1000, 1000))).toBe("SELF_TRADE");
  expect(codeOf(reviewSelfTrade(sell, 999, 1000))).toBe("allowed");
  expect(codeOf(reviewSelfTrade(sell, 1000, 1000))).toBe("SELF_TRADE");
  expect(codeOf(reviewSelfTrade(sell, 1, undefined))).toBe("SELF_TRADE");
});

test("a silent market and a book with a gap take no orders; 0 is no limit", () => {
  expect(codeOf(reviewDataAge(buy, 500, false, 500))).toBe("allowed");
  expect(codeOf(reviewDataAge(buy, 501, false, 500))).toBe("STALE_DATA");
  expect(codeOf(reviewDataAge(buy, 0, true, 500))).toBe("STALE_DATA");
  expect(codeOf(reviewDataAge(buy, Number.POSITIVE_INFINITY, false, 500))).toBe("STALE_DATA");
  expect(codeOf(reviewDataAge(buy, Number.POSITIVE_INFINITY, true, 0))).toBe("allowed");
});

test("an order may spend what is free to the last unit, a buy with its fee", () => {
  const cost = 10_000_000n; // 0.01 at 10.00
  expect(codeOf(reviewBalance(buy, 1000, cost, 0n))).toBe("allowed");
  expect(codeOf(reviewBalance(buy, 1000, cost - 1n, 0n))).toBe("INSUFFICIENT_BALANCE");
  expect(codeOf(reviewBalance(buy, 1000, cost + 9_999n, 1000n))).toBe("INSUFFICIENT_BALANCE");
  expect(codeOf(reviewBalance(buy, 1000, cost + 10_000n, 1000n))).toBe("allowed");
  expect(codeOf(reviewBalance(sell, undefined, 1_000_000n, 1000n))).toBe("allowed");
  expect(codeOf(reviewBalance(sell, 1000, 999_999n, 1000n))).toBe("INSUFFICIENT_BALANCE");
  expect(codeOf(reviewBalance(buy, undefined, cost, 0n))).toBe("NO_REFERENCE_PRICE");
});
