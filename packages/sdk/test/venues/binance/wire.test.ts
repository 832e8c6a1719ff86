import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../../src/index.ts";
import {
  parseAccount,
  parseAccountPosition,
  parseCancel,
  parseExecutionReport,
  parseNewOrder,
  parseOrder,
  parseOwnTrade,
} from "../../../src/venues/binance/wire.ts";
import { testInstrument } from "../../support/instruments.ts";

const instrument = testInstrument();

const order = {
  symbol: "BTCUSDT",
  orderId: 28,
  orderListId: -1,
  clientOrderId: "mine-1",
  price: "61000.00000000",
  origQty: "0.01000000",
  executedQty: "0.00400000",
  cummulativeQuoteQty: "244.00000000",
  status: "PARTIALLY_FILLED",
  timeInForce: "GTC",
  type: "LIMIT",
  side: "SELL",
};

const common = {
  instrument,
  clientOrderId: "mine-1",
  venueOrderId: "28",
  side: "sell",
  sizeLots: 1_000,
  filledLots: 400,
};

test("a new order's answer brings its fills, all taking", () => {
  const fills = [
    { price: "61000.01000000", qty: "0.00300000", commission: "0.18300003", commissionAsset: "USDT", tradeId: 56 },
    { price: "61000.00000000", qty: "0.00100000", commission: "0.00000000", commissionAsset: "BNB", tradeId: 57 },
  ];
  const report = parseNewOrder({ ...order, transactTime: 1_507_725_176_595, fills }, instrument);
  expect(report).toMatchObject({ ...common, status: "partiallyFilled", atUs: 1_507_725_176_595_000 });
  expect(report.fills).toEqual([
    {
      instrument,
      clientOrderId: "mine-1",
      venueOrderId: "28",
      tradeId: "56",
      side: "sell",
      priceTicks: 6_100_001,
      sizeLots: 300,
      fee: 18_300_003n,
      feeAsset: "USDT",
      isMaker: false,
      atUs: 1_507_725_176_595_000,
    },
    expect.objectContaining({ tradeId: "57", sizeLots: 100, fee: 0n, feeAsset: "BNB" }),
  ]);
});

test("a cancel's answer is about the order, not about the cancel's own id", () => {
  const reply = {
    ...order,
    status: "CANCELED",
    clientOrderId: "cancel-9",
    origClientOrderId: "mine-1",
    transactTime: 5,
  };
  expect(parseCancel(reply, instrument)).toEqual({ ...common, status: "cancelled", fills: [], atUs: 5_000 });
});

test("a queried order has the time of its last update and no fills", () => {
  const reply = { ...order, status: "FILLED", time: 1, updateTime: 7, isWorking: true };
  expect(parseOrder(reply, instrument)).toEqual({ ...common, status: "filled", fills: [], atUs: 7_000 });
});

test("every documented status has its meaning", () => {
  const of = (status: string) => parseOrder({ ...order, status, updateTime: 1 }, instrument).status;
  const meanings = {
    NEW: "accepted",
    PENDING_NEW: "accepted",
    PENDING_CANCEL: "accepted",
    PARTIALLY_FILLED: "partiallyFilled",
    FILLED: "filled",
    CANCELED: "cancelled",
    EXPIRED: "expired",
    EXPIRED_IN_MATCH: "expired",
    REJECTED: "rejected",
  };
  for (const [status, meaning] of Object.entries(meanings)) expect([status, of(status)]).toEqual([status, meaning]);
});

test("an own trade is a fill without our order id, which the venue does not repeat there", () => {
  const trade = {
    symbol: "BTCUSDT",
    id: 28457,
    orderId: 100234,
    price: "40000.00000000",
    qty: "0.00012000",
    commission: "-0.00000010",
    commissionAsset: "BNB",
    time: 1_499_865_549_590,
    isBuyer: true,
    isMaker: true,
    isBestMatch: true,
  };
  expect(parseOwnTrade(trade, instrument)).toEqual({
    instrument,
    clientOrderId: "",
    venueOrderId: "100234",
    tradeId: "28457",
    side: "buy",
    priceTicks: 4_000_000,
    sizeLots: 12,
    fee: -10n,
    feeAsset: "BNB",
    isMaker: true,
    atUs: 1_499_865_549_590_000,
  });
});

