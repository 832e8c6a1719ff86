import type { Alert, AlertRule } from "./rules.ts";

/** Alerts of a session: which are raised now, and what people have said to them. */
export interface AlertDesk {
  readonly rules: readonly AlertRule[];
  /** Raised now, worst first, then newest. */
  readonly active: readonly Alert[];
  /** The last that were resolved, newest first; at most 100. */
  readonly resolved: readonly Alert[];
  /** Somebody has seen it: it is not repeated. @returns False when it is not raised. */
  acknowledge(id: string, by: string): boolean;
  /** Calls `listener` with each alert that is raised, gets worse or better, is acknowledged or is resolved. */
  onChange(listener: (alert: Alert) => void): () => void;
}
