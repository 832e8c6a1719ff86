import { build, type Histogram } from "hdr-histogram-js";

/** A latency distribution in microseconds, as reports show it. All zero when nothing was recorded. */
export interface LatencySummary {
  readonly count: number;
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
  readonly unit: "us";
}

const HIGHEST_NS = 3_600_000_000_000; // 1 h; longer ones are recorded as that

/**
 * Latencies from 1 ns to 1 h with three significant digits, in constant memory.
 *
 * `record` allocates nothing. Values above 1 h count as 1 h, below 1 ns (a clock that did not tick) as 1 ns.
 * Source: Gil Tene's HdrHistogram, by hdr-histogram-js.
 *
 * @example
 * const latency = new LatencyHistogram();
 * const startedNs = clock.monotonicNs();
 * work();
 * latency.record(clock.monotonicNs() - startedNs);
 * console.log(latency.summary().p99, "us");
 */
export class LatencyHistogram {
  readonly #histogram: Histogram = build({
    bitBucketSize: 64,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_NS,
    numberOfSignificantValueDigits: 3,
  });

  /** Records one duration, in nanoseconds. */
  record(elapsedNs: number): void {
    const wholeNs = Math.round(elapsedNs);
    this.#histogram.recordValue(Math.max(1, Math.min(wholeNs, HIGHEST_NS)));
  }

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** Nanoseconds below which `percentile` (0 to 100) of the samples lie; 0 when there are none. */
  percentileNs(percentile: number): number {
    return this.count === 0 ? 0 : this.#histogram.getValueAtPercentile(percentile);
  }

  /** Count, mean, percentiles and maximum in microseconds, rounded to the nanosecond. */
  summary(): LatencySummary {
    const at = (percentile: number) => this.percentileNs(percentile) / 1000;
    return {
      count: this.count,
      mean: this.count === 0 ? 0 : Math.round(this.#histogram.mean) / 1000,
      p50: at(50),
      p90: at(90),
      p99: at(99),
      p999: at(99.9),
      max: this.count === 0 ? 0 : this.#histogram.maxValue / 1000,
      unit: "us",
    };
  }

  reset(): void {
    this.#histogram.reset();
  }
}
