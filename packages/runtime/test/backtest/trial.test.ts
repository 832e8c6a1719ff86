import * as v from "valibot";
import { expect, test } from "vitest";
import { bestOf, SweepFailedError, sweepOf } from "../../src/backtest/sweep.ts";
import { gridOf, type Param } from "../../src/backtest/sweep-grid.ts";
import { runTrial, type TrialOptions } from "../../src/backtest/trial.ts";
import { definePlugin } from "../../src/plugins/define.ts";
import { bars, coin, ONE, WIDE } from "./setup.ts";

const plugin = definePlugin({
  name: "frail",
  config: v.object({ a: v.number(), b: v.optional(v.number(), 0) }),
  setup(ctx) {
    const { a } = ctx.config;
    ctx.on("bar", () => {
      if (a === 2) throw new Error("out of fuel");
      ctx.submit({ instrument: coin, side: "buy", type: "market", sizeLots: a * 10 });
    });
  },
});
const options: TrialOptions = {
  data: [{ instrument: coin, columns: bars(...Array.from({ length: 30 }, () => [9, 9, 9, 9, 9000] as const)) }],
  fees: { makerBps: 0, takerBps: 0 },
  balances: new Map([["USDT", 10_000n * ONE]]),
  risk: { ...WIDE, maxOrderNotional: "200" },
};

async function swept(param: Param) {
  const outcomes = [];
  for (const set of gridOf([param]))
    outcomes.push(await runTrial([{ plugin, config: { a: 1 } }], [param], set, options, false));
  return outcomes;
}

test("a combination whose strategy is taken out has failed with the reason, and is not ranked", async () => {
  const outcomes = await swept({ strategy: undefined, key: "a", values: [2, 1, 3] });
  const [frail] = outcomes;
  expect(frail?.error).toMatch(
    /^strategy frail was quarantined: 10 of its hooks failed, the last \(bar\) with: out of fuel at .*trial\.test\.ts:\d+$/,
  );
  // It lost nothing, and would be the best by its drawdown.
  const sweep = sweepOf(outcomes, "drawdown");
  expect(sweep.trials.map(({ set }) => set["a"])).toEqual([1, 3]);
  expect(sweep.failed).toEqual([frail]);
  expect(bestOf(sweep)).toEqual({ a: 1 });
  expect(sweep.trials[1]?.orders?.denied).toBe(30); // 30 lots at 9 are more than 200
  expect(sweep.isAllTheSame).toBe(false);
});

test("a sweep says so when what it varies makes no difference", async () => {
  expect(sweepOf(await swept({ strategy: undefined, key: "b", values: [1, 2] }), "profit").isAllTheSame).toBe(true);
  expect(sweepOf(await swept({ strategy: undefined, key: "b", values: [1] }), "profit").isAllTheSame).toBe(false);
});

test("a sweep in which every strategy was taken out says why", async () => {
  const outcomes = await swept({ strategy: undefined, key: "a", values: [2] });
  expect(() => sweepOf(outcomes, "profit")).toThrow(SweepFailedError);
  expect(() => sweepOf(outcomes, "profit")).toThrow(/none of 1 .* strategy frail was quarantined: .*out of fuel/);
});
