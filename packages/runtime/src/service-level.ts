import type { SessionSample } from "./observe/sample.ts";

/** What a second of a session is measured against. */
export interface ServiceTarget {
  /** Kebab case, unique. */
  readonly name: string;
  /** What a person reads. */
  readonly title: string;
  /** Of value and threshold. */
  readonly unit: "us" | "MB" | "percent" | "ratio";
  /** The second is good while the value is below it; above it for `more`. */
  readonly threshold: number;
  readonly good: "less" | "more";
  /** The value of a second; undefined when the second says nothing of it. */
  readonly read: (sample: SessionSample) => number | undefined;
}

/** In how many seconds a target held. */
export interface TargetLevel {
  readonly name: string;
  readonly title: string;
  readonly unit: ServiceTarget["unit"];
  readonly threshold: number;
  readonly good: ServiceTarget["good"];
  /** Seconds in which it held. */
  readonly held: number;
  /** Seconds that say anything of it: the others count for nothing. */
  readonly counted: number;
  /** `held / counted`; null when no second counted. */
  readonly share: number | null;
}

/** How a session did against its targets. */
export interface ServiceLevel {
  readonly targets: readonly TargetLevel[];
  /** Seconds in which all held that the second says anything of. */
  readonly all: Pick<TargetLevel, "held" | "counted" | "share">;
  /** What `all.share` is to reach. */
  readonly goal: number;
}

/** Counts by target name, `all` beside them: what is kept of a tally. Each is held and counted seconds. */
export type ServiceCounts = Readonly<Record<string, readonly [held: number, counted: number]>>;

/** Share of time that is to be within all targets. */
const SERVICE_GOAL = 0.999;

const ALL = "all";
const MB = 1e6;

type Span = SessionSample["latency"][keyof SessionSample["latency"]]["now"];
type Figure = Exclude<keyof Span, "count">;

/** A figure of a distribution of the second; undefined when nothing was recorded in it. */
function figure(stage: keyof SessionSample["latency"], name: Figure) {
  return ({ latency }: SessionSample): number | undefined => {
    const { now } = latency[stage];
    return now.count === 0 ? undefined : now[name];
  };
}

function latency(stage: keyof SessionSample["latency"], title: string, limitsMs: Partial<Record<Figure, number>>) {
  return Object.entries(limitsMs).map(
    ([name, limitMs]): ServiceTarget => ({
      name: `${stage === "ack" ? "submission" : "execution"}-${name}`,
      title: `${title}, ${name === "p999" ? "p99.9" : name}`,
      unit: "us",
      threshold: limitMs * 1000,
      good: "less",
      read: figure(stage, name as Figure),
    }),
  );
}

/**
 * The product's targets that a sample of a session can tell of. Fetches of prices and balances, cache look-ups and the search for arbitrage
 * are measured by benchmarks: a session has no such stage. How much is traded is the deployment's own affair: alerts look at it.
 */
