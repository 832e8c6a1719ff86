import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, createRandom, createSystemClock, InvalidInputError, type Random } from "@pitlane/perf";
import { LatencyHistogram } from "@pitlane/perf/metrics";
import type { Knob } from "@pitlane/perf/tune";
import {
  type Alert,
  type AlertRule,
  checkConfig,
  createRunId,
  type Instrument,
  Journal,
  type LogLine,
  type MarketView,
  type ObservedSession,
  type OrderView,
  type SessionSample,
  STAGES,
  type Stage,
  type TradeEvent,
  type TradingStatus,
} from "pitlane";
import { testInstrument } from "pitlane/testing";
import { fakeSample, fakeSlowOrders, TYPICAL_US } from "./fake-samples.ts";

const SECOND_US = 1_000_000;

const RULES: readonly AlertRule[] = [
  {
    name: "order-latency-p99",
    title: "p99 of order execution",
    signal: "execution.p99",
    bad: "above",
    warning: { threshold: 0.05 },
    critical: { threshold: 0.5 },
  },
  {
    name: "limiter",
    title: "a request limit's use",
    signal: "limiter.used",
    bad: "above",
    warning: { threshold: 0.9 },
  },
];

export interface FakeSessionOptions {
  /** The host's unless told. */
  readonly clock?: Clock;
  /** Seconds that it has run already; 120 unless told. */
  readonly seconds?: number;
  readonly seed?: number;
  /** A project's folder; a new one of the system's for such unless told, which `close` takes away. */
  readonly project?: string;
  readonly runKey?: string;
}

/** What was asked of the session, in order. */
export interface Act {
  readonly action: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly by: string;
}

/** A session for tests: all of it is made up but its journal, which is a real one. It moves on by `step`. */
export interface FakeSession extends ObservedSession {
  readonly project: string;
  readonly acts: readonly Act[];
  readonly journal: Journal;
  /** One second passes: a new sample, two trades an instrument, an order's rows in the journal. */
  step(): SessionSample;
  raise(change?: Partial<Alert>): Alert;
  /** How many listen to an instrument's trades. */
  listeners(instrumentId: string): number;
  close(): void;
}

/** Makes a session that has run for two minutes. */
export function createFakeSession(options: FakeSessionOptions = {}): FakeSession {
  return new Fake(options);
}

class Fake implements FakeSession {
  readonly run;
  readonly folder: string;
  readonly journalPath: string;
  readonly project: string;
  readonly config = checkConfig({}, "test");
  readonly instruments: readonly Instrument[] = [
    testInstrument({ id: "paper:AAA/USDT", venue: "paper" }),
    testInstrument({ id: "paper:BBB/USDT", venue: "paper", symbol: "BBB/USDT", venueSymbol: "BBBUSDT", base: "BBB" }),
  ];
  readonly bootTree = [
    { name: "spread-maker", version: "1.0.0", elapsedNs: 1_400_000, uses: ["vwap"], provides: [], worker: false },
    { name: "vwap", version: "1.2.0", elapsedNs: 600_000, uses: [], provides: ["vwap"], worker: false },
    { name: "trend", version: "1.0.0", elapsedNs: 900_000, uses: [], provides: [], worker: true },
  ];
  readonly clock: Clock;
  readonly acts: Act[] = [];
  readonly journal: Journal;
  readonly samples;
  readonly alerts;
  readonly actions;
  trading: TradingStatus = { state: "active", reason: "", by: "", sinceUs: 0 };
  readonly #random: Random;
  readonly #recent: SessionSample[] = [];
  readonly #histograms: Record<Stage, LatencyHistogram>;
  readonly #paused = new Set<string>();
  readonly #active: Alert[] = [];
  readonly #resolved: Alert[] = [];
  readonly #onSample = new Set<(sample: SessionSample) => void>();
  readonly #onAlert = new Set<(alert: Alert) => void>();
  readonly #onLog = new Set<(line: LogLine) => void>();
  readonly #onTrade = new Map<string, Set<(trade: TradeEvent) => void>>();
  readonly #lines: LogLine[] = [];
  readonly #ownsProject: boolean;
  #midTicks = [10_000, 250_000];
  #poolSize = 64;
  #orders = 0;

