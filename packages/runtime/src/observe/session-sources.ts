import type { Clock } from "@pitlane/perf";
import type { LatencyHistogram } from "@pitlane/perf/metrics";
import type { ProcessMonitor } from "@pitlane/perf/monitor";
import { type Instrument, parseUnits } from "@pitlane/sdk";
import type { Config } from "../config.ts";
import type { Core } from "../core/core.ts";
import type { DataEngine } from "../engines/data.ts";
import { addAmount } from "../engines/portfolio-amounts.ts";
import type { Journal } from "../journal/journal.ts";
import type { StageLatencies } from "../latency.ts";
import type { OrderGateway } from "../orders/gateway.ts";
import { feesInQuote, ProfitWatch } from "./profit.ts";
import type { InstrumentFigures, NetworkFigures, ProfitFigures, SessionSample } from "./sample.ts";
import type { OrderCounts, PluginFacts, SampleSources } from "./sources.ts";

/** The parts of a session that are sampled. */
export interface SampledParts {
  readonly core: Core;
  readonly data: DataEngine;
  readonly gateway: Pick<OrderGateway, "queued" | "inFlight">;
  readonly journal: Journal;
  readonly latencies: StageLatencies;
  /** As `CoreOptions.hookTimes` has it. */
  readonly hookTimes: readonly LatencyHistogram[];
  readonly instruments: readonly Instrument[];
  readonly clock: Pick<Clock, "nowUs" | "monotonicNs">;
  readonly config: Pick<Config, "risk">;
  readonly monitor: Pick<ProcessMonitor, "sample">;
  /** How many faults are known. */
  readonly faults: () => number;
  /** Whether an operator has paused a plugin. */
  readonly isPaused: (plugin: string) => boolean;
  readonly network: () => NetworkFigures;
}

/** What a collector reads of a session. */
export function sourcesOf(parts: SampledParts): SampleSources {
  const { core, data, journal, latencies, clock, monitor, faults, network, instruments, config } = parts;
  const watch = new ProfitWatch(parseUnits(config.risk.maxDrawdown), (asset) => core.drawdownOf(asset));
  const quotes = new Set(instruments.map(({ quote }) => quote));
  journal.takeLongestWaitUs(); // of the start, whose first row is from before the plugins were set up
  return {
    clock,
    latencies,
    events: () => data.events,
    fills: () => core.portfolio.fills,
    faults,
    orders: () => orderCounts(parts),
    failures: () => core.execution.counters.rejected - core.execution.expectedRejections,
    profit: () => profitOf(core, watch, quotes, clock.nowUs()),
    trading: () => core.trading,
    lanes: () => laneFigures(core.bus, clock.monotonicNs()),
    journal: () => journalFigures(journal, clock.nowUs()),
    process: () => monitor.sample(),
    plugins: () => pluginFacts(parts),
    instruments: () => (data.isOpen ? instruments.map((one) => instrumentFigures(core, data, one, clock.nowUs())) : []),
    network,
    caches: () => core.plugins.parts().caches,
    pools: () => core.plugins.parts().pools,
    pluginMetrics: () => core.plugins.metrics(),
  };
}

function orderCounts({ core, gateway }: SampledParts): OrderCounts {
  const { execution } = core;
  const { intents, denied, submitted, accepted, filled, cancelled, expired, rejected } = execution.counters;
  return {
    intents,
    denied,
    submitted,
    accepted,
    filled,
    cancelled,
    expired,
    rejected,
    unknown: execution.unknown,
    open: execution.openOrders().length,
    queued: gateway.queued,
    inFlight: gateway.inFlight,
  };
}

function profitOf(core: Core, watch: ProfitWatch, quotes: Iterable<string>, nowUs: number): readonly ProfitFigures[] {
  const { portfolio, valuation } = core;
  const twiceMid = (instrument: Instrument) => core.twiceMidTicks(instrument);
  const convert = (units: bigint, from: string, to: string) => valuation.tryConvert(units, from, to);
  const profit = portfolio.profit(twiceMid, convert);
  for (const quote of quotes) addAmount(profit, quote, 0n); // nothing was traded in it yet
  const amounts = {
    profit,
    realized: portfolio.realized(),
    fees: feesInQuote(portfolio.positions, twiceMid, convert),
  };
  const isValued = [...portfolio.positions].every(
    ([instrument, { lots }]) => lots === 0 || twiceMid(instrument) !== undefined,
  );
  return watch.look(amounts, isValued, nowUs);
}

function laneFigures(bus: Core["bus"], nowNs: number): SessionSample["lanes"] {
  const { critical, high, normal, low } = bus.counters(nowNs).lanes;
  const peaks = bus.takePeaks();
  return {
    critical: { ...critical, depth: peaks.critical },
    high: { ...high, depth: peaks.high },
    normal: { ...normal, depth: peaks.normal },
    low: { ...low, depth: peaks.low },
  };
}

function journalFigures(journal: Journal, nowUs: number) {
  const oldestUs = journal.oldestQueuedUs ?? nowUs;
  return {
    events: journal.events,
    bytes: journal.bytes,
    queued: journal.queued,
    lagMs: Math.max(nowUs - oldestUs, journal.takeLongestWaitUs(), 0) / 1000,
  };
}

function pluginFacts({ core, hookTimes, isPaused }: SampledParts): readonly PluginFacts[] {
  const { plugins, execution } = core;
  return plugins.names.map((name, owner) => {
    const { msPerSecond, hookMs } = plugins.budgets[owner]!;
    return {
      name,
      standing: plugins.standing(owner),
      isPaused: isPaused(name),
      hookTimes: hookTimes[owner]!,
      budgetMsPerSecond: msPerSecond,
      budgetHookMs: hookMs,
      faults: plugins.faults(owner),
      orders: execution.wanted(owner),
      openOrders: execution.openOrders(owner).length,
    };
  });
}

function instrumentFigures(core: Core, data: DataEngine, instrument: Instrument, nowUs: number): InstrumentFigures {
  const { gaps, resyncs } = data.counters(instrument);
  const lastUs = core.lastEventUs(instrument);
  return {
    id: instrument.id,
    isSynced: data.book(instrument) !== undefined,
    gaps,
    resyncs,
    quietMs: lastUs === Number.NEGATIVE_INFINITY ? null : Math.max(0, (nowUs - lastUs) / 1000),
  };
}
