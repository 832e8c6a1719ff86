import type { LatencyHistogram, MetricsSnapshot } from "@pitlane/perf/metrics";
import { MetricsRegistry, SlidingLatency } from "@pitlane/perf/metrics";
import { type ProcessSample, processMetrics } from "@pitlane/perf/monitor";
import { STAGES, type Stage } from "../latency.ts";
import { toMetrics } from "./exposition.ts";
import type { SampleFeed } from "./observer.ts";
import { RateOf, ShareOfMinute } from "./rates.ts";
import type { AnsweredOrder, OrderFlow, PluginFigures, SessionSample, SlowOrder } from "./sample.ts";
import type { SlowOrders } from "./slow-orders.ts";
import type { OrderCounts, PluginFacts, SampleSources } from "./sources.ts";

const RECENT = 60; // about 13 KB each with two plugins and four instruments; a minute of them is what alerts hold anyway

export interface SampleCollectorOptions {
  readonly sources: SampleSources;
  readonly slowOrders: Pick<SlowOrders, "slowest"> & Partial<Pick<SlowOrders, "onOrder">>;
  /** A listener threw, or a source did. */
  readonly onFault: (message: string) => void;
}

/**
 * Makes a sample of the whole session each time it is told to, keeps the last 60, and hands each to who wants it.
 *
 *     latencies, counters, monitors -> take() -> SessionSample -> recent, listeners, metrics()
 *
 * Whoever records on the hot path knows nothing of it: all is read here, at the pace of `take`.
 *
 * @example
 * const collector = new SampleCollector({ sources, slowOrders, onFault });
 * const timer = setInterval(() => collector.take(), 1_000);
 */
export class SampleCollector implements SampleFeed {
  readonly #sources: SampleSources;
  readonly #slowOrders: Pick<SlowOrders, "slowest"> & Partial<Pick<SlowOrders, "onOrder">>;
  readonly #onFault: (message: string) => void;
  readonly #stages: Readonly<Record<Stage, SlidingLatency>>;
  readonly #hooks: readonly SlidingLatency[]; // by owner
  readonly #events: RateOf;
  readonly #orders: RateOf;
  readonly #fills: RateOf;
  readonly #errors: ShareOfMinute;
  readonly #recent: SessionSample[] = [];
  readonly #listeners = new Set<(sample: SessionSample) => void>();
  readonly #registry: MetricsRegistry;
  readonly #publishProcess: (sample: ProcessSample) => void;
  readonly #startedNs: number;
  #takenNs: number;
  #seq = 0;
  #slowest: readonly SlowOrder[] | undefined; // as of the last sample

  constructor({ sources, slowOrders, onFault }: SampleCollectorOptions) {
    const { clock, latencies } = sources;
    const nowNs = clock.monotonicNs();
    const counts = sources.orders();
    this.#sources = sources;
    this.#slowOrders = slowOrders;
    this.#onFault = onFault;
    this.#stages = byStage((stage) => new SlidingLatency(latencies[stage], nowNs));
    this.#hooks = sources.plugins().map(({ hookTimes }) => new SlidingLatency(hookTimes, nowNs));
    this.#events = new RateOf(sources.events());
    this.#orders = new RateOf(counts.submitted);
    this.#fills = new RateOf(sources.fills());
    this.#errors = new ShareOfMinute(sources.failures(), counts.submitted, nowNs);
    this.#registry = new MetricsRegistry({ clock });
    this.#publishProcess = processMetrics(this.#registry);
    this.#startedNs = nowNs;
    this.#takenNs = nowNs;
  }

  get latest(): SessionSample | undefined {
    return this.#recent.at(-1);
  }

  get recent(): readonly SessionSample[] {
    return this.#recent;
  }

