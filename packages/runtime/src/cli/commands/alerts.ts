import { resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import type { Command } from "commander";
import { type ListedRule, listRules } from "../../alerts/configure.ts";
import { toGrafanaDashboard } from "../../alerts/grafana.ts";
import { formatValue } from "../../alerts/notify/message.ts";
import { toPrometheusRules } from "../../alerts/prometheus-rules.ts";
import type { AlertLevel, AlertRule } from "../../alerts/rules.ts";
import { ALERT_SIGNALS, signalNamed } from "../../alerts/signals.ts";
import type { Config } from "../../config.ts";
import { checkWritable, writeJson, writeWhole } from "../json-file.ts";
import type { SettingsContext } from "../main.ts";
import { colors } from "../output.ts";
import { type SettingsFlags, settingsOf, withSettingsFlags } from "../settings-flags.ts";

interface ListFlags extends SettingsFlags {
  readonly signals?: true;
  readonly json?: string;
}

interface ExportFlags extends SettingsFlags {
  readonly prometheus?: string;
  readonly grafana?: string;
}

const LIST_HELP = `
Rules are changed and added in the settings:
  alerts: { rules: { "order-latency-p99": { warning: { threshold: 0.1 } }, "event-rate": { enabled: true } } }
Exit code: 0 done; 2 a setting is wrong.`;

/** `pitlane alerts`: what a session is watched for, and the same for Prometheus and Grafana. */
export function addAlerts(program: Command, context: SettingsContext): void {
  const command = program.command("alerts").description("show the rules of alerts, and export them");
  addList(command, context);
  addExport(command, context);
}

function addList(command: Command, context: SettingsContext): void {
  const { cwd, output } = context;
  withSettingsFlags(command.command("list", { isDefault: true }).description("list the rules with their thresholds"))
    .option("--signals", "list what a rule can look at instead")
    .option("-j, --json <file>", "write the list to this file")
    .addHelpText("after", LIST_HELP)
    .action(async (flags: ListFlags) => {
      const jsonPath = flags.json === undefined ? undefined : checkWritable(resolve(cwd, flags.json));
      const { config } = await settingsOf(flags, context);
      const rules = rulesIn(config);
      if (jsonPath !== undefined)
        writeJson(jsonPath, flags.signals === true ? signalsDocument() : rulesDocument(rules));
      for (const line of flags.signals === true ? signalLines() : ruleLines(rules)) output.line(line);
      if (!config.alerts.enabled) output.line(colors.yellow("alerts are switched off: alerts.enabled is false"));
    });
}

function addExport(command: Command, context: SettingsContext): void {
  const { cwd, output } = context;
  withSettingsFlags(
    command.command("export").description("write the rules for Prometheus, and a dashboard for Grafana"),
  )
    .option("--prometheus <file>", "alerting rules, YAML")
    .option("--grafana <file>", "dashboard, JSON")
    .action(async (flags: ExportFlags) => {
      const { prometheus, grafana } = flags;
      if (prometheus === undefined && grafana === undefined)
        throw new InvalidInputError("name what to write: --prometheus FILE, --grafana FILE, or both");
      const pathOf = (file: string | undefined, flag: string) =>
        file === undefined ? undefined : checkWritable(resolve(cwd, file), flag);
      const rulesPath = pathOf(prometheus, "--prometheus");
      const dashboardPath = pathOf(grafana, "--grafana");
      const { config } = await settingsOf(flags, context);
      const on = rulesIn(config)
        .filter(({ isOn }) => isOn)
        .map(({ rule }) => rule);
      if (rulesPath !== undefined) {
        writeWhole(rulesPath, toPrometheusRules(on, config.alerts.warmUpMs));
        output.line(`${prometheus}: ${on.length} rules; \`promtool check rules ${prometheus}\` checks them`);
      }
      if (dashboardPath !== undefined) {
        writeJson(dashboardPath, toGrafanaDashboard(on));
        output.line(`${grafana}: import it in Grafana under Dashboards, New, Import`);
      }
    });
}

function rulesIn({ alerts, bus, execution }: Config): readonly ListedRule[] {
  return listRules(alerts, { laneCapacity: bus.capacity, orderQueue: execution.queue });
}

/** The rules in columns. Pure. */
function ruleLines(rules: readonly ListedRule[]): readonly string[] {
  const rows = rules.map(({ rule, isOn, from }) => [
    rule.name,
    rule.signal,
    levelText(rule, rule.warning),
    levelText(rule, rule.critical),
    isOn ? from : "off",
  ]);
  return columns([["rule", "looks at", "warning", "critical", ""], ...rows]);
}

function signalLines(): readonly string[] {
  return columns([["signal", "unit", ""], ...ALERT_SIGNALS.map(({ name, unit, help }) => [name, unit, help])]);
}

/** Columns of words, the last one as long as it is. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const width = (column: number) => Math.max(...rows.map((row) => row[column]?.length ?? 0));
  return rows.map((row) =>
    row
      .map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(width(i))))
      .join("  ")
      .trimEnd(),
  );
}

/** "50 ms or more for 2 min". Pure. */
function levelText({ signal, bad }: AlertRule, level: AlertLevel | undefined): string {
  if (level === undefined) return "";
  const threshold = formatValue(level.threshold, signalNamed(signal)?.unit ?? "");
  const held = level.forMs === undefined || level.forMs === 0 ? "" : ` for ${formatValue(level.forMs / 1000, "s")}`;
  return `${bad === "above" ? "from" : "under"} ${threshold}${held}`;
}

function rulesDocument(rules: readonly ListedRule[]): object {
  return {
    rules: rules.map(({ rule, isOn, from }) => ({ ...rule, unit: signalNamed(rule.signal)?.unit, isOn, from })),
  };
}

function signalsDocument(): object {
  return {
    signals: ALERT_SIGNALS.map(({ name, unit, help, promql, labels }) => ({ name, unit, help, promql, labels })),
  };
}
