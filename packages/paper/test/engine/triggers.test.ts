import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { OrderRequest, OrderType } from "../../src/engine/order.ts";
import { Trigger } from "../../src/engine/triggers.ts";
import { expectSound, ONE, setUpMarket } from "./market-setup.ts";

/** The place in `prices` at which the order is triggered, by the venue's words: found anew from all prices for each of them. */
function naive(
  { side, type, stopTicks = 0, trailingDelta = 0 }: OrderRequest,
  startTicks: number | undefined,
  prices: readonly number[],
): number {
  const isAbove = (side === "BUY") === type.startsWith("STOP_LOSS");
  const meetsStop = (price: number) => (isAbove ? price >= stopTicks : price <= stopTicks);
  if (trailingDelta === 0) return prices.findIndex(meetsStop);
  const seen = stopTicks === 0 && startTicks !== undefined ? [startTicks, ...prices] : prices;
  const offset = seen.length - prices.length;
  const from = stopTicks === 0 ? 0 : seen.findIndex(meetsStop);
  if (from < 0) return -1;
  for (let i = from + 1; i < seen.length; i++) {
    const tracked = seen.slice(from, i + 1);
    const best = side === "SELL" ? Math.max(...tracked) : Math.min(...tracked);
    const change = (BigInt(Math.abs(seen[i]! - best)) * 10_000n) / BigInt(best); // whole basis points away from the best
    if (change >= BigInt(trailingDelta)) return i - offset;
  }
  return -1;
}

test("is triggered when the venue's words say, whatever the prices do", () => {
  const price = fc.integer({ min: 39_000, max: 41_000 });
  const types: OrderType[] = ["STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"];
  fc.assert(
    fc.property(
      fc.record({
        side: fc.constantFrom("BUY" as const, "SELL" as const),
        type: fc.constantFrom(...types),
        stopTicks: fc.oneof(fc.constant(0), price),
        trailingDelta: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 300 })),
      }),
      fc.option(price, { nil: undefined }),
      fc.array(price, { maxLength: 40, size: "max" }),
      (fields, startTicks, prices) => {
        fc.pre(fields.stopTicks > 0 || fields.trailingDelta > 0);
        const request = fields as unknown as OrderRequest;
        const trigger = new Trigger(request);
        trigger.start(startTicks, 0);
        expect(prices.findIndex((ticks) => trigger.onTrade(ticks, 1))).toBe(naive(request, startTicks, prices));
      },
    ),
    { numRuns: 3000 },
  );
});

// Source: faqs/trailing-stop-faq.md, scenarios A to E.
test.each([
  { side: "BUY", type: "STOP_LOSS_LIMIT", stop: 44_000, delta: 500, prices: [37_000, 44_000, 46_000, 42_000, 44_100] },
  {
    side: "SELL",
    type: "STOP_LOSS_LIMIT",
    stop: 39_000,
    delta: 1000,
    prices: [41_500, 39_000, 37_000, 41_000, 36_900],
  },
  {
    side: "BUY",
    type: "TAKE_PROFIT_LIMIT",
    stop: 38_000,
    delta: 850,
    prices: [42_000, 38_000, 37_000, 39_000, 38_000, 40_145],
  },
  {
    side: "SELL",
    type: "TAKE_PROFIT_LIMIT",
    stop: 42_000,
    delta: 750,
    prices: [42_000, 45_000, 44_000, 46_500, 43_012],
  },
  { side: "SELL", type: "STOP_LOSS_LIMIT", stop: 0, delta: 700, prices: [42_000, 39_500, 45_500, 42_315] },
] as const)("trails as the venue's example does: $type $side", ({ side, type, stop, delta, prices }) => {
  const trigger = new Trigger({ side, type, stopTicks: stop, trailingDelta: delta } as unknown as OrderRequest);
  trigger.start(40_000, 0);
  expect(prices.map((ticks) => trigger.onTrade(ticks, 1)).indexOf(true)).toBe(prices.length - 1);
});

