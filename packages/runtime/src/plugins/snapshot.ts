import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { Plugin, PluginInstance } from "./define.ts";
import { PluginBootError, reasonOf } from "./errors.ts";
import type { OrderCounts } from "./order-budget.ts";
import type { PauseRecord } from "./pauses.ts";
import type { Scope, ScopeRecord } from "./scope.ts";
import { type Json, toJson } from "./state.ts";
import type { RefsRecord } from "./worker-refs.ts";

/** State of one plugin. */
export interface PluginSnapshot extends ScopeRecord {
  /** Version of the code that it is from. */
  readonly version: string;
  /** What the plugin's own `snapshot` gave; left out when it has none. */
  readonly own?: Json;
  /** Of a plugin in a worker: its numbers of orders. */
  readonly refs?: RefsRecord;
  /** Why `own` is missing although there should be one. */
  readonly lost?: string;
}

/** State of all plugins, by name: plain data for a journal. */
export interface HostSnapshot {
  readonly plugins: Readonly<Record<string, PluginSnapshot>>;
  /** Those that were taken out. */
  readonly quarantined: readonly string[];
  /** Those that an operator has paused; left out when there is none. */
  readonly paused?: readonly PauseRecord[];
  readonly orders: OrderCounts;
}

/** Takes the state of a plugin. A `snapshot` that throws costs its own part alone, and the reason is kept. */
export function takeSnapshot(plugin: Plugin, scope: Scope, instance: PluginInstance): PluginSnapshot {
  const record = { version: plugin.version, keys: keysOf(scope), timers: scope.timers.record() };
  scope.random.epoch++;
  const { epoch: randomEpoch } = scope.random;
  if (instance.snapshot === undefined) return { ...record, randomEpoch };
  try {
    return { ...record, randomEpoch, own: toJson(scope.name, instance.snapshot()) };
  } catch (error) {
    return { ...record, randomEpoch, lost: reasonOf(error) };
  }
}

/**
 * Gives a plugin that has just been set up the state of an earlier one.
 *
 * @param isSameCode The timers that setup has set are those of the snapshot, by number.
 * @returns What could not be given back, for people.
 * @throws {PluginBootError} Code `PLUGIN_STATE`, when the state does not fit.
 */
export function restore(
  plugin: Plugin,
  scope: Scope,
  instance: PluginInstance,
  old: PluginSnapshot,
  isSameCode: boolean,
): readonly string[] {
  const notes: string[] = [];
  scope.keys.clear();
  for (const [key, value] of Object.entries(old.keys)) scope.keys.set(key, value);
  scope.random.epoch = old.randomEpoch;
  if (old.lost !== undefined) notes.push(`its state was lost when the snapshot was taken: ${old.lost}`);
  if (isSameCode) {
    const lost = scope.timers.restore(old.timers);
    if (lost.length > 0) notes.push(`${lost.length} timers that hooks had set are gone: set them in setup or hydrate`);
  }
  if (old.own !== undefined) hydrate(plugin, scope.name, instance, old.own, old.version);
  return notes;
}

function hydrate(plugin: Plugin, name: string, instance: PluginInstance, own: Json, fromVersion: string): void {
  if (instance.hydrate === undefined)
    throw stateError(name, `${name} has state from version ${fromVersion} and no hydrate function to take it`);
  if (plugin.state !== undefined && fromVersion === plugin.version) checkState(plugin.state, name, own, "its snapshot");
  try {
    instance.hydrate(own, fromVersion);
  } catch (error) {
    throw stateError(name, `${name} cannot take its state from version ${fromVersion}: ${reasonOf(error)}`, error);
  }
  // What hydrate made of older state has to be the new form: better found now than at the next restart.
  if (plugin.state !== undefined && instance.snapshot !== undefined)
    checkState(
      plugin.state,
      name,
      toJson(name, instance.snapshot()),
      `what it made of the state of version ${fromVersion}`,
    );
}

/** @throws {PluginBootError} Code `PLUGIN_STATE`, when `value` does not pass. */
function checkState(schema: StandardSchemaV1, name: string, value: unknown, what: string): void {
  const result = schema["~standard"].validate(value);
  if (result instanceof Promise)
    throw stateError(name, `the state schema of ${name} is asynchronous: use a synchronous one`);
  if (result.issues !== undefined)
    throw stateError(name, `${what} does not pass the state schema of ${name}:\n${describeIssues(result.issues)}`);
}

/** Issues of a schema, one a line, each with its path. */
export function describeIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  const lines = issues.map((issue) => {
    const path = (issue.path ?? []).map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return `  ${path === "" ? "(whole)" : path}: ${issue.message}`;
  });
  return lines.join("\n");
}

function keysOf(scope: Scope): Record<string, Json> {
  return toJson(scope.name, Object.fromEntries(scope.keys)) as Record<string, Json>;
}

function stateError(name: string, message: string, cause?: unknown): PluginBootError {
  return new PluginBootError("PLUGIN_STATE", message, { path: [name], fix: "", cause });
}
