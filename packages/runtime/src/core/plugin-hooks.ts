import type { Bus } from "../bus/bus.ts";
import type { Execution } from "../engines/execution.ts";
import type { RiskEngine } from "../engines/risk.ts";
import { SHAPE, type ShapeDesk } from "../engines/shape-desk.ts";
import { Dispatcher } from "../hooks/dispatcher.ts";
import type { PluginHost } from "../plugins/host.ts";
import { placeOf } from "../plugins/place-of.ts";
import type { Registrations } from "../plugins/services.ts";
import type { CoreOptions } from "./core-options.ts";
import { addPluginVoters } from "./plugin-voters.ts";

export interface PluginHooksOptions {
  /** As the core was given them. */
  readonly session: Pick<CoreOptions, "instruments" | "clock" | "latencies" | "isMetered" | "onFault">;
  readonly bus: Bus;
  readonly execution: Execution;
  readonly shapes: ShapeDesk;
  readonly risk: RiskEngine;
  /** Once they are set up. */
  readonly plugins: () => PluginHost;
  /** Others may be called from now on. */
  readonly disturb: () => void;
}

/** What plugins have registered, where it is called: hooks by a dispatcher, those that shape by the shape desk, voters by risk. */
export class PluginHooks {
  readonly #options: PluginHooksOptions;
  #dispatcher: Dispatcher | undefined;

  constructor(options: PluginHooksOptions) {
    this.#options = options;
  }

  /** The plugins are set up. */
  open(): Dispatcher {
    const { bus, execution, shapes } = this.#options;
    const host = this.#options.plugins();
    const { instruments, clock, latencies, isMetered = true } = this.#options.session;
    this.#addVoters();
    const meter = (owner: number, kind: string, elapsedNs: number) => {
      latencies.strategy.record(elapsedNs);
      host.meter(owner, kind, elapsedNs);
    };
    const dispatcher = new Dispatcher({
      kinds: bus.kinds,
      instruments,
      owners: host.names,
      entries: host.registrations.hooks,
      points: [SHAPE],
      clock,
      ...(isMetered && { meter }),
      // Where no time is measured none is passed on: each hook would make a box for it.
      afterHook: isMetered
        ? (_owner, triggerNs) => execution.flush(triggerNs)
        : () => execution.mayFlush && execution.flush(Number.NaN),
      onFault: (owner, kind, error, policy) => this.#onFault(owner, kind, error, policy !== "isolate"),
    });
    shapes.open(dispatcher, host.names, () => clock.monotonicNs(), isMetered ? meter : undefined);
    this.#dispatcher = dispatcher;
    return dispatcher;
  }

  /** @param isActive True while a plugin is to be called. */
  setActive(owner: number, isActive: boolean): void {
    this.#options.disturb();
    this.#dispatcher?.setActive(owner, isActive);
  }

  /** @param isShed True while a plugin hears its own orders alone. */
  setShed(owner: number, isShed: boolean): void {
    this.#options.disturb();
    this.#dispatcher?.setShed(owner, isShed);
  }

  /** The code of one plugin was loaded anew. @param registrations What it has registered now. */
  replace(owner: number, { hooks }: Registrations): void {
    this.#dispatcher?.replace(owner, hooks);
    this.#options.risk.removeVoters();
    this.#addVoters();
  }

  #addVoters(): void {
    const { risk, plugins } = this.#options;
    addPluginVoters(risk, plugins(), (owner, error) => this.#onFault(owner, "vote", error, false));
  }

  /** A hook or a voter of a plugin has failed. @param mustEnd See `PluginHost.fault`. */
  #onFault(owner: number, kind: string, error: unknown, mustEnd: boolean): void {
    const { session, plugins, disturb } = this.#options;
    const host = plugins();
    disturb();
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    session.onFault(`strategy ${host.names[owner]}`, `its ${kind} hook threw ${reason}${placeOf(error)}`);
    host.fault(owner, kind, error, mustEnd);
  }
}
