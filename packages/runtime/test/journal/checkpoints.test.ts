import { mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import { ManualClock } from "@pitlane/perf/testing";
import Database from "libsql";
import { expect, test } from "vitest";
import { Checkpoints } from "../../src/journal/checkpoints.ts";
import { Journal } from "../../src/journal/journal.ts";
import { readRows } from "../../src/journal/read.ts";
import { verifyJournal } from "../../src/journal/verify.ts";

const ROUND_BYTES = 5 * 1024 * 1024; // more than a fold is begun at
const ROW = { text: "x".repeat(1000) };
const ROWS_A_ROUND = Math.ceil(ROUND_BYTES / 1000);

const sizeOf = (file: string) => statSync(file, { throwIfNoEntry: false })?.size ?? 0;

function setUp() {
  const path = join(mkdtempSync(join(tmpdir(), "pitlane-fold-")), "journal.db");
  return { path, wal: `${path}-wal`, clock: new ManualClock(1_000_000) };
}

/** A database like a journal's, its checkpoints, and a way to wait for the one under way. */
function withRows() {
  const { path, wal } = setUp();
  const database = new Database(path);
  database.pragma("journal_mode = WAL");
  database.exec("CREATE TABLE events (body TEXT)");
  const checkpoints = new Checkpoints(path, database);
  const insert = database.prepare("INSERT INTO events VALUES (?)");
  const write = (rows: number) => {
    database.exec("BEGIN");
    for (let i = 0; i < rows; i++) insert.run(ROW.text);
    database.exec("COMMIT");
    checkpoints.count(rows * 1000);
  };
  const over = async () => {
    while (checkpoints.isUnderWay) await turn();
  };
  return { path, wal, database, checkpoints, write, over };
}

test("what waits for the fold finds a log that begins anew: it stays as long as one round's, however many there are", async () => {
  const { wal, database, checkpoints, write, over } = withRows();
  write(ROWS_A_ROUND);
  expect(checkpoints.isUnderWay).toBe(true);
  await over();
  const first = sizeOf(wal);
  for (let round = 0; round < 4; round++) {
    write(ROWS_A_ROUND);
    await over();
  }
  expect(sizeOf(wal)).toBeLessThan(1.5 * first);
  checkpoints.finish();
  checkpoints.close();
  database.close();
});

test("a fold begins when 4 MiB were written, and one at a time", async () => {
  const { database, checkpoints, write, over } = withRows();
  write(1000);
  expect(checkpoints.isUnderWay).toBe(false);
  write(ROWS_A_ROUND);
  write(ROWS_A_ROUND);
  expect(checkpoints.isUnderWay).toBe(true);
  await over();
  write(1);
  expect(checkpoints.isUnderWay).toBe(true); // of what came meanwhile
  await over();
  checkpoints.close();
  database.close();
});

test("where no fold can be made SQLite goes on with its own", async () => {
  const { database } = withRows();
  const missing = join(mkdtempSync(join(tmpdir(), "pitlane-fold-")), "no", "such.db");
  const checkpoints = new Checkpoints(missing, database);
  checkpoints.count(ROUND_BYTES);
  while (checkpoints.isUnderWay) await turn();
  expect(database.pragma("wal_autocheckpoint")).toEqual([{ wal_autocheckpoint: 1000 }]);
  checkpoints.count(ROUND_BYTES);
  expect(checkpoints.isUnderWay).toBe(false);
  checkpoints.close();
  database.close();
});

test("a journal goes on while its log is folded in: rows are secured meanwhile, committed afterwards, and all are there", async () => {
  const { path, wal, clock } = setUp();
  const journal = Journal.create({ path, clock });
  for (let i = 0; i < ROWS_A_ROUND; i++) journal.append("row", ROW);
  journal.commit();
  journal.append("meanwhile", {});
  journal.settle();
  expect(journal.queued).toBe(1); // secured
  while (journal.queued > 0) {
    await turn();
    journal.settle();
  }
  journal.append("afterwards", {});
  journal.close();
  expect(sizeOf(wal)).toBe(0);
  expect(verifyJournal(path)).toMatchObject({ events: ROWS_A_ROUND + 2, fault: undefined });
  expect([...readRows(path, { fromSeq: ROWS_A_ROUND + 1 })].map(({ kind }) => kind)).toEqual([
    "meanwhile",
    "afterwards",
  ]);
});

test("a journal that is closed in the middle of a fold is whole, and leaves no log", () => {
  const { path, wal, clock } = setUp();
  const journal = Journal.create({ path, clock });
  for (let i = 0; i < ROWS_A_ROUND; i++) journal.append("row", ROW);
  journal.commit();
  journal.append("last", {});
  journal.close();
  expect(sizeOf(wal)).toBe(0);
  expect(verifyJournal(path)).toMatchObject({ events: ROWS_A_ROUND + 1, fault: undefined });
});
