import type { MetricSnapshot, MetricsSnapshot, SummarySnapshot, ValueSnapshot } from "@pitlane/perf/metrics";
import { LANES } from "../bus/events.ts";
import { STAGES } from "../latency.ts";
import type { LatencySpans, SessionSample } from "./sample.ts";

type Labels = Readonly<Record<string, string>>;

/** One metric: what it is, and how it is read off a sample. A series whose value is null is left out. */
interface Row {
  readonly name: string;
  readonly kind: "counter" | "gauge";
  readonly help: string;
  readonly read: (sample: SessionSample) => readonly (readonly [Labels, number | null])[];
}

const OUTCOMES = ["submitted", "accepted", "filled", "cancelled", "expired", "rejected", "denied"] as const;
const STATES = ["active", "reduceOnly", "halted"] as const;
const QUANTILES = [
  ["p50", 0.5],
  ["p95", 0.95],
  ["p99", 0.99],
  ["p999", 0.999],
] as const;

/** A metric of one series. */
const one = (kind: Row["kind"], name: string, help: string, read: (sample: SessionSample) => number | null): Row => ({
  kind,
  name,
  help,
  read: (sample) => [[{}, read(sample)]],
});

const perLane = (
  kind: Row["kind"],
  name: string,
  help: string,
  read: (lane: SessionSample["lanes"]["low"]) => number,
): Row => ({ kind, name, help, read: ({ lanes }) => LANES.map((lane) => [{ lane }, read(lanes[lane])]) });

const perAsset = (
  name: string,
  help: string,
  read: (profit: SessionSample["profit"][number]) => number | null,
): Row => ({ kind: "gauge", name, help, read: ({ profit }) => profit.map((own) => [{ asset: own.asset }, read(own)]) });

const perPlugin = (
  kind: Row["kind"],
  name: string,
  help: string,
  read: (plugin: SessionSample["plugins"][number]) => number | null,
): Row => ({
  kind,
  name,
  help,
  read: ({ plugins }) => plugins.map((own) => [{ plugin: own.name }, read(own)]),
});

const ROWS: readonly Row[] = [
  {
    kind: "gauge",
    name: "pitlane_stage_latency_mean_seconds",
    help: "Mean of a stage over the last minute.",
    read: ({ latency }) =>
      STAGES.map((stage) => {
        const { count, mean } = latency[stage].minute;
        return [{ stage }, count === 0 ? null : mean / 1e6];
      }),
  },
  {
    kind: "counter",
    name: "pitlane_stage_latency_count_total",
    help: "Times a stage was passed since the start.",
    read: ({ latency }) => STAGES.map((stage) => [{ stage }, latency[stage].total.count]),
  },
  one("counter", "pitlane_events_total", "Market events received.", ({ events }) => events.count),
  one("gauge", "pitlane_events_per_second", "Market events a second.", ({ events }) => events.nowPerSecond),
  {
    kind: "counter",
    name: "pitlane_orders_total",
    help: "Orders by what came of them.",
    read: ({ flow }) => OUTCOMES.map((outcome) => [{ outcome }, flow[outcome]]),
  },
  one("gauge", "pitlane_orders_per_second", "Orders submitted a second.", ({ orders }) => orders.nowPerSecond),
  one("counter", "pitlane_fills_total", "Fills booked.", ({ fills }) => fills.count),
  one("gauge", "pitlane_fills_per_second", "Fills a second.", ({ fills }) => fills.nowPerSecond),
  one(
    "gauge",
    "pitlane_order_error_ratio",
    "Share of the last minute's requests that were rejected, failed or have no known outcome.",
    ({ flow }) => flow.errorRatio,
  ),
  one("gauge", "pitlane_order_fill_ratio", "Share of ended orders that were filled.", ({ flow }) => flow.fillRatio),
  one("gauge", "pitlane_orders_open", "Orders that may still trade.", ({ flow }) => flow.open),
  one("gauge", "pitlane_orders_unknown", "Orders whose outcome is not known.", ({ flow }) => flow.unknown),
  one("gauge", "pitlane_orders_queued", "Orders that wait for their turn.", ({ flow }) => flow.queued),
  one("gauge", "pitlane_orders_in_flight", "Requests for orders under way.", ({ flow }) => flow.inFlight),
  perLane(
    "gauge",
    "pitlane_bus_lane_depth",
    "Most events that waited in a lane at once since the last sample.",
    ({ depth }) => depth,
  ),
  perLane("counter", "pitlane_bus_dropped_total", "Events given up by a full lane.", ({ dropped }) => dropped),
  perLane(
    "counter",
    "pitlane_bus_over_bound_total",
    "Events that a full lane took all the same, as it never drops.",
    ({ overBound }) => overBound,
  ),
  perLane("counter", "pitlane_bus_conflated_total", "Events replaced by newer ones.", ({ conflated }) => conflated),
  one(
    "gauge",
    "pitlane_journal_lag_seconds",
    "Longest that a row has waited for the database since the last sample.",
    ({ journal }) => journal.lagMs / 1e3,
  ),
  one(
    "gauge",
    "pitlane_journal_queued_rows",
    "Rows that the database does not have yet.",
    (sample) => sample.journal.queued,
  ),
  one("gauge", "pitlane_journal_size_bytes", "Journal on disk.", ({ journal }) => journal.bytes),
  {
    kind: "gauge",
    name: "pitlane_limiter_used_ratio",
    help: "Share of a request budget that is used.",
    read: ({ network }) =>
      network.limits.map(({ venue, name, used, limit }) => [{ venue, budget: name }, limit > 0 ? used / limit : null]),
  },
  one(
    "gauge",
    "pitlane_connection_failures_per_minute",
    "Connections lost or refused, and calls whose connection failed.",
    ({ network }) => network.failuresPerMinute,
  ),
  {
    kind: "gauge",
    name: "pitlane_endpoint_round_trip_seconds",
    help: "Round trip to an endpoint, smoothed.",
    read: ({ network }) =>
      network.endpoints.map(({ venue, service, region, roundTripMs }) => [
        { venue, service, region },
        roundTripMs === null ? null : roundTripMs / 1e3,
      ]),
  },
  {
    kind: "gauge",
    name: "pitlane_connection_open",
    help: "1 while a socket is open.",
    read: ({ network }) =>
      network.connections.map(({ venue, name, state }) => [{ venue, connection: name }, state === "open" ? 1 : 0]),
  },
  one("gauge", "pitlane_clock_offset_seconds", "Distance to the venue's clock.", ({ network }) =>
    network.clockOffsetMs === null ? null : Math.abs(network.clockOffsetMs) / 1e3,
  ),
  perAsset("pitlane_profit", "Profit after fees, in its asset.", ({ profit }) => Number(profit)),
  perAsset("pitlane_drawdown_used_ratio", "Share of the largest drawdown allowed.", (own) => own.drawdownUsed),
  {
    kind: "gauge",
    name: "pitlane_trading_state",
    help: "1 for how trading stands.",
    read: ({ trading }) => STATES.map((state) => [{ state }, trading.state === state ? 1 : 0]),
  },
  perPlugin("counter", "pitlane_plugin_faults_total", "Hooks of a plugin that failed.", ({ faults }) => faults),
  perPlugin(
    "gauge",
    "pitlane_plugin_busy_ratio",
    "Share of the time that its hooks took.",
    (own) => own.msPerSecond / 1e3,
  ),
  one("gauge", "pitlane_faults", "Faults known.", ({ faults }) => faults),
  one("gauge", "pitlane_uptime_seconds", "Time since the start.", ({ uptimeMs }) => uptimeMs / 1e3),
];

