import { type MessagePort, receiveMessageOnPort } from "node:worker_threads";
import { type Clock, InvalidInputError } from "@pitlane/perf";
import { LatencyHistogram } from "@pitlane/perf/metrics";
import { attachSharedSpscRing } from "@pitlane/perf/ring";
import { type Fill, type Instrument, OrderBook, type QuoteEvent } from "@pitlane/sdk";
import { barName } from "../engines/bar-every.ts";
import { SHAPE } from "../engines/shape-desk.ts";
import { freeLots } from "../engines/sizing.ts";
import { compileHooks } from "../hooks/compile.ts";
import type { HookEntry } from "../hooks/kinds.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import type { HookEvents, Plugin } from "./define.ts";
import { reasonOf } from "./errors.ts";
import { PluginHost } from "./host.ts";
import type { HostServices } from "./services.ts";
import { WorkerOrder, WorkerOrders } from "./worker-order.ts";
import {
  BACKFILLED,
  BOOK,
  CANCEL,
  EVENT_LAYOUT,
  EVERY_INSTRUMENT,
  type EventRecord,
  type EventRing,
  type FromWorker,
  MESSAGE_LAYOUT,
  type MessageRing,
  NOTE,
  QUOTE,
  SELL,
  SIDES,
  SUBMIT,
  TIMES_IN_FORCE,
  TRADE,
  TYPES,
  WORKER_KINDS,
  type WorkerHook,
  type WorkerKind,
  type WorkerNote,
  type WorkerStart,
} from "./worker-protocol.ts";

/** Events handled before the thread's own event loop gets a turn. */
const BATCH = 256;

/** Inside of a plugin's worker: the same context as in the session's thread, fed from the ring. */
export class WorkerSession {
  readonly #start: WorkerStart;
  readonly #clock: Clock;
  readonly #say: (message: FromWorker) => void;
  readonly #events: EventRing;
  readonly #messages: MessageRing;
  readonly #notes: MessagePort;
  readonly #beat: Int32Array;
  readonly #record = MESSAGE_LAYOUT.createRecord();
  readonly #orders = new WorkerOrders();
  readonly #quotes: (QuoteEvent | undefined)[];
  readonly #books: OrderBook[];
  readonly #isBookGood: boolean[];
  readonly #positions: number[];
  readonly #balances: Map<string, bigint>;
  readonly #timers = new Map<number, NodeJS.Timeout>();
  readonly #hookTimes = new LatencyHistogram();
  readonly #toldTimes = new LatencyHistogram(); // what the session knows of them
  #hooks: ReturnType<typeof compileHooks> | undefined;
  #host: PluginHost | undefined;
  #nextRef: number;
  #nowUs: number;