describe("a stop order", () => {
  test("locks what it may cost, is not in the book, and works once a trade reaches its price", () => {
    const parts = setUpMarket();
    const { market, bob, request, reports, trade } = parts;
    trade(10_000, 1);
    const stop = { side: "SELL", type: "STOP_LOSS_LIMIT", priceTicks: 9800, stopTicks: 9900 } as const;
    const order = market.place(request(bob, stop), 2);
    expect(bob.balance("AAA").locked).toBe(ONE);
    expect([order.status, order.workingUs, market.engine.size]).toEqual(["NEW", -1, 0]);
    trade(9905, 3);
    expect(order.workingUs).toBe(-1);
    trade(9900, 4);
    expect([order.status, order.workingUs, market.engine.asks.lotsAt(9800)]).toEqual(["NEW", 4, 1000]);
    expect(reports).toEqual([
      [order.id, "NEW", "NEW"],
      [order.id, "NEW", "NEW"],
    ]);
    expectSound(parts);
  });

  test("is refused when the last trade is there already, and not before the first trade", () => {
    const { market, alice, request, trade } = setUpMarket();
    const buy = { type: "STOP_LOSS", priceTicks: 0, stopTicks: 10_000 } as const;
    market.cancel(market.place(request(alice, buy), 1), "cancel", 2);
    trade(10_000, 3);
    expect(() => market.place(request(alice, buy), 4)).toThrow("WOULD_TRIGGER");
    expect(() => market.place(request(alice, { ...buy, side: "SELL" }), 4)).toThrow("WOULD_TRIGGER");
    expect(market.place(request(alice, { ...buy, stopTicks: 10_005 }), 5).status).toBe("NEW");
  });

  test("sets off others by its own trades, one after another", () => {
    const parts = setUpMarket();
    const { market, alice, bob, request, trade } = parts;
    trade(10_000, 1);
    for (const priceTicks of [9900, 9800, 9700]) {
      market.placeHouse("BUY", priceTicks, 500, "GTC", 2);
    }
    const first = market.place(request(alice, { side: "SELL", type: "STOP_LOSS", stopTicks: 9900, lots: 500 }), 3);
    const second = market.place(request(bob, { side: "SELL", type: "STOP_LOSS", stopTicks: 9850, lots: 500 }), 3);
    market.place(request(bob, { side: "SELL", priceTicks: 9900, lots: 500, timeInForce: "IOC" }), 4);
    expect([first.status, first.fills[0]!.priceTicks]).toEqual(["FILLED", 9800]);
    expect([second.status, second.fills[0]!.priceTicks]).toEqual(["FILLED", 9700]);
    expect(market.tape.aggregates.items.map(({ priceTicks }) => priceTicks)).toEqual([10_000, 9900, 9800, 9700]);
    expectSound(parts);
  });

  test("that buys for more than was locked and there is, expires as rejected", () => {
    const parts = setUpMarket();
    const { market, alice, request, trade } = parts;
    trade(10_000, 1);
    const order = market.place(
      request(alice, { type: "STOP_LOSS", priceTicks: 0, stopTicks: 10_100, lots: 90_000 }),
      2,
    );
    expect(alice.balance("USDT").locked).toBe(9090n * ONE);
    market.placeHouse("SELL", 12_000, 90_000, "GTC", 3);
    trade(10_100, 4);
    expect(order).toMatchObject({ status: "EXPIRED", expiryReason: "REJECTED", rejectReason: "INSUFFICIENT_BALANCES" });
    expect(alice.balance("USDT")).toEqual({ free: 10_000n * ONE, locked: 0n });
    expectSound(parts);
  });

  test("can be cancelled while it waits", () => {
    const parts = setUpMarket();
    const { market, bob, request, trade } = parts;
    trade(10_000, 1);
    const order = market.place(request(bob, { side: "SELL", type: "TAKE_PROFIT", stopTicks: 10_100 }), 2);
    market.cancel(order, "cancel", 3);
    trade(10_200, 4);
    expect(order).toMatchObject({ status: "CANCELED", filledLots: 0, lockedUnits: 0n });
    expectSound(parts);
  });
});
