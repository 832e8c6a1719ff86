import type { Alert } from "../alerts/rules.ts";
import { STAGES, type Stage } from "../latency.ts";
import type { Fault } from "../report.ts";
import type { ServiceCounts } from "../service-level.ts";
import type { LatencyFigures, OrderFlow, SessionSample } from "./sample.ts";

/** Begins a process's samples: a run that is gone on with has several. */
export interface StartRow {
  readonly k: "start";
  /** Microseconds since the epoch, as in all rows. */
  readonly t: number;
  readonly run: string;
  readonly version: string;
  readonly node: string;
}

/** A second of a session: what charts show of it. Names are short, since a day has 86,400 of them. */
export interface SampleRow {
  readonly k: "s";
  readonly t: number;
  /** Per second: events, orders, fills. */
  readonly r: readonly [events: number, orders: number, fills: number];
  /** Stages that were recorded in it: p50, p95, p99 and longest, microseconds. */
  readonly l: Readonly<Partial<Record<Stage, readonly [p50: number, p95: number, p99: number, max: number]>>>;
  /** RSS and heap in use, MB; CPU, percent of one core. */
  readonly m: readonly [rss: number, heap: number, cpu: number];
  /** Longest collection and longest delay of the loop, microseconds; rows the journal is behind. */
  readonly d: readonly [gc: number, loop: number, journal: number];
  /** Profit by quote asset, decimal text. */
  readonly p: Readonly<Record<string, string>>;
}

/** All since the process's start. */
export interface TotalsRow {
  readonly k: "totals";
  readonly t: number;
  readonly uptimeMs: number;
  readonly events: number;
  readonly peaks: readonly [events: number, orders: number, fills: number];
  readonly fills: number;
  readonly flow: OrderFlow;
  readonly latency: Readonly<Partial<Record<Stage, LatencyFigures>>>;
  readonly profit: SessionSample["profit"];
  readonly journal: { readonly events: number; readonly bytes: number };
  readonly rss: { readonly last: number; readonly most: number };
  readonly heap: { readonly last: number; readonly most: number };
  readonly faults: number;
  readonly service: ServiceCounts;
}

export interface AlertRow {
  readonly k: "alert";
  readonly t: number;
  readonly alert: Pick<
    Alert,
    "id" | "rule" | "title" | "subject" | "severity" | "state" | "value" | "threshold" | "unit" | "raisedAtUs"
  >;
}

export interface FaultRow {
  readonly k: "fault";
  readonly t: number;
  readonly fault: Fault;
}

export type FileRow = StartRow | SampleRow | TotalsRow | AlertRow | FaultRow;

const MB = 1e6;

/** The row of a second. Pure. */
export function toSampleRow({
  atUs,
  events,
  orders,
  fills,
  latency,
  process,
  journal,
  profit,
}: SessionSample): SampleRow {
  const stages: Partial<Record<Stage, readonly [number, number, number, number]>> = {};
  for (const stage of STAGES) {
    const { count, p50, p95, p99, max } = latency[stage].now;
    if (count > 0) stages[stage] = [tenth(p50), tenth(p95), tenth(p99), tenth(max)];
  }
  const { memory, cpu, gc, loopDelay } = process;
  return {
    k: "s",
    t: atUs,
    r: [tenth(events.nowPerSecond), tenth(orders.nowPerSecond), tenth(fills.nowPerSecond)],
    l: stages,
    m: [tenth(memory.rssBytes / MB), tenth(memory.heapUsedBytes / MB), tenth(cpu.percent)],
    d: [
      Math.round(Math.max(...Object.values(gc).map(({ maxUs }) => maxUs))),
      Math.round(loopDelay.maxUs),
      journal.queued,
    ],
    p: Object.fromEntries(profit.map((one) => [one.asset, one.profit])),
  };
}

/** Largest values so far, bytes. */
export interface MemoryPeaks {
  readonly rss: number;
  readonly heap: number;
}

/** What is known at a sample of all before it. Pure. */
export function toTotalsRow(sample: SessionSample, service: ServiceCounts, peaks: MemoryPeaks): TotalsRow {
  const { atUs, uptimeMs, events, orders, fills, flow, latency, profit, journal, process, faults } = sample;
  const recorded = STAGES.filter((stage) => latency[stage].total.count > 0);
  return {
    k: "totals",
    t: atUs,
    uptimeMs: Math.round(uptimeMs),
    events: events.count,
    peaks: [tenth(events.peakPerSecond), tenth(orders.peakPerSecond), tenth(fills.peakPerSecond)],
    fills: fills.count,
    flow,
    latency: Object.fromEntries(recorded.map((stage) => [stage, latency[stage].total])),
    profit,
    journal: { events: journal.events, bytes: journal.bytes },
    rss: { last: process.memory.rssBytes, most: peaks.rss },
    heap: { last: process.memory.heapUsedBytes, most: peaks.heap },
    faults,
    service,
  };
}

export function toAlertRow(alert: Alert): AlertRow {
  const { id, rule, title, subject, severity, state, value, threshold, unit, raisedAtUs, changedAtUs } = alert;
  return {
    k: "alert",
    t: changedAtUs,
    alert: { id, rule, title, subject, severity, state, value, threshold, unit, raisedAtUs },
  };
}

/** Reads a line; undefined when a killed process tore it, or a newer version wrote what is not known here. Pure. */
export function parseRow(line: string): FileRow | undefined {
  try {
    const row = JSON.parse(line) as FileRow;
    return ["start", "s", "totals", "alert", "fault"].includes(row.k) && Number.isFinite(row.t) ? row : undefined;
  } catch {
    return undefined;
  }
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
