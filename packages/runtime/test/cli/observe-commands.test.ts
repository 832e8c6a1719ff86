import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, expect, test } from "vitest";
import SCHEMA from "../../schema/performance.schema.json" with { type: "json" };
import { placesOf } from "../../src/cli/commands/profile.ts";
import { soakLines } from "../../src/cli/commands/soak.ts";
import { dashboardIn } from "../../src/cli/run-files.ts";
import type { Moment, RunPerformanceReport } from "../../src/index.ts";
import { readSessionFile } from "../../src/session-file.ts";
import { MemoryWatch } from "../../src/soak/memory-watch.ts";
import { run } from "./host.ts";
import { killAll, start } from "./program.ts";

afterEach(killAll);

const STRATEGY = `
import { defineStrategy, lotsWorth } from "pitlane";

export default defineStrategy({
  name: "holder",
  setup(ctx) {
    const instrument = ctx.instruments[0];
    let bought = false;
    ctx.on("quote", { instrument }, ({ bidTicks, askTicks }) => {
      if (bought) return;
      bought = true;
      const sizeLots = lotsWorth(instrument, askTicks, 3n * instrument.minNotional);
      ctx.submit({ instrument, side: "buy", type: "market", sizeLots });
      const priceTicks = Math.floor((bidTicks * 0.9) / instrument.tickIncrement) * instrument.tickIncrement;
      ctx.submit({ instrument, side: "buy", type: "postOnly", priceTicks, sizeLots });
    });
    ctx.on("fill", () => ctx.log("it holds"));
  },
});
`;

async function session() {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-observe-"));
  writeFileSync(join(cwd, "holder.ts"), STRATEGY);
  const started = start(["run", "holder.ts", "--journal", "journal.db", "--no-dashboard"], cwd);
  await started.shows("it holds");
  await expect.poll(() => readSessionFile(cwd)?.pid, { timeout: 20_000 }).toBeDefined();
  return started;
}

const operators = async (cwd: string) => {
  const { out } = await run(["journal", "show", "journal.db", "--kind", "operator"], { cwd });
  return out;
};

test("a running session is profiled by its run, its process or its launcher's, and says so in its journal", {
  timeout: 120_000,
}, async () => {
  const { cwd, child, done } = await session();
  const { pid, launcherPid } = readSessionFile(cwd)!;
  expect(launcherPid).toBe(child.pid);
  expect(pid).not.toBe(child.pid);
  for (const [target, flags, extension] of [
    ["journal.db", ["--cpu", "100ms"], "cpuprofile"],
    [String(pid), ["--alloc", "100ms"], "heapprofile"],
    [String(launcherPid), ["--cpu", "50ms"], "cpuprofile"],
  ] as const) {
    const { code, out, err } = await run(["profile", target, ...flags], { cwd });
    expect({ code, err }).toEqual({ code: 0, err: "" });
    const path = /^profile +(\S+)$/m.exec(out)?.[1] ?? "";
    expect(path.endsWith(extension)).toBe(true);
    expect(JSON.parse(readFileSync(join(cwd, path), "utf8"))).toBeTypeOf("object");
    const page = /^flame +(\S+)$/m.exec(out)?.[1] ?? "";
    const title = extension === "cpuprofile" ? "CPU profile" : "Allocation profile";
    expect(readFileSync(join(cwd, page), "utf8")).toContain(`<h1>${title} of a session</h1>`);
    expect(out).toMatch(/^view +the flame graph in any browser$/m);
  }
  expect(existsSync(join(cwd, "mail"))).toBe(false);
  child.kill("SIGINT");
  expect((await done).code).toBe(0);
  expect(await operators(cwd)).toContain('"action":"profile","kind":"cpu","durationMs":100,"by":"cli"');
  expect(readSessionFile(cwd)).toBeUndefined();
  const { code, out } = await run(["profile", "journal.db"], { cwd });
  expect(code).toBe(1);
  expect(out).toContain("there is nothing to profile");
});

test("a second profile of a session is refused while one is taken", { timeout: 120_000 }, async () => {
  const { cwd, child, done } = await session();
  const first = run(["profile", "journal.db", "--cpu", "8s"], { cwd });
  await expect.poll(async () => (await operators(cwd)).includes("profile"), { timeout: 20_000 }).toBe(true);
  const second = await run(["profile", "journal.db", "--alloc", "50ms"], { cwd });
  expect(second.code).toBe(1);
  expect(second.out).toContain("not taken:");
  expect(second.out).toContain("profile of this thread is being taken");
  expect((await first).code).toBe(0);
  child.kill("SIGINT");
  await done;
});

