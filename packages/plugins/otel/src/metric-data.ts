import { type HrTime, ValueType } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type MetricDescriptor,
} from "@opentelemetry/sdk-metrics";
import type {
  HistogramSnapshot,
  MeterSnapshot,
  MetricSnapshot,
  MetricsSnapshot,
  SnapshotNumber,
  SummarySnapshot,
  ValueSnapshot,
} from "@pitlane/perf/metrics";
import { toOtelName } from "./metric-name.ts";
import { hrTime } from "./time.ts";

type MeterField = Exclude<keyof MeterSnapshot["series"][number], "labels">;

interface Span {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/**
 * A snapshot of metrics as OpenTelemetry's exporters take it. Pure.
 *
 * Not by observable instruments, which OpenTelemetry has none of for histograms, and which would have to be known before plugins measure.
 * Counters are monotonic sums since `startedAtUs`, histograms are cumulative. A summary, which the SDK cannot send, becomes gauges by
 * `quantile`, a count and a sum. Points that are no finite number are left out: OTLP's JSON has no way to write them that all read.
 */
export function toMetricData({ atUs, metrics }: MetricsSnapshot, startedAtUs: number): MetricData[] {
  const span: Span = { startTime: hrTime(startedAtUs), endTime: hrTime(atUs) };
  const values = metrics.flatMap((metric) => (metric.kind === "histogram" ? [] : valuesOf(metric)));
  const seen = new Set<string>();
  const distinct = values.filter(({ name }) => !seen.has(name) && seen.add(name));
  const histograms = metrics.filter((metric) => metric.kind === "histogram");
  return [
    ...distinct.map((value) => valueData(value, span)),
    ...histograms.map((histogram) => histogramData(histogram, span)),
  ].filter(({ dataPoints }) => dataPoints.length > 0);
}

/** All that a metric without buckets comes to; its own name first. */
function valuesOf(metric: Exclude<MetricSnapshot, HistogramSnapshot>): readonly ValueSnapshot[] {
  switch (metric.kind) {
    case "counter":
    case "gauge":
      return [metric];
    case "summary":
      return summaryValues(metric);
    case "meter":
      return meterValues(metric);
  }
}

function meterValues({ name, help, overflowed, series }: MeterSnapshot): ValueSnapshot[] {
  const part = (kind: "counter" | "gauge", ending: string, field: MeterField): ValueSnapshot => ({
    kind,
    name: `${name}_${ending}`,
    help,
    overflowed,
    series: series.map((one) => ({ labels: one.labels, value: one[field] })),
  });
  return [
    part("counter", "total", "count"),
    part("gauge", "current_per_second", "currentPerSecond"),
    part("gauge", "average_per_second", "averagePerSecond"),
    part("gauge", "peak_per_second", "peakPerSecond"),
  ];
}

function summaryValues({ name, help, overflowed, series }: SummarySnapshot): ValueSnapshot[] {
  const base = name.replace(/_seconds$/, "");
  const quantiles = series.flatMap(({ labels, quantiles: own }) =>
    own.map(({ quantile, seconds }) => ({ labels: { ...labels, quantile: String(quantile) }, value: seconds })),
  );
  const counts = series.map(({ labels, count }) => ({ labels, value: count }));
  const sums = series.map(({ labels, sumSeconds }) => ({ labels, value: sumSeconds }));
  return [
    { kind: "gauge", name, help, overflowed, series: quantiles },
    { kind: "counter", name: `${base}_count_total`, help, overflowed, series: counts },
    { kind: "counter", name: `${base}_sum_seconds_total`, help, overflowed, series: sums },
  ];
}

function valueData({ kind, name, help, series }: ValueSnapshot, span: Span): MetricData {
  const dataPoints = series.flatMap(({ labels, value }) =>
    isNumber(value) ? [{ ...span, attributes: { ...labels }, value }] : [],
  );
  const base = {
    descriptor: descriptorOf(name, help),
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints,
  };
  return kind === "counter"
    ? { ...base, dataPointType: DataPointType.SUM, isMonotonic: true }
    : { ...base, dataPointType: DataPointType.GAUGE };
}

function histogramData({ name, help, bounds, series }: HistogramSnapshot, span: Span): MetricData {
  const dataPoints: DataPoint<Histogram>[] = series.map(({ labels, counts, sum, count }) => ({
    ...span,
    attributes: { ...labels },
    value: { buckets: { boundaries: [...bounds], counts: [...counts] }, count, ...(isNumber(sum) ? { sum } : {}) },
  }));
  return {
    descriptor: descriptorOf(name, help),
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPointType: DataPointType.HISTOGRAM,
    dataPoints,
  };
}

function descriptorOf(prometheusName: string, description: string): MetricDescriptor {
  return { ...toOtelName(prometheusName), description, valueType: ValueType.DOUBLE };
}

function isNumber(value: SnapshotNumber): value is number {
  return typeof value === "number";
}
