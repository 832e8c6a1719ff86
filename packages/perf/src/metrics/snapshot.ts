import type { Labels } from "./labelled.ts";

/** A number as JSON can carry it: what JSON has no spelling for is the text that Prometheus uses. */
export type SnapshotNumber = number | "NaN" | "+Inf" | "-Inf";

interface MetricSnapshotBase<K extends string, S> {
  readonly kind: K;
  readonly name: string;
  readonly help: string;
  /** Times a label set too many was counted under `overflow="true"` instead. */
  readonly overflowed: number;
  readonly series: readonly (S & { readonly labels: Labels })[];
}

/** One counter or gauge. */
export type ValueSnapshot = MetricSnapshotBase<"counter" | "gauge", { readonly value: SnapshotNumber }>;

/** One meter; rates are events per second. */
export type MeterSnapshot = MetricSnapshotBase<
  "meter",
  {
    readonly count: SnapshotNumber;
    readonly currentPerSecond: SnapshotNumber;
    readonly averagePerSecond: SnapshotNumber;
    readonly peakPerSecond: SnapshotNumber;
  }
>;

/** One histogram; `counts` are per bucket, not cumulative, and have one more entry than `bounds`. */
export type HistogramSnapshot = MetricSnapshotBase<
  "histogram",
  {
    readonly counts: readonly number[];
    readonly sum: SnapshotNumber;
    readonly count: number;
  }
> & { readonly bounds: readonly number[] };

/** One summary, in seconds. `quantiles` is empty while nothing was recorded. */
export type SummarySnapshot = MetricSnapshotBase<
  "summary",
  {
    readonly quantiles: readonly { readonly quantile: number; readonly seconds: number }[];
    readonly sumSeconds: number;
    readonly count: number;
  }
>;

/** One metric with all its series; `kind` tells which. */
export type MetricSnapshot = ValueSnapshot | MeterSnapshot | HistogramSnapshot | SummarySnapshot;

/** All metrics of a registry at one moment: plain data that survives `JSON.stringify` and `structuredClone`. */
export interface MetricsSnapshot {
  /** When it was taken, microseconds since the Unix epoch. */
  readonly atUs: number;
  /** In the order of registration. */
  readonly metrics: readonly MetricSnapshot[];
}

/** `value` as a snapshot carries it. */
export function toSnapshotNumber(value: number): SnapshotNumber {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}
