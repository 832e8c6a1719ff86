import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, expect, test } from "vitest";
import type { BacktestReport } from "../../src/backtest/backtest-report.ts";
import { runProgram } from "../../src/cli/main.ts";
import { BAR_STRATEGY, waveCandles } from "../backtest/files.ts";
import { run } from "./host.ts";
import { killAll, start } from "./program.ts";

afterAll(killAll);

const schema = (name: string) => JSON.parse(readFileSync(new URL(`../../schema/${name}`, import.meta.url), "utf8"));
const validate = new Ajv2020().compile(schema("backtest.schema.json"));

function folder(candles = 600): string {
  const cwd = mkdtempSync(join(tmpdir(), "pitlane-backtest-"));
  writeFileSync(join(cwd, "strategy.ts"), BAR_STRATEGY);
  writeFileSync(join(cwd, "ethusdt.csv"), `${waveCandles(candles).join("\n")}\n`);
  return cwd;
}

function reportIn(cwd: string): BacktestReport {
  const report = JSON.parse(readFileSync(join(cwd, "out.json"), "utf8")) as BacktestReport;
  validate(report);
  expect(validate.errors ?? []).toEqual([]);
  return report;
}

const BACKTEST = ["backtest", "./strategy.ts", "--data", "ethusdt.csv", "--json", "out.json"];

test("a strategy file runs on candles; the table, the document and the page say what came of it", async () => {
  const cwd = folder();
  const { code, out, err } = await run([...BACKTEST, "--html", "out.html", "--monte-carlo", "50"], { cwd });
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const report = reportIn(cwd);
  expect(report).toMatchObject({
    tier: "bars",
    events: 600,
    data: { format: "candles", rows: 600, instruments: ["data:ETH/USDT"] },
    settings: {
      fees: { makerBps: 10, takerBps: 10 },
      latency: { feed: "as recorded", order: "1ms" },
      balances: { USDT: "10000" },
      seed: 1,
    },
    strategies: [{ name: "bar-momentum", version: "1.0.0" }],
    faults: [],
  });
  expect(report.fills.count).toBeGreaterThan(10);
  expect(report.monteCarlo?.trades).toBe(report.byStrategy[0]?.trades);
  expect(out).toContain("600 rows of candles read in");
  expect(out).toContain("Not modelled at tier bars:");
  expect(out).toMatch(/Profit after fees\s+[-+]\d/);
  expect(readFileSync(join(cwd, "out.html"), "utf8")).toContain("bar-momentum");
  const again = await run(BACKTEST, { cwd });
  const { performance, fills } = reportIn(cwd);
  expect(again.code).toBe(0);
  expect({ performance, fills }).toEqual({ performance: report.performance, fills: report.fills });
});

test("span, fees, balances and the strategy's config are taken from flags and settings", async () => {
  const cwd = folder();
  writeFileSync(
    join(cwd, "pitlane.config.json"),
    JSON.stringify({ strategies: [{ use: "./strategy.ts", config: { "bar-momentum": { lookback: 50 } } }], seed: 9 }),
  );
  const { code } = await run(
    [
      ...BACKTEST,
      "--from",
      "2026-01-01T01:00:00Z",
      "--to",
      "2026-01-01T05:00:00Z",
      "--fees",
      "-1,0",
      "--balance",
      "usdt=5000",
      "--latency",
      "0,2s",
    ],
    { cwd },
  );
  expect(code).toBe(0);
  const report = reportIn(cwd);
  expect(report.events).toBe(240);
  expect(report.settings).toMatchObject({
    fees: { makerBps: -1, takerBps: 0 },
    balances: { USDT: "5000" },
    seed: 9,
    latency: { feed: "none", order: "2s" },
  });
  expect(report.performance).toMatchObject({ fees: "0", capital: "5000" });
});