/**
 * A sample as metrics in Prometheus's units: seconds, bytes, ratios. Pure.
 *
 * Latencies are summaries: quantiles of the last minute, absent while nothing was recorded in it; sum and count since the start. Figures
 * of the process, whose counters add up over samples, are not among them: `SampleFeed.metrics` has both.
 *
 * @example
 * prometheusText(toMetrics(sample));
 */
export function toMetrics(sample: SessionSample): MetricsSnapshot {
  const stages = STAGES.map((stage) => [{ stage }, sample.latency[stage]] as const);
  const hooks = sample.plugins.map((plugin) => [{ plugin: plugin.name }, plugin.hooks] as const);
  const metrics: MetricSnapshot[] = [
    toSummary("pitlane_stage_latency_seconds", "Time of a stage.", stages),
    toSummary("pitlane_plugin_hook_seconds", "Time of a plugin's hooks.", hooks),
  ];
  for (const row of ROWS) {
    const metric = toMetric(row, sample);
    if (metric.series.length > 0) metrics.push(metric);
  }
  return { atUs: sample.atUs, metrics };
}

function toMetric({ name, kind, help, read }: Row, sample: SessionSample): ValueSnapshot {
  const series = distinct(read(sample)).flatMap(([labels, value]) => (value === null ? [] : [{ labels, value }]));
  return { kind, name, help, overflowed: 0, series };
}

/** Of series with the same labels the first: two of them would make the whole exposition invalid. */
function distinct(series: readonly (readonly [Labels, number | null])[]): typeof series {
  const seen = new Set<string>();
  return series.filter(([labels]) => {
    const key = JSON.stringify(labels);
    return seen.has(key) ? false : seen.add(key);
  });
}

function toSummary(name: string, help: string, spans: readonly (readonly [Labels, LatencySpans])[]): SummarySnapshot {
  const series = spans.map(([labels, { minute, total }]) => ({
    labels,
    quantiles:
      minute.count === 0 ? [] : QUANTILES.map(([figure, quantile]) => ({ quantile, seconds: minute[figure] / 1e6 })),
    sumSeconds: (total.mean * total.count) / 1e6,
    count: total.count,
  }));
  return { kind: "summary", name, help, overflowed: 0, series };
}
