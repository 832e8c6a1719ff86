import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { type Clock, InvalidInputError } from "@pitlane/perf";
import { LatencyHistogram } from "@pitlane/perf/metrics";
import { attachSharedSpscRing } from "@pitlane/perf/ring";
import type { Fill, Instrument, MarketEvent } from "@pitlane/sdk";
import type { BuiltBarEvent } from "../engines/bars.ts";
import { MarketFeeds } from "../engines/market-feeds.ts";
import { RouteDesk } from "../engines/route-desk.ts";
import { toRouteRecord } from "../engines/router.ts";
import { SHAPE } from "../engines/shape-desk.ts";
import { freeLots } from "../engines/sizing.ts";
import { compileHooks } from "../hooks/compile.ts";
import type { HookEntry } from "../hooks/kinds.ts";
import { allow, deny, type Verdict } from "../hooks/verdict.ts";
import { reviewAmend } from "../orders/amend.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import { shapeSignal } from "../orders/signal.ts";
import type { HookEvents, Plugin } from "./define.ts";
import { reasonOf } from "./errors.ts";
import { PluginHost } from "./host.ts";
import type { HostServices } from "./services.ts";
import { WorkerFunds } from "./worker-funds.ts";
import { WorkerMarket } from "./worker-market.ts";
import { WorkerOrder, WorkerOrders } from "./worker-order.ts";
import {
  EVENT_LAYOUT,
  EVERY_INSTRUMENT,
  type EventRecord,
  type EventRing,
  type FromWorker,
  type Holding,
  MESSAGE_LAYOUT,
  type MessageRing,
  NOTE,
  type OrderBirth,
  type OrderNews,
  QUIET,
  WORKER_KINDS,
  type WorkerHook,
  type WorkerKind,
  type WorkerNote,
  type WorkerStart,
} from "./worker-protocol.ts";
import { Standings, venuesOf } from "./worker-standings.ts";
import { WishWriter } from "./worker-wishes.ts";

/** Events handled before the thread's own event loop gets a turn. */
const BATCH = 256;

/** Number of the timer that closes bars; the plugin's own are above. */
const BAR_TIMER = -1;

/** Inside of a plugin's worker: the same context as in the session's thread, fed from the ring. */
export class WorkerSession {
  readonly #start: WorkerStart;
  readonly #clock: Clock;
  readonly #say: (message: FromWorker) => void;
  readonly #events: EventRing;
  readonly #notes: MessagePort;
  readonly #beat: Int32Array;
  readonly #wishes: WishWriter;
  readonly #orders = new WorkerOrders();
  readonly #market: WorkerMarket;
  readonly #feeds: MarketFeeds;
  readonly #router: RouteDesk | undefined;
  readonly #standings: Standings;
  readonly #funds: WorkerFunds;
  readonly #positions: number[];
  readonly #balances: Map<string, bigint>;
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #hookTimes = new LatencyHistogram();
  readonly #toldTimes = new LatencyHistogram(); // what the session knows of them
  #hooks: ReturnType<typeof compileHooks> | undefined;
  #host: PluginHost | undefined;
  #nextRef: number;
  #nowUs: number;
  #isQuiet = false; // the market is to be known, and no hook to be called for it

