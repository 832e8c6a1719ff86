import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Instrument, type MarketEvent, ProtocolError } from "../../../src/index.ts";
import type { BarInterval } from "../../../src/model/bar.ts";
import { BarKeeper } from "../../../src/venues/binance/bar-keeper.ts";
import { BarReader } from "../../../src/venues/binance/bar-reader.ts";
import { parseSnapshot } from "../../../src/venues/binance/decode.ts";
import { FrameScanner } from "../../../src/venues/binance/frame-scanner.ts";
import { MarketFeed, type MarketFeedOptions } from "../../../src/venues/binance/market-feed.ts";
import { fillingSequences, type TradeFilling, type TradeWish } from "../../../src/venues/binance/trade-filling.ts";
import {
  aggTradeFrame,
  barFrame,
  depthFrame,
  frame,
  quoteFrame,
  snapshotReply,
  tradeFrame,
} from "../../support/frames.ts";
import { testInstrument } from "../../support/instruments.ts";

const instrument = testInstrument();

interface SetUpOptions {
  readonly rule?: MarketFeedOptions["rule"];
  readonly of?: Instrument;
  readonly onEvent?: (event: MarketEvent) => void;
  readonly bars?: ReadonlySet<BarInterval>;
  readonly backfill?: TradeFilling;
}

function setUp({
  rule = "contiguous",
  of = instrument,
  onEvent = () => {},
  backfill,
  bars,
  ...more
}: SetUpOptions = {}) {
  const events: MarketEvent[] = [];
  const errors: Error[] = [];
  const wanted: Instrument[] = [];
  const behind: Instrument[] = [];
  let shutdowns = 0;
  let at = 0;
  const feed = new MarketFeed({
    rule,
    instruments: [of],
    streams: ["btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@trade"],
    onEvent: (event) => {
      events.push(event);
      onEvent(event);
    },
    onError: (error) => errors.push(error),
    onSnapshotWanted: (which) => wanted.push(which),
    onShutdown: () => shutdowns++,
    onBookBehind: (which) => behind.push(which),
    newSequence: backfill && fillingSequences(backfill),
    newBarKeeper: (output) => new BarKeeper(output, bars),
    newDecoderParts: () => ({ scanner: new FrameScanner(), bars: new BarReader() }),
    ...more,
  });
  return {
    feed,
    events,
    errors,
    wanted,
    behind,
    shutdowns: () => shutdowns,
    kinds: () => events.map((event) => ("channel" in event ? `${event.channel} ${event.kind}` : event.kind)),
    send: (...frames: readonly string[]) => {
      for (const text of frames) feed.frame(Buffer.from(text), ++at * 1_000, at);
    },
    sendAt: (ms: number, text: string) => feed.frame(Buffer.from(text), ms * 1_000, ms * 1e6),
    sendShared: (ms: number, ...frames: readonly string[]) =>
      frames.map((text) => feed.frame(Buffer.from(text), ms * 1_000, ms * 1e6, true)),
    load: (reply: ReturnType<typeof snapshotReply>) => feed.load(of, parseSnapshot(reply, of), 500, 5),
    counters: () => feed.counters(of),
    top: () => {
      const book = feed.book(of);
      return book && [book.bestBidTicks, book.bestBidLots, book.bestAskTicks, book.bestAskLots];
    },
  };
}

/** A feed whose book is good at sequence 12: bid 61.00 x 2, ask 61.10 x 3. */
function setUpSynced(options: Parameters<typeof setUp>[0] = {}) {
  const parts = setUp(options);
  parts.send(depthFrame({ U: 11, u: 12, pu: 10, b: [["61.00", "2"]] }));
  parts.load(snapshotReply(11, [["60.90", "1"]], [["61.10", "3"]]));
  parts.events.length = 0;
  parts.wanted.length = 0;
  return parts;
}

