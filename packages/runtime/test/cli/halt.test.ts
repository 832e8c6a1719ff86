import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Report } from "../../src/index.ts";
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

async function session(...flags: readonly string[]) {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-halt-"));
  writeFileSync(join(cwd, "holder.ts"), STRATEGY);
  const started = start(["run", "holder.ts", "--journal", "journal.db", "--json", "report.json", ...flags], cwd);
  await started.shows("it holds");
  const report = (): Report => JSON.parse(readFileSync(join(cwd, "report.json"), "utf8")) as Report;
  return { ...started, report };
}

test("halt stops a running session: nothing is left open, and it ends with exit code 4 and says why", async () => {
  const { cwd, done, report } = await session();
  const told = await run(["halt", "journal.db", "--reason", "drill"], { cwd });
  expect(told).toMatchObject({ code: 0, err: "" });
  expect(told.out).toContain("halted: the session of");
  const { code, out, err } = await done;
  expect({ code, err }).toEqual({ code: 4, err: "" });
  expect(out).toContain("trading is halted, by cli: drill");
  expect(report()).toMatchObject({
    run: { endedBy: "riskHalted" },
    risk: { state: "halted", reason: "drill", by: "cli" },
    orders: { open: 0, unknown: 0, cancelled: 1 },
  });
});

test("halt --flatten closes what is held before the session ends", async () => {
  const { cwd, done, report } = await session();
  const told = await run(["halt", "journal.db", "--flatten"], { cwd });
  expect(told).toMatchObject({ code: 0, err: "" });
  expect(told.out).toContain("flat: nothing is held that the venue's steps let us close");
  expect(readdirSync(cwd).filter((name) => name.startsWith("halt"))).toEqual([]);
  expect((await done).code).toBe(4);
  const { portfolio, orders } = report();
  expect(orders).toMatchObject({ filled: 2, cancelled: 1, open: 0 });
  expect(Object.values(portfolio.positions)).toEqual(["0"]);
});

test("SIGUSR2 halts, by way of the process that launches the one that trades", async () => {
  const { child, done, report } = await session();
  child.kill("SIGUSR2");
  const { code, out } = await done;
  expect(code).toBe(4);
  expect(out).toContain("gc       calm"); // it trades in another process than the one that has got the signal
  expect(report().risk).toMatchObject({ state: "halted", by: "signal" });
});

test("SIGUSR2 that comes while the session is being opened halts it as soon as it is there", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-halt-"));
  writeFileSync(join(cwd, "holder.ts"), STRATEGY);
  const { child, shows, done } = start(["run", "holder.ts", "--journal", "journal.db"], cwd);
  await shows("on the embedded paper exchange");
  child.kill("SIGUSR2");
  const { code, out } = await done;
  expect(out).toContain("trading is halted, by signal");
  expect(code).toBe(4);
});

test("a session that stays is made reduce-only and trades on when it is let", async () => {
  const { cwd, child, done, shows, report } = await session("--set", "risk.afterHalt=stay");
  expect((await run(["halt", "journal.db", "--reduce-only"], { cwd })).out).toContain("reduce-only: the session of");
  await shows("trading is reduce-only, by cli");
  expect(await run(["resume-trading", "journal.db", "--reason", "all clear"], { cwd })).toMatchObject({ code: 0 });
  await shows("trading is active, by cli: all clear");
  child.kill("SIGINT");
  expect((await done).code).toBe(0);
  expect(report().risk).toMatchObject({ state: "active", reason: "all clear" });
});

test("a halt of a run whose session was killed says so at once, and leaves nothing for a later one", async () => {
  const { cwd, child, done } = await session();
  child.kill("SIGKILL");
  await done;
  const startedMs = performance.now();
  const told = await run(["halt", "journal.db"], { cwd });
  expect(performance.now() - startedMs).toBeLessThan(2000);
  expect(told.code).toBe(1);
  expect(told.out).toContain("has ended: nobody was told anything; no session lives here");
  expect(readdirSync(cwd)).not.toContain("halt");
  expect((await run(["halt"], { cwd })).err).toContain("no session runs in");
});

