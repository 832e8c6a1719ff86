import { ManualClock } from "@pitlane/perf/testing";
import { type Instrument, InvalidInputError, type MarketEvent, type QuoteEvent, type TradeEvent } from "@pitlane/sdk";
import { defineEvent } from "../bus/events.ts";
import { BAR_TIMER, CORE_OWNER } from "../core/own-timers.ts";
import type { BuiltBarEvent } from "../engines/bars.ts";
import { DEFAULT_ROUTER, RouteDesk } from "../engines/route-desk.ts";
import { SHAPE } from "../engines/shape-desk.ts";
import { compileHooks, compileLists } from "../hooks/compile.ts";
import { HookReturnedPromiseError } from "../hooks/errors.ts";
import { ignoreRejection, isPromise } from "../hooks/owners.ts";
import type { Verdict } from "../hooks/verdict.ts";
import type { Intent, Order } from "../orders/order.ts";
import { applyChange } from "../orders/shape.ts";
import { DEFAULT_SIGNALS } from "../orders/signal.ts";
import type { HookEvents, IntentShaper, Plugin } from "../plugins/define.ts";
import { PluginHost } from "../plugins/host.ts";
import type { HostServices } from "../plugins/services.ts";
import type { HostSnapshot } from "../plugins/snapshot.ts";
import { ScriptMarket } from "./script-market.ts";
import { ScriptOrders } from "./script-orders.ts";
import type { TestHost, TestHostOptions } from "./test-host.ts";
import { TimerQueue } from "./timer-queue.ts";

/** A host whose market the test writes. @throws {InvalidInputError} When the config or the setup fails. */
export async function createScriptHost(options: TestHostOptions): Promise<TestHost> {
  const host = new ScriptHost(options);
  await host.open();
  return host;
}

const START_US = 1_767_225_600_000_000;

class ScriptHost implements TestHost {
  readonly logged: string[] = [];
  readonly #options: TestHostOptions;
  readonly #orders = new ScriptOrders();
  readonly #market: ScriptMarket;
  readonly #timers = new TimerQueue();
  readonly #inactive = new Set<number>();
  readonly #queued: HookEvents[keyof HookEvents][] = [];
  #host: PluginHost | undefined;
  #hooks: ReturnType<typeof compileHooks> | undefined;
  #nowUs = START_US;
  #sequence = 0;

  constructor(options: TestHostOptions) {
    this.#options = options;
    this.#market = new ScriptMarket({
      instruments: options.instruments,
      onBar: (bar) => this.#tell("bar", bar),
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
    if (this.#options.after instanceof ScriptHost) this.#market.catchUp(this.#options.after.#market);
    this.#compile();
  }

  get orders(): readonly Order[] {
    return this.#orders.all;
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
    this.#market.setQuote(event);
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
    const book = this.#market.setBook(about.instrument, bids, asks);
    this.#tellMarket({ kind: "book", ...about, book, sequence: ++this.#sequence });
  }

  gap({ channel = "book", instrument }: Parameters<TestHost["gap"]>[0] = {}): void {
    const about = this.#received(instrument);
    if (channel === "book") {
      this.#market.beginGap(about.instrument);
      this.plugins.leaveMarket(about.instrument);
    }
    this.#tellMarket({ kind: "gap", ...about, channel, cause: "connection", reason: "the test says so" });
  }

  resync({ channel = "book", instrument, missing = 0 }: Parameters<TestHost["resync"]>[0] = {}): void {
    const about = this.#received(instrument);
    if (channel === "book") this.#market.endGap(about.instrument);
    this.#tellMarket({ kind: "resync", ...about, channel, backfilled: 0, missing });
  }

  fill(order: Order, priceTicks = order.intent.priceTicks ?? order.intent.triggerTicks ?? 0, sizeLots?: number): void {
    const { instrument } = order.intent;
    const fill = this.#orders.fill(order, priceTicks, sizeLots, String(++this.#sequence), this.#nowUs);
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
      if (due.owner === CORE_OWNER) this.#market.onTimer(this.#nowUs);
      else this.plugins.fireTimer(due.owner, due.id);
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
    this.#orders.follow(other.#orders);
    this.#market.follow(other.#market);
  }

  #compile(): void {
    this.#hooks = compileHooks(this.plugins.registrations.hooks, this.#options.instruments);
  }

  /** Tells of a market event, and of the bars that it makes. */
  #tellMarket(event: MarketEvent): void {
    this.#market.take(event, this.#nowUs, () => this.#tell(event.kind, event));
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

  #submit(owner: number, intent: Intent, state: "accepted" | "denied"): Order {
    if (!this.#options.instruments.includes(intent.instrument))
      throw new InvalidInputError("an intent's instrument must be one of ctx.instruments");
    return this.#orders.add(owner, this.plugins.names[owner] ?? "", intent, state);
  }

  #services(): HostServices {
    const kinds = new Set<string>();
    const orders = this.#orders;
    const market = this.#market;
    return {
      instruments: this.#options.instruments,
      submit: (owner, intent) => this.#submit(owner, intent, "accepted"),
      refuse: (owner, intent, { code, reason }) => {
        const order = this.#submit(owner, intent, "denied");
        order.reason = `${code}: ${reason}`;
        return order;
      },
      signals: DEFAULT_SIGNALS,
      amend: (view, sizeLots) => orders.amend(view, sizeLots),
      cancel: (view) => orders.cancel(view),
      openOrders: (owner, instrument) => orders.open(owner, instrument),
      route: (_owner, request) =>
        new RouteDesk({
          instruments: this.#options.instruments,
          settings: DEFAULT_ROUTER,
          quote: (instrument) => market.quote(instrument),
          book: (instrument) => market.book(instrument),
          latencyNs: () => undefined,
          hasUnknown: (venue) => orders.hasUnknown(venue),
          nowUs: () => this.#nowUs,
        }).decide(request),
      ordersTagged: (owner, prefix) => orders.tagged(owner, prefix),
      book: (instrument) => market.book(instrument),
      quote: (instrument) => market.quote(instrument),
      isInGap: (instrument) => market.isInGap(instrument),
      feeds: market.feeds,
      positionLots: (instrument) => orders.positionLots(instrument),
      ownLots: (owner, instrument) => orders.ownLots(owner, instrument),
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
