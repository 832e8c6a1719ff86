import type { Clock } from "@pitlane/perf";
import { Controls } from "./controls.ts";
import { budgetsOf, type PluginControl, policyOf } from "./entry.ts";
import { Flattener } from "./flatten.ts";
import { IntentGate } from "./gate.ts";
import { type PluginHostOptions, STEP_TIMEOUT_MS } from "./host-options.ts";
import { Pauses } from "./pauses.ts";
import { type Budgets, Quarantine } from "./quarantine.ts";
import { Roster } from "./roster.ts";
import type { HostServices } from "./services.ts";
import { PluginStarter } from "./starter.ts";

/** What a host is made of. */
export interface HostParts {
  readonly services: HostServices;
  readonly clock: Clock;
  readonly roster: Roster;
  /** By owner, with the defaults filled in. */
  readonly budgets: readonly Budgets[];
  readonly quarantine: Quarantine;
  readonly gate: IntentGate;
  readonly starter: PluginStarter;
  readonly flattener: Flattener;
  readonly pauses: Pauses;
  readonly controls: Controls;
  /** Logs a warning in a plugin's name. */
  readonly tell: (owner: number, message: string) => void;
}

/**
 * Wires the parts of a host to each other; no plugin is started.
 *
 * @param fireTimer Fires a timer of a plugin, as `PluginHost.fireTimer`.
 * @throws {PluginBootError} When the plugins' needs cannot be met.
 * @throws {InvalidInputError} When a name, a budget, a permission or the seed cannot be.
 */
export function createHostParts(options: PluginHostOptions, fireTimer: (owner: number, id: number) => void): HostParts {
  const { entries, services, clock, seed, isReplay = false, stepTimeoutMs = STEP_TIMEOUT_MS } = options;
  const roster = new Roster(options);
  const { names } = roster;
  const budgets = entries.map((entry) => budgetsOf(entry, options.budgets));
  const tell = (owner: number, message: string) => services.log(names[owner]!, message, "warn");
  const control = (wanted: PluginControl, triggerNs?: number) => {
    if (services.control === undefined) controls.apply(wanted);
    else services.control(wanted, triggerNs);
  };
  const quarantine = new Quarantine({
    budgets,
    clock,
    onAction: ({ owner, kind, reason }) => {
      if (isReplay) return;
      const plugin = names[owner]!;
      control(
        kind === "quarantine"
          ? { kind, plugin, reason, onFault: policyOf(roster.entryOf(owner)) }
          : { kind, plugin, reason },
      );
    },
  });
  const gate = new IntentGate({
    names,
    permissions: entries.map(({ plugin, permissions }) => [plugin.permissions, permissions]),
    ordersPerMinute: budgets.map(({ ordersPerMinute }) => ordersPerMinute),
    stopsOnGap: entries.map(({ plugin }) => plugin.onGap === "cancel"),
    services,
    isPaused: (owner) => pauses.isPaused(owner),
    onFlood: (owner) => {
      if (!isReplay) quarantine.flood(owner);
    },
  });
  const starter = new PluginStarter({
    services,
    clock,
    seed,
    caches: options.caches ?? true,
    budgets: options.budgets,
    isReplay,
    stepTimeoutMs,
    workerEntry: options.workerEntry,
    submit: (owner, intent) => gate.submit(owner, intent),
    signal: (owner, signal) => gate.signal(owner, signal),
    control,
    onHookTimes: (owner, counts) => options.hookTimes?.[owner]?.add(counts),
    onEnded: (owner, reason) => quarantine.end(owner, reason),
    tell,
  });
  const flattener = new Flattener(services, tell);
  const pauses = new Pauses((owner, isShed) => {
    services.setShed?.(owner, isShed);
    roster.running[owner]?.worker?.setShed(isShed);
  });
  const controls = new Controls({ services, roster, gate, quarantine, pauses, flattener, fireTimer, tell });
  return { services, clock, roster, budgets, quarantine, gate, starter, flattener, pauses, controls, tell };
}
