import type { FailureCriterion, LoadPattern } from "./pattern.ts";
import type { LoadSlice, PhaseResult } from "./recorder.ts";

/** The whole of a run; plain data, so that `JSON.stringify` writes it. */
export interface LoadReport {
  readonly pattern: LoadPattern;
  readonly arrivals: "even" | "poisson";
  /** Calls at a time; those due beyond it are `dropped`. */
  readonly maxInFlight: number;
  /** Microseconds since the epoch. */
  readonly startedAtUs: number;
  /** True when the signal ended the run early; the phases tell what was measured until then. */
  readonly wasStopped: boolean;
  /** In order of time: baseline, load (one for each step that was made), after. */
  readonly phases: readonly PhaseResult[];
  /** `after` compared with `baseline`: 1 is as before; null when either is missing or empty. */
  readonly recovery: { readonly p50Ratio: number; readonly p99Ratio: number } | null;
  /** Of step-until-failure: the highest rate that passed, 0 when none did. Null for other patterns. */
  readonly highestPassingPerSecond: number | null;
  /** Of soak: null for other patterns, or too little of it. */
  readonly drift: Drift | null;
}

/** The last quarter of a soak over its first quarter: 1 is steady, 2 is twice as much. */
export interface Drift {
  readonly p50: number;
  readonly p99: number;
  readonly gauges: Readonly<Record<string, number>>;
}

/** Whether the last of `phases` is a step that was too much. */
export function hasFailed(phases: readonly PhaseResult[], pattern: LoadPattern): boolean {
  const last = phases.at(-1);
  return pattern.kind === "step-until-failure" && last !== undefined && !hasPassed(last, pattern.until);
}

/** The highest rate that passed; null for a pattern without steps. */
export function highestPassingOf(phases: readonly PhaseResult[], pattern: LoadPattern): number | null {
  if (pattern.kind !== "step-until-failure") return null;
  const passed = phases.filter((phase) => phase.name === "load" && hasPassed(phase, pattern.until));
  return Math.max(0, ...passed.map(({ offeredPerSecond }) => offeredPerSecond));
}

function hasPassed({ wasStopped, errorRatio, latency }: PhaseResult, until: FailureCriterion): boolean {
  const isFastEnough = until.p99Ms === undefined || latency.p99 <= until.p99Ms * 1000;
  return !wasStopped && isFastEnough && errorRatio <= (until.errorRatio ?? 0.01);
}

/** How far the target has come back; null when there is nothing to compare. */
export function recoveryOf(phases: readonly PhaseResult[]): LoadReport["recovery"] {
  const before = phases.find(({ name }) => name === "baseline")?.latency;
  const after = phases.find(({ name }) => name === "after")?.latency;
  if (before === undefined || after === undefined || before.count === 0 || after.count === 0) return null;
  return { p50Ratio: after.p50 / before.p50, p99Ratio: after.p99 / before.p99 };
}

/** Compares the last quarter of a soak with the first, by the parts in which calls ended; null for another pattern. */
export function driftOf(phases: readonly PhaseResult[], pattern: LoadPattern): Drift | null {
  const slices = pattern.kind === "soak" ? phases.find(({ name }) => name === "load")?.slices : undefined;
  const busy = (slices ?? []).filter(({ succeeded, failed }) => succeeded + failed > 0);
  const quarter = Math.floor(busy.length / 4);
  if (quarter === 0) return null;
  const first = busy.slice(0, quarter);
  const last = busy.slice(-quarter);
  const ratio = (value: (slice: LoadSlice) => number) => sum(last, value) / sum(first, value);
  const names = Object.keys(first[0]?.gauges ?? {});
  return {
    p50: ratio(({ p50 }) => p50),
    p99: ratio(({ p99 }) => p99),
    gauges: Object.fromEntries(names.map((name) => [name, ratio(({ gauges }) => gauges[name] ?? Number.NaN)])),
  };
}

function sum(slices: readonly LoadSlice[], value: (slice: LoadSlice) => number): number {
  return slices.reduce((total, slice) => total + value(slice), 0);
}

const COLUMNS = ["phase", "offered/s", "done/s", "ok", "failed", "dropped", "p50 ms", "p99 ms", "p99.9 ms", "max ms"];

/**
 * A report as a short table for a terminal: one row a phase, latencies from the intended start, then the verdict and the
 * errors by code.
 *
 * @example
 * console.log(toTable(await runLoad(target, options, signal)));
 */
export function toTable(report: LoadReport): string {
  const rows = [COLUMNS, ...report.phases.map(toRow)];
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join("  "),
  );
  return [...lines, ...toRemarks(report)].join("\n");
}

function toRow({
  name,
  offeredPerSecond,
  achievedPerSecond,
  succeeded,
  failed,
  dropped,
  latency,
}: PhaseResult): string[] {
  const rates = [offeredPerSecond, achievedPerSecond].map((rate) => rate.toFixed(1));
  const counts = [succeeded, failed, dropped].map(String);
  const times = [latency.p50, latency.p99, latency.p999, latency.max].map((us) => (us / 1000).toFixed(2));
  return [name, ...rates, ...counts, ...times];
}

function toRemarks({ phases, recovery, highestPassingPerSecond, drift, wasStopped }: LoadReport): string[] {
  const remarks: string[] = [];
  if (highestPassingPerSecond !== null) remarks.push(`highest rate that passed: ${highestPassingPerSecond}/s`);
  if (recovery !== null)
    remarks.push(`after / baseline: p50 x${recovery.p50Ratio.toFixed(2)}, p99 x${recovery.p99Ratio.toFixed(2)}`);
  if (drift !== null) {
    const ratios = Object.entries({ p50: drift.p50, p99: drift.p99, ...drift.gauges });
    remarks.push(`last / first quarter: ${ratios.map(([name, ratio]) => `${name} x${ratio.toFixed(2)}`).join(", ")}`);
  }
  for (const { name, offeredPerSecond, errors } of phases) {
    const counts = Object.entries(errors).map(([code, count]) => `${code} ${count}`);
    if (counts.length > 0) remarks.push(`errors, ${name} at ${offeredPerSecond.toFixed(1)}/s: ${counts.join(", ")}`);
  }
  if (wasStopped) remarks.push("stopped before its end");
  return remarks;
}
