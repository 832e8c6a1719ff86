import type { AlertMessage, News } from "../../../src/alerts/notify/message.ts";
import type { Alert } from "../../../src/alerts/rules.ts";

const RAISED_US = 1_767_225_600_000_000;

/** A raised warning about orders' latency, with what a test says otherwise. */
export function alertOf(parts: Partial<Alert> = {}): Alert {
  return {
    id: "order-latency-p99:1",
    rule: "order-latency-p99",
    title: "p99 of order execution",
    subject: "",
    severity: "warning",
    state: "raised",
    value: 0.0612,
    threshold: 0.05,
    unit: "s",
    raisedAtUs: RAISED_US,
    changedAtUs: RAISED_US,
    resolvedAtUs: null,
    acknowledgedBy: null,
    ...parts,
  };
}

/** The alert, over `afterS` seconds later. */
export function resolvedOf(alert: Alert, afterS = 30): Alert {
  const atUs = alert.raisedAtUs + afterS * 1e6;
  return { ...alert, state: "resolved", value: 0.02, changedAtUs: atUs, resolvedAtUs: atUs, resolvedBy: "value" };
}

export function messageOf(...items: readonly (readonly [News, Alert])[]): AlertMessage {
  const all = items.length === 0 ? [["raised", alertOf()] as const] : items;
  return { id: "run-0-1", run: "run", atUs: RAISED_US, items: all.map(([news, alert]) => ({ news, alert })) };
}
