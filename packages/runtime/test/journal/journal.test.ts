import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import Database from "libsql";
import { expect, test } from "vitest";
import { GENESIS } from "../../src/journal/chain.ts";
import { Journal } from "../../src/journal/journal.ts";
import { verifyJournal } from "../../src/journal/verify.ts";

function setUp() {
  const path = join(mkdtempSync(join(tmpdir(), "pitlane-journal-")), "run", "journal.db");
  return { path, journal: new Journal({ path, clock: new ManualClock() }) };
}

test("a closed journal verifies, event by event, to the head it reported", () => {
  const { path, journal } = setUp();
  expect(journal.headHash).toBe(GENESIS);
  for (let i = 0; i < 50; i++) {
    journal.append("intent", { number: i, fee: 10n ** 20n });
    if (i % 7 === 0) journal.commit();
  }
  journal.close();
  expect(verifyJournal(path)).toEqual({ path, events: 50, headHash: journal.headHash, fault: undefined });
});

test("what was committed is on disk before commit returns, without a close", () => {
  const { path, journal } = setUp();
  journal.append("intent", { clientOrderId: "a" });
  expect(verifyJournal(path).events).toBe(0);
  journal.commit();
  expect(verifyJournal(path)).toMatchObject({ events: 1, headHash: journal.headHash, fault: undefined });
  journal.close();
});

test.each([
  ["changed", "UPDATE events SET body = '{\"number\":99}' WHERE seq = 3", "event 3 (intent) was changed"],
  ["re-timed", "UPDATE events SET at_us = at_us + 1 WHERE seq = 2", "event 2 (intent) was changed"],
  ["removed", "DELETE FROM events WHERE seq = 2", "event 2 is missing: 3 follows 1"],
  ["inserted", "INSERT INTO events VALUES (6, 0, 'intent', '{}', 'x')", "event 6 (intent) was changed"],
])("an event that was %s breaks the chain there", (_, sql, fault) => {
  const { path, journal } = setUp();
  for (let i = 1; i <= 5; i++) journal.append("intent", { number: i });
  journal.close();
  const database = new Database(path);
  database.exec(sql);
  database.close();
  expect(verifyJournal(path).fault).toContain(fault);
});

test("a journal that exists is never written over, and a file that is none is refused", () => {
  const { path, journal } = setUp();
  journal.close();
  expect(() => new Journal({ path, clock: new ManualClock() })).toThrow("exists already");
  const other = join(mkdtempSync(join(tmpdir(), "pitlane-journal-")), "notes.txt");
  writeFileSync(other, "not a database at all, but long enough to be looked at as one");
  expect(() => verifyJournal(other)).toThrow(InvalidInputError);
  expect(() => verifyJournal(`${other}.missing`)).toThrow("there is no journal at");
});
