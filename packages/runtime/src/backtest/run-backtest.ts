import { createSystemClock } from "@pitlane/perf";
import { Backtest } from "./backtest.ts";
import type { BacktestOptions } from "./options.ts";
import type { BacktestResult } from "./result.ts";

/**
 * Runs strategies on recorded data, on the engines of a session: the same plugins, risk, order machine and portfolio, with a simulated
 * venue and simulated time.
 *
 * The accounts are exact: `start + fills - fees = balances` is checked while it runs and at the end. Seeded and without a look at any
 * clock or the network, so that the same options give the same result. `ignores` says what its fills leave out.
 *
 * @throws {InvalidInputError} Naming the option or the row of the data that cannot be, before anything runs.
 * @throws {PluginBootError} When a plugin does not start.
 * @example
 * const result = await runBacktest({
 *   plugins: [{ plugin: myStrategy }],
 *   data: [{ instrument, columns }],
 *   fees: { makerBps: 10, takerBps: 10 },
 *   balances: new Map([["USDT", 10_000_00000000n]]),
 *   risk: checkConfig({}).risk,
 * });
 * console.log(result.performance.profit, result.ignores);
 */
export async function runBacktest(options: BacktestOptions): Promise<BacktestResult> {
  const backtest = new Backtest(options, options.clock ?? createSystemClock());
  try {
    await backtest.open();
    return backtest.run();
  } finally {
    await backtest.close();
  }
}
