import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, copyFileSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { type Clock, createSystemClock, PitlaneError } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { expect, onTestFinished, test } from "vitest";
import type { JournalRow } from "../../src/journal/chain.ts";
import { JournalCorruptError, JournalError } from "../../src/journal/errors.ts";
import { Journal } from "../../src/journal/journal.ts";
import { readRows } from "../../src/journal/read.ts";
import { verifyJournal } from "../../src/journal/verify.ts";
import { newFolder } from "./support.ts";

const WRITER = fileURLToPath(new URL("writer-process.mjs", import.meta.url));
const clock = new ManualClock();

/** A journal of `rows` rows, some of them large, with a commit every third; still open. */
function written(rows: number, path = join(newFolder(), "journal.db")) {
  const journal = Journal.create({ path, clock });
  for (let i = 1; i <= rows; i++) {
    if (i % 10 === 0) journal.snapshot({ after: i });
    else journal.append("note", { number: i, text: "x".repeat((i % 5) * 700) });
    if (i % 3 === 0) journal.commit();
  }
  journal.commit();
  return { path, journal, rows: [...readRows(path)] };
}

function copyOf(path: string, parts: readonly string[]): string {
  const copy = join(newFolder(), "journal.db");
  for (const part of parts) copyFileSync(`${path}${part}`, `${copy}${part}`);
  return copy;
}

/** Resumes, writes on, and proves that nothing of what was there has changed. */
function resumeAndProve(
  path: string,
  before: readonly JournalRow[],
  at: Pick<Clock, "nowUs" | "monotonicNs"> = clock,
): void {
  const journal = Journal.resume({ path, clock: at });
  expect(journal.events).toBe(before.length);
  journal.append("run.resume", {});
  journal.close();
  expect(verifyJournal(path)).toMatchObject({
    events: before.length + 1,
    headHash: journal.headHash,
    fault: undefined,
  });
  expect([...readRows(path, { untilSeq: before.length })]).toEqual(before);
}

