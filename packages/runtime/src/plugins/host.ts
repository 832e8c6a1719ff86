import { type Clock, InvalidInputError } from "@pitlane/perf";
import type { LatencyHistogram, MetricSnapshot, MetricsSnapshot } from "@pitlane/perf/metrics";
import type { Knob } from "@pitlane/perf/tune";
import type { BookChange, Instrument, MarketEvent } from "@pitlane/sdk";
import { type ControlHook, type ControlPhase, runControlHooks } from "../hooks/control.ts";
import { ignoreRejection, isPromise } from "../hooks/owners.ts";
import type { Verdict } from "../hooks/verdict.ts";
import type { Intent } from "../orders/order.ts";
import { VERSION } from "../version.ts";
import type { BootNode } from "./boot-tree.ts";
import { isPluginName, type Plugin } from "./define.ts";
import { budgetsOf, nameOf, type PluginControl, type PluginEntry, policyOf } from "./entry.ts";
import { PluginBootError, reasonOf } from "./errors.ts";
import { Flattener } from "./flatten.ts";
import { IntentGate } from "./gate.ts";
import { orderPlugins } from "./order.ts";
import type { ScopeParts } from "./parts.ts";
import { Pauses } from "./pauses.ts";
import { type Budgets, type FaultPolicy, Quarantine, type Standing } from "./quarantine.ts";
import type { ScopeCounts } from "./scope.ts";
import type { HostServices, Registrations } from "./services.ts";
import { type HostSnapshot, type PluginSnapshot, restore, takeSnapshot } from "./snapshot.ts";
import { PluginStarter, type Running } from "./starter.ts";
import { within } from "./within.ts";
import type { WorkerPlugin } from "./worker-host.ts";
import type { WorkerMessage } from "./worker-protocol.ts";

export type { PluginControl, PluginEntry } from "./entry.ts";
export type { HostServices, Registrations } from "./services.ts";

export interface PluginHostOptions {
  readonly entries: readonly PluginEntry[];
  readonly services: HostServices;
  /** Measures hooks and waits; no decision reads it. */
  readonly clock: Clock;
  /** Of the run; 0 to 2^32 - 1. */
  readonly seed: number;
  /** Whether caches of plugins keep anything. Default true. */
  readonly caches?: boolean;
  /** For plugins that state none, fixed at the start; `DEFAULT_BUDGETS` for what is left out. */
  readonly budgets?: Partial<Budgets>;
  /** Where the time of each hot hook and timer is recorded, by owner, a worker's as it tells once a second. Left out, it is not. */
  readonly hookTimes?: readonly LatencyHistogram[];
  /** Capabilities of the runtime itself. */
  readonly provides?: Readonly<Record<string, { readonly version: string; readonly handle: unknown }>>;
  /** True in a replay: budgets of wall time decide nothing and workers are not started; both come by `applyControl`. */
  readonly isReplay?: boolean;
  /** This program's version, unless told. */
  readonly version?: string;
  /** Longest setup and longest close of a plugin, in milliseconds. Default 30,000. */
  readonly stepTimeoutMs?: number;
  /** The built module that worker threads run; beside this one unless told. */
  readonly workerEntry?: URL;
}

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

/** How far the start of a session has come. */
export type StartPhase = Extract<ControlPhase, "reconcile" | "ready">;

