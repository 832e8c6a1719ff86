import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Account } from "../../src/engine/accounts.ts";
import { Exchange } from "../../src/engine/exchange.ts";
import { OrderRefusedError, type OrderReport } from "../../src/engine/market.ts";
import type { OrderRequest } from "../../src/engine/order.ts";
import { toInstrument } from "../../src/instruments.ts";

const ONE = 100_000_000n;

// Price 2 decimals in steps of 0.05, sizes 3 decimals; with `fine`, price x size has more than 8 decimals and is cut.
function setUp({ fine = false } = {}) {
  const instrument = toInstrument({
    symbol: "AAAUSDT",
    base: "AAA",
    quote: "USDT",
    tickSize: fine ? "0.00005" : "0.05",
    lotSize: fine ? "0.00001" : "0.001",
    minSize: fine ? "0.00001" : "0.001",
    maxSize: "1000",
    minNotional: "0",
    startPrice: fine ? "0.1" : "100",
  });
  const reports: OrderReport["execution"][] = [];
  const balanceEvents: Account[] = [];
  const exchange = new Exchange({
    instruments: [instrument],
    listener: {
      onTrade: () => {},
      onAggregate: () => {},
      onLevel: () => {},
      onBook: () => {},
      onReport: (_market, { execution }) => reports.push(execution),
      onBalances: (account) => balanceEvents.push(account),
    },
  });
  const open = (rate: bigint) => {
    const account = exchange.accounts.open({ makerRate: rate, takerRate: rate * 2n });
    account.balance("AAA").free = 1000n * ONE;
    account.balance("USDT").free = 10_000n * ONE;
    return account;
  };
  const alice = open(100_000n); // 0.1 % and 0.2 %
  const bob = open(0n);
  const market = exchange.markets[0]!;
  let ids = 0;
  const request = (account: Account, fields: Partial<OrderRequest> = {}): OrderRequest => ({
    account,
    side: "BUY",
    type: "LIMIT",
    timeInForce: "GTC",
    priceTicks: 10_000,
    lots: 1000,
    quoteUnits: 0n,
    clientOrderId: `id-${ids++}`,
    prevention: "NONE",
    ...fields,
  });
  return { instrument, exchange, market, alice, bob, request, reports, balanceEvents };
}

describe("balances", () => {
  test("a resting order locks what it may cost, and a cancel gives it back", () => {
    const { market, alice, request } = setUp();
    const order = market.place(request(alice, { priceTicks: 9995, lots: 2000 }), 1);
    expect(alice.balance("USDT")).toEqual({ free: 10_000n * ONE - 19_990_000_000n, locked: 19_990_000_000n });
    market.cancel(order, "cancel-1", 2);
    expect(alice.balance("USDT")).toEqual({ free: 10_000n * ONE, locked: 0n });
    expect(order).toMatchObject({ status: "CANCELED", clientOrderId: "cancel-1", originalClientOrderId: "id-0" });
  });

  test("a fill better than the limit gives the difference back at once, and the fee is on what was received", () => {
    const { market, exchange, alice, bob, request } = setUp();
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
    const { market, alice, bob, request } = setUp();
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
    const { market, alice, bob, request, reports } = setUp();
    market.place(request(bob, { side: "BUY", priceTicks: 9000, lots: 500 }), 1);
    reports.length = 0;
    const order = market.place(request(alice, { side: "SELL", type: "MARKET", priceTicks: 0, lots: 800 }), 2);
    expect(order).toMatchObject({ status: "EXPIRED", filledLots: 500, expiryReason: "INSUFFICIENT_LIQUIDITY" });
    expect(reports).toEqual(["NEW", "TRADE", "TRADE", "EXPIRED"]);
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
    const { market, exchange, alice, bob, request, reports } = setUp();
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
    const { market, alice, request } = setUp();
    const fields = { type: "MARKET", priceTicks: 0, lots: 0, quoteUnits: ONE } as const;
    expect(() => market.place(request(alice, fields), 1)).toThrow("EMPTY_BOOK");
  });
});

test("a client id is free again once its order is done", () => {
  const { market, exchange, alice, request } = setUp();
  const first = market.place(request(alice, { clientOrderId: "mine" }), 1);
  market.cancel(first, "cancel-1", 2);
  const second = market.place(request(alice, { clientOrderId: "mine" }), 3);
  expect(market.ledger.findByClientId(alice.index, "mine")).toBe(second);
  expect(market.ledger.findByClientId(alice.index, "cancel-1")).toBe(first);
  expect(exchange.acceptedOrders().map(({ clientOrderId }) => clientOrderId)).toEqual(["mine", "mine"]);
});