/** A process that writes a journal; its lines can be awaited one by one. */
function startWriter(verb: "create" | "resume", path: string) {
  const child = spawn(process.execPath, ["--conditions=@pitlane/source", WRITER, verb, path], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  return {
    child,
    ended,
    line: async () => (await lines.next()).value as string,
    say: (text: string) => child.stdin.write(`${text}\n`),
  };
}

test("what a resumed journal says of itself: rows, last time and kind, the last snapshot, how the last writer left", () => {
  const { path, journal } = written(25);
  journal.close();
  const closed = Journal.resume({ path, clock });
  expect(closed.recovery).toEqual({
    events: 25,
    lastAtUs: clock.nowUs(),
    lastKind: "note",
    lastSnapshotSeq: 20,
    walBytes: 0,
  });
  expect(closed.headHash).toBe(journal.headHash);
  closed.close();
  const killed = copyOf(written(4).path, ["", "-wal"]);
  const again = Journal.resume({ path: killed, clock });
  expect(again.recovery).toMatchObject({ events: 4, lastSnapshotSeq: undefined });
  expect(again.recovery?.walBytes).toBeGreaterThan(0);
  again.close();
});

test("torn tail: a write-ahead log cut anywhere leaves whole commits, and the run goes on from there", () => {
  const { path, journal, rows } = written(40);
  const walBytes = statSync(`${path}-wal`).size;
  const found = new Set<number>();
  fc.assert(
    fc.property(fc.integer({ min: 0, max: walBytes }), (bytes) => {
      const copy = copyOf(path, ["", "-wal"]);
      truncateSync(`${copy}-wal`, bytes);
      const { events, fault } = verifyJournal(copy);
      expect(fault).toBeUndefined();
      expect(events === rows.length || events % 3 === 0).toBe(true); // commits were of three rows
      found.add(events);
      resumeAndProve(copy, rows.slice(0, events));
    }),
    { numRuns: 30 },
  );
  expect(found.size).toBeGreaterThan(5);
  journal.close();
});

test("torn tail: garbage after the end of the file is no part of it", () => {
  const { path, journal, rows } = written(40);
  journal.close();
  appendFileSync(path, Buffer.alloc(10_000, 0xa5));
  resumeAndProve(path, rows);
});

test("a process killed while it created the journal leaves one without rows", () => {
  const path = join(newFolder(), "journal.db");
  writeFileSync(path, "");
  expect(verifyJournal(path)).toMatchObject({ events: 0, fault: undefined });
  expect([...readRows(path)]).toEqual([]);
  resumeAndProve(path, []);
});

test("corrupt page: the first bad event is named, what is before it can still be read, and nothing is written", () => {
  const { path, journal, rows } = written(400);
  journal.close();
  const bytes = readFileSync(path);
  const page = Math.floor(bytes.length / 4096 / 2) * 4096;
  bytes.fill(0xff, page, page + 4096);
  writeFileSync(path, bytes);
  const failure = failureOf(() => Journal.resume({ path, clock }));
  expect(failure).toBeInstanceOf(JournalCorruptError);
  const { firstBadSeq, intactRows, message } = failure as JournalCorruptError;
  expect(firstBadSeq).toBe(intactRows + 1);
  expect(firstBadSeq).toBeGreaterThan(20);
  expect(firstBadSeq).toBeLessThan(380);
  expect(message).toContain(`event ${firstBadSeq}`);
  expect(message).toContain(`pitlane journal export ${path} --until ${intactRows} --format jsonl --out saved.jsonl`);
  expect([...readRows(path, { untilSeq: intactRows })]).toEqual(rows.slice(0, intactRows));
  expect(() => [...readRows(path)]).toThrow(expect.objectContaining({ code: "JOURNAL_CORRUPT", firstBadSeq }));
  expect(verifyJournal(path)).toMatchObject({ events: intactRows, fault: expect.stringContaining("cannot be read") });
  expect(readFileSync(path).equals(bytes)).toBe(true);
});

test("corrupt page: bytes flipped anywhere are found or were of no use", () => {
  const { path, journal, rows } = written(120);
  journal.close();
  const good = readFileSync(path);
  let refused = 0;
  fc.assert(
    fc.property(
      fc.nat(good.length - 1),
      fc.integer({ min: 1, max: 64 }),
      fc.integer({ min: 1, max: 255 }),
      (at, length, mask) => {
        const copy = join(newFolder(), "journal.db");
        const bytes = Buffer.from(good);
        for (let i = at; i < Math.min(at + length, bytes.length); i++) bytes[i]! ^= mask;
        writeFileSync(copy, bytes);
        const failure = failureOf(() => Journal.resume({ path: copy, clock }).close());
        if (failure === undefined) {
          expect([...readRows(copy)]).toEqual(rows);
          return;
        }
        expect(failure).toBeInstanceOf(PitlaneError);
        refused++;
        if (!(failure instanceof JournalCorruptError) || failure.intactRows === 0) return;
        expect([...readRows(copy, { untilSeq: failure.intactRows })]).toEqual(rows.slice(0, failure.intactRows));
      },
    ),
    { numRuns: 150 },
  );
  expect(refused).toBeGreaterThan(50);
});

test("clock moved back between two runs: time goes on from the last event's, and that is noted", () => {
  const { path, journal, rows } = written(5);
  journal.close();
  const lastAtUs = rows.at(-1)!.atUs;
  const back = Journal.resume({ path, clock: { nowUs: () => lastAtUs - 3_600_000_000, monotonicNs: () => 0 } });
  expect(back.nowUs()).toBe(lastAtUs);
  back.append("run.resume", {});
  back.close();
  expect([...readRows(path, { fromSeq: 6 })].map(({ kind, atUs }) => [kind, atUs])).toEqual([
    ["clock", lastAtUs],
    ["run.resume", lastAtUs],
  ]);
  expect(verifyJournal(path).fault).toBeUndefined();
});

test("two writers: the second, in this process or in another, is refused and told who the first is", async () => {
  const path = join(newFolder(), "journal.db");
  const first = startWriter("create", path);
  expect(await first.line()).toBe("opened 0");
  const refusal = { code: "JOURNAL_LOCKED", retryable: true, pid: first.child.pid };
  expect(() => Journal.resume({ path, clock })).toThrow(expect.objectContaining(refusal));
  const second = startWriter("resume", path);
  expect(JSON.parse((await second.line()).replace("refused ", ""))).toMatchObject({
    code: "JOURNAL_LOCKED",
    pid: first.child.pid,
    message: expect.stringContaining(`in use by process ${first.child.pid}`),
  });
  // The refused one took nothing from the first, and readers are not in anybody's way.
  first.say("5");
  expect(await first.line()).toBe("committed 5");
  expect([...readRows(path)]).toHaveLength(5);
  first.child.stdin.end();
  await first.ended;
  const own = Journal.resume({ path, clock });
  expect(() => Journal.resume({ path, clock })).toThrow(
    expect.objectContaining({ code: "JOURNAL_LOCKED", pid: process.pid }),
  );
  own.close();
}, 60_000);

test("a killed writer loses nothing that it had committed, and its lock goes with it", async () => {
  const path = join(newFolder(), "journal.db");
  let events = 0;
  for (const rows of ["7", "2500", "1"]) {
    const writer = startWriter(events === 0 ? "create" : "resume", path);
    expect(await writer.line()).toBe(`opened ${events}`);
    writer.say(rows);
    events += Number(rows);
    expect(await writer.line()).toBe(`committed ${events}`);
    writer.child.kill("SIGKILL");
    await writer.ended;
    expect(verifyJournal(path)).toMatchObject({ events, fault: undefined });
  }
  resumeAndProve(path, [...readRows(path)], createSystemClock());
}, 60_000);

const fullDisk = mountable();

test.skipIf(fullDisk !== "yes")(`disk full: nothing is torn, and it goes on once there is room (${fullDisk})`, () => {
  const mount = join(newFolder(), "small");
  mkdirSync(mount);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=512k", "tmpfs", mount]);
  onTestFinished(() => void execFileSync("umount", ["-l", mount]));
  const filler = join(mount, "filler");
  writeFileSync(filler, Buffer.alloc(100_000));
  const path = join(mount, "journal.db");
  const journal = Journal.create({ path, clock });
  let committed = 0;
  const failure = failureOf(() => {
    for (let i = 0; i < 10_000; i++) {
      journal.append("note", { number: i, text: "x".repeat(500) });
      journal.commit();
      committed = journal.events;
    }
  });
  expect(failure).toBeInstanceOf(JournalError);
  expect(failure?.message).toContain(`cannot write the journal ${path}`);
  expect(committed).toBeGreaterThan(50);
  expect(verifyJournal(path)).toMatchObject({ events: committed, headHash: journal.headHash, fault: undefined });
  // What waits is kept up to a bound, and then refused instead of growing without end.
  const text = "x".repeat(1024 * 1024);
  const refused = failureOf(() => {
    for (let i = 0; i < 50; i++) journal.append("note", { text });
  });
  expect(refused?.message).toContain("no more are taken");
  expect(failureOf(() => journal.commit())).toBeInstanceOf(JournalError);
  const waiting = journal.events - committed;
  expect(waiting).toBeLessThan(20);
  execFileSync("mount", ["-o", "remount,size=64m", mount]);
  journal.commit();
  expect(verifyJournal(path)).toMatchObject({
    events: committed + waiting,
    headHash: journal.headHash,
    fault: undefined,
  });
  journal.close();
  resumeAndProve(path, [...readRows(path)]);
});

test.skipIf(fullDisk !== "yes")(`disk full at the close: it says so, and lets the journal go (${fullDisk})`, () => {
  const mount = join(newFolder(), "small");
  mkdirSync(mount);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=256k", "tmpfs", mount]);
  onTestFinished(() => void execFileSync("umount", ["-l", mount]));
  const path = join(mount, "journal.db");
  const journal = Journal.create({ path, clock });
  journal.append("run.start", {});
  journal.commit();
  journal.append("note", { text: "x".repeat(500_000) });
  expect(failureOf(() => journal.close())).toBeInstanceOf(JournalError);
  execFileSync("mount", ["-o", "remount,size=64m", mount]);
  resumeAndProve(path, [...readRows(path)]);
  expect([...readRows(path)]).toHaveLength(2);
});

/** "yes" when this process may mount a small file system of its own, else why not. */
function mountable(): string {
  if (process.getuid?.() !== 0) return "skipped: only root can mount a small disk";
  try {
    execFileSync("unshare", ["-m", "true"], { stdio: "ignore" });
    return "yes";
  } catch {
    return "skipped: mounting is not allowed here";
  }
}

function failureOf(work: () => unknown): Error | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
