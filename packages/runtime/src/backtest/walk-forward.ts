import { InvalidInputError } from "@pitlane/perf";
import { parseUnits } from "@pitlane/sdk";
import { measurePerformance } from "../engines/performance.ts";
import { EquityCurve } from "../engines/performance-curve.ts";
import { TradeTally } from "../engines/performance-trades.ts";
import type { MarketData } from "./columns.ts";
import { CURVE_POINTS, equityGrid, longestBarUs } from "./equity-grid.ts";
import { shareData } from "./shared-columns.ts";
import { sliceData } from "./slice-columns.ts";
import { bestOf, type Objective, runSweep } from "./sweep.ts";
import type { ParamSet } from "./sweep-grid.ts";
import type { CurvePoints, TrialOutcome } from "./trial.ts";
import type { RunTrials, TrialBatch } from "./trial-batch.ts";

/** A stretch to choose parameters on, and the one after it to try them. Times in microseconds since the epoch. */
export interface Window {
  readonly trainFromUs: number;
  /** End of the training and begin of the test. */
  readonly testFromUs: number;
  readonly testToUs: number;
}

/** What one window chose, and what came of it on data that the choice had not seen. */
export interface WindowOutcome extends Window {
  readonly set: ParamSet;
  readonly train: TrialOutcome;
  readonly test: TrialOutcome;
}

export interface WalkForward {
  readonly objective: Objective;
  readonly trainUs: number;
  readonly testUs: number;
  readonly windows: readonly WindowOutcome[];
  /** Of all tests one after the other. Amounts are decimal text of the account's asset. */
  readonly joined: {
    readonly profit: string;
    /** Between the points of the joined curve, or within one test where that is more. */
    readonly maxDrawdown: string;
    readonly sharpe: number | null;
    readonly fills: number;
    readonly curve: CurvePoints;
  };
  /** Profit per time of the tests over that of the trainings: far below 1, the parameters were fitted to the past. Null without a profit there. */
  readonly efficiency: number | null;
}

/**
 * The windows of a span: the first training begins with it, each next one a test later, and the last test ends within it.
 *
 *     | train      | test |
 *            | train      | test |
 *                   | train      | test |
 *
 * @throws {InvalidInputError} When not even one window fits.
 */
export function windowsOf(fromUs: number, toUs: number, trainUs: number, testUs: number): readonly Window[] {
  const count = Math.floor((toUs - fromUs - trainUs) / testUs);
  if (count < 1)
    throw new InvalidInputError(
      `--walk-forward needs ${hours(trainUs + testUs)} for one window, and the data spans ${hours(toUs - fromUs)}: take shorter ones`,
    );
  return Array.from({ length: count }, (_, i) => ({
    trainFromUs: fromUs + i * testUs,
    testFromUs: fromUs + i * testUs + trainUs,
    testToUs: fromUs + (i + 1) * testUs + trainUs,
  }));
}

/**
 * Chooses parameters on a stretch, tries the best on the next one, and rolls on: what a strategy would have earned whose owner had only
 * ever known the past. Each test starts anew, with the starting balances and an empty strategy.
 *
 * Source of the method and of `efficiency`: R. Pardo, "The Evaluation and Optimization of Trading Strategies" (2008), chapter 11.
 *
 * @throws {InvalidInputError} When no window fits, or in one of them no combination ran.
 */