test.each([
  [["--data", "none.csv"], /there is no .*none\.csv: check --data/],
  [["--data", "strategy.ts"], /strategy\.ts:1: is neither a header of candles/],
  [["--data", "ethusdt.csv", "--from", "yesterday"], /--from must be a time such as 2024-08-08/],
  [["--data", "ethusdt.csv", "--fees", "10"], /--fees must be maker,taker/],
  [["--data", "ethusdt.csv", "--latency", "fast"], /--latency: "fast" is neither a time/],
  [["--data", "ethusdt.csv", "--balance", "10000"], /--balance must be such as USDT=10000/],
  [["--data", "none.csv", "--balance", "usdt=1", "--balance", "USDT=2"], /--balance names USDT twice: give one amount/],
  [["--data", "ethusdt.csv", "--balance", "FOO=1"], /--balance FOO=1: the data have ETH, USDT alone.* leave it out/],
  [["--data", "ethusdt.csv", "--tier", "l3"], /--tier must be one of bars, trades, depth/],
  [["--data", "ethusdt.csv", "--objective", "luck"], /--objective must be one of sharpe/],
  [["--data", "ethusdt.csv", "--walk-forward", "1h"], /--walk-forward must be train,test/],
  [["--data", "ethusdt.csv", "--param", "lookback"], /--param must be such as/],
  [
    ["--data", "none.csv", "--param", "lokback=1..5"],
    /lokback is not a setting \(did you mean lookback\?\); there is lookback/,
  ],
  [["--data", "none.csv", "--param", "bar-momntum.lookback=1..5"], /did you mean bar-momentum\.lookback\?/],
  [
    ["--data", "ethusdt.csv", "--from", "2026-01-02", "--to", "2026-01-01"],
    /--from .* is after --to .*: they are swapped/,
  ],
  [["--data", "ethusdt.csv", "--fill", "luck=1"], /--fill must be one of volumeShare/],
  [
    ["--data", "ethusdt.csv", "--fill", "halfSpreadTicks=2"],
    /--fill halfSpreadTicks is of tier trades, and the data are of tier bars: leave it out; of bars there are volumeShare, slippageTicks, lateShare/,
  ],
  [
    ["--data", "none.csv", "--tier", "trades", "--fill", "queue=log"],
    /--fill queue is of tier depth, and the data are of tier trades/,
  ],
  [["--data", "ethusdt.csv", "--fill", "volumeShare=7"], /volumeShare/],
  [["--data", "ethusdt.csv", "--tick", "0"], /--tick must be a decimal above 0/],
  [["--data", "ethusdt.csv", "--html", "no/folder.html"], /--html .*cannot be written/],
  [[], /required option '--data <path\.\.\.>' not specified/],
])("%j is refused with exit code 2, and nothing is written", async (flags, message) => {
  const cwd = folder(10);
  const { code, err } = await run(["backtest", "./strategy.ts", "--json", "out.json", ...flags], { cwd });
  expect(code).toBe(2);
  expect(err).toMatch(message);
  expect(existsSync(join(cwd, "out.json"))).toBe(false);
});

test("a file of recorded latencies is drawn from, and a bad line of it is named", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "latency.csv"), "us\n1000\n250.5\n4000\n");
  expect((await run([...BACKTEST, "--latency", "latency.csv"], { cwd })).code).toBe(0);
  const { settings, latency } = reportIn(cwd);
  expect(settings.latency).toEqual({ feed: "as recorded", order: "3 values of latency.csv" });
  expect(latency.request.max).toBeGreaterThan(3_900);
  expect(latency.request.p50).toBeLessThan(3_900);
  writeFileSync(join(cwd, "latency.csv"), "1000\n-5\n");
  expect((await run([...BACKTEST, "--latency", "latency.csv"], { cwd })).err).toMatch(
    /latency\.csv:2: "-5" is no latency/,
  );
});

test("the built program sweeps on threads, and walks forward", async () => {
  const cwd = folder();
  const swept = await start(
    [...BACKTEST, "--param", "lookback=2..10:4", "--objective", "profit", "--workers", "2"],
    cwd,
  ).done;
  expect(swept).toMatchObject({ code: 0, err: "" });
  const { sweep, performance } = reportIn(cwd);
  expect(sweep).toMatchObject({ objective: "profit", trials: 3, failed: 0 });
  expect(sweep?.best[0]?.performance).toEqual(performance);
  expect(swept.out).toMatch(/3 combinations were tried/);
  const walked = await start(
    [...BACKTEST, "--param", "lookback=2..10:4", "--walk-forward", "4h,2h", "--workers", "2"],
    cwd,
  ).done;
  expect(walked).toMatchObject({ code: 0, err: "" });
  expect(reportIn(cwd).walkForward?.windows).toHaveLength(3);
}, 60_000);

test("the built program draws a Monte Carlo on threads: the same for any number of them", async () => {
  const cwd = folder(2_000); // trades enough that a million draws of them are worth threads
  const drawn = async (workers: string) => {
    const done = await start([...BACKTEST, "--monte-carlo", "1000000", "--workers", workers], cwd).done;
    expect(done).toMatchObject({ code: 0, err: "" });
    expect(done.out).toContain(`of 1000000 draws, ${workers} threads`);
    return reportIn(cwd).monteCarlo;
  };
  const one = await drawn("1");
  expect(one?.runs).toBe(1_000_000);
  expect(await drawn("2")).toEqual(one);
}, 60_000);

