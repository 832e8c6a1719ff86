// Every market frame passes here once. JSON.parse is the floor of this decoder: what is above it is our part, what is below it
// only a scanner of the text could save. "feed" adds sync, book, check and event.
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { FrameDecoder, type FrameSink, parseSnapshot } from "../src/venues/binance/decode.ts";
import { MarketFeed } from "../src/venues/binance/market-feed.ts";
import { testInstrument } from "../test/support/instruments.ts";

const instrument = testInstrument();
const streams = ["btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@trade"];

const row = (price: number, size: number) => [price.toFixed(8), size.toFixed(8)] as const;
const level = (side: 1 | -1, n: number, i: number) =>
  row(61_000 + side * (0.01 + ((n * 7 + i * 3) % 40) * 0.01), ((n + i) % 9) / 8);

function depthText(n: number): string {
  const rows = (side: 1 | -1) => Array.from({ length: 10 }, (_, i) => level(side, n, i));
  const data = { e: "depthUpdate", E: 1_723_161_255_208, s: "BTCUSDT", U: n, u: n, b: rows(-1), a: rows(1) };
  return JSON.stringify({ stream: streams[0], data });
}

function quoteText(n: number): string {
  const [bid, ask] = [row(61_000, 1 + n / 8), row(61_000.01, 2)];
  return JSON.stringify({
    stream: streams[1],
    data: { u: n, s: "BTCUSDT", b: bid[0], B: bid[1], a: ask[0], A: ask[1] },
  });
}

function tradeText(n: number): string {
  const [p, q] = row(61_000.01, 0.02);
  const data = {
    e: "trade",
    E: 1_723_161_255_343,
    s: "BTCUSDT",
    t: n,
    p,
    q,
    T: 1_723_161_255_342,
    m: n % 2 === 0,
    M: true,
  };
  return JSON.stringify({ stream: streams[2], data });
}

const parse = (text: string): Case => ({
  loop: () => (n) => {
    let last: unknown;
    for (let i = 0; i < n; i++) last = JSON.parse(text);
    return last;
  },
});

const decode = (text: string): Case => ({
  loop: () => {
    const calls = new Uint32Array(1);
    const count = () => {
      calls[0]!++;
    };
    const sink: FrameSink<{ instrument: typeof instrument }> = {
      depth: count,
      quote: count,
      trade: count,
      ignored: count,
      shutdown: count,
    };
    const decoder = new FrameDecoder([{ instrument }], streams);
    return (n) => {
      for (let i = 0; i < n; i++) decoder.decode(text, sink);
      return calls;
    };
  },
});

// A feed wants each sequence once, so it cannot be given one text again and again: its figure is a mean over frames made ahead.
const FRAMES = 40_000;
const feed = (make: (n: number) => string): Case => ({
  value: () => {
    const calls = new Uint32Array(1);
    const market = new MarketFeed({
      rule: "contiguous",
      instruments: [instrument],
      streams,
      onEvent: () => {
        calls[0]!++;
      },
      onError: (error) => {
        throw error;
      },
      onSnapshotWanted: () => {},
      onShutdown: () => {},
    });
    market.frame(depthText(1), 0, 0);
    market.load(instrument, parseSnapshot({ lastUpdateId: 0, bids: [], asks: [] }, instrument), 0, 0);
    const texts = Array.from({ length: FRAMES }, (_, i) => make(i + 2));
    const startedNs = performance.now() * 1e6;
    for (let i = 0; i < FRAMES; i++) market.frame(texts[i] as string, 0, 0);
    return (performance.now() * 1e6 - startedNs) / FRAMES;
  },
});

const kinds = [
  ["depth of 20 levels", depthText],
  ["bookTicker", quoteText],
  ["trade", tradeText],
] as const;

const suite: Suite = {
  name: "decoding",
  comparisons: kinds.flatMap(([kind, make]) => {
    const floor = { "JSON.parse (floor)": { case: parse(make(2)), aim: null } };
    return [
      { name: `${kind}, decode`, unit: "ns/op", ours: decode(make(2)), peers: floor },
      { name: `${kind}, feed`, unit: "ns/op", ours: feed(make), peers: floor },
    ] as const;
  }),
};

export default suite;
