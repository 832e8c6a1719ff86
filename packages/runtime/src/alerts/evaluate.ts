import type { Alert, AlertLevel, AlertRule, Severity } from "./rules.ts";

/** When a value was read: for people, and for durations, which a host's clock that is set must not change. */
export interface Moment {
  /** Wall time, microseconds since the epoch. */
  readonly us: number;
  /** Milliseconds since an arbitrary start; never goes back. */
  readonly ms: number;
}

/** One level of a rule, of one subject. */
interface Standing {
  /** Since when the value has been bad without a break; undefined while it is not. */
  readonly badSinceMs: number | undefined;
  /** The level holds: it was bad for long enough, and has not come back beyond `clearAt` since. */
  readonly isOn: boolean;
}

/** What a rule knows of one of its subjects. Plain data; replaced, never changed. */
export interface Track {
  readonly warning: Standing;
  readonly critical: Standing;
  /** When a value was last seen. */
  readonly seenMs: number;
  /** Raised now. */
  readonly alert: Alert | undefined;
}

/** `worse` and `better` are a raised alert's change of severity. */
export type Change = "raised" | "worse" | "better" | "resolved";

export interface Step {
  /** What is known from here on; undefined when the subject is forgotten. */
  readonly track: Track | undefined;
  /** Undefined when nothing happened that people are told of. */
  readonly change: Change | undefined;
  /** As it is after the step; undefined when there is none. */
  readonly alert: Alert | undefined;
}

export interface EvaluateInput {
  readonly rule: AlertRule;
  readonly unit: string;
  readonly subject: string;
  /** Undefined the first time. */
  readonly before: Track | undefined;
  /** Undefined when the signal has no value for the subject now. */
  readonly value: number | undefined;
  readonly at: Moment;
  /** How long an alert stays raised while its signal has no value. */
  readonly noDataMs: number;
}

/** How long an alert stays raised without a value unless told, milliseconds. */
export const NO_DATA_MS = 60_000;

/**
 * Age of a session from which on its latencies are looked at unless told, milliseconds: they are of the last minute, and the half before that is
 * when its code is compiled and its connections are opened.
 */
export const WARM_UP_MS = 90_000;

const CLEAR: Standing = { badSinceMs: undefined, isOn: false };

/**
 * Takes one reading of one subject of a rule. Pure.
 *
 *     good --bad value--> pending --`forMs` of nothing but bad values--> raised --beyond `clearAt`--> good
 *
 * Between `clearAt` and the threshold a raised level stays raised and a pending one begins anew, so nothing flaps there. `critical` implies
 * `warning`: when the worse one is over, the alert goes on as a warning until the value is beyond the warning's `clearAt` too. A value that is
 * missing ends what is pending; a raised alert waits `noDataMs` for the next one and is then resolved, and the subject forgotten.
 */
export function evaluate({ rule, unit, subject, before, value, at, noDataMs }: EvaluateInput): Step {
  if (value === undefined) return withoutValue(before, at, noDataMs);
  const critical = stand(rule.bad, rule.critical, before?.critical ?? CLEAR, value, at.ms);
  const own = stand(rule.bad, rule.warning, before?.warning ?? CLEAR, value, at.ms);
  // A critical value that comes back half way is a warning at once, whatever the warning's own `forMs`.
  const warning = critical.isOn && rule.warning !== undefined ? { ...own, isOn: true } : own;
  const severity: Severity | undefined = critical.isOn ? "critical" : warning.isOn ? "warning" : undefined;
  const alert = before?.alert;
  const track = (next: Alert | undefined): Track => ({ warning, critical, seenMs: at.ms, alert: next });
  if (severity === undefined) {
    if (alert === undefined) return { track: track(undefined), change: undefined, alert: undefined };
    return { track: track(undefined), change: "resolved", alert: resolve(alert, value, at, "value") };
  }
  const { threshold } = rule[severity] as AlertLevel; // a level that is on is one that the rule has
  if (alert === undefined) {
    const raised = raise({ rule, unit, subject, severity, value, threshold, at });
    return { track: track(raised), change: "raised", alert: raised };
  }
  if (severity === alert.severity) {
    const same = { ...alert, value };
    return { track: track(same), change: undefined, alert: same };
  }
  const isWorse = severity === "critical";
  // Whoever has seen the warning has not seen that it became worse.
  const acknowledgedBy = isWorse ? null : alert.acknowledgedBy;
  const changed: Alert = { ...alert, severity, value, threshold, changedAtUs: at.us, acknowledgedBy };
  return { track: track(changed), change: isWorse ? "worse" : "better", alert: changed };
}

/** True when `value` is one that the rule is about. Pure. */
export function isBad(bad: AlertRule["bad"], threshold: number, value: number): boolean {
  return bad === "above" ? value >= threshold : value < threshold;
}

/** Where a level is over: its own `clearAt`, or 10 % of the threshold away from it. Pure. */
export function clearAtOf(bad: AlertRule["bad"], { threshold, clearAt }: AlertLevel): number {
  const band = Math.abs(threshold) * 0.1;
  return clearAt ?? (bad === "above" ? threshold - band : threshold + band);
}

function stand(
  bad: AlertRule["bad"],
  level: AlertLevel | undefined,
  before: Standing,
  value: number,
  nowMs: number,
): Standing {
  if (level === undefined) return CLEAR;
  if (isBad(bad, level.threshold, value)) {
    const badSinceMs = before.badSinceMs ?? nowMs;
    return { badSinceMs, isOn: before.isOn || nowMs - badSinceMs >= (level.forMs ?? 0) };
  }
  const clearAt = clearAtOf(bad, level);
  const isOver = bad === "above" ? value <= clearAt : value >= clearAt;
  return { badSinceMs: undefined, isOn: before.isOn && !isOver };
}

function withoutValue(before: Track | undefined, at: Moment, noDataMs: number): Step {
  const alert = before?.alert;
  if (before === undefined || alert === undefined) return { track: undefined, change: undefined, alert: undefined };
  if (at.ms - before.seenMs >= noDataMs)
    return { track: undefined, change: "resolved", alert: resolve(alert, alert.value, at, "noData") };
  const interrupted = (level: Standing): Standing => ({ ...level, badSinceMs: undefined });
  const track = { ...before, warning: interrupted(before.warning), critical: interrupted(before.critical) };
  return { track, change: undefined, alert };
}

function resolve(alert: Alert, value: number, { us }: Moment, resolvedBy: "value" | "noData"): Alert {
  return { ...alert, value, state: "resolved", changedAtUs: us, resolvedAtUs: us, resolvedBy };
}

interface Raised extends Pick<EvaluateInput, "rule" | "unit" | "subject" | "at"> {
  readonly severity: Severity;
  readonly value: number;
  readonly threshold: number;
}

function raise({ rule, unit, subject, severity, value, threshold, at }: Raised): Alert {
  return {
    id: [rule.name, subject, at.us].filter((part) => part !== "").join(":"),
    rule: rule.name,
    title: rule.title,
    subject,
    severity,
    state: "raised",
    value,
    threshold,
    unit,
    raisedAtUs: at.us,
    changedAtUs: at.us,
    resolvedAtUs: null,
    acknowledgedBy: null,
  };
}