  constructor(start: WorkerStart, clock: Clock, say: (message: FromWorker) => void) {
    const { instruments, events, messages, notes, beat, positions, holdings, nextRef, nowUs, router } = start;
    this.#start = start;
    this.#clock = clock;
    this.#say = say;
    this.#events = attachSharedSpscRing(events, EVENT_LAYOUT) as EventRing;
    this.#wishes = new WishWriter(attachSharedSpscRing(messages, MESSAGE_LAYOUT) as MessageRing, notes);
    this.#notes = notes;
    this.#beat = new Int32Array(beat);
    this.#market = new WorkerMarket(start);
    this.#feeds = new MarketFeeds({
      instruments,
      book: (instrument) => this.#market.book(instruments.indexOf(instrument)),
      publish: (bar, index) => this.#hear("bar", index, bar),
      setTimer: (dueAtUs) => this.#setTimer(BAR_TIMER, dueAtUs, () => this.#feeds.onTimer(this.#nowUs)),
    });
    const standings = new Standings(venuesOf(instruments), start.standings);
    this.#standings = standings;
    const funds = new WorkerFunds(start.reserveFeeBps);
    this.#funds = funds;
    funds.take(start.funds);
    if (router !== undefined)
      this.#router = new RouteDesk({
        instruments,
        settings: router,
        quote: (instrument) => this.#market.quote(instruments.indexOf(instrument)),
        book: (instrument) => this.#market.book(instruments.indexOf(instrument)),
        latencyNs: (venue) => standings.latencyNs(venue),
        hasUnknown: (venue) => standings.hasUnknown(venue),
        freeUnits: (venue, asset) => funds.free(venue, asset, this.#orders.open(undefined)),
        reserveFeeBps: start.reserveFeeBps,
        nowUs: () => this.#nowUs,
      });
    this.#positions = [...positions];
    this.#balances = new Map(holdings);
    this.#nextRef = nextRef;
    this.#nowUs = nowUs;
    for (const { instrument, ...birth } of start.orders) this.#adopt(birth, instruments[instrument]!);
  }

  /** Sets the plugin up and says what it listens to. @throws What its setup throws. */
  async open(plugin: Plugin): Promise<void> {
    const { name, config, seed, caches, snapshot, mayUseTimers, instruments } = this.#start;
    const host = await PluginHost.open({
      entries: [{ plugin, name, config, worker: false, permissions: { timers: mayUseTimers } }],
      services: this.#services(),
      clock: this.#clock,
      seed,
      caches,
      hookTimes: [this.#hookTimes], // of timers; hooks are called, and timed, below
    });
    const { hooks, votes } = host.registrations;
    const answers = votes.length > 0 ? "vote" : hooks.some(({ kind }) => kind === SHAPE) ? "shape" : undefined;
    if (answers !== undefined) {
      await host.close();
      throw new InvalidInputError(
        `a plugin in a worker cannot ${answers}: risk waits for nobody. Run it in the session's thread`,
      );
    }
    if (snapshot !== undefined) host.hydrate({ plugins: { [name]: snapshot }, quarantined: [], orders: {} });
    this.#host = host;
    this.#hooks = compileHooks(hooks, instruments);
    const fed = instruments.flatMap((_, instrument): readonly WorkerHook[] =>
      this.#feeds.isUsedFor(instrument) ? [{ kind: "trade", instrument }] : [],
    );
    this.#say({ type: "ready", hooks: [...hooks.flatMap((hook) => this.#wanted(hook)), ...fed] });
  }

  /** Handles events until the ring is closed. */
  async run(): Promise<void> {
    const first = EVENT_LAYOUT.createRecord();
    const handle = (record: EventRecord) => this.#onRecord(record);
    while (await this.#events.take(first)) {
      handle(first);
      this.#events.drain(handle, BATCH);
      // Taking again at once would never let timers and messages of this thread have their turn.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  snapshot(): void {
    const snapshot = this.#host?.snapshot().plugins[this.#start.name];
    if (snapshot !== undefined) this.#say({ type: "snapshot", snapshot });
  }

  /** Says how long hooks took since the last call: once a second is often enough for who watches. */
  tellTimes(): void {
    const counts = this.#hookTimes.catchUp(this.#toldTimes);
    if (counts.length > 0) this.#say({ type: "hookTimes", counts });
  }

  async close(): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
    await this.#host?.close();
  }

  /** Says that the thread is well. */
  beat(): void {
    Atomics.add(this.#beat, 0, 1);
  }

  #onRecord(record: EventRecord): void {
    const index = record.instrument;
    this.#positions[index] = record.positionLots;
    if (record.kind === NOTE) this.#onNote(index, (record.flags & QUIET) !== 0);
    else {
      this.#isQuiet = (record.flags & QUIET) !== 0;
      const event = this.#market.take(record);
      if (event !== undefined) this.#onMarket(event, index);
    }
    this.beat();
  }

  #onNote(index: number, isQuiet: boolean): void {
    const note = receiveMessageOnPort(this.#notes)?.message as WorkerNote | undefined;
    if (note === undefined) throw new Error("a record in the ring has no note on the port");
    switch (note.type) {
      case "market":
        this.#isQuiet = isQuiet;
        return this.#onMarket(this.#market.takeWords(note.event, index), index);
      case "book": {
        const event = this.#market.takeBook(note.event, index);
        if (!isQuiet) this.#isQuiet = false;
        return isQuiet ? undefined : this.#onMarket(event, index);
      }
      case "holdings":
        this.#funds.take(note.funds);
        return this.#hold(note.holdings);
      case "order":
        this.#funds.take(note.funds);
        this.#hold(note.holdings);
        return this.#onOrder(note.news, note.fill, index);
    }
  }

  #onMarket(event: MarketEvent, index: number): void {
    this.#nowUs = Math.max(this.#nowUs, event.receivedAtUs);
    this.#wishes.triggerNs = event.receivedNs;
    this.#feeds.before(event, index, this.#nowUs);
    this.#hear(event.kind, index, event as never);
    this.#feeds.after(event, index, this.#nowUs);
    this.#wishes.triggerNs = Number.NaN;
  }

  #onOrder(news: OrderNews | OrderBirth, fill: Omit<Fill, "instrument"> | undefined, index: number): void {
    const instrument = this.#start.instruments[index]!;
    const order = this.#orders.get(news.ref) ?? ("intent" in news ? this.#adopt(news, instrument) : undefined);
    if (order === undefined) return;
    this.#orders.apply(order, news);
    if (fill === undefined) this.#call("order", index, { kind: "order", instrument, order });
    else this.#call("fill", index, { kind: "fill", instrument, order, fill: { ...fill, instrument } as Fill });
  }

  /** An order that this thread has not wanted. */
  #adopt({ intent, ...news }: OrderBirth, instrument: Instrument): WorkerOrder {
    const order = new WorkerOrder(news.ref, this.#start.name, { ...intent, instrument });
    order.apply(news);
    this.#orders.add(order);
    return order;
  }

  #hold(holdings: readonly Holding[]): void {
    for (const [asset, units] of holdings) this.#balances.set(asset, units);
  }

  /** Of what hooks listen to, what is not told anyway. */
  #wanted({ kind, instrument, every }: HookEntry): readonly WorkerHook[] {
    const { instruments, name } = this.#start;
    if (!(WORKER_KINDS as readonly string[]).includes(kind))
      throw new InvalidInputError(
        `${name} listens to "${kind}", which does not cross to workers: run it in the session's thread`,
      );
    if (kind !== "trade" && (kind !== "bar" || every !== undefined)) return [];
    if (instrument === undefined) return [{ kind, instrument: EVERY_INSTRUMENT }];
    const several = "length" in instrument ? instrument : [instrument];
    return several.map((one) => ({ kind, instrument: instruments.indexOf(one) }));
  }

  /** As `#call`, of the market. */
  #hear<Kind extends WorkerKind>(kind: Kind, index: number, event: HookEvents[Kind] | BuiltBarEvent): void {
    if (!this.#isQuiet) this.#call(kind, index, event as HookEvents[Kind]);
  }

  #call<Kind extends WorkerKind>(kind: Kind, index: number, event: HookEvents[Kind]): void {
    const handlers = this.#hooks?.[kind][index]?.handlers ?? [];
    if (handlers.length === 0) return;
    let sinceNs = this.#clock.monotonicNs();
    for (let i = 0; i < handlers.length; i++) {
      try {
        const result = handlers[i]!(event) as unknown as PromiseLike<unknown> | undefined;
        if (typeof result?.then !== "function") continue;
        result.then(undefined, () => undefined); // the fault below tells of it
        throw new InvalidInputError("it returned a promise: hot hooks are synchronous");
      } catch (error) {
        this.#say({ type: "log", level: "warn", message: `its ${kind} hook failed: ${reasonOf(error)}` });
        this.#host?.fault(0, kind, error);
      } finally {
        const nowNs = this.#clock.monotonicNs();
        this.#hookTimes.record(nowNs - sinceNs);
        sinceNs = nowNs;
      }
    }
  }

  #services(): HostServices {
    const { instruments, signals, mayAmend } = this.#start;
    const market = this.#market;
    const router = this.#router;
    const at = (instrument: Instrument) => instruments.indexOf(instrument);
    return {
      instruments,
      submit: (_owner, intent) => this.#submit(intent),
      refuse: (_owner, intent) => this.#submit(intent), // the session comes to the same, and journals it
      ...(signals !== undefined && {
        submitSignal: (_owner, signal) => {
          const { intent } = shapeSignal(signal, market.quote(at(signal.instrument)), signals);
          return this.#want(intent, (ref, index) => this.#wishes.signal(ref, index, signal));
        },
      }),
      cancel: (order) => this.#cancel(order),
      amend: (order, sizeLots) =>
        mayAmend
          ? this.#amend(order, sizeLots)
          : deny("AMEND_NOT_SUPPORTED", "orders cannot be made smaller here: cancel it and submit another one"),
      ...(router !== undefined && {
        route: (_owner, request) => {
          this.#mustRun();
          const decision = router.decide(request);
          if (!this.#wishes.route(toRouteRecord(decision))) this.#warn("a route was not journaled");
          return decision;
        },
      }),
      backlog: () => this.#standings,
      openOrders: (_owner, instrument) => this.#orders.open(instrument),
      ordersTagged: (_owner, prefix) => this.#orders.tagged(prefix),
      book: (instrument) => market.book(at(instrument)),
      quote: (instrument) => market.quote(at(instrument)),
      feeds: this.#feeds,
      positionLots: (instrument) => this.#positions[at(instrument)] ?? 0,
      freeLots: (instrument) => {
        const open = this.#orders.open(instrument).filter(({ intent }) => intent.side === "sell");
        const openLots = open.reduce((lots, { sizeLots, filledLots }) => lots + sizeLots - filledLots, 0);
        return freeLots(instrument, this.#balances.get(instrument.base) ?? 0n, openLots);
      },
      balance: (asset) => this.#balances.get(asset) ?? 0n,
      nowUs: () => this.#nowUs,
      log: (_plugin, message, level = "info") => this.#say({ type: "log", message, level }),
      setTimer: (_owner, id, dueAtUs) => this.#setTimer(id, dueAtUs, () => this.#host?.fireTimer(0, id)),
      clearTimer: (_owner, id) => {
        clearTimeout(this.#timers.get(id));
        this.#timers.delete(id);
      },
      // Wall time of this thread is its own affair; too many faults are the session's.
      control: (control) => {
        if (control.kind === "quarantine") this.#say({ type: "faulty", reason: control.reason });
      },
    };
  }

  #submit(intent: Intent): OrderView {
    return this.#want(intent, (ref, index) => this.#wishes.submit(ref, index, intent));
  }

  /** An order that is wanted from the session. @param write False when there is no room. */
  #want(intent: Intent, write: (ref: number, index: number) => boolean): OrderView {
    const { instruments, name } = this.#start;
    const index = instruments.indexOf(intent.instrument);
    if (index < 0) throw new InvalidInputError("an intent's instrument must be one of ctx.instruments");
    this.#mustRun();
    const order = new WorkerOrder(this.#nextRef, name, intent);
    const isWritten = write(order.ref, index);
    this.#nextRef++;
    this.#orders.add(order);
    if (!isWritten) {
      const reason = "WORKER_BUSY: the session does not keep up with this worker's orders";
      this.#orders.apply(order, { ...newsOf(order), state: "denied", reason });
    }
    return order;
  }

  #cancel(view: OrderView): void {
    const order = this.#known(view);
    if (!order?.isOpen || order.cancelling) return;
    if (this.#wishes.cancel(order.ref)) order.beginCancel();
    else this.#warn("a cancel was lost");
  }

  #amend(view: OrderView, sizeLots: number): Verdict {
    const order = this.#known(view);
    if (order === undefined) return deny("NOT_OPEN", `order ${view.clientOrderId} is not known any more`);
    const verdict = reviewAmend(order, sizeLots);
    if (!verdict.allowed) return verdict;
    if (!this.#wishes.amend(order.ref, sizeLots))
      return deny("WORKER_BUSY", "the session does not keep up with this worker's orders");
    order.beginAmend(sizeLots);
    return allow();
  }

  #known(view: OrderView): WorkerOrder | undefined {
    return view instanceof WorkerOrder ? this.#orders.get(view.ref) : undefined;
  }

  #mustRun(): void {
    if (this.#host === undefined)
      throw new InvalidInputError("orders can be placed once the session runs: submit from a hook, not from setup");
  }

  #warn(what: string): void {
    this.#say({ type: "log", level: "warn", message: `${what}: the session does not keep up with this worker` });
  }

  // A worker's wishes are inputs of the session, so its own timers may be the host's: a replay hears the wishes.
  #setTimer(id: number, dueAtUs: number, run: () => void): void {
    clearTimeout(this.#timers.get(id));
    const waitMs = Math.min(Math.max(0, (dueAtUs - this.#nowUs) / 1000), 2 ** 31 - 1);
    const fire = () => {
      this.#timers.delete(id);
      this.#nowUs = Math.max(this.#nowUs, dueAtUs, this.#clock.nowUs());
      run();
      this.beat();
    };
    this.#timers.set(id, setTimeout(fire, waitMs));
  }
}

function newsOf({ ref, clientOrderId, venueOrderId, state, filledLots, reason }: WorkerOrder): OrderNews {
  return { ref, clientOrderId, venueOrderId, state, filledLots, reason };
}
