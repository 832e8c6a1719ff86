import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OrderRefusedError } from "../../src/engine/market.ts";
import type { OrderRequest } from "../../src/engine/order.ts";
import { expectSound, ONE, setUpMarket } from "./market-setup.ts";

describe("balances", () => {
  test("a resting order locks what it may cost, and a cancel gives it back", () => {
    const { market, alice, request } = setUpMarket();
    const order = market.place(request(alice, { priceTicks: 9995, lots: 2000 }), 1);
    expect(alice.balance("USDT")).toEqual({ free: 10_000n * ONE - 19_990_000_000n, locked: 19_990_000_000n });
    market.cancel(order, "cancel-1", 2);
    expect(alice.balance("USDT")).toEqual({ free: 10_000n * ONE, locked: 0n });
    expect(order).toMatchObject({ status: "CANCELED", clientOrderId: "cancel-1", originalClientOrderId: "id-0" });
  });

  test("a fill better than the limit gives the difference back at once, and the fee is on what was received", () => {
    const { market, exchange, alice, bob, request } = setUpMarket();
    market.place(request(bob, { side: "SELL", priceTicks: 9000, lots: 500 }), 1);
    const order = market.place(request(alice, { priceTicks: 10_000, lots: 1000 }), 2);
    expect(order.status).toBe("PARTIALLY_FILLED");
    // 0.5 for 90 each is 45; 0.5 rest at 100 each, 50 locked; 0.2 % of the 0.5 bought go to the exchange.
    expect(alice.balance("USDT")).toEqual({ free: 9905n * ONE, locked: 50n * ONE });
    expect(alice.balance("AAA").free).toBe(1000n * ONE + 49_900_000n);
    expect(exchange.accounts.fees.get("AAA")).toBe(100_000n);
    expect(bob.balance("USDT").free).toBe(10_045n * ONE);
  });

  test("a market order by quote amount spends at most that, in whole steps", () => {
    const { market, alice, bob, request } = setUpMarket();
    market.place(request(bob, { side: "SELL", priceTicks: 9000, lots: 500 }), 1);
    market.place(request(bob, { side: "SELL", priceTicks: 10_000, lots: 5000 }), 1);
    const order = market.place(
      request(alice, { type: "MARKET", priceTicks: 0, lots: 0, quoteUnits: 7777n * (ONE / 100n) }),
      2,
    );
    // 45 for 0.5, then 32.77 at 100: 0.327.
    expect(order).toMatchObject({
      status: "FILLED",
      filledLots: 827,
      filledQuoteUnits: 4500n * (ONE / 100n) + 3270n * (ONE / 100n),
    });
    expect(alice.balance("USDT").locked).toBe(0n);
  });

  test("a market order takes what there is; the rest expires and unlocks", () => {
    const { market, alice, bob, request, reports } = setUpMarket();
    market.place(request(bob, { side: "BUY", priceTicks: 9000, lots: 500 }), 1);
    reports.length = 0;
    const order = market.place(request(alice, { side: "SELL", type: "MARKET", priceTicks: 0, lots: 800 }), 2);
    expect(order).toMatchObject({ status: "EXPIRED", filledLots: 500, expiryReason: "INSUFFICIENT_LIQUIDITY" });
    expect(reports.map(([, execution]) => execution)).toEqual(["NEW", "TRADE", "TRADE", "EXPIRED"]);
    expect(alice.balance("AAA")).toEqual({ free: 999_500n * (ONE / 1000n), locked: 0n });
  });
});

describe("refusals change nothing", () => {
  test.each([
    { reason: "INSUFFICIENT_BALANCE", fields: { lots: 900_000 } },
    { reason: "INSUFFICIENT_BALANCE", fields: { side: "SELL", lots: 1_000_001 } },
    { reason: "WOULD_TAKE", fields: { type: "LIMIT_MAKER", priceTicks: 11_000 } },
    { reason: "DUPLICATE_CLIENT_ID", fields: { clientOrderId: "open-one" } },
    { reason: "NO_LIQUIDITY", fields: { type: "MARKET", priceTicks: 0, lots: 0, quoteUnits: 1n } },
  ] as const)("$reason", ({ reason, fields }) => {
    const { market, exchange, alice, bob, request, reports } = setUpMarket();
    market.place(request(bob, { side: "SELL", priceTicks: 11_000, lots: 10 }), 1);
    market.place(request(alice, { clientOrderId: "open-one" }), 1);
    const before = JSON.stringify([...alice.balances()].map(([, { free, locked }]) => [String(free), String(locked)]));
    const updateId = market.updateId;
    reports.length = 0;
    expect(() => market.place(request(alice, fields), 2)).toThrow(OrderRefusedError);
    expect(() => market.place(request(alice, fields), 2)).toThrow(reason);
    expect(JSON.stringify([...alice.balances()].map(([, { free, locked }]) => [String(free), String(locked)]))).toBe(
      before,
    );
    expect(market.updateId).toBe(updateId);
    expect(reports).toEqual([]);
    expect(exchange.acceptedOrders()).toHaveLength(2);
  });

  test("a quote amount on an empty book", () => {
    const { market, alice, request } = setUpMarket();
    const fields = { type: "MARKET", priceTicks: 0, lots: 0, quoteUnits: ONE } as const;
    expect(() => market.place(request(alice, fields), 1)).toThrow("EMPTY_BOOK");
  });
});

