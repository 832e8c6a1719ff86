import { judge, type Trend, type TrendVerdict, trendOf } from "./trend.ts";

/** What is read each second, bytes. */
export interface MemoryReading {
  readonly heapUsed: number;
  readonly external: number;
  readonly rss: number;
}

export const MEMORY_SERIES = ["heapUsed", "external", "rss"] as const;
export type MemorySeries = (typeof MEMORY_SERIES)[number];

/** Those that are judged: what a process gives back to the system, and when, is the allocator's affair, so RSS is only shown. */
const JUDGED: readonly MemorySeries[] = ["heapUsed", "external"];

/** How one series went. Bytes an hour, but for the last three, which are bytes. */
export interface SeriesTrend {
  readonly slope: number;
  /** Null where the interval is infinite: the values say too little. */
  readonly low: number | null;
  readonly high: number | null;
  /** Of blocks, and what they are worth; see `Trend`. */
  readonly blocks: number;
  readonly effectiveBlocks: number;
  readonly autocorrelation: number;
  /** Undefined where it is not judged. */
  readonly verdict: TrendVerdict | undefined;
  readonly mean: number;
  readonly most: number;
  /** From the least block to the largest. */
  readonly range: number;
}

/** What a soak has found. */
export interface SoakFindings {
  readonly verdict: TrendVerdict;
  readonly series: Readonly<Record<MemorySeries, SeriesTrend>>;
}

export interface MemoryWatchOptions {
  /** Readings of which the least counts. */
  readonly blockReadings: number;
  /** Time between two readings, seconds. */
  readonly secondsPerReading: number;
}

/** Keeps the least reading of each block: its own memory grows by three numbers a block. */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #minima: Record<MemorySeries, number[]> = { heapUsed: [], external: [], rss: [] };
  readonly #most = { heapUsed: 0, external: 0, rss: 0 };
  readonly #least = { heapUsed: Infinity, external: Infinity, rss: Infinity };
  #inBlock = 0;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
  }

  /** Full blocks so far. */
  get blocks(): number {
    return this.#minima.heapUsed.length;
  }

  /** The next reading ends a block. */
  get isBlockEnding(): boolean {
    return this.#inBlock === this.#options.blockReadings - 1;
  }

  add(reading: MemoryReading): void {
    for (const name of MEMORY_SERIES) {
      const value = reading[name];
      if (value < this.#least[name]) this.#least[name] = value;
      if (value > this.#most[name]) this.#most[name] = value;
    }
    if (++this.#inBlock < this.#options.blockReadings) return;
    this.#inBlock = 0;
    for (const name of MEMORY_SERIES) {
      this.#minima[name].push(this.#least[name]);
      this.#least[name] = Number.POSITIVE_INFINITY;
    }
  }

  /** @param maxGrowth Bytes an hour. @throws {InvalidInputError} With fewer than three blocks. */
  findings(maxGrowth: number): SoakFindings {
    const { blockReadings, secondsPerReading } = this.#options;
    const blocksPerHour = 3_600 / (blockReadings * secondsPerReading);
    const series = Object.fromEntries(
      MEMORY_SERIES.map((name) => {
        const trend = trendOf(this.#minima[name]);
        const verdict = JUDGED.includes(name) ? judge(trend, maxGrowth / blocksPerHour) : undefined;
        return [name, describe(trend, blocksPerHour, verdict, this.#most[name])];
      }),
    ) as Record<MemorySeries, SeriesTrend>;
    return { verdict: worst(JUDGED.map((name) => series[name].verdict)), series };
  }
}

function describe(trend: Trend, blocksPerHour: number, verdict: TrendVerdict | undefined, most: number): SeriesTrend {
  const { slope, low, high, mean, count, effective, autocorrelation, range } = trend;
  const hourly = (value: number) => (Number.isFinite(value) ? Math.round(value * blocksPerHour) : null);
  return {
    slope: Math.round(slope * blocksPerHour),
    low: hourly(low),
    high: hourly(high),
    blocks: count,
    effectiveBlocks: Math.round(effective * 10) / 10,
    autocorrelation: Math.round(autocorrelation * 1000) / 1000,
    verdict,
    mean: Math.round(mean),
    most,
    range,
  };
}

function worst(verdicts: readonly (TrendVerdict | undefined)[]): TrendVerdict {
  return (["growing", "inconclusive"] as const).find((verdict) => verdicts.includes(verdict)) ?? "flat";
}
