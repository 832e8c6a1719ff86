import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import Database from "libsql";
import { expect, test } from "vitest";
import { type ArchiveStep, archiveActionFor, archiveRuns, nextArchiveUs } from "../../src/journal/archive.ts";
import type { JournalRow } from "../../src/journal/chain.ts";
import { JournalSegmentError } from "../../src/journal/errors.ts";
import { Journal } from "../../src/journal/journal.ts";
import { readRows, readRowsWithSegments } from "../../src/journal/read.ts";
import { verifyJournal, verifyWithSegments } from "../../src/journal/verify.ts";
import { newFolder } from "./support.ts";

const DAY_MS = 24 * 3_600_000;
const START_US = Date.UTC(2026, 0, 1, 12) * 1000;

/** A folder of runs with one run of `blocks` blocks of inputs and as many intents, and a clock at its end. */
function setUp({ blocks = 300 } = {}) {
  const root = newFolder();
  const runs = join(root, "runs");
  const path = join(runs, "20260101-120000-abcd", "journal.db");
  const clock = new ManualClock(START_US);
  const journal = Journal.create({ path, clock });
  journal.append("run.start", { instruments: ["paper:AAA/USDT"] });
  for (let i = 0; i < blocks; i++) {
    for (let n = 0; n < 40; n++) {
      const atUs = journal.nowUs();
      const prices = { bidTicks: 1000 + (n % 7), bidLots: 50 + i, askTicks: 1010 + (n % 5), askLots: 70 };
      journal.inputs.quote(atUs, 0, { venueAtUs: atUs - 5, receivedAtUs: atUs, sequence: i * 40 + n, ...prices });
      clock.advance({ us: 250 });
    }
    journal.append("intent", { clientOrderId: `pl-1-${i}`, side: "buy", sizeLots: i });
    journal.commit();
  }
  journal.append("run.end", {});
  journal.close();
  const rows = [...readRows(path)];
  const options = { runs, archive: join(root, "archive"), clock, batchRows: 100 };
  return { root, path, clock, rows, options };
}

async function all(path: string): Promise<JournalRow[]> {
  const rows: JournalRow[] = [];
  for await (const row of readRowsWithSegments(path)) rows.push(row);
  return rows;
}

test("a run is kept, then its inputs are compressed after 7 days, then all goes to the archive after 30", async () => {
  const { path, clock, rows, options } = setUp();
  expect((await archiveRuns(options)).runs).toMatchObject([{ action: "kept", rows: 0 }]);
  const bytesBefore = statSync(path).size;

  clock.advance({ ms: 7 * DAY_MS });
  const compressed = await archiveRuns(options);
  expect(compressed.runs).toMatchObject([{ journal: path, action: "compressed", rows: 300 }]);
  expect(compressed.stats.ratio).toBeGreaterThan(2);
  expect(compressed.stats.storedBytes).toBeLessThan(compressed.stats.rawBytes);
  expect(statSync(path).size).toBeLessThan(bytesBefore);
  expect(readdirSync(join(path, "..", "segments"))).toHaveLength(3);
  expect(await all(path)).toEqual(rows);
  expect(await verifyWithSegments(path)).toMatchObject({ events: rows.length, fault: undefined, inSegments: 300 });
  expect(() => [...readRows(path)]).toThrow(JournalSegmentError);
  expect((await archiveRuns(options)).runs).toMatchObject([{ action: "compressed", rows: 0 }]);

  clock.advance({ ms: 23 * DAY_MS });
  const archived = await archiveRuns(options);
  expect(archived.runs).toMatchObject([{ action: "archived", rows: 302 }]);
  expect(existsSync(join(path, "..", "segments"))).toBe(false);
  expect(readdirSync(join(options.archive, "20260101-120000-abcd"))).toHaveLength(7);
  expect(await all(path)).toEqual(rows);
  expect(await verifyWithSegments(path)).toMatchObject({ events: rows.length, fault: undefined, inSegments: 602 });
  expect(verifyJournal(path).headHash).toBe(rows.at(-1)?.hash);
});

test("an archived run can still be resumed, and its chain goes on", async () => {
  const { path, clock, rows, options } = setUp({ blocks: 20 });
  clock.advance({ ms: 31 * DAY_MS });
  await archiveRuns(options);
  const journal = Journal.resume({ path, clock });
  journal.append("run.resume", {});
  journal.close();
  expect(await verifyWithSegments(path)).toMatchObject({ events: rows.length + 1, fault: undefined });
});