test("an account's balances are exact, and zero ones left out", () => {
  const balances = [
    { asset: "BTC", free: "4723846.89208129", locked: "0.00000000" },
    { asset: "USDT", free: "0.00000000", locked: "12.50000000" },
    { asset: "LTC", free: "0.00000000", locked: "0.00000000" },
  ];
  expect([...parseAccount({ balances })]).toEqual([
    ["BTC", { free: 472_384_689_208_129n, locked: 0n }],
    ["USDT", { free: 0n, locked: 1_250_000_000n }],
  ]);
});

test("a balance event keeps zero ones: they have become zero", () => {
  const event = { e: "outboundAccountPosition", E: 1, u: 1, B: [{ a: "ETH", f: "0.00000000", l: "0.00000000" }] };
  expect([...parseAccountPosition(event)]).toEqual([["ETH", { free: 0n, locked: 0n }]]);
});

describe("executionReport", () => {
  const event = {
    e: "executionReport",
    E: 1_499_405_658_658,
    s: "BTCUSDT",
    c: "mine-1",
    S: "SELL",
    o: "LIMIT",
    f: "GTC",
    q: "0.01000000",
    p: "61000.00000000",
    C: "",
    x: "NEW",
    X: "NEW",
    r: "NONE",
    i: 28,
    l: "0.00000000",
    z: "0.00400000",
    L: "0.00000000",
    n: "0",
    N: null,
    T: 1_499_405_658_657,
    t: -1,
    m: false,
  };

  test("of a new order has no fill", () => {
    const report = parseExecutionReport(event, instrument);
    expect(report).toEqual({ ...common, status: "accepted", fills: [], atUs: 1_499_405_658_657_000 });
  });

  test("of a trade has the one fill", () => {
    const trade = {
      ...event,
      x: "TRADE",
      X: "PARTIALLY_FILLED",
      t: 77,
      l: "0.00400000",
      L: "61000.50000000",
      n: "0.001",
      N: "BNB",
      m: true,
    };
    const report = parseExecutionReport(trade, instrument);
    expect(report.status).toBe("partiallyFilled");
    expect(report.fills).toEqual([
      {
        instrument,
        clientOrderId: "mine-1",
        venueOrderId: "28",
        tradeId: "77",
        side: "sell",
        priceTicks: 6_100_050,
        sizeLots: 400,
        fee: 100_000n,
        feeAsset: "BNB",
        isMaker: true,
        atUs: 1_499_405_658_657_000,
      },
    ]);
  });

  test("of a trade without commission names the quote asset for a fee of nothing", () => {
    const trade = { ...event, x: "TRADE", X: "FILLED", t: 77, l: "0.00400000", L: "61000.50000000", n: null, N: null };
    expect(parseExecutionReport(trade, instrument).fills[0]).toMatchObject({ fee: 0n, feeAsset: "USDT" });
  });

  test("of a cancel is about the order in C, not the cancel's own id in c", () => {
    const cancel = { ...event, x: "CANCELED", X: "CANCELED", c: "web-123", C: "mine-1" };
    expect(parseExecutionReport(cancel, instrument)).toMatchObject({ clientOrderId: "mine-1", status: "cancelled" });
  });

  test("of a prevented self-trade has no fill", () => {
    const prevented = { ...event, x: "TRADE_PREVENTION", X: "EXPIRED_IN_MATCH", l: "0.00000000" };
    expect(parseExecutionReport(prevented, instrument)).toMatchObject({ status: "expired", fills: [] });
  });

  test("with a missing or odd field is refused with the field's name", () => {
    const bad: readonly [change: Readonly<Record<string, unknown>>, words: string][] = [
      [{ i: "28" }, 'executionReport: "i" must be a whole number, got string'],
      [{ i: 2 ** 53 }, 'executionReport: "i" must be a whole number, got 9007199254740992'],
      [{ X: "ODD" }, 'executionReport: "X" is ODD, not an order status we know'],
      [{ S: "LONG" }, 'executionReport: "S" must be BUY or SELL, got LONG'],
      [{ q: "0.0100001" }, 'executionReport: "q" "0.0100001" has more than 5 decimals'],
      [{ z: undefined }, 'executionReport: "z" must be text, got undefined'],
      [{ s: "ETHUSDT" }, 'executionReport: "s" is ETHUSDT, asked was about BTCUSDT'],
      [{ x: "TRADE", t: "77" }, 'executionReport: "t" must be a whole number, got string'],
    ];
    for (const [change, words] of bad) {
      expect(() => parseExecutionReport({ ...event, ...change }, instrument)).toThrow(ProtocolError);
      expect(() => parseExecutionReport({ ...event, ...change }, instrument)).toThrow(words);
    }
  });
});