export async function runWalkForward(
  batch: Omit<TrialBatch, "sets">,
  windows: readonly Window[],
  objective: Objective,
  run: RunTrials,
  signal?: AbortSignal,
): Promise<WalkForward> {
  const { data } = batch.options;
  const outcomes: WindowOutcome[] = [];
  for (const window of windows) {
    const { trainFromUs, testFromUs, testToUs } = window;
    const on = (from: number, to: number, keepsCurve: boolean) => ({
      ...batch,
      keepsCurve,
      options: { ...batch.options, data: spanOf(data, from, to) },
    });
    const sweep = await runSweep(on(trainFromUs, testFromUs, false), objective, run, signal);
    const set = bestOf(sweep);
    const [test] = await run({ ...on(testFromUs, testToUs, true), sets: [set] }, signal);
    const [train] = sweep.trials;
    if (test?.performance === undefined || train === undefined)
      throw new InvalidInputError(`the best of a training did not run on its test: ${test?.error ?? "no data"}`);
    outcomes.push({ ...window, set, train, test });
  }
  const [first] = windows;
  return {
    objective,
    trainUs: first === undefined ? 0 : first.testFromUs - first.trainFromUs,
    testUs: first === undefined ? 0 : first.testToUs - first.testFromUs,
    windows: outcomes,
    joined: joinTests(outcomes, longestBarUs(data)),
    efficiency: efficiencyOf(outcomes),
  };
}

/** @throws {InvalidInputError} When nothing was recorded then. */
function spanOf(data: readonly MarketData[], fromUs: number, toUs: number): readonly MarketData[] {
  const span = sliceData(data, fromUs, toUs);
  if (span.length > 0) return shareData(span);
  throw new InvalidInputError(
    `the data has nothing from ${new Date(fromUs / 1000).toISOString()} to ${new Date(toUs / 1000).toISOString()}: take longer windows`,
  );
}

/**
 * Every test's curve on top of what those before it came to, with returns over the periods that a backtest of all of them has. Pure.
 *
 * @param barUs Length of the longest bars, in microseconds; 0 where there are none.
 */
export function joinTests(windows: readonly WindowOutcome[], barUs: number): WalkForward["joined"] {
  const atUs: number[] = [];
  const equity: number[] = [];
  const spanUs = (windows.at(-1)?.testToUs ?? 0) - (windows[0]?.testFromUs ?? 0);
  const curve = new EquityCurve(equityGrid({ spanUs, barUs, points: CURVE_POINTS }));
  let base = 0;
  for (const { test } of windows) {
    const { curve: points = { atUs: [], equity: [] } } = test;
    const start = points.equity[0] ?? 0;
    if (equity.length === 0) base = start;
    for (let i = 0; i < points.atUs.length; i++) {
      const value = base + (points.equity[i] as number) - start;
      atUs.push(points.atUs[i] as number);
      equity.push(value);
      curve.push(points.atUs[i] as number, value);
    }
    base = equity.at(-1) ?? base;
  }
  const asset = windows[0]?.test.performance?.asset ?? "";
  const capitalUnits = BigInt(Math.round(equity[0] ?? 0));
  const options = { asset, capitalUnits, volumeUnits: 0n, feeUnits: 0n, exposedUs: 0 };
  const { profit, maxDrawdown, sharpe } = measurePerformance(curve, new TradeTally(), options);
  const fills = windows.reduce((sum, { test }) => sum + (test.fills ?? 0), 0);
  // The points leave out what each test saw between them.
  const falls = windows.map(({ test }) => test.performance?.maxDrawdown ?? "0");
  const largest = falls.reduce((most, fall) => (parseUnits(fall) > parseUnits(most) ? fall : most), maxDrawdown);
  return { profit, maxDrawdown: largest, sharpe, fills, curve: { atUs, equity } };
}

function efficiencyOf(windows: readonly WindowOutcome[]): number | null {
  const perUs = (profit: string | undefined, us: number) => Number(profit ?? 0) / us;
  let trained = 0;
  let tested = 0;
  for (const { train, test, trainFromUs, testFromUs, testToUs } of windows) {
    trained += perUs(train.performance?.profit, testFromUs - trainFromUs);
    tested += perUs(test.performance?.profit, testToUs - testFromUs);
  }
  return trained > 0 ? tested / trained : null;
}

function hours(us: number): string {
  return us >= 3_600_000_000 ? `${(us / 3_600_000_000).toFixed(1)} h` : `${(us / 1e6).toFixed(0)} s`;
}
