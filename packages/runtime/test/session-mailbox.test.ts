import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, expect, test } from "vitest";
import {
  findSession,
  isRunning,
  readSessionFile,
  removeSessionFile,
  runFolders,
  writeSessionFile,
} from "../src/session-file.ts";
import {
  isRequestLeft,
  leaveRequest,
  openMailbox,
  parseRequest,
  type SessionRequest,
  takeAnswer,
  withdraw,
} from "../src/session-mailbox.ts";

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const REQUEST: SessionRequest = { kind: "profile", profile: "cpu", durationMs: 10, by: "cli" };

function setUp(perform: (request: SessionRequest, signal: AbortSignal) => Promise<string>) {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-mail-"));
  const faults: string[] = [];
  const close = openMailbox({ folder, perform, onFault: (message) => faults.push(message) });
  closers.push(close);
  const answered = (id: string) => expect.poll(() => takeAnswer(folder, id));
  return { folder, faults, close, answered };
}

test("a request is heard, performed and answered, and no file stays", async () => {
  const seen: SessionRequest[] = [];
  const { folder, answered, faults } = setUp(async (request) => {
    seen.push(request);
    return "/run/cpu.cpuprofile";
  });
  const id = leaveRequest(folder, REQUEST);
  expect(isRequestLeft(folder, id)).toBe(true);
  await answered(id).toEqual({ path: "/run/cpu.cpuprofile" });
  expect(seen).toEqual([REQUEST]);
  expect(readdirSync(folder)).toEqual([]);
  expect(faults).toEqual([]);
});

test("an answer comes when those of others were taken before it, and their folder with them", async () => {
  let finish: (path: string) => void = () => {};
  const waits = new Promise<string>((resolve) => {
    finish = resolve;
  });
  const { folder, answered, faults } = setUp(({ profile }) => (profile === "cpu" ? waits : Promise.resolve("quick")));
  const slow = leaveRequest(folder, REQUEST);
  await answered(leaveRequest(folder, { ...REQUEST, profile: "heap" })).toEqual({ path: "quick" });
  await expect.poll(() => existsSync(join(folder, "mail"))).toBe(false);
  finish("slow");
  await answered(slow).toEqual({ path: "slow" });
  expect(faults).toEqual([]);
});

test("what goes wrong is the answer", async () => {
  const { folder, answered } = setUp(() => Promise.reject(new Error("a cpu profile of this thread is being taken")));
  await answered(leaveRequest(folder, REQUEST)).toEqual({ error: "a cpu profile of this thread is being taken" });
});

test("what is no request is refused, with what is wrong with it", async () => {
  const { folder, answered } = setUp(async () => "never");
  const put = (id: string, text: string) => {
    mkdirSync(join(folder, "mail"), { recursive: true });
    writeFileSync(join(folder, "mail", `${id}.request.json`), text);
    return id;
  };
  await answered(put("a", "no json")).toEqual({ error: "the request is no JSON" });
  await answered(put("b", JSON.stringify({ ...REQUEST, profile: "all" }))).toEqual({
    error: 'profile must be cpu, heap or allocations; got "all"',
  });
  await answered(put("c", `"${"x".repeat(5_000)}"`)).toEqual({ error: "a request has 4096 bytes at most" });
});

test("more requests than it holds are refused", async () => {
  const { folder, answered, close } = setUp(
    (_, signal) => new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason))),
  );
  const ids = Array.from({ length: 9 }, () => leaveRequest(folder, REQUEST));
  const refused = () => readdirSync(join(folder, "mail")).filter((name) => name.endsWith(".answer.json")).length;
  await expect.poll(refused).toBe(1);
  await close();
  const answers = ids.map((id) => takeAnswer(folder, id));
  expect(
    answers.filter((answer) => answer !== undefined && "error" in answer && answer.error === "the session has ended"),
  ).toHaveLength(8);
  expect(answered).toBeDefined();
});

test("a request of which nothing is heard can be taken back", () => {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-mail-"));
  const id = leaveRequest(folder, REQUEST);
  withdraw(folder, id);
  expect(existsSync(join(folder, "mail"))).toBe(false);
  withdraw(folder, id); // once more does no harm
});

test("anything at all is a request or says what is wrong with it", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const parsed = parseRequest(value);
      expect("error" in parsed || parsed.kind === "profile").toBe(true);
    }),
  );
  expect(parseRequest({ ...REQUEST, by: 5 })).toEqual({ ...REQUEST, by: "file" });
  expect(parseRequest({ ...REQUEST, durationMs: Number.NaN })).toHaveProperty("error");
});

test("a session is found by its process and by its launcher's, for as long as it runs", () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-session-"));
  const folder = join(cwd, ".pitlane", "runs", "20260101-000000-aaaa");
  mkdirSync(folder, { recursive: true });
  const session = { run: "r", pid: process.pid, launcherPid: 4_000_000, startedAtUs: 5, dashboard: null, version: "1" };
  writeSessionFile(folder, session);
  expect(readSessionFile(folder)).toEqual(session);
  expect(findSession(runFolders(cwd), process.pid)).toBe(folder);
  expect(findSession(runFolders(cwd), 4_000_000)).toBe(folder);
  expect(findSession(runFolders(cwd), 1)).toBeUndefined();
  removeSessionFile(folder, 7); // another process has taken the run over
  expect(readSessionFile(folder)).toEqual(session);
  removeSessionFile(folder, process.pid);
  expect(readSessionFile(folder)).toBeUndefined();
});

test("a file that is no session's is none, and a process that has ended does not run", () => {
  const folder = mkdtempSync(join(tmpdir(), "pitlane-session-"));
  for (const text of ["", "5", "null", '{"run":"r","pid":0,"startedAtUs":1}', '{"run":"r","pid":"7"}']) {
    writeFileSync(join(folder, "session.json"), text);
    expect(readSessionFile(folder)).toBeUndefined();
  }
  expect(isRunning({ pid: process.pid })).toBe(true);
  expect(isRunning({ pid: 4_194_305 })).toBe(false); // beyond the largest process id of Linux
  expect(readFileSync(join(folder, "session.json"), "utf8")).toContain("pid");
});
