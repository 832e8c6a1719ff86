import { stringify } from "yaml";
import { clearAtOf, WARM_UP_MS } from "./evaluate.ts";
import type { AlertLevel, AlertRule, Severity } from "./rules.ts";
import { type AlertSignal, type AlertUnit, signalNamed } from "./signals.ts";

const SEVERITIES = ["warning", "critical"] as const;

/** How Prometheus writes a value of a unit in a text. */
const SHOWN: Readonly<Record<AlertUnit, string>> = {
  s: "{{ $value | humanizeDuration }}",
  ratio: "{{ $value | humanizePercentage }}",
  bytes: "{{ $value | humanize1024 }}B",
  "per second": "{{ $value | humanize }} per second",
  "per minute": "{{ $value | humanize }} per minute",
  events: "{{ $value | humanize }}",
};

/**
 * The rules as a rule file of Prometheus: an alert a level, with the same thresholds, durations and hysteresis. Pure.
 *
 * Prometheus knows no hysteresis: an alert that fires asks for itself in the series `ALERTS` and goes on up to `clearAt`. Both levels of a rule
 * fire at once when it is critical; an inhibition on the label `rule` in the Alertmanager keeps the warning back.
 *
 * @param warmUpMs The setting `alerts.warmUpMs`.
 * @example
 * writeFileSync("pitlane.rules.yml", toPrometheusRules(rules)); // promtool check rules pitlane.rules.yml
 */
export function toPrometheusRules(rules: readonly AlertRule[], warmUpMs: number = WARM_UP_MS): string {
  const alerts = rules.flatMap((rule) =>
    SEVERITIES.flatMap((severity) => {
      const level = rule[severity];
      const signal = signalNamed(rule.signal);
      return level === undefined || signal === undefined
        ? []
        : [alertOf(rule, afterWarmUp(signal, warmUpMs), severity, level)];
    }),
  );
  const document = { groups: [{ name: "pitlane", rules: alerts }] };
  return `# Made by \`pitlane alerts export\` of the settings' rules: change those, and make it anew.\n${stringify(document, { lineWidth: 0 })}`;
}

/** `PitlaneOrderLatencyP99` of `order-latency-p99`. Pure. */
export function alertNameOf(rule: string): string {
  return `Pitlane${rule.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase())}`;
}

/** The signal without what it shows while the session is new. */
function afterWarmUp(signal: AlertSignal, warmUpMs: number): AlertSignal {
  if (signal.isColdAtFirst !== true || warmUpMs === 0) return signal;
  return { ...signal, promql: `${signal.promql} and on (instance, job) pitlane_uptime_seconds >= ${warmUpMs / 1000}` };
}

function alertOf(rule: AlertRule, signal: AlertSignal, severity: Severity, level: AlertLevel): object {
  const subject = signal.labels.map((label) => `{{ $labels.${label} }}`).join("/");
  const what = subject === "" ? rule.title : `${rule.title} (${subject})`;
  return {
    alert: alertNameOf(rule.name),
    expr: expressionOf(rule, signal, severity, level),
    ...(level.forMs === undefined || level.forMs === 0 ? {} : { for: durationOf(level.forMs) }),
    labels: { severity, rule: rule.name },
    annotations: {
      summary: what,
      description: `${what} is ${SHOWN[signal.unit]}: ${signal.help}.`,
    },
  };
}

function expressionOf(rule: AlertRule, signal: AlertSignal, severity: Severity, level: AlertLevel): string {
  const value = `(${signal.promql})`;
  const [isBad, isNotOver] = rule.bad === "above" ? [">=", ">"] : ["<", "<"];
  const labels = ["instance", "job", ...signal.labels].join(", ");
  const firing = `ALERTS{alertname="${alertNameOf(rule.name)}",alertstate="firing",severity="${severity}"}`;
  const clearAt = numberOf(clearAtOf(rule.bad, level));
  return `${value} ${isBad} ${numberOf(level.threshold)} or (${value} ${isNotOver} ${clearAt} and on (${labels}) ${firing})`;
}

/** Without the tail of digits that a share of a decimal fraction may have. */
function numberOf(value: number): string {
  return String(Number(value.toPrecision(12)));
}

/** As Prometheus writes durations: whole units, the largest that fits. Pure. */
function durationOf(ms: number): string {
  if (ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
