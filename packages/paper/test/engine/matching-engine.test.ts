import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BookOrder, type Side } from "../../src/engine/book-side.ts";
import { MatchingEngine, type SelfTradePrevention, type TimeInForce } from "../../src/engine/matching-engine.ts";
import { NaiveBook } from "./naive-book.ts";

interface Traded {
  readonly taker: number;
  readonly maker: number;
  readonly priceTicks: number;
  readonly lots: number;
}

interface Prevented {
  readonly taker: number;
  readonly maker: number;
  readonly takerLots: number;
  readonly makerLots: number;
}

function setUp() {
  const fills: Traded[] = [];
  const prevented: Prevented[] = [];
  const levels: Record<Side, Map<number, number>> = { BUY: new Map(), SELL: new Map() };
  const engine = new MatchingEngine({
    onFill: (taker, maker, priceTicks, lots) => fills.push({ taker: taker.id, maker: maker.id, priceTicks, lots }),
    onPrevented: (taker, maker, takerLots, makerLots) => {
      prevented.push({ taker: taker.id, maker: maker.id, takerLots, makerLots });
    },
    onLevel: (side, priceTicks, lots) => {
      if (lots === 0) levels[side].delete(priceTicks);
      else levels[side].set(priceTicks, lots);
    },
  });
  let nextId = 1;
  const place = (
    side: Side,
    priceTicks: number,
    lots: number,
    {
      timeInForce = "GTC" as TimeInForce,
      owner = nextId,
      prevention = "NONE" as SelfTradePrevention,
      icebergLots = 0,
    } = {},
  ) => {
    const order = new BookOrder(nextId++, owner, side, priceTicks, lots, icebergLots);
    return { order, outcome: engine.place(order, timeInForce, prevention) };
  };
  return { engine, fills, prevented, levels, place };
}

test("trades at the best price first, and at one price with the oldest order first", () => {
  const { place, fills } = setUp();
  place("SELL", 102, 5);
  place("SELL", 101, 5);
  place("SELL", 101, 5);
  const { outcome, order } = place("BUY", 102, 12);
  expect(fills).toEqual([
    { taker: 4, maker: 2, priceTicks: 101, lots: 5 },
    { taker: 4, maker: 3, priceTicks: 101, lots: 5 },
    { taker: 4, maker: 1, priceTicks: 102, lots: 2 },
  ]);
  expect(outcome).toBe("FILLED");
  expect(order.openLots).toBe(0);
});

test("rests what is left of a GTC order, and expires what is left of an IOC order", () => {
  const { engine, place } = setUp();
  place("SELL", 101, 5);
  expect(place("BUY", 101, 8).outcome).toBe("RESTING");
  expect(engine.bids.lotsAt(101)).toBe(3);
  expect(place("SELL", 100, 9, { timeInForce: "IOC" }).outcome).toBe("EXPIRED");
  expect(engine.size).toBe(0);
});

test("fills a FOK order whole or not at all", () => {
  const { place, fills } = setUp();
  place("SELL", 101, 5);
  place("SELL", 102, 5);
  expect(place("BUY", 101, 6, { timeInForce: "FOK" }).outcome).toBe("EXPIRED");
  expect(fills).toEqual([]);
  expect(place("BUY", 102, 6, { timeInForce: "FOK" }).outcome).toBe("FILLED");
});

test("keeps an order's place in the queue when it is resized", () => {
  const { engine, place, fills } = setUp();
  const { order } = place("BUY", 100, 5);
  place("BUY", 100, 5);
  expect(engine.resize(order, 9)).toBe(true);
  expect(engine.bids.lotsAt(100)).toBe(14);
  place("SELL", 100, 9);
  expect(fills).toEqual([{ taker: 3, maker: 1, priceTicks: 100, lots: 9 }]);
  expect(engine.resize(order, 1)).toBe(false);
});

test("a cancelled order is gone, and cancelling it again does nothing", () => {
  const { engine, place } = setUp();
  const { order } = place("BUY", 100, 5);
  expect(engine.cancel(order)).toBe(true);
  expect(engine.cancel(order)).toBe(false);
  expect(engine.size).toBe(0);
  expect(engine.bids.best).toBeUndefined();
});

