import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import Database from "libsql";
import { expect, test } from "vitest";
import { GENESIS } from "../../src/journal/chain.ts";
import { JournalVersionError } from "../../src/journal/errors.ts";
import { decodeInputs } from "../../src/journal/input-reader.ts";
import { Journal } from "../../src/journal/journal.ts";
import { readRows } from "../../src/journal/read.ts";
import { verifyJournal } from "../../src/journal/verify.ts";
import { newFolder } from "./support.ts";

function setUp(options: { readonly durability?: "process" | "disk" } = {}) {
  const path = join(newFolder(), "run", "journal.db");
  const clock = new ManualClock();
  return { path, clock, journal: Journal.create({ path, clock, ...options }) };
}

const quote = {
  venueAtUs: 0,
  receivedAtUs: 1_767_225_600_000_000,
  bidTicks: 100,
  bidLots: 5,
  askTicks: 101,
  askLots: 7,
  sequence: 1,
};

test("a closed journal verifies, event by event, to the head it reported", () => {
  const { path, journal } = setUp();
  expect(journal.headHash).toBe(GENESIS);
  for (let i = 0; i < 600; i++) {
    journal.append("intent", { number: i, fee: 10n ** 20n });
    if (i % 7 === 0) journal.commit();
  }
  journal.close();
  const verdict = { path, events: 600, headHash: journal.headHash, fault: undefined, inSegments: 0 };
  expect(verifyJournal(path)).toEqual(verdict);
  expect([...readRows(path)].at(-1)).toMatchObject({
    seq: 600,
    kind: "intent",
    body: '{"number":599,"fee":"100000000000000000000"}',
    hash: journal.headHash,
  });
});

test.each(["process", "disk"] as const)(
  "what was committed with durability %s is read before any close",
  (durability) => {
    const { path, journal } = setUp({ durability });
    journal.append("intent", { clientOrderId: "a" });
    journal.inputs.quote(journal.nowUs(), 0, quote);
    expect(verifyJournal(path).events).toBe(0);
    journal.commit();
    expect(verifyJournal(path)).toMatchObject({ events: 2, headHash: journal.headHash, fault: undefined });
    expect([...readRows(path)].map(({ kind }) => kind)).toEqual(["intent", "inputs"]);
    journal.close();
  },
);

test("rows and blocks of inputs are in the order in which things happened", () => {
  const { path, clock, journal } = setUp();
  journal.inputs.quote(journal.nowUs(), 0, quote);
  journal.inputs.frameEnd(journal.nowUs());
  expect(journal.append("intent", { number: 1 })).toBe(2);
  clock.advance({ us: 5 });
  journal.inputs.timer(journal.nowUs(), 1, 9);
  journal.snapshot({ positions: {} });
  journal.append("report", { number: 1 });
  journal.commit();
  const rows = [...readRows(path, { fromSeq: 1, untilSeq: 4 })];
  expect(rows.map(({ seq, kind }) => [seq, kind])).toEqual([
    [1, "inputs"],
    [2, "intent"],
    [3, "inputs"],
    [4, "snapshot"],
  ]);
  expect([...decodeInputs(rows[0]!.body as Uint8Array)].map(({ kind }) => kind)).toEqual(["quote", "frameEnd"]);
  expect(rows.map(({ atUs }) => atUs - rows[0]!.atUs)).toEqual([0, 0, 5, 5]);
  journal.close();
});

test("the oldest of what waits is known, rows and inputs alike, until it is committed", () => {
  const { journal, clock } = setUp();
  expect(journal.oldestQueuedUs).toBeUndefined();
  const inputAtUs = journal.nowUs();
  journal.inputs.quote(inputAtUs, 0, quote);
  clock.advance({ ms: 5 });
  expect(journal.oldestQueuedUs).toBe(inputAtUs);
  journal.append("intent", { number: 1 });
  expect(journal.oldestQueuedUs).toBe(inputAtUs);
  journal.commit();
  expect(journal.oldestQueuedUs).toBeUndefined();
  clock.advance({ ms: 5 });
  journal.append("intent", { number: 2 });
  expect(journal.oldestQueuedUs).toBe(clock.nowUs());
  journal.close();
});

test("the longest wait for a commit is told once, of rows and inputs alike", () => {
  const { journal, clock } = setUp();
  journal.takeLongestWaitUs();
  const inputAtUs = journal.nowUs();
  journal.inputs.quote(inputAtUs, 0, quote);
  clock.advance({ ms: 3000 });
  journal.append("intent", { number: 1 });
  journal.commit();
  journal.append("intent", { number: 2 });
  clock.advance({ ms: 20 });
  journal.commit();
  journal.commit(); // of nothing
  expect(journal.takeLongestWaitUs()).toBe(3_000_000);
  expect(journal.takeLongestWaitUs()).toBe(0);
  journal.close();
});

test("a long block is cut at 64 KiB and a long queue commits itself", () => {
  const { path, journal } = setUp();
  for (let i = 0; i < 120_000; i++) journal.inputs.quote(journal.nowUs(), i % 50, { ...quote, sequence: i * 1e6 });
  const { events } = verifyJournal(path);
  expect(events).toBeGreaterThan(8);
  journal.close();
  let records = 0;
  for (const { body } of readRows(path)) {
    expect(body.length).toBeLessThanOrEqual(65_536);
    for (const _ of decodeInputs(body as Uint8Array)) records++;
  }
  expect(records).toBe(120_000);
});

