import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { usableCores } from "../../src/cpu-quota.ts";
import type { Report } from "../../src/index.ts";
import { verifyJournal } from "../../src/index.ts";
import { killAll, start } from "./program.ts";

afterEach(killAll);

const reportIn = (cwd: string): Report => JSON.parse(readFileSync(join(cwd, "out.json"), "utf8")) as Report;

test("start trades both strategies for the asked time and reports", async () => {
  const { done } = start(["start", "--duration", "6s", "--json", "out.json", "--seed", "5"]);
  const { code, out, err, cwd } = await done;
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const report = reportIn(cwd);
  expect(report.run).toMatchObject({
    mode: "paper",
    seed: 5,
    strategies: ["market-maker", "momentum"],
    endedBy: "duration",
  });
  expect(report.market).toMatchObject({ gaps: 0, resyncs: 0 });
  expect(report.market.events).toBeGreaterThan(100);
  expect(report.fills.count).toBeGreaterThan(0);
  expect(report.orders).toMatchObject({ unknown: 0, duplicated: 0, open: 0 });
  expect(report.faults).toEqual([]);
  expect(verifyJournal(report.journal.path)).toMatchObject({
    events: report.journal.events,
    headHash: report.journal.headHash,
    fault: undefined,
  });
  expect(out).toContain("events/s");
  expect(out).toContain("tick-to-order p50");
  if (usableCores() >= 2) expect(out).toContain("polling  no sleep while 800 market events a second come");
  expect(out).not.toContain("\r");
});

test.each(["SIGINT", "SIGTERM"] as const)("%s closes in order and still writes the report", async (signal) => {
  const { child, done, shows } = start(["start", "--json", "out.json", "--busy-poll", "never"]);
  await shows("events/s");
  child.kill(signal);
  child.kill(signal); // as a terminal and npm both send it
  const { code, out, cwd } = await done;
  expect(code).toBe(0);
  expect(out).toContain("ended by signal");
  expect(out).not.toContain("polling");
  const report = reportIn(cwd);
  expect(report.run.endedBy).toBe("signal");
  expect(report.orders).toMatchObject({ open: 0, unknown: 0 });
  expect(verifyJournal(report.journal.path).fault).toBeUndefined();
});

test("when the reader of its output goes, the session closes in order", async () => {
  const { child, done, shows, cwd } = start(["start", "--json", "out.json"]);
  await shows("first event");
  child.stdout.destroy();
  const { code, err } = await done;
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(reportIn(cwd).run.endedBy).toBe("outputClosed");
});

test("a session that is killed leaves an intact journal, which can be verified", async () => {
  const { child, done, shows, cwd } = start(["start", "--journal", "killed.db"]);
  await shows("fills");
  child.kill("SIGKILL");
  await done;
  const { code, out } = await start(["journal", "verify", "killed.db"], cwd).done;
  expect(code).toBe(0);
  expect(out).toMatch(/^intact: \d+ events, head [0-9a-f]{64}\n$/);
  expect(verifyJournal(join(cwd, "killed.db")).events).toBeGreaterThan(1);
  const several = await start(["journal", "verify", "killed.db", "killed.db"], cwd).done;
  expect(several.code).toBe(0);
  expect(several.out).toMatch(/^(killed\.db: intact: \d+ events, head [0-9a-f]{64}\n){2}$/);
});

test("run takes a TypeScript file from any folder, without a build", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-cli-"));
  mkdirSync(join(cwd, "lib"));
  writeFileSync(join(cwd, "lib", "size.ts"), "export enum Size { Small = 2 }\n");
  writeFileSync(
    join(cwd, "mine.ts"),
    `import { defineStrategy, lotsWorth } from "pitlane";
     import { Size } from "./lib/size.ts";
     export default defineStrategy({
       name: "mine",
       setup(ctx) {
         const instrument = ctx.instruments[0]!;
         ctx.on("quote", { instrument }, (quote) => {
           if (ctx.openOrders().length > 0 || ctx.positionLots(instrument) > 0) return;
           const sizeLots: number = lotsWorth(instrument, quote.askTicks, BigInt(Size.Small) * instrument.minNotional);
           ctx.submit({ instrument, side: "buy", type: "market", sizeLots });
         });
         ctx.on("fill", () => ctx.log("filled"));
       },
     });`,
  );
  const { done, shows, child } = start(["run", "./mine.ts", "--json", "out.json"], cwd);
  await shows("mine: filled");
  child.kill("SIGINT");
  const { code } = await done;
  expect(code).toBe(0);
  expect(reportIn(cwd)).toMatchObject({ run: { strategies: ["mine"] }, faults: [] });
});

test("exchange prints its addresses and demo key, and answers", async () => {
  const { child, done, shows } = start(["exchange"]);
  const out = await shows("API secret");
  const rest = /REST\s+(\S+)/.exec(out)?.[1];
  const answer = await fetch(`${rest}/ping`);
  expect(answer.status).toBe(200);
  expect(out).toMatch(/API key\s+\w{64}/);
  await shows("stop with Ctrl-C");
  child.kill("SIGTERM");
  expect((await done).code).toBe(0);
});

