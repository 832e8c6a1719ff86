import { LANES } from "../bus/events.ts";
import { STAGES, type Stage } from "../latency.ts";
import type { LatencyFigures, SessionSample } from "../observe/sample.ts";

/** Of a signal's values and of the thresholds on it. A ratio is 1 for all. */
export type AlertUnit = "s" | "ratio" | "bytes" | "per second" | "per minute" | "events";

/** What a signal says of one of its subjects. */
export interface Reading {
  /** A lane, a limiter, an asset; "" where the signal has one value. */
  readonly subject: string;
  readonly value: number;
}

/** Something that rules can look at: a figure of the samples, and the same one as Prometheus has it. */
export interface AlertSignal {
  /** Kebab case: `execution-p99`. */
  readonly name: string;
  readonly unit: AlertUnit;
  readonly help: string;
  /**
   * Its values now; none where there is nothing to go by, as a latency that nobody measured. Pure.
   *
   * @param minuteAgo The sample of a minute before, for what counts up; undefined in a session's first minute, which began at 0.
   */
  readonly read: (sample: SessionSample, minuteAgo: SessionSample | undefined) => readonly Reading[];
  /** The same from the metrics that the session exports. */
  readonly promql: string;
  /** Labels of the metric that tell its subjects apart. */
  readonly labels: readonly string[];
  /** A session that has just begun shows it worse than it is: it is looked at after the warm-up. */
  readonly isColdAtFirst?: true;
}

/** Below so many values in the last minute a latency says nothing. */
const LEAST_LATENCIES = 10;

/** A share of failures says nothing before so many requests of the last minute failed: one of ten is no rate of 10 %. */
const LEAST_FAILURES = 3;

/** Lanes that grow rather than drop: see the bus. */
const KEPT_LANES = ["critical", "high"] as const;
const KEPT = `lane=~"${KEPT_LANES.join("|")}"`;

function withoutRoom({ overBound, dropped }: { readonly overBound: number; readonly dropped: number }): number {
  return overBound + dropped;
}

/** Kebab case of a stage: `tick-to-order`. */
const named = (stage: Stage) => stage.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

const one = (value: number): readonly Reading[] => [{ subject: "", value }];
const known = (value: number | null): readonly Reading[] => (value === null ? [] : one(value));

/** One reading a subject: a region may have several endpoints, say. */
function largest(readings: readonly Reading[]): readonly Reading[] {
  const bySubject = new Map<string, number>();
  for (const { subject, value } of readings)
    bySubject.set(subject, Math.max(value, bySubject.get(subject) ?? Number.NEGATIVE_INFINITY));
  return [...bySubject].map(([subject, value]) => ({ subject, value }));
}

/** A signal of a single value, which a gauge of ours has. */
function single(
  name: string,
  unit: AlertUnit,
  help: string,
  promql: string,
  read: (sample: SessionSample) => number | null,
): AlertSignal {
  return { name, unit, help, promql, labels: [], read: (sample) => known(read(sample)) };
}

const PERCENTILES = [
  ["p50", "0.5"],
  ["p95", "0.95"],
  ["p99", "0.99"],
  ["p999", "0.999"],
] as const satisfies readonly (readonly [keyof LatencyFigures, string])[];

function latencySignals(stage: Stage): readonly AlertSignal[] {
  const figure = (stat: keyof LatencyFigures, help: string, promql: string) => ({
    ...single(`${named(stage)}-${stat}`, "s", `${help} of the stage ${stage} in the last minute`, promql, (sample) => {
      const { minute } = sample.latency[stage];
      return minute.count < LEAST_LATENCIES ? null : minute[stat] / 1e6;
    }),
    isColdAtFirst: true as const,
  });
  // The gauges are there from the first value on; the count is what says whether they can be gone by.
  const enough = `and on (instance, job) increase(pitlane_stage_latency_count_total{stage="${stage}"}[1m]) >= ${LEAST_LATENCIES}`;
  return [
    figure("mean", "average", `pitlane_stage_latency_mean_seconds{stage="${stage}"} ${enough}`),
    ...PERCENTILES.map(([stat, quantile]) =>
      figure(stat, stat, `pitlane_stage_latency_seconds{stage="${stage}",quantile="${quantile}"} ${enough}`),
    ),
  ];
}

