import type { HostParts } from "./host-parts.ts";
import { type HostSnapshot, type PluginSnapshot, restore, takeSnapshot } from "./snapshot.ts";

/** State of all plugins of a host, and of what it knows of them. It moves their randomness on. */
export function takeHostSnapshot({ roster, gate, pauses, tell }: HostParts): HostSnapshot {
  const { names, running, isOut } = roster;
  const plugins: Record<string, PluginSnapshot> = {};
  for (const { plugin, scope, instance, worker } of running) {
    const state = worker === undefined ? takeSnapshot(plugin, scope, instance) : worker.lastSnapshot;
    if (state !== undefined) plugins[scope.name] = state;
    if (state?.lost !== undefined) tell(scope.owner, `its snapshot failed: ${state.lost}`);
  }
  const quarantined = names.filter((_, owner) => isOut[owner]);
  const paused = pauses.record(names);
  return { plugins, quarantined, ...(paused.length > 0 && { paused }), orders: gate.record() };
}

/**
 * Gives plugins that have just been set up the state of an earlier process; that of plugins which are no longer there is passed over.
 *
 * @throws {PluginBootError} Code `PLUGIN_STATE`, when a plugin cannot take its state.
 */
export function hydrateHost({ roster, gate, pauses, controls, tell }: HostParts, snapshot: HostSnapshot): void {
  const { names, running } = roster;
  gate.restore(snapshot.orders);
  pauses.restore(names, snapshot.paused ?? []);
  for (const [owner, name] of names.entries()) if (snapshot.quarantined.includes(name)) controls.takeOut(owner);
  for (const { plugin, scope, instance, worker } of running) {
    const old = snapshot.plugins[scope.name];
    if (old === undefined) continue;
    if (worker !== undefined) worker.hydrate(old);
    else for (const note of restore(plugin, scope, instance, old, true)) tell(scope.owner, note);
  }
}