  constructor({ clock = createSystemClock(), seconds = 120, seed = 1, project, runKey }: FakeSessionOptions) {
    this.clock = clock;
    this.#random = createRandom(seed);
    const startedAtUs = clock.nowUs() - seconds * SECOND_US;
    const { id } = createRunId(startedAtUs, Math.random());
    this.#ownsProject = project === undefined;
    this.project = project ?? mkdtempSync(join(tmpdir(), "pitlane-dashboard-"));
    this.folder = join(this.project, ".pitlane", "runs", runKey ?? id);
    mkdirSync(this.folder, { recursive: true });
    this.journalPath = join(this.folder, "journal.db");
    this.run = {
      id: runKey ?? id,
      mode: "paper" as const,
      startedAtUs,
      strategies: ["spread-maker", "trend"],
      version: "0.1.0",
      node: process.version,
      pid: process.pid,
    };
    this.#histograms = Object.fromEntries(STAGES.map((stage) => [stage, new LatencyHistogram()])) as Record<
      Stage,
      LatencyHistogram
    >;
    this.journal = Journal.create({ path: this.journalPath, clock });
    this.journal.append("run.start", {
      id: this.run.id,
      key: "fake0001",
      mode: "paper",
      version: "0.1.0",
      node: process.version,
      config: this.config,
      startedAtUs,
      plugins: [{ name: "spread-maker", version: "1.0.0" }],
      instruments: this.instruments.map((instrument) => ({
        ...instrument,
        minNotional: String(instrument.minNotional),
      })),
    });
    this.samples = this.#sampleFeed();
    this.alerts = this.#alertDesk();
    this.actions = this.#operatorActions();
    for (let second = 0; second < seconds; second++) this.#addSample(startedAtUs + (second + 1) * SECOND_US);
    this.#writeOrder();
    this.log("session", "trading began");
  }

