import type {
  BarEvent,
  BookChange,
  Instrument,
  MarketEvent,
  OrderReport,
  QuoteEvent,
  RequestOutcome,
  TradeEvent,
} from "@pitlane/sdk";
import type { Bus } from "../bus/bus.ts";
import type { BusEvent } from "../bus/events.ts";
import type { Execution } from "../engines/execution.ts";
import type { MarketFeeds } from "../engines/market-feeds.ts";
import type { PerformanceMonitor } from "../engines/performance-monitor.ts";
import type { Portfolio } from "../engines/portfolio.ts";
import type { Valuation } from "../engines/portfolio-valuation.ts";
import type { QuietLosses, RiskDesk } from "../engines/risk-desk.ts";
import type { BreachEntry, TradingCommand, TradingStatus } from "../engines/trading-state.ts";
import type { VenueLatency } from "../engines/venue-latency.ts";
import type { Dispatcher } from "../hooks/dispatcher.ts";
import type { Runner } from "../hooks/runner.ts";
import type { Order } from "../orders/order.ts";
import { instrumentsById } from "../orders/records.ts";
import { type PluginControl, PluginHost, type StartPhase } from "../plugins/host.ts";
import type { HostServices } from "../plugins/services.ts";
import type { CoreOptions } from "./core-options.ts";
import { type CoreLinks, createCoreParts } from "./core-parts.ts";
import type { CoreRecord } from "./core-record.ts";
import { createServices } from "./core-services.ts";
import type { MarketState } from "./market-state.ts";
import type { OverflowGaps } from "./overflow-gaps.ts";
import { CORE_OWNER } from "./own-timers.ts";
import type { PluginHooks } from "./plugin-hooks.ts";
import type { PluginTurn } from "./plugin-turn.ts";
import type { TradingDesk } from "./trading-desk.ts";

/**
 * The part of a session that decides: bus, hooks, risk, orders, portfolio. It has no socket, timer or wall clock of its own.
 *
 *     inputs, one at a time, each at its moment (`at`) -> bus -> hooks -> intents -> risk -> journal -> wire
 *
 * What it decides follows from its inputs alone, so that the same inputs from a journal give the same decisions: a live session
 * and a replay are this class with other surroundings.
 */
export class Core {
  readonly portfolio: Portfolio;
  /** Values assets in each other at the mids of the present quotes. */
  readonly valuation: Valuation;
  readonly performance: PerformanceMonitor;
  readonly market: MarketState;
  readonly execution: Execution;
  readonly bus: Bus;
  /** Something was published, or others may be called from now on: see `hooksOf`. */
  isDisturbed = false;
  readonly #options: CoreOptions;
  readonly #indexes: ReadonlyMap<Instrument, number>;
  readonly #services: HostServices; // what plugins can see and do
  readonly #hooks: PluginHooks;
  readonly #risk: RiskDesk;
  readonly #tradingDesk: TradingDesk;
  readonly #turn: PluginTurn;
  readonly #overflow: OverflowGaps;
  readonly #feeds: MarketFeeds;
  readonly #answers: VenueLatency;
  readonly #watchesLosses: boolean;
  #hasNews = false; // published since a delivery last looked: asking the bus at each would cost more than the rest of it
  #dispatcher: Dispatcher | undefined;
  #host: PluginHost | undefined;
  #nowUs = Number.NaN; // a number from the beginning: V8 then keeps it in place, where it would make a box at each change

