import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import type { DepthSnapshot } from "../../../src/book/depth-diff.ts";
import { bookDigest, type Instrument, type MarketEvent } from "../../../src/index.ts";
import { BarKeeper } from "../../../src/venues/binance/bar-keeper.ts";
import { BarReader } from "../../../src/venues/binance/bar-reader.ts";
import type { BinanceProduct } from "../../../src/venues/binance/client.ts";
import { parseSnapshot } from "../../../src/venues/binance/decode.ts";
import { FrameScanner } from "../../../src/venues/binance/frame-scanner.ts";
import { parseInstruments } from "../../../src/venues/binance/instruments.ts";
import { MarketFeed } from "../../../src/venues/binance/market-feed.ts";
import { dataFolder, needingData } from "../../support/data.ts";
import { recordingDecoder, unscannable } from "../../support/decoded.ts";
import { testInstrument } from "../../support/instruments.ts";

interface ExpectedBook {
  readonly bidLevels: number;
  readonly askLevels: number;
  readonly sha256: string;
}

interface Expected {
  readonly files: Readonly<
    Record<
      string,
      { readonly counters: Readonly<Record<string, number>>; readonly books: Readonly<Record<string, ExpectedBook>> }
    >
  >;
}

interface RawSession {
  readonly files: readonly string[];
  readonly product: BinanceProduct;
  readonly instrument: Instrument;
  /** How often the book's top can be compared: once seen, it must not become less. */
  readonly checks: number;
}

const btcUsdt = { venue: "x", symbol: "BTC/USDT", venueSymbol: "BTCUSDT" };
const raw: readonly RawSession[] = [
  {
    files: ["spot-nexousdt-20240723.gz", "spot-nexousdt-20240724.gz"],
    product: "spot",
    instrument: testInstrument({ venueSymbol: "NEXOUSDT", priceDecimals: 3, sizeDecimals: 2 }),
    checks: 12_197,
  },
  {
    files: ["spot-btcusdt-20240808.gz", "spot-btcusdt-20240809.gz"],
    product: "spot",
    instrument: testInstrument({ ...btcUsdt, priceDecimals: 2, sizeDecimals: 6 }), // one more than its steps: see level-text.ts
    checks: 1_059,
  },
  {
    files: ["usdm-btcusdt-20240718.gz", "usdm-btcusdt-20240719.gz"],
    product: "usdm",
    instrument: testInstrument({ ...btcUsdt, priceDecimals: 1, sizeDecimals: 3 }),
    checks: 591,
  },
  {
    files: ["usdm-btcusdt-20240808.gz"],
    product: "usdm",
    instrument: testInstrument({ ...btcUsdt, priceDecimals: 1, sizeDecimals: 3 }),
    checks: 573,
  },
  {
    files: ["coinm-btcusd_perp-20240808.gz", "coinm-btcusd_perp-20240809.gz"],
    product: "coinm",
    instrument: testInstrument({ venueSymbol: "BTCUSD_PERP", priceDecimals: 1, sizeDecimals: 0 }),
    checks: 1_885,
  },
];

const sessions: readonly { readonly file: string; readonly product: BinanceProduct; readonly checks: number }[] = [
  { file: "binance-spot-20211012.jsonl.gz", product: "spot", checks: 26 },
  { file: "binance-usdm-20210722.jsonl.gz", product: "usdm", checks: 50 },
  { file: "binance-coinm-20210722.jsonl.gz", product: "coinm", checks: 212 },
];

