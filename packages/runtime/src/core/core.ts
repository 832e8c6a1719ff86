import type { Clock } from "@pitlane/perf";
import {
  type Instrument,
  InvalidInputError,
  type MarketEvent,
  type OrderBook,
  type OrderReport,
  type RequestOutcome,
} from "@pitlane/sdk";
import { Bus } from "../bus/bus.ts";
import type { BusEvent } from "../bus/events.ts";
import type { Config } from "../config.ts";
import { type DecisionLog, Execution, type OrderWire } from "../engines/execution.ts";
import { addLimitVoters } from "../engines/limits.ts";
import { Portfolio } from "../engines/portfolio.ts";
import { deny, RiskEngine, type RiskVote } from "../engines/risk.ts";
import { Dispatcher } from "../hooks/dispatcher.ts";
import { orderHooks } from "../hooks/order.ts";
import type { StageLatencies } from "../latency.ts";
import type { Intent, Order } from "../orders/order.ts";
import { instrumentsById } from "../orders/records.ts";
import { nameOf } from "../plugins/entry.ts";
import { type PluginControl, type PluginEntry, PluginHost, type StartPhase } from "../plugins/host.ts";
import type { Budgets } from "../plugins/quarantine.ts";
import type { HostServices } from "../plugins/services.ts";
import type { CoreRecord } from "./core-record.ts";
import { MarketState } from "./market-state.ts";
import { OverflowGaps } from "./overflow-gaps.ts";

/** Where timers of plugins are kept: what fires comes back as an input. */
export interface CoreTimers {
  /** @param dueAtUs Wall time, microseconds since the epoch. A second call for the same plugin and id replaces the first. */
  set(owner: number, id: number, dueAtUs: number): void;
  clear(owner: number, id: number): void;
}

export interface CoreOptions {
  /** For client order ids. */
  readonly runKey: string;
  readonly config: Pick<Config, "risk" | "bus">;
  readonly instruments: readonly Instrument[];
  readonly plugins: readonly PluginEntry[];
  /** Of the plugins' randomness; 0 to 2^32 - 1. */
  readonly seed: number;
  /** For plugins that state none. */
  readonly budgets?: Partial<Budgets>;
  /** When the plugins are set up, microseconds since the epoch. */
  readonly startedAtUs: number;
  readonly journal: DecisionLog;
  readonly wire: OrderWire;
  /** The live book of an instrument; undefined while it is not in sync. */
  readonly book: (instrument: Instrument) => OrderBook | undefined;
  /** Times stages; no decision reads it. */
  readonly clock: Clock;
  readonly latencies: StageLatencies;
  /** Asks for a call of `drain` after input and output had their turn. */
  readonly defer: () => void;
  readonly timers: CoreTimers;
  /** Something that no input explains is to be done to a plugin: it must come back as an input, by `onControl`. */
  readonly control: (control: PluginControl) => void;
  /** Wall time decides nothing here: it comes by `onControl`. Default false. */
  readonly isReplay?: boolean;
  /** A line for people. */
  readonly log: (source: string, message: string) => void;
  readonly onFault: (source: string, message: string) => void;
  /** The journal cannot be written: nothing may be sent any more. */
  readonly onHalt: (error: Error) => void;
}

/**
 * The part of a session that decides: bus, hooks, risk, orders, portfolio. It has no socket, timer or wall clock of its own.
 *
 *     inputs, one at a time, each at its moment (`at`) -> bus -> hooks -> intents -> risk -> journal -> wire
 *
 * What it decides follows from its inputs alone, so that the same inputs from a journal give the same decisions: a live session
 * and a replay are this class with other surroundings.
 */
export class Core {
  readonly portfolio: Portfolio = new Portfolio();
  readonly market: MarketState;
  readonly execution: Execution;
  readonly bus: Bus;
  readonly #options: CoreOptions;
  readonly #indexes: ReadonlyMap<Instrument, number>;
  readonly #risk = new RiskEngine();
  readonly #overflow: OverflowGaps;
  #deciding = 0; // inputs that are being worked on
  #dispatcher: Dispatcher | undefined;
  #host: PluginHost | undefined;
  #nowUs: number;

