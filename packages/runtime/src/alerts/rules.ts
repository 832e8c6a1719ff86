export type Severity = "warning" | "critical";

/** When an alert is raised, as data. */
export interface AlertRule {
  /** Kebab case, unique: `order-latency-p99`. */
  readonly name: string;
  /** What a person reads: "p99 of order execution". */
  readonly title: string;
  /** Name of the signal it looks at: see `ALERT_SIGNALS`. */
  readonly signal: string;
  /** `above`: the threshold or more is bad. `below`: less than the threshold is. */
  readonly bad: "above" | "below";
  /** In the signal's unit. */
  readonly warning?: AlertLevel;
  readonly critical?: AlertLevel;
}

export interface AlertLevel {
  readonly threshold: number;
  /** How long it must hold before the alert is raised, milliseconds. Default 0. */
  readonly forMs?: number;
  /** Where it is over again: a value that lies on the good side of the threshold. Default: 10 % of the threshold away from it. */
  readonly clearAt?: number;
}

/** An alert that was raised. */
export interface Alert {
  /** Of this alert: the rule's name, the subject and when it was raised. */
  readonly id: string;
  readonly rule: string;
  readonly title: string;
  /** What it is about where a rule looks at several: a lane, a limiter's name, an asset; else "". */
  readonly subject: string;
  readonly severity: Severity;
  readonly state: "raised" | "resolved";
  readonly value: number;
  readonly threshold: number;
  /** Of both: `s`, `ratio`, `bytes`, `per second`, `per minute`, `events`. */
  readonly unit: string;
  readonly raisedAtUs: number;
  readonly changedAtUs: number;
  readonly resolvedAtUs: number | null;
  /** How it was resolved: its value came back, or there was none any more. Left out while it is raised. */
  readonly resolvedBy?: "value" | "noData";
  readonly acknowledgedBy: string | null;
}