/** Everything that a rule can look at. */
export const ALERT_SIGNALS: readonly AlertSignal[] = [
  ...STAGES.flatMap(latencySignals),
  {
    name: "order-error-ratio",
    unit: "ratio",
    help: `share of the last minute's requests that were rejected, failed or have no known outcome; 0 under ${LEAST_FAILURES} of them`,
    promql: `pitlane_order_error_ratio * (pitlane_order_error_ratio * ignoring (outcome) increase(pitlane_orders_total{outcome="submitted"}[1m]) >= bool ${LEAST_FAILURES - 0.5})`,
    labels: [],
    read: ({ flow }, minuteAgo) => {
      const requests = flow.submitted - (minuteAgo?.flow.submitted ?? 0);
      return one(Math.round(flow.errorRatio * requests) < LEAST_FAILURES ? 0 : flow.errorRatio);
    },
  },
  single("orders-queued", "events", "orders that wait for their turn to be sent", "pitlane_orders_queued", (s) => {
    return s.flow.queued;
  }),
  single("orders-unknown", "events", "orders whose outcome is not known", "pitlane_orders_unknown", (s) => {
    return s.flow.unknown;
  }),
  single("orders-open", "events", "open orders", "pitlane_orders_open", ({ flow }) => flow.open),
  single("order-rate", "per second", "orders a second", "pitlane_orders_per_second", (s) => s.orders.nowPerSecond),
  single("fill-rate", "per second", "fills a second", "pitlane_fills_per_second", ({ fills }) => fills.nowPerSecond),
  single("fill-ratio", "ratio", "share of ended orders that were filled", "pitlane_order_fill_ratio", ({ flow }) => {
    return flow.filled + flow.cancelled + flow.expired + flow.rejected === 0 ? null : flow.fillRatio;
  }),
  single("event-rate", "per second", "market events a second", "pitlane_events_per_second", ({ events }) => {
    return events.nowPerSecond;
  }),
  {
    name: "lane-depth",
    unit: "events",
    help: "most events that waited in a lane of the bus at once since the last look",
    promql: "pitlane_bus_lane_depth",
    labels: ["lane"],
    read: ({ lanes }) => LANES.map((lane) => ({ subject: lane, value: lanes[lane].depth })),
  },
  {
    name: "kept-lane-overflow",
    unit: "per minute",
    help: "events of the last minute for which a lane that never drops had no room: kept beyond its bound, or lost",
    promql: `increase(pitlane_bus_over_bound_total{${KEPT}}[1m]) + increase(pitlane_bus_dropped_total{${KEPT}}[1m])`,
    labels: ["lane"],
    read: ({ lanes }, minuteAgo) =>
      KEPT_LANES.map((lane) => ({
        subject: lane,
        value: withoutRoom(lanes[lane]) - (minuteAgo === undefined ? 0 : withoutRoom(minuteAgo.lanes[lane])),
      })),
  },
  single(
    "journal-lag",
    "s",
    "longest that a row has waited for the journal's database since the last look",
    "pitlane_journal_lag_seconds",
    ({ journal }) => journal.lagMs / 1000,
  ),
  {
    name: "limiter-used",
    unit: "ratio",
    help: "share of a venue's request budget that is used",
    promql: "pitlane_limiter_used_ratio",
    labels: ["venue", "budget"],
    read: ({ network }) =>
      largest(
        network.limits
          .filter(({ limit }) => limit > 0)
          .map(({ venue, name, limit, used }) => ({ subject: `${venue}/${name}`, value: used / limit })),
      ),
  },
  single(
    "connection-failures",
    "per minute",
    "connections that were lost or refused, and calls whose connection failed",
    "pitlane_connection_failures_per_minute",
    ({ network }) => network.failuresPerMinute,
  ),
  {
    name: "round-trip",
    unit: "s",
    help: "smoothed round trip to an endpoint of a venue",
    promql: "pitlane_endpoint_round_trip_seconds",
    labels: ["venue", "service", "region"],
    read: ({ network }) =>
      largest(
        network.endpoints.flatMap(({ venue, service, region, roundTripMs }) =>
          roundTripMs === null ? [] : [{ subject: `${venue}/${service}/${region}`, value: roundTripMs / 1000 }],
        ),
      ),
  },
  single(
    "clock-offset",
    "s",
    "how far the venue's clock and ours are apart, whichever is ahead",
    "pitlane_clock_offset_seconds",
    ({ network }) => (network.clockOffsetMs === null ? null : Math.abs(network.clockOffsetMs) / 1000),
  ),
  {
    name: "drawdown-used",
    unit: "ratio",
    help: "fall of the profit below its highest value, as a share of risk.maxDrawdown",
    promql: "pitlane_drawdown_used_ratio",
    labels: ["asset"],
    read: ({ profit }) =>
      profit.flatMap(({ asset, drawdownUsed }) =>
        drawdownUsed === null ? [] : [{ subject: asset, value: drawdownUsed }],
      ),
  },
  single("memory", "bytes", "memory of the process (RSS)", "process_resident_memory_bytes", (sample) => {
    return sample.process.memory.rssBytes;
  }),
  single(
    "memory-used",
    "ratio",
    "memory of the process (RSS) as a share of its limit",
    "process_resident_memory_bytes / process_resident_memory_limit_bytes",
    (sample) => sample.process.memory.rssBytes / sample.process.memory.rssLimitBytes,
  ),
  single(
    "heap-used",
    "ratio",
    "heap in use as a share of V8's limit",
    "process_heap_used_bytes / process_heap_limit_bytes",
    (sample) => sample.process.memory.heapUsedBytes / sample.process.memory.heapLimitBytes,
  ),
  single(
    "cpu",
    "ratio",
    "CPU of the process; 1 is a whole core",
    "sum without (mode) (process_cpu_ratio)",
    (sample) => {
      return sample.process.cpu.percent / 100;
    },
  ),
  single("loop-delay-p99", "s", "lateness of the event loop", 'eventloop_delay_seconds{stat="p99"}', (sample) => {
    return sample.process.loopDelay.p99Us / 1e6;
  }),
  single("faults", "events", "different faults since the start", "pitlane_faults", ({ faults }) => faults),
];

const BY_NAME: ReadonlyMap<string, AlertSignal> = new Map(ALERT_SIGNALS.map((signal) => [signal.name, signal]));

/** The signal of a name; undefined when there is none. */
export function signalNamed(name: string): AlertSignal | undefined {
  return BY_NAME.get(name);
}