test.each([
  { prevention: "NONE", outcome: "FILLED", fills: [1, 2], prevented: [], left: 0 },
  { prevention: "EXPIRE_TAKER", outcome: "EXPIRED_IN_MATCH", fills: [1], prevented: [[2, 0]], left: 2 },
  { prevention: "EXPIRE_MAKER", outcome: "FILLED", fills: [1, 3], prevented: [[0, 2]], left: 0 },
  { prevention: "EXPIRE_BOTH", outcome: "EXPIRED_IN_MATCH", fills: [1], prevented: [[2, 2]], left: 0 },
  { prevention: "DECREMENT", outcome: "EXPIRED_IN_MATCH", fills: [1], prevented: [[2, 2]], left: 0 },
  { prevention: "PASS", outcome: "FILLED", fills: [1, 3], prevented: [], left: 2 },
] as const)(
  "meeting an own order with $prevention ends $outcome",
  ({ prevention, outcome, fills, prevented, left }) => {
    const parts = setUp();
    parts.place("SELL", 101, 2, { owner: 8 });
    const { order: own } = parts.place("SELL", 101, 2, { owner: 7 });
    parts.place("SELL", 102, 2, { owner: 8 });
    expect(parts.place("BUY", 102, 4, { owner: 7, prevention }).outcome).toBe(outcome);
    expect(parts.fills.map(({ maker }) => maker)).toEqual(fills);
    expect(parts.prevented.map(({ takerLots, makerLots }) => [takerLots, makerLots])).toEqual(prevented);
    expect(own.openLots).toBe(left);
  },
);

test("DECREMENT takes the overlap from both, and the larger goes on", () => {
  const parts = setUp();
  const { order: own } = parts.place("SELL", 101, 5, { owner: 7 });
  parts.place("SELL", 102, 9, { owner: 8 });
  const smaller = { owner: 7, prevention: "DECREMENT" } as const;
  expect(parts.place("BUY", 102, 2, smaller).outcome).toBe("EXPIRED_IN_MATCH");
  expect([own.openLots, parts.engine.asks.lotsAt(101)]).toEqual([3, 3]);
  expect(parts.place("BUY", 102, 7, smaller).outcome).toBe("FILLED");
  expect(own.level).toBeNull();
  expect(parts.fills).toEqual([{ taker: 4, maker: 2, priceTicks: 102, lots: 4 }]);
});

describe("an iceberg", () => {
  test("shows a part, and the next part queues behind the others of its price", () => {
    const { engine, place, fills, levels } = setUp();
    place("SELL", 101, 5, { icebergLots: 2 });
    place("SELL", 101, 3);
    expect(engine.asks.lotsAt(101)).toBe(5);
    place("BUY", 101, 6);
    expect(fills.map(({ maker, lots }) => [maker, lots])).toEqual([
      [1, 2],
      [2, 3],
      [1, 1],
    ]);
    expect(engine.asks.lotsAt(101)).toBe(1);
    expect(levels.SELL.get(101)).toBe(1);
  });

  test("hides nothing from an order that takes it all", () => {
    const { engine, place, fills } = setUp();
    place("SELL", 101, 5, { icebergLots: 2 });
    expect(place("BUY", 101, 5, { timeInForce: "FOK" }).outcome).toBe("FILLED");
    expect(fills.map(({ lots }) => lots)).toEqual([2, 2, 1]);
    expect(engine.size).toBe(0);
  });

  test("keeps what it hides from an order that an own one stops before", () => {
    const { place, fills } = setUp();
    place("SELL", 101, 5, { icebergLots: 2 });
    place("SELL", 101, 1, { owner: 7 }); // comes before the iceberg's next part
    const fok = { timeInForce: "FOK", owner: 7, prevention: "EXPIRE_TAKER" } as const;
    expect(place("BUY", 101, 3, fok).outcome).toBe("EXPIRED");
    expect(fills).toEqual([]);
    expect(place("BUY", 101, 2, fok).outcome).toBe("FILLED");
  });

  test("trades whole as the incoming order, and hides only what is left of it", () => {
    const { engine, place } = setUp();
    place("SELL", 101, 4);
    place("BUY", 101, 9, { icebergLots: 2 });
    expect(engine.bids.lotsAt(101)).toBe(2);
  });

  test("goes on showing as much when it is made smaller, until there is less", () => {
    const { engine, place } = setUp();
    const { order } = place("BUY", 100, 9, { icebergLots: 3 });
    engine.resize(order, 4);
    expect([order.openLots, engine.bids.lotsAt(100)]).toEqual([4, 3]);
    engine.resize(order, 2);
    expect([order.openLots, engine.bids.lotsAt(100)]).toEqual([2, 2]);
  });
});

