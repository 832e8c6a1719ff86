import { copyFileSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createPaper } from "@pitlane/paper";
import { createSystemClock, InvalidInputError } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import Database from "libsql";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { type ConfigInput, checkConfig, definePlugin, defineStrategy, openRuntime, type Plugin } from "../src/index.ts";
import { archiveRuns } from "../src/journal/archive.ts";
import { JournalCorruptError } from "../src/journal/errors.ts";
import { Journal } from "../src/journal/journal.ts";
import { readRows } from "../src/journal/read.ts";
import { verifyJournal } from "../src/journal/verify.ts";
import { replayRun } from "../src/replay-run.ts";

const clock = createSystemClock();
const newFolder = () => mkdtempSync(join(tmpdir(), "pitlane-replay-"));

/** A session with these plugins on a market of its own, until `isDone`; its journal when it is over. */
async function ranWith(plugins: readonly Plugin[], config: ConfigInput, isDone: () => void): Promise<string> {
  const paper = await createPaper({ seed: 3, clock });
  const client = createBinance({ venue: "paper", urls: paper.urls, credentials: paper, clock });
  const journalPath = join(newFolder(), "journal.db");
  try {
    const runtime = await openRuntime({
      run: { id: "test-run", key: "test" },
      mode: "paper",
      config: checkConfig(config, "test"),
      plugins: plugins.map((plugin) => ({ plugin })),
      client,
      trading: client,
      journalPath,
      recvWindowMs: 5000,
      clock,
      log: () => {},
    });
    await vi.waitFor(isDone, { timeout: 20_000 });
    await runtime.close("requested");
  } finally {
    await client.close();
    await paper.close();
  }
  return journalPath;
}

let signals = 0;

/** Gives one signal of confidence 0.7 on the first quote. */
const signaller = defineStrategy({
  name: "signaller",
  setup(ctx) {
    const [instrument] = ctx.instruments;
    let isDone = false;
    ctx.on("quote", { instrument: instrument! }, ({ askTicks }) => {
      if (isDone) return;
      isDone = true;
      signals++;
      const sizeLots = Math.max(instrument!.minLots, instrument!.lotIncrement) * 1000;
      ctx.submitSignal({ instrument: instrument!, side: "buy", sizeLots, priceTicks: askTicks, confidence: 0.7 });
    });
  },
});

test("a replay decides by all settings of the run, and a what-if by those that it names and the run's others", async () => {
  const plugins = [{ plugin: signaller }];
  const journalPath = await ranWith([signaller], { execution: { minConfidence: 0.9 } }, () => expect(signals).toBe(1));
  const intents = [...readRows(journalPath)].filter(({ kind }) => kind === "intent");
  expect(intents.map(({ body }) => String(body))).toEqual([expect.stringContaining("LOW_CONFIDENCE")]);
  const options = { journalPath, plugins, clock, log: () => {} };
  expect(await replayRun(options)).toMatchObject({ divergences: 0, first: null, isWhatIf: false });
  const { risk, execution } = checkConfig({ execution: { minConfidence: 0.5 } }, "test");
  expect(await replayRun({ ...options, whatIf: { risk } })).toMatchObject({ divergences: 0, isWhatIf: true });
  const bolder = await replayRun({ ...options, whatIf: { execution } });
  expect(bolder.first?.recorded?.body).toContain("LOW_CONFIDENCE");
  expect(bolder.first?.replayed?.body).not.toContain("LOW_CONFIDENCE");
});

