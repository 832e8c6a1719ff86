import { describe, expect, test } from "vitest";
import { RecordedMarket } from "../../../src/venues/binance/index.ts";
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
const snapshot = (lastUpdateId: number) =>
  JSON.stringify(snapshotReply(lastUpdateId, [["61.25", "1"]], [["61.27", "2"]]));

const streamIn = (text: string) => /"stream":"([^"]*)"/.exec(text)?.[1] ?? "?";

function setUp(product: "spot" | "usdm" = "spot") {
  const market = new RecordedMarket({ product, instruments: [instrument] });
  let atUs = 1_700_000_000_000_000;
  return {
    market,
    frames: (...texts: readonly string[]) => {
      for (const text of texts) market.frame(streamIn(text), Buffer.from(text), atUs++);
    },
    over: (source: string, ...texts: readonly string[]) => {
      for (const text of texts) market.frame(streamIn(text), Buffer.from(text), atUs++, source);
    },
    wait: (us: number) => {
      atUs += us;
    },
    snapshot: (lastUpdateId: number) => market.snapshot("BTCUSDT", snapshot(lastUpdateId), atUs++),
  };
}

test("counts what a session holds, and ends with its book", () => {
  const { market, frames, snapshot } = setUp();
  frames(depthFrame({ U: 5, u: 6 }), quoteFrame(6, ["61.25", "1"], ["61.27", "2"]), tradeFrame(1), aggTradeFrame(7));
  snapshot(5);
  frames(depthFrame({ U: 7, u: 8, b: [["61.25", "0"]] }));
  expect(market.finish()).toMatchObject({
    messages: 6,
    decoded: 6,
    undecoded: 0,
    depths: 2,
    quotes: 1,
    trades: 1,
    aggTrades: 1,
    snapshots: { applied: 1, unused: 0, stale: 0 },
    gaps: 0,
    checksumsChecked: 1,
    checksumFailures: 0,
    examples: [],
  });
  expect(market.book(instrument)?.bidLevels).toBe(0);
  expect(market.book(instrument)?.bestAskTicks).toBe(6_127);
});

test("names what it does not decode by channel, whoever's it is", () => {
  const { market, frames } = setUp();
  frames(
    frame("btcusdt@ticker", {}),
    frame("ethusdt@ticker", {}),
    frame("!miniTicker@arr", []),
    frame("ethusdt@trade", {}),
  );
  market.snapshot("ETHUSDT", snapshot(1), 0);
  const { ignored, decoded, messages } = market.finish();
  expect([...ignored]).toEqual([
    ["ticker", 2],
    ["!miniTicker@arr", 1],
    ["trade", 1],
    ["depth of ETHUSDT", 1],
  ]);
  expect([messages, decoded]).toEqual([5, 0]);
});

test("a snapshot that nothing needs is counted, and so is one that is too old", () => {
  const { market, frames, snapshot } = setUp();
  snapshot(1);
  snapshot(5); // takes the place of the one before
  frames(depthFrame({ U: 6, u: 7 }));
  snapshot(7); // the book is good
  frames(depthFrame({ U: 9, u: 9 })); // one is missing, and that snapshot is too old for it
  snapshot(8);
  const { snapshots, gaps, sequenceFailures, examples } = market.finish();
  expect(snapshots).toEqual({ applied: 2, unused: 1, stale: 1 });
  expect([gaps, sequenceFailures]).toEqual([1, 1]);
  expect(examples).toEqual([
    expect.stringContaining("gap in book: diff 9 to 9 does not follow 7"),
    expect.stringContaining("the snapshot of sequence 7 is older than the diffs at hand"),
  ]);
  expect(market.book(instrument)).toBeDefined();
});

test("a snapshot from ahead of diffs that come long after it is none of theirs, and makes no book", () => {
  const { market, frames, snapshot, wait } = setUp();
  frames(depthFrame({ U: 5, u: 6 }));
  snapshot(1_000);
  frames(depthFrame({ U: 7, u: 8 }));
  wait(4_000_000);
  frames(depthFrame({ U: 9, u: 9 })); // a stream may be late by that much
  expect(market.book(instrument)).toBeDefined();
  wait(2_000_000);
  frames(depthFrame({ U: 10, u: 10 }), depthFrame({ U: 11, u: 11 }));
  const { snapshots, examples } = market.finish();
  expect(snapshots).toEqual({ applied: 0, unused: 0, stale: 1 });
  expect(examples).toEqual([
    expect.stringContaining("the snapshot of sequence 1000 is ahead of diffs that came 5 s after it"),
  ]);
  expect(market.book(instrument)).toBeUndefined();
});