test("an order of its own owner expires by the mode of the incoming order, and unlocks", () => {
  const { market, alice, bob, request, reports } = setUp();
  const resting = market.place(request(alice, { side: "SELL", priceTicks: 10_000, lots: 400 }), 1);
  market.place(request(bob, { side: "SELL", priceTicks: 10_000, lots: 100 }), 1);
  reports.length = 0;
  const order = market.place(request(alice, { lots: 300, prevention: "EXPIRE_MAKER" }), 2);
  expect(resting).toMatchObject({ status: "EXPIRED_IN_MATCH", preventedLots: 400, lockedUnits: 0n });
  expect(alice.balance("AAA").locked).toBe(0n);
  expect(order).toMatchObject({ status: "PARTIALLY_FILLED", filledLots: 100, preventedLots: 0 });
  expect(reports).toEqual(["NEW", "TRADE_PREVENTION", "TRADE", "TRADE"]);

  const taker = market.place(request(alice, { side: "SELL", lots: 50, prevention: "EXPIRE_TAKER" }), 3);
  expect(taker).toMatchObject({ status: "EXPIRED_IN_MATCH", filledLots: 0, preventedLots: 50 });
});

test("trades of one incoming order at one price are one aggregate", () => {
  const { market, alice, bob, request } = setUp();
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

const step = fc.record({
  kind: fc.constantFrom("limit", "limit", "limit", "maker", "market", "quote", "cancel", "house", "house"),
  who: fc.boolean(),
  isBuy: fc.boolean(),
  steps: fc.integer({ min: 1990, max: 2010 }), // of the tick increment 5
  lots: fc.integer({ min: 1, max: 3000 }),
  timeInForce: fc.constantFrom("GTC" as const, "IOC" as const, "FOK" as const),
  prevention: fc.constantFrom(
    "NONE" as const,
    "EXPIRE_TAKER" as const,
    "EXPIRE_MAKER" as const,
    "EXPIRE_BOTH" as const,
  ),
});

test.each([{ fine: false }, { fine: true }])("no unit of any asset is ever made or lost (fine: $fine)", ({ fine }) => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80, size: "max" }), (steps) => {
      const { market, exchange, alice, bob, request, instrument } = setUp({ fine });
      let nowUs = 0;
      for (const { kind, who, isBuy, steps: priceSteps, lots, timeInForce, prevention } of steps) {
        const account = who ? alice : bob;
        const side = isBuy ? "BUY" : "SELL";
        const priceTicks = priceSteps * instrument.tickIncrement;
        nowUs++;
        if (kind === "house") {
          market.placeHouse(side, priceTicks, lots, timeInForce, nowUs);
        } else if (kind === "cancel") {
          const order = market.ledger.open(account.index)[0];
          if (order !== undefined) market.cancel(order, `cancel-${nowUs}`, nowUs);
        } else {
          const shape = {
            limit: { timeInForce, priceTicks },
            maker: { type: "LIMIT_MAKER" as const, priceTicks },
            market: { type: "MARKET" as const, priceTicks: 0 },
            quote: {
              type: "MARKET" as const,
              priceTicks: 0,
              lots: 0,
              quoteUnits: BigInt(lots) * (fine ? 100n : ONE / 10n),
            },
          }[kind];
          try {
            market.place(request(account, { side, lots, prevention, ...shape }), nowUs);
          } catch (error) {
            if (!(error instanceof OrderRefusedError)) throw error;
          }
        }
        const bid = market.engine.bids.best?.priceTicks ?? 0;
        expect(bid).toBeLessThan(market.engine.asks.best?.priceTicks ?? Number.POSITIVE_INFINITY);
      }
      const deposited = { AAA: 2000n * ONE, USDT: 20_000n * ONE };
      for (const [asset, sum] of Object.entries(deposited)) {
        let found = exchange.accounts.fees.get(asset) ?? 0n;
        for (const account of exchange.accounts.all()) {
          const { free, locked } = account.balance(asset);
          found += free + locked;
          if (account.unlimited) continue;
          expect(free).toBeGreaterThanOrEqual(0n);
          // What is locked is what the open orders hold, and they hold no more than they may need.
          const paysWith = asset === "USDT" ? "BUY" : "SELL";
          const orders = market.ledger.open(account.index).filter((order) => order.side === paysWith);
          expect(locked).toBe(orders.reduce((held, order) => held + order.lockedUnits, 0n));
        }
        expect(found).toBe(sum);
      }
      for (const order of market.ledger.all) {
        const filled = order.fills.reduce((lots, fill) => lots + fill.lots, 0);
        expect(order.filledLots).toBe(filled);
        if (order.status !== "EXPIRED_IN_MATCH") expect(order.filledLots + order.openLots).toBe(order.lots);
        if (!order.isOpen) expect(order.lockedUnits).toBe(0n);
      }
    }),
    { numRuns: 300 },
  );
});
