import type { Clock } from "@pitlane/perf";
import type { LatencyHistogram } from "@pitlane/perf/metrics";
import {
  type BarEvent,
  type BookChange,
  type Instrument,
  InvalidInputError,
  type MarketEvent,
  type OrderBook,
  type OrderReport,
  type QuoteEvent,
  type RequestOutcome,
  type TradeEvent,
} from "@pitlane/sdk";
import { Bus } from "../bus/bus.ts";
import type { BusEvent } from "../bus/events.ts";
import type { Config } from "../config.ts";
import { type DecisionLog, Execution, type OrderWire } from "../engines/execution.ts";
import { MarketFeeds } from "../engines/market-feeds.ts";
import { PerformanceMonitor, type PerformanceSettings } from "../engines/performance-monitor.ts";
import { Portfolio } from "../engines/portfolio.ts";
import { accountingAsset, Valuation } from "../engines/portfolio-valuation.ts";
import { feePartsOf } from "../engines/reservations.ts";
import { deny, type RiskVote, type Verdict } from "../engines/risk.ts";
import { type QuietLosses, RiskDesk } from "../engines/risk-desk.ts";
import { DEFAULT_ROUTER, RouteDesk } from "../engines/route-desk.ts";
import { toRouteRecord } from "../engines/router.ts";
import { wishedUnits } from "../engines/router-funds.ts";
import { SHAPE, ShapeDesk } from "../engines/shape-desk.ts";
import {
  type BreachEntry,
  commandOf,
  growingOrders,
  type TradingCommand,
  type TradingStatus,
} from "../engines/trading-state.ts";
import { VenueLatency } from "../engines/venue-latency.ts";
import { Dispatcher } from "../hooks/dispatcher.ts";
import { orderHooks } from "../hooks/order.ts";
import type { Runner } from "../hooks/runner.ts";
import type { StageLatencies } from "../latency.ts";
import type { Order } from "../orders/order.ts";
import { instrumentsById } from "../orders/records.ts";
import { DEFAULT_SIGNALS } from "../orders/signal.ts";
import type { LogLevel } from "../plugins/define.ts";
import { nameOf } from "../plugins/entry.ts";
import { type PluginControl, type PluginEntry, PluginHost, type StartPhase } from "../plugins/host.ts";
import { placeOf } from "../plugins/place-of.ts";
import type { Budgets } from "../plugins/quarantine.ts";
import type { HostServices } from "../plugins/services.ts";
import type { CoreRecord } from "./core-record.ts";
import { MarketState } from "./market-state.ts";
import { OverflowGaps } from "./overflow-gaps.ts";
import { BAR_TIMER, CORE_OWNER } from "./own-timers.ts";

/** Where timers of plugins are kept: what fires comes back as an input. */
export interface CoreTimers {
  /** @param dueAtUs Wall time, microseconds since the epoch. A second call for the same plugin and id replaces the first. */
  set(owner: number, id: number, dueAtUs: number): void;
  clear(owner: number, id: number): void;
}

export interface CoreOptions {
  /** For client order ids. */
  readonly runKey: string;
  readonly config: Pick<Config, "risk" | "bus"> & Partial<Pick<Config, "execution" | "router" | "caches">>;
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
  readonly control: (control: PluginControl, triggerNs?: number) => void;
  /** Wall time decides nothing here: it comes by `onControl`. Default false. */
  readonly isReplay?: boolean;
  /** False where the time that hooks take is of no interest: no budget of time is kept then. Default true. */
  readonly isMetered?: boolean;
  /** Told how long each hot hook and timer took, by owner; see `PluginHostOptions`. Default: nobody. */
  readonly hookTimes?: readonly LatencyHistogram[];
  /** How equity is looked at. Default as in a session. */
  readonly performance?: PerformanceSettings;
  /** Called before anything is decided by prices, for a host that tells them by `take` when they are needed. */
  readonly onPricesNeeded?: () => void;
  /** A line for people; `info` unless told. */
  readonly log: (source: string, message: string, level?: LogLevel) => void;
  readonly onFault: (source: string, message: string) => void;
  /** The journal cannot be written: nothing may be sent any more. */
  readonly onHalt: (error: Error) => void;
  /** How trading stands has changed, by an operator's word or by a breach. */
  readonly onTradingState?: (status: TradingStatus) => void;
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
  readonly #risk: RiskDesk;
  readonly #overflow: OverflowGaps;
  readonly #feeds: MarketFeeds;
  readonly #answers = new VenueLatency();
  readonly #router: RouteDesk;
  readonly #shapes: ShapeDesk;
  readonly #watchesLosses: boolean;
  #hasNews = false; // published since a delivery last looked: asking the bus at each would cost more than the rest of it
  #deciding = 0; // inputs that are being worked on
  #dispatcher: Dispatcher | undefined;
  #host: PluginHost | undefined;
  #nowUs = Number.NaN; // a number from the beginning: V8 then keeps it in place, where it would make a box at each change

