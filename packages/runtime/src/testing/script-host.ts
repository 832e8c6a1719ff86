import { ManualClock } from "@pitlane/perf/testing";
import {
  type Channel,
  type Fill,
  type Instrument,
  InvalidInputError,
  type MarketEvent,
  OrderBook,
  type QuoteEvent,
  type Side,
  type TradeEvent,
} from "@pitlane/sdk";
import { defineEvent } from "../bus/events.ts";
import { BAR_TIMER, CORE_OWNER } from "../core/own-timers.ts";
import type { BuiltBarEvent } from "../engines/bars.ts";
import { MarketFeeds } from "../engines/market-feeds.ts";
import { DEFAULT_ROUTER, RouteDesk } from "../engines/route-desk.ts";
import { SHAPE } from "../engines/shape-desk.ts";
import { compileHooks, compileLists } from "../hooks/compile.ts";
import { HookReturnedPromiseError } from "../hooks/errors.ts";
import { ignoreRejection, isPromise } from "../hooks/owners.ts";
import { deny, type Verdict } from "../hooks/verdict.ts";
import { reviewAmend } from "../orders/amend.ts";
import { type Intent, Order } from "../orders/order.ts";
import { applyChange } from "../orders/shape.ts";
import { DEFAULT_SIGNALS } from "../orders/signal.ts";
import type { HookEvents, IntentShaper, Plugin } from "../plugins/define.ts";
import { PluginHost } from "../plugins/host.ts";
import type { Permissions } from "../plugins/permissions.ts";
import type { HostServices } from "../plugins/services.ts";
import type { HostSnapshot } from "../plugins/snapshot.ts";
import { TimerQueue } from "./timer-queue.ts";

export interface TestHostOptions {
  readonly plugin: Plugin;
  readonly instruments: readonly Instrument[];
  readonly config?: unknown;
  /** Of `ctx.random`; default 1. */
  readonly seed?: number;
  /** Plugins that it needs: what they provide is there, and they hear the same events, before it. */
  readonly with?: readonly { readonly plugin: Plugin; readonly config?: unknown }[];
  /** Narrows what the plugin may do, as a session's config can. */
  readonly permissions?: Permissions;
  /** State to start from: what `snapshot` of another test host gave. */
  readonly snapshot?: HostSnapshot;
  /**
   * Takes over another test host's time, market, orders and positions, as a session that is started again finds them; and its bars and
   * statistics, which a session would begin anew: what is looked at is the plugin's own state.
   */
  readonly after?: TestHost;
}

/** One level of a book: price in ticks, size in lots. */
export type TestLevel = readonly [ticks: number, lots: number];

/**
 * Runs one plugin on events that the test makes: no venue, no wall clock, no risk. What it wants is in `orders`; the test decides what becomes
 * of them. What a hook throws comes out of the call that made the event.
 *
 * @example
 * const host = await createTestHost({ plugin: myStrategy, instruments: [testInstrument()] });
 * host.quote({ bidTicks: 100, askTicks: 102 });
 * expect(host.orders[0]?.intent.side).toBe("buy");
 */
export interface TestHost {
  /** Every order the plugins wanted, oldest first; new ones are in state `accepted`, refused ones in `denied`. */
  readonly orders: readonly Order[];
  /** Lines the plugins logged. */
  readonly logged: readonly string[];
  /** The plugins as a session holds them: metrics, knobs, standing, boot tree. */
  readonly plugins: PluginHost;
  /** Time of the session, microseconds since the epoch. */
  readonly nowUs: number;
  /** Timers that are set. */
  readonly timers: number;
  quote(quote: { readonly bidTicks: number; readonly askTicks: number; readonly instrument?: Instrument }): void;
  trade(trade: {
    readonly priceTicks: number;
    readonly sizeLots?: number;
    readonly aggressor?: Side;
    readonly instrument?: Instrument;
  }): void;
  /** Puts a book in place of the last one and tells of it. Levels best first. */
  book(levels: {
    readonly bids: readonly TestLevel[];
    readonly asks: readonly TestLevel[];
    readonly instrument?: Instrument;
  }): void;
  /** The stream has a hole; quote and book are unknown until they are news again. */
  gap(gap?: { readonly channel?: Channel; readonly instrument?: Instrument }): void;
  /** The stream is whole again; `missing` events stay missed, none unless told. */
  resync(resync?: { readonly channel?: Channel; readonly instrument?: Instrument; readonly missing?: number }): void;
  /** Fills an order, in whole unless a size is given, at its price (or `priceTicks`); moves the position and tells the plugin. */
  fill(order: Order, priceTicks?: number, sizeLots?: number): void;
  /** The venue refuses an order, and the plugin is told. */
  reject(order: Order, reason?: string): void;
  /** The order ends by its own terms, and the plugin is told. */
  expire(order: Order): void;
  /** What the plugins' risk voters say of an intent, in order. */
  vote(intent: Intent): readonly Verdict[];
  /**
   * What the plugins' shape hooks make of an intent, in order; the same object when they change nothing.
   *
   * @param strategy Who wants it; the plugin under test unless told.
   * @throws What a hook throws, and {BadShapeError} for what does not fit: either would deny the order in a session.
   */
  shape(intent: Intent, strategy?: string): Intent;
  /** Moves time on; timers that are due fire on the way, and the next events are received that much later. */
  advance(by: { readonly ms: number }): void;
  /** Puts new code in the plugin's place, as a saved file does in development. */
  swap(plugin: Plugin): Promise<void>;
  /** State of the plugins. */
  snapshot(): HostSnapshot;
  close(): Promise<void>;
}

