import fc from "fast-check";
import { expect, test } from "vitest";
import { Exchange } from "../../src/engine/exchange.ts";
import type { Order } from "../../src/engine/order.ts";
import { DEFAULT_INSTRUMENTS, toInstrument } from "../../src/instruments.ts";
import { MirroredBook } from "../../src/models/mirrored-book.ts";

type Levels = readonly (readonly [price: string, size: string])[];

function setUp() {
  const instrument = toInstrument({
    ...DEFAULT_INSTRUMENTS[0]!,
    tickSize: "0.01",
    lotSize: "0.001",
    startPrice: "100",
  });
  const nothing = () => {};
  const listener = {
    onTrade: nothing,
    onAggregate: nothing,
    onLevel: nothing,
    onBook: nothing,
    onReport: nothing,
    onBalances: nothing,
  };
  const exchange = new Exchange({ instruments: [instrument], listener });
  const account = exchange.accounts.open({ makerRate: 0n, takerRate: 0n });
  account.balance("AAA").free = 10n ** 14n;
  account.balance("USDT").free = 10n ** 14n;
  const market = exchange.markets[0]!;
  const mirror = new MirroredBook(market);
  let ids = 0;
  const place = (side: "BUY" | "SELL", priceTicks: number, lots: number): Order =>
    market.place(
      {
        account,
        side,
        type: "LIMIT",
        timeInForce: "GTC",
        priceTicks,
        lots,
        quoteUnits: 0n,
        clientOrderId: `${ids++}`,
        prevention: "EXPIRE_MAKER",
      },
      1,
    );
  return {
    market,
    mirror,
    place,
    snapshot: (lastUpdateId: number, bids: Levels, asks: Levels) =>
      mirror.applySnapshot(JSON.stringify({ lastUpdateId, bids, asks }), 1),
    diff: (U: number, u: number, b: Levels, a: Levels) =>
      mirror.applyDepthFrame(
        JSON.stringify({ stream: "aaausdt@depth@100ms", data: { e: "depthUpdate", U, u, b, a } }),
        1,
      ),
    trade: (p: string, q: string, m: boolean) =>
      mirror.applyTradeFrame(JSON.stringify({ stream: "aaausdt@trade", data: { e: "trade", p, q, m } }), 1),
    levels: () => ({
      bids: market.engine.bids.levels.map(({ priceTicks, lots }) => [priceTicks, lots]).reverse(),
      asks: market.engine.asks.levels.map(({ priceTicks, lots }) => [priceTicks, lots]).reverse(),
    }),
  };
}

test("is the snapshot, then what the diffs make of it", () => {
  const { snapshot, diff, levels } = setUp();
  snapshot(
    10,
    [["99.99", "1"]],
    [
      ["100.01", "2"],
      ["100.02", "3"],
    ],
  );
  diff(9, 10, [["99.98", "7"]], []); // in the snapshot already
  diff(10, 11, [["99.98", "4"]], [["100.01", "0"]]);
  diff(
    12,
    13,
    [
      ["100.01", "1"],
      ["99.99", "0"],
    ],
    [["100.02", "5"]],
  ); // the best bid is where an ask was
  expect(levels()).toEqual({
    bids: [
      [10_001, 1000],
      [9998, 4000],
    ],
    asks: [[10_002, 5000]],
  });
});

test("keeps diffs that come before the snapshot, and starts anew after a hole", () => {
  const { snapshot, diff, levels } = setUp();
  diff(8, 9, [["99.00", "1"]], []);
  diff(10, 12, [["99.50", "1"]], []);
  expect(levels().bids).toEqual([]);
  snapshot(10, [["99.99", "1"]], []);
  expect(levels().bids).toEqual([
    [9999, 1000],
    [9950, 1000],
  ]);
  diff(14, 15, [["90.00", "1"]], []); // 13 is missing
  expect(levels().bids).toEqual([
    [9999, 1000],
    [9950, 1000],
  ]);
  snapshot(14, [["99.97", "2"]], []);
  expect(levels().bids).toEqual([
    [9997, 2000],
    [9000, 1000],
  ]);
});

test("trades with the recorded quotes, which come back as recorded", () => {
  const { snapshot, diff, place, levels } = setUp();
  snapshot(10, [], [["100.01", "2"]]);
  expect(place("BUY", 10_001, 500)).toMatchObject({ status: "FILLED" });
  expect(levels().asks).toEqual([[10_001, 1500]]);
  diff(11, 11, [], [["100.01", "1.9"]]);
  expect(levels().asks).toEqual([[10_001, 1900]]);
  place("BUY", 10_001, 1900);
  diff(12, 12, [], [["100.01", "1.8"]]);
  expect(levels().asks).toEqual([[10_001, 1800]]);
});