  constructor(start: WorkerStart, clock: Clock, say: (message: FromWorker) => void) {
    const { instruments, events, messages, notes, beat, positions, holdings, nextRef, nowUs } = start;
    this.#start = start;
    this.#clock = clock;
    this.#say = say;
    this.#events = attachSharedSpscRing(events, EVENT_LAYOUT) as EventRing;
    this.#messages = attachSharedSpscRing(messages, MESSAGE_LAYOUT) as MessageRing;
    this.#notes = notes;
    this.#beat = new Int32Array(beat);
    this.#quotes = instruments.map(() => undefined);
    this.#books = instruments.map(() => new OrderBook({ windowTicks: 32 }));
    this.#isBookGood = instruments.map(() => false);
    this.#positions = [...positions];
    this.#balances = new Map(holdings);
    this.#nextRef = nextRef;
    this.#nowUs = nowUs;
    for (const { instrument, intent, ...news } of start.orders) {
      const order = new WorkerOrder(news.ref, start.name, { ...intent, instrument: instruments[instrument]! });
      order.apply(news);
      this.#orders.add(order);
    }
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
    this.#say({ type: "ready", hooks: hooks.flatMap((hook) => this.#wanted(hook)) });
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
    const instrument = this.#start.instruments[index]!;
    this.#positions[index] = record.positionLots;
    const { kind, receivedAtUs, receivedNs, venueAtUs, sequence, bidTicks, bidLots, askTicks, askLots, flags } = record;
    if (kind === NOTE) this.#onNote(instrument, index);
    else {
      this.#nowUs = Math.max(this.#nowUs, receivedAtUs);
      const about = { instrument, receivedAtUs, receivedNs, venueAtUs };
      if (kind === QUOTE) {
        const quote: QuoteEvent = { kind: "quote", ...about, sequence, bidTicks, bidLots, askTicks, askLots };
        this.#quotes[index] = quote;
        this.#call("quote", index, quote);
      } else if (kind === TRADE) {
        const aggressor = (flags & SELL) === 0 ? "buy" : "sell";
        const isBackfilled = (flags & BACKFILLED) !== 0;
        const trade = { tradeId: sequence, priceTicks: bidTicks, sizeLots: bidLots, aggressor, isBackfilled } as const;
        this.#call("trade", index, { kind: "trade", ...about, ...trade });
      } else if (kind === BOOK) {
        this.#call("book", index, { kind: "book", ...about, book: this.#showBook(index, record), sequence });
      }
    }
    this.beat();
  }

