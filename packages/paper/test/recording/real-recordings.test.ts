import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { openRecording, type RecordedItem } from "../../src/recording/index.ts";
import { itemsOf } from "./files.ts";

// Expected counters and books were worked out by an independent reader, not by this project.
const ROOT = process.env["PITLANE_DATA"] ?? resolve(import.meta.dirname, "../../../../../shared/data");
const missing = !existsSync(join(ROOT, "expected.json"));
const named = (name: string) => (missing ? `${name} (skipped: no recordings; set PITLANE_DATA)` : name);

interface Expected {
  readonly counters: Readonly<Record<string, number>>;
  readonly books: Readonly<Record<string, { readonly sha256: string }>>;
}
interface DepthEvent {
  readonly U: number;
  readonly u: number;
  readonly pu?: number;
  readonly s: string;
  readonly b: readonly (readonly [string, string])[];
  readonly a: readonly (readonly [string, string])[];
}
interface DepthAnswer {
  readonly lastUpdateId: number;
  readonly bids: DepthEvent["b"];
  readonly asks: DepthEvent["a"];
}

const expectedText = missing ? '{"files":{}}' : readFileSync(join(ROOT, "expected.json"), "utf8");
const expected: Readonly<Record<string, Expected>> = JSON.parse(
  expectedText.replace(/("(?:first|last)RecvTs": )(\d{16})\d*/g, "$1$2"), // nanoseconds do not fit a JSON number
).files;
const sessions = Object.entries(expected).filter(([name]) => /binance-/.test(name));

test.skipIf(missing)(
  named("gives every Binance session the counts an independent reader found"),
  async () => {
    expect(sessions.length).toBeGreaterThan(0);
    for (const [name, { counters }] of sessions) {
      const paths = pathsOf(name);
      const whole = await countsOf(paths);
      for (const channel of ["depth", "bookTicker", "trade", "aggTrade", "kline"]) {
        expect([name, channel, whole[channel] ?? 0]).toEqual([name, channel, counters[`stream.${channel}`] ?? 0]);
      }
      expect([name, whole["snapshot"]]).toEqual([name, counters["restSnapshots"]]);
      if (counters["messages"] !== undefined) {
        expect([name, whole["frame"]! + whole["snapshot"]!]).toEqual([name, counters["messages"]]);
      }
      if (paths.length === 1) continue;
      const parts: Record<string, number> = {};
      for (const path of paths) {
        for (const [kind, count] of Object.entries(await countsOf([path]))) parts[kind] = (parts[kind] ?? 0) + count;
      }
      expect([name, parts]).toEqual([name, whole]);
    }
  },
  120_000,
);

test.skipIf(missing)(named("gives the times, to the microsecond, of first and last"), async () => {
  for (const [name, { counters }] of sessions) {
    const { firstRecvTs, lastRecvTs } = counters;
    if (firstRecvTs === undefined || lastRecvTs === undefined) continue;
    const recording = await openRecording(pathsOf(name));
    expect([name, recording.firstAtUs, recording.lastAtUs]).toEqual([name, firstRecvTs, lastRecvTs]);
  }
});

test.skipIf(missing)(named("gives frames and snapshots from which every final book comes out right"), async () => {
  for (const [name, { counters, books }] of sessions) {
    const recording = await openRecording(pathsOf(name));
    const items = await itemsOf(recording);
    const tally = { applied: 0, droppedStale: 0 };
    const hashes = recording.instruments.map(({ symbol }) => {
      const sha256 = bookHash(items, symbol, recording.product === "spot", tally);
      return [recording.instruments.length === 1 && "book" in books ? "book" : symbol, { sha256 }];
    });
    const wanted = Object.entries(books).map(([symbol, { sha256 }]) => [symbol, { sha256 }]);
    expect([name, Object.fromEntries(hashes)]).toEqual([name, Object.fromEntries(wanted)]);
    expect([name, tally.applied]).toEqual([name, counters["applied"]]);
    expect([name, tally.droppedStale]).toEqual([name, counters["droppedStale"] ?? 0]);
  }
});

