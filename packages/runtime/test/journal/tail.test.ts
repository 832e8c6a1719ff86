import { copyFileSync, existsSync, mkdtempSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Journal } from "../../src/journal/journal.ts";
import { readRows } from "../../src/journal/read.ts";
import { readTail, Tail, type TailRow, tailPath } from "../../src/journal/tail.ts";
import { verifyJournal } from "../../src/journal/verify.ts";

function setUp() {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-tail-"));
  const path = join(folder, "journal.db");
  const clock = new ManualClock(1_000_000);
  return { folder, path, clock, journal: Journal.create({ path, clock }) };
}

/** What a process that is killed now would leave: its files, and no lock. */
function killed(path: string, folder: string): string {
  const copy = join(folder, `copy-${Math.floor(statSync(tailPath(path)).size)}.db`);
  for (const suffix of ["", "-wal", "-tail"])
    if (existsSync(`${path}${suffix}`)) copyFileSync(`${path}${suffix}`, `${copy}${suffix}`);
  return copy;
}

const kindsOf = (path: string) => [...readRows(path)].map(({ kind }) => kind);

test("what was secured and never committed is in the journal that a killed process leaves, and its chain holds", () => {
  const { folder, path, journal } = setUp();
  journal.append("a", { n: 1 });
  journal.commit();
  journal.append("b", { n: 2n });
  journal.secure();
  journal.append("c", { text: "ä€" });
  journal.append("d", {});
  journal.secure();
  journal.append("lost", {});
  const left = killed(path, folder);
  expect([...readRows(left)].map(({ kind, body }) => [kind, body])).toEqual([
    ["a", '{"n":1}'],
    ["b", '{"n":"2"}'],
    ["c", '{"text":"ä€"}'],
    ["d", "{}"],
  ]);
  expect(verifyJournal(left)).toMatchObject({ events: 4, fault: undefined });
  expect(existsSync(tailPath(left))).toBe(false);
});

test("secured rows wait for the next commit all the same", () => {
  const { journal } = setUp();
  journal.append("a", {});
  journal.secure();
  journal.append("b", {});
  journal.secure();
  expect(journal.queued).toBe(2);
  journal.commit();
  expect(journal.queued).toBe(0);
  journal.close();
});

test("a tail that began anew over its old records gives what came since, and nothing of those", () => {
  const { folder, path, journal } = setUp();
  const long = { text: "x".repeat(40_000) };
  for (let i = 0; i < 12; i++) {
    journal.append("old", long);
    journal.secure();
    if (i % 3 === 2) journal.commit(); // by then the tail is longer than it need be, once
  }
  journal.append("new", long);
  journal.secure();
  journal.append("new", { n: 1 });
  journal.secure();
  const { size } = statSync(tailPath(path));
  expect(size).toBeLessThan(12 * 40_000);
  const left = killed(path, folder);
  expect(kindsOf(left)).toEqual([...Array.from({ length: 12 }, () => "old"), "new", "new"]);
  expect(verifyJournal(left)).toMatchObject({ events: 14, fault: undefined });
});

test("a run that was killed goes on after its secured rows", () => {
  const { folder, path, clock, journal } = setUp();
  journal.append("a", {});
  journal.secure();
  const left = killed(path, folder);
  const resumed = Journal.resume({ path: left, clock });
  expect(resumed.recovery).toMatchObject({ events: 1, lastKind: "a" });
  expect(resumed.append("b", {})).toBe(2);
  resumed.close();
  expect(kindsOf(left)).toEqual(["a", "b"]);
  expect(verifyJournal(left)).toMatchObject({ events: 2, fault: undefined });
});