  #showBook(index: number, { bidTicks, bidLots, askTicks, askLots }: EventRecord): OrderBook {
    const book = this.#books[index]!;
    book.clear();
    if (bidLots > 0) book.set("bid", bidTicks, bidLots);
    if (askLots > 0) book.set("ask", askTicks, askLots);
    this.#isBookGood[index] = true;
    return book;
  }

  #onNote(instrument: Instrument, index: number): void {
    const note = receiveMessageOnPort(this.#notes)?.message as WorkerNote | undefined;
    if (note === undefined) throw new Error("a record in the ring has no note on the port");
    if (note.type === "market") {
      const { event } = note;
      this.#nowUs = Math.max(this.#nowUs, event.receivedAtUs);
      if (event.kind === "gap" && event.channel === "book") {
        this.#isBookGood[index] = false;
        this.#quotes[index] = undefined;
      }
      return this.#call(event.kind, index, { ...event, instrument } as never);
    }
    const { news, fill, holdings } = note;
    for (const [asset, units] of holdings) this.#balances.set(asset, units);
    const order = this.#orders.get(news.ref);
    if (order === undefined) return;
    this.#orders.apply(order, news);
    if (fill === undefined) this.#call("order", index, { kind: "order", instrument, order });
    else this.#call("fill", index, { kind: "fill", instrument, order, fill: { ...fill, instrument } as Fill });
  }

  #wanted({ kind, instrument, every }: HookEntry): readonly WorkerHook[] {
    const { instruments, name } = this.#start;
    if (!(WORKER_KINDS as readonly string[]).includes(kind))
      throw new InvalidInputError(
        `${name} listens to "${kind}", which does not cross to workers: run it in the session's thread`,
      );
    const own = kind as WorkerKind;
    if (instrument === undefined) return [{ kind: own, instrument: EVERY_INSTRUMENT, every }];
    const several = "length" in instrument ? instrument : [instrument];
    return several.map((one) => ({ kind: own, instrument: instruments.indexOf(one), every }));
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
    const { instruments } = this.#start;
    const at = (instrument: Instrument) => instruments.indexOf(instrument);
    return {
      instruments,
      submit: (_owner, intent) => this.#submit(intent),
      cancel: (order) => this.#cancel(order),
      openOrders: (_owner, instrument) => this.#orders.open(instrument),
      book: (instrument) => (this.#isBookGood[at(instrument)] ? this.#books[at(instrument)] : undefined),
      quote: (instrument) => this.#quotes[at(instrument)],
      feeds: {
        bars: (_instrument, every) => barName(every), // the session makes them: see `every` of what it hears
        stats: () => notHere("ctx.stats"),
        recent: () => notHere("ctx.recent"),
      },
      positionLots: (instrument) => this.#positions[at(instrument)] ?? 0,
      freeLots: (instrument) => {
        const open = this.#orders.open(instrument).filter(({ intent }) => intent.side === "sell");
        const openLots = open.reduce((lots, { sizeLots, filledLots }) => lots + sizeLots - filledLots, 0);
        return freeLots(instrument, this.#balances.get(instrument.base) ?? 0n, openLots);
      },
      balance: (asset) => this.#balances.get(asset) ?? 0n,
      nowUs: () => this.#nowUs,
      log: (_plugin, message, level = "info") => this.#say({ type: "log", message, level }),
      setTimer: (_owner, id, dueAtUs) => this.#setTimer(id, dueAtUs),
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
    const { instruments, name } = this.#start;
    const instrument = instruments.indexOf(intent.instrument);
    if (instrument < 0) throw new InvalidInputError("an intent's instrument must be one of ctx.instruments");
    if (this.#host === undefined)
      throw new InvalidInputError("orders can be placed once the session runs: submit from a hook, not from setup");
    const { side, type, timeInForce, priceTicks = Number.NaN, sizeLots } = intent;
    if (!Number.isFinite(sizeLots))
      throw new InvalidInputError(`an intent's sizeLots must be a number, got ${sizeLots}`);
    if (intent.tag !== undefined || intent.expectedProfit !== undefined)
      throw new InvalidInputError("an intent's tag and expectedProfit do not cross from a worker: leave them out");
    const order = new WorkerOrder(this.#nextRef++, name, intent);
    this.#orders.add(order);
    const record = this.#record;
    record.kind = SUBMIT;
    record.instrument = instrument;
    record.ref = order.ref;
    record.side = SIDES.indexOf(side);
    record.type = TYPES.indexOf(type);
    record.timeInForce = TIMES_IN_FORCE.indexOf(timeInForce);
    record.priceTicks = priceTicks;
    record.sizeLots = sizeLots;
    record.priority = intent.priority ?? Number.NaN;
    record.confidence = intent.confidence ?? Number.NaN;
    record.maxLatencyMs = intent.maxLatencyMs ?? Number.NaN;
    record.reduceOnly = intent.reduceOnly === true ? 1 : 0;
    if (!this.#messages.tryPush(record)) {
      const reason = "WORKER_BUSY: the session does not keep up with this worker's orders";
      this.#orders.apply(order, { ...order, state: "denied", filledLots: 0, reason });
    }
    return order;
  }

  #cancel(view: OrderView): void {
    const order = view instanceof WorkerOrder ? this.#orders.get(view.ref) : undefined;
    if (!order?.isOpen) return;
    this.#record.kind = CANCEL;
    this.#record.ref = order.ref;
    if (!this.#messages.tryPush(this.#record))
      this.#say({
        type: "log",
        level: "warn",
        message: "a cancel was lost: the session does not keep up with this worker",
      });
  }

  // A worker's wishes are inputs of the session, so its own timers may be the host's: a replay hears the wishes.
  #setTimer(id: number, dueAtUs: number): void {
    clearTimeout(this.#timers.get(id));
    const waitMs = Math.min(Math.max(0, (dueAtUs - this.#nowUs) / 1000), 2 ** 31 - 1);
    const fire = () => {
      this.#timers.delete(id);
      this.#nowUs = Math.max(this.#nowUs, dueAtUs, this.#clock.nowUs());
      this.#host?.fireTimer(0, id);
      this.beat();
    };
    this.#timers.set(id, setTimeout(fire, waitMs));
  }
}

function notHere(call: string): never {
  throw new InvalidInputError(
    `${call} needs the whole market, which does not cross to workers: run it in the session's thread`,
  );
}
