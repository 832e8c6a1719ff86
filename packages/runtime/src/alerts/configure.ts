import { InvalidInputError } from "@pitlane/perf";
import { didYouMean } from "../config/did-you-mean.ts";
import { type BuiltInRule, builtInRules, type QueueBounds } from "./built-in.ts";
import { clearAtOf, isBad } from "./evaluate.ts";
import type { AlertLevel, AlertRule, Severity } from "./rules.ts";
import type { AlertsSettings, LevelChange, OwnRule, RuleChange } from "./settings.ts";
import { ALERT_SIGNALS, signalNamed } from "./signals.ts";

/** A rule, and whether it is looked at. */
export interface ListedRule {
  readonly rule: AlertRule;
  readonly isOn: boolean;
  readonly from: "built-in" | "changed" | "own";
}

type RuleSettings = Pick<AlertsSettings, "rules" | "add">;

/**
 * All rules: the built-in ones as the settings change them, then those of the settings' own. Pure.
 *
 * @throws {InvalidInputError} Listing every rule that makes no sense: an unknown name or signal, levels in the wrong order, no threshold.
 */
export function listRules({ rules: changes, add }: RuleSettings, bounds: QueueBounds): readonly ListedRule[] {
  const builtIn = builtInRules(bounds);
  const names = builtIn.map(({ name }) => name);
  const problems = Object.keys(changes)
    .filter((name) => !names.includes(name))
    .map((name) => `alerts.rules.${name} is no rule${didYouMean(name, names)}; there are ${names.join(", ")}`);
  const listed = [...builtIn.map((rule) => changedRule(rule, changes[rule.name])), ...add.map(ownRule)];
  const seen = new Set<string>();
  for (const { rule, isOn, from } of listed) {
    const at = from === "own" ? `alerts.add: ${rule.name}` : `alerts.rules.${rule.name}`;
    if (seen.has(rule.name))
      problems.push(`${at} is the name of another rule: a built-in one is changed in alerts.rules`);
    seen.add(rule.name);
    if (isOn) problems.push(...ruleProblems(rule).map((problem) => `${at} ${problem}`));
  }
  if (problems.length === 0) return listed;
  throw new InvalidInputError(`the alerts are set wrongly:\n${problems.map((problem) => `  ${problem}`).join("\n")}`);
}

/** The rules that a session looks at. Pure. @throws {InvalidInputError} As `listRules`; and when alerts are switched off there are none. */
export function rulesOf(
  settings: RuleSettings & Pick<AlertsSettings, "enabled">,
  bounds: QueueBounds,
): readonly AlertRule[] {
  const listed = listRules(settings, bounds);
  return settings.enabled ? listed.filter(({ isOn }) => isOn).map(({ rule }) => rule) : [];
}

function changedRule({ isOff, ...rule }: BuiltInRule, change: RuleChange | undefined): ListedRule {
  if (change === undefined) return { rule, isOn: isOff !== true, from: "built-in" };
  const isGiven = change.warning?.threshold !== undefined || change.critical?.threshold !== undefined;
  const isOn = change.enabled ?? (isOff !== true || isGiven);
  // Who gives a rule that is off one threshold wants that one, not our other one beside it.
  const onlyGiven = isOff === true && isGiven && change.enabled !== true;
  const { warning, critical, ...rest } = rule;
  const levelOf = (base: AlertLevel | undefined, own: LevelChange | undefined) =>
    onlyGiven && own === undefined ? undefined : changedLevel(base, own);
  return {
    rule: withLevels(rest, levelOf(warning, change.warning), levelOf(critical, change.critical)),
    isOn,
    from: "changed",
  };
}

function changedLevel(base: AlertLevel | undefined, change: LevelChange | undefined): AlertLevel | undefined {
  if (change === undefined) return base;
  if (change.enabled === false) return undefined;
  const threshold = change.threshold ?? base?.threshold ?? Number.NaN; // told of below
  const forMs = change.forMs ?? base?.forMs;
  // Where it was over belongs to the threshold that it was.
  const clearAt = change.clearAt ?? (change.threshold === undefined ? base?.clearAt : undefined);
  return withTimes(threshold, forMs, clearAt);
}

function ownRule({ name, title, signal, bad, warning, critical }: OwnRule): ListedRule {
  const level = (own: OwnRule["warning"]) => own && withTimes(own.threshold, own.forMs, own.clearAt);
  const rule = withLevels({ name, title: title ?? name, signal, bad }, level(warning), level(critical));
  return { rule, isOn: true, from: "own" };
}

function withTimes(threshold: number, forMs: number | undefined, clearAt: number | undefined): AlertLevel {
  return { threshold, ...(forMs === undefined ? {} : { forMs }), ...(clearAt === undefined ? {} : { clearAt }) };
}

function withLevels(
  rule: Omit<AlertRule, Severity>,
  warning: AlertLevel | undefined,
  critical: AlertLevel | undefined,
): AlertRule {
  return { ...rule, ...(warning === undefined ? {} : { warning }), ...(critical === undefined ? {} : { critical }) };
}

/** What makes no sense in a rule; empty when all does. Pure. */
export function ruleProblems({ signal, bad, warning, critical }: AlertRule): readonly string[] {
  const problems: string[] = [];
  if (signalNamed(signal) === undefined) {
    const names = ALERT_SIGNALS.map(({ name }) => name);
    problems.push(
      `looks at ${signal}, which is no signal${didYouMean(signal, names)}; \`pitlane alerts --signals\` lists them`,
    );
  }
  if (warning === undefined && critical === undefined) problems.push("needs a warning or a critical threshold");
  for (const [name, level] of Object.entries({ warning, critical })) {
    if (level === undefined) continue;
    if (Number.isNaN(level.threshold)) problems.push(`needs a ${name}.threshold: it has none of its own`);
    else if (isBad(bad, level.threshold, clearAtOf(bad, level)))
      problems.push(
        `has a ${name}.clearAt on the bad side: it must be ${bad === "above" ? "below" : "at or above"} the threshold`,
      );
  }
  if (warning !== undefined && critical !== undefined && !Number.isNaN(critical.threshold)) {
    const isWorse = bad === "above" ? critical.threshold >= warning.threshold : critical.threshold <= warning.threshold;
    if (!isWorse) problems.push("has a critical threshold that is better than its warning");
  }
  return problems;
}