test("what was secured and then committed is there once, and an orderly close leaves no tail", () => {
  const { folder, path, journal } = setUp();
  for (const kind of ["a", "b", "c"]) {
    journal.append(kind, {});
    journal.secure();
  }
  journal.commit();
  journal.append("d", {});
  journal.secure();
  expect(kindsOf(killed(path, folder))).toEqual(["a", "b", "c", "d"]);
  journal.close();
  expect(existsSync(tailPath(path))).toBe(false);
  expect(kindsOf(path)).toEqual(["a", "b", "c", "d"]);
});

test("the chain is the same, secured first or not", () => {
  const heads = [true, false].map((isSecured) => {
    const { journal } = setUp();
    journal.append("a", { n: 1 }, 2_000_000);
    if (isSecured) journal.secure();
    journal.append("b", { n: 2 }, 2_000_001);
    journal.commit();
    const { headHash } = journal;
    journal.close();
    return headHash;
  });
  expect(heads[0]).toBe(heads[1]);
});

test("while a session writes it, a reader gets what is committed and leaves its tail alone", () => {
  const { path, journal } = setUp();
  journal.append("a", {});
  journal.commit();
  journal.append("b", {});
  journal.secure();
  expect(kindsOf(path)).toEqual(["a"]);
  journal.close();
  expect(kindsOf(path)).toEqual(["a", "b"]);
});

test("with durability disk what is secured is committed", () => {
  const { folder, clock } = setUp();
  const path = join(folder, "synced.db");
  const journal = Journal.create({ path, clock, durability: "disk" });
  journal.append("a", {});
  journal.secure();
  expect(kindsOf(path)).toEqual(["a"]);
  journal.close();
});

const row = fc.record({
  kind: fc.string({ minLength: 1, maxLength: 20, unit: "binary" }),
  body: fc.oneof(fc.string({ unit: "grapheme" }), fc.uint8Array({ maxLength: 300 })),
  atUs: fc.nat(),
});

test("any rows come back as they were written; a file cut anywhere gives whole records, and nothing else", () => {
  const path = join(mkdtempSync(join(tmpdir(), "pitlane-tail-")), "j");
  fc.assert(
    fc.property(
      fc.array(fc.array(row, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 }),
      fc.nat(),
      (records, cut) => {
        const tail = new Tail(tailPath(path));
        const written: TailRow[] = [];
        const ends: { readonly bytes: number; readonly rows: number }[] = [{ bytes: 0, rows: 0 }];
        for (const rows of records) {
          const from = written.length;
          for (const one of rows) written.push({ ...one, seq: written.length + 1 });
          tail.write(written, from);
          ends.push({ bytes: statSync(tailPath(path)).size, rows: written.length });
        }
        tail.close(false);
        const back = () =>
          [...readTail(path, 0)].map(({ body, ...rest }) => ({
            ...rest,
            body: typeof body === "string" ? body : Uint8Array.from(body),
          }));
        expect(back()).toEqual(written);
        const size = cut % (ends.at(-1)!.bytes + 1);
        truncateSync(tailPath(path), size);
        const whole = ends.filter(({ bytes }) => bytes <= size).at(-1)!;
        expect(back()).toEqual(written.slice(0, whole.rows));
      },
    ),
    { numRuns: 50 },
  );
});

test("rows that do not follow the journal's last one, and records that were changed, are not taken", () => {
  const path = join(mkdtempSync(join(tmpdir(), "pitlane-tail-")), "j");
  const rows = [1, 2, 3].map((seq): TailRow => ({ seq, atUs: seq, kind: "k", body: `{"n":${seq}}` }));
  const tail = new Tail(tailPath(path));
  tail.write(rows, 0);
  tail.close(false);
  expect([...readTail(path, 1)].map(({ seq }) => seq)).toEqual([2, 3]);
  expect([...readTail(path, 3)]).toEqual([]);
  const gap = new Tail(tailPath(path));
  gap.write(rows, 2);
  gap.close(false);
  expect([...readTail(path, 1)]).toEqual([]);
  writeFileSync(tailPath(path), "damaged in some way, and longer than a head");
  expect([...readTail(path, 0)]).toEqual([]);
});