test("a moment of a run and its report are told while it runs and afterwards", { timeout: 120_000 }, async () => {
  const { cwd, child, done } = await session();
  const samples = () =>
    existsSync(join(cwd, "samples.jsonl")) ? readFileSync(join(cwd, "samples.jsonl"), "utf8") : "";
  await expect.poll(() => samples().includes('"k":"totals"'), { timeout: 20_000 }).toBe(true);
  const now = await run(["inspect", "journal.db", "--json", "-"], { cwd });
  expect(now.code).toBe(0);
  const moment = JSON.parse(now.out) as Moment;
  expect(moment.fills).toBeGreaterThan(0); // a market order may be filled in parts
  expect(moment).toMatchObject({
    run: { isOver: false, strategies: ["holder"] },
    orders: [{ side: "buy", type: "postOnly", strategy: "holder" }],
    plugins: [{ name: "holder" }],
  });
  expect((await run(["report", "journal.db"], { cwd })).out).toContain("order execution, p99");
  child.kill("SIGINT");
  await done;
  const then = await run(["inspect", "journal.db", "--at", "+0s"], { cwd });
  expect(then.out).toContain("0.000 s after its start");
  expect(then.out).toContain("open       none");
  const told = await run(["report", "journal.db", "--json", "r.json", "--html", "r.html"], { cwd });
  expect(told).toMatchObject({ code: 0, err: "" });
  const report = JSON.parse(readFileSync(join(cwd, "r.json"), "utf8")) as RunPerformanceReport;
  const check = new Ajv2020({ strict: false }).compile(SCHEMA);
  expect(check(report), JSON.stringify(check.errors)).toBe(true);
  expect(report.processes[0]).toMatchObject({ orders: { submitted: 2, filled: 1 } });
  expect(readFileSync(join(cwd, "r.html"), "utf8")).toContain("Service level");
  const day = new Date(report.fromUs / 1000).toISOString().slice(0, 10);
  expect((await run(["report", "--day", day], { cwd })).out).toContain(`day ${day}`);
});

test("what makes no sense is bad usage, and what is not there is named", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-observe-"));
  const errors = [
    [["profile", "x"], "there is no run x"],
    [["profile", "123456"], "process 123456 is no session of"],
    [["profile", "--cpu", "--heap"], "take one at a time"],
    [["profile", "--cpu", "soon"], "--cpu must be a time"],
    [["profile", "--alloc", "2h"], "--alloc is one hour at most"],
    [["inspect", "x"], "there is no run x"],
    [["report"], "there is no run in"],
    [["report", "--day", "2026-02-30"], "--day must be a day"],
    [["report", "--day", "2026-02-03"], "has a sample of 2026-02-03"],
    [["report", "x", "--day", "2026-02-03"], "leave the run out"],
    [["soak", "--duration", "10s"], "--duration must be 1m at least"],
    [["soak", "--max-growth", "much"], "--max-growth must be MiB an hour"],
    [["bench", "updates", "--updates", "5"], "--updates must be"],
  ] as const;
  for (const [args, message] of errors) {
    const { code, err } = await run(args, { cwd });
    expect({ args, code }).toEqual({ args, code: 2 });
    expect(err).toContain(message);
  }
});

test("a profile is told where it can be seen: in the dashboard where there is one, in Chrome by its kind", () => {
  expect(placesOf("cpu", "cpu-1.cpuprofile", null)).toEqual([
    "the flame graph in any browser",
    "Chrome: F12, Performance, Load profile",
  ]);
  expect(placesOf("allocations", "a+b.heapprofile", "http://127.0.0.1:7070")).toEqual([
    "the flame graph in any browser",
    "http://127.0.0.1:7070/#/memory?profile=a%2Bb.heapprofile while the session runs",
    "Chrome: F12, Memory, Load profile",
  ]);
  expect(placesOf("heap", "h.heapsnapshot", "http://127.0.0.1:7070")).toEqual([
    "http://127.0.0.1:7070/#/memory?profile=h.heapsnapshot while the session runs",
    "Chrome: F12, Memory, Load profile",
  ]);
});

test("the dashboard's address is told without its token", () => {
  expect(dashboardIn(["dashboard: http://127.0.0.1:8100/#token=secret", "port 8099 is taken"])).toBe(
    "http://127.0.0.1:8100",
  );
  expect(dashboardIn(["metrics http://127.0.0.1:9464/metrics"])).toBeNull();
  expect(dashboardIn([])).toBeNull();
});

test("a soak says what it found in words, with its basis", () => {
  const watch = new MemoryWatch({ blockReadings: 2, secondsPerReading: 1 });
  for (let i = 0; i < 40; i++) watch.add({ heapUsed: 30e6 + 20_000 * i, external: 5e6, rss: 90e6 + (i % 3) });
  const lines = soakLines(watch.findings(8 * 2 ** 20), 8, 2);
  expect(lines[0]).toContain("growing: growth is above the limit of 8 MiB an hour");
  expect(lines[1]).toMatch(/^heapUsed +68\.66 MiB\/h, 95 % 68\.66 to 68\.66, from 20 blocks of 2 s, worth 20/);
  expect(lines[2]).toContain("; flat");
  expect(lines[3]).toContain("; shown only");
});
