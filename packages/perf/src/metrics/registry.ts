import type { Clock } from "../clock.ts";
import { InvalidInputError, integerInRange } from "../errors.ts";
import { Counter } from "./counter.ts";
import { Gauge } from "./gauge.ts";
import { Histogram } from "./histogram.ts";
import { LabelledMetric, type Series } from "./labelled.ts";
import { LatencyHistogram } from "./latency-histogram.ts";
import { Meter } from "./meter.ts";
import { checkLabelNames, checkMetricName, exposedNames, type MetricKind, OVERFLOW_METRIC } from "./names.ts";
import { type MetricSnapshot, type MetricsSnapshot, toSnapshotNumber } from "./snapshot.ts";

const MOST_METRICS = 10_000;
const DEFAULT_SERIES = 1_000;
const DEFAULT_SUMMARY_SERIES = 20; // each holds a whole LatencyHistogram

export interface MetricsRegistryOptions {
  /** Read by meters at every call and by `snapshot`. */
  readonly clock: Pick<Clock, "nowUs" | "monotonicNs">;
  /** Told once for each metric that is asked for more label sets than its `maxSeries`. */
  readonly onOverflow?: (metric: string) => void;
}

export interface MetricOptions {
  /** One sentence for whoever reads the exposition. */
  readonly help: string;
}

/** Makes a metric a labelled one. */
export interface LabelOptions<L extends string> {
  /** Names of the labels; at least one. */
  readonly labels: readonly [L, ...L[]];
  /** Most label sets held, 1 to 100,000; further ones share an overflow series. Default 1,000, of a summary 20. */
  readonly maxSeries?: number;
}

export interface MeterMetricOptions extends MetricOptions {
  /** Span of the current and the peak rate, in milliseconds; 10 to 3,600,000. Default 1,000. */
  readonly windowMs?: number;
}

export interface HistogramMetricOptions extends MetricOptions {
  /** Upper bounds of the buckets, rising; `decadeBounds` makes them. */
  readonly bounds: readonly number[];
}

interface Entry {
  readonly shape: string;
  readonly handle: unknown;
  readonly snapshot: () => MetricSnapshot;
}

interface Kind<M> {
  readonly kind: MetricKind;
  /** What instruments of this metric are made with beside labels: two registrations must agree in it. */
  readonly settings?: unknown;
  readonly create: () => M;
  readonly toSnapshot: (
    about: { name: string; help: string; overflowed: number },
    series: readonly Series<M>[],
  ) => MetricSnapshot;
}

/**
 * Makes metrics by name and takes snapshots of all of them.
 *
 * Without labels a method returns the instrument itself; with labels it returns a `LabelledMetric`, whose `labels` gives an
 * instrument for a set of values. Resolve either once and keep it. Registering a name again with the same options returns
 * what is there; with others it throws. At most 10,000 metrics, each of at most `maxSeries` series and one for the overflow.
 *
 * @example
 * const registry = new MetricsRegistry({ clock: createSystemClock() });
 * const orders = registry.counter("orders_total", { help: "Orders sent.", labels: ["venue"] });
 * orders.labels({ venue: "binance" }).inc();
 * console.log(prometheusText(registry.snapshot()));
 */
export class MetricsRegistry {
  readonly #clock: Pick<Clock, "nowUs" | "monotonicNs">;
  readonly #onOverflow: (metric: string) => void;
  readonly #entries = new Map<string, Entry>();
  readonly #owners = new Map<string, string>(); // of each exposed name

  constructor({ clock, onOverflow = () => {} }: MetricsRegistryOptions) {
    this.#clock = clock;
    this.#onOverflow = onOverflow;
    this.#owners.set(OVERFLOW_METRIC, "the exposition itself");
  }