test("a file left by hand halts the session that goes on with the run", { timeout: 120_000 }, async () => {
  const { cwd, child, done } = await session();
  child.kill("SIGKILL");
  await done;
  writeFileSync(join(cwd, "halt"), "by hand");
  const next = await start(["run", "holder.ts", "--resume", "journal.db", "--json", "report.json"], cwd).done;
  expect(next.code).toBe(4);
  expect(existsSync(join(cwd, "halt"))).toBe(false);
});

test("a second halt is heard as the first one; after the end nobody hears it", { timeout: 120_000 }, async () => {
  const { cwd, child, done, report } = await session("--set", "risk.afterHalt=stay");
  for (const reason of ["first", "second"])
    expect(await run(["halt", "journal.db", "--reason", reason], { cwd })).toMatchObject({ code: 0, err: "" });
  child.kill("SIGINT");
  expect((await done).code).toBe(0);
  expect(report()).toMatchObject({
    risk: { state: "halted", reason: "second", by: "cli" },
    orders: { open: 0, cancelled: 1 },
    faults: [],
  });
  const told = await run(["halt", "journal.db"], { cwd });
  expect(told.code).toBe(1);
  expect(existsSync(join(cwd, "halt"))).toBe(false);
});

test("without a name the session that lives is told, not the newer run that has ended; of several none is chosen", {
  timeout: 120_000,
}, async () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-halt-"));
  writeFileSync(join(cwd, "holder.ts"), STRATEGY);
  const trade = async (...flags: readonly string[]) => {
    const started = start(["run", "holder.ts", "--set", "risk.afterHalt=stay", ...flags], cwd);
    await started.shows("it holds");
    return started;
  };
  const runs = join(cwd, ".pitlane", "runs");
  const older = await trade();
  const live = readdirSync(runs)[0]!;
  const newer = await trade("--duration", "1s");
  expect((await newer.done).code).toBe(0);
  const dead = readdirSync(runs).find((id) => id !== live)!;
  const told = await run(["halt"], { cwd });
  expect({ code: told.code, err: told.err }).toEqual({ code: 0, err: "" });
  expect(told.out).toContain(live);
  await older.shows("trading is halted, by cli");
  expect(await run(["resume-trading"], { cwd })).toMatchObject({ code: 0 });
  await older.shows("trading is active, by cli");

  const second = await trade();
  const several = await run(["halt"], { cwd });
  const ids = readdirSync(runs);
  expect(several).toMatchObject({ code: 2 });
  expect(several.err).toContain("2 sessions run here");
  for (const id of ids) expect(several.err.includes(id)).toBe(id !== dead);
  expect(several.err).toContain("name the one that is meant, or say --all");
  for (const id of ids) expect(readdirSync(join(runs, id))).not.toContain("halt");

  expect(await run(["halt", "--all", "--reason", "every one"], { cwd })).toMatchObject({ code: 0 });
  await Promise.all([older, second].map(({ shows }) => shows("trading is halted, by cli: every one")));
  expect((await run(["halt", "--all", live], { cwd })).err).toContain("leave the run out, or --all");
  const ended = await run(["halt", dead], { cwd });
  expect(ended.code).toBe(1);
  expect(ended.out).toContain("those that live here");
  for (const { child, done } of [older, second]) {
    child.kill("SIGINT");
    await done;
  }
});

test("what makes no sense together, and a run that is not there, are bad usage", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-halt-"));
  expect(await run(["halt", "x", "--flatten", "--reduce-only"], { cwd })).toMatchObject({ code: 2 });
  expect((await run(["halt", "x"], { cwd })).err).toContain("there is no run x");
  expect((await run(["halt"], { cwd })).err).toContain("name the run's folder or its journal");
});