/** A feed that takes snapshots as soon as they are there, whether asked for yet or not: a recording has its own order. */
function setUp(product: BinanceProduct, instruments: readonly Instrument[]) {
  const events: MarketEvent[] = [];
  const errors: Error[] = [];
  const waiting = new Map<string, DepthSnapshot>();
  const wanted = new Set<string>();
  const feed = new MarketFeed({
    rule: product === "spot" ? "contiguous" : "linked",
    instruments,
    streams: [],
    onEvent: (event) => {
      if (event.kind === "gap" || event.kind === "resync") events.push(event);
    },
    onError: (error) => errors.push(error),
    onSnapshotWanted: (instrument) => wanted.add(instrument.venueSymbol),
    onShutdown: () => {},
    newBarKeeper: (output) => new BarKeeper(output),
    newDecoderParts: () => ({ scanner: new FrameScanner(), bars: new BarReader() }),
  });
  const tryLoad = () => {
    for (const instrument of instruments) {
      const snapshot = waiting.get(instrument.venueSymbol);
      if (snapshot === undefined || !wanted.has(instrument.venueSymbol)) continue;
      if (!feed.load(instrument, snapshot, 0, 0)) continue;
      waiting.delete(instrument.venueSymbol);
      wanted.delete(instrument.venueSymbol);
    }
  };
  return {
    feed,
    problems: () => ({ events, errors, unused: [...waiting.keys()] }),
    frame: (text: string) => {
      feed.frame(Buffer.from(text), 0, 0);
      if (waiting.size > 0) tryLoad();
    },
    snapshot: (instrument: Instrument, reply: unknown) => {
      waiting.set(instrument.venueSymbol, parseSnapshot(reply, instrument));
      tryLoad();
    },
  };
}

function read(name: string): string[] {
  return gunzipSync(readFileSync(join(dataFolder as string, name)))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "");
}

function expectedOf(name: string) {
  const expected = JSON.parse(readFileSync(join(dataFolder as string, "expected.json"), "utf8")) as Expected;
  const found = expected.files[name];
  if (found === undefined) throw new Error(`expected.json has no ${name}`);
  return found;
}

function summary(feed: MarketFeed, instrument: Instrument) {
  const book = feed.book(instrument);
  if (book === undefined) return undefined;
  return { bidLevels: book.bidLevels, askLevels: book.askLevels, sha256: bookDigest(book, instrument) };
}

describe("recorded raw sessions", () => {
  for (const { files, product, instrument, checks } of raw) {
    test.skipIf(dataFolder === undefined)(
      needingData(`${files[0]} ends in the very book an independent reader found`),
      () => {
        const { feed, frame, snapshot, problems } = setUp(product, [instrument]);
        for (const line of files.flatMap((file) => read(`binance-raw/${file}`))) {
          const text = line.slice(line.indexOf(" ") + 1);
          if (text.includes('"stream"')) frame(text);
          else snapshot(instrument, JSON.parse(text));
        }
        const { counters, books } = expectedOf(files.map((file) => `binance-raw/${file}`).join(" + "));
        expect(problems()).toEqual({ events: [], errors: [], unused: [] });
        const { sha256, bidLevels, askLevels } = books["book"] as ExpectedBook;
        expect(summary(feed, instrument)).toEqual({ sha256, bidLevels, askLevels });
        const counted = feed.counters(instrument);
        expect(counted).toMatchObject({
          messages: (counters["messages"] ?? 0) - (counters["restSnapshots"] ?? 0),
          bookUpdates: counters["applied"],
          quotes: counters["stream.bookTicker"],
          gaps: 0,
          resyncs: 0,
          sequenceFailures: 0,
          checksumFailures: 0,
        });
        expect((counted?.trades ?? 0) + (counted?.ignored ?? 0)).toBe(counters["stream.trade"]);
        expect(counted?.checksumsChecked).toBe(checks);
      },
    );
  }
});

