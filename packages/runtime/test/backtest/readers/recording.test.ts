import { createSystemClock } from "@pitlane/perf";
import { expect, test } from "vitest";
import { type DepthColumns, DepthOp } from "../../../src/backtest/columns.ts";
import { type ReadDataOptions, readMarketData } from "../../../src/backtest/readers/read-market-data.ts";
import { textFile } from "../files.ts";

const clock = createSystemClock();
const startMs = 1_700_000_000_000;
type Row = readonly [string, string];

const snapshot = (lastUpdateId: number, bids: readonly Row[], asks: readonly Row[]) => ({ lastUpdateId, bids, asks });
const depth = (U: number, u: number, b: readonly Row[], a: readonly Row[] = [], venueMs = startMs) => ({
  stream: "abcusdt@depth@100ms",
  data: { e: "depthUpdate", E: venueMs, s: "ABCUSDT", U, u, b, a },
});
const trade = (t: number, p: string, q: string, m: boolean, venueMs = startMs, stream = "trade") => ({
  stream: `abcusdt@${stream}`,
  data: {
    e: stream,
    E: venueMs,
    s: "ABCUSDT",
    [stream === "trade" ? "t" : "a"]: t,
    p,
    q,
    T: venueMs,
    m,
    M: true,
    ...(stream === "trade" ? {} : { f: t, l: t }),
  },
});

/** A recording with a frame each millisecond, received one by one from `startMs` on. */
async function read(frames: readonly object[], options: Partial<ReadDataOptions> = {}) {
  const path = textFile(
    "session.gz",
    frames.map((frame, i) => `${startMs + i} ${JSON.stringify(frame)}`),
  );
  return readMarketData([path], { clock, ...options });
}

const NAMES = Object.entries(DepthOp).map(([name, op]) => [op, name] as const);

/** Rows as text: `bid 150 10`. */
function rows({ length, op, priceTicks, sizeLots }: DepthColumns): readonly string[] {
  const names = new Map<number, string>(NAMES);
  return Array.from({ length }, (_, i) => `${names.get(op[i]!)} ${priceTicks[i]} ${sizeLots[i]}`.replace(/ 0 0$/, ""));
}

async function columnsOf(frames: readonly object[], options: Partial<ReadDataOptions> = {}) {
  const loaded = await read(frames, options);
  const [one] = loaded.data;
  if (one?.columns.kind !== "depth") throw new Error("no depth");
  return { ...loaded, instrument: one.instrument, columns: one.columns };
}

const session = [
  depth(9, 10, [["1.5", "9"]]),
  snapshot(10, [["1.5", "10"]], [["1.6", "7"]]),
  depth(11, 12, [["1.5", "4"]], [["1.6", "0"]]),
  trade(1, "1.5", "2", true),
];

test("a book begins with its snapshot; diffs before it are not applied twice, and each message ends", async () => {
  const { columns, instrument, tier } = await columnsOf(session);
  expect(tier).toBe("depth");
  expect(instrument).toMatchObject({
    id: "binance:ABC/USDT",
    priceDecimals: 1,
    trading: true,
    minNotional: 5_00000000n,
  });
  expect(rows(columns)).toEqual([
    "clear",
    "bid 15 10",
    "ask 16 7",
    "end",
    "bid 15 4",
    "ask 16 0",
    "end",
    "sellTrade 15 2",
  ]);
});

test("the book after a hole is of the time at which its snapshot came, less what the last message took", async () => {
  const frames = [
    snapshot(10, [["1.5", "10"]], [["1.6", "7"]]),
    depth(11, 11, [["1.4", "1"]], [], startMs - 4), // took 5 ms
    depth(15, 15, [["1.3", "1"]], [], startMs - 3),
    depth(16, 16, [["1.3", "2"]], [], startMs + 49_999),
    snapshot(16, [["1.2", "10"]], [["1.3", "7"]]), // a minute after the hole was noticed
    depth(17, 17, [["1.1", "1"]], [], startMs + 61_000),
  ];
  const receivedMs = [-5, 1, 2, 50_004, 60_002, 61_005];
  const path = textFile(
    "session.gz",
    frames.map((frame, i) => `${startMs + (receivedMs[i] ?? 0)} ${JSON.stringify(frame)}`),
  );
  const [one] = (await readMarketData([path], { clock })).data;
  if (one?.columns.kind !== "depth") throw new Error("no depth");
  const { op, atUs, length } = one.columns;
  const times = Array.from({ length }, (_, i) => (atUs[i]! / 1000 - startMs) as number);
  const gap = op.indexOf(DepthOp.gap);
  expect(op[gap + 1]).toBe(DepthOp.clear);
  expect(times[gap]).toBe(-3);
  expect(times[gap + 1]).toBe(59_997); // not with the gap: nobody knew that book then
});

test("a hole is a gap, and the book is back with the next snapshot alone", async () => {
  const { columns, notes } = await columnsOf([
    ...session,
    depth(20, 21, [["1.4", "1"]]),
    depth(22, 23, [["1.3", "1"]]),
    snapshot(22, [["1.5", "3"]], []),
    depth(24, 25, [["1.2", "8"]]),
  ]);
  expect(rows(columns).slice(8)).toEqual(["gap", "clear", "bid 15 3", "bid 13 1", "end", "bid 12 8", "end"]);
  expect(notes).toContain("1 gaps in books: strategies see them as in a session");
});

