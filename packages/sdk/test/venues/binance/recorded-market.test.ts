import { expect, test } from "vitest";
import { RecordedMarket } from "../../../src/venues/binance/index.ts";
import { aggTradeFrame, depthFrame, frame, quoteFrame, snapshotReply, tradeFrame } from "../../support/frames.ts";
import { testInstrument } from "../../support/instruments.ts";

const instrument = testInstrument();
const snapshot = (lastUpdateId: number) =>
  JSON.stringify(snapshotReply(lastUpdateId, [["61.25", "1"]], [["61.27", "2"]]));

function setUp() {
  const market = new RecordedMarket({ product: "spot", instruments: [instrument] });
  let atUs = 1_700_000_000_000_000;
  return {
    market,
    frames: (...texts: readonly string[]) => {
      for (const text of texts) {
        const stream = /"stream":"([^"]*)"/.exec(text)?.[1] ?? "?";
        market.frame(stream, Buffer.from(text), atUs++);
      }
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