test("time never goes back, and a fall of the clock is noted once", () => {
  const { path, journal } = setUp();
  const steps = [1000, 5000, 4000, 4500, 6000, 5999, 7000, -2e6, -2.5e6, -4e6];
  let at = 0;
  const held = { nowUs: () => 1_767_225_600_000_000 + at, monotonicNs: () => 0 };
  journal.close();
  const stepped = Journal.create({ path: `${path}2`, clock: held });
  const given = steps.map((step) => {
    at = step;
    const nowUs = stepped.nowUs();
    stepped.append("note", { step });
    return nowUs - 1_767_225_600_000_000;
  });
  expect(given).toEqual([1000, 5000, 5000, 5000, 6000, 6000, 7000, 7000, 7000, 7000]);
  stepped.close();
  const rows = [...readRows(`${path}2`)];
  for (const [index, row] of rows.entries()) expect(row.atUs).toBeGreaterThanOrEqual(rows[index - 1]?.atUs ?? 0);
  expect(rows.filter(({ kind }) => kind === "clock").map(({ body }) => JSON.parse(body as string).behindUs)).toEqual([
    1000, 1, 2_007_000, 4_007_000,
  ]);
});

test.each([
  ["changed", "UPDATE events SET body = '{\"number\":99}' WHERE seq = 3", "event 3 (intent) was changed"],
  ["changed with its hash", "UPDATE events SET body_hash = hash WHERE seq = 3", "event 3 (intent) was changed"],
  ["re-timed", "UPDATE events SET at_us = at_us + 1 WHERE seq = 2", "event 2 (intent) was changed"],
  ["removed", "DELETE FROM events WHERE seq = 2", "event 2 is missing: 3 follows 1"],
  ["emptied", "UPDATE events SET body = NULL WHERE seq = 4", "event 4 (intent) has lost its body"],
  ["inserted", "INSERT INTO events VALUES (6, 0, 'intent', '{}', 'x', 'x', NULL)", "event 6 (intent) was changed"],
])("an event that was %s breaks the chain there, and the run cannot be resumed", (_, sql, fault) => {
  const { path, clock, journal } = setUp();
  for (let i = 1; i <= 5; i++) journal.append("intent", { number: i });
  journal.close();
  const database = new Database(path);
  database.exec(sql);
  database.close();
  const verdict = verifyJournal(path);
  expect(verdict.fault).toContain(fault);
  expect(() => Journal.resume({ path, clock })).toThrow(
    expect.objectContaining({
      code: "JOURNAL_CORRUPT",
      firstBadSeq: verdict.events + 1,
      intactRows: verdict.events,
      message: expect.stringContaining(fault),
    }),
  );
});

test("a journal that exists is never written over, and a file that is none is refused", () => {
  const { path, clock, journal } = setUp();
  journal.close();
  expect(() => Journal.create({ path, clock })).toThrow("exists already");
  const other = join(newFolder(), "notes.txt");
  writeFileSync(other, "not a database at all, but long enough to be looked at as one");
  expect(() => verifyJournal(other)).toThrow(InvalidInputError);
  expect(() => Journal.resume({ path: other, clock })).toThrow(InvalidInputError);
  expect(() => verifyJournal(`${other}.missing`)).toThrow("there is no journal at");
  expect(() => Journal.resume({ path: `${other}.missing`, clock })).toThrow("there is no journal at");
  const database = new Database(`${other}.db`);
  database.exec("CREATE TABLE tunes (name TEXT)");
  database.close();
  expect(() => verifyJournal(`${other}.db`)).toThrow("is a database but no journal");
});

test("a journal of version 1 is verified and read but not resumed, one of a newer version is neither", () => {
  const { path, clock, journal } = setUp();
  journal.close();
  const database = new Database(path);
  // As version 1 wrote it: the body is in the chain itself.
  database.exec(`DROP TABLE events; DROP TABLE segments; PRAGMA user_version = 1;
    CREATE TABLE events (seq INTEGER PRIMARY KEY, at_us INTEGER NOT NULL, kind TEXT NOT NULL, body TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
    INSERT INTO events VALUES (1, 5, 'run.start', '{}', 'bb79dcec4528d02a3db9140041ed57ff9a59a9935230adc6202f0e113136166b');`);
  expect(verifyJournal(path)).toMatchObject({ events: 1, fault: undefined });
  expect([...readRows(path)]).toMatchObject([{ seq: 1, kind: "run.start", body: "{}" }]);
  expect(() => Journal.resume({ path, clock })).toThrow(JournalVersionError);
  expect(() => Journal.resume({ path, clock })).toThrow("start a new run");
  database.exec("PRAGMA user_version = 3");
  database.close();
  expect(() => verifyJournal(path)).toThrow(expect.objectContaining({ code: "JOURNAL_VERSION", version: 3 }));
  expect(() => Journal.resume({ path, clock })).toThrow("use the version that wrote it");
});