test("a client id is free again once its order is done", () => {
  const { market, exchange, alice, request } = setUpMarket();
  const first = market.place(request(alice, { clientOrderId: "mine" }), 1);
  market.cancel(first, "cancel-1", 2);
  const second = market.place(request(alice, { clientOrderId: "mine" }), 3);
  expect(market.ledger.findByClientId(alice.index, "mine")).toBe(second);
  expect(market.ledger.findByClientId(alice.index, "cancel-1")).toBe(first);
  expect(exchange.acceptedOrders().map(({ clientOrderId }) => clientOrderId)).toEqual(["mine", "mine"]);
});

test("an order of its own owner expires by the mode of the incoming order, and unlocks", () => {
  const { market, alice, bob, request, reports } = setUpMarket();
  const resting = market.place(request(alice, { side: "SELL", priceTicks: 10_000, lots: 400 }), 1);
  market.place(request(bob, { side: "SELL", priceTicks: 10_000, lots: 100 }), 1);
  reports.length = 0;
  const order = market.place(request(alice, { lots: 300, prevention: "EXPIRE_MAKER" }), 2);
  expect(resting).toMatchObject({ status: "EXPIRED_IN_MATCH", preventedLots: 400, lockedUnits: 0n });
  expect(alice.balance("AAA").locked).toBe(0n);
  expect(order).toMatchObject({ status: "PARTIALLY_FILLED", filledLots: 100, preventedLots: 0 });
  expect(reports.map(([, execution]) => execution)).toEqual(["NEW", "TRADE_PREVENTION", "TRADE", "TRADE"]);

  const taker = market.place(request(alice, { side: "SELL", lots: 50, prevention: "EXPIRE_TAKER" }), 3);
  expect(taker).toMatchObject({ status: "EXPIRED_IN_MATCH", filledLots: 0, preventedLots: 50 });
});

test("trades of one incoming order at one price are one aggregate", () => {
  const { market, alice, bob, request } = setUpMarket();
  market.place(request(bob, { side: "SELL", priceTicks: 10_000, lots: 100 }), 1);
  market.place(request(bob, { side: "SELL", priceTicks: 10_000, lots: 100 }), 1);
  market.place(request(bob, { side: "SELL", priceTicks: 10_005, lots: 100 }), 1);
  market.place(request(alice, { priceTicks: 10_005, lots: 300 }), 2);
  expect(market.tape.trades.items.map(({ id, priceTicks }) => [id, priceTicks])).toEqual([
    [1, 10_000],
    [2, 10_000],
    [3, 10_005],
  ]);
  expect(market.tape.aggregates.items).toMatchObject([
    { id: 1, lots: 200, firstTradeId: 1, lastTradeId: 2 },
    { id: 2, lots: 100, firstTradeId: 3, lastTradeId: 3 },
  ]);
});

const price = fc.integer({ min: 1985, max: 2015 }); // of the tick increment 5
const KINDS = ["limit", "maker", "market", "quote", "stop", "stop-limit", "profit", "profit-limit"] as const;

const order = fc.record({
  kind: fc.constantFrom(...KINDS),
  isBuy: fc.boolean(),
  price,
  stop: price,
  lots: fc.integer({ min: 1, max: 3000 }),
  iceberg: fc.oneof(
    { weight: 3, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 500 }) },
  ),
  trailing: fc.constantFrom(0, 0, 10, 50),
  hasStop: fc.boolean(),
  timeInForce: fc.constantFrom("GTC" as const, "GTC" as const, "IOC" as const, "FOK" as const),
  prevention: fc.constantFrom(
    "NONE" as const,
    "EXPIRE_TAKER" as const,
    "EXPIRE_MAKER" as const,
    "EXPIRE_BOTH" as const,
    "DECREMENT" as const,
  ),
});

const step = fc.record({
  does: fc.constantFrom(
    "order",
    "order",
    "order",
    "house",
    "house",
    "oco",
    "oto",
    "otoco",
    "opo",
    "opoco",
    "cancel",
    "amend",
  ),
  who: fc.boolean(),
  index: fc.nat(20),
  order,
  pending: order,
  partner: order,
});

type Shape = typeof order extends fc.Arbitrary<infer S> ? S : never;

