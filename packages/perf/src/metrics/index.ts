export { Counter } from "./counter.ts";
export { Gauge } from "./gauge.ts";
export { decadeBounds, Histogram, type HistogramReading } from "./histogram.ts";
export { LabelledMetric, type LabelledParts, type Labels, type Series } from "./labelled.ts";
export { decodeHistogram, encodeHistogram, toHdrHistogram } from "./latency-codec.ts";
export {
  HIGHEST_LATENCY_NS,
  type LatencyBucket,
  type LatencyCounts,
  LatencyHistogram,
  type LatencySummary,
} from "./latency-histogram.ts";
export { LatencyWindow, type LatencyWindowSummary } from "./latency-window.ts";
export { Meter, type MeterOptions, type MeterReading } from "./meter.ts";
export type { MetricKind } from "./names.ts";
export { PROMETHEUS_CONTENT_TYPE, prometheusText } from "./prometheus.ts";
export {
  type HistogramMetricOptions,
  type LabelOptions,
  type MeterMetricOptions,
  type MetricOptions,
  MetricsRegistry,
  type MetricsRegistryOptions,
} from "./registry.ts";
export { type LatencyFigures, type LatencySpans, SlidingLatency } from "./sliding-latency.ts";
export type {
  HistogramSnapshot,
  MeterSnapshot,
  MetricSnapshot,
  MetricsSnapshot,
  SnapshotNumber,
  SummarySnapshot,
  ValueSnapshot,
} from "./snapshot.ts";
export { StageTimer } from "./stage-timer.ts";
export { WindowedPercentiles, type WindowedPercentilesOptions } from "./windowed-percentiles.ts";