test.each<[ArchiveStep, number]>([
  ["write", 1],
  ["check", 1],
  ["move", 1],
  ["move", 2],
  ["shrink", 1],
  ["copy", 1],
  ["copy", 2],
  ["repoint", 1],
  ["remove", 1],
  ["remove", 2],
])(
  "an interruption before %s number %i leaves all of it readable, and the next pass ends the work",
  async (step, nth) => {
    const { path, clock, rows, options } = setUp({ blocks: 120 });
    clock.advance({ ms: 31 * DAY_MS });
    let seen = 0;
    const onStep = (now: ArchiveStep) => {
      if (now === step && ++seen === nth) throw new Error("killed");
    };
    await expect(archiveRuns({ ...options, onStep })).rejects.toThrow("killed");
    expect(await all(path)).toEqual(rows);
    expect(await verifyWithSegments(path)).toMatchObject({ events: rows.length, fault: undefined });
    expect((await archiveRuns(options)).runs).toMatchObject([{ action: "archived" }]);
    expect(await all(path)).toEqual(rows);
    expect(existsSync(join(path, "..", "segments"))).toBe(false);
    expect(verifyJournal(path).inSegments).toBe(rows.length);
  },
);

test("nothing is taken out when the segment does not give it back", async () => {
  const { path, clock, rows, options } = setUp({ blocks: 20 });
  clock.advance({ ms: 8 * DAY_MS });
  const onStep = (step: ArchiveStep) => {
    if (step !== "check") return;
    const folder = join(path, "..", "segments");
    for (const name of readdirSync(folder)) truncateSync(join(folder, name), 100);
  };
  const report = await archiveRuns({ ...options, onStep });
  expect(report.runs).toMatchObject([
    { action: "skipped", reason: expect.stringContaining("is not as it was written") },
  ]);
  expect([...readRows(path)]).toEqual(rows);
});

test("a run that is being written, or whose chain is broken, is left alone and reported", async () => {
  const { path, clock, options } = setUp({ blocks: 5 });
  clock.advance({ ms: 40 * DAY_MS });
  const journal = Journal.resume({ path, clock });
  expect((await archiveRuns(options)).runs).toMatchObject([{ action: "skipped", reason: "it is being written" }]);
  journal.close();
  const database = new Database(path);
  database.exec("UPDATE events SET body = '{}' WHERE seq = 3");
  database.close();
  const before = readFileSync(path);
  expect((await archiveRuns(options)).runs).toMatchObject([
    { action: "skipped", reason: expect.stringContaining("event 3 (intent) was changed") },
  ]);
  expect(readFileSync(path).equals(before)).toBe(true);
});

test("a lost or changed segment is found by verify, which says where", async () => {
  const { path, clock, rows, options } = setUp({ blocks: 250 });
  clock.advance({ ms: 8 * DAY_MS });
  await archiveRuns(options);
  const folder = join(path, "..", "segments");
  const second = join(
    folder,
    readdirSync(folder).sort((a, b) => Number(a.split("-")[1]) - Number(b.split("-")[1]))[1]!,
  );
  const bytes = readFileSync(second);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(second, bytes);
  const verdict = await verifyWithSegments(path);
  expect(verdict.fault).toContain(second);
  expect(verdict.events).toBe(201); // one run.start, then inputs and an intent in turn: the 101st block is row 202
  expect(verdict.headHash).toBe(rows[200]?.hash);
});

test("a dry run says what would be done and touches nothing", async () => {
  const { path, clock, rows, options } = setUp({ blocks: 10 });
  clock.advance({ ms: 8 * DAY_MS });
  expect((await archiveRuns({ ...options, dryRun: true })).runs).toMatchObject([{ action: "compressed", rows: 10 }]);
  expect([...readRows(path)]).toEqual(rows);
  expect(existsSync(join(path, "..", "segments"))).toBe(false);
});

test("options out of range are refused before anything is touched", async () => {
  const { options } = setUp({ blocks: 1 });
  await expect(archiveRuns({ ...options, batchRows: 0 })).rejects.toBeInstanceOf(InvalidInputError);
  await expect(archiveRuns({ ...options, archiveAfterMs: 1, compressAfterMs: 2 })).rejects.toThrow("the larger one");
  await expect(archiveRuns({ ...options, runs: `${options.runs}.none` })).rejects.toThrow("there is no folder of runs");
  mkdirSync(join(options.runs, "empty"));
  expect((await archiveRuns(options)).runs).toHaveLength(1);
});

test("ages decide, and the hour of the day", () => {
  const ages = { compressAfterMs: 7 * DAY_MS, archiveAfterMs: 30 * DAY_MS };
  expect(archiveActionFor(7 * DAY_MS - 1, ages)).toBe("keep");
  expect(archiveActionFor(7 * DAY_MS, ages)).toBe("compress");
  expect(archiveActionFor(30 * DAY_MS, ages)).toBe("archive");
  const at = (text: string) => Date.parse(text) * 1000;
  expect(nextArchiveUs(at("2026-01-31T01:59:59Z"))).toBe(at("2026-01-31T02:00:00Z"));
  expect(nextArchiveUs(at("2026-01-31T02:00:00Z"))).toBe(at("2026-02-01T02:00:00Z"));
  expect(nextArchiveUs(at("2026-01-31T12:00:00Z"), 23)).toBe(at("2026-01-31T23:00:00Z"));
  expect(nextArchiveUs(at("2026-01-31T12:00:00Z"), 2, 120)).toBe(at("2026-02-01T00:00:00Z"));
  expect(() => nextArchiveUs(0, 24)).toThrow(InvalidInputError);
});
