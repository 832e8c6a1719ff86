import type { Alert, Severity } from "../rules.ts";
import type { AlertNews } from "./message.ts";

/** What a sink was last told of an alert that is raised. */
export interface Told {
  readonly alert: Alert;
  /** When, milliseconds of a monotonic clock. */
  readonly atMs: number;
}

export interface DigestInput {
  /** By the alert's id. */
  readonly told: ReadonlyMap<string, Told>;
  /** Each alert that has changed since the last digest, as it is now. */
  readonly changed: readonly Alert[];
  /** The sink hears of nothing below this. */
  readonly least: Severity;
  /** An unacknowledged alert is told again after this, milliseconds; `Infinity` for never. */
  readonly repeatMs: number;
  readonly nowMs: number;
}

export interface Digest {
  /** In the order they are told; empty when there is nothing to say. */
  readonly items: readonly AlertNews[];
  readonly told: ReadonlyMap<string, Told>;
}

const RANK = { warning: 0, critical: 1 } as const;

/**
 * What a sink is to be told now. Pure.
 *
 * Only differences from what it was told before: what came and went back in between is nothing. An alert that was raised and resolved within
 * one digest is told as resolved; one that the sink never heard of, since it was below `least`, is not. An acknowledged one is quiet until it
 * gets worse or is over.
 */
export function digest({ told, changed, least, repeatMs, nowMs }: DigestInput): Digest {
  const next = new Map(told);
  const items: AlertNews[] = [];
  for (const alert of changed) {
    const before = told.get(alert.id)?.alert;
    const isHeard = before !== undefined || RANK[alert.severity] >= RANK[least];
    if (!isHeard) continue;
    if (alert.state === "resolved") {
      next.delete(alert.id);
      items.push({ news: "resolved", alert });
    } else if (before === undefined) {
      next.set(alert.id, { alert, atMs: nowMs });
      items.push({ news: "raised", alert });
    } else if (before.severity === alert.severity) {
      next.set(alert.id, { alert, atMs: told.get(alert.id)!.atMs }); // it may be acknowledged now
    } else {
      next.set(alert.id, { alert, atMs: nowMs });
      items.push({ news: alert.severity === "critical" ? "worse" : "better", alert });
    }
  }
  for (const [id, { alert, atMs }] of next) {
    if (alert.acknowledgedBy !== null || nowMs - atMs < repeatMs || RANK[alert.severity] < RANK[least]) continue;
    next.set(id, { alert, atMs: nowMs });
    items.push({ news: "repeated", alert });
  }
  return { items: items.sort((a, b) => weight(b) - weight(a)), told: next };
}

/** When the next repeat is due; `Infinity` when none is. Pure. */
export function nextRepeatMs(told: ReadonlyMap<string, Told>, least: Severity, repeatMs: number): number {
  let dueMs = Number.POSITIVE_INFINITY;
  for (const { alert, atMs } of told.values())
    if (alert.acknowledgedBy === null && RANK[alert.severity] >= RANK[least]) dueMs = Math.min(dueMs, atMs + repeatMs);
  return dueMs;
}

function weight({ news, alert }: AlertNews): number {
  return news === "resolved" ? -1 : RANK[alert.severity];
}