  step(): SessionSample {
    for (const [index, instrument] of this.instruments.entries()) this.#trade(instrument, index);
    this.#writeOrder();
    const sample = this.#addSample(this.clock.nowUs());
    for (const listener of this.#onSample) listener(sample);
    return sample;
  }

  raise(change: Partial<Alert> = {}): Alert {
    const atUs = this.clock.nowUs();
    const alert: Alert = {
      id: `order-latency-p99::${atUs}`,
      rule: "order-latency-p99",
      title: "p99 of order execution",
      subject: "",
      severity: "warning",
      state: "raised",
      value: 0.0612,
      threshold: 0.05,
      unit: "s",
      raisedAtUs: atUs,
      changedAtUs: atUs,
      resolvedAtUs: null,
      acknowledgedBy: null,
      ...change,
    };
    this.#setAlert(alert);
    return alert;
  }

  market(instrumentId: string, levels: number): MarketView | undefined {
    const index = this.instruments.findIndex(({ id }) => id === instrumentId);
    if (index < 0) return undefined;
    const mid = this.#midTicks[index] ?? 0;
    const price = (ticks: number) => (ticks / 100).toFixed(2);
    const size = (level: number) => (((level * 7919 + mid) % 4000) / 1000 + 0.1).toFixed(3);
    const side = (sign: 1 | -1) =>
      Array.from(
        { length: Math.min(levels, 40) },
        (_, level) => [price(mid + sign * (level + 1)), size(level)] as const,
      );
    const bids = side(-1);
    const asks = side(1);
    return {
      instrument: instrumentId,
      isSynced: true,
      bids,
      asks,
      quote: { bid: price(mid - 1), bidSize: size(0), ask: price(mid + 1), askSize: size(0) },
      positionSize: index === 0 ? "1.25" : "0",
      entryPrice: index === 0 ? "99.87" : null,
    };
  }

  onTrade(instrumentId: string, listener: (trade: TradeEvent) => void): () => void {
    const listeners = this.#onTrade.get(instrumentId) ?? new Set();
    this.#onTrade.set(instrumentId, listeners);
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  listeners(instrumentId: string): number {
    return this.#onTrade.get(instrumentId)?.size ?? 0;
  }

  openOrders(): readonly OrderView[] {
    return this.instruments.map((instrument, index) => ({
      clientOrderId: `pl-fake0001-0-open${index}`,
      strategy: "spread-maker",
      intent: { instrument, side: index === 0 ? "buy" : "sell", type: "postOnly", priceTicks: 9_990, sizeLots: 500 },
      state: "accepted",
      sizeLots: 500,
      filledLots: 100,
      venueOrderId: String(1000 + index),
      reason: "",
      isOpen: true,
    }));
  }

  faults() {
    return [{ atUs: this.run.startedAtUs, source: "trend", message: "onQuote took 6.1 ms, 5 are granted", count: 3 }];
  }

  knobs(): readonly Knob[] {
    const setPool = (value: number) => {
      this.#poolSize = value;
    };
    return [
      { name: "spread-maker/pool", min: 16, max: 1024, step: 1, scale: "log", get: () => this.#poolSize, set: setPool },
    ];
  }

  logLines(): readonly LogLine[] {
    return this.#lines;
  }

  onLog(listener: (line: LogLine) => void): () => void {
    this.#onLog.add(listener);
    return () => void this.#onLog.delete(listener);
  }

  log(source: string, message: string): void {
    const line = { atUs: this.clock.nowUs(), source, message: this.redact(message) };
    this.#lines.push(line);
    for (const listener of this.#onLog) listener(line);
  }

  redact(text: string): string {
    return text.replaceAll("hunter2", "***");
  }

  close(): void {
    this.journal.append("run.end", { endedBy: "requested" });
    this.journal.close();
    if (this.#ownsProject) rmSync(this.project, { recursive: true, force: true });
  }

  #addSample(atUs: number): SessionSample {
    const seq = (this.#recent.at(-1)?.seq ?? 0) + 1;
    const sample = fakeSample(seq, atUs, this.run.startedAtUs, this.#random, this.trading, this.#paused);
    this.#recent.push(sample);
    if (this.#recent.length > 900) this.#recent.shift();
    for (const stage of STAGES)
      for (let i = 0; i < 5; i++)
        this.#histograms[stage].record(TYPICAL_US[stage] * 1000 * Math.exp(0.5 * this.#random.normal()));
    return sample;
  }

  #trade(instrument: Instrument, index: number): void {
    const mid = (this.#midTicks[index] ?? 0) + this.#random.integer(-3, 3);
    this.#midTicks[index] = mid;
    for (const aggressor of ["buy", "sell"] as const) {
      const trade: TradeEvent = {
        kind: "trade",
        instrument,
        venueAtUs: this.clock.nowUs(),
        receivedAtUs: this.clock.nowUs(),
        receivedNs: this.clock.monotonicNs(),
        tradeId: this.#random.integer(1, 2 ** 31),
        priceTicks: mid + (aggressor === "buy" ? 1 : -1),
        sizeLots: this.#random.integer(1, 2000),
        aggressor,
        isBackfilled: false,
      };
      for (const listener of this.#onTrade.get(instrument.id) ?? []) listener(trade);
    }
  }

  /** The rows of an order from the quote that it answered to its fill. */
  #writeOrder(): void {
    const { journal } = this;
    const [instrument] = this.instruments;
    const clientOrderId = `pl-fake0001-0-${++this.#orders}`;
    const nowUs = journal.nowUs();
    const quote = {
      receivedAtUs: nowUs,
      venueAtUs: nowUs,
      sequence: this.#orders,
      bidTicks: 9999,
      bidLots: 800,
      askTicks: 10_001,
      askLots: 700,
    };
    journal.inputs.quote(nowUs, 0, quote);
    journal.inputs.frameEnd(nowUs);
    journal.append("intent", {
      clientOrderId,
      strategy: "spread-maker",
      instrument: instrument?.id,
      side: "buy",
      type: "postOnly",
      priceTicks: 9990,
      sizeLots: 500,
      approved: true,
      votes: ["limits", "balances"],
    });
    journal.append("report", {
      clientOrderId,
      venueOrderId: String(5000 + this.#orders),
      instrument: instrument?.id,
      status: "filled",
      side: "buy",
      sizeLots: 500,
      filledLots: 500,
      fills: [{ tradeId: String(this.#orders), priceTicks: 9990, sizeLots: 500, fee: "4995", feeAsset: "USDT" }],
      atUs: nowUs,
    });
    journal.commit();
  }

  #sampleFeed(): ObservedSession["samples"] {
    const recent = this.#recent;
    return {
      get latest() {
        return recent.at(-1);
      },
      recent,
      onSample: (listener) => {
        this.#onSample.add(listener);
        return () => void this.#onSample.delete(listener);
      },
      slowest: () => fakeSlowOrders(this.clock.nowUs()),
      histogram: (stage) => this.#histograms[stage],
      metrics: () => ({ atUs: this.clock.nowUs(), metrics: [] }),
    };
  }

  #alertDesk(): ObservedSession["alerts"] {
    return {
      rules: RULES,
      active: this.#active,
      resolved: this.#resolved,
      acknowledge: (id, by) => {
        const alert = this.#active.find((other) => other.id === id);
        if (alert === undefined) return false;
        this.#note("acknowledge", { id }, by);
        this.#setAlert({ ...alert, acknowledgedBy: by });
        return true;
      },
      onChange: (listener) => {
        this.#onAlert.add(listener);
        return () => void this.#onAlert.delete(listener);
      },
    };
  }

  #setAlert(alert: Alert): void {
    const at = this.#active.findIndex(({ id }) => id === alert.id);
    if (at >= 0) this.#active.splice(at, 1);
    if (alert.state === "resolved") this.#resolved.unshift(alert);
    else this.#active.unshift(alert);
    for (const listener of this.#onAlert) listener(alert);
  }

  #operatorActions(): ObservedSession["actions"] {
    const setPaused = (plugin: string, isPaused: boolean, by: string) => {
      if (!this.bootTree.some(({ name }) => name === plugin))
        throw new InvalidInputError(`there is no plugin ${plugin}`);
      this.#note(isPaused ? "pause" : "resume", { plugin }, by);
      if (isPaused) this.#paused.add(plugin);
      else this.#paused.delete(plugin);
    };
    return {
      setTradingState: (state, reason, by) => {
        this.#note("setTradingState", { state, reason }, by);
        this.trading = { state, reason, by, sinceUs: this.clock.nowUs() };
      },
      flatten: async (reason, by) => {
        this.#note("flatten", { reason }, by);
        this.trading = { state: "halted", reason, by, sinceUs: this.clock.nowUs() };
        return true;
      },
      pause: (plugin, by) => setPaused(plugin, true, by),
      resume: (plugin, by) => setPaused(plugin, false, by),
      profile: async (kind, durationMs, by) => {
        this.#note("profile", { kind, durationMs }, by);
        const [ending, profile] = PROFILES[kind];
        const path = join(this.folder, `${kind}-${this.acts.length}.${ending}`);
        writeFileSync(path, JSON.stringify(profile));
        return path;
      },
      note: (action, detail, by) => this.#note(action, detail, by),
    };
  }

  #note(action: string, detail: Readonly<Record<string, unknown>>, by: string): void {
    this.acts.push({ action, detail, by });
    this.journal.append("operator", { action, ...detail, by });
    this.journal.commit();
  }
}

const frame = (functionName: string, url: string, lineNumber: number) => ({
  functionName,
  url,
  lineNumber,
  columnNumber: 0,
  scriptId: "1",
});

/** The smallest profile that has a tree: two functions of ours, one of Node's, the collector, and time without work. */
const CPU_PROFILE = {
  nodes: [
    { id: 1, callFrame: frame("(root)", "", -1), children: [2, 4, 5, 6] },
    { id: 2, callFrame: frame("drain", "file:///app/src/bus.ts", 41), children: [3] },
    { id: 3, callFrame: frame("onQuote", "file:///app/src/spread-maker.ts", 17), children: [] },
    { id: 4, callFrame: frame("(garbage collector)", "", -1), children: [] },
    { id: 5, callFrame: frame("(idle)", "", -1), children: [] },
    { id: 6, callFrame: frame("processTicksAndRejections", "node:internal/process/task_queues", 58), children: [] },
  ],
  startTime: 0,
  endTime: 100_000,
  samples: [2, 3, 3, 5, 4, 6, 3, 2],
  timeDeltas: [0, 10_000, 15_000, 20_000, 25_000, 5_000, 5_000, 10_000],
};

/** 20 KiB that were alive: 2 of the bus itself, 16 of a strategy, 2 of V8. */
const ALLOCATION_PROFILE = {
  head: {
    callFrame: frame("(root)", "", -1),
    selfSize: 0,
    children: [
      { callFrame: frame("(V8 API)", "", -1), selfSize: 2048, children: [] },
      {
        callFrame: frame("drain", "file:///app/src/bus.ts", 41),
        selfSize: 2048,
        children: [
          { callFrame: frame("onQuote", "file:///app/src/spread-maker.ts", 17), selfSize: 16_384, children: [] },
        ],
      },
    ],
  },
};

/** As V8 writes it: the root holds a desk, it two books, each of them levels of its own. */
const HEAP_SNAPSHOT = {
  snapshot: {
    meta: {
      node_fields: ["type", "name", "id", "self_size", "edge_count"],
      node_types: [["synthetic", "object", "array"], "string", "number", "number", "number"],
      edge_fields: ["type", "name_or_index", "to_node"],
      edge_types: [["property", "element"], "string_or_number", "node"],
    },
    node_count: 6,
    edge_count: 5,
  },
  nodes: [
    [0, 0, 1, 0, 1],
    [1, 1, 3, 1024, 2],
    [1, 2, 5, 2048, 1],
    [1, 2, 7, 2048, 1],
    [2, 3, 9, 4096, 0],
    [2, 3, 11, 8192, 0],
  ].flat(),
  edges: [
    [1, 1, 5],
    [0, 4, 10],
    [0, 5, 15],
    [0, 6, 20],
    [0, 6, 25],
  ].flat(),
  strings: ["(GC roots)", "Desk", "OrderBook", "levels of a book", "first", "second", "levels"],
};

const PROFILES = {
  cpu: ["cpuprofile", CPU_PROFILE],
  allocations: ["heapprofile", ALLOCATION_PROFILE],
  heap: ["heapsnapshot", HEAP_SNAPSHOT],
} as const;