test.each([
  ["an unknown flag", ["start", "--durration", "5s"], "unknown option '--durration'"],
  ["an unknown command", ["begin"], "unknown command 'begin'"],
  ["no file to run", ["run"], "missing required argument 'file'"],
  ["a wrong way to poll", ["start", "--busy-poll", "often"], "Allowed choices are auto, always, never"],
  ["a wrong duration", ["start", "--duration", "soon"], "--duration must be a time from 1ms to 720h"],
  ["a wrong seed", ["start", "--seed", "-1"], "--seed"],
  ["a missing strategy", ["run", "./nothing.ts"], "there is no file ./nothing.ts"],
  ["a missing recording", ["start", "--recording", "nothing.gz"], "nothing.gz"],
  ["a folder as report", ["start", "--json", "."], "is a folder"],
  ["a report in a folder that is not there", ["start", "--json", "no/such/folder/out.json"], "cannot be written"],
  ["a missing journal", ["journal", "verify", "nothing.db"], "there is no journal at"],
])("%s ends with one clear message and code 2", async (_, args, message) => {
  const { code, out, err, cwd } = await start(args).done;
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect(err).not.toMatch(/\n\s+at /);
  expect(out).toBe("");
  expect(existsSync(join(cwd, ".pitlane"))).toBe(false);
});

test("a strategy that throws at load or in setup is named with file and reason, and --debug shows the stack", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-cli-"));
  writeFileSync(join(cwd, "throws.ts"), '\nthrow new RangeError("too far");\n');
  writeFileSync(join(cwd, "empty.ts"), "export const nothing = 1;\n");
  writeFileSync(join(cwd, "syntax.ts"), "export default {;\n");
  writeFileSync(
    join(cwd, "setup.ts"),
    'import { defineStrategy } from "pitlane";\nexport default defineStrategy({ name: "late", setup(ctx) { ctx.instrument("ZZZ/USDT"); } });\n',
  );
  const ends = async (...args: string[]) => {
    const { code, err } = await start(["run", ...args], cwd).done;
    return { code, err };
  };
  expect(await ends("./throws.ts")).toEqual({
    code: 2,
    err: expect.stringMatching(/^error: \.\/throws\.ts failed while loading \(line 2\): RangeError: too far\. Fix it/),
  });
  expect((await ends("./throws.ts", "--debug")).err).toMatch(/\n\s+at /);
  expect(await ends("./empty.ts")).toEqual({ code: 2, err: expect.stringContaining("./empty.ts exports no strategy") });
  expect(await ends("./syntax.ts")).toEqual({
    code: 2,
    err: expect.stringContaining("./syntax.ts failed while loading"),
  });
  expect(await ends("./setup.ts")).toEqual({
    code: 2,
    err: expect.stringContaining("strategy late failed in setup: no instrument ZZZ/USDT"),
  });
});

test("a port in use is named with the remedy", async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const { code, err } = await start(["exchange", "--port", String(port)]).done;
  server.close();
  expect(code).toBe(2);
  expect(err).toContain(`port ${port}`);
});

test("wrong config values are all listed with their paths", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-cli-"));
  writeFileSync(
    join(cwd, "pitlane.config.ts"),
    'import { defineConfig } from "pitlane";\nexport default defineConfig({ seed: 2 ** 40, risk: { maxOrderNotional: "-5" } });\n',
  );
  const { code, err } = await start(["start"], cwd).done;
  expect(code).toBe(2);
  expect(err).toContain("pitlane.config.ts has wrong values:");
  expect(err).toContain("seed:");
  expect(err).toContain("risk.maxOrderNotional:");
  writeFileSync(
    join(cwd, "pitlane.config.ts"),
    'export default { strategies: [{ use: "@pitlane/plugin-strategies", config: { momentum: { entryBps: 0 } } }] };\n',
  );
  const strategies = await start(["start"], cwd).done;
  expect(strategies.code).toBe(2);
  expect(strategies.err).toContain(
    "the config of strategy momentum is wrong:\n  strategies[0].config.momentum.entryBps:",
  );
});

test("a corrupt line of a recording is named with file and line", async () => {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-cli-"));
  const frame =
    '1721749182850494 {"stream":"aaausdt@bookTicker","data":{"u":1,"s":"AAAUSDT","b":"1.00","B":"1","a":"1.01","A":"1"}}';
  writeFileSync(join(cwd, "session.txt"), `${frame}\n${frame.slice(0, 60)}\n`);
  const { code, err } = await start(["start", "--recording", "session.txt"], cwd).done;
  expect(code).toBe(2);
  expect(err).toMatch(/session\.txt:2\b/);
  expect(existsSync(join(cwd, ".pitlane"))).toBe(false);
});