function fieldsOf(shape: Shape, instrument: { tickIncrement: number }, fine: boolean): Partial<OrderRequest> {
  const { kind, isBuy, lots, timeInForce, prevention, trailing, hasStop, iceberg } = shape;
  const side = isBuy ? "BUY" : "SELL";
  const priceTicks = shape.price * instrument.tickIncrement;
  const stopTicks = hasStop || trailing === 0 ? shape.stop * instrument.tickIncrement : 0;
  const waits = { stopTicks, trailingDelta: trailing };
  const icebergLots = timeInForce === "GTC" ? iceberg : 0;
  switch (kind) {
    case "limit":
      return { side, lots, prevention, timeInForce, priceTicks, icebergLots };
    case "maker":
      return { side, lots, prevention, type: "LIMIT_MAKER", priceTicks, icebergLots };
    case "market":
      return { side, lots, prevention, type: "MARKET", priceTicks: 0 };
    case "quote": {
      const quoteUnits = BigInt(lots) * (fine ? 100n : ONE / 10n);
      return { side, lots: 0, prevention, type: "MARKET", priceTicks: 0, quoteUnits };
    }
    case "stop":
      return { side, lots, prevention, type: "STOP_LOSS", priceTicks: 0, ...waits };
    case "profit":
      return { side, lots, prevention, type: "TAKE_PROFIT", priceTicks: 0, ...waits };
    case "stop-limit":
      return { side, lots, prevention, type: "STOP_LOSS_LIMIT", timeInForce, priceTicks, icebergLots, ...waits };
    case "profit-limit":
      return { side, lots, prevention, type: "TAKE_PROFIT_LIMIT", timeInForce, priceTicks, icebergLots, ...waits };
  }
}

test.each([{ fine: false }, { fine: true }])(
  "no unit of any asset is ever made or lost, and no order is lost, whatever comes (fine: $fine)",
  ({ fine }) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
        const parts = setUpMarket({ fine });
        const { market, alice, bob, request, oco, oto, instrument } = parts;
        let nowUs = 0;
        for (const { does, who, index, order: shape, pending, partner } of steps) {
          nowUs++;
          const account = who ? alice : bob;
          const made = (of: Shape, more: Partial<OrderRequest> = {}) =>
            request(account, { ...fieldsOf(of, instrument, fine), ...more });
          // A pair sells or buys the same lots: the loss first, then the profit.
          const pair = (lots: number) => {
            const side = pending.isBuy ? "BUY" : "SELL";
            const loss = made({ ...pending, kind: pending.hasStop ? "stop" : "stop-limit" }, { side, lots });
            const kind = (["maker", "profit", "profit-limit"] as const)[index % 3]!;
            return [loss, made({ ...partner, kind }, { side, lots })];
          };
          const working = () => made({ ...shape, kind: index % 2 === 0 ? "limit" : "maker" });
          const open = market.ledger.open(account.index);
          const target = open[index % Math.max(1, open.length)];
          try {
            if (does === "house") {
              const side = shape.isBuy ? "BUY" : "SELL";
              market.placeHouse(side, shape.price * instrument.tickIncrement, shape.lots, shape.timeInForce, nowUs);
            } else if (does === "cancel") {
              if (target !== undefined) market.cancel(target, `cancel-${nowUs}`, nowUs);
            } else if (does === "amend") {
              if (target !== undefined) market.amend(target, Math.ceil(target.lots / 2), `amend-${nowUs}`, nowUs);
            } else if (does === "oco") {
              market.placeList(oco(account, pair(shape.lots)), nowUs);
            } else if (does === "oto") {
              const kind = pending.kind === "quote" ? "market" : pending.kind;
              market.placeList(oto(account, [working(), made({ ...pending, kind })]), nowUs);
            } else if (does === "otoco") {
              market.placeList(oto(account, [working(), ...pair(pending.lots)]), nowUs);
            } else if (does === "opo" || does === "opoco") {
              const buys = { ...working(), side: "BUY" as const };
              const kind = pending.kind === "quote" ? "market" : pending.kind;
              const sells = does === "opo" ? [made({ ...pending, kind })] : pair(0);
              const legs = sells.map((leg) => ({ ...leg, side: "SELL" as const, lots: 0, icebergLots: 0 }));
              market.placeList(oto(account, [buys, ...legs], { paysPending: true }), nowUs);
            } else {
              market.place(made(shape), nowUs);
            }
          } catch (error) {
            if (!(error instanceof OrderRefusedError)) throw error;
          }
          if (nowUs % 10 === 0) expectSound(parts);
        }
        expectSound(parts);
      }),
      { numRuns: 150 },
    );
  },
);

test("finds closed orders by either id, whenever it was asked before", () => {
  const { market, alice, request } = setUpMarket();
  const find = (id: string) => market.ledger.findByClientId(alice.index, id)?.id;
  const place = (clientOrderId: string) => market.place(request(alice, { clientOrderId, lots: 1 }), 1);
  const first = place("first");
  const second = place("second");
  market.cancel(first, "cancel-first", 2);
  expect([find("first"), find("cancel-first"), find("second"), find("third")]).toEqual([1, 1, 2, undefined]);
  market.cancel(second, "cancel-second", 3); // was open when the index was made
  expect([find("second"), find("cancel-second")]).toEqual([2, 2]);
  market.cancel(place("first"), "cancel-third", 4); // the id again: the newest order counts
  expect([find("first"), find("cancel-first"), find("cancel-third")]).toEqual([3, 1, 3]);
});
