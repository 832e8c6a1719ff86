import type { Alert } from "../rules.ts";

/** What a message says of an alert. `repeated`: it is still raised, and nobody has acknowledged it. */
export type News = "raised" | "worse" | "better" | "repeated" | "resolved";

export interface AlertNews {
  readonly news: News;
  readonly alert: Alert;
}

/** What one sink is told at once. Plain data without secrets. */
export interface AlertMessage {
  /** The same when it is sent again: a receiver that has it may forget it. */
  readonly id: string;
  /** Id of the session's run. */
  readonly run: string;
  readonly atUs: number;
  /** At least one; what is raised before what is over, the worst first. */
  readonly items: readonly AlertNews[];
}

/** One line that says it all: "Pitlane: 1 critical, 2 warnings, 1 resolved". Pure. */
export function subjectOf({ items }: AlertMessage): string {
  const raised = items.filter(({ news }) => news !== "resolved").map(({ alert }) => alert.severity);
  const count = (severity: string) => raised.filter((one) => one === severity).length;
  const warnings = count("warning");
  const parts = [
    [count("critical"), "critical"],
    [warnings, warnings === 1 ? "warning" : "warnings"],
    [items.length - raised.length, "resolved"],
  ] as const;
  return `Pitlane: ${parts
    .filter(([number]) => number > 0)
    .map(([number, what]) => `${number} ${what}`)
    .join(", ")}`;
}

/** A line an alert, below the run's id. Pure. */
export function textOf(message: AlertMessage): string {
  return [`${subjectOf(message)} (run ${message.run})`, ...message.items.map(lineOf)].join("\n");
}

/** "critical: p99 of order execution is 612 ms, threshold 500 ms". Pure. */
export function lineOf({ news, alert }: AlertNews): string {
  const { severity, title, subject, value, threshold, unit, raisedAtUs, changedAtUs } = alert;
  const what = subject === "" ? title : `${title} (${subject})`;
  const is = formatValue(value, unit);
  const lasted = formatDuration((changedAtUs - raisedAtUs) / 1e6);
  if (news === "resolved") {
    const how = alert.resolvedBy === "noData" ? ": nothing is measured any more" : ` is ${is}`;
    return `resolved: ${what}${how}, after ${lasted}`;
  }
  const how = { raised: "", worse: " (it was a warning)", better: " (it was critical)", repeated: " (still)" }[news];
  return `${severity}: ${what} is ${is}, threshold ${formatValue(threshold, unit)}${how}`;
}

/** A value with its unit as people read it: "612 ms", "92 %", "1.5 GiB", "12 per minute". Pure. */
export function formatValue(value: number, unit: string): string {
  switch (unit) {
    case "s":
      return formatDuration(value);
    case "ratio":
      return `${short(value * 100)} %`;
    case "bytes":
      return value >= 2 ** 30 ? `${short(value / 2 ** 30)} GiB` : `${short(value / 2 ** 20)} MiB`;
    case "events":
      return short(value);
    default:
      return `${short(value)} ${unit}`;
  }
}

function formatDuration(seconds: number): string {
  const size = Math.abs(seconds);
  if (size >= 120) return `${short(seconds / 60)} min`;
  if (size >= 1 || size === 0) return `${short(seconds)} s`;
  return size >= 1e-3 ? `${short(seconds * 1e3)} ms` : `${short(seconds * 1e6)} us`;
}

/** Three digits are enough to decide by. */
function short(value: number): string {
  return Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
}
