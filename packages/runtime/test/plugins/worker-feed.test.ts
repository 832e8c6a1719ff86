import { MessageChannel, receiveMessageOnPort } from "node:worker_threads";
import { createSharedSpscRing } from "@pitlane/perf/ring";
import { Levels, OrderBook, type QuoteEvent, type TradeEvent } from "@pitlane/sdk";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import { WorkerFeed } from "../../src/plugins/worker-feed.ts";
import { WorkerMarket } from "../../src/plugins/worker-market.ts";
import {
  EVENT_LAYOUT,
  type EventRing,
  NOTE,
  QUOTE,
  TRADE,
  type WorkerNote,
} from "../../src/plugins/worker-protocol.ts";
import { testInstrument } from "../../src/testing.ts";

const instruments = [testInstrument(), testInstrument({ symbol: "BBB/USDT", base: "BBB" })];
const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

function setUp(capacity: number) {
  const ring = createSharedSpscRing({ layout: EVENT_LAYOUT, capacity }) as EventRing;
  const { port1, port2 } = new MessageChannel();
  ends.push(() => port1.close());
  const feed = new WorkerFeed({ ring, notes: port1, instruments, positionLots: () => 0 });
  /** What the worker would hear: at most so many. */
  const hear = (most: number) => {
    const heard: string[] = [];
    ring.drain(({ kind, instrument, sequence }) => {
      const symbol = instruments[instrument]!.base;
      if (kind !== NOTE)
        return void heard.push(`${symbol} ${kind === QUOTE ? "quote" : kind === TRADE ? "trade" : "book"} ${sequence}`);
      const note = receiveMessageOnPort(port2)!.message as WorkerNote;
      if (note.type === "order") heard.push(`order ${note.news.ref}`);
      else if (note.type !== "market") heard.push(`${symbol} ${note.type}`);
      else if (note.event.kind === "resync") heard.push(`${symbol} resync ${note.event.channel} ${note.event.missing}`);
      else heard.push(`${symbol} ${note.event.kind}`);
    }, most);
    return heard;
  };
  /** Lets the worker's market take what is there: at most so many records. */
  const take = (market: WorkerMarket, most: number) => {
    ring.drain((record) => {
      if (record.kind !== NOTE) return void market.take(record);
      const note = receiveMessageOnPort(port2)!.message as WorkerNote;
      if (note.type === "book") market.takeBook(note.event, record.instrument);
      else if (note.type === "market") market.takeWords(note.event, record.instrument);
    }, most);
  };
  return { feed, hear, take };
}

const at = { venueAtUs: 0, receivedAtUs: 0, receivedNs: 0 };
const quote = (sequence: number, which = 0): QuoteEvent => ({
  kind: "quote",
  instrument: instruments[which]!,
  ...at,
  bidTicks: 1,
  bidLots: 1,
  askTicks: 2,
  askLots: 1,
  sequence,
});
const trade = (tradeId: number, which = 0): TradeEvent => ({
  kind: "trade",
  instrument: instruments[which]!,
  ...at,
  tradeId,
  priceTicks: 1,
  sizeLots: 1,
  aggressor: "buy",
  isBackfilled: false,
});
const news = (ref: number): WorkerNote => ({
  type: "order",
  news: { ref, clientOrderId: "", venueOrderId: "", state: "accepted", filledLots: 0, reason: "" },
  fill: undefined,
  holdings: [],
  funds: [],
});

test("a full ring loses market events and says what is missing before that instrument goes on", () => {
  const { feed, hear } = setUp(4);
  for (let i = 1; i <= 4; i++) feed.market(quote(i));
  feed.market(trade(5));
  feed.market(trade(6));
  expect(feed.dropped).toBe(2);
  expect(hear(4)).toEqual(["AAA quote 1", "AAA quote 2", "AAA quote 3", "AAA quote 4"]);
  feed.market(quote(1, 1)); // another instrument missed nothing
  feed.market(trade(7));
  expect(hear(9)).toEqual(["BBB quote 1", "AAA gap", "AAA resync trade 2", "AAA trade 7"]);
});

