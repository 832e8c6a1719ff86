import type { StandardSchemaV1 } from "@standard-schema/spec";
import { sayUnknown, unknownNames } from "./config-names.ts";
import type { Plugin } from "./define.ts";
import { PluginBootError } from "./errors.ts";
import type { Permissions } from "./permissions.ts";
import { type Budgets, DEFAULT_BUDGETS, type FaultPolicy } from "./quarantine.ts";
import { describeIssues } from "./snapshot.ts";
import type { WorkerMessage } from "./worker-protocol.ts";

/** One plugin of a session, as its config lists it. */
export interface PluginEntry {
  readonly plugin: Plugin;
  /** Name of this instance; the plugin's when left out. Instances of one plugin need names of their own. */
  readonly name?: string;
  readonly config?: unknown;
  /** Where that is given, for messages: `strategies[0].config.momentum`. */
  readonly configPlace?: string;
  /** Narrows what the plugin may do. */
  readonly permissions?: Permissions;
  readonly budgets?: Partial<Budgets>;
  readonly onFault?: FaultPolicy;
  /** True runs it in a worker thread. */
  readonly worker?: boolean;
  /** Where it was loaded from: a path or a package's name, and the folder both are looked up from. A worker loads it again. */
  readonly source?: { readonly from: string; readonly cwd: string };
}

/**
 * What no input of the session explains, and has to become one: the runtime journals it and applies it by `applyControl`. Plain data.
 *
 * `lost`: a plugin's worker has ended and will be started again. `worker`: a worker's message. `pause` and `resume`: an operator's word.
 * `knob`: the optimizer sets a number that the plugin offered.
 */
export type PluginControl =
  | { readonly kind: "pause" | "resume"; readonly plugin: string; readonly by: string }
  | { readonly kind: "knob"; readonly plugin: string; readonly knob: string; readonly value: number }
  | { readonly kind: "warn" | "shed" | "restore"; readonly plugin: string; readonly reason: string }
  | {
      readonly kind: "quarantine" | "lost";
      readonly plugin: string;
      readonly reason: string;
      readonly onFault: FaultPolicy;
    }
  | { readonly kind: "worker"; readonly plugin: string; readonly message: WorkerMessage };

export function nameOf({ name, plugin }: PluginEntry): string {
  return name ?? plugin.name;
}

export function policyOf({ onFault, plugin }: PluginEntry): FaultPolicy {
  return onFault ?? plugin.onFault;
}

/** Those of the entry before the plugin's own, the session's and the defaults. */
export function budgetsOf({ plugin, budgets }: PluginEntry, defaults: Partial<Budgets> | undefined): Budgets {
  return { ...DEFAULT_BUDGETS, ...defaults, ...plugin.budgets, ...budgets };
}

/** Settings as the plugin's schema gives them. @throws {PluginBootError} Code `PLUGIN_CONFIG`, with every issue and its path. */
export async function checkConfigOf(entry: PluginEntry): Promise<unknown> {
  const result = await validated(entry);
  if (result.issues === undefined) return result.value;
  throw new PluginBootError("PLUGIN_CONFIG", problemsOf(entry, result.issues), { path: [nameOf(entry)], fix: "" });
}

/**
 * As `checkConfigOf`, of all at once and before any is set up: whoever corrects settings wants to know of every one. Names that a schema
 * tells it does not have are wrong too: many schemas drop them, and a setting that is misspelled would be its default.
 *
 * @param isWhole False when values are still to come, of a sweep: names alone are checked.
 */
export async function checkConfigs(entries: readonly PluginEntry[], isWhole = true): Promise<void> {
  const wrong: { readonly name: string; readonly problems: string }[] = [];
  for (const entry of entries) {
    const unknown = unknownIssues(entry);
    const refused = (isWhole ? (await validated(entry)).issues : undefined) ?? [];
    // A strict schema says it too, without the name that was meant.
    const isTold = ({ path = [] }: StandardSchemaV1.Issue) => unknown.some((one) => samePath(one.path ?? [], path));
    const issues = [...unknown, ...refused.filter((issue) => !isTold(issue))];
    if (issues.length > 0) wrong.push({ name: nameOf(entry), problems: problemsOf(entry, issues) });
  }
  if (wrong.length === 0) return;
  const message = wrong.map(({ problems }) => problems).join("\n");
  throw new PluginBootError("PLUGIN_CONFIG", message, { path: wrong.map(({ name }) => name), fix: "" });
}

function samePath(
  a: NonNullable<StandardSchemaV1.Issue["path"]>,
  b: NonNullable<StandardSchemaV1.Issue["path"]>,
): boolean {
  const keyOf = (part: (typeof a)[number] | undefined) => (typeof part === "object" ? part.key : part);
  return a.length === b.length && a.every((part, i) => keyOf(part) === keyOf(b[i]));
}

function unknownIssues({ plugin, config }: PluginEntry): readonly StandardSchemaV1.Issue[] {
  if (plugin.config === undefined) return [];
  return unknownNames(plugin.config, config).map((one) => ({
    path: one.path,
    message: sayUnknown(one, one.path.at(-1)),
  }));
}

async function validated({ plugin, config = {} }: PluginEntry): Promise<StandardSchemaV1.Result<unknown>> {
  return plugin.config === undefined ? { value: config } : plugin.config["~standard"].validate(config);
}

function problemsOf(entry: PluginEntry, issues: readonly StandardSchemaV1.Issue[]): string {
  const { configPlace } = entry;
  const placed =
    configPlace === undefined
      ? issues
      : issues.map((issue) => ({ ...issue, path: [configPlace, ...(issue.path ?? [])] }));
  return `the config of strategy ${nameOf(entry)} is wrong:\n${describeIssues(placed)}`;
}
