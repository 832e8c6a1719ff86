// Every market frame passes here once. The peer is JSON.parse of a string that is already there, which is less than any client
// without a scanner does; "buffer to string and JSON.parse" is what one does that only wants objects. "feed" adds sync, book, check and event.
import type { Case, Suite } from "../../../scripts/bench/suite.ts";
import { BarKeeper } from "../src/venues/binance/bar-keeper.ts";
import { BarReader } from "../src/venues/binance/bar-reader.ts";
import { FrameDecoder, type FrameSink, parseSnapshot } from "../src/venues/binance/decode.ts";
import { FrameScanner } from "../src/venues/binance/frame-scanner.ts";
import { MarketFeed } from "../src/venues/binance/market-feed.ts";
import { testInstrument } from "../test/support/instruments.ts";

const instrument = testInstrument();
const streams = ["btcusdt@depth@100ms", "btcusdt@bookTicker", "btcusdt@trade", "btcusdt@kline_1m"];

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
  const [E, T] = [1_723_161_255_343, 1_723_161_255_342];
  return JSON.stringify({
    stream: streams[2],
    data: { e: "trade", E, s: "BTCUSDT", t: n, p, q, T, m: n % 2 === 0, M: true },
  });
}

function barText(n: number): string {
  const [t, o, v] = [1_723_161_240_000, "61000.01000000", (1 + n / 100_000).toFixed(8)];
  const k = { t, T: t + 59_999, s: "BTCUSDT", i: "1m", f: 1, L: n, o, c: o, h: o, l: o, v, n, x: false };
  const data = { e: "kline", E: t + 15_208, s: "BTCUSDT", k: { ...k, q: "61000.01", V: v, Q: "30500.005", B: "0" } };
  return JSON.stringify({ stream: streams[3], data });
}

const parse = (text: string): Case => ({
  loop: () => (n) => {
    let last: unknown;
    for (let i = 0; i < n; i++) last = JSON.parse(text);
    return last;
  },
});

const parseBuffer = (text: string): Case => ({
  loop: () => {
    const data = Buffer.from(text);
    return (n) => {
      let last: unknown;
      for (let i = 0; i < n; i++) last = JSON.parse(data.toString("utf8"));
      return last;
    };
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
      bar: count,
      ignored: count,
      shutdown: count,
    };
    const decoder = new FrameDecoder([{ instrument }], streams, { scanner: new FrameScanner(), bars: new BarReader() });
    const data = Buffer.from(text);
    return (n) => {
      for (let i = 0; i < n; i++) decoder.decode(data, sink);
      if (decoder.fallbacks > 0) throw new Error("the frame is not of the scanner's form");
      return calls;
    };
  },
});

// A feed wants each sequence once, so it cannot be given one frame again and again: its figure is a mean over frames made ahead,
// after as many others to warm up.
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
      newBarKeeper: (output) => new BarKeeper(output),
      newDecoderParts: () => ({ scanner: new FrameScanner(), bars: new BarReader() }),
    });
    market.frame(Buffer.from(depthText(1)), 0, 0);
    market.load(instrument, parseSnapshot({ lastUpdateId: 0, bids: [], asks: [] }, instrument), 0, 0);
    const frames = Array.from({ length: 2 * FRAMES }, (_, i) => Buffer.from(make(i + 2)));
    let startedNs = 0;
    for (let i = 0; i < 2 * FRAMES; i++) {
      if (i === FRAMES) startedNs = performance.now() * 1e6;
      market.frame(frames[i] as Buffer, 0, 0);
    }
    const tookNs = performance.now() * 1e6 - startedNs;
    if ((calls[0] as number) < 2 * FRAMES) throw new Error("not every frame became an event");
    return tookNs / FRAMES;
  },
});

const kinds = [
  ["depth of 20 levels", depthText],
  ["bookTicker", quoteText],
  ["trade", tradeText],
  ["kline", barText],
] as const;

const suite: Suite = {
  name: "decoding",
  comparisons: kinds.flatMap(([kind, make]) => {
    const peers = {
      "JSON.parse of a ready string": { case: parse(make(2)), aim: 0.4 },
      "toString and JSON.parse": { case: parseBuffer(make(2)), aim: 0.4 },
    };
    return [
      { name: `${kind}, decode`, unit: "ns/op", ours: decode(make(2)), peers },
      { name: `${kind}, feed`, unit: "ns/op", ours: feed(make), peers },
    ] as const;
  }),
};

export default suite;