  private constructor(options: CoreOptions) {
    const { clock, instruments, plugins, latencies, journal, wire, runKey, onFault, onHalt, book } = options;
    this.#options = options;
    this.#nowUs = options.startedAtUs;
    this.#indexes = new Map(instruments.map((instrument, index) => [instrument, index]));
    this.market = new MarketState(instruments, book);
    this.bus = new Bus({
      dispatch: (event, queuedNs, index, kind, nowNs) => this.#dispatch(event, queuedNs, index, kind, nowNs),
      defer: options.defer,
      onOverflow: (lane, depth) => onFault("bus", `lane ${lane} is over its bound with ${depth} events`),
      onDrop: (event, index) => this.#overflow.onDrop(event, index, this.#nowUs),
      clock,
      capacity: options.config.bus.capacity,
      batch: options.config.bus.batch,
    });
    this.#overflow = new OverflowGaps(instruments, (event, index) =>
      this.bus.publish(event, index, clock.monotonicNs()),
    );
    this.execution = new Execution({
      runKey,
      strategies: plugins.map(nameOf),
      nowUs: () => this.#nowUs,
      clock,
      risk: this.#risk,
      journal,
      wire,
      portfolio: this.portfolio,
      latencies,
      publish: (event) => this.bus.publish(event, this.indexOf(event.instrument), clock.monotonicNs()),
      onFault: (message) => onFault("orders", message),
      onHalt,
    });
  }

  /** Makes a core with its plugins set up. @throws {InvalidInputError} When a plugin's config or setup fails. */
  static async create(options: CoreOptions): Promise<Core> {
    const core = new Core(options);
    await core.#setUp();
    return core;
  }

  /** Time of the present input, microseconds since the epoch: what plugins see as now. */
  get nowUs(): number {
    return this.#nowUs;
  }

  /** Nothing waits to be dispatched: what `record` gives is then the whole state. */
  get isIdle(): boolean {
    return this.bus.depth === 0;
  }

  get plugins(): PluginHost {
    if (this.#host === undefined) throw new Error("the plugins are being set up");
    return this.#host;
  }

  /** Number of an instrument in this session. */
  indexOf(instrument: Instrument): number {
    const index = this.#indexes.get(instrument);
    if (index === undefined) throw new Error(`${instrument.id} is not an instrument of this session`);
    return index;
  }

  /** The moment of the inputs that follow. It never goes back: returns the later one. */
  at(nowUs: number): number {
    if (nowUs > this.#nowUs) this.#nowUs = nowUs;
    return this.#nowUs;
  }

  /** A market event. Hooks hear of it at the next drain. */
  onMarket(event: MarketEvent, nowNs: number): void {
    const index = this.indexOf(event.instrument);
    this.market.apply(event, index);
    this.bus.publish(event, index, nowNs);
  }

  /** Dispatches what waits, one batch now; more is asked for by `defer`. */
  drain(): void {
    this.#deciding++;
    try {
      this.#drain();
    } finally {
      this.#deciding--;
    }
  }

  onReport(report: OrderReport): void {
    this.bus.publish(
      { kind: "report", instrument: report.instrument, report },
      this.indexOf(report.instrument),
      this.#options.clock.monotonicNs(),
    );
    this.drain();
  }

  onFailure(clientOrderId: string, outcome: RequestOutcome, reason: string): void {
    this.execution.onFailure(clientOrderId, outcome, reason);
    this.drain();
  }

  onCancelEnded(clientOrderId: string): void {
    this.execution.onCancelEnded(clientOrderId);
  }

  /** A timer of a plugin is due. */
  onTimer(owner: number, id: number): void {
    this.#decide(() => {
      this.plugins.fireTimer(owner, id);
      this.#settle();
    });
  }

  /** What `control` asked for is to be done now. */
  onControl(control: PluginControl): void {
    if (control.kind === "quarantine" || control.kind === "lost") {
      const what = control.kind === "quarantine" ? "quarantined" : "its worker has ended";
      this.#options.onFault(`strategy ${control.plugin}`, `${what}: ${control.reason}`);
    }
    this.#decide(() => {
      this.plugins.applyControl(control);
      this.#settle();
    });
  }

  /** The low lane has waited long enough. */
  flushLow(): void {
    this.#decide(() => this.bus.flushLow());
  }

  /** Tells plugins how far the start has come; resolves when all have done their part. @throws {ControlHookError} Naming the plugin. */
  async onPhase(phase: StartPhase): Promise<void> {
    await this.plugins.runPhase(phase);
  }

  /** No plugin is called any more, no intent passes, and what is open is cancelled. */
  stop(reason: string): void {
    this.#dispatcher?.stop();
    this.execution.stopNewOrders(reason);
    this.cancelOpen();
  }

  /** Cancels what is open: at once, or as soon as the venue is known to have it. */
  cancelOpen(): void {
    this.execution.cancelAll();
    this.execution.flush(Number.NaN);
  }

  /** What must survive a restart. Only between inputs, while it is idle. */
  record(): CoreRecord {
    return {
      execution: this.execution.record(),
      portfolio: this.portfolio.record(),
      plugins: this.plugins.snapshot(),
    };
  }

  /** Takes over what an earlier process recorded. Before the first input. */
  restore(record: CoreRecord): void {
    const instrumentOf = instrumentsById(this.#options.instruments);
    this.execution.restore(record.execution, instrumentOf);
    this.portfolio.restore(record.portfolio, instrumentOf);
    this.plugins.hydrate(record.plugins);
  }

  /** Ends the plugins, each with its time. */
  async close(): Promise<void> {
    await this.#host?.close();
  }

  async #setUp(): Promise<void> {
    const { plugins, instruments, config, clock, latencies, seed, budgets, isReplay = false } = this.#options;
    const { execution, market } = this;
    const host = await PluginHost.open({
      entries: plugins,
      services: this.#services(),
      clock,
      seed,
      isReplay,
      ...(budgets === undefined ? {} : { budgets }),
    });
    this.#host = host;
    addLimitVoters(this.#risk, {
      config: config.risk,
      instruments,
      exposure: (instrument) => execution.exposure(instrument),
      quote: (instrument) => market.quote(this.indexOf(instrument)),
    });
    this.#addVoters();
    this.#dispatcher = new Dispatcher({
      kinds: this.bus.kinds,
      instruments,
      owners: host.names,
      entries: host.registrations.hooks,
      clock,
      meter: (owner, kind, elapsedNs) => {
        latencies.strategy.record(elapsedNs);
        host.meter(owner, kind, elapsedNs);
      },
      afterHook: (_owner, triggerNs) => execution.flush(triggerNs),
      onFault: (owner, kind, error, policy) => {
        const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
        this.#options.onFault(`strategy ${host.names[owner]}`, `its ${kind} hook threw ${reason}`);
        host.fault(owner, kind, error, policy !== "isolate");
      },
    });
  }

  /** What plugins can see and do. */
  #services(): HostServices {
    const { instruments, timers, control, log, clock } = this.#options;
    const { execution, portfolio, market, bus } = this;
    return {
      instruments,
      submit: (owner, intent) => {
        this.#checkIntent(intent);
        return execution.submit(owner, intent);
      },
      refuse: (owner, intent, verdict) => {
        this.#checkIntent(intent);
        return execution.submit(owner, intent, verdict);
      },
      cancel: (order) => execution.cancel(order),
      openOrders: (owner, instrument) => execution.openOrders(owner, instrument),
      book: (instrument) => market.book(instrument),
      quote: (instrument) => market.quote(this.indexOf(instrument)),
      positionLots: (instrument) => portfolio.position(instrument).lots,
      ownLots: (owner, instrument) => execution.ownLots(owner, instrument),
      balance: (asset) => portfolio.balances.get(asset) ?? 0n,
      nowUs: () => this.#nowUs,
      log,
      setTimer: (owner, id, dueAtUs) => timers.set(owner, id, dueAtUs),
      clearTimer: (owner, id) => timers.clear(owner, id),
      setActive: (owner, isActive) => this.#dispatcher?.setActive(owner, isActive),
      setShed: (owner, isShed) => this.#dispatcher?.setShed(owner, isShed),
      defineEvent: (definition) => void bus.register(definition),
      publish: (event) => void bus.publish(event, this.#numberOf(event), clock.monotonicNs()),
      onReplaced: (owner, { hooks }) => {
        this.#dispatcher?.replace(owner, hooks);
        this.#risk.removeVoters();
        this.#addVoters();
      },
      control,
    };
  }

  /** Plugins' voters, in the order that they ask for. */
  #addVoters(): void {
    const { registrations, names } = this.plugins;
    const votes = orderHooks(
      registrations.votes.map((vote) => ({ ...vote, kind: "intent" })),
      names,
    );
    for (const { plugin, owner, vote } of votes) this.#risk.addVoter(plugin, this.#guarded(owner, vote), owner);
  }

  /** A plugin that was taken out does not stop to protect: what it would have checked is denied. */
  #guarded(owner: number, vote: RiskVote): RiskVote {
    return (intent) =>
      this.#host?.standing(owner) === "quarantined"
        ? deny("VOTER_QUARANTINED", `${this.#host.names[owner]} is quarantined and cannot check it`)
        : vote(intent);
  }

  #checkIntent({ instrument }: Intent): void {
    if (this.#dispatcher === undefined)
      throw new InvalidInputError("orders can be placed once the session runs: submit from a hook, not from setup");
    if (this.#deciding === 0)
      throw new InvalidInputError(
        "orders are placed from a hook or a timer of ctx: what comes from elsewhere, such as a promise, could not be replayed",
      );
    if (!this.#indexes.has(instrument))
      throw new InvalidInputError("an intent's instrument must be one of ctx.instruments");
  }

  /** Number of the instrument that an event is of; -1 when it is of none. */
  #numberOf(event: BusEvent): number {
    const { instrument } = event as { readonly instrument?: Instrument };
    return instrument === undefined ? -1 : this.indexOf(instrument);
  }

  /** Acts on what was asked for outside any hook. */
  #settle(): void {
    this.execution.flush(Number.NaN);
    this.#drain();
  }

  #drain(): void {
    this.bus.drain();
    if (this.#overflow.isOpen && this.bus.depth === 0) {
      this.#overflow.close(this.#nowUs);
      this.bus.drain();
    }
  }

  /** What plugins want is heard while an input is worked on: at any other time a replay could not come to it again. */
  #decide(work: () => void): void {
    this.#deciding++;
    try {
      work();
    } finally {
      this.#deciding--;
    }
  }

  #dispatch(event: BusEvent, queuedNs: number, index: number, kind: number, nowNs: number): void {
    switch (event.kind) {
      case "report":
        return this.execution.onReport(event.report);
      case "order":
      case "fill": {
        const { owner } = event.order as Order;
        this.#dispatcher?.dispatchOwn(kind, event, index, owner, nowNs);
        this.#host?.onOrderNews(owner);
        this.execution.flush(Number.NaN);
        return;
      }
      default:
        if (!this.#dispatcher?.hears(kind, index)) return;
        this.#options.latencies.dispatch.record(nowNs - queuedNs);
        // Kinds of plugins' own have no such field: their catalogue may be merged with ours.
        this.#dispatcher.dispatch(
          kind,
          event,
          index,
          (event as { receivedNs?: number }).receivedNs ?? Number.NaN,
          nowNs,
        );
    }
  }
}