const STEP_TIMEOUT_MS = 30_000;

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
  readonly #entries: readonly PluginEntry[];
  readonly #hookTimes: readonly LatencyHistogram[];
  readonly #quarantine: Quarantine;
  readonly #gate: IntentGate;
  readonly #starter: PluginStarter;
  readonly #flattener: Flattener;
  readonly #running: Running[] = []; // by owner
  readonly #isOut: boolean[]; // quarantined, by owner
  #workers: readonly WorkerPlugin[] = []; // none in a replay, which does not run them
  readonly #pauses: Pauses;
  #order: readonly number[];
  #uses: readonly (readonly number[])[];
  #closing: Promise<void> | undefined;

  private constructor(options: PluginHostOptions) {
    const { entries, services, clock, seed, isReplay = false, stepTimeoutMs = STEP_TIMEOUT_MS } = options;
    this.#options = options;
    this.#entries = entries;
    this.#hookTimes = options.hookTimes ?? [];
    this.names = entries.map(nameOf);
    const bad = this.names.find((name) => !isPluginName(name));
    if (bad !== undefined)
      throw new InvalidInputError(
        `a plugin's name must be kebab case, such as "my-strategy"; got ${JSON.stringify(bad)}`,
      );
    const { order, uses } = this.#orderOf(entries.map(({ plugin }) => plugin));
    this.#order = order;
    this.#uses = uses;
    const budgets = entries.map((entry) => budgetsOf(entry, options.budgets));
    this.budgets = budgets;
    this.#quarantine = new Quarantine({
      budgets,
      clock,
      onAction: ({ owner, kind, reason }) => {
        if (isReplay) return;
        const plugin = this.names[owner]!;
        this.#control(
          kind === "quarantine"
            ? {
                kind,
                plugin,
                reason,
                onFault: policyOf((this.#running[owner] ?? { entry: this.#entries[owner]! }).entry),
              }
            : { kind, plugin, reason },
        );
      },
    });
    this.#gate = new IntentGate({
      names: this.names,
      permissions: entries.map(({ plugin, permissions }) => [plugin.permissions, permissions]),
      ordersPerMinute: budgets.map(({ ordersPerMinute }) => ordersPerMinute),
      stopsOnGap: entries.map(({ plugin }) => plugin.onGap === "cancel"),
      services,
      isPaused: (owner) => this.#pauses.isPaused(owner),
      onFlood: (owner) => {
        if (!isReplay) this.#quarantine.flood(owner);
      },
    });
    this.#starter = new PluginStarter({
      services,
      clock,
      seed,
      caches: options.caches ?? true,
      budgets: options.budgets,
      isReplay,
      stepTimeoutMs,
      workerEntry: options.workerEntry,
      submit: (owner, intent) => this.#gate.submit(owner, intent),
      signal: (owner, signal) => this.#gate.signal(owner, signal),
      control: (control, triggerNs) => this.#control(control, triggerNs),
      onHookTimes: (owner, counts) => this.#hookTimes[owner]?.add(counts),
      onEnded: (owner, reason) => this.#quarantine.end(owner, reason),
      tell: (owner, message) => this.#tell(owner, message),
    });
    this.#flattener = new Flattener(services, (owner, message) => this.#tell(owner, message));
    this.#isOut = entries.map(() => false);
    this.#pauses = new Pauses((owner, isShed) => {
      services.setShed?.(owner, isShed);
      this.#running[owner]?.worker?.setShed(isShed);
    });
  }

  /**
   * Starts all plugins. When one fails, those already started are closed again.
   *
   * @throws {PluginBootError} With a code, the path to the fault and the fix.
   * @throws {InvalidInputError} When a name, a budget or a permission cannot be.
   */
  static async open(options: PluginHostOptions): Promise<PluginHost> {
    const host = new PluginHost(options);
    try {
      for (const owner of host.#order)
        host.#running[owner] = await host.#starter.start(owner, host.#entries[owner]!, (name) =>
          host.#capability(name),
        );
    } catch (error) {
      await host.close();
      throw error;
    }
    for (const { scope } of host.#running) host.#starter.attach(scope);
    if (options.isReplay !== true) host.#workers = host.#running.flatMap(({ worker }) => worker ?? []);
    return host;
  }

  /** What all plugins registered, in the order they were started. */
  get registrations(): Registrations {
    const scopes = this.#order.map((owner) => this.#running[owner]!.scope);
    return { hooks: scopes.flatMap(({ hooks }) => hooks), votes: scopes.flatMap(({ votes }) => votes) };
  }

  get bootTree(): readonly BootNode[] {
    return this.#order.map((owner) => {
      const { plugin, elapsedNs, worker } = this.#running[owner]!;
      return {
        name: this.names[owner]!,
        version: plugin.version,
        elapsedNs,
        uses: this.#uses[owner]!.map((used) => this.names[used]!),
        provides: plugin.provides.map(({ capability }) => capability),
        worker: worker !== undefined,
      };
    });
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
    this.#quarantine.fault(owner, kind, reasonOf(error), mustEnd);
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
      this.#tell(owner, `its timer failed: ${reasonOf(error)}`);
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
    for (const owner of this.names.keys()) this.#flattener.start(owner);
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
    const owner = this.names.indexOf(control.plugin);
    if (owner < 0) throw new InvalidInputError(`there is no plugin ${control.plugin} to control`);
    switch (control.kind) {
      case "warn":
        return this.#tell(owner, control.reason);
      case "shed":
        this.#tell(owner, `it hears nothing of the market for now: ${control.reason}`);
        return this.#pauses.shed(owner, true);
      case "restore":
        this.#tell(owner, `it hears the market again: ${control.reason}`);
        return this.#pauses.shed(owner, false);
      case "quarantine":
        this.#tell(
          owner,
          `quarantined: it hears nothing more, and its orders are handled by "${control.onFault}": ${control.reason}`,
        );
        this.#takeOut(owner);
        return this.#handleOrders(owner, control.onFault);
      case "lost":
        this.#tell(
          owner,
          `its worker has ended, and its orders are handled by "${control.onFault}": ${control.reason}`,
        );
        return this.#handleOrders(owner, control.onFault);
      case "pause":
        return this.#pause(owner, control.by);
      case "resume":
        return this.#resume(owner, control.by);
      case "knob":
        return this.#setKnob(owner, control.knob, control.value);
      case "worker":
        return this.#applyMessage(owner, control.message);
    }
  }

  /** Takes over what was done to a plugin after the snapshot that an earlier process left; its orders are recovered by themselves. */
  recoverControl(control: PluginControl): void {
    const owner = this.names.indexOf(control.plugin);
    if (owner < 0) return;
    if (control.kind === "pause") this.#pauses.pause(owner);
    else if (control.kind === "resume") this.#pauses.resume(owner);
    else if (control.kind === "quarantine") this.#takeOut(owner);
  }

  /**
   * State of all plugins. A snapshot moves their randomness on, so it is an input too: a replay takes one at the same places. Only between
   * inputs.
   */
  snapshot(): HostSnapshot {
    const plugins: Record<string, PluginSnapshot> = {};
    for (const { plugin, scope, instance, worker } of this.#running) {
      const state = worker === undefined ? takeSnapshot(plugin, scope, instance) : worker.lastSnapshot;
      if (state !== undefined) plugins[scope.name] = state;
      if (state?.lost !== undefined) this.#tell(scope.owner, `its snapshot failed: ${state.lost}`);
    }
    const quarantined = this.names.filter((_, owner) => this.#isOut[owner]);
    const paused = this.#pauses.record(this.names);
    return { plugins, quarantined, ...(paused.length > 0 && { paused }), orders: this.#gate.record() };
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
    this.#gate.restore(snapshot.orders);
    this.#pauses.restore(this.names, snapshot.paused ?? []);
    for (const [owner, name] of this.names.entries()) if (snapshot.quarantined.includes(name)) this.#takeOut(owner);
    for (const { plugin, scope, instance, worker } of this.#running) {
      const old = snapshot.plugins[scope.name];
      if (old === undefined) continue;
      if (worker !== undefined) worker.hydrate(old);
      else for (const note of restore(plugin, scope, instance, old, true)) this.#tell(scope.owner, note);
    }
  }

  /**
   * Puts new code in a plugin's place: the new one is set up beside the old, takes over its state, and only then are they exchanged, at
   * once. Orders stay; plugins that use its capabilities are started anew with it. When anything fails the old ones go on unharmed.
   *
   * @throws {PluginBootError} When the new code does not start or cannot take the state.
   */
  async swap(name: string, plugin: Plugin): Promise<SwapReport> {
    const { clock } = this.#options;
    const startedNs = clock.monotonicNs();
    const owner = this.names.indexOf(name);
    if (owner < 0) throw new InvalidInputError(`there is no plugin ${name}; there are ${this.names.join(", ")}`);
    const before = this.#running[owner]!;
    if (before.worker !== undefined || plugin.worker)
      throw new PluginBootError("PLUGIN_WORKER", `${name} runs in a worker and is not reloaded`, {
        path: [name],
        fix: "develop it in the session's own thread, or start the session again",
      });
    const { order, uses } = this.#orderOf(this.#running.map((one, at) => (at === owner ? plugin : one.plugin)));
    const fresh = new Map<number, Running>();
    const notes: string[] = [];
    try {
      for (const at of order) {
        const isAffected = at === owner || uses[at]!.some((used) => fresh.has(used));
        if (!isAffected) continue;
        const entry = at === owner ? { ...before.entry, plugin } : this.#running[at]!.entry;
        fresh.set(at, await this.#starter.start(at, entry, (capability) => this.#capability(capability, fresh)));
      }
      // From here to the end nothing waits: no event comes between the old state and its successor.
      for (const [at, next] of fresh) {
        const old = this.#running[at]!;
        const state = takeSnapshot(old.plugin, old.scope, old.instance);
        if (state.lost !== undefined) throw stateLost(old.scope.name, state.lost);
        notes.push(...restore(next.plugin, next.scope, next.instance, state, false));
      }
      this.#gate.permit(owner, [plugin.permissions, before.entry.permissions], plugin.onGap === "cancel");
    } catch (error) {
      for (const { scope } of fresh.values()) await scope.close();
      throw error;
    }
    const gone: Running[] = [];
    for (const [at, next] of fresh) {
      gone.push(this.#running[at]!);
      this.#running[at]!.scope.timers.clearAll();
      this.#running[at] = next;
      this.#starter.attach(next.scope);
      this.#quarantine.reset(at);
      this.#isOut[at] = false;
      this.#pauses.renew(at);
      this.#options.services.setActive?.(at, true);
    }
    this.#order = order;
    this.#uses = uses;
    for (const [at, { scope }] of fresh) this.#options.services.onReplaced?.(at, scope);
    const elapsedMs = (clock.monotonicNs() - startedNs) / 1e6;
    for (const { scope } of gone.reverse()) await scope.close();
    const dependents = [...fresh.keys()].filter((at) => at !== owner).map((at) => this.names[at]!);
    const { version: fromVersion } = before.plugin;
    return { plugin: name, fromVersion, toVersion: plugin.version, dependents, elapsedMs, notes };
  }

  /**
   * Runs the plugins' part in a phase of the start, one after the other.
   *
   * @throws {ControlHookError | ControlHookTimeoutError} Naming the plugin.
   */
  async runPhase(phase: StartPhase): Promise<void> {
    const { clock, stepTimeoutMs = STEP_TIMEOUT_MS } = this.#options;
    const hooks = this.#order.flatMap((owner): ControlHook[] => {
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
    for (const owner of [...this.#order].reverse()) {
      const running = this.#running[owner];
      if (running === undefined) continue;
      try {
        await running.worker?.close();
        await within(clock, stepTimeoutMs, `closing ${running.scope.name}`, running.scope.close());
      } catch (error) {
        this.#tell(owner, reasonOf(error));
      }
    }
  }

  #orderOf(plugins: readonly Plugin[]): ReturnType<typeof orderPlugins> {
    const { version = VERSION, provides = {} } = this.#options;
    const ground = Object.entries(provides).map(([capability, own]) => ({ capability, version: own.version }));
    return orderPlugins(
      plugins.map((plugin, owner) => ({ ...plugin, name: this.names[owner]! })),
      { version, provides: ground },
    );
  }

  #capability(name: string, fresh?: ReadonlyMap<number, Running>): unknown {
    const own = this.#options.provides?.[name];
    if (own !== undefined) return own.handle;
    for (const [owner, running] of this.#running.entries()) {
      const { scope } = fresh?.get(owner) ?? running ?? {};
      if (scope?.provided.has(name)) return scope.provided.get(name);
    }
    return undefined;
  }

  #applyMessage(owner: number, message: WorkerMessage): void {
    const { worker } = this.#running[owner] ?? {};
    if (worker === undefined) throw new InvalidInputError(`${this.names[owner]} does not run in a worker`);
    if (this.#isOut[owner]) return;
    worker.apply(message, {
      submit: (intent) => this.#gate.submit(owner, intent),
      signal: (signal) => this.#gate.signal(owner, signal),
    });
  }

  /** Its orders are cancelled, and it hears of that: what it knows of itself stays right. */
  #pause(owner: number, by: string): void {
    if (!this.#pauses.pause(owner)) return;
    this.#tell(owner, `paused by ${by}: it hears its own orders alone, and places none`);
    this.#handleOrders(owner, "cancel");
  }

  #resume(owner: number, by: string): void {
    const due = this.#pauses.resume(owner);
    if (due === undefined) return;
    this.#tell(owner, `goes on: resumed by ${by}`);
    for (const id of due) this.fireTimer(owner, id);
  }

  #setKnob(owner: number, name: string, value: number): void {
    const knob = this.#running[owner]?.scope.parts.knobs.find((one) => one.name === name);
    if (knob === undefined) return this.#tell(owner, `it offers no knob ${name} any more: nothing was set`);
    try {
      if (isPromise(knob.set(value)))
        throw new InvalidInputError("it returned a promise: a knob of a plugin is set at once");
    } catch (error) {
      this.#tell(owner, `its knob ${name} could not be set to ${value}: ${reasonOf(error)}`);
      this.fault(owner, "knob", error);
    }
  }

  #takeOut(owner: number): void {
    this.#isOut[owner] = true;
    this.#options.services.setActive?.(owner, false);
    this.#running[owner]?.scope.timers.clearAll();
    void this.#running[owner]?.worker?.close();
  }

  #handleOrders(owner: number, policy: FaultPolicy): void {
    const { services } = this.#options;
    if (policy === "hold") return;
    if (policy === "flatten") return this.#flattener.start(owner);
    for (const order of services.openOrders(owner, undefined)) services.cancel(order);
  }

  #control(control: PluginControl, triggerNs?: number): void {
    const { services } = this.#options;
    if (services.control === undefined) this.applyControl(control);
    else services.control(control, triggerNs);
  }

  #tell(owner: number, message: string): void {
    this.#options.services.log(this.names[owner]!, message, "warn");
  }
}

function stateLost(name: string, reason: string): PluginBootError {
  return new PluginBootError("PLUGIN_STATE", `the state of ${name} cannot be taken: ${reason}`, {
    path: [name],
    fix: "",
  });
}
