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
export async function checkConfigOf({ plugin, config = {}, ...entry }: PluginEntry): Promise<unknown> {
  if (plugin.config === undefined) return config;
  const name = nameOf({ plugin, ...entry });
  const result = await plugin.config["~standard"].validate(config);
  if (result.issues === undefined) return result.value;
  const message = `the config of strategy ${name} is wrong:\n${describeIssues(result.issues)}`;
  throw new PluginBootError("PLUGIN_CONFIG", message, { path: [name], fix: "" });
}
