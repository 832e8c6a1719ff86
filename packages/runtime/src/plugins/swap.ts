import { InvalidInputError } from "@pitlane/perf";
import type { Plugin } from "./define.ts";
import { PluginBootError } from "./errors.ts";
import type { HostParts } from "./host-parts.ts";
import type { Roster, StartOrder } from "./roster.ts";
import { restore, takeSnapshot } from "./snapshot.ts";
import type { Running } from "./starter.ts";

/** What a reload did. */
export interface SwapReport {
  readonly plugin: string;
  readonly fromVersion: string;
  readonly toVersion: string;
  /** Plugins that use its capabilities and were started anew with it. */
  readonly dependents: readonly string[];
  /** From the call to the new code running, in milliseconds. */
  readonly elapsedMs: number;
  /** What state could not be given back. */
  readonly notes: readonly string[];
}

/**
 * What `PluginHost.swap` does, and throws.
 *
 *     new code set up beside the old -> takes over the state -> exchanged, at once -> the old is closed
 */
export async function swapPlugin(parts: HostParts, name: string, plugin: Plugin): Promise<SwapReport> {
  const { clock, roster, gate } = parts;
  const { names } = roster;
  const startedNs = clock.monotonicNs();
  const owner = names.indexOf(name);
  if (owner < 0) throw new InvalidInputError(`there is no plugin ${name}; there are ${names.join(", ")}`);
  const before = roster.running[owner]!;
  if (before.worker !== undefined || plugin.worker)
    throw new PluginBootError("PLUGIN_WORKER", `${name} runs in a worker and is not reloaded`, {
      path: [name],
      fix: "develop it in the session's own thread, or start the session again",
    });
  const started = roster.orderWith(owner, plugin);
  const fresh = new Map<number, Running>();
  let notes: readonly string[];
  try {
    await startAnew(parts, owner, plugin, started, fresh);
    // From here to the end nothing waits: no event comes between the old state and its successor.
    notes = handOver(roster, fresh);
    gate.permit(owner, [plugin.permissions, before.entry.permissions], plugin.onGap === "cancel");
  } catch (error) {
    for (const { scope } of fresh.values()) await scope.close();
    throw error;
  }
  const gone = exchange(parts, started, fresh);
  const elapsedMs = (clock.monotonicNs() - startedNs) / 1e6;
  for (const { scope } of gone.reverse()) await scope.close();
  const dependents = [...fresh.keys()].filter((at) => at !== owner).map((at) => names[at]!);
  const { version: fromVersion } = before.plugin;
  return { plugin: name, fromVersion, toVersion: plugin.version, dependents, elapsedMs, notes };
}

/** Sets up the new code, and those that use it, each in `fresh` as soon as it stands. */
async function startAnew(
  { roster, starter }: HostParts,
  owner: number,
  plugin: Plugin,
  { order, uses }: StartOrder,
  fresh: Map<number, Running>,
): Promise<void> {
  for (const at of order) {
    const isAffected = at === owner || uses[at]!.some((used) => fresh.has(used));
    if (!isAffected) continue;
    const { entry } = roster.running[at]!;
    const next = at === owner ? { ...entry, plugin } : entry;
    fresh.set(at, await starter.start(at, next, (capability) => roster.capability(capability, fresh)));
  }
}

/** Gives each new plugin the state of the old. @returns What could not be given back. */
function handOver(roster: Roster, fresh: ReadonlyMap<number, Running>): readonly string[] {
  const notes: string[] = [];
  for (const [at, next] of fresh) {
    const old = roster.running[at]!;
    const state = takeSnapshot(old.plugin, old.scope, old.instance);
    if (state.lost !== undefined)
      throw new PluginBootError("PLUGIN_STATE", `the state of ${old.scope.name} cannot be taken: ${state.lost}`, {
        path: [old.scope.name],
        fix: "",
      });
    notes.push(...restore(next.plugin, next.scope, next.instance, state, false));
  }
  return notes;
}

/** @returns Those that run no more, to be closed. */
function exchange(
  { services, roster, starter, quarantine, pauses }: HostParts,
  started: StartOrder,
  fresh: ReadonlyMap<number, Running>,
): Running[] {
  const gone: Running[] = [];
  for (const [at, next] of fresh) {
    const old = roster.running[at]!;
    gone.push(old);
    old.scope.timers.clearAll();
    roster.running[at] = next;
    starter.attach(next.scope);
    quarantine.reset(at);
    roster.isOut[at] = false;
    pauses.renew(at);
    services.setActive?.(at, true);
  }
  roster.reorder(started);
  for (const [at, { scope }] of fresh) services.onReplaced?.(at, scope);
  return gone;
}
