import { type Clock, createRandom, InvalidInputError, type Random } from "@pitlane/perf";
import type { LatencyCounts } from "@pitlane/perf/metrics";
import type { Intent, OrderView } from "../orders/order.ts";
import type { Signal } from "../orders/signal.ts";
import { createContext } from "./context.ts";
import type { Plugin, PluginInstance } from "./define.ts";
import { budgetsOf, checkConfigOf, nameOf, type PluginControl, type PluginEntry, policyOf } from "./entry.ts";
import { PluginBootError, reasonOf } from "./errors.ts";
import type { Budgets } from "./quarantine.ts";
import { Scope } from "./scope.ts";
import type { HostServices } from "./services.ts";
import { within } from "./within.ts";
import { createWorkerPlugin, type WorkerPlugin } from "./worker-host.ts";

/** A plugin that runs. */
export interface Running {
  readonly entry: PluginEntry;
  readonly plugin: Plugin;
  readonly scope: Scope;
  readonly instance: PluginInstance;
  readonly worker: WorkerPlugin | undefined;
  readonly elapsedNs: number;
}

export interface StarterOptions {
  readonly services: HostServices;
  readonly clock: Clock;
  readonly seed: number;
  readonly caches: boolean;
  readonly budgets: Partial<Budgets> | undefined;
  readonly isReplay: boolean;
  readonly stepTimeoutMs: number;
  readonly workerEntry: URL | undefined;
  readonly submit: (owner: number, intent: Intent) => OrderView;
  readonly signal: (owner: number, signal: Signal) => OrderView;
  readonly control: (control: PluginControl, triggerNs?: number) => void;
  /** A worker has told how long its hooks took. */
  readonly onHookTimes: (owner: number, counts: LatencyCounts) => void;
  /** A worker has ended for good. */
  readonly onEnded: (owner: number, reason: string) => void;
  readonly tell: (owner: number, message: string) => void;
}

/** Sets plugins up, each in a scope of its own, here or in a worker. */
export class PluginStarter {
  readonly #options: StarterOptions;
  readonly #random: Random;

  /** @throws {InvalidInputError} When the seed is none. */
  constructor(options: StarterOptions) {
    this.#options = options;
    this.#random = createRandom(options.seed);
  }

  /**
   * Sets a plugin up. Its timers run from `attach` on.
   *
   * @param capability The handle of a capability that runs; undefined when nothing provides it.
   * @throws {PluginBootError} When it does not start; nothing of it is left then.
   */
  async start(owner: number, entry: PluginEntry, capability: (name: string) => unknown): Promise<Running> {
    const { services, clock, caches, isReplay, tell } = this.#options;
    const { plugin } = entry;
    const name = nameOf(entry);
    const startedNs = clock.monotonicNs();
    const config = await checkConfigOf(entry);
    const scope = new Scope({
      name,
      owner,
      nowUs: () => services.nowUs(),
      clock,
      random: this.#random.fork(`plugin ${name}`),
      caches,
      onFault: (message) => tell(owner, message),
    });
    const worker = (entry.worker ?? plugin.worker) ? this.#createWorker(owner, entry) : undefined;
    let instance: PluginInstance = {};
    try {
      if (worker === undefined) instance = await this.#setUp(entry, scope, config, capability);
      else if (!isReplay) await worker.start(scope);
      checkProvided(plugin, scope);
    } catch (error) {
      await worker?.close();
      await scope.close();
      throw setupError(name, error);
    }
    scope.isRegistering = false;
    return { entry, plugin, scope, instance, worker, elapsedNs: clock.monotonicNs() - startedNs };
  }

  /** From here on the host keeps its timers. */
  attach({ timers, owner }: Scope): void {
    const { services } = this.#options;
    timers.attach({
      setTimer: (id, dueAtUs) => {
        if (services.setTimer === undefined) throw new InvalidInputError("this host has no timers");
        services.setTimer(owner, id, dueAtUs);
      },
      clearTimer: (id) => services.clearTimer?.(owner, id),
    });
  }

  async #setUp(
    { plugin, permissions }: PluginEntry,
    scope: Scope,
    config: unknown,
    capability: (name: string) => unknown,
  ): Promise<PluginInstance> {
    const { services, clock, submit, signal, stepTimeoutMs } = this.#options;
    const { owner, name } = scope;
    const context = createContext({
      plugin,
      scope,
      config,
      services,
      submit: (intent) => submit(owner, intent),
      submitSignal: (wanted) => signal(owner, wanted),
      mayUseTimers: plugin.permissions?.timers !== false && permissions?.timers !== false,
      capability,
    });
    const made = await within(clock, stepTimeoutMs, `setup of ${name}`, Promise.resolve(plugin.setup(context)));
    const instance: PluginInstance = typeof made === "object" && made !== null ? made : {};
    if (instance.close !== undefined) scope.onClose(instance.close);
    return instance;
  }

  #createWorker(owner: number, entry: PluginEntry): WorkerPlugin {
    const { services, clock, seed, caches, budgets, workerEntry, control, onHookTimes, onEnded } = this.#options;
    const plugin = nameOf(entry);
    return createWorkerPlugin({
      entry,
      owner,
      name: plugin,
      seed,
      caches,
      services,
      clock,
      memoryMb: budgetsOf(entry, budgets).workerMemoryMb,
      ...(workerEntry === undefined ? {} : { workerEntry }),
      onMessage: (message, triggerNs) => control({ kind: "worker", plugin, message }, triggerNs),
      onHookTimes: (counts) => onHookTimes(owner, counts),
      onLost: (reason) => control({ kind: "lost", plugin, reason, onFault: policyOf(entry) }),
      onEnded: (reason) => onEnded(owner, reason),
    });
  }
}

function checkProvided(plugin: Plugin, scope: Scope): void {
  const missing = plugin.provides.find(({ capability }) => !scope.provided.has(capability))?.capability;
  if (missing === undefined) return;
  throw new PluginBootError("PLUGIN_NOT_PROVIDED", `${scope.name} says that it provides ${missing} and did not`, {
    path: [scope.name, missing],
    fix: `call ctx.provide("${missing}", ...) in setup`,
  });
}

function setupError(name: string, error: unknown): PluginBootError {
  if (error instanceof PluginBootError) return error;
  const message = `strategy ${name} failed in setup: ${reasonOf(error)}`;
  return new PluginBootError("PLUGIN_SETUP", message, { path: [name], fix: "", cause: error });
}