  private constructor(options: CoreOptions) {
    this.#options = options;
    this.#nowUs = options.startedAtUs;
    this.#indexes = new Map(options.instruments.map((instrument, index) => [instrument, index]));
    const links: CoreLinks = {
      indexes: this.#indexes,
      nowUs: () => this.#nowUs,
      indexOf: (instrument) => this.indexOf(instrument),
      twiceMidTicks: (instrument) => this.twiceMidTicks(instrument),
      publish: (event, index) => this.#publish(event, index),
      dispatch: (event, queuedNs, index, kind, nowNs) => this.#dispatch(event, queuedNs, index, kind, nowNs),
      plugins: () => this.plugins,
      disturb: () => {
        this.isDisturbed = true;
      },
    };
    const parts = createCoreParts(options, links);
    this.#services = createServices(options, parts, links);
    this.#hooks = parts.hooks;
    this.portfolio = parts.portfolio;
    this.valuation = parts.valuation;
    this.performance = parts.performance;
    this.market = parts.market;
    this.execution = parts.execution;
    this.bus = parts.bus;
    this.#risk = parts.risk;
    this.#tradingDesk = parts.trading;
    this.#turn = parts.turn;
    this.#overflow = parts.overflow;
    this.#feeds = parts.feeds;
    this.#answers = parts.answers;
    this.#watchesLosses = parts.risk.losses.isNeeded;
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

  /**
   * A market event. Hooks hear of it at the next drain, plugins in workers at once.
   *
   * @param change What a `book` event changed; undefined when the whole book is new. Workers alone need it.
   */
  onMarket(event: MarketEvent, nowNs: number, change?: BookChange): void {
    const index = this.indexOf(event.instrument);
    this.market.apply(event, index);
    this.#risk.onMarket(event, index);
    if (this.#nowUs >= this.performance.nextMarkUs) this.#mark();
    this.#feeds.before(event, index, this.#nowUs);
    this.bus.publish(event, index, nowNs);
    if (this.#host?.hasWorkers) this.#host.onMarket(event, change);
    this.#feeds.after(event, index, this.#nowUs);
    if (event.kind === "gap" && event.channel === "book") this.#leaveMarket(event.instrument);
  }

  /**
   * As `onMarket`, but hooks have heard of it when it returns, and what they asked for is under way: for a host whose events come one
   * by one and wait for nobody, such as a backtest. Its time is `receivedAtUs`. The event may be written anew for the next call.
   * `performance.mark` is the host's to call, and what a bar or a trade says of the price is for `take`. Only within `play`.
   *
   * @param index Number of its instrument.
   * @param kind Number of its kind in `bus.kinds`.
   */
  deliver(event: MarketEvent, index: number, kind: number): void {
    if (event.receivedAtUs > this.#nowUs) this.#nowUs = event.receivedAtUs;
    this.#apply(event, index);
    if (this.#watchesLosses || this.#feeds.isUsed) this.#deliverWatched(event, index, kind);
    else this.#dispatcher?.call(kind, event, index);
    if (event.kind === "gap" && event.channel === "book") this.#leaveMarket(event.instrument);
    if (this.#hasNews) this.#drainNews();
  }

  /** As `deliver`, of a bar or a trade, which change nothing that the core knows of the market. */
  deliverRow(event: BarEvent | TradeEvent, index: number, kind: number): void {
    if (event.receivedAtUs > this.#nowUs) this.#nowUs = event.receivedAtUs;
    if (this.#watchesLosses || this.#feeds.isUsed) this.#deliverWatched(event, index, kind);
    else this.#dispatcher?.call(kind, event, index);
    if (this.#hasNews) this.#drainNews();
  }

  /**
   * What calls the hooks for a bar or a trade, for a host that has many rows between which nothing else happens: for each it calls `at` and
   * then this, and leaves off, by `settleRows`, as soon as `isDisturbed` says so. Undefined while every row must go through `deliverRow`.
   */
  hooksOf(kind: "bar" | "trade", index: number): Runner | undefined {
    if (this.bus.depth > 0 || (kind === "trade" && this.#feeds.isUsedFor(index))) return undefined;
    this.isDisturbed = false;
    return this.#dispatcher?.runnerOf(this.bus.kinds.indexOf(kind), index);
  }

  /** Between what prices of an instrument `hooksOf` may be called without a look at the losses. Valid until anything else is called. */
  quietLosses(index: number): QuietLosses {
    if (this.#watchesLosses) this.#options.onPricesNeeded?.();
    return this.#risk.quietLosses(index);
  }

  /** A look at the losses that `quietLosses` has spared. @param twiceMidTicks Of the instrument, at that moment. */
  putOffLosses(atUs: number, index: number, twiceMidTicks: number): void {
    this.#risk.putOffLosses(atUs, index, twiceMidTicks);
  }

  /** What hooks called by `hooksOf` have led to, as at the end of `deliverRow`. */
  settleRows(): void {
    if (this.#hasNews) this.#drainNews();
  }

  /** Runs all of a host that delivers: what plugins want is heard meanwhile. */
  play(work: () => void): void {
    this.#turn.run(work);
  }

  /** Takes a price over that no event has told: no hook hears of it. It is of the quote's `receivedAtUs`. */
  take(quote: QuoteEvent, index: number): void {
    this.market.apply(quote, index);
    this.#risk.watch.apply(quote, index, quote.receivedAtUs);
  }

  /** Dispatches what waits, one batch now; more is asked for by `defer`. */
  drain(): void {
    this.#turn.begin();
    try {
      this.#drain();
    } finally {
      this.#turn.end();
    }
  }

  /** True when a report tells nothing that was not heard before: `onReport` would change nothing, and need not be called. */
  hasHeard(report: OrderReport): boolean {
    return this.bus.depth === 0 && this.execution.hasHeard(report);
  }

  onReport(report: OrderReport): void {
    const order = this.execution.find(report.clientOrderId);
    if (order?.state === "submitted") {
      const elapsedUs = this.#nowUs - order.bornAtUs; // both are journaled: a replay comes to the same
      this.#answers.record(report.instrument.venue, elapsedUs * 1000);
    }
    this.bus.publish(
      { kind: "report", instrument: report.instrument, report },
      this.indexOf(report.instrument),
      this.#options.clock.monotonicNs(),
    );
    this.drain();
    // What a fill has cost is looked at now: the next tick's order need not wait for it. Where rows are delivered, the row that filled it
    // has yet to tell its prices, and is looked at after them.
    if (!this.#turn.isOn && this.#risk.isLossCheckDue()) this.drain();
  }

  onFailure(clientOrderId: string, outcome: RequestOutcome, reason: string): void {
    this.execution.onFailure(clientOrderId, outcome, reason);
    this.drain();
  }

  /** @param refusal Why the venue refused it, else "". */
  onCancelEnded(clientOrderId: string, refusal = ""): void {
    this.execution.onCancelEnded(clientOrderId, refusal);
    this.drain();
  }

  /** @param refusal As for `onCancelEnded`. */
  onAmendEnded(clientOrderId: string, refusal = ""): void {
    this.execution.onAmendEnded(clientOrderId, refusal);
    this.drain();
  }

  /** The venue has said nothing of an order within its `maxLatencyMs`. */
  onOverdue(clientOrderId: string): void {
    this.execution.onOverdue(clientOrderId);
    this.drain();
  }

  /** A timer of a plugin is due, or one of the core's own. */
  onTimer(owner: number, id: number): void {
    this.#turn.run(() => {
      if (owner === CORE_OWNER) this.#feeds.onTimer(this.#nowUs);
      else this.plugins.fireTimer(owner, id);
      this.#settle();
    });
  }

  /** What `control` asked for is to be done now. @param triggerNs See `HostServices.control`. */
  onControl(control: PluginControl, triggerNs = Number.NaN): void {
    if (control.kind === "quarantine" || control.kind === "lost") {
      const what = control.kind === "quarantine" ? "quarantined" : "its worker has ended";
      this.#options.onFault(`strategy ${control.plugin}`, `${what}: ${control.reason}`);
    }
    this.#turn.run(() => {
      this.plugins.applyControl(control);
      this.#settle(triggerNs);
    });
  }

  /** How trading stands, and why. */
  get trading(): TradingStatus {
    return this.#risk.trading;
  }

  /** How far the profit in an asset has fallen, as the limits on losses see it; undefined where nothing looks at it. */
  drawdownOf(quote: string): ReturnType<RiskDesk["losses"]["drawdownOf"]> {
    return this.#risk.losses.drawdownOf(quote);
  }

  /** What was lost in an asset since its UTC day opened, as the limits on losses see it; undefined where nothing looks at it. */
  dayLossOf(quote: string): bigint | undefined {
    return this.#risk.losses.dayLossOf(quote);
  }

  /** When the last event of an instrument came, microseconds since the epoch; -Infinity before the first. */
  lastEventUs(instrument: Instrument): number {
    return this.#risk.watch.lastUs(this.indexOf(instrument));
  }

  /** Positions are being closed. */
  get isFlattening(): boolean {
    return this.plugins.isFlattening;
  }

  /** Closing a position was given up after as many tries as there are. */
  get isFlattenGivenUp(): boolean {
    return this.plugins.isFlattenGivenUp;
  }

  /** An operator has said how trading is to stand. */
  onTradingCommand(command: TradingCommand): void {
    this.#turn.run(() => {
      if (command.state !== "halted") this.plugins.stopFlattening("trading goes on");
      this.#tradingDesk.set(command);
      if (command.flatten === true) this.plugins.flattenAll();
      this.#settle();
    });
  }

  /** Takes back how trading stood, as the journal has it: nothing is cancelled or sent. */
  recoverTrading(entry: TradingCommand | BreachEntry): void {
    this.#tradingDesk.recover(entry);
  }

  /** The low lane has waited long enough, or a cancel that is to be repeated. */
  flushLow(): void {
    this.#risk.settleLosses(); // the news of fills may be among what waits
    this.#turn.run(() => {
      this.bus.flushLow();
      if (this.execution.hasRepeats) this.execution.flush(Number.NaN);
    });
  }

  /** Something waits for `flushLow`. */
  get needsFlush(): boolean {
    return this.bus.depth > 0 || this.execution.hasRepeats;
  }

  /** Tells plugins how far the start has come; resolves when all have done their part. @throws {ControlHookError} Naming the plugin. */
  async onPhase(phase: StartPhase): Promise<void> {
    await this.plugins.runPhase(phase);
  }

  /** No plugin is called any more, no intent passes, and what is open is cancelled. */
  stop(reason: string): void {
    this.#dispatcher?.stop();
    this.execution.stopNewOrders(reason);
    this.plugins.stopFlattening("the session ends");
    this.cancelOpen();
  }

  /** Cancels what is open: at once, or as soon as the venue is known to have it. */
  cancelOpen(): void {
    this.execution.cancelAll();
    this.execution.flush(Number.NaN);
  }

  /** Bid + ask of the last quote, in ticks; undefined while there is none. */
  twiceMidTicks(instrument: Instrument): number | undefined {
    const quote = this.market.quote(this.indexOf(instrument));
    return quote === undefined ? undefined : quote.bidTicks + quote.askTicks;
  }

  /** Compares the books with the sum of fills: a difference is a fault, and no order is sent any more. */
  checkAccounts(): void {
    for (const difference of this.portfolio.check()) {
      this.#options.onFault("accounts", difference);
      this.execution.stopNewOrders("the accounts are not the sum of the fills");
    }
  }

  /** What must survive a restart, after a look at the accounts. Only between inputs, while it is idle. */
  record(): CoreRecord {
    this.checkAccounts();
    return {
      execution: this.execution.record(),
      portfolio: this.portfolio.record(),
      performance: this.performance.record(),
      risk: this.#risk.record(),
      answers: this.#answers.snapshot(),
      plugins: this.plugins.snapshot(),
    };
  }

  /** Takes over what an earlier process recorded. Before the first input. */
  restore(record: CoreRecord): void {
    const instrumentOf = instrumentsById(this.#options.instruments);
    this.execution.restore(record.execution, instrumentOf);
    this.portfolio.restore(record.portfolio, instrumentOf);
    if (record.performance !== undefined) this.performance.restore(record.performance);
    if (record.risk !== undefined) this.#risk.restore(record.risk);
    if (record.answers !== undefined) this.#answers.restore(record.answers);
    this.plugins.hydrate(record.plugins);
  }

  /** Ends the plugins, each with its time. */
  async close(): Promise<void> {
    await this.#host?.close();
  }

  async #setUp(): Promise<void> {
    const { plugins, clock, seed, budgets, hookTimes, isReplay = false, isMetered = true } = this.#options;
    const host = await PluginHost.open({
      entries: plugins,
      services: this.#services,
      clock,
      seed,
      isReplay,
      ...(budgets === undefined ? {} : { budgets }),
      ...(isMetered && hookTimes !== undefined && { hookTimes }),
      caches: this.#options.config.caches ?? true,
    });
    this.#host = host;
    try {
      this.#dispatcher = this.#hooks.open();
    } catch (error) {
      await host.close(); // nobody else knows of the plugins that have begun
      throw error;
    }
    this.#turn.open();
  }

  #publish(event: BusEvent, index: number): void {
    this.#hasNews = true;
    this.isDisturbed = true;
    this.bus.publish(event, index, this.#options.clock.monotonicNs());
  }

  #drainNews(): void {
    this.#hasNews = false;
    this.#drain();
    if (this.bus.depth > 0) this.#options.defer();
  }

  #apply(event: MarketEvent, index: number): void {
    this.market.apply(event, index);
    this.#risk.onMarket(event, index);
  }

  /** A delivery that is looked at for losses, or that bars, statistics or buffers are made of. */
  #deliverWatched(event: MarketEvent, index: number, kind: number): void {
    if (this.#watchesLosses && this.#risk.isLossCheckDue()) this.#tradingDesk.lookAtLosses();
    if (this.#feeds.isUsed) this.#deliverFed(event, index, kind);
    else this.#dispatcher?.call(kind, event, index);
  }

  /** A delivery that bars, statistics or buffers are made of too. */
  #deliverFed(event: MarketEvent, index: number, kind: number): void {
    this.#feeds.before(event, index, this.#nowUs);
    if (this.bus.depth > 0) this.#drain(); // bars that are over: heard before what follows them
    this.#dispatcher?.dispatch(kind, event, index, Number.NaN, 0);
    this.#feeds.after(event, index, this.#nowUs);
  }

  /** A second of the session's time is over. */
  #mark(): void {
    this.performance.mark(this.#nowUs);
    this.checkAccounts();
  }

  /** The book of an instrument has a hole: at once, and not in the bus's turn, plugins that stop on one have their orders there cancelled. */
  #leaveMarket(instrument: Instrument): void {
    this.#turn.run(() => {
      this.plugins.leaveMarket(instrument);
      this.execution.flush(Number.NaN);
    });
  }

  /** Acts on what was asked for outside any hook. */
  #settle(triggerNs = Number.NaN): void {
    this.execution.flush(triggerNs);
    this.#drain();
  }

  #drain(): void {
    this.#tradingDesk.checkLosses();
    if (this.execution.hasRepeats) this.execution.flush(Number.NaN);
    this.bus.drain();
    if (this.#overflow.isOpen && this.bus.depth === 0) {
      this.#overflow.close(this.#nowUs);
      this.bus.drain();
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