  private constructor(options: CoreOptions) {
    const { clock, instruments, plugins, latencies, journal, wire, runKey, onFault, onHalt, book } = options;
    this.#options = options;
    this.#nowUs = options.startedAtUs;
    this.#indexes = new Map(instruments.map((instrument, index) => [instrument, index]));
    this.market = new MarketState(instruments, book);
    this.valuation = new Valuation(instruments, (instrument) => this.twiceMidTicks(instrument));
    this.portfolio = new Portfolio({
      venue: instruments[0]?.venue ?? "",
      convert: (units, from, to) => this.valuation.tryConvert(units, from, to),
      onFill: (fill, owner) => {
        options.onPricesNeeded?.();
        this.performance.onFill(this.#nowUs, owner, fill);
      },
    });
    this.performance = new PerformanceMonitor({
      portfolio: this.portfolio,
      valuation: this.valuation,
      asset: accountingAsset(instruments),
      owners: plugins.map(nameOf),
      ...options.performance,
      ...(options.onPricesNeeded !== undefined && { onPricesNeeded: options.onPricesNeeded }),
    });
    this.#risk = new RiskDesk({
      config: options.config.risk,
      instruments,
      indexOf: (instrument) => this.indexOf(instrument),
      portfolio: this.portfolio,
      market: this.market,
      nowUs: () => this.#nowUs,
    });
    this.#watchesLosses = this.#risk.losses.isNeeded;
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
    this.#feeds = new MarketFeeds({
      instruments,
      book,
      publish: (bar, index) => this.#publish(bar, index),
      setTimer: (dueAtUs) => options.timers.set(CORE_OWNER, BAR_TIMER, dueAtUs),
    });
    this.#shapes = new ShapeDesk({
      indexOf: (instrument) => this.indexOf(instrument),
      isExempt: (intent) => this.#risk.isClosing(intent),
      permits: (owner, intent) => this.plugins.permits(owner, intent),
    });
    this.execution = new Execution({
      runKey,
      strategies: plugins.map(nameOf),
      nowUs: () => this.#nowUs,
      clock,
      risk: this.#risk.engine,
      shapes: this.#shapes,
      exposure: this.#risk.exposure,
      journal,
      wire,
      portfolio: this.portfolio,
      latencies,
      publish: (event) => this.#publish(event, this.indexOf(event.instrument)),
      onFault: (message) => onFault("orders", message),
      onHalt,
      ...(options.config.execution === undefined ? {} : { maxBacklog: options.config.execution.queue }),
    });
    this.#router = new RouteDesk({
      instruments,
      settings: options.config.router ?? DEFAULT_ROUTER,
      quote: (instrument) => this.market.quote(this.indexOf(instrument)),
      book: (instrument) => this.market.book(instrument),
      latencyNs: (venue) => this.#answers.ns(venue),
      hasUnknown: (venue) => this.execution.hasUnknown(venue),
      freeUnits: (venue, asset) => this.#freeUnits(venue, asset),
      reserveFeeBps: options.config.risk.feeBps,
      nowUs: () => this.#nowUs,
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
    this.#decide(work);
  }

  /** Takes a price over that no event has told: no hook hears of it. It is of the quote's `receivedAtUs`. */
  take(quote: QuoteEvent, index: number): void {
    this.market.apply(quote, index);
    this.#risk.watch.apply(quote, index, quote.receivedAtUs);
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
    if (this.#deciding === 0 && this.#risk.isLossCheckDue()) this.drain();
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
    this.#decide(() => {
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
    this.#decide(() => {
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
    this.#decide(() => {
      this.#setTrading(command);
      if (command.flatten === true) this.plugins.flattenAll();
      this.#settle();
    });
  }

  /** Takes back how trading stood, as the journal has it: nothing is cancelled or sent. */
  recoverTrading(entry: TradingCommand | BreachEntry): void {
    if ("code" in entry && entry.state === this.trading.state) return;
    const { state, reason, by } = "code" in entry ? commandOf(entry) : entry;
    this.#risk.setTrading({ state, reason, by, sinceUs: this.#nowUs });
  }

  /** The low lane has waited long enough, or a cancel that is to be repeated. */
  flushLow(): void {
    this.#risk.settleLosses(); // the news of fills may be among what waits
    this.#decide(() => {
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
    const { plugins, instruments, clock, latencies, seed, budgets, hookTimes } = this.#options;
    const { isReplay = false, isMetered = true } = this.#options;
    const { execution } = this;
    const host = await PluginHost.open({
      entries: plugins,
      services: this.#services(),
      clock,
      seed,
      isReplay,
      ...(budgets === undefined ? {} : { budgets }),
      ...(isMetered && hookTimes !== undefined && { hookTimes }),
      caches: this.#options.config.caches ?? true,
    });
    this.#host = host;
    this.#addVoters();
    const meter = (owner: number, kind: string, elapsedNs: number) => {
      latencies.strategy.record(elapsedNs);
      host.meter(owner, kind, elapsedNs);
    };
    const dispatcher = new Dispatcher({
      kinds: this.bus.kinds,
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
      onFault: (owner, kind, error, policy) => this.#onHookFault(owner, kind, error, policy !== "isolate"),
    });
    this.#dispatcher = dispatcher;
    this.#shapes.open(dispatcher, host.names, () => clock.monotonicNs(), isMetered ? meter : undefined);
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
    if (this.#watchesLosses && this.#risk.isLossCheckDue()) this.#lookAtLosses();
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

  /** What plugins can see and do. */
  #services(): HostServices {
    const { instruments, timers, control, log } = this.#options;
    const { execution, portfolio, market, bus } = this;
    return {
      instruments,
      submit: (owner, intent) => {
        this.#checkPlacing();
        this.#options.onPricesNeeded?.();
        return execution.submit(owner, intent);
      },
      refuse: (owner, intent, verdict, voter = "permissions") => {
        this.#checkPlacing();
        return execution.submit(owner, intent, { voter, verdict });
      },
      signals: this.#options.config.execution ?? DEFAULT_SIGNALS,
      canAmend: execution.canAmend,
      amend: (order, sizeLots) => {
        this.#checkMoment();
        return execution.amend(order, sizeLots);
      },
      backlog: () => execution.backlog,
      close: (owner, intent) => {
        this.#risk.allowClosing(intent);
        this.#options.onPricesNeeded?.();
        return execution.submit(owner, intent);
      },
      sellableLots: (instrument) => this.#risk.sellableLots(instrument),
      freeLots: (instrument) => this.#risk.freeLots(instrument),
      cancel: (order) => execution.cancel(order),
      openOrders: (owner, instrument) => execution.openOrders(owner, instrument),
      ordersTagged: (owner, prefix) => execution.tagged(owner, prefix),
      route: (owner, request) => {
        this.#checkMoment();
        this.#options.onPricesNeeded?.();
        const decision = this.#router.decide(request);
        this.#noteRoute(owner, toRouteRecord(decision));
        return decision;
      },
      routing: {
        settings: this.#options.config.router ?? DEFAULT_ROUTER,
        latencyNs: (venue) => this.#answers.ns(venue),
        hasUnknown: (venue) => execution.hasUnknown(venue),
        freeUnits: (venue, asset) => this.#freeUnits(venue, asset),
        reserveFeeBps: this.#options.config.risk.feeBps,
        note: (owner, decision) => this.#noteRoute(owner, decision),
      },
      book: (instrument) => market.book(instrument),
      quote: (instrument) => {
        this.#options.onPricesNeeded?.();
        return market.quote(this.indexOf(instrument));
      },
      isInGap: (instrument) => this.#risk.watch.hasGap(this.#indexes.get(instrument) ?? -1),
      feeds: this.#feeds,
      positionLots: (instrument) => portfolio.position(instrument).lots,
      ownLots: (owner, instrument) => execution.ownLots(owner, instrument),
      balance: (asset) => portfolio.balance(asset),
      nowUs: () => this.#nowUs,
      log,
      setTimer: (owner, id, dueAtUs) => timers.set(owner, id, dueAtUs),
      clearTimer: (owner, id) => timers.clear(owner, id),
      setActive: (owner, isActive) => {
        this.isDisturbed = true;
        this.#dispatcher?.setActive(owner, isActive);
      },
      setShed: (owner, isShed) => {
        this.isDisturbed = true;
        this.#dispatcher?.setShed(owner, isShed);
      },
      defineEvent: (definition) => void bus.register(definition),
      publish: (event) => this.#publish(event, this.#numberOf(event)),
      onReplaced: (owner, { hooks }) => {
        this.#dispatcher?.replace(owner, hooks);
        this.#risk.engine.removeVoters();
        this.#addVoters();
      },
      control,
    };
  }

  /** What the balance vote would let an order spend; undefined where it asks nobody. */
  #freeUnits(venue: string, asset: string): bigint | undefined {
    const { config, exposure } = this.#risk;
    const units = config.checkBalances ? this.#risk.balance(asset, venue) : undefined;
    if (units === undefined) return undefined;
    const priceOf = (instrument: Instrument) => this.#risk.marketBuyTicks(instrument);
    const wished = wishedUnits(this.execution.wishes(), venue, asset, feePartsOf(config.feeBps), priceOf);
    return units - exposure.reservations.of(venue, asset) - wished;
  }

  #noteRoute(owner: number, decision: object): void {
    const strategy = nameOf(this.#options.plugins[owner]!);
    this.#options.journal.append("route", { strategy, ...decision });
  }

  /** Plugins' voters, in the order that they ask for. */
  #addVoters(): void {
    const { registrations, names } = this.plugins;
    const votes = orderHooks(
      registrations.votes.map((vote) => ({ ...vote, kind: "intent" })),
      names,
    );
    for (const { plugin, owner, vote } of votes) this.#risk.engine.addVoter(plugin, this.#guarded(owner, vote), owner);
  }

  /** A plugin that was taken out does not stop to protect: what it would have checked is denied. */
  #guarded(owner: number, vote: RiskVote): RiskVote {
    return (intent) => {
      if (this.#host?.standing(owner) === "quarantined")
        return deny("VOTER_QUARANTINED", `${this.#host.names[owner]} is quarantined and cannot check it`);
      try {
        const verdict = vote(intent) as Verdict | undefined;
        if (typeof verdict?.allowed === "boolean") return verdict;
        throw new InvalidInputError("it returned no verdict: return allow() or deny(code, reason), and no promise");
      } catch (error) {
        this.#onHookFault(owner, "vote", error, false);
        throw error; // the order is denied by it
      }
    };
  }

  /** A hook or a voter of a plugin has failed. @param mustEnd See `PluginHost.fault`. */
  #onHookFault(owner: number, kind: string, error: unknown, mustEnd: boolean): void {
    this.isDisturbed = true;
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    this.#options.onFault(`strategy ${this.plugins.names[owner]}`, `its ${kind} hook threw ${reason}${placeOf(error)}`);
    this.plugins.fault(owner, kind, error, mustEnd);
  }

  #checkPlacing(): void {
    if (this.#dispatcher === undefined)
      throw new InvalidInputError("orders can be placed once the session runs: submit from a hook, not from setup");
    this.#checkMoment();
  }

  #checkMoment(): void {
    if (this.#shapes.isBusy)
      throw new InvalidInputError("a shape hook changes the intent it is given and nothing else: it places no orders");
    if (this.#deciding > 0) return;
    throw new InvalidInputError(
      "orders are placed from a hook or a timer of ctx: what comes from elsewhere, such as a promise, could not be replayed",
    );
  }

  /** Number of the instrument that an event is of; -1 when it is of none. */
  #numberOf(event: BusEvent): number {
    const { instrument } = event as { readonly instrument?: Instrument };
    return instrument === undefined ? -1 : this.indexOf(instrument);
  }

  /** The book of an instrument has a hole: at once, and not in the bus's turn, plugins that stop on one have their orders there cancelled. */
  #leaveMarket(instrument: Instrument): void {
    this.#decide(() => {
      this.plugins.leaveMarket(instrument);
      this.execution.flush(Number.NaN);
    });
  }

  /** A limit on losses that is passed stops all trading, before any hook hears of what has come. */
  #checkLosses(): void {
    if (this.#watchesLosses) this.#options.onPricesNeeded?.();
    const breach = this.#risk.checkLosses();
    if (breach === undefined) return;
    // A breach only ever tightens what an operator has set.
    const isHalt = this.#options.config.risk.onBreach === "halt" || this.trading.state === "halted";
    const entry: BreachEntry = { ...breach, state: isHalt ? "halted" : "reduceOnly" };
    this.#options.journal.append("risk.breach", entry);
    if (entry.state !== this.trading.state) this.#setTrading(commandOf(entry));
  }

  /** As `#checkLosses`, at once where it may find anything and put off where it may not. */
  #lookAtLosses(): void {
    this.#options.onPricesNeeded?.();
    if (!this.#risk.tryPutOffLosses()) this.#checkLosses();
  }

  /** Sets how trading stands, and cancels what may not stay open with it. */
  #setTrading({ state, reason, by }: TradingCommand): void {
    const status: TradingStatus = { state, reason, by, sinceUs: this.#nowUs };
    this.#risk.setTrading(status);
    if (state === "halted") this.execution.sweep();
    else if (state === "reduceOnly") this.#cancelGrowing();
    this.execution.flush(Number.NaN);
    this.#options.onTradingState?.(status);
  }

  #cancelGrowing(): void {
    const { execution, portfolio } = this;
    for (const instrument of this.#options.instruments) {
      const open = execution.openOrders(undefined, instrument);
      if (open.length === 0) continue;
      for (const order of growingOrders(open, portfolio.position(instrument).lots)) execution.cancel(order);
    }
  }

  /** Acts on what was asked for outside any hook. */
  #settle(triggerNs = Number.NaN): void {
    this.execution.flush(triggerNs);
    this.#drain();
  }

  #drain(): void {
    this.#checkLosses();
    if (this.execution.hasRepeats) this.execution.flush(Number.NaN);
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