  /**
   * A sum that only grows; its name ends in `_total`.
   *
   * @throws {InvalidInputError} When the name or a label breaks Prometheus's rules, or is taken by another metric.
   */
  counter(name: string, options: MetricOptions & { readonly labels?: never }): Counter;
  counter<L extends string>(name: string, options: MetricOptions & LabelOptions<L>): LabelledMetric<L, Counter>;
  counter(name: string, options: MetricOptions & Partial<LabelOptions<string>>) {
    return this.#register<Counter>(name, options, {
      kind: "counter",
      create: () => new Counter(),
      toSnapshot: (about, series) => ({ kind: "counter", ...about, series: toValues(series) }),
    });
  }

  /** A value that goes up and down. Throws as `counter`. */
  gauge(name: string, options: MetricOptions & { readonly labels?: never }): Gauge;
  gauge<L extends string>(name: string, options: MetricOptions & LabelOptions<L>): LabelledMetric<L, Gauge>;
  gauge(name: string, options: MetricOptions & Partial<LabelOptions<string>>) {
    return this.#register<Gauge>(name, options, {
      kind: "gauge",
      create: () => new Gauge(),
      toSnapshot: (about, series) => ({ kind: "gauge", ...about, series: toValues(series) }),
    });
  }

  /**
   * Counts events and tells their rates; exposed as `NAME_total` and the gauges `NAME_current_per_second`,
   * `NAME_average_per_second` and `NAME_peak_per_second`. Throws as `counter`.
   */
  meter(name: string, options: MeterMetricOptions & { readonly labels?: never }): Meter;
  meter<L extends string>(name: string, options: MeterMetricOptions & LabelOptions<L>): LabelledMetric<L, Meter>;
  meter(name: string, options: MeterMetricOptions & Partial<LabelOptions<string>>) {
    const { windowMs = 1_000 } = options;
    return this.#register<Meter>(name, options, {
      kind: "meter",
      settings: windowMs,
      create: () => new Meter({ clock: this.#clock, windowMs }),
      toSnapshot: (about, series) => ({
        kind: "meter",
        ...about,
        series: series.map(({ labels, instrument }) => {
          const { count, currentPerSecond, averagePerSecond, peakPerSecond } = instrument.read();
          return {
            labels,
            count: toSnapshotNumber(count),
            currentPerSecond: toSnapshotNumber(currentPerSecond),
            averagePerSecond: toSnapshotNumber(averagePerSecond),
            peakPerSecond: toSnapshotNumber(peakPerSecond),
          };
        }),
      }),
    });
  }

  /** Counts values into buckets, which can be added up over processes. Throws as `counter`. */
  histogram(name: string, options: HistogramMetricOptions & { readonly labels?: never }): Histogram;
  histogram<L extends string>(
    name: string,
    options: HistogramMetricOptions & LabelOptions<L>,
  ): LabelledMetric<L, Histogram>;
  histogram(name: string, options: HistogramMetricOptions & Partial<LabelOptions<string>>) {
    const bounds = new Histogram(options.bounds).bounds; // checked and copied once, for all series
    return this.#register<Histogram>(name, options, {
      kind: "histogram",
      settings: bounds,
      create: () => new Histogram(bounds),
      toSnapshot: (about, series) => ({
        kind: "histogram",
        ...about,
        bounds,
        series: series.map(({ labels, instrument }) => {
          const { counts, sum, count } = instrument.read();
          return { labels, counts, sum: toSnapshotNumber(sum), count };
        }),
      }),
    });
  }

  /**
   * Durations with exact percentiles of this process: a `LatencyHistogram`, recorded in nanoseconds and exposed in seconds,
   * so the name ends in `_seconds`. Throws as `counter`.
   */
  summary(name: string, options: MetricOptions & { readonly labels?: never }): LatencyHistogram;
  summary<L extends string>(
    name: string,
    options: MetricOptions & LabelOptions<L>,
  ): LabelledMetric<L, LatencyHistogram>;
  summary(name: string, options: MetricOptions & Partial<LabelOptions<string>>) {
    return this.#register<LatencyHistogram>(
      name,
      { maxSeries: DEFAULT_SUMMARY_SERIES, ...options },
      {
        kind: "summary",
        create: () => new LatencyHistogram(),
        toSnapshot: (about, series) => ({
          kind: "summary",
          ...about,
          series: series.map(({ labels, instrument }) => ({ labels, ...toSummary(instrument) })),
        }),
      },
    );
  }

  /** What all metrics hold now: a copy, in which nothing changes later. */
  snapshot(): MetricsSnapshot {
    return { atUs: this.#clock.nowUs(), metrics: Array.from(this.#entries.values(), ({ snapshot }) => snapshot()) };
  }

  #register<M>(
    name: string,
    options: MetricOptions & Partial<LabelOptions<string>>,
    { kind, settings, create, toSnapshot }: Kind<M>,
  ): M | LabelledMetric<string, M> {
    const { help, labels, maxSeries = DEFAULT_SERIES } = options;
    checkMetricName(kind, name);
    if (typeof help !== "string") throw new InvalidInputError(`${name} needs a help text, got ${String(help)}`);
    const labelNames = checkLabelNames(kind, name, labels ?? []);
    integerInRange(`maxSeries of ${name}`, maxSeries, 1, 100_000);
    const shape = JSON.stringify([kind, help, labelNames, maxSeries, settings]);
    const known = this.#entries.get(name);
    if (known?.shape === shape) return known.handle as M | LabelledMetric<string, M>;
    this.#claim(name, exposedNames(kind, name));

    const metric = new LabelledMetric({ name, labelNames, maxSeries, create, onOverflow: this.#onOverflow });
    const handle = labelNames.length === 0 ? metric.labels({}) : metric;
    const snapshot = () => toSnapshot({ name, help, overflowed: metric.overflowed }, metric.series);
    this.#entries.set(name, { shape, handle, snapshot });
    return handle;
  }

  #claim(name: string, exposed: readonly string[]): void {
    for (const taken of exposed) {
      const owner = this.#owners.get(taken);
      if (owner !== undefined)
        throw new InvalidInputError(
          owner === name
            ? `${name} is registered already, as another kind or with other options`
            : `${name} would be exposed as ${taken}, which belongs to ${owner}`,
        );
    }
    if (this.#entries.size === MOST_METRICS)
      throw new InvalidInputError(
        `a registry holds at most ${MOST_METRICS} metrics; is ${name} one of many made-up names?`,
      );
    for (const taken of exposed) this.#owners.set(taken, name);
  }
}

function toValues(series: readonly Series<Counter | Gauge>[]) {
  return series.map(({ labels, instrument }) => ({ labels, value: toSnapshotNumber(instrument.value) }));
}

function toSummary(latency: LatencyHistogram) {
  const { count, mean, p50, p90, p99, p999 } = latency.summary(); // in microseconds
  const quantiles = [
    { quantile: 0.5, seconds: p50 / 1e6 },
    { quantile: 0.9, seconds: p90 / 1e6 },
    { quantile: 0.99, seconds: p99 / 1e6 },
    { quantile: 0.999, seconds: p999 / 1e6 },
  ];
  return { quantiles: count === 0 ? [] : quantiles, sumSeconds: (mean * count) / 1e6, count };
}