/** A host whose market the test writes. @throws {InvalidInputError} When the config or the setup fails. */
export async function createScriptHost(options: TestHostOptions): Promise<TestHost> {
  const host = new ScriptHost(options);
  await host.open();
  return host;
}

const START_US = 1_767_225_600_000_000;

class ScriptHost implements TestHost {
  readonly orders: Order[] = [];
  readonly logged: string[] = [];
  readonly #options: TestHostOptions;
  readonly #positions = new Map<Instrument, number>();
  readonly #ownLots = new Map<string, number>(); // by owner and instrument
  readonly #quotes = new Map<Instrument, QuoteEvent>();
  readonly #books = new Map<Instrument, OrderBook>();
  readonly #timers = new TimerQueue();
  readonly #inactive = new Set<number>();
  readonly #gaps = new Set<Instrument>(); // of books
  readonly #feeds: MarketFeeds;
  readonly #told: (MarketEvent | { readonly kind: "timer"; readonly atUs: number })[] = []; // what the feeds were made of
  #isCatchingUp = false;
  readonly #queued: HookEvents[keyof HookEvents][] = [];
  #host: PluginHost | undefined;
  #hooks: ReturnType<typeof compileHooks> | undefined;
  #nowUs = START_US;
  #sequence = 0;

  constructor(options: TestHostOptions) {
    this.#options = options;
    this.#feeds = new MarketFeeds({
      instruments: options.instruments,
      book: (instrument) => this.#books.get(instrument),
      publish: (bar) => {
        if (!this.#isCatchingUp) this.#tell("bar", bar);
      },
      setTimer: (dueAtUs) => this.#timers.set(CORE_OWNER, BAR_TIMER, dueAtUs),
    });
  }

  async open(): Promise<void> {
    const { plugin, config, permissions, seed = 1, with: others = [], snapshot } = this.#options;
    if (this.#options.after instanceof ScriptHost) this.#follow(this.#options.after);
    const own = {
      plugin,
      ...(config === undefined ? {} : { config }),
      ...(permissions === undefined ? {} : { permissions }),
    };
    this.#host = await PluginHost.open({
      // In this thread: a test's clock, and its breakpoints, do not reach into another one.
      entries: [...others, own].map((entry) => ({ ...entry, worker: false })),
      services: this.#services(),
      clock: new ManualClock(START_US), // no hook takes any time: budgets are for real sessions
      seed,
    });
    if (snapshot !== undefined) this.#host.hydrate(snapshot);
    if (this.#options.after instanceof ScriptHost) this.#catchUp(this.#options.after);
    this.#compile();
  }

  get plugins(): PluginHost {
    if (this.#host === undefined) throw new Error("the test host is not open");
    return this.#host;
  }

  get nowUs(): number {
    return this.#nowUs;
  }

  get timers(): number {
    return this.#timers.countBut(CORE_OWNER);
  }

  quote({ bidTicks, askTicks, instrument }: Parameters<TestHost["quote"]>[0]): void {
    const about = this.#received(instrument);
    const sequence = ++this.#sequence;
    const event: QuoteEvent = { kind: "quote", ...about, bidTicks, bidLots: 1000, askTicks, askLots: 1000, sequence };
    this.#quotes.set(event.instrument, event);
    this.#tellMarket(event);
  }

  trade({ priceTicks, sizeLots = 1, aggressor = "buy", instrument }: Parameters<TestHost["trade"]>[0]): void {
    const about = this.#received(instrument);
    const tradeId = ++this.#sequence;
    const event: TradeEvent = {
      kind: "trade",
      ...about,
      tradeId,
      priceTicks,
      sizeLots,
      aggressor,
      isBackfilled: false,
    };
    this.#tellMarket(event);
  }

  book({ bids, asks, instrument }: Parameters<TestHost["book"]>[0]): void {
    const about = this.#received(instrument);
    const book = this.#books.get(about.instrument) ?? new OrderBook();
    this.#books.set(about.instrument, book);
    book.clear();
    for (const [ticks, lots] of bids) book.set("bid", ticks, lots);
    for (const [ticks, lots] of asks) book.set("ask", ticks, lots);
    this.#tellMarket({ kind: "book", ...about, book, sequence: ++this.#sequence });
  }

  gap({ channel = "book", instrument }: Parameters<TestHost["gap"]>[0] = {}): void {
    const about = this.#received(instrument);
    if (channel === "book") {
      this.#quotes.delete(about.instrument);
      this.#books.delete(about.instrument);
      this.#gaps.add(about.instrument);
      this.plugins.leaveMarket(about.instrument);
    }
    this.#tellMarket({ kind: "gap", ...about, channel, cause: "connection", reason: "the test says so" });
  }

  resync({ channel = "book", instrument, missing = 0 }: Parameters<TestHost["resync"]>[0] = {}): void {
    const about = this.#received(instrument);
    if (channel === "book") this.#gaps.delete(about.instrument);
    this.#tellMarket({ kind: "resync", ...about, channel, backfilled: 0, missing });
  }

  fill(order: Order, priceTicks = order.intent.priceTicks ?? 0, wantedLots?: number): void {
    const { clientOrderId } = order;
    const { instrument, side, type } = order.intent;
    const sizeLots = wantedLots ?? order.sizeLots - order.filledLots;
    order.filledLots += sizeLots;
    order.state = order.filledLots === order.sizeLots ? "filled" : "partiallyFilled";
    const signedLots = side === "buy" ? sizeLots : -sizeLots;
    add(this.#positions, instrument, signedLots);
    add(this.#ownLots, `${order.owner} ${instrument.id}`, signedLots);
    const tradeId = String(++this.#sequence);
    const about = {
      instrument,
      clientOrderId,
      venueOrderId: "1",
      tradeId,
      side,
      priceTicks,
      sizeLots,
      atUs: this.#nowUs,
    };
    const fill: Fill = { ...about, fee: 0n, feeAsset: instrument.quote, isMaker: type !== "market" };
    this.#tell("fill", { kind: "fill", instrument, order, fill });
    this.#tell("order", { kind: "order", instrument, order });
  }

  reject(order: Order, reason = "the test says so"): void {
    order.state = "rejected";
    order.reason = reason;
    this.#tell("order", { kind: "order", instrument: order.intent.instrument, order });
  }

  expire(order: Order): void {
    order.state = "expired";
    this.#tell("order", { kind: "order", instrument: order.intent.instrument, order });
  }

  vote(intent: Intent): readonly Verdict[] {
    return this.plugins.registrations.votes.map(({ vote }) => vote(intent));
  }

  shape(intent: Intent, strategy: string = this.#options.plugin.name): Intent {
    const hooks = this.plugins.registrations.hooks.filter(({ kind }) => kind === SHAPE);
    const { instruments } = this.#options;
    const lists = compileLists(hooks, instruments, this.plugins.names);
    let shaped = intent;
    for (const { handler } of lists[instruments.indexOf(intent.instrument) + 1] ?? []) {
      const change = (handler as unknown as IntentShaper)(shaped, strategy);
      if (isPromise(change)) {
        ignoreRejection(change);
        throw new HookReturnedPromiseError(SHAPE);
      }
      if (change !== undefined) shaped = applyChange(shaped, change);
    }
    return shaped;
  }

  advance({ ms }: { readonly ms: number }): void {
    const untilUs = this.#nowUs + Math.round(ms * 1000);
    for (let due = this.#timers.takeDue(untilUs); due !== undefined; due = this.#timers.takeDue(untilUs)) {
      this.#nowUs = Math.max(this.#nowUs, due.dueAtUs);
      if (due.owner === CORE_OWNER) {
        this.#told.push({ kind: "timer", atUs: this.#nowUs });
        this.#feeds.onTimer(this.#nowUs);
      } else this.plugins.fireTimer(due.owner, due.id);
      this.#dispatchQueued();
    }
    this.#nowUs = untilUs;
  }

  async swap(plugin: Plugin): Promise<void> {
    await this.plugins.swap(this.#options.plugin.name, plugin);
  }

  snapshot(): HostSnapshot {
    return this.plugins.snapshot();
  }

  async close(): Promise<void> {
    await this.#host?.close();
  }

  #follow(other: ScriptHost): void {
    this.#nowUs = other.#nowUs;
    this.#sequence = other.#sequence;
    for (const [instrument, lots] of other.#positions) this.#positions.set(instrument, lots);
    for (const [key, lots] of other.#ownLots) this.#ownLots.set(key, lots);
    for (const [instrument, quote] of other.#quotes) this.#quotes.set(instrument, quote);
    for (const [instrument, book] of other.#books) this.#books.set(instrument, book);
    for (const instrument of other.#gaps) this.#gaps.add(instrument);
    for (const order of other.orders) {
      const { clientOrderId, strategy, owner, intent, state, sizeLots, filledLots, reason } = order;
      const copy = new Order(clientOrderId, strategy, owner, intent);
      this.orders.push(Object.assign(copy, { state, sizeLots, filledLots, reason }));
    }
  }

  /** Bars and statistics as they would be had this host been there from the start: what a plugin makes of them is then its own affair. */
  #catchUp(other: ScriptHost): void {
    this.#isCatchingUp = true;
    for (const told of other.#told) {
      this.#told.push(told);
      if (told.kind === "timer") {
        this.#feeds.onTimer(told.atUs);
        continue;
      }
      const index = this.#options.instruments.indexOf(told.instrument);
      this.#feeds.before(told, index, told.receivedAtUs);
      this.#feeds.after(told, index, told.receivedAtUs);
    }
    this.#isCatchingUp = false;
  }

  #compile(): void {
    this.#hooks = compileHooks(this.plugins.registrations.hooks, this.#options.instruments);
  }

  /** Tells of a market event, and of the bars that it makes. */
  #tellMarket(event: MarketEvent): void {
    const index = this.#options.instruments.indexOf(event.instrument);
    this.#told.push(event.kind === "book" ? { ...event, book: topOf(event.book) } : event);
    this.#feeds.before(event, index, this.#nowUs);
    this.#tell(event.kind, event);
    this.#feeds.after(event, index, this.#nowUs);
  }

  #tell<Kind extends keyof HookEvents>(kind: Kind, event: HookEvents[Kind] | BuiltBarEvent): void {
    const about = event as HookEvents["order"];
    const owner = kind === "order" || kind === "fill" ? (about.order as Order).owner : undefined;
    const hooks = this.#hooks?.[kind][this.#options.instruments.indexOf(about.instrument)];
    for (const [i, handler] of (hooks?.handlers ?? []).entries()) {
      const hookOwner = hooks?.owners[i] ?? -1;
      if (this.#inactive.has(hookOwner) || (owner !== undefined && owner !== hookOwner)) continue;
      this.#call(handler, event);
    }
    if (owner !== undefined) this.plugins.onOrderNews(owner);
    this.#dispatchQueued();
  }

  #dispatchQueued(): void {
    for (let next = this.#queued.shift(); next !== undefined; next = this.#queued.shift()) {
      const { kind } = next as { readonly kind: string };
      for (const { kind: wanted, handler, owner } of this.plugins.registrations.hooks)
        if (wanted === kind && !this.#inactive.has(owner)) this.#call(handler as (event: unknown) => unknown, next);
    }
  }

  #call(handler: (event: unknown) => unknown, event: unknown): void {
    const answer = handler(event);
    if (!isPromise(answer)) return;
    ignoreRejection(answer);
    throw new HookReturnedPromiseError((event as { readonly kind: string }).kind);
  }

  #received(instrument: Instrument | undefined) {
    const one = instrument ?? this.#options.instruments[0];
    if (one === undefined) throw new InvalidInputError("a test host needs an instrument");
    return { instrument: one, venueAtUs: this.#nowUs, receivedAtUs: this.#nowUs, receivedNs: this.#nowUs * 1000 };
  }

  #submit(owner: number, intent: Intent): Order {
    if (!this.#options.instruments.includes(intent.instrument))
      throw new InvalidInputError("an intent's instrument must be one of ctx.instruments");
    const order = new Order(`test-${this.orders.length + 1}`, this.plugins.names[owner] ?? "", owner, intent);
    this.orders.push(order);
    return order;
  }

  #services(): HostServices {
    const kinds = new Set<string>();
    const open = (owner: number, instrument: Instrument | undefined) =>
      this.orders.filter(
        (order) =>
          order.isOpen && order.owner === owner && (instrument === undefined || order.intent.instrument === instrument),
      );
    return {
      instruments: this.#options.instruments,
      submit: (owner, intent) => {
        const order = this.#submit(owner, intent);
        order.state = "accepted";
        return order;
      },
      refuse: (owner, intent, { code, reason }) => {
        const order = this.#submit(owner, intent);
        order.state = "denied";
        order.reason = `${code}: ${reason}`;
        return order;
      },
      signals: DEFAULT_SIGNALS,
      amend: (view, sizeLots) => {
        const order = this.orders.find(({ clientOrderId }) => clientOrderId === view.clientOrderId);
        if (order === undefined) return deny("NOT_OPEN", `there is no order ${view.clientOrderId}`);
        const verdict = reviewAmend(order, sizeLots);
        if (verdict.allowed) order.sizeLots = sizeLots;
        return verdict;
      },
      cancel: (view) => {
        const order = this.orders.find(({ clientOrderId }) => clientOrderId === view.clientOrderId);
        if (order?.isOpen) order.state = "cancelled";
      },
      openOrders: open,
      route: (_owner, request) =>
        new RouteDesk({
          instruments: this.#options.instruments,
          settings: DEFAULT_ROUTER,
          quote: (instrument) => this.#quotes.get(instrument),
          book: (instrument) => this.#books.get(instrument),
          latencyNs: () => undefined,
          hasUnknown: (venue) =>
            this.orders.some(({ state, intent }) => state === "unknown" && intent.instrument.venue === venue),
          nowUs: () => this.#nowUs,
        }).decide(request),
      ordersTagged: (owner, prefix) =>
        this.orders.filter((order) => order.owner === owner && order.intent.tag?.startsWith(prefix) === true),
      book: (instrument) => this.#books.get(instrument),
      quote: (instrument) => this.#quotes.get(instrument),
      isInGap: (instrument) => this.#gaps.has(instrument),
      feeds: this.#feeds,
      positionLots: (instrument) => this.#positions.get(instrument) ?? 0,
      ownLots: (owner, instrument) => this.#ownLots.get(`${owner} ${instrument.id}`) ?? 0,
      balance: () => 0n,
      nowUs: () => this.#nowUs,
      log: (_plugin, message) => void this.logged.push(message),
      setTimer: (owner, id, dueAtUs) => this.#timers.set(owner, id, dueAtUs),
      clearTimer: (owner, id) => this.#timers.clear(owner, id),
      setActive: (owner, isActive) => void (isActive ? this.#inactive.delete(owner) : this.#inactive.add(owner)),
      defineEvent: (definition) => {
        defineEvent(definition.kind, definition);
        kinds.add(definition.kind);
      },
      publish: (event) => {
        if (!kinds.has(event.kind)) throw new InvalidInputError(`nobody has defined events of kind "${event.kind}"`);
        this.#queued.push(event as HookEvents[keyof HookEvents]);
      },
      onReplaced: () => this.#compile(),
    };
  }
}

function add<Key>(sums: Map<Key, number>, key: Key, lots: number): void {
  sums.set(key, (sums.get(key) ?? 0) + lots);
}

/** A copy that stays, of what feeds read of a book. */
function topOf({ bestBidTicks, bestBidLots, bestAskTicks, bestAskLots }: OrderBook): OrderBook {
  const top = new OrderBook({ windowTicks: 32 });
  if (bestBidLots > 0) top.set("bid", bestBidTicks, bestBidLots);
  if (bestAskLots > 0) top.set("ask", bestAskTicks, bestAskLots);
  return top;
}
