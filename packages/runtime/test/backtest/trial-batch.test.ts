import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { readMarketData } from "../../src/backtest/readers/read-market-data.ts";
import { shareData } from "../../src/backtest/shared-columns.ts";
import { runSweep } from "../../src/backtest/sweep.ts";
import { parseParam } from "../../src/backtest/sweep-grid.ts";
import { runTrial, type TrialOptions } from "../../src/backtest/trial.ts";
import { type TrialBatch, TrialThreads } from "../../src/backtest/trial-batch.ts";
import { runWalkForward, windowsOf } from "../../src/backtest/walk-forward.ts";
import { checkConfig } from "../../src/config.ts";
import { loadStrategies } from "../../src/plugins/load-strategies.ts";
import { BAR_STRATEGY, buildTrialWorker, newFolder, textFile, waveCandles } from "./files.ts";

vi.setConfig({ testTimeout: 120_000 }); // threads start slowly on a busy machine

const clock = createSystemClock();
const cwd = newFolder();
const strategies = [{ use: "./strategy.ts", config: {} }];
let threads: TrialThreads;

beforeAll(async () => {
  writeFileSync(join(cwd, "strategy.ts"), BAR_STRATEGY);
  threads = await TrialThreads.open(2, clock, await buildTrialWorker("trials"));
}, 120_000);

afterAll(() => threads.close());

async function setUp(rows = 400) {
  const { data } = await readMarketData([textFile("eth-usdt.csv", waveCandles(rows))], { clock, symbol: "ETH/USDT" });
  const options: TrialOptions = {
    data: shareData(data),
    fees: { makerBps: 10, takerBps: 10 },
    balances: new Map([["USDT", 10_000_00000000n]]),
    seed: 1,
    risk: checkConfig({}, "the test").risk,
  };
  const params = [parseParam("lookback=1..9:4", ["bar-momentum"])];
  const batch: Omit<TrialBatch, "sets"> = { strategies, cwd, params, options, keepsCurve: false };
  const run = (one: TrialBatch, signal?: AbortSignal) => threads.run(one, () => {}, signal);
  return { options, params, batch, run };
}

test("threads find what the same trials find here, in the order of the grid", async () => {
  const { options, params, batch, run } = await setUp();
  const sets = [{ lookback: 1 }, { lookback: 5 }, { lookback: 9 }];
  const plugins = await loadStrategies(strategies, cwd);
  const here = [];
  for (const set of sets) here.push(await runTrial(plugins, params, set, options, true));
  const there = await run({ ...batch, sets, keepsCurve: true });
  expect(there).toEqual(here);
  expect(new Set(there.map(({ performance }) => performance?.profit)).size).toBe(3);
});

test("a sweep sorts by its objective, and says what did not run", async () => {
  const { batch, run } = await setUp();
  const params = [parseParam("lookback=0,2,4", ["bar-momentum"])];
  const sweep = await runSweep({ ...batch, params }, "profit", run);
  expect(sweep.failed).toHaveLength(1);
  expect(sweep.failed[0]?.set).toEqual({ lookback: 0 });
  expect(sweep.failed[0]?.error).toMatch(/lookback/);
  const profits = sweep.trials.map(({ performance }) => Number(performance.profit));
  expect(profits).toEqual(profits.toSorted((a, b) => b - a));
  expect(sweep.deflation?.trials).toBe(2);
});

test("a walk-forward chooses on the training alone and joins the tests", async () => {
  const { batch, options, run } = await setUp(600);
  const fromUs = 1_767_225_600_000_000;
  const hour = 3_600_000_000;
  const windows = windowsOf(fromUs, fromUs + 10 * hour, 4 * hour, 2 * hour);
  const found = await runWalkForward(batch, windows, "profit", run);
  expect(found.windows).toHaveLength(3);
  for (const window of found.windows) {
    const alone = await runSweep(
      {
        ...batch,
        options: { ...options, data: options.data.map((one) => ({ ...one, columns: sliced(one.columns, window) })) },
      },
      "profit",
      run,
    );
    expect(window.set).toEqual(alone.trials[0]?.set);
  }
  const profits = found.windows.reduce((sum, { test: one }) => sum + Number(one.performance?.profit), 0);
  expect(Number(found.joined.profit)).toBeCloseTo(profits, 5);
});

/** The bars of a window's training, copied by hand. */
function sliced(
  columns: TrialOptions["data"][number]["columns"],
  { trainFromUs, testFromUs }: { readonly trainFromUs: number; readonly testFromUs: number },
) {
  if (columns.kind !== "bars") throw new Error("the test has bars");
  const from = columns.startUs.findIndex((us) => us >= trainFromUs);
  const until = columns.startUs.findIndex((us) => us >= testFromUs);
  const cut = (column: Float64Array) => column.slice(from, until);
  return {
    ...columns,
    length: until - from,
    startUs: cut(columns.startUs),
    openTicks: cut(columns.openTicks),
    highTicks: cut(columns.highTicks),
    lowTicks: cut(columns.lowTicks),
    closeTicks: cut(columns.closeTicks),
    volumeLots: cut(columns.volumeLots),
  };
}
