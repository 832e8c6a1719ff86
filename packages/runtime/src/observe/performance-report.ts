import type { Stage } from "../latency.ts";
import type { Fault } from "../report.ts";
import { addCounts, type ServiceCounts, type ServiceLevel, toServiceLevel } from "../service-level.ts";
import { VERSION } from "../version.ts";
import type { ProcessSamples, TimeSpan } from "./run-samples.ts";
import type { LatencyFigures, OrderFlow, ProfitFigures } from "./sample.ts";
import type { AlertRow, SampleRow } from "./sample-rows.ts";

/** How often something happened. */
export interface Throughput {
  readonly count: number;
  readonly averagePerSecond: number;
  /** Most of any second that was written. */
  readonly peakPerSecond: number;
}

/** What is counted of orders: those of `OrderFlow` that only ever grow. */
export const ORDER_COUNTS = [
  "intents",
  "denied",
  "submitted",
  "accepted",
  "filled",
  "cancelled",
  "expired",
  "rejected",
] as const satisfies readonly (keyof OrderFlow)[];

/** One process of a run. */
export interface ProcessPerformance {
  readonly run: string;
  /** Pitlane's version, and Node's, of that process. */
  readonly version: string;
  readonly node: string;
  /** What is told of, microseconds since the epoch. */
  readonly fromUs: number;
  readonly toUs: number;
  readonly seconds: number;
  readonly service: ServiceLevel;
  /** By stage, microseconds. Since `latencySinceUs`: distributions cannot be cut at midnight. */
  readonly latency: Readonly<Partial<Record<Stage, LatencyFigures>>>;
  readonly latencySinceUs: number;
  readonly throughput: { readonly events: Throughput; readonly orders: Throughput; readonly fills: Throughput };
  readonly orders: Readonly<Record<(typeof ORDER_COUNTS)[number], number>>;
  /** Orders whose outcome was unknown at the end, and those still open. */
  readonly unknown: number;
  readonly open: number;
  readonly profit: readonly ProfitFigures[];
  /** MB of 10^6 bytes, at the end and at most. */
  readonly memory: {
    readonly rssMb: number;
    readonly rssMostMb: number;
    readonly heapMb: number;
    readonly heapMostMb: number;
  };
  /** Rows, and bytes, that were written. */
  readonly journal: { readonly events: number; readonly bytes: number };
  readonly alerts: readonly AlertRow["alert"][];
  readonly faults: readonly Fault[];
}

/** How a run, or all runs of a day, did. `schema/performance.schema.json` is its JSON Schema; names only ever get more. */
export interface RunPerformanceReport {
  readonly kind: "run" | "day";
  /** The run's id, or the day, `2026-01-31`, in UTC. */
  readonly name: string;
  /** Of the program that wrote the report. */
  readonly version: string;
  readonly fromUs: number;
  readonly toUs: number;
  /** Over all processes: their seconds added up. */
  readonly service: ServiceLevel;
  readonly processes: readonly ProcessPerformance[];
  /** What could not be told, and why. */
  readonly notes: readonly string[];
}

/** Adds samples up. Pure. @param span What was asked for. */
export function performanceReport(
  kind: RunPerformanceReport["kind"],
  name: string,
  processes: readonly ProcessSamples[],
  span: TimeSpan,
): RunPerformanceReport {
  const told = processes.filter(({ totals }) => totals !== undefined);
  const counts = told.map(countsOf).reduce((sum, one) => addCounts(sum, one), {} satisfies ServiceCounts);
  const performances = told.map((one) => performanceOf(one, span));
  return {
    kind,
    name,
    version: VERSION,
    fromUs: Math.min(...performances.map(({ fromUs }) => fromUs), span.toUs),
    toUs: Math.max(...performances.map(({ toUs }) => toUs), 0),
    service: toServiceLevel(counts),
    processes: performances,
    notes: processes.flatMap(notesOf),
  };
}

function countsOf({ totals, before }: ProcessSamples): ServiceCounts {
  return addCounts(totals?.service ?? {}, before?.service ?? {}, -1);
}

function performanceOf(process: ProcessSamples, span: TimeSpan): ProcessPerformance {
  const { start, samples, before, totals, alerts, faults } = process;
  if (totals === undefined) throw new Error("a process without totals says nothing");
  const fromUs = Math.max(start.t, span.fromUs);
  const seconds = Math.max(0, (totals.uptimeMs - (before?.uptimeMs ?? 0)) / 1000);
  const rate = (count: number, index: 0 | 1 | 2, peak: number): Throughput => ({
    count,
    averagePerSecond: seconds === 0 ? 0 : tenth(count / seconds),
    peakPerSecond: before === undefined ? peak : most(samples, ({ r }) => r[index]),
  });
  const orders = Object.fromEntries(
    ORDER_COUNTS.map((one) => [one, totals.flow[one] - (before?.flow[one] ?? 0)]),
  ) as ProcessPerformance["orders"];
  return {
    run: start.run,
    version: start.version,
    node: start.node,
    fromUs,
    toUs: totals.t,
    seconds: tenth(seconds),
    service: toServiceLevel(countsOf(process)),
    latency: totals.latency,
    latencySinceUs: start.t,
    throughput: {
      events: rate(totals.events - (before?.events ?? 0), 0, totals.peaks[0]),
      orders: rate(orders.submitted, 1, totals.peaks[1]),
      fills: rate(totals.fills - (before?.fills ?? 0), 2, totals.peaks[2]),
    },
    orders,
    unknown: totals.flow.unknown,
    open: totals.flow.open,
    profit: totals.profit,
    memory: {
      rssMb: tenth(totals.rss.last / 1e6),
      rssMostMb: before === undefined ? tenth(totals.rss.most / 1e6) : most(samples, ({ m }) => m[0]),
      heapMb: tenth(totals.heap.last / 1e6),
      heapMostMb: before === undefined ? tenth(totals.heap.most / 1e6) : most(samples, ({ m }) => m[1]),
    },
    journal: {
      events: totals.journal.events - (before?.journal.events ?? 0),
      bytes: totals.journal.bytes - (before?.journal.bytes ?? 0),
    },
    alerts,
    faults,
  };
}

function notesOf({ start, totals, before, lastUs }: ProcessSamples): readonly string[] {
  if (totals === undefined) return [`run ${start.run}: its process ended before anything was added up`];
  const notes: string[] = [];
  const missingS = (lastUs - totals.t) / 1e6;
  if (missingS > 2)
    notes.push(`run ${start.run}: the last ${missingS.toFixed(0)} s are not added up: its process was killed, or runs`);
  if (before !== undefined)
    notes.push(`run ${start.run}: it began before the span, and its latencies are since its own start`);
  return notes;
}

function most(samples: readonly SampleRow[], read: (row: SampleRow) => number): number {
  return samples.reduce((highest, row) => Math.max(highest, read(row)), 0);
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
