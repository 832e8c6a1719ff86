import type { Alert } from "../alerts/rules.ts";
import { describeTrading, type TradingStatus } from "../engines/trading-state.ts";
import type { LogFileLine } from "./log-file.ts";
import type { LogLine } from "./observer.ts";

/** What a part of the session said to people. Pure. */
export function toLogLine({ atUs, source, message }: LogLine): LogFileLine {
  return { atUs, kind: "line", level: "info", source, message };
}

/** Something that should not have happened. Pure. */
export function faultLine(source: string, message: string): LogFileLine {
  return { kind: "fault", level: "error", source, message };
}

/** An alert that was raised, changed or resolved. Pure. */
export function alertLine(alert: Alert): LogFileLine {
  const { changedAtUs, severity, state, title, subject, value, threshold, unit, acknowledgedBy } = alert;
  const isOver = state === "resolved";
  const about = subject === "" ? title : `${title} (${subject})`;
  const what = isOver
    ? "resolved"
    : acknowledgedBy === null
      ? severity
      : `${severity}, acknowledged by ${acknowledgedBy}`;
  return {
    atUs: changedAtUs,
    kind: "alert",
    level: isOver ? "info" : severity === "critical" ? "error" : "warn",
    source: "alerts",
    message: `${about}: ${what}, ${value} ${unit} (threshold ${threshold})`,
    detail: { ...alert },
  };
}

/** What an operator did. Pure. */
export function operatorLine(action: string, detail: Readonly<Record<string, unknown>>, by: string): LogFileLine {
  return {
    kind: "operator",
    level: "warn",
    source: "operator",
    message: `${action}, by ${by}`,
    detail: { action, by, ...detail },
  };
}

/** How trading stands from now on. Pure. */
export function tradingLine(status: TradingStatus): LogFileLine {
  const level = status.state === "active" ? "info" : "warn";
  return { kind: "trading", level, source: "risk", message: describeTrading(status), detail: { ...status } };
}
