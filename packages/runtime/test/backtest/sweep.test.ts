import { expect, test } from "vitest";
import { bestOf, scoreOf, sweepOf } from "../../src/backtest/sweep.ts";
import type { TrialOutcome } from "../../src/backtest/trial.ts";
import type { PerformanceReport } from "../../src/engines/performance.ts";

const trial = (name: number, fields: Partial<PerformanceReport>): TrialOutcome => ({
  set: { name },
  fills: 1,
  performance: {
    sharpe: null,
    sortino: null,
    profit: "0",
    maxDrawdown: "0",
    profitFactor: null,
    ...fields,
  } as PerformanceReport,
});
const order = (trials: readonly TrialOutcome[], objective: Parameters<typeof sweepOf>[1]) =>
  sweepOf(trials, objective).trials.map(({ set }) => set["name"]);

test("the best comes first, equals in the order of the grid, and what has no figure last", () => {
  expect(
    order([trial(1, {}), trial(2, { sharpe: 1 }), trial(3, { sharpe: 2 }), trial(4, { sharpe: 1 })], "sharpe"),
  ).toEqual([3, 2, 4, 1]);
  expect(
    order([trial(1, { profit: "-3" }), trial(2, { profit: "10.5" }), trial(3, { profit: "9" })], "profit"),
  ).toEqual([2, 3, 1]);
  expect(order([trial(1, { maxDrawdown: "30" }), trial(2, { maxDrawdown: "4" })], "drawdown")).toEqual([2, 1]);
});

test("a sweep in which nothing ran says why", () => {
  expect(() => sweepOf([{ set: {}, error: "lookback must be 1 or more" }], "sharpe")).toThrow(
    /none of 1 .* lookback must be/,
  );
  expect(bestOf(sweepOf([{ set: { a: 0 }, error: "no" }, trial(7, {})], "sharpe"))).toEqual({ name: 7 });
  expect(scoreOf({ sharpe: null } as PerformanceReport, "sharpe")).toBeLessThan(-1e200);
});