describe("a run of two plugins, of which one throws before the other submits", () => {
  let quotes = 0;
  const thrower = definePlugin({
    name: "thrower",
    setup(ctx) {
      let turn = 0;
      ctx.on("quote", { stage: "pre" }, () => {
        if (++turn % 10 === 5) throw new Error(`broken by quote ${turn}`);
      });
    },
  });
  const quoter = defineStrategy({
    name: "quoter",
    setup(ctx) {
      const [instrument] = ctx.instruments;
      let turn = 0;
      ctx.on("quote", ({ bidTicks }) => {
        quotes = ++turn;
        if (turn % 5 !== 0) return;
        const sizeLots = Math.max(instrument!.minLots, instrument!.lotIncrement) * 1000;
        for (const order of ctx.openOrders(instrument!)) ctx.cancel(order);
        ctx.submit({ instrument: instrument!, side: "buy", type: "limit", priceTicks: bidTicks - 200, sizeLots });
      });
    },
  });
  const plugins = [{ plugin: thrower }, { plugin: quoter }];
  const replay = (journalPath: string, more: { readonly fromSeq?: number; readonly untilSeq?: number } = {}) =>
    replayRun({ journalPath, plugins, clock, log: () => {}, ...more });
  let original = "";
  let kinds: readonly string[] = [];

  /** A copy of the journal in a folder of its own, `runs/RUN/`, changed by SQL. */
  function copied(sql = ""): string {
    const folder = join(newFolder(), "runs", "test-run");
    const path = join(folder, "journal.db");
    mkdirSync(folder, { recursive: true });
    copyFileSync(original, path);
    const database = new Database(path);
    database.exec(sql);
    database.close();
    return path;
  }

  beforeAll(async () => {
    original = await ranWith([thrower, quoter], {}, () => expect(quotes).toBeGreaterThan(60));
    kinds = [...readRows(original)].map(({ kind }) => kind);
  }, 60_000);

  test("its replay is identical, although faults stand between inputs and their decisions", async () => {
    expect(kinds.join(" ")).toMatch(/inputs fault (cancel |intent )/);
    expect(await replay(original)).toMatchObject({ divergences: 0, first: null });
  });

  test("it may be cut after any event, between an input and its decisions too", async () => {
    const cuts = kinds.flatMap((kind, index) => (/intent|cancel/.test(kind) ? [index, index + 1] : [])).slice(0, 12);
    for (const untilSeq of cuts)
      expect(await replay(original, { untilSeq })).toMatchObject({ rows: untilSeq, divergences: 0, first: null });
  });

  test("a journal that its process left in the middle of a decision is replayed to its end", async () => {
    const decidedAt = kinds.lastIndexOf("intent") + 1;
    const report = await replay(copied(`DELETE FROM events WHERE seq >= ${decidedAt}`));
    expect(report).toMatchObject({ rows: decidedAt - 1, divergences: 0, first: null });
  });

  test("it is replayed from the archive, where all bodies lie in segments", async () => {
    const path = copied();
    const runs = dirname(dirname(path));
    const archive = join(runs, "..", "archive");
    const archived = await archiveRuns({ runs, archive, clock, compressAfterMs: 0, archiveAfterMs: 0 });
    expect(archived.runs).toMatchObject([{ action: "archived" }]);
    const { elapsedMs: _, ...expected } = await replay(original);
    expect(await replay(path)).toMatchObject(expected);
  });

  test("a broken chain is an error, in the words of the check; what comes before it is replayed", async () => {
    const quoteAt = kinds.lastIndexOf("inputs") + 1;
    const path = copied(`DELETE FROM events WHERE seq = ${quoteAt}`);
    const { fault, events } = verifyJournal(path);
    const error: JournalCorruptError = await replay(path).then(
      () => expect.fail("it was replayed"),
      (reason) => reason,
    );
    expect(error).toBeInstanceOf(JournalCorruptError);
    expect(error).toMatchObject({ firstBadSeq: quoteAt, intactRows: quoteAt - 1 });
    expect(error.message).toContain(`broken: ${fault}; the ${events} events before it are intact`);
    await expect(replay(path, { untilSeq: quoteAt })).rejects.toThrow(JournalCorruptError);
    expect(await replay(path, { untilSeq: quoteAt - 1 })).toMatchObject({ divergences: 0, rows: quoteAt - 1 });
  });

  test("what is compared from an event on is counted alone, and there must be such an event", async () => {
    const whole = await replay(original);
    const half = await replay(original, { fromSeq: kinds.length / 2 });
    expect(half.decisions).toBeGreaterThan(0);
    expect(half.decisions).toBeLessThan(whole.decisions);
    expect(await replay(original, { fromSeq: kinds.length })).toMatchObject({ decisions: 0, rows: kinds.length });
    const beyond = replay(original, { fromSeq: kinds.length + 1 });
    await expect(beyond).rejects.toThrow(InvalidInputError);
    await expect(beyond).rejects.toThrow(`no event ${kinds.length + 1} to compare from: the last is ${kinds.length}`);
  });
});

test("a recording of a market is told apart from a run that had not begun", async () => {
  const journalOf = (kind: string) => {
    const path = join(newFolder(), "journal.db");
    const journal = Journal.create({ path, clock });
    journal.append(kind, {});
    journal.close();
    return path;
  };
  const replay = (journalPath: string) => replayRun({ journalPath, plugins: [], clock, log: () => {} });
  await expect(replay(journalOf("record.start"))).rejects.toThrow(
    /is a recording of a market.* no decisions to replay/,
  );
  await expect(replay(journalOf("run.failed"))).rejects.toThrow("the process ended before it had begun");
});