test.skipIf(missing)(named("tells products, assets and scales of real symbols"), async () => {
  const found = await Promise.all(sessions.map(async ([name]) => (await openRecording(pathsOf(name))).instruments));
  const rows = new Set(
    found
      .flat()
      .map((i) => `${i.symbol} ${i.base}/${i.quote} ${i.priceDecimals} ${i.sizeDecimals} ${i.streams.length > 0}`),
  );
  // Tick and lot sizes of the recorded exchangeInfo answers; a scale may be coarser where no finer number came by.
  expect([...rows]).toEqual(
    expect.arrayContaining([
      "NKNUSDT NKN/USDT 5 1 true",
      "RUNEEUR RUNE/EUR 3 1 true",
      "SUSHIUSDT SUSHI/USDT 3 0 true",
      "BTCUSD_211231 BTC/USD 1 0 true",
      "BTCUSD_PERP BTC/USD 1 0 true",
      "NEXOUSDT NEXO/USDT 3 2 true",
      "BTCUSDT BTC/USDT 1 3 true",
    ]),
  );
});

test.skipIf(missing)(named("refuses recordings of other venues by name"), async () => {
  await expect(openRecording([join(ROOT, "ws-jsonl/kraken-v1-20210417.jsonl.gz")])).rejects.toThrow(
    /kraken-v1-20210417\.jsonl\.gz:1: was recorded from KRAKEN, but supported are/,
  );
});

function pathsOf(name: string): string[] {
  return name.split(" + ").map((part) => join(ROOT, part));
}

async function countsOf(paths: readonly string[]): Promise<Record<string, number>> {
  const recording = await openRecording(paths);
  const counts: Record<string, number> = { frame: 0, snapshot: 0 };
  let aboveUs = recording.firstAtUs;
  for (const item of await itemsOf(recording)) {
    counts[item.kind]!++;
    if (item.atUs < aboveUs) throw new Error(`time falls at ${item.text}`);
    aboveUs = item.atUs;
    if (item.kind === "snapshot") continue;
    const channel = /@([a-zA-Z]+)/.exec(item.stream)![1]!;
    counts[channel] = (counts[channel] ?? 0) + 1;
    if (!item.text.startsWith(`{"stream":"${item.stream}"`)) throw new Error(`wrong stream: ${item.text}`);
  }
  expect(aboveUs).toBe(recording.lastAtUs);
  expect({ frame: counts["frame"], snapshot: counts["snapshot"] }).toEqual({
    frame: recording.frames,
    snapshot: recording.snapshots,
  });
  return counts;
}

/** The book after the last item, by the venue's rules and on decimal text, hashed as expected.json says. */
function bookHash(
  items: readonly RecordedItem[],
  symbol: string,
  spot: boolean,
  tally: { applied: number; droppedStale: number },
): string {
  const events: DepthEvent[] = [];
  let answer: DepthAnswer | undefined;
  for (const item of items) {
    if (item.kind === "snapshot") {
      if (item.symbol === symbol) answer = JSON.parse(item.text);
    } else if (item.stream.startsWith(`${symbol.toLowerCase()}@depth`)) {
      events.push(JSON.parse(item.text).data);
    }
  }
  const bids = new Map(answer!.bids);
  const asks = new Map(answer!.asks);
  for (const event of events) {
    if (spot ? event.u <= answer!.lastUpdateId : event.u < answer!.lastUpdateId) {
      tally.droppedStale++;
      continue;
    }
    tally.applied++;
    for (const [price, size] of event.b) Number(size) === 0 ? bids.delete(price) : bids.set(price, size);
    for (const [price, size] of event.a) Number(size) === 0 ? asks.delete(price) : asks.set(price, size);
  }
  const rows = (side: string, levels: Map<string, string>, sign: number) =>
    [...levels]
      .sort((x, y) => sign * (Number(x[0]) - Number(y[0])))
      .map(([price, size]) => `${side} ${plain(price)} ${plain(size)}`);
  const lines = [...rows("b", bids, -1), ...rows("a", asks, 1)];
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}

function plain(text: string): string {
  return text.includes(".") ? text.replace(/\.?0+$/, "") : text;
}