test("a FOK order counts only what self-trade prevention leaves to trade", () => {
  const { place, fills } = setUp();
  place("SELL", 101, 2, { owner: 7 });
  place("SELL", 101, 2, { owner: 8 });
  const fok = { timeInForce: "FOK", owner: 7 } as const;
  expect(place("BUY", 101, 3, { ...fok, prevention: "EXPIRE_MAKER" }).outcome).toBe("EXPIRED");
  expect(place("BUY", 101, 1, { ...fok, prevention: "EXPIRE_TAKER" }).outcome).toBe("EXPIRED");
  expect(fills).toEqual([]);
  expect(place("BUY", 101, 2, { ...fok, prevention: "EXPIRE_MAKER" }).outcome).toBe("FILLED");
});

const price = fc.integer({ min: 90, max: 110 });
const lots = fc.integer({ min: 1, max: 20 });
const operation = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("place" as const),
      side: fc.constantFrom("BUY" as const, "SELL" as const),
      price: fc.oneof(price, fc.constantFrom(0, Number.MAX_SAFE_INTEGER)),
      lots,
      iceberg: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 8 })),
      owner: fc.integer({ min: 1, max: 3 }),
      timeInForce: fc.constantFrom("GTC" as const, "IOC" as const, "FOK" as const),
      prevention: fc.constantFrom(
        "NONE" as const,
        "EXPIRE_TAKER" as const,
        "EXPIRE_MAKER" as const,
        "EXPIRE_BOTH" as const,
        "DECREMENT" as const,
      ),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), index: fc.nat(200) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("resize" as const), index: fc.nat(200), lots }) },
);

test("does what a naive book with sorted lists does, whatever comes", () => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 120, size: "max" }), (operations) => {
      const { engine, fills, prevented, levels } = setUp();
      const naive = new NaiveBook();
      const orders: BookOrder[] = [];
      let placedLots = 0;
      let goneLots = 0;
      for (const op of operations) {
        if (op.kind === "place") {
          // A market order never rests.
          const isMarket = op.price === 0 || op.price === Number.MAX_SAFE_INTEGER;
          const timeInForce = isMarket && op.timeInForce === "GTC" ? "IOC" : op.timeInForce;
          const order = new BookOrder(orders.length, op.owner, op.side, op.price, op.lots, op.iceberg);
          orders.push(order);
          placedLots += op.lots;
          const outcome = engine.place(order, timeInForce, op.prevention);
          const { owner, side, price, lots, iceberg } = op;
          const same = { id: order.id, owner, side, price, lots, iceberg };
          expect(outcome).toBe(naive.place(same, timeInForce, op.prevention));
          if (outcome === "EXPIRED" || outcome === "EXPIRED_IN_MATCH") goneLots += order.openLots;
        } else {
          const order = orders[op.index];
          if (order === undefined) continue;
          if (op.kind === "cancel") {
            const isGone = engine.cancel(order);
            expect(isGone).toBe(naive.cancel(order.id));
            if (isGone) goneLots += order.openLots;
          } else {
            const before = order.openLots;
            const isResized = engine.resize(order, op.lots);
            expect(isResized).toBe(naive.resize(order.id, op.lots));
            if (isResized) placedLots += op.lots - before;
          }
        }
        const bid = engine.bids.best;
        const ask = engine.asks.best;
        if (bid !== undefined && ask !== undefined) expect(bid.priceTicks).toBeLessThan(ask.priceTicks);
      }
      expect(fills).toEqual(naive.fills);
      expect(prevented).toEqual(naive.prevented);
      for (const side of [engine.bids, engine.asks]) {
        const seen = side.levels.map(({ priceTicks, lots }) => [priceTicks, lots]).reverse();
        expect(seen).toEqual(naive.levels(side.side));
        expect([...levels[side.side]].sort(([a], [b]) => a - b)).toEqual(seen.sort(([a], [b]) => a! - b!));
      }
      // Every lot that came was traded (on both sides), rests, or went away.
      const tradedLots = fills.reduce((sum, fill) => sum + 2 * fill.lots, 0);
      const restingLots = orders.reduce((sum, order) => sum + (order.level === null ? 0 : order.openLots), 0);
      const preventedLots = prevented.reduce((sum, { takerLots, makerLots }) => sum + takerLots + makerLots, 0);
      for (const order of orders) if (order.level !== null) expect(order.openLots).toBe(naive.openLots(order.id));
      expect(tradedLots + restingLots + preventedLots + goneLots).toBe(placedLots);
    }),
    { numRuns: 400 },
  );
});