describe("recorded sessions with REST replies", () => {
  for (const { file, product, checks } of sessions) {
    test.skipIf(dataFolder === undefined)(needingData(`${file} ends in the books an independent reader found`), () => {
      const records = read(`ws-jsonl/${file}`)
        .map((line) => JSON.parse(line) as { t: string; ts?: number; url?: string; data?: string })
        .sort((a, b) => (a.ts ?? 0) - (b.ts ?? 0));
      const info = records.find(({ url }) => url?.includes("exchangeInfo"));
      const { books, counters } = expectedOf(`ws-jsonl/${file}`);
      const listed = parseInstruments(JSON.parse(info?.data ?? ""), `binance-${product}`);
      expect([...listed.unsupported]).toEqual([]);
      const instruments = listed.instruments
        .filter(({ venueSymbol }) => venueSymbol in books)
        // Spot states no precision beyond its steps, and these books have sizes from before a change of them.
        .map((instrument) => (product === "spot" ? { ...instrument, priceDecimals: 8, sizeDecimals: 8 } : instrument));
      expect(instruments).toHaveLength(Object.keys(books).length);

      const { feed, frame, snapshot, problems } = setUp(product, instruments);
      for (const { t, url, data = "" } of records) {
        if (t === "recv") frame(data);
        const symbol = /\/depth\?symbol=([^&]+)/.exec(url ?? "")?.[1];
        const instrument = instruments.find(({ venueSymbol }) => venueSymbol === symbol);
        if (instrument !== undefined) snapshot(instrument, JSON.parse(data));
      }
      expect(problems()).toEqual({ events: [], errors: [], unused: [] });
      const total = { bookUpdates: 0, quotes: 0, trades: 0, bars: 0, ignored: 0, checksumFailures: 0 };
      let checked = 0;
      for (const instrument of instruments) {
        const { sha256, bidLevels, askLevels } = books[instrument.venueSymbol] as ExpectedBook;
        expect([instrument.id, summary(feed, instrument)]).toEqual([instrument.id, { sha256, bidLevels, askLevels }]);
        const counted = feed.counters(instrument);
        for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += counted?.[name] ?? 0;
        checked += counted?.checksumsChecked ?? 0;
      }
      expect(total).toEqual({
        bookUpdates: counters["applied"],
        quotes: counters["stream.bookTicker"],
        trades: counters["stream.aggTrade"],
        bars: counters["stream.kline"],
        ignored: 0,
        checksumFailures: 0,
      });
      expect(checked).toBe(checks);
    });
  }
});

describe("every recorded frame is scanned, and says what JSON.parse would say", () => {
  const files = [
    ...raw.map((session) => ({ ...session, texts: () => session.files.flatMap((file) => framesOf(file)) })),
    ...sessions.map(({ file, product }) => ({
      product,
      files: [file],
      texts: () => receivedIn(file),
      instrument: undefined,
    })),
  ];
  for (const { files: names, instrument, texts } of files) {
    test.skipIf(dataFolder === undefined)(needingData(String(names[0])), () => {
      const all = texts();
      const streams = new Set(all.map((text) => (JSON.parse(text) as { stream: string }).stream));
      const symbols = new Set([...streams].map((stream) => stream.slice(0, stream.indexOf("@")).toUpperCase()));
      const instruments = [...symbols].map(
        (venueSymbol) =>
          instrument ?? testInstrument({ id: `x:${venueSymbol}`, venueSymbol, priceDecimals: 8, sizeDecimals: 8 }),
      );
      const scanned = recordingDecoder(instruments, [...streams]);
      const parsed = recordingDecoder(instruments, [...streams]);
      for (const text of all) {
        const data = Buffer.from(text);
        const made = scanned.decode(data);
        const expected = parsed.decode(unscannable(data));
        // Comparing as text: a hundred thousand deep comparisons by the test library take minutes.
        if (JSON.stringify(made) !== JSON.stringify(expected)) expect(made).toEqual(expected);
      }
      expect(all.length).toBeGreaterThan(200);
      expect(parsed.decoder.fallbacks).toBe(all.length);
      expect(scanned.decoder.fallbacks).toBe(0);
    });
  }
});

function framesOf(file: string): string[] {
  return read(`binance-raw/${file}`)
    .map((line) => line.slice(line.indexOf(" ") + 1))
    .filter((text) => text.includes('"stream"'));
}

function receivedIn(file: string): string[] {
  return read(`ws-jsonl/${file}`)
    .map((line) => JSON.parse(line) as { t: string; data?: string })
    .filter(({ t, data }) => t === "recv" && data?.includes('"stream"'))
    .map(({ data }) => data as string);
}