test("news of own orders waits for room, in order, and nothing of it is lost", () => {
  const { feed, hear } = setUp(4);
  for (let i = 1; i <= 3; i++) feed.market(quote(i));
  for (let ref = 1; ref <= 6; ref++) feed.note(instruments[0]!, news(ref));
  const heard = hear(4);
  feed.flush();
  heard.push(...hear(4));
  feed.flush();
  heard.push(...hear(4));
  expect(heard.slice(3)).toEqual([1, 2, 3, 4, 5, 6].map((ref) => `order ${ref}`));
});

test("whatever the pace, the book that a worker has at the end is the live one, and none while that is broken", () => {
  const level = fc.record({ side: fc.constantFrom("bid", "ask"), ticks: fc.nat(80), lots: fc.nat(3) });
  const step = fc.record({
    levels: fc.array(level, { maxLength: 9 }),
    read: fc.nat(12),
    isGap: fc.integer({ min: 0, max: 9 }).map((draw) => draw === 0),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      const { feed, take } = setUp(16);
      const live = new OrderBook();
      const market = new WorkerMarket({ instruments, quotes: instruments.map(() => undefined) });
      let isGood = false;
      const tell = (levels: readonly (typeof steps)[number]["levels"][number][]) => {
        const change = { bids: new Levels(), asks: new Levels() };
        for (const { side, ticks, lots } of levels) change[side === "bid" ? "bids" : "asks"].push(ticks, lots);
        live.setAll("bid", change.bids);
        live.setAll("ask", change.asks);
        feed.market(
          { kind: "book", instrument: instruments[0]!, ...at, book: live, sequence: 1 },
          isGood ? change : undefined,
        );
        isGood = true;
      };
      for (const { levels, read, isGap } of steps) {
        if (isGap && isGood) {
          feed.market({
            kind: "gap",
            instrument: instruments[0]!,
            ...at,
            channel: "book",
            cause: "sequence",
            reason: "",
          });
          isGood = false;
          take(market, 100);
          expect(market.book(0)).toBe(undefined);
        } else tell(levels);
        take(market, read);
      }
      take(market, 100);
      tell([]); // whatever was lost is said, and mended, now
      take(market, 100);
      const levelsOf = (book: OrderBook | undefined) => {
        const all: string[] = [];
        for (const side of ["bid", "ask"] as const)
          book?.forEachLevel(side, (ticks, lots) => all.push(`${side} ${ticks} ${lots}`));
        return all;
      };
      expect(market.book(0)).toBeDefined();
      expect(levelsOf(market.book(0))).toEqual(levelsOf(live));
    }),
  );
});

test("a worker that leaves its news unread is behind", () => {
  const { feed } = setUp(2);
  for (let ref = 0; ref < 10_002; ref++) feed.note(instruments[0]!, news(ref));
  expect(feed.isBehind).toBe(false);
  feed.note(instruments[0]!, news(10_002));
  expect(feed.isBehind).toBe(true);
});

test("whatever the pace, what is heard and what is said to be missing make up all that was told", () => {
  const step = fc.record({ which: fc.nat(1), read: fc.nat(6) });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 300 }), (steps) => {
      const { feed, hear } = setUp(8);
      const told = [0, 0];
      const heard: string[] = [];
      for (const { which, read } of steps) {
        feed.market(trade(++told[which]!, which));
        heard.push(...hear(read));
      }
      heard.push(...hear(100));
      for (const which of [0, 1]) feed.market(trade(++told[which]!, which)); // whatever was lost is said now
      heard.push(...hear(100));
      for (const [which, { base }] of instruments.entries()) {
        let next = 1;
        for (const line of heard.filter((one) => one.startsWith(base))) {
          const [, kind, value, missing] = line.split(" ");
          if (kind === "resync") next += Number(missing);
          if (kind === "trade") expect(Number(value)).toBe(next++);
        }
        expect(next).toBe(told[which]! + 1);
      }
    }),
  );
});
