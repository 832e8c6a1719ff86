import type { Clock } from "@pitlane/perf";
import type { BusEvent } from "../bus/events.ts";
import type { StageLatencies } from "../latency.ts";
import type { Order } from "../orders/order.ts";
import type { HookKind } from "../plugins/define.ts";
import type { CompiledHooks } from "./compile.ts";

export interface DispatcherOptions {
  readonly table: Readonly<Record<HookKind, readonly CompiledHooks[]>>;
  /** Names of plugins by index. */
  readonly owners: readonly string[];
  readonly clock: Pick<Clock, "monotonicNs">;
  readonly latencies: StageLatencies;
  /** Runs after every hook, to act on what it asked for. */
  readonly afterHook: (triggerNs: number) => void;
  readonly onFault: (source: string, message: string) => void;
  /** A plugin failed too often and hears nothing more. */
  readonly onQuarantine: (owner: number) => void;
}

/** Failures of hooks after which a plugin is taken out of the session. */
export const FAULTS_TO_QUARANTINE = 10;

/**
 * Calls hooks: each in its own try, so that a bad plugin costs only itself, and each timed.
 *
 * A plugin whose hooks have thrown ten times is quarantined: it is called no more.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #faults: Int32Array;
  readonly #active: Uint8Array; // 1 while a plugin is to be called

  constructor(options: DispatcherOptions) {
    this.#options = options;
    this.#faults = new Int32Array(options.owners.length);
    this.#active = new Uint8Array(options.owners.length).fill(1);
  }

  /** Calls the hooks for a market event. @param queuedNs When it was published. */
  market(event: Extract<BusEvent, { receivedNs: number }>, instrumentIndex: number, queuedNs: number): void {
    const hooks = this.#options.table[event.kind][instrumentIndex];
    if (hooks === undefined || hooks.handlers.length === 0) return;
    const { clock, latencies } = this.#options;
    latencies.dispatch.record(clock.monotonicNs() - queuedNs);
    const { handlers, owners } = hooks;
    for (let i = 0; i < handlers.length; i++) this.#call(handlers[i]!, owners[i]!, event, event.receivedNs);
  }

  /** Calls the hooks of the strategy that owns the order. */
  own(event: Extract<BusEvent, { kind: "order" | "fill" }>, instrumentIndex: number): void {
    const hooks = this.#options.table[event.kind][instrumentIndex];
    if (hooks === undefined) return;
    const { owner } = event.order as Order;
    for (let i = 0; i < hooks.handlers.length; i++) {
      if (hooks.owners[i] === owner) this.#call(hooks.handlers[i]!, owner, event, Number.NaN);
    }
  }

  /** Calls nobody any more. */
  stop(): void {
    this.#active.fill(0);
  }

  #call(handler: (event: unknown) => void, owner: number, event: BusEvent, triggerNs: number): void {
    if (this.#active[owner] === 0) return;
    const { clock, latencies, afterHook } = this.#options;
    const startedNs = clock.monotonicNs();
    try {
      handler(event);
    } catch (error) {
      this.#onThrow(owner, event.kind, error);
    }
    latencies.strategy.record(clock.monotonicNs() - startedNs);
    afterHook(triggerNs);
  }

  #onThrow(owner: number, kind: string, error: unknown): void {
    const { owners, onFault, onQuarantine } = this.#options;
    const name = owners[owner] ?? "";
    onFault(
      `strategy ${name}`,
      `its ${kind} hook threw ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`,
    );
    this.#faults[owner]! += 1;
    if (this.#faults[owner] !== FAULTS_TO_QUARANTINE) return;
    this.#active[owner] = 0;
    onFault(
      `strategy ${name}`,
      `quarantined after ${FAULTS_TO_QUARANTINE} failures: it hears nothing more and its open orders are cancelled`,
    );
    onQuarantine(owner);
  }
}
