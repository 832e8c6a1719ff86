import { OrderBook } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Microstructure } from "../../src/engines/microstructure.ts";
import { flowOf } from "../../src/engines/order-flow.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const START_US = Date.UTC(2026, 0, 1) * 1000;

function setUp() {
  const state = { book: undefined as OrderBook | undefined };
  return { state, stats: new Microstructure({ instrument, book: () => state.book }) };
}

type Event =
  | {
      readonly kind: "quote";
      readonly bid: number;
      readonly spread: number;
      readonly bidLots: number;
      readonly askLots: number;
    }
  | { readonly kind: "trade"; readonly ticks: number; readonly lots: number; readonly isBuy: boolean }
  | { readonly kind: "gap" | "lost" };

const lots = fc.integer({ min: 1, max: 50 });
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("quote" as const),
      bid: fc.integer({ min: 990, max: 1000 }),
      spread: fc.integer({ min: 1, max: 5 }),
      bidLots: lots,
      askLots: lots,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("trade" as const),
      ticks: fc.integer({ min: 985, max: 1010 }),
      lots,
      isBuy: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom("gap" as const, "lost" as const) }) },
);

/** All statistics from the whole history. */
function plain(events: readonly Event[]) {
  let quotes: Extract<Event, { kind: "quote" }>[] = [];
  let trades: (Extract<Event, { kind: "trade" }> & { readonly isThrough: boolean })[] = [];
  let isKnown = false;
  for (const one of events) {
    const quote = quotes.at(-1);
    if (one.kind === "quote") {
      quotes.push(one);
      isKnown = true;
    } else if (one.kind === "trade") {
      const askTicks = isKnown && quote !== undefined ? quote.bid + quote.spread : Number.NaN;
      const bidTicks = isKnown && quote !== undefined ? quote.bid : Number.NaN;
      trades.push({ ...one, isThrough: one.isBuy ? one.ticks > askTicks : one.ticks < bidTicks });
    } else if (one.kind === "gap") {
      quotes = [];
      isKnown = false;
    } else trades = [];
  }
  const latest = trades.slice(-100);
  const sumLots = latest.reduce((sum, trade) => sum + trade.lots, 0);
  const flows = quotes.slice(1).flatMap((q, i) => {
    const p = quotes[i]!;
    const isSame = q.bid === p.bid && q.spread === p.spread && q.bidLots === p.bidLots && q.askLots === p.askLots;
    if (isSame) return [];
    return [flowOf(q.bid, q.bidLots, q.bid + q.spread, q.askLots, p.bid, p.bidLots, p.bid + p.spread, p.askLots)];
  });
  return {
    vwapTicks: latest.reduce((sum, trade) => sum + trade.ticks * trade.lots, 0) / sumLots,
    meanTradeLots: sumLots / latest.length,
    tradeThroughs: latest.filter(({ isThrough }) => isThrough).length,
    spreadTicks: quotes.at(-1)?.spread ?? Number.NaN,
    orderFlowImbalance: flows.length === 0 ? Number.NaN : flows.slice(-100).reduce((sum, flow) => sum + flow, 0),
  };
}

test("statistics kept event by event are those of the whole history, worked out anew", () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 300 }), (events) => {
      const { stats } = setUp();
      for (const [i, one] of events.entries()) {
        if (one.kind === "quote") stats.quote(START_US + i, one.bid, one.bidLots, one.bid + one.spread, one.askLots);
        else if (one.kind === "trade") stats.trade(one.ticks, one.lots, one.isBuy);
        else if (one.kind === "gap") stats.gap();
        else stats.tradesLost();
      }
      const expected = plain(events);
      for (const [name, value] of Object.entries(expected))
        expect([name, stats[name as keyof typeof expected]]).toEqual([name, value]);
      expect(stats.impactBps(40)).toBe(Math.min(1, 40 / expected.meanTradeLots) * 10);
    }),
    { numRuns: 200 },
  );
});

test("book imbalance counts the best levels of both sides, and is unknown without a book", () => {
  const { state, stats } = setUp();
  expect(stats.bookImbalance).toBeNaN();
  expect(stats.walkTheBook("buy", 5)).toBeUndefined();
  const book = new OrderBook();
  state.book = book;
  for (let i = 0; i < 6; i++) book.set("bid", 99 - i, 10);
  for (let i = 0; i < 3; i++) book.set("ask", 100 + i, 10);
  expect(stats.bookImbalance).toBe((50 - 30) / 80);
  expect(stats.bookImbalanceOf(6)).toBe((60 - 30) / 90);
  expect(stats.bookImbalanceOf(1)).toBe(0);
  expect(stats.walkTheBook("buy", 15)).toMatchObject({ filledLots: 15, worstTicks: 101 });
});

test("where the stream has no quotes the book's best prices count; one with quotes is not heard twice", () => {
  const book = new OrderBook();
  book.set("bid", 99, 5);
  book.set("ask", 101, 5);
  const { stats } = setUp();
  stats.bookMoved(START_US, book);
  expect(stats.spreadTicks).toBe(2);
  book.set("bid", 98, 7); // not at the top: no change
  stats.bookMoved(START_US, book);
  expect(stats.orderFlowImbalance).toBeNaN();
  book.set("bid", 99, 9);
  stats.bookMoved(START_US, book);
  expect(stats.orderFlowImbalance).toBe(4);
  stats.quote(START_US, 99, 9, 100, 1);
  stats.bookMoved(START_US, book);
  expect(stats.spreadTicks).toBe(1);
});

test("volatility is that of the mid price, and a gap does not end it", () => {
  const { stats } = setUp();
  stats.quote(START_US, 999, 1, 1001, 1);
  stats.gap();
  stats.quote(START_US + 1_000_000, 1009, 1, 1011, 1);
  expect(stats.realizedVolatility).toBe(0);
  stats.quote(START_US + 2_000_000, 1009, 1, 1011, 1);
  const returns = Math.log(1010 / 1000);
  expect(stats.realizedVolatility).toBeCloseTo(Math.sqrt((returns ** 2 / 2) * 365 * 86_400), 6);
});
