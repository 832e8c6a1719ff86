import type { Core } from "./core/core.ts";
import { describePortfolio } from "./describe.ts";
import type { DataEngine } from "./engines/data.ts";
import { toDecimals } from "./engines/portfolio.ts";
import { type StageLatencies, summarize } from "./latency.ts";
import type { EndReason, Fault, Report } from "./report.ts";
import type { RuntimeOptions } from "./runtime-types.ts";
import { VERSION } from "./version.ts";

/** A run that has ended. */
export interface EndedRun {
  readonly options: RuntimeOptions;
  readonly startedAtUs: number;
  /** Monotonic. */
  readonly startedNs: number;
  readonly durationMs: number;
  readonly reason: EndReason;
  readonly market: Report["market"];
  readonly data: Pick<DataEngine, "firstEventNs">;
  readonly core: Core;
  readonly latencies: StageLatencies;
  readonly journal: Report["journal"];
  readonly faults: readonly Fault[];
}

/** The report of a run: what its parts hold at the end, and nothing that was not measured. */
export function describeRun(run: EndedRun): Report {
  const { options, startedAtUs, startedNs, durationMs, reason, core, journal, faults } = run;
  const { counters, unknown } = core.execution;
  const { firstEventNs } = run.data;
  const memory = process.memoryUsage();
  const profit = core.portfolio.profit(
    (instrument) => core.twiceMidTicks(instrument),
    (units, from, to) => core.valuation.tryConvert(units, from, to),
  );
  return {
    run: {
      id: options.run.id,
      mode: options.mode,
      seed: options.config.seed,
      startedAtUs,
      durationMs: Math.round(durationMs),
      node: process.version,
      version: VERSION,
      strategies: core.plugins.names,
      endedBy: reason,
      firstEventMs: Number.isNaN(firstEventNs) ? null : Math.round((firstEventNs - startedNs) / 1e3) / 1e3,
    },
    market: run.market,
    orders: { ...counters, unknown, open: core.execution.openOrders().length },
    fills: { count: core.portfolio.fills },
    latency: summarize(run.latencies),
    portfolio: { ...describePortfolio(core.portfolio), profit: toDecimals(profit) },
    performance: core.performance.report(), // of the same moment as the profit, which winding down may have changed
    bus: { lanes: core.bus.counters(options.clock.monotonicNs()).lanes },
    rejections: core.execution.rejections,
    risk: { ...core.trading, denials: core.execution.denials },
    memory: { rssMb: Math.round(memory.rss / 1e5) / 10, heapMb: Math.round(memory.heapUsed / 1e5) / 10 },
    journal,
    faults,
  };
}
