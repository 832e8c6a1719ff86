import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { type AuditEntry, parseAudit } from "@pitlane/perf/tune";
import type { AuditInfo, OptimizerInfo, TrialInfo } from "../protocol.ts";

/** What an optimizer of a session calls its audit trail, in the run's folder. */
export const AUDIT_FILE = "optimizer.jsonl";
const MOST_BYTES = 4 * 1024 * 1024;
const MOST_SHOWN = 500;

export interface OptimizerQuery {
  /** Of the run. */
  readonly folder: string;
}

/** What the optimizer of a run has done; null when it has none. @throws {InvalidInputError} When the file is no audit trail. */
export function readOptimizer({ folder }: OptimizerQuery): OptimizerInfo | null {
  const text = endOf(join(folder, AUDIT_FILE));
  if (text === undefined) return null;
  const entries = parseAudit(text);
  return {
    audit: entries.slice(-MOST_SHOWN).reverse().map(toInfo),
    trials: toTrials(entries).slice(-MOST_SHOWN).reverse(),
  };
}

/** An entry for people. Pure. */
function toInfo(entry: AuditEntry): AuditInfo {
  return { atUs: entry.atUs, event: entry.event, text: describe(entry) };
}

/** Trials in the order they began. Pure. */
function toTrials(entries: readonly AuditEntry[]): TrialInfo[] {
  const trials = new Map<number, TrialInfo>();
  for (const entry of entries) {
    if (entry.event === "trial") {
      const { trial, knob, from, to, atUs } = entry;
      trials.set(trial, {
        trial,
        knob,
        from,
        to,
        startedAtUs: atUs,
        pairs: 0,
        state: "running",
        gain: null,
        p: null,
        reason: "",
      });
    } else if (entry.event === "pair") {
      const known = trials.get(entry.trial);
      if (known !== undefined) trials.set(entry.trial, { ...known, pairs: known.pairs + 1 });
    } else if (entry.event === "kept" || entry.event === "rejected") {
      const known = trials.get(entry.trial);
      const { event: state, pairs, p, gain, reason } = entry;
      if (known !== undefined) trials.set(entry.trial, { ...known, state, pairs, p, gain, reason });
    }
  }
  return [...trials.values()];
}

function describe(entry: AuditEntry): string {
  switch (entry.event) {
    case "campaign":
      return `campaign ${entry.campaign} begins with ${Object.entries(entry.values)
        .map(([knob, value]) => `${knob} ${value}`)
        .join(", ")}`;
    case "trial":
      return `trial ${entry.trial}: ${entry.knob} from ${entry.from} to ${entry.to}`;
    case "pair":
      return `trial ${entry.trial}: ${microseconds(entry.incumbent)} before, ${microseconds(entry.candidate)} with the change`;
    case "kept":
    case "rejected":
      return `trial ${entry.trial}: ${entry.knob} from ${entry.from} to ${entry.to} ${entry.event} after ${entry.pairs} pairs: ${entry.reason}`;
    case "rolled-back":
      return `${entry.knob} put back from ${entry.from} to ${entry.to}: ${entry.reason}`;
    case "end":
      return `campaign ${entry.campaign} has ended: ${entry.reason}`;
  }
}

/** The last whole lines of a file; undefined when it is missing. */
function endOf(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const from = Math.max(0, size - MOST_BYTES);
    const bytes = Buffer.alloc(size - from);
    const read = readSync(file, bytes, 0, bytes.length, from);
    const text = bytes.toString("utf8", 0, read);
    return from === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } finally {
    closeSync(file);
  }
}

/** Windows of a session's optimizer are of latencies, in nanoseconds. */
function microseconds(ns: number): string {
  return `${(ns / 1000).toFixed(1)} us`;
}