test("a recorded level that reaches an order trades with it first", () => {
  const { snapshot, diff, place, levels } = setUp();
  snapshot(10, [["99.99", "1"]], [["100.05", "1"]]);
  const order = place("BUY", 10_002, 300);
  diff(11, 11, [], [["100.01", "0.5"]]);
  expect(order).toMatchObject({ status: "FILLED" });
  expect(order.fills[0]).toMatchObject({ priceTicks: 10_002, isMaker: true });
  expect(levels()).toEqual({
    bids: [[9999, 1000]],
    asks: [
      [10_001, 200],
      [10_005, 1000],
    ],
  });
});

test("a recorded trade fills orders at a strictly better price, at their own price and no more than was traded", () => {
  const { snapshot, trade, place } = setUp();
  snapshot(10, [["99.99", "1"]], [["100.05", "1"]]);
  const better = place("BUY", 10_002, 300);
  const same = place("BUY", 10_001, 300);
  const sell = place("SELL", 10_004, 300);
  trade("100.01", "0.2", true); // a recorded seller got 100.01: it would have met 100.02 first
  expect(better).toMatchObject({ filledLots: 200, status: "PARTIALLY_FILLED" });
  expect(better.fills[0]).toMatchObject({ priceTicks: 10_002 });
  trade("100.01", "5", true);
  expect(better.status).toBe("FILLED");
  expect(same.status).toBe("NEW");
  expect(sell.status).toBe("NEW");
  trade("100.05", "1", false);
  expect(sell).toMatchObject({ status: "FILLED" });
  expect(sell.fills[0]).toMatchObject({ priceTicks: 10_004 });
});

const levelList = (min: number, max: number) =>
  fc.uniqueArray(fc.tuple(fc.integer({ min, max }), fc.integer({ min: 0, max: 9 })), {
    selector: ([price]) => price,
    maxLength: 12,
  });
const text = (price: number) => (price / 100).toFixed(2);
const texts = (levels: readonly (readonly [number, number])[]): Levels =>
  levels.map(([price, size]) => [text(price), `${size}`]);

test("has exactly the recorded levels while nobody trades", () => {
  const diffs = fc.array(fc.record({ bids: levelList(1, 20), asks: levelList(21, 40) }), {
    maxLength: 40,
    size: "max",
  });
  fc.assert(
    fc.property(diffs, (list) => {
      const { snapshot, diff, levels } = setUp();
      const naive = { BUY: new Map<number, number>(), SELL: new Map<number, number>() };
      snapshot(0, [], []);
      list.forEach(({ bids, asks }, i) => {
        diff(i + 1, i + 1, texts(bids), texts(asks));
        for (const [price, size] of bids) naive.BUY.set(price, size * 1000);
        for (const [price, size] of asks) naive.SELL.set(price, size * 1000);
      });
      const kept = (side: "BUY" | "SELL") => [...naive[side]].filter(([, lots]) => lots > 0).sort(([a], [b]) => a - b);
      expect(levels()).toEqual({ bids: kept("BUY").reverse(), asks: kept("SELL") });
    }),
  );
});

test("is never crossed, even by a recording that is, and whoever trades", () => {
  const anyLevels = levelList(1, 40);
  const step = fc.oneof(
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("diff" as const), bids: anyLevels, asks: anyLevels }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("order" as const),
        isBuy: fc.boolean(),
        price: fc.integer({ min: 1, max: 40 }),
        lots: fc.integer({ min: 1, max: 4000 }),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant("trade" as const),
        price: fc.integer({ min: 1, max: 40 }),
        m: fc.boolean(),
      }),
    },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
      const { market, place, snapshot, diff, trade } = setUp();
      snapshot(0, [], []);
      let id = 0;
      for (const op of steps) {
        if (op.kind === "diff") {
          id++;
          diff(id, id, texts(op.bids), texts(op.asks));
        } else if (op.kind === "order") place(op.isBuy ? "BUY" : "SELL", op.price, op.lots);
        else trade(text(op.price), "1", op.m);
        const bid = market.engine.bids.best?.priceTicks ?? 0;
        expect(bid).toBeLessThan(market.engine.asks.best?.priceTicks ?? Number.POSITIVE_INFINITY);
      }
    }),
    { numRuns: 200 },
  );
});