test("one that is stopped says so, and leaves no report", async () => {
  const cwd = folder();
  let err = "";
  const stop = AbortSignal.abort("signal");
  const code = await runProgram(BACKTEST, {
    cwd,
    env: {},
    stdin: new PassThrough(),
    stdout: { write: () => {} },
    stderr: { write: (text: string) => (err += text) },
    stop,
  });
  expect({ code, err }).toEqual({ code: 1, err: "error: stopped: of a part there is no report\n" });
  expect(existsSync(join(cwd, "out.json"))).toBe(false);
});

test("a setting that no schema has ends the start, with its place and the one that was meant", async () => {
  const cwd = folder(10);
  writeFileSync(join(cwd, "pitlane.config.json"), JSON.stringify({ strategies: [{ use: "./strategy.ts" }] }));
  const set = ["--set", "strategies[0].config.bar-momentum.lokback=7"];
  const { code, err } = await run([...BACKTEST, ...set], { cwd });
  expect(code).toBe(2);
  expect(err).toMatch(
    /strategies\[0\]\.config\.bar-momentum\.lokback: lokback is not a setting \(did you mean lookback\?\); there is lookback/,
  );
});

const FRAIL = `import { defineStrategy } from "pitlane";
import * as v from "valibot";
export default defineStrategy({
  name: "frail",
  config: v.object({ a: v.optional(v.number(), 2), b: v.optional(v.number(), 0) }),
  setup(ctx) {
    ctx.on("bar", () => {
      if (ctx.config.a === 2) throw new Error("out of fuel");
    });
    ctx.on("quote", () => {});
  },
});
`;

test("a strategy that is taken out ends a backtest with exit code 1; what it cannot hear is told before the table", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "strategy.ts"), FRAIL);
  const { code, out, err } = await run([...BACKTEST, "--html", "out.html"], { cwd });
  expect({ code, err }).toEqual({ code: 1, err: "" });
  const why =
    /strategy frail was quarantined: 10 of its hooks failed, the last \(bar\) with: out of fuel at .*strategy\.ts:8/;
  expect(out).toMatch(why);
  const unheard = 'frail listens to "quote" events, and data of tier bars tell "bar"; take data of tier depth';
  expect(out).toContain(unheard);
  expect(out.indexOf(unheard)).toBeLessThan(out.indexOf("Backtest of frail"));
  expect(out).toMatch(/its bar hook threw Error: out of fuel at .*strategy\.ts:8/);
  const report = reportIn(cwd);
  expect(Object.keys(report.quarantined)).toEqual(["frail"]);
  expect(report.unheard).toEqual([expect.stringContaining(unheard)]);
  expect(report.faults.join()).not.toContain(unheard);
  expect(readFileSync(join(cwd, "out.html"), "utf8")).toContain("strategy frail was quarantined");
});

test("amounts of a Monte Carlo are decimal text, as all others", async () => {
  const cwd = folder();
  await run([...BACKTEST, "--monte-carlo", "50"], { cwd });
  const { monteCarlo } = reportIn(cwd);
  expect(monteCarlo?.maxDrawdown).toMatch(/^\d+\.\d+$/);
  expect(monteCarlo?.drawnProfit.p50).toMatch(/^-?\d+(\.\d+)?$/);
  expect(Math.abs(Number(monteCarlo?.shuffledDrawdown.p50))).toBeLessThan(10_000);
});

test("the built program's sweep leaves combinations out that fail on the way, and tells why", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "strategy.ts"), FRAIL);
  const { code, out, err } = await start([...BACKTEST, "--param", "a=1..3", "--workers", "1"], cwd).done;
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/Failed: 1 of 3\n\s+a=2: strategy frail was quarantined: .*out of fuel at .*strategy\.ts:8/);
  expect(out).toContain("All that ran gave the same result");
  const { sweep } = reportIn(cwd);
  expect(sweep).toMatchObject({ trials: 3, failed: 1, isAllTheSame: true });
  expect(sweep?.best.map(({ params }) => params["a"])).toEqual([1, 3]);
  expect(sweep?.failures).toEqual([{ params: { a: 2 }, reason: expect.stringContaining("quarantined") }]);
}, 60_000);