test("messages that leave a crossed or locked book are counted, once they are whole", async () => {
  const { notes } = await columnsOf([
    ...session,
    depth(13, 13, [["1.6", "1"]], [["1.6", "7"]]), // locked
    depth(14, 14, [["1.7", "1"]]), // crossed
    depth(15, 15, [["1.6", "0"], ["1.7", "0"]], [["1.5", "1"]]), // biome-ignore format: a row for each message
    depth(16, 16, [["1.5", "0"]]),
    depth(17, 17, [["1.4", "3"]]),
  ]);
  expect(notes).toEqual([
    "binance:ABC/USDT: 3 messages leave a best bid at or above the best ask: such a book is played as it was recorded",
  ]);
  expect((await columnsOf(session)).notes).toEqual([]);
  const before = [...session, depth(13, 13, [["1.6", "1"]], [["1.6", "7"]]), depth(14, 14, [["1.4", "2"]])];
  expect((await columnsOf(before, { fromUs: (startMs + 5) * 1000 })).notes).toEqual([
    expect.stringContaining(": 2 messages leave a best bid"), // the book that the span begins with, and its first change
  ]);
});

test("what comes before the span builds the book that it begins with", async () => {
  const { columns } = await columnsOf([...session, depth(13, 13, [["1.4", "6"]])], { fromUs: (startMs + 3) * 1000 });
  expect(rows(columns)).toEqual(["clear", "bid 15 4", "end", "sellTrade 15 2", "bid 14 6", "end"]);
});

test("receive times of a slow clock are moved until nothing comes before it happened", async () => {
  const { columns, notes } = await columnsOf([
    ...session.slice(0, 2),
    depth(11, 12, [["1.5", "4"]], [], startMs + 50), // received at 2 ms
    depth(13, 13, [["1.5", "5"]], [], startMs + 20),
  ]);
  for (let i = 0; i < columns.length; i++) {
    expect(columns.receivedAtUs[i]).toBeGreaterThanOrEqual(columns.atUs[i]!);
    if (i > 0) expect(columns.atUs[i]).toBeGreaterThanOrEqual(columns.atUs[i - 1]!);
  }
  expect(columns.receivedAtUs.at(-1)).toBe((startMs + 3 + 48) * 1000);
  expect(notes).toContain("the recorder's clock was behind the venue's by 48.0 ms: receive times were moved by that");
});

test("of trades and their aggregates the trades count; aggregates do where there is nothing else", async () => {
  const both = [...session, trade(7, "1.5", "2", true, startMs, "aggTrade"), trade(2, "1.6", "1", false)];
  expect(rows((await columnsOf(both)).columns).filter((row) => row.includes("Trade"))).toEqual([
    "sellTrade 15 2",
    "buyTrade 16 1",
  ]);
  const aggregates = [...session.slice(0, 3), trade(7, "1.5", "2", true, startMs, "aggTrade")];
  expect(rows((await columnsOf(aggregates)).columns).at(-1)).toBe("sellTrade 15 2");
});

test("without a book what is left is trades, and books can be passed over", async () => {
  const alone = await read([trade(1, "1.5", "2", true), trade(2, "1.6", "1", false)]);
  expect(alone.tier).toBe("trades");
  expect(alone.notes[0]).toMatch(/binance:ABC\/USDT has no book/);
  const { tier, data } = await read(session, { tier: "trades" });
  expect(tier).toBe("trades");
  expect(data[0]?.columns).toMatchObject({ kind: "trades", length: 1, isSellAggressor: Uint8Array.of(1) });
});

test("a step may be coarser than the recording's numbers and not finer; a damaged line is named", async () => {
  const { instrument } = await columnsOf(session, { tick: { decimals: 1, increment: 5 } });
  expect(instrument).toMatchObject({ priceDecimals: 1, tickIncrement: 5 });
  await expect(columnsOf(session, { tick: { decimals: 3, increment: 1 } })).rejects.toThrow(
    /--tick has 3 decimals, but the data of binance:ABC\/USDT has 1/,
  );
  const path = textFile("bad.txt", [
    `${startMs} ${JSON.stringify(session[0])}`,
    `${startMs + 1} {"stream":"abcusdt@trade"`,
  ]);
  await expect(readMarketData([path], { clock })).rejects.toThrow(/bad\.txt:2: .*cut off/);
});

test("a recording of COIN-M futures is refused before anything runs, with what still reads it", async () => {
  const frame = { ...trade(1, "30000", "2", true), stream: "btcusd_perp@trade" };
  await expect(read([{ ...frame, data: { ...frame.data, s: "BTCUSD_PERP" } }])).rejects.toThrow(
    /session\.gz: is of COIN-M futures \(binance-coinm\), whose sizes are contracts .* Take spot or USD-M data .* pitlane verify reads/,
  );
});
