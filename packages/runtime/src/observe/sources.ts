import type { Clock } from "@pitlane/perf";
import type { LatencyHistogram, MetricsSnapshot } from "@pitlane/perf/metrics";
import type { ProcessSample } from "@pitlane/perf/monitor";
import type { TradingStatus } from "../engines/trading-state.ts";
import type { StageLatencies } from "../latency.ts";
import type {
  CacheFigures,
  InstrumentFigures,
  JournalFigures,
  NetworkFigures,
  OrderFlow,
  PluginFigures,
  PoolFigures,
  ProfitFigures,
  SessionSample,
} from "./sample.ts";

/** What orders came to, and where they are. As `OrderFlow`, without what is worked out from it. */
export type OrderCounts = Omit<OrderFlow, "fillRatio" | "errorRatio">;

/** One plugin as it stands, with the histogram that its hooks are recorded into. */
export interface PluginFacts extends Omit<PluginFigures, "hooks" | "msPerSecond"> {
  readonly hookTimes: LatencyHistogram;
}

/** Where a `SampleCollector` reads, once a second. `sourcesOf` makes those of a session. */
export interface SampleSources {
  readonly clock: Pick<Clock, "nowUs" | "monotonicNs">;
  readonly latencies: StageLatencies;
  /** Market events received. */
  readonly events: () => number;
  readonly fills: () => number;
  /** Faults known. */
  readonly faults: () => number;
  readonly orders: () => OrderCounts;
  /** Orders that were rejected or failed; not those taken back before they were sent. */
  readonly failures: () => number;
  readonly profit: () => readonly ProfitFigures[];
  readonly trading: () => TradingStatus;
  readonly lanes: () => SessionSample["lanes"];
  readonly journal: () => JournalFigures;
  /** Since the last call. */
  readonly process: () => ProcessSample;
  /** By owner: always the same ones in the same order. */
  readonly plugins: () => readonly PluginFacts[];
  readonly instruments: () => readonly InstrumentFigures[];
  readonly network: () => NetworkFigures;
  readonly caches: () => readonly CacheFigures[];
  readonly pools: () => readonly PoolFigures[];
  /** What plugins measure themselves, each named `plugin_PLUGIN_METRIC`. */
  readonly pluginMetrics: () => MetricsSnapshot;
}

/** Of a session whose client does not tell. */
export const NO_NETWORK: NetworkFigures = {
  endpoints: [],
  limits: [],
  connections: [],
  failuresPerMinute: 0,
  clockOffsetMs: null,
};
