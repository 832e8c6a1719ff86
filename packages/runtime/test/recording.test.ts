import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createPaper, openRecording } from "@pitlane/paper";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import { expect, test } from "vitest";
import { checkConfig, defineStrategy, openRuntime } from "../src/index.ts";

const DATA = process.env["PITLANE_DATA"] ?? fileURLToPath(new URL("../../../../shared/data", import.meta.url));
const PRESENT = existsSync(join(DATA, "expected.json"));

interface Expected {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly counters: Readonly<Record<string, number>>;
        readonly books: Readonly<
          Record<
            string,
            {
              readonly bidLevels: number;
              readonly askLevels: number;
              readonly bestBid: [string, string];
              readonly bestAsk: [string, string];
              readonly sha256: string;
            }
          >
        >;
      }
    >
  >;
}

const sessions = PRESENT
  ? Object.entries((JSON.parse(readFileSync(join(DATA, "expected.json"), "utf8")) as Expected).files).filter(([name]) =>
      /binance-spot|binance-usdm|binance-coinm|binance-raw/.test(name),
    )
  : [];

/** Runs a recorded session through the exchange's sockets, the SDK, the books and a strategy that counts. */
async function replay(paths: readonly string[]) {
  const clock = createSystemClock();
  const recording = await openRecording(paths);
  const paper = await createPaper({ recording, clock });
  const spot = recording.product === "spot";
  const client = createBinance({
    product: recording.product,
    urls: paper.urls,
    clock,
    ...(spot ? { credentials: { apiKey: paper.apiKey, apiSecret: paper.apiSecret } } : {}),
  });
  const heard = { quote: 0, trade: 0, book: 0 };
  const counter = defineStrategy({
    name: "counter",
    setup(ctx) {
      for (const kind of ["quote", "trade", "book"] as const) ctx.on(kind, () => void heard[kind]++);
    },
  });
  try {
    const runtime = await openRuntime({
      run: { id: "test-run", key: "test" },
      mode: "recording",
      config: checkConfig({}, "test"),
      plugins: [{ plugin: counter, budgets: { hookMs: 60_000, msPerSecond: 1000 } }], // all events are counted, however busy the machine
      client,
      trading: "orders" in client ? client : undefined,
      streams: recording.streams,
      journalPath: join(mkdtempSync(join(tmpdir(), "pitlane-recording-")), "journal.db"),
      recvWindowMs: 5000,
      clock,
      log: () => {},
    });
    await paper.replay();
    await runtime.whenSynced(runtime.instruments, 10_000);
    return { report: await runtime.close("recordingEnded"), heard, recording };
  } finally {
    await client.close();
    await paper.close();
  }
}

test.skipIf(!PRESENT)("recordings are there (skipped: no recordings; set PITLANE_DATA)", () => {
  expect(sessions.length).toBeGreaterThan(0);
});

test.each(sessions)(
  "%s ends with the right books and every message accounted for",
  { timeout: 120_000 },
  async (name, { counters, books }) => {
    const { report, heard } = await replay(name.split(" + ").map((file) => join(DATA, file)));
    const instruments = Object.values(report.market.instruments);
    const sum = (of: (one: (typeof instruments)[number]) => number) =>
      instruments.reduce((total, one) => total + of(one), 0);

    expect(instruments.map((one) => one.book?.sha256).sort()).toEqual(
      Object.values(books)
        .map((book) => book.sha256)
        .sort(),
    );
    for (const expected of Object.values(books)) {
      const found = instruments.find((one) => one.book?.sha256 === expected.sha256)?.book;
      expect(found).toEqual(expected);
    }
    expect(sum((one) => one.bookUpdates)).toBe(counters["applied"]);
    expect(sum((one) => one.quotes)).toBe(counters["stream.bookTicker"]);
    expect(sum((one) => one.trades)).toBe((counters["stream.trade"] ?? 0) + (counters["stream.aggTrade"] ?? 0));
    expect(sum((one) => one.ignored)).toBe(counters["stream.kline"] ?? 0);
    expect(sum((one) => one.messages)).toBe(
      counters["stream.bookTicker"]! +
        counters["stream.depth"]! +
        (counters["stream.trade"] ?? 0) +
        (counters["stream.aggTrade"] ?? 0) +
        (counters["stream.kline"] ?? 0),
    );
    expect(report.market).toMatchObject({ gaps: 0, resyncs: 0 });
    expect(sum((one) => one.sequenceFailures + one.checksumFailures)).toBe(0);
    expect(sum((one) => one.checksumsChecked)).toBeGreaterThan(0);
    expect(heard.trade).toBe(sum((one) => one.trades));
    expect(heard.quote + report.bus.lanes.normal.conflated).toBeGreaterThanOrEqual(sum((one) => one.quotes));
    expect(report.faults).toEqual([]);
  },
);