  onSample(listener: (sample: SessionSample) => void): () => void {
    const own = (sample: SessionSample) => listener(sample); // who comes twice is told twice, and leaves once
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  slowest(): readonly SlowOrder[] {
    this.#slowest ??= this.#slowOrders.slowest();
    return this.#slowest;
  }

  onOrder(listener: (order: AnsweredOrder) => void): () => void {
    return this.#slowOrders.onOrder?.(listener, this.#onFault) ?? (() => {});
  }

  histogram(stage: Stage): LatencyHistogram {
    return this.#sources.latencies[stage];
  }

  metrics(): MetricsSnapshot {
    const { latest } = this;
    const own = latest === undefined ? [] : toMetrics(latest).metrics;
    const process = latest === undefined ? [] : this.#registry.snapshot().metrics;
    const atUs = latest?.atUs ?? this.#sources.clock.nowUs();
    return { atUs, metrics: [...own, ...process, ...this.#sources.pluginMetrics().metrics] };
  }

  /** Takes a sample now and tells of it. To be called once a second. */
  take(): void {
    let sample: SessionSample;
    try {
      sample = this.#read();
    } catch (error) {
      this.#onFault(`no sample could be taken: ${String(error)}`); // the session goes on without
      return;
    }
    if (this.#recent.length === RECENT) this.#recent.shift();
    this.#recent.push(sample);
    this.#slowest = undefined;
    for (const listener of [...this.#listeners]) {
      try {
        listener(sample);
      } catch (error) {
        this.#onFault(`who listens to samples failed: ${String(error)}`);
      }
    }
  }

  #read(): SessionSample {
    const sources = this.#sources;
    // All that may fail comes first: what is followed from sample to sample then moves on as a whole or not at all.
    const events = sources.events();
    const fills = sources.fills();
    const counts = sources.orders();
    const failures = sources.failures();
    const plugins = sources.plugins();
    const read = {
      profit: sources.profit(),
      trading: sources.trading(),
      lanes: sources.lanes(),
      journal: sources.journal(),
      instruments: sources.instruments(),
      network: sources.network(),
      caches: sources.caches(),
      pools: sources.pools(),
      faults: sources.faults(),
      process: sources.process(),
    };
    const nowNs = sources.clock.monotonicNs();
    const periodMs = (nowNs - this.#takenNs) / 1e6;
    const uptimeMs = (nowNs - this.#startedNs) / 1e6;
    this.#takenNs = nowNs;
    this.#publishProcess(read.process);
    return {
      seq: ++this.#seq,
      atUs: sources.clock.nowUs(),
      periodMs,
      uptimeMs,
      latency: byStage((stage) => this.#stages[stage].roll(nowNs)),
      events: this.#events.look(events, periodMs, uptimeMs),
      orders: this.#orders.look(counts.submitted, periodMs, uptimeMs),
      fills: this.#fills.look(fills, periodMs, uptimeMs),
      flow: this.#flow(counts, failures, nowNs),
      plugins: plugins.map((facts, owner) => this.#plugin(facts, owner, nowNs, periodMs)),
      ...read,
    };
  }

  #flow(counts: OrderCounts, failures: number, nowNs: number): OrderFlow {
    const { filled, cancelled, expired, rejected, submitted, unknown } = counts;
    const ended = filled + cancelled + expired + rejected;
    return {
      ...counts,
      fillRatio: ended === 0 ? 0 : filled / ended,
      errorRatio: this.#errors.look(failures, submitted, nowNs, unknown),
    };
  }

  #plugin({ hookTimes: _, ...facts }: PluginFacts, owner: number, nowNs: number, periodMs: number): PluginFigures {
    const hooks = this.#hooks[owner]!.roll(nowNs);
    const { count, mean } = hooks.now;
    return { ...facts, hooks, msPerSecond: periodMs > 0 ? (count * mean) / periodMs : 0 };
  }
}

function byStage<T>(make: (stage: Stage) => T): Readonly<Record<Stage, T>> {
  return Object.fromEntries(STAGES.map((stage) => [stage, make(stage)])) as Record<Stage, T>;
}
