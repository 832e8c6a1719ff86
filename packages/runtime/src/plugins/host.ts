import { InvalidInputError } from "@pitlane/perf";
import type { LatencyHistogram, MetricSnapshot, MetricsSnapshot } from "@pitlane/perf/metrics";
import type { Knob } from "@pitlane/perf/tune";
import type { BookChange, Instrument, MarketEvent } from "@pitlane/sdk";
import { type ControlHook, type ControlPhase, runControlHooks } from "../hooks/control.ts";
import { ignoreRejection, isPromise } from "../hooks/owners.ts";
import type { Verdict } from "../hooks/verdict.ts";
import type { Intent } from "../orders/order.ts";
import type { BootNode } from "./boot-tree.ts";
import type { Plugin } from "./define.ts";
import type { PluginControl } from "./entry.ts";
import { reasonOf } from "./errors.ts";
import type { Flattener } from "./flatten.ts";
import type { IntentGate } from "./gate.ts";
import { type PluginHostOptions, STEP_TIMEOUT_MS } from "./host-options.ts";
import { createHostParts, type HostParts } from "./host-parts.ts";
import { hydrateHost, takeHostSnapshot } from "./host-snapshot.ts";
import type { ScopeParts } from "./parts.ts";
import type { Pauses } from "./pauses.ts";
import { placeOf } from "./place-of.ts";
import type { Budgets, Quarantine, Standing } from "./quarantine.ts";
import type { ScopeCounts } from "./scope.ts";
import type { Registrations } from "./services.ts";
import type { HostSnapshot } from "./snapshot.ts";
import type { Running } from "./starter.ts";
import { type SwapReport, swapPlugin } from "./swap.ts";
import { within } from "./within.ts";
import type { WorkerPlugin } from "./worker-host.ts";

export type { PluginControl, PluginEntry } from "./entry.ts";
export type { PluginHostOptions } from "./host-options.ts";
export type { HostServices, Registrations } from "./services.ts";
export type { SwapReport } from "./swap.ts";

/** How far the start of a session has come. */
export type StartPhase = Extract<ControlPhase, "reconcile" | "ready">;

/**
 * Starts plugins in the order of their needs, owns what they make, and takes them out when they are over budget.
 *
 *     entries -> order -> scope and context each -> setup -> registrations -> dispatch
 *                                    faults, times -> quarantine -> control (an input) -> applyControl
 *
 * Owners are indexes of `entries`, whatever the order they were started in.
 *
 * @example
 * const host = await PluginHost.open({ entries: [{ plugin, config: { size: 3 } }], services, clock, seed: 7 });
 * console.log(formatBootTree(host.bootTree, VERSION));
 * await host.close();
 */
export class PluginHost {
  readonly names: readonly string[];
  /** By owner, with the defaults filled in. */
  readonly budgets: readonly Budgets[];
  readonly #options: PluginHostOptions;
  readonly #parts: HostParts;
  // Of the parts, those that every event asks:
  readonly #running: readonly Running[]; // by owner
  readonly #isOut: readonly boolean[]; // by owner
  readonly #quarantine: Quarantine;
  readonly #gate: IntentGate;
  readonly #pauses: Pauses;
  readonly #flattener: Flattener;
  readonly #hookTimes: readonly LatencyHistogram[];
  #workers: readonly WorkerPlugin[] = []; // none in a replay, which does not run them
  #closing: Promise<void> | undefined;

  private constructor(options: PluginHostOptions) {
    const parts = createHostParts(options, (owner, id) => this.fireTimer(owner, id));
    this.#options = options;
    this.#parts = parts;
    this.#running = parts.roster.running;
    this.#isOut = parts.roster.isOut;
    this.#quarantine = parts.quarantine;
    this.#gate = parts.gate;
    this.#pauses = parts.pauses;
    this.#flattener = parts.flattener;
    this.#hookTimes = options.hookTimes ?? [];
    this.names = parts.roster.names;
    this.budgets = parts.budgets;
  }