test("a snapshot that diffs have joined is theirs, however much later a late one comes", () => {
  const { market, frames, snapshot, wait } = setUp();
  snapshot(5);
  frames(depthFrame({ U: 6, u: 7 }));
  wait(6_000_000);
  market.frame("btcusdt@depth", Buffer.from(depthFrame({ U: 4, u: 5 })), 1_700_000_007_000_000, "another socket");
  expect(market.finish().snapshots.stale).toBe(0);
  expect(market.book(instrument)).toBeDefined();
});

test("a message that cannot be decoded is counted once, with its reason and beginning", () => {
  const { market, frames } = setUp();
  frames("{", tradeFrame(1, { p: "x" }));
  market.snapshot("BTCUSDT", "[]", 0);
  const { undecoded, decoded, errors, examples } = market.finish();
  expect([undecoded, decoded, errors]).toEqual([3, 0, 0]);
  expect(examples).toHaveLength(3);
  expect(examples[1]).toMatch(
    /^2023-11-14T22:13:20\.000Z btcusdt@trade: "x" is not a plain decimal .* begins \{"stream"/,
  );
});

describe("a diff that comes late, or twice, is out of order,", () => {
  const linked = (U: number, u: number, pu: number) => depthFrame({ U, u, pu });
  const slow = (U: number, u: number) => depthFrame({ U, u }).replace("@depth@100ms", "@depth");

  test("with a book and before one, on spot and on futures", () => {
    const late = ({ market }: ReturnType<typeof setUp>) => market.finish().sequenceFailures;
    const synced = setUp();
    synced.frames(depthFrame({ U: 5, u: 6 }));
    synced.snapshot(5);
    synced.frames(depthFrame({ U: 7, u: 8 }), depthFrame({ U: 7, u: 8 }), depthFrame({ U: 5, u: 6 }));
    synced.frames(depthFrame({ U: 9, u: 9 }));
    expect(late(synced)).toBe(2);
    expect(synced.market.counters(instrument)?.sequenceFailures).toBe(2);
    expect(synced.market.finish()).toMatchObject({
      gaps: 0,
      examples: [expect.stringContaining("btcusdt@depth@100ms: came late, or twice"), expect.anything()],
    });
    const before = setUp();
    before.frames(depthFrame({ U: 5, u: 6 }), depthFrame({ U: 5, u: 6 }));
    before.snapshot(5);
    expect(late(before)).toBe(1);
    const futures = setUp("usdm");
    futures.frames(linked(4, 6, 3));
    futures.snapshot(5);
    futures.frames(linked(7, 8, 6), linked(7, 8, 6), linked(9, 9, 8));
    expect(late(futures)).toBe(1);
    expect(futures.market.finish().gaps).toBe(0);
  });

  test("but not one that the snapshot covers, at the start and after the connection was lost", () => {
    const { market, over, snapshot } = setUp();
    over("a", depthFrame({ U: 1, u: 2 }), depthFrame({ U: 3, u: 4 }));
    snapshot(6);
    over("a", depthFrame({ U: 5, u: 6 }), depthFrame({ U: 7, u: 8 }), tradeFrame(1), tradeFrame(2));
    over("b", depthFrame({ U: 6, u: 7 }), depthFrame({ U: 8, u: 8 }), depthFrame({ U: 9, u: 10 }), tradeFrame(2));
    expect(market.finish()).toMatchObject({ gaps: 0, sequenceFailures: 0, examples: [] });
    expect(market.book(instrument)).toBeDefined();
  });

  test("nor one of a second feed", () => {
    const { market, over, snapshot } = setUp();
    const quote = (u: number) => quoteFrame(u, ["61.25", "1"], ["61.27", "2"]);
    snapshot(4);
    for (const source of ["a", "b"]) over(source, depthFrame({ U: 5, u: 6 }), tradeFrame(1), aggTradeFrame(1));
    over("a", quote(6), quote(7), depthFrame({ U: 7, u: 8 }), depthFrame({ U: 9, u: 9 }), barFrame(2));
    over("b", quote(6), quote(7), depthFrame({ U: 7, u: 8 }), depthFrame({ U: 9, u: 9 }), barFrame(2));
    expect(market.finish()).toMatchObject({ gaps: 0, sequenceFailures: 0, examples: [] });
    over("b", depthFrame({ U: 7, u: 8 }), tradeFrame(1));
    expect(market.finish().sequenceFailures).toBe(2); // over one socket even so
  });

  test("nor one of another speed, even where the two cannot be told apart", () => {
    for (const source of ["a", ""]) {
      const { market, over, snapshot } = setUp();
      snapshot(4);
      over(source, depthFrame({ U: 5, u: 6 }), depthFrame({ U: 7, u: 8 }), slow(5, 8), depthFrame({ U: 9, u: 9 }));
      over(source, slow(9, 12), depthFrame({ U: 10, u: 12 }));
      expect(market.finish()).toMatchObject({ gaps: 0, sequenceFailures: 0 });
    }
  });

  test("nor one of another speed on futures, of which one alone makes the book", () => {
    const { market, frames, snapshot, wait } = setUp("usdm");
    const slower = (U: number, u: number, pu: number) => linked(U, u, pu).replace("@depth@100ms", "@depth@500ms");
    frames(linked(4, 6, 3), slower(2, 5, 1));
    snapshot(5);
    frames(linked(7, 8, 6), slower(6, 9, 5), linked(9, 10, 8), slower(10, 12, 9), linked(11, 12, 10));
    expect(market.finish()).toMatchObject({ gaps: 0, sequenceFailures: 0 });
    expect(market.counters(instrument)?.bookUpdates).toBe(4);
    frames(slower(13, 13, 12), barFrame(1));
    expect(market.counters(instrument)?.bars).toBe(1); // what follows a diff beside the book is read
    frames(slower(15, 15, 14)); // one is missing
    expect(market.finish()).toMatchObject({ gaps: 1 });
    wait(6e6);
    frames(slower(16, 17, 15)); // the faster one has ended
    expect(market.finish()).toMatchObject({ gaps: 2 });
    expect(market.book(instrument)).toBeUndefined();
  });
});

test("a bar that goes back in time is out of order", () => {
  const { market, frames } = setUp();
  const bar = (startMs: number, E: number) =>
    barFrame(1, { t: startMs, T: startMs + 59_999 }).replace(/"E":\d+/, `"E":${E}`);
  frames(bar(60_000, 61_000), bar(60_000, 63_000), bar(120_000, 120_001));
  expect(market.finish().sequenceFailures).toBe(0);
  frames(bar(60_000, 64_000), bar(120_000, 120_000), bar(120_000, 120_001));
  expect(market.finish().sequenceFailures).toBe(3);
});

test("a quote that comes twice is out of order, another one of its sequence is not", () => {
  const { market, frames } = setUp();
  const quote = (u: number, size: string) => quoteFrame(u, ["61.25", size], ["61.27", "2"]);
  frames(quote(6, "1"), quote(6, "2"), quote(7, "2"));
  expect(market.finish().sequenceFailures).toBe(0);
  frames(quote(7, "2"), quote(6, "2"));
  expect(market.finish().sequenceFailures).toBe(2);
});

test("decodes the quotes of all symbols, and ignores those of others", () => {
  const { market, frames } = setUp();
  const all = (s: string) => quoteFrame(6, ["61.25", "1"], ["61.27", "2"], { s }).replace("btcusdt@", "!");
  frames(all("BTCUSDT"), all("ETHUSDT"), all("BTCUSDT").replace('"1"', '"3"'), frame("!bookTicker", null));
  const { quotes, ignored, undecoded } = market.finish();
  expect([quotes, [...ignored], undecoded]).toEqual([
    2,
    [
      ["bookTicker", 1],
      ["!bookTicker", 1],
    ],
    0,
  ]);
});

test("shows no listen key", () => {
  const key = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1";
  const { market, frames } = setUp();
  frames(frame(key, { e: "executionReport", s: "BTCUSDT" }), `{"stream":"${key}","data":{`);
  const { ignored, examples } = market.finish();
  expect([...ignored]).toEqual([["userData", 1]]);
  expect(examples).toHaveLength(1);
  expect(examples[0]).not.toContain("pqia91");
});

test("tells its events as a live stream does: a whole book, then its changes, and trades", () => {
  const told: string[] = [];
  const market = new RecordedMarket({
    product: "spot",
    instruments: [instrument],
    onEvent: (event, change) => told.push(`${event.kind} ${change === undefined ? "-" : change.bids.count}`),
  });
  const atUs = 1_700_000_000_000_000;
  market.frame("btcusdt@depth", Buffer.from(depthFrame({ U: 5, u: 6 })), atUs);
  market.snapshot("BTCUSDT", snapshot(6), atUs + 1);
  market.frame("btcusdt@depth", Buffer.from(depthFrame({ U: 7, u: 8, b: [["61.25", "0"]] })), atUs + 2);
  market.frame("btcusdt@trade", Buffer.from(tradeFrame(1)), atUs + 3);
  expect(told).toEqual(["book -", "book 1", "trade -"]);
});