export const SERVICE_TARGETS: readonly ServiceTarget[] = [
  ...latency("execution", "order execution", { mean: 20, p95: 30, p99: 50, p999: 100 }),
  {
    name: "execution-jitter",
    title: "order execution, p99 less p50",
    unit: "us",
    threshold: 5_000,
    good: "less",
    read: ({ latency: { execution } }) =>
      execution.now.count === 0 ? undefined : execution.now.p99 - execution.now.p50,
  },
  ...latency("ack", "submission, bytes out to answer", { mean: 50, p95: 100, p99: 200 }),
  {
    name: "order-processing-mean",
    title: "order processing, wish to socket, mean",
    unit: "us",
    threshold: 1_000,
    good: "less",
    read: figure("processing", "mean"),
  },
  {
    name: "market-data-mean",
    title: "market data, socket to strategy, mean",
    unit: "us",
    threshold: 500,
    good: "less",
    read: ({ latency: { decode, dispatch } }) =>
      decode.now.count === 0 || dispatch.now.count === 0 ? undefined : decode.now.mean + dispatch.now.mean,
  },
  {
    name: "error-rate",
    title: "requests that failed in the last minute",
    unit: "ratio",
    threshold: 0.001,
    good: "less",
    read: ({ flow, latency: { send } }) => (send.minute.count === 0 ? undefined : flow.errorRatio),
  },
  {
    name: "memory",
    title: "memory (RSS)",
    unit: "MB",
    threshold: 256,
    good: "less",
    read: ({ process }) => process.memory.rssBytes / MB,
  },
  {
    name: "memory-maximum",
    title: "memory (RSS), the most that may be",
    unit: "MB",
    threshold: 512,
    good: "less",
    read: ({ process }) => process.memory.rssBytes / MB,
  },
  {
    name: "cpu",
    title: "CPU, of one core",
    unit: "percent",
    threshold: 50,
    good: "less",
    read: ({ process }) => process.cpu.percent,
  },
  {
    name: "cache-hits",
    title: "cache hits, since the start",
    unit: "ratio",
    threshold: 0.95,
    good: "more",
    read: ({ caches }) => {
      const hits = caches.reduce((sum, cache) => sum + cache.hits, 0);
      const asked = caches.reduce((sum, cache) => sum + cache.hits + cache.misses, 0);
      return asked === 0 ? undefined : hits / asked;
    },
  },
];

/**
 * Counts the seconds in which each target held. A second that says nothing of a target counts for nothing there.
 *
 * @example
 * const tally = new ServiceTally();
 * for (const sample of samples) tally.add(sample);
 * toServiceLevel(tally.counts()).all.share;
 */
export class ServiceTally {
  readonly #targets: readonly ServiceTarget[];
  readonly #held: Float64Array;
  readonly #counted: Float64Array;
  #allHeld = 0;
  #allCounted = 0;

  constructor(targets: readonly ServiceTarget[] = SERVICE_TARGETS) {
    this.#targets = targets;
    this.#held = new Float64Array(targets.length);
    this.#counted = new Float64Array(targets.length);
  }

  add(sample: SessionSample): void {
    let counted = 0;
    let isGood = true;
    for (const [i, target] of this.#targets.entries()) {
      const value = target.read(sample);
      if (value === undefined || Number.isNaN(value)) continue;
      counted++;
      (this.#counted[i] as number) += 1;
      if (holds(target, value)) (this.#held[i] as number) += 1;
      else isGood = false;
    }
    if (counted === 0) return;
    this.#allCounted++;
    if (isGood) this.#allHeld++;
  }

  /** Since it was made. */
  counts(): ServiceCounts {
    const own = this.#targets.map(({ name }, i) => [name, [this.#held[i]!, this.#counted[i]!]] as const);
    return Object.fromEntries([[ALL, [this.#allHeld, this.#allCounted]], ...own]);
  }
}

/** Whether a value is within a target. Pure. */
export function holds({ good, threshold }: Pick<ServiceTarget, "good" | "threshold">, value: number): boolean {
  return good === "less" ? value < threshold : value > threshold;
}

/** Adds counts up: of several sessions, or `sign` -1 for what came between two of one. Pure. */
export function addCounts(a: ServiceCounts, b: ServiceCounts, sign: 1 | -1 = 1): ServiceCounts {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries(
    [...names].map((name) => {
      const [held, counted] = a[name] ?? [0, 0];
      const [otherHeld, otherCounted] = b[name] ?? [0, 0];
      return [name, [held + sign * otherHeld, counted + sign * otherCounted] as const];
    }),
  );
}

/** What counts say. Pure. */
export function toServiceLevel(
  counts: ServiceCounts,
  targets: readonly ServiceTarget[] = SERVICE_TARGETS,
): ServiceLevel {
  return {
    targets: targets.map(({ name, title, unit, threshold, good }) => ({
      name,
      title,
      unit,
      threshold,
      good,
      ...levelOf(counts[name]),
    })),
    all: levelOf(counts[ALL]),
    goal: SERVICE_GOAL,
  };
}

function levelOf([held, counted]: readonly [number, number] = [0, 0]): Pick<TargetLevel, "held" | "counted" | "share"> {
  return { held, counted, share: counted === 0 ? null : held / counted };
}