  /**
   * Starts all plugins. When one fails, those already started are closed again.
   *
   * @throws {PluginBootError} With a code, the path to the fault and the fix.
   * @throws {InvalidInputError} When a name, a budget or a permission cannot be.
   */
  static async open(options: PluginHostOptions): Promise<PluginHost> {
    const host = new PluginHost(options);
    const { roster, starter } = host.#parts;
    try {
      for (const owner of roster.order)
        roster.running[owner] = await starter.start(owner, roster.entries[owner]!, (name) => roster.capability(name));
    } catch (error) {
      await host.close();
      throw error;
    }
    for (const { scope } of host.#running) starter.attach(scope);
    if (options.isReplay !== true) host.#workers = host.#running.flatMap(({ worker }) => worker ?? []);
    return host;
  }

  /** What all plugins registered, in the order they were started. */
  get registrations(): Registrations {
    return this.#parts.roster.registrations;
  }

  get bootTree(): readonly BootNode[] {
    return this.#parts.roster.bootTree;
  }

  standing(owner: number): Standing {
    return this.#isOut[owner] ? "quarantined" : this.#quarantine.standing(owner);
  }

  /** What the permissions of a plugin say of an intent. */
  permits(owner: number, intent: Intent): Verdict {
    return this.#gate.permits(owner, intent);
  }

  /** An operator has paused it. */
  isPaused(owner: number): boolean {
    return this.#pauses.isPaused(owner);
  }

  /** Hooks of a plugin that failed since it was started. */
  faults(owner: number): number {
    return this.#quarantine.faults(owner);
  }

  /** Caches and pools of all plugins. */
  parts(): ReturnType<ScopeParts["usage"]> {
    const usages = this.#running.map(({ scope }) => scope.parts.usage());
    return { caches: usages.flatMap(({ caches }) => caches), pools: usages.flatMap(({ pools }) => pools) };
  }

  /** What a plugin's scope holds now. */
  counts(owner: number): ScopeCounts {
    return this.#running[owner]!.scope.counts();
  }

  /** All plugins' metrics in one snapshot, each named `plugin_PLUGIN_METRIC`. */
  metrics(): MetricsSnapshot {
    const metrics: MetricSnapshot[] = [];
    for (const { scope } of this.#running) {
      const prefix = `plugin_${scope.name.replaceAll("-", "_")}_`;
      for (const metric of scope.metrics.snapshot().metrics) metrics.push({ ...metric, name: prefix + metric.name });
    }
    return { atUs: this.#options.services.nowUs(), metrics };
  }

  /** All plugins' knobs, each named `PLUGIN/KNOB`. */
  knobs(): readonly Knob[] {
    return this.#running.flatMap(({ scope }) => scope.parts.knobs);
  }

  /** A hot hook of `owner` took so long. */
  meter(owner: number, kind: string, elapsedNs: number): void {
    // Of a worker this is the time to hand an event over, none of the plugin's doing: it times its hooks itself, where they run.
    if (this.#running[owner]?.worker !== undefined) return;
    this.#hookTimes[owner]?.record(elapsedNs);
    this.#quarantine.meter(owner, kind, elapsedNs);
  }

  /** A hot hook of `owner` failed. @param mustEnd Its own policy is to quarantine at the first fault. */
  fault(owner: number, kind: string, error: unknown, mustEnd = false): void {
    this.#quarantine.fault(owner, kind, `${reasonOf(error)}${placeOf(error)}`, mustEnd);
  }

  /** To be called about once a second of wall time, not in a replay: brings back who was shed and is calm. */
  tick(): void {
    if (this.#options.isReplay !== true) this.#quarantine.tick();
  }

  /** The book of an instrument has a gap: orders there of plugins that stop on one are cancelled. */
  leaveMarket(instrument: Instrument): void {
    const { services } = this.#options;
    for (const [owner, { plugin }] of this.#running.entries()) {
      if (plugin.onGap !== "cancel") continue;
      for (const order of services.openOrders(owner, instrument)) services.cancel(order);
    }
  }

  /** Some plugin runs in a worker, which `onMarket` is for. */
  get hasWorkers(): boolean {
    return this.#workers.length > 0;
  }

  /** A market event, for plugins in workers, as it comes in. @param change What a `book` event changed; undefined when the whole book is new. */
  onMarket(event: MarketEvent, change: BookChange | undefined): void {
    for (const worker of this.#workers) worker.onMarket(event, change);
  }

  /** Orders of an earlier process are all known now. */
  endRecovery(): void {
    for (const worker of this.#workers) worker.endRecovery();
  }

  /** A timer is due: runs it as a hot hook, isolated and metered. Nothing when it was cleared meanwhile; that of a paused plugin waits. */
  fireTimer(owner: number, id: number): void {
    const running = this.#running[owner];
    if (running === undefined || this.#isOut[owner] || this.#pauses.holds(owner, id)) return;
    const { clock } = this.#options;
    const startedNs = clock.monotonicNs();
    try {
      const result = running.scope.timers.fire(id);
      if (isPromise(result)) {
        ignoreRejection(result); // the fault below tells of it
        throw new InvalidInputError("it returned a promise: hot hooks are synchronous");
      }
    } catch (error) {
      this.#parts.tell(owner, `its timer failed: ${reasonOf(error)}`);
      this.fault(owner, "timer", error);
    }
    this.meter(owner, "timer", clock.monotonicNs() - startedNs);
  }

  /** An order of `owner` has changed: to be called after its hooks heard of it, for `flatten` to go on. */
  onOrderNews(owner: number): void {
    this.#flattener.onOrderNews(owner);
  }

  /** Cancels the orders of every plugin and closes what each of them holds, at the market. */
  flattenAll(): void {
    for (const owner of this.names.keys()) this.#flattener.start(owner, true);
  }

  /** Ends `flattenAll`: what is not closed yet is kept. @param why For people. */
  stopFlattening(why: string): void {
    this.#flattener.stopOrdered(why);
  }

  /** Positions are being closed. */
  get isFlattening(): boolean {
    return this.#flattener.isBusy;
  }

  /** The position of some plugin could not be closed. */
  get isFlattenGivenUp(): boolean {
    return this.#flattener.isGivenUp;
  }

  /** Performs a control input: the runtime's answer to `HostServices.control`, and a replay's reading of its journal. */
  applyControl(control: PluginControl): void {
    this.#parts.controls.apply(control);
  }

  /** Takes over what was done to a plugin after the snapshot that an earlier process left; its orders are recovered by themselves. */
  recoverControl(control: PluginControl): void {
    this.#parts.controls.recover(control);
  }

  /**
   * State of all plugins. A snapshot moves their randomness on, so it is an input too: a replay takes one at the same places. Only between
   * inputs.
   */
  snapshot(): HostSnapshot {
    return takeHostSnapshot(this.#parts);
  }

  /** Takes over the state of plugins in workers, which a replay does not run: what their threads had said by then is an input. */
  takeWorkerStates({ plugins }: HostSnapshot): void {
    for (const { scope, worker } of this.#running) {
      const state = plugins[scope.name];
      if (state !== undefined) worker?.adopt(state);
    }
  }

  /**
   * Gives plugins the state of an earlier process, before the first input. State of a plugin that is no longer there is passed over.
   *
   * @throws {PluginBootError} Code `PLUGIN_STATE`, when a plugin cannot take its state.
   */
  hydrate(snapshot: HostSnapshot): void {
    hydrateHost(this.#parts, snapshot);
  }

  /**
   * Puts new code in a plugin's place: the new one is set up beside the old, takes over its state, and only then are they exchanged, at
   * once. Orders stay; plugins that use its capabilities are started anew with it. When anything fails the old ones go on unharmed.
   *
   * @throws {PluginBootError} When the new code does not start or cannot take the state.
   */
  swap(name: string, plugin: Plugin): Promise<SwapReport> {
    return swapPlugin(this.#parts, name, plugin);
  }

  /**
   * Runs the plugins' part in a phase of the start, one after the other.
   *
   * @throws {ControlHookError | ControlHookTimeoutError} Naming the plugin.
   */
  async runPhase(phase: StartPhase): Promise<void> {
    const { clock, stepTimeoutMs = STEP_TIMEOUT_MS } = this.#options;
    const hooks = this.#parts.roster.order.flatMap((owner): ControlHook[] => {
      const run = this.#running[owner]?.instance[phase];
      return run === undefined ? [] : [{ plugin: this.names[owner]!, run }];
    });
    await runControlHooks(phase, hooks, { clock, timeoutMs: stepTimeoutMs });
  }

  /** Ends all plugins, those started last first. Each has its time; one that fails or hangs does not stop the others. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock, stepTimeoutMs = STEP_TIMEOUT_MS } = this.#options;
    for (const owner of [...this.#parts.roster.order].reverse()) {
      const running = this.#running[owner];
      if (running === undefined) continue;
      try {
        await running.worker?.close();
        await within(clock, stepTimeoutMs, `closing ${running.scope.name}`, running.scope.close());
      } catch (error) {
        this.#parts.tell(owner, reasonOf(error));
      }
    }
  }
}
