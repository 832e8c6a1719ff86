import type { LaneName } from "./events.ts";

/** Counts of one lane or of one kind of event. */
export interface EventCounters {
  /** Events waiting now. */
  readonly depth: number;
  /** How long the oldest of them has waited, in milliseconds; 0 when none waits. */
  readonly oldestAgeMs: number;
  readonly dispatched: number;
  /** Given up because the lane was full. */
  readonly dropped: number;
  /** Replaced by a newer one of their instrument while they waited. */
  readonly conflated: number;
  /** Not taken because the lane was full: the publisher was told to wait. */
  readonly refused: number;
  /** Taken although the lane was full: it keeps everything, and what it needs for that is memory. */
  readonly overBound: number;
  /** Dispatched later than the lane's deadline. Counted only when the bus has a clock. */
  readonly deadlineMisses: number;
}

export interface LaneCounters extends EventCounters {
  /** Most events that ever waited at once. */
  readonly maxDepth: number;
}

export interface BusCounters {
  readonly lanes: Readonly<Record<LaneName, LaneCounters>>;
  readonly kinds: Readonly<Record<string, EventCounters>>;
}

// Positions in the row of counts that each kind has. A typed array: a double in a field of an object is boxed anew when it changes.
export const DISPATCHED = 0;
export const DROPPED = 1;
export const CONFLATED = 2;
export const REFUSALS = 3;
export const MISSED = 4;
export const OVER_BOUND = 5;
const COUNTS = 6;

export function createCounts(): Float64Array {
  return new Float64Array(COUNTS);
}

/** What waits, as found by looking through a queue. */
export interface Waiting {
  depth: number;
  /** When the oldest was published, monotonic; Infinity when none waits. */
  oldestNs: number;
}

export function toCounters(counts: Float64Array, { depth, oldestNs }: Waiting, nowNs: number): EventCounters {
  return {
    depth,
    oldestAgeMs: depth === 0 ? 0 : Math.max(0, (nowNs - oldestNs) / 1e6),
    dispatched: counts[DISPATCHED]!,
    dropped: counts[DROPPED]!,
    conflated: counts[CONFLATED]!,
    refused: counts[REFUSALS]!,
    overBound: counts[OVER_BOUND]!,
    deadlineMisses: counts[MISSED]!,
  };
}
