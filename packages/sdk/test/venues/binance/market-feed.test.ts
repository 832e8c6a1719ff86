import { describe, expect, test } from "vitest";
import { type Instrument, type MarketEvent, ProtocolError } from "../../../src/index.ts";
import { parseSnapshot } from "../../../src/venues/binance/decode.ts";
import { MarketFeed } from "../../../src/venues/binance/market-feed.ts";
import { aggTradeFrame, depthFrame, frame, quoteFrame, snapshotReply, tradeFrame } from "../../support/frames.ts";
import { testInstrument } from "../../support/instruments.ts";

const instrument = testInstrument();

function setUp({ rule = "contiguous" as const, of = instrument, onEvent = (_: MarketEvent) => {} } = {}) {
  const events: MarketEvent[] = [];
  const errors: Error[] = [];
  const wanted: Instrument[] = [];
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
  });
  return {
    feed,
    events,
    errors,
    wanted,
    shutdowns: () => shutdowns,
    kinds: () => events.map((event) => ("channel" in event ? `${event.channel} ${event.kind}` : event.kind)),
    send: (...frames: readonly string[]) => {
      for (const text of frames) feed.frame(text, ++at * 1_000, at);
    },
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
      { kind: "gap", channel: "book", reason: "diff 14 to 15 does not follow 12", venueAtUs: 91_000, receivedNs: 2 },
    ]);
    expect([wanted, feed.book(instrument)]).toEqual([[instrument], undefined]);
    expect(load(snapshotReply(15, [["60.00", "1"]], []))).toBe(true);
    expect(kinds()).toEqual(["book gap", "book resync", "book"]);
    expect(counters()).toMatchObject({ gaps: 1, resyncs: 1, sequenceFailures: 1 });
    expect(feed.book(instrument)?.bidLevels).toBe(1); // nothing of the old book is left
  });

  test("follows the linked rule on futures", () => {
    const { send, load, kinds, events } = setUp({ rule: "linked" as never });
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
    expect(events[1]).toMatchObject({ reason: "trades 101 to 102 are missing", venueAtUs: 2_000_000 });
    expect(counters()).toMatchObject({ trades: 3, gaps: 1, resyncs: 1, sequenceFailures: 1 });
  });

  test("a repeated and a late one are dropped and counted", () => {
    const { send, counters, kinds } = setUp();
    send(tradeFrame(100), tradeFrame(101), tradeFrame(101), tradeFrame(100), tradeFrame(102));
    expect(kinds()).toEqual(["trade", "trade", "trade"]);
    expect(counters()).toMatchObject({ messages: 5, trades: 3, sequenceFailures: 2, gaps: 0 });
  });

  test("what was missed while disconnected shows at the first trade after it", () => {
    const { feed, send, kinds } = setUp();
    send(tradeFrame(100));
    feed.disconnect("cut off", 0, 0);
    send(tradeFrame(105));
    expect(kinds()).toEqual(["trade", "trade gap", "trade resync", "trade"]);
  });

  test("a new connection that counts anew is told as a gap, not silenced", () => {
    const { feed, send, kinds, events } = setUp();
    send(tradeFrame(100));
    feed.disconnect("cut off", 0, 0);
    send(tradeFrame(3), tradeFrame(4));
    expect(kinds()).toEqual(["trade", "trade gap", "trade resync", "trade", "trade"]);
    expect(events[1]).toMatchObject({ reason: "trade ids went back from 100 to 3" });
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
      frame("btcusdt@kline_1m", {}),
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