describe("the book", () => {
  test("asks for one snapshot at its first diff, and is shown once that fits", () => {
    const { send, load, kinds, events, wanted, feed, counters, top } = setUp();
    send(
      depthFrame({ U: 11, u: 12, b: [["61.00", "2"]], E: 77 }),
      depthFrame({ U: 13, u: 13, a: [["61.10", "0"]], E: 78 }),
    );
    expect(wanted).toEqual([instrument]);
    expect([kinds(), feed.book(instrument)]).toEqual([[], undefined]);
    expect(
      load(
        snapshotReply(
          10,
          [["60.90", "1"]],
          [
            ["61.10", "3"],
            ["61.20", "4"],
          ],
        ),
      ),
    ).toBe(true);
    expect(kinds()).toEqual(["book"]);
    expect(events[0]).toMatchObject({
      sequence: 13,
      venueAtUs: 78_000,
      receivedAtUs: 500,
      receivedNs: 5,
      book: feed.book(instrument),
    });
    expect(top()).toEqual([6_100, 200_000, 6_120, 400_000]);
    expect(counters()).toMatchObject({ messages: 2, bookUpdates: 2, gaps: 0, resyncs: 0 });
  });

  test("is told after every diff that is applied, and not for one it has already", () => {
    const { send, events, counters } = setUpSynced();
    send(depthFrame({ U: 13, u: 14, E: 90 }), depthFrame({ U: 9, u: 12 }), depthFrame({ U: 15, u: 15 }));
    expect(events).toMatchObject([
      { kind: "book", sequence: 14, venueAtUs: 90_000, receivedAtUs: 2_000, receivedNs: 2 },
      { kind: "book", sequence: 15, receivedNs: 4 },
    ]);
    expect(counters()).toMatchObject({ messages: 4, bookUpdates: 3, sequenceFailures: 0 });
  });

  test("a snapshot that is too old is refused, quietly, and the next one fits", () => {
    const { send, load, kinds, wanted } = setUp();
    send(depthFrame({ U: 11, u: 12 }));
    expect(load(snapshotReply(9, [], []))).toBe(false);
    expect(load(snapshotReply(12, [], []))).toBe(true);
    expect([kinds(), wanted]).toEqual([["book"], [instrument]]);
  });

  test("a hole takes it away until a new snapshot fits: gap, silence, resync, book", () => {
    const { send, load, kinds, events, wanted, feed, counters } = setUpSynced();
    send(depthFrame({ U: 14, u: 15, E: 91 }), depthFrame({ U: 16, u: 16 }));
    expect(events).toMatchObject([
      {
        kind: "gap",
        channel: "book",
        cause: "sequence",
        reason: "diff 14 to 15 does not follow 12",
        venueAtUs: 91_000,
        receivedNs: 2,
      },
    ]);
    expect([wanted, feed.book(instrument)]).toEqual([[instrument], undefined]);
    expect(load(snapshotReply(15, [["60.00", "1"]], []))).toBe(true);
    expect(kinds()).toEqual(["book gap", "book resync", "book"]);
    expect(counters()).toMatchObject({ gaps: 1, resyncs: 1, sequenceFailures: 1 });
    expect(feed.book(instrument)?.bidLevels).toBe(1); // nothing of the old book is left
  });

  test("follows the linked rule on futures", () => {
    const { send, load, kinds, events } = setUp({ rule: "linked" });
    send(depthFrame({ U: 5, u: 9, pu: 2 }), depthFrame({ U: 20, u: 25, pu: 9 }));
    expect(load(snapshotReply(7, [], []))).toBe(true);
    send(depthFrame({ U: 30, u: 33, pu: 25 }), depthFrame({ U: 40, u: 41, pu: 34 }));
    expect(kinds()).toEqual(["book", "book", "book gap"]);
    expect(events[0]).toMatchObject({ sequence: 25 });
  });

  test("a lost connection is a gap for a book that was good, and a new start for one that was not", () => {
    const { feed, send, load, events, kinds, wanted, counters } = setUpSynced();
    feed.disconnect("cut off", 7_000, 7);
    feed.disconnect("cut off", 8_000, 8);
    expect(events).toMatchObject([
      { kind: "gap", channel: "book", reason: "the connection was lost: cut off", receivedAtUs: 7_000, receivedNs: 7 },
    ]);
    expect([wanted, feed.book(instrument)]).toEqual([[], undefined]);
    send(depthFrame({ U: 50, u: 51 }));
    expect(wanted).toEqual([instrument]);
    expect(load(snapshotReply(50, [], []))).toBe(true);
    expect(kinds()).toEqual(["book gap", "book resync", "book"]);
    expect(counters()).toMatchObject({ gaps: 1, resyncs: 1, sequenceFailures: 0 });
  });

  test("a snapshot that comes after the connection it was for is not used", () => {
    const { feed, send, load, kinds } = setUp();
    send(depthFrame({ U: 11, u: 12 }));
    feed.disconnect("cut off", 0, 0);
    expect(load(snapshotReply(11, [], []))).toBe(true);
    expect([kinds(), feed.book(instrument)]).toEqual([[], undefined]);
  });

  test("a diff that cannot be decoded takes a good book away at once", () => {
    const { send, kinds, errors, wanted, feed } = setUpSynced();
    send(depthFrame({ U: 13, u: 13, b: [["sixty", "1"]] }));
    expect(errors).toHaveLength(1);
    expect(errors[0]).toBeInstanceOf(ProtocolError);
    expect(errors[0]?.message).toMatch(
      /^a frame cannot be decoded: "sixty" is not a plain decimal number.*it begins \{"stream":"btcusdt@depth/,
    );
    expect([kinds(), wanted, feed.book(instrument)]).toEqual([["book gap"], [instrument], undefined]);
  });
});

describe("the check of the book against quotes of the same sequence", () => {
  const bid = ["61.00", "2"] as const;
  const ask = ["61.10", "3"] as const;

  test("passes when the quote comes after the diff, and when it came before", () => {
    const { send, counters, kinds } = setUpSynced();
    send(quoteFrame(12, bid, ask));
    expect(counters()).toMatchObject({ checksumsChecked: 1, checksumFailures: 0 });
    send(quoteFrame(14, ["61.01", "1"], ask), depthFrame({ U: 13, u: 14, b: [["61.01", "1"]] }));
    expect(counters()).toMatchObject({ checksumsChecked: 2, checksumFailures: 0 });
    expect(kinds()).toEqual(["quote", "quote", "book"]);
  });

  test("does not compare different sequences", () => {
    const { send, counters } = setUpSynced();
    send(quoteFrame(13, ["1", "1"], ["2", "1"]), depthFrame({ U: 13, u: 14 }), quoteFrame(15, ["1", "1"], ["2", "1"]));
    expect(counters()).toMatchObject({ checksumsChecked: 0, gaps: 0 });
  });

  test("a book that differs from a later quote is given up; the quote itself is passed on", () => {
    const { send, load, kinds, events, wanted, counters } = setUpSynced();
    send(quoteFrame(12, bid, ["61.10", "4"]));
    expect(kinds()).toEqual(["quote", "book gap"]);
    expect(events[1]).toMatchObject({ reason: "the book's top differs from the quote of sequence 12" });
    expect(wanted).toEqual([instrument]);
    expect(load(snapshotReply(20, [bid], [["61.10", "4"]]))).toBe(true);
    expect(kinds()).toEqual(["quote", "book gap", "book resync", "book"]);
    expect(counters()).toMatchObject({ checksumsChecked: 1, checksumFailures: 1, gaps: 1, resyncs: 1 });
  });

  test("a diff that makes the book differ from an earlier quote is not shown", () => {
    const { send, kinds, feed } = setUpSynced();
    send(quoteFrame(13, bid, ["61.09", "1"]), depthFrame({ U: 13, u: 13, a: [["61.08", "1"]] }));
    expect(kinds()).toEqual(["quote", "book gap"]);
    expect(feed.book(instrument)).toBeUndefined();
  });

  test("an empty side of the book agrees with a quote of nothing", () => {
    const { send, counters } = setUpSynced();
    send(depthFrame({ U: 13, u: 13, a: [["61.10", "0"]] }), quoteFrame(13, bid, ["0.00000000", "0.00000000"]));
    expect(counters()).toMatchObject({ checksumsChecked: 1, checksumFailures: 0 });
  });
});

describe("quotes", () => {
  test("are passed on with exact integers", () => {
    const { send, events } = setUp();
    send(quoteFrame(7, ["61.00000000", "2.50000000"], ["61.10000000", "0.00001000"], { E: 5, T: 4 }));
    expect(events).toEqual([
      {
        kind: "quote",
        instrument,
        bidTicks: 6_100,
        bidLots: 250_000,
        askTicks: 6_110,
        askLots: 1,
        sequence: 7,
        venueAtUs: 5_000,
        receivedAtUs: 1_000,
        receivedNs: 1,
      },
    ]);
  });

  test("never go back: an older one is dropped, and one of a new connection is not old", () => {
    const { feed, send, kinds, counters } = setUp();
    const [bid, ask] = [
      ["1", "1"],
      ["2", "1"],
    ] as const;
    send(quoteFrame(7, bid, ask), quoteFrame(6, bid, ask), quoteFrame(7, bid, ask));
    expect(kinds()).toEqual(["quote", "quote"]);
    expect(counters()).toMatchObject({ messages: 3, quotes: 2, sequenceFailures: 1 });
    feed.disconnect("cut off", 0, 0);
    send(quoteFrame(1, bid, ask));
    expect(counters()).toMatchObject({ quotes: 3 });
  });
});

describe("trades", () => {
  test("are passed on with the side that took", () => {
    const { send, events } = setUp();
    send(tradeFrame(100), tradeFrame(101, { m: false }));
    expect(events[0]).toEqual({
      kind: "trade",
      instrument,
      tradeId: 100,
      priceTicks: 6_125,
      sizeLots: 40,
      aggressor: "sell",
      isBackfilled: false,
      venueAtUs: 2_000_000,
      receivedAtUs: 1_000,
      receivedNs: 1,
    });
    expect(events[1]).toMatchObject({ tradeId: 101, aggressor: "buy" });
  });

  test("a hole is told before the trade behind it, and the stream goes on", () => {
    const { send, kinds, events, counters } = setUp();
    send(tradeFrame(100), tradeFrame(103), tradeFrame(104));
    expect(kinds()).toEqual(["trade", "trade gap", "trade resync", "trade", "trade"]);
    expect(events[1]).toMatchObject({
      cause: "sequence",
      reason: "trades 101 to 102 are missing",
      venueAtUs: 2_000_000,
    });
    expect(events[2]).toMatchObject({ backfilled: 0, missing: 2 });
    expect(counters()).toMatchObject({ trades: 3, gaps: 1, resyncs: 1, sequenceFailures: 1 });
  });

  test("a repeated and a late one are dropped and counted", () => {
    const { send, counters, kinds } = setUp();
    send(tradeFrame(100), tradeFrame(101), tradeFrame(101), tradeFrame(100), tradeFrame(102));
    expect(kinds()).toEqual(["trade", "trade", "trade"]);
    expect(counters()).toMatchObject({ messages: 5, trades: 3, sequenceFailures: 2, gaps: 0 });
  });

  test("a lost connection is a gap that ends with the next trade, which shows what was missed", () => {
    const { feed, send, kinds, events, counters } = setUp();
    send(tradeFrame(100));
    feed.disconnect("cut off", 0, 0);
    expect(kinds()).toEqual(["trade", "trade gap"]);
    send(tradeFrame(105));
    expect(kinds()).toEqual(["trade", "trade gap", "trade resync", "trade"]);
    expect(events[1]).toMatchObject({ cause: "connection", reason: "the connection was lost: cut off" });
    expect(events[2]).toMatchObject({ backfilled: 0, missing: 4 });
    expect(counters()).toMatchObject({ gaps: 1, resyncs: 1, sequenceFailures: 0 });
  });

  test("a new connection that counts anew is told as a gap, not silenced", () => {
    const { feed, send, kinds, events } = setUp();
    send(tradeFrame(100));
    feed.disconnect("cut off", 0, 0);
    send(tradeFrame(3, { T: 3_000 }), tradeFrame(4, { T: 3_001 }));
    expect(kinds()).toEqual(["trade", "trade gap", "trade resync", "trade", "trade"]);
    expect(events[2]).toMatchObject({ backfilled: 0, missing: undefined });
  });

  test("aggregates have ids of their own", () => {
    const { send, kinds, counters } = setUp();
    send(tradeFrame(100), aggTradeFrame(7), tradeFrame(101), aggTradeFrame(8), aggTradeFrame(10));
    expect(kinds()).toEqual(["trade", "trade", "trade", "trade", "trade gap", "trade resync", "trade"]);
    expect(counters()).toMatchObject({ trades: 5, sequenceFailures: 1 });
  });

  test("an entry without a price is no trade, but its id counts", () => {
    const { send, kinds, counters } = setUp();
    send(tradeFrame(100), tradeFrame(101, { p: "0", q: "0", X: "NA" }), tradeFrame(102));
    expect(kinds()).toEqual(["trade", "trade"]);
    expect(counters()).toMatchObject({ trades: 2, ignored: 1, gaps: 0 });
  });
});

describe("other frames", () => {
  test("of an instrument's undecoded streams are counted as ignored", () => {
    const { send, counters, errors } = setUp();
    send(
      frame("btcusdt@miniTicker", {}),
      frame("btcusdt@depth20@100ms", { lastUpdateId: 1 }),
      frame("ethusdt@trade", {}),
      frame("!ticker@arr", []),
    );
    expect(counters()).toMatchObject({ messages: 2, ignored: 2 });
    expect(errors).toEqual([]);
  });

  test("the word of a shutdown is passed on", () => {
    const { send, shutdowns } = setUp();
    send(frame("!serverShutdown", { e: "serverShutdown", E: 1 }));
    expect(shutdowns()).toBe(1);
  });

  test("that cannot be read are errors that show them, and change nothing else", () => {
    const { send, errors, kinds, feed } = setUpSynced();
    const bad = [
      "no json",
      "[1]",
      '{"result":null,"id":1}',
      '{"stream":"btcusdt@trade"}',
      '{"stream":"btcusdt@trade","data":{"s":"ETHUSDT"}}',
      tradeFrame(1, { t: "1" }),
      tradeFrame(1, { p: "61.255" }),
      quoteFrame(1, ["-1", "1"], ["1", "1"]),
    ];
    send(...bad);
    expect(errors.map(({ message }) => message.replace(/; it begins.*/, ""))).toEqual([
      "a frame cannot be decoded: frame: not JSON: no json",
      "a frame cannot be decoded: frame must be an object, got a list",
      'a frame cannot be decoded: frame: "stream" must be text, got undefined',
      "a frame cannot be decoded: btcusdt@trade must be an object, got undefined",
      'a frame cannot be decoded: btcusdt@trade: "s" must be BTCUSDT, got ETHUSDT',
      'a frame cannot be decoded: btcusdt@trade: "t" must be a whole number, got string',
      'a frame cannot be decoded: "61.255" has more than 2 decimals',
      'a frame cannot be decoded: "-1" is not a plain decimal number such as 61.25',
    ]);
    for (const [i, { message }] of errors.entries()) expect(message).toContain(bad[i]?.slice(0, 20));
    expect(kinds()).toEqual([]);
    expect(feed.book(instrument)).toBeDefined();
  });

  test("a callback that throws is an error, and the events go on", () => {
    const { send, errors, events, feed } = setUp({
      onEvent: () => {
        throw new Error("a strategy's mistake");
      },
    });
    send(tradeFrame(1), tradeFrame(2));
    expect(errors.map(({ message }) => message)).toEqual(["a strategy's mistake", "a strategy's mistake"]);
    expect(events).toHaveLength(2);
    expect(feed.counters(instrument)).toMatchObject({ trades: 2 });
  });
});

describe("numbers finer than the instrument's steps", () => {
  test("public sizes are cut to whole lots, resting prices between ticks left out and told once", () => {
    const { send, load, errors, feed, top } = setUp();
    send(
      depthFrame({
        U: 11,
        u: 12,
        b: [
          ["61.001", "1"],
          ["61.00", "25.42618900"],
        ],
      }),
    );
    load(snapshotReply(11, [["60.995", "1"]], [["61.10", "3.0000019"]]));
    send(
      depthFrame({ U: 13, u: 13, a: [["61.105", "1"]] }),
      quoteFrame(13, ["61.00", "25.42618900"], ["61.10", "3.0000019"]),
    );
    expect(top()).toEqual([6_100, 2_542_618, 6_110, 300_000]);
    expect(feed.counters(instrument)).toMatchObject({ checksumsChecked: 1, checksumFailures: 0 });
    expect(errors.map(({ message }) => message)).toEqual([
      "binance:BTC/USDT: the venue's book has prices of more than 2 decimals; our book is without them",
    ]);
  });

  test("a size below one lot is no level", () => {
    const { send, load, feed } = setUp({ of: testInstrument({ sizeDecimals: 0 }) });
    send(depthFrame({ U: 11, u: 11 }));
    load(
      snapshotReply(
        10,
        [
          ["61.00", "0.7"],
          ["60.00", "1.7"],
        ],
        [],
      ),
    );
    expect([feed.book(instrument)?.bidLevels, feed.book(instrument)?.bestBidLots]).toEqual([1, 1]);
  });
});

describe("bars", () => {
  test("are passed on with exact numbers, as often as they change", () => {
    const { send, events, counters } = setUp();
    send(barFrame(3), barFrame(4, { x: true }));
    expect(events).toEqual([
      {
        kind: "bar",
        instrument,
        interval: "1m",
        startUs: 60_000_000,
        openTicks: 6_100,
        highTicks: 6_120,
        lowTicks: 6_090,
        closeTicks: 6_110,
        volumeLots: 50_000,
        quoteVolume: 30_50000000n,
        trades: 3,
        isClosed: false,
        venueAtUs: 60_003_000,
        receivedAtUs: 1_000,
        receivedNs: 1,
      },
      expect.objectContaining({ trades: 4, isClosed: true }),
    ]);
    expect(counters()).toMatchObject({ messages: 2, bars: 2, ignored: 0 });
  });

  test("of intervals that nobody asked for count as ignored", () => {
    const { send, events, counters } = setUp({ bars: new Set(["5m"]) });
    send(barFrame(3), barFrame(1, { i: "5m" }));
    expect(events).toMatchObject([{ kind: "bar", interval: "5m" }]);
    expect(counters()).toMatchObject({ messages: 2, bars: 1, ignored: 1 });
  });
});

describe("a lost connection", () => {
  test("is a gap of quotes and bars too, which ends with the next one", () => {
    const { feed, send, kinds } = setUp();
    feed.disconnect("before anything came", 0, 0);
    send(quoteFrame(7, ["1", "1"], ["2", "1"]), barFrame(1));
    feed.disconnect("cut off", 0, 0);
    feed.disconnect("cut off", 0, 0);
    send(quoteFrame(8, ["1", "1"], ["2", "1"]), barFrame(2));
    expect(kinds()).toEqual(["quote", "bar", "quote gap", "bar gap", "quote resync", "quote", "bar resync", "bar"]);
  });

  test("of other instruments changes nothing", () => {
    const { feed, kinds } = setUpSynced();
    feed.disconnect("cut off", 0, 0, [testInstrument({ id: "binance:ETH/USDT" })]);
    expect([kinds(), feed.book(instrument) === undefined]).toEqual([[], false]);
  });
});

describe("frames of two sockets", () => {
  const bid = ["61.00", "2"] as const;
  const ask = ["61.10", "3"] as const;

  test("count once, whichever came first, and are no failures", () => {
    const { sendShared, kinds, counters } = setUpSynced();
    const news = sendShared(
      0,
      depthFrame({ U: 13, u: 13 }),
      depthFrame({ U: 13, u: 13 }),
      quoteFrame(14, bid, ask),
      quoteFrame(14, bid, ask),
      quoteFrame(13, bid, ask),
      tradeFrame(100),
      tradeFrame(101),
      tradeFrame(100),
      barFrame(3),
      barFrame(3),
    );
    expect(kinds()).toEqual(["book", "quote", "trade", "trade", "bar"]);
    expect(news).toEqual([true, false, true, false, false, true, true, false, true, false]);
    expect(counters()).toMatchObject({ duplicates: 5, sequenceFailures: 0, gaps: 0 });
  });

  test("a hole in the diffs of one is closed by the other: no gap", () => {
    const { feed, sendShared, kinds, counters, top } = setUpSynced();
    sendShared(0, depthFrame({ U: 14, u: 15, b: [["61.02", "1"]] }), depthFrame({ U: 16, u: 16 }));
    expect(kinds()).toEqual([]);
    expect(top()?.[0]).toBe(6_100); // still good, as of sequence 12
    sendShared(100, depthFrame({ U: 13, u: 13, b: [["61.01", "1"]] }));
    expect([kinds(), top()?.[0]]).toEqual([["book", "book", "book"], 6_102]);
    feed.check(0, 10e9);
    expect(counters()).toMatchObject({ gaps: 0, sequenceFailures: 0, bookUpdates: 4 });
  });

  test("a hole that neither closes in time is a gap, and what was held serves the snapshot", () => {
    const { feed, sendShared, kinds, load, wanted } = setUpSynced();
    sendShared(0, depthFrame({ U: 14, u: 15 }), depthFrame({ U: 14, u: 15 }), depthFrame({ U: 16, u: 16 }));
    feed.check(0, 249e6);
    expect(kinds()).toEqual([]);
    feed.check(0, 250e6);
    expect([kinds(), wanted]).toEqual([["book gap"], [instrument]]);
    expect(load(snapshotReply(14, [["61.00", "2"]], []))).toBe(true);
    expect(kinds()).toEqual(["book gap", "book resync", "book"]);
    expect(feed.counters(instrument)).toMatchObject({ bookUpdates: 3, duplicates: 1 });
  });

  test("a hole in the trades of one is closed by the other, or is a gap in time", () => {
    const { feed, sendShared, kinds } = setUp();
    sendShared(0, tradeFrame(1), tradeFrame(3));
    sendShared(100, tradeFrame(2));
    expect(kinds()).toEqual(["trade", "trade", "trade"]);
    sendShared(200, tradeFrame(6));
    feed.check(0, 449e6);
    expect(kinds()).toHaveLength(3);
    feed.check(0, 450e6);
    expect(kinds().slice(3)).toEqual(["trade gap", "trade resync", "trade"]);
  });

  test("a diff of one that cannot be decoded may still come over the other", () => {
    const { feed, sendShared, errors, kinds } = setUpSynced();
    sendShared(0, depthFrame({ U: 13, u: 13, b: [["sixty", "1"]] }));
    sendShared(1, depthFrame({ U: 13, u: 13, b: [["61.01", "1"]] }));
    expect([errors.length, kinds(), feed.book(instrument)?.bestBidTicks]).toEqual([1, ["book"], 6_101]);
  });

  test("on futures, too, a hole is closed by the other one", () => {
    const { feed, sendShared, load, kinds } = setUp({ rule: "linked" });
    sendShared(0, depthFrame({ U: 5, u: 9, pu: 2 }));
    load(snapshotReply(7, [], []));
    sendShared(1, depthFrame({ U: 30, u: 33, pu: 25 }), depthFrame({ U: 5, u: 9, pu: 2 }));
    sendShared(2, depthFrame({ U: 20, u: 25, pu: 9 }));
    feed.check(0, 10e9);
    expect(kinds()).toEqual(["book", "book", "book"]);
  });

  test("whatever each of them loses, repeats or delays: what both bring together is the whole book", () => {
    const diffs = Array.from({ length: 60 }, (_, i) =>
      depthFrame({ U: 13 + 2 * i, u: 14 + 2 * i, b: [[`61.${String(i).padStart(2, "0")}`, String(i + 1)]] }),
    );
    const fate = fc.constantFrom("first", "second", "both", "bothTwice");
    const lag = fc.integer({ min: 0, max: 5 });
    fc.assert(
      fc.property(fc.array(fate, { minLength: 60, maxLength: 60 }), lag, lag, (fates, lagA, lagB) => {
        const { sendShared, kinds, counters, feed } = setUpSynced();
        const copies = (i: number, leg: "first" | "second") => {
          const is = fates[i];
          return i < 0 || i >= 60 || (is !== leg && is !== "both" && is !== "bothTwice")
            ? 0
            : is === "bothTwice"
              ? 2
              : 1;
        };
        for (let step = 0; step < 70; step++) {
          for (let n = copies(step - lagA, "first"); n > 0; n--) sendShared(step, diffs[step - lagA] as string);
          for (let n = copies(step - lagB, "second"); n > 0; n--) sendShared(step, diffs[step - lagB] as string);
          feed.check(0, step * 1e6);
        }
        expect(new Set(kinds())).toEqual(new Set(["book"]));
        expect(counters()).toMatchObject({ bookUpdates: 61, gaps: 0, sequenceFailures: 0 });
        expect(feed.book(instrument)?.bidLevels).toBe(61); // 61.00 is there from the beginning
        expect(feed.book(instrument)?.bestBidTicks).toBe(6_159);
      }),
    );
  });
});

describe("missed trades", () => {
  function setUpFilled() {
    const wishes: TradeWish[] = [];
    const dropped: string[] = [];
    const parts = setUp({
      backfill: {
        limit: 100,
        onWanted: (wish) => wishes.push(wish),
        onUnwanted: ({ id }, isAggregate) => dropped.push(`${id} ${isAggregate}`),
      },
    });
    const kept = (tradeId: number, priceTicks = 6_000) => {
      const frame = { tradeId, isAggregate: false, priceTicks, sizeLots: 7, isBuyerMaker: false, venueAtUs: 5 };
      return { ...frame, receivedAtUs: 900_000, receivedNs: 900 };
    };
    return { ...parts, wishes, dropped, kept };
  }

  test("are asked for, and delivered in order with their own times before what came after them", () => {
    const { send, wishes, kept, kinds, events, counters } = setUpFilled();
    send(tradeFrame(100), tradeFrame(103), tradeFrame(104));
    expect(kinds()).toEqual(["trade", "trade gap"]);
    expect(wishes).toMatchObject([{ instrument, isAggregate: false, first: 101, last: 102 }]);
    wishes[0]?.filled([kept(101), kept(102)], 900_000, 900);
    expect(kinds().slice(2)).toEqual(["trade", "trade", "trade resync", "trade", "trade"]);
    expect(events[2]).toMatchObject({
      tradeId: 101,
      isBackfilled: true,
      sizeLots: 7,
      receivedNs: 900,
      aggressor: "buy",
    });
    expect(events[4]).toMatchObject({ backfilled: 2, missing: 0, receivedNs: 900 });
    expect(events[5]).toMatchObject({ tradeId: 103, isBackfilled: false, receivedAtUs: 2_000, receivedNs: 2 });
    expect(counters()).toMatchObject({ trades: 5, backfilled: 2, gaps: 1, resyncs: 1 });
  });

  test("that the venue does not have stay missing", () => {
    const { send, wishes, kept, events, kinds } = setUpFilled();
    send(tradeFrame(100), tradeFrame(104));
    wishes[0]?.filled([kept(101)], 0, 0);
    wishes[0]?.filledAll(0, 0);
    expect(kinds()).toEqual(["trade", "trade gap", "trade", "trade resync", "trade"]);
    expect(events[3]).toMatchObject({ backfilled: 1, missing: 2 });
  });

  test("of aggregates are asked for as such; entries without a price are no trades", () => {
    const { send, wishes, kept, counters } = setUpFilled();
    send(aggTradeFrame(7), aggTradeFrame(9));
    expect(wishes).toMatchObject([{ isAggregate: true, first: 8, last: 8 }]);
    wishes[0]?.filled([kept(8, 0)], 0, 0);
    expect(counters()).toMatchObject({ trades: 2, backfilled: 0, ignored: 1 });
  });

  test("are not asked for one by one where the venue gives aggregates alone", () => {
    const wishes: TradeWish[] = [];
    const onWanted = (wish: TradeWish) => wishes.push(wish);
    const { send, kinds } = setUp({ backfill: { limit: 9, isOfAggregates: true, onWanted, onUnwanted: () => {} } });
    send(tradeFrame(1), tradeFrame(3), aggTradeFrame(1), aggTradeFrame(3));
    expect(kinds()).toEqual(["trade", "trade gap", "trade resync", "trade", "trade", "trade gap"]);
    expect(wishes).toMatchObject([{ isAggregate: true, first: 2 }]);
  });

  test("of an instrument that is not followed any more are not wanted", () => {
    const { feed, send, wishes, dropped, kept, kinds } = setUpFilled();
    send(tradeFrame(100), tradeFrame(103));
    feed.follow([], []);
    wishes[0]?.filled([kept(101)], 0, 0);
    expect([dropped, kinds()]).toEqual([["binance:BTC/USDT false"], ["trade", "trade gap"]]);
  });
});

describe("a channel that is stale", () => {
  test("has a gap: the book until a snapshot, trades, quotes and bars until the next one", () => {
    const { feed, send, kinds, events, wanted, load } = setUpSynced();
    send(quoteFrame(12, ["61.00", "2"], ["61.10", "3"]), tradeFrame(1), barFrame(1));
    for (const channel of ["book", "quote", "trade", "bar"] as const) {
      feed.stale(instrument, channel, "nothing came for 5000 ms", 9_000, 9);
      feed.stale(instrument, channel, "once is enough", 9_000, 9);
    }
    expect(kinds().slice(3)).toEqual(["book gap", "quote gap", "trade gap", "bar gap"]);
    expect(events[3]).toMatchObject({ cause: "stale", reason: "nothing came for 5000 ms", receivedNs: 9 });
    expect([wanted, feed.book(instrument)]).toEqual([[instrument], undefined]);
    load(snapshotReply(20, [], []));
    send(quoteFrame(21, ["61.00", "2"], ["61.10", "3"]), tradeFrame(2), barFrame(2));
    expect(kinds().slice(7)).toEqual([
      "book resync",
      "book",
      "quote resync",
      "quote",
      "trade resync",
      "trade",
      "bar resync",
      "bar",
    ]);
  });

  test("has one also when it never brought anything; its first event ends it", () => {
    const { feed, send, load, kinds, events, wanted } = setUp();
    for (const channel of ["book", "quote", "trade", "bar"] as const) {
      feed.stale(instrument, channel, "nothing came for 5000 ms", 9_000, 9);
      feed.stale(instrument, channel, "once is enough", 9_000, 9);
    }
    expect(kinds()).toEqual(["book gap", "quote gap", "trade gap", "bar gap"]);
    expect(wanted).toEqual([]); // the first diff asks
    feed.disconnect("cut off", 9_500, 10);
    expect(kinds()).toHaveLength(4);
    send(quoteFrame(19, ["61.00", "2"], ["61.10", "3"]), tradeFrame(2), barFrame(2), depthFrame({ U: 20, u: 21 }));
    load(snapshotReply(20, [], []));
    expect(kinds().slice(4)).toEqual([
      "quote resync",
      "quote",
      "trade resync",
      "trade",
      "bar resync",
      "bar",
      "book resync",
      "book",
    ]);
    expect(events[6]).toMatchObject({ backfilled: 0, missing: undefined });
    send(tradeFrame(3));
    expect(kinds().slice(12)).toEqual(["trade"]);
  });

  test("has none while its book waits for a snapshot", () => {
    const { feed, send, kinds } = setUp();
    send(depthFrame({ U: 20, u: 21 }));
    feed.stale(instrument, "book", "nothing came for 5000 ms", 9_000, 9);
    expect(kinds()).toEqual([]);
  });

  test("shows as a book that quotes have been ahead of for too long", () => {
    const { feed, behind, sendAt } = setUpSynced();
    const quoteAt = (ms: number, u: number) => sendAt(ms, quoteFrame(u, ["61.00", "2"], ["61.10", "3"]));
    quoteAt(1_000, 13); // the diff of it may come within a second
    feed.check(0, 1_100e6);
    quoteAt(4_900, 14);
    feed.check(0, 5_000e6);
    expect(behind).toEqual([]);
    feed.check(0, 5_001e6);
    expect(behind).toEqual([instrument]);
  });

  test("is not a book that has nothing to tell", () => {
    const { feed, behind, sendAt } = setUpSynced();
    sendAt(1_000, quoteFrame(12, ["61.00", "2"], ["61.10", "3"]));
    feed.check(0, 60_000e6);
    expect(behind).toEqual([]);
  });
});

describe("following other instruments", () => {
  const eth = testInstrument({ id: "binance:ETH/USDT", symbol: "ETH/USDT", venueSymbol: "ETHUSDT" });

  test("keeps what is known of those that stay, and forgets the others", () => {
    const { feed, send, kinds } = setUpSynced();
    feed.follow([instrument, eth], []);
    expect(feed.book(instrument)?.bestBidTicks).toBe(6_100);
    send(depthFrame({ U: 1, u: 2, s: "ETHUSDT" }), tradeFrame(1));
    expect(feed.counters(eth)).toMatchObject({ messages: 1 });
    feed.follow([eth], []);
    expect([feed.book(instrument), feed.counters(instrument), feed.heard(instrument)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    send(tradeFrame(2));
    expect(kinds()).toEqual(["trade"]);
  });
});
