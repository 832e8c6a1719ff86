import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { type Clock, createRandom, InvalidInputError, type Random } from "@pitlane/perf";
import { backoffMs } from "@pitlane/perf/flow";
import type { LatencyCounts } from "@pitlane/perf/metrics";
import { createSharedSpscRing } from "@pitlane/perf/ring";
import type { BookChange, Instrument, MarketEvent } from "@pitlane/sdk";
import type { FillEvent, OrderEvent } from "../bus/events.ts";
import type { HookEntry } from "../hooks/kinds.ts";
import { deny } from "../hooks/verdict.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import type { Signal } from "../orders/signal.ts";
import { PluginBootError, reasonOf } from "./errors.ts";
import type { PluginEntry } from "./host.ts";
import type { Scope } from "./scope.ts";
import type { HostServices } from "./services.ts";
import type { PluginSnapshot } from "./snapshot.ts";
import { WorkerFeed } from "./worker-feed.ts";
import {
  EVENT_LAYOUT,
  EVENTS_CAPACITY,
  EVERY_INSTRUMENT,
  type EventRing,
  type FromWorker,
  type Holding,
  MESSAGE_LAYOUT,
  type MessageRecord,
  type MessageRing,
  type OrderNews,
  type OrderRef,
  type ToWorker,
  WISHES_CAPACITY,
  type WorkerHook,
  type WorkerMessage,
  type WorkerStart,
} from "./worker-protocol.ts";
import { WorkerRefs } from "./worker-refs.ts";
import { Standings, venuesOf } from "./worker-standings.ts";
import { readWish } from "./worker-wishes.ts";

export interface WorkerPluginOptions {
  readonly entry: PluginEntry;
  readonly owner: number;
  readonly name: string;
  readonly services: HostServices;
  readonly clock: Clock;
  /** Of the run. */
  readonly seed: number;
  readonly caches: boolean;
  /** Most heap of the thread, in MB. */
  readonly memoryMb: number;
  /** The built module that the thread runs; beside this one unless told. */
  readonly workerEntry?: URL;
  /** A worker that shows no life for so long is ended, in milliseconds; default 2,000. */
  readonly hungMs?: number;
  /** Time between snapshots of its state, in milliseconds; default 1,000. */
  readonly snapshotEveryMs?: number;
  /**
   * The worker wants something: to be applied by `apply` once it is an input.
   * @param triggerNs When the market event that it answers was received, monotonic; NaN when it answers none.
   */
  readonly onMessage: (message: WorkerMessage, triggerNs: number) => void;
  /** How long its hooks took since it was last told, about once a second. */
  readonly onHookTimes?: (counts: LatencyCounts) => void;
  /** The worker has ended and is started again. */
  readonly onLost: (reason: string) => void;
  /** The worker has ended too often, or its hooks failed too often: it is to be taken out. */
  readonly onEnded: (reason: string) => void;
}

const HUNG_MS = 2_000;
const CHECKS = 8; // looks at the heartbeat within that time: all of them without a beat
const SNAPSHOT_EVERY_MS = 1_000;
const START_MS = 30_000;
const CLOSE_MS = 2_000;
const RESTARTS = 5;
const RESTARTS_WITHIN_NS = 60e9;

/** What the session does of a worker's wishes. */
export interface WishPerformers {
  readonly submit: (intent: Intent) => OrderView;
  readonly signal: (signal: Signal) => OrderView;
}

/** A thread that runs, and what connects it. */
interface Thread {
  readonly worker: Worker;
  /** How it stands: its plugin is being set up, or runs. */
  isReady: boolean;
  readonly events: EventRing;
  readonly messages: MessageRing;
  readonly notes: MessagePort;
  readonly beat: Int32Array;
  readonly feed: WorkerFeed;
  readonly stop: AbortController;
  /** Why it ends; empty while nobody knows. */
  ending: string;
  /** Told when it has closed its plugin. */
  onClosed: () => void;
}

/**
 * A plugin in a worker thread, seen from the session.
 *
 *     market events as they come in, own orders' news -> event ring -> worker: hooks of the plugin
 *       -> ring of wishes -> control inputs -> orders
 *
 * The worker is told of the market before the bus has it, and every event of it: nothing is conflated but by the ring's being full. It makes bars,
 * statistics and buffers of that itself.
 *
 * A worker that hangs, dies or outgrows its memory costs the session nothing but its own orders: the session never waits for it. It is
 * started again, with back-off, from its last snapshot; after five ends within a minute it is out.
 */
export class WorkerPlugin {
  readonly #options: WorkerPluginOptions;
  readonly #refs: WorkerRefs;
  readonly #random: Random;
  readonly #stop = new AbortController();
  readonly #standings: Standings;
  readonly #venues: readonly string[];
  readonly #holds = new Map<string, bigint>(); // as the worker was told last
  #trades: "all" | ReadonlySet<Instrument> = new Set(); // that it listens to
  #bars: "all" | ReadonlySet<Instrument> = new Set();
  #isShed = false;
  #thread: Thread | undefined;
  #snapshot: PluginSnapshot | undefined;
  #endings: number[] = []; // monotonic nanoseconds
  #restarting: Promise<void> = Promise.resolve();

  constructor(options: WorkerPluginOptions) {
    this.#options = options;
    this.#refs = new WorkerRefs();
    this.#venues = venuesOf(options.services.instruments);
    this.#standings = new Standings(this.#venues);
    this.#random = createRandom(options.seed).fork(`restarts of ${options.name}`);
  }

  /** State of the worker as it was told last; undefined before the first. Its orders' numbers are those of now. */
  get lastSnapshot(): PluginSnapshot | undefined {
    return this.#snapshot === undefined ? undefined : { ...this.#snapshot, refs: this.#refs.record() };
  }

  /** Market events that the worker was too slow for. */
  get dropped(): number {
    return this.#thread?.feed.dropped ?? 0;
  }

  /** Starts the thread and registers what feeds it. @throws {PluginBootError} When the plugin does not start in it. */
  async start(scope: Scope): Promise<void> {
    await this.#open();
    const { owner } = this.#options;
    const add = (kind: string, handler: HookEntry["handler"]) =>
      scope.hooks.push({ kind, instrument: undefined, owner, handler });
    // Whatever the plugin listens to: its views of orders live by this.
    add("order", (event: OrderEvent) => this.#onOrder(event));
    add("fill", (event: FillEvent) => this.#onFill(event));
  }

  /** A market event. @param change What a `book` event changed; undefined when the whole book is new. */
  onMarket(event: MarketEvent, change: BookChange | undefined): void {
    const thread = this.#thread;
    if (thread === undefined) return;
    const { kind, instrument } = event;
    if (kind === "trade" && !isAmong(this.#trades, instrument)) return;
    if (kind === "bar" && !isAmong(this.#bars, instrument)) return;
    thread.feed.market(event, change);
    const backlog = this.#options.services.backlog?.();
    if (backlog !== undefined) this.#standings.setBacklog(backlog);
  }

  /** While it is shed it is told of the market without being called. */
  setShed(isShed: boolean): void {
    this.#isShed = isShed;
    if (this.#thread !== undefined) this.#thread.feed.isQuiet = isShed;
  }

  /** Orders of an earlier process were taken back: a thread that was started before them is started anew. */
  endRecovery(): void {
    const known = this.#known();
    if (this.#thread !== undefined && known.some(({ clientOrderId }) => this.#refs.ref(clientOrderId) === undefined))
      this.#replace();
  }

  /** In a replay: what the thread had last sent of its state. */
  adopt(snapshot: PluginSnapshot): void {
    this.#snapshot = snapshot;
  }

  /** State for the worker to start from; before the first input. */
  hydrate(snapshot: PluginSnapshot): void {
    this.#snapshot = snapshot;
    const { services, owner } = this.#options;
    this.#refs.restore(snapshot.refs, services.openOrders(owner, undefined));
    if (this.#thread !== undefined) this.#replace();
  }

  /** Performs a wish of the worker's. In a replay, without one. */
  apply(message: WorkerMessage, { submit, signal }: WishPerformers): void {
    const { services, owner } = this.#options;
    switch (message.type) {
      case "cancel": {
        const order = this.#order(message);
        if (order !== undefined) services.cancel(order);
        return;
      }
      case "amend":
        return this.#amend(message, message.sizeLots);
      case "route":
        return services.routing?.note(owner, message.decision);
      case "submit": {
        const { ref, intent } = message;
        return this.#submit(ref, message.instrument, (instrument) => submit({ ...withProfit(intent), instrument }));
      }
      case "signal": {
        const { ref, signal: wanted } = message;
        return this.#submit(ref, message.instrument, (instrument) => signal({ ...withProfit(wanted), instrument }));
      }
    }
  }

  #submit(ref: number, id: string, submit: (instrument: Instrument) => OrderView): void {
    const instrument = this.#options.services.instruments.find((one) => one.id === id);
    if (instrument === undefined) throw new InvalidInputError(`${id} is not an instrument of this session`);
    try {
      this.#refs.add(ref, submit(instrument));
    } catch (error) {
      const none = { clientOrderId: "", venueOrderId: "", filledLots: 0 };
      const news = { ref, ...none, state: "denied", reason: reasonOf(error) } as const;
      this.#thread?.feed.note(instrument, { type: "order", news, fill: undefined, holdings: [] });
    }
  }

  #amend(ref: OrderRef, sizeLots: number): void {
    const { services } = this.#options;
    const order = this.#order(ref);
    if (order === undefined) return;
    const verdict =
      services.amend?.(order, sizeLots) ?? deny("AMEND_NOT_SUPPORTED", "orders cannot be made smaller here");
    if (!verdict.allowed)
      this.#tellOrder(order.intent.instrument, order, undefined, `${verdict.code}: ${verdict.reason}`);
  }

  #order({ ref, clientOrderId }: OrderRef): OrderView | undefined {
    const { services, owner } = this.#options;
    if (clientOrderId === undefined) return this.#refs.order(ref);
    return services.openOrders(owner, undefined).find((order) => order.clientOrderId === clientOrderId);
  }

  /** Ends the thread, with time to close, and starts no other. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#restarting;
    const thread = this.#thread;
    if (thread === undefined) return;
    this.#thread = undefined;
    const { clock } = this.#options;
    const closed = new Promise<void>((resolve) => {
      thread.onClosed = resolve;
      thread.worker.once("exit", () => resolve());
    });
    thread.worker.postMessage({ type: "close" } satisfies ToWorker);
    const enough = new AbortController();
    await Promise.race([closed, clock.sleep(CLOSE_MS, enough.signal).catch(() => undefined)]);
    enough.abort();
    await end(thread);
  }

  /** Starts a thread: it is told of the market and of its orders from here on. @throws {PluginBootError} When it does not come to run. */
  async #open(): Promise<void> {
    const { name, clock } = this.#options;
    const thread = this.#spawn();
    this.#thread = thread;
    const { worker } = thread;
    const ready = new Promise<readonly WorkerHook[]>((resolve, reject) => {
      const fail = (reason: string) => reject(workerError(name, `strategy ${name} failed in its worker: ${reason}`));
      worker.on("message", (message: FromWorker) => {
        if (message.type === "ready") resolve(message.hooks);
        else if (message.type === "failed") fail(message.reason);
        else this.#onMessage(thread, message);
      });
      worker.on("error", (error) => {
        thread.ending ||= reasonOf(error);
      });
      worker.once("exit", (code) => {
        const reason = thread.ending || `it ended with code ${code}`;
        fail(reason);
        this.#onExit(thread, reason);
      });
    });
    const enough = new AbortController();
    const late = clock.sleep(START_MS, enough.signal).then(
      () => Promise.reject(workerError(name, `the worker of strategy ${name} did not start within ${START_MS} ms`)),
      () => ready,
    );
    try {
      const hooks = await Promise.race([ready, late]);
      thread.isReady = true;
      this.#trades = wantedOf("trade", hooks, this.#options.services.instruments);
      this.#bars = wantedOf("bar", hooks, this.#options.services.instruments);
      this.#watch(thread);
    } catch (error) {
      if (this.#thread === thread) this.#thread = undefined;
      await end(thread);
      throw error;
    } finally {
      enough.abort();
      late.catch(() => undefined); // the race has told of it
    }
  }

  #spawn(): Thread {
    const { entry, name, services, memoryMb, seed, caches, workerEntry = defaultEntry(name) } = this.#options;
    const { plugin, source, config, permissions } = entry;
    if (source === undefined)
      throw workerError(name, `${name} is to run in a worker, which has to load it again: say in its entry where from`);
    const events = createSharedSpscRing({ layout: EVENT_LAYOUT, capacity: EVENTS_CAPACITY }) as EventRing;
    const messages = createSharedSpscRing({ layout: MESSAGE_LAYOUT, capacity: WISHES_CAPACITY }) as MessageRing;
    const beat = new SharedArrayBuffer(4);
    const { port1, port2 } = new MessageChannel();
    const { instruments } = services;
    const start: WorkerStart = {
      name,
      plugin: plugin.name,
      source,
      config: config ?? {},
      seed,
      caches,
      instruments,
      events: events.buffer,
      messages: messages.buffer,
      beat,
      standings: this.#standings.buffer,
      notes: port2,
      mayUseNetwork: plugin.permissions?.network === true && permissions?.network !== false,
      mayUseTimers: plugin.permissions?.timers !== false && permissions?.timers !== false,
      mayAmend: services.amend !== undefined && services.canAmend !== false,
      signals: services.signals,
      router: services.routing?.settings,
      nowUs: services.nowUs(),
      positions: instruments.map((instrument) => services.positionLots(instrument)),
      quotes: instruments.map((instrument) => {
        const { instrument: _, ...quote } = services.quote(instrument) ?? {};
        return "kind" in quote ? quote : undefined;
      }),
      holdings: this.#holdings(instruments),
      orders: this.#known().map((order) => {
        const { instrument, ...intent } = order.intent;
        return { ...newsOf(this.#refs.adopt(order), order), instrument: instruments.indexOf(instrument), intent };
      }),
      nextRef: this.#refs.next,
      snapshot: this.#snapshot,
    };
    this.#shareVenues();
    const worker = new Worker(workerEntry, {
      name: `pitlane ${name}`,
      workerData: start,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    const positionLots = (instrument: Instrument) => services.positionLots(instrument);
    const feed = new WorkerFeed({ ring: events, notes: port1, instruments, positionLots });
    feed.isQuiet = this.#isShed;
    for (const instrument of instruments) {
      const book = services.book(instrument);
      if (book !== undefined) feed.book(instrument, book);
    }
    return {
      worker,
      isReady: false,
      events,
      messages,
      notes: port1,
      beat: new Int32Array(beat),
      feed,
      stop: new AbortController(),
      ending: "",
      onClosed: () => {},
    };
  }

  #watch(thread: Thread): void {
    const hung = (reason: string) => {
      thread.ending = reason;
      void thread.worker.terminate();
    };
    void this.#takeMessages(thread);
    void this.#look(thread, hung);
    void this.#askForSnapshots(thread);
  }

  /** Looks at the heartbeat: a worker that has not beaten at any of the last looks hangs. */
  async #look({ beat, feed, stop }: Thread, hung: (reason: string) => void): Promise<void> {
    const { clock, hungMs = HUNG_MS } = this.#options;
    let seen = Atomics.load(beat, 0);
    let missed = 0;
    while (await slept(clock, hungMs / CHECKS, stop.signal)) {
      feed.flush();
      this.#shareVenues();
      this.#tellHoldings(feed);
      const now = Atomics.load(beat, 0);
      missed = now === seen ? missed + 1 : 0;
      seen = now;
      if (missed >= CHECKS) return hung(`it showed no life for ${hungMs} ms`);
      if (feed.isBehind) return hung("it does not read the news of its orders");
    }
  }

  async #askForSnapshots({ worker, stop }: Thread): Promise<void> {
    const { clock, snapshotEveryMs = SNAPSHOT_EVERY_MS } = this.#options;
    while (await slept(clock, snapshotEveryMs, stop.signal))
      worker.postMessage({ type: "snapshot" } satisfies ToWorker);
  }

  async #takeMessages({ messages, notes, stop }: Thread): Promise<void> {
    const { onMessage, services } = this.#options;
    const first = MESSAGE_LAYOUT.createRecord();
    const idOf = (ref: number) => this.#refs.order(ref)?.clientOrderId;
    const handle = (record: MessageRecord) =>
      onMessage(readWish(record, notes, services.instruments, idOf), record.triggerNs);
    try {
      while (await messages.take(first, stop.signal)) {
        handle(first);
        messages.drain(handle);
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  }

  #onMessage(thread: Thread, message: FromWorker): void {
    const { services, name, onEnded } = this.#options;
    if (message.type === "closed") return thread.onClosed();
    if (message.type === "log") services.log(name, message.message, message.level);
    else if (message.type === "snapshot") this.#snapshot = message.snapshot;
    else if (message.type === "hookTimes") this.#options.onHookTimes?.(message.counts);
    else if (message.type === "faulty") onEnded(message.reason);
  }

  #onExit(thread: Thread, reason: string): void {
    if (this.#thread !== thread || !thread.isReady) return; // one that is set up fails in `#open`
    this.#thread = undefined;
    void end(thread);
    const { clock, onLost, onEnded } = this.#options;
    const nowNs = clock.monotonicNs();
    this.#endings = [...this.#endings.filter((atNs) => nowNs - atNs < RESTARTS_WITHIN_NS), nowNs];
    if (this.#endings.length > RESTARTS)
      return onEnded(`its worker ended ${RESTARTS + 1} times in a minute: ${reason}`);
    onLost(reason);
    this.#restarting = this.#restart();
  }

  async #restart(): Promise<void> {
    const { clock, name, services, onEnded } = this.#options;
    const waitMs = backoffMs(this.#endings.length - 1, { baseMs: 200, capMs: 30_000, random: this.#random });
    if (!(await slept(clock, waitMs, this.#stop.signal))) return;
    try {
      await this.#open();
      services.log(name, "its worker runs again", "warn");
    } catch (error) {
      if (!this.#stop.signal.aborted) onEnded(`its worker did not start again: ${reasonOf(error)}`);
    }
  }

  /** A new thread in place of the present one, which did not fail. */
  #replace(): void {
    const thread = this.#thread;
    this.#thread = undefined;
    const { onEnded, services, name } = this.#options;
    this.#restarting = (async () => {
      if (thread !== undefined) await end(thread);
      await this.#open();
      services.log(name, "its worker runs with its earlier state", "info");
    })().catch((error: unknown) => onEnded(`its worker did not take its state: ${reasonOf(error)}`));
  }

  #onOrder({ instrument, order }: OrderEvent): void {
    this.#tellOrder(instrument, order, undefined);
  }

  #onFill({ instrument, order, fill: { instrument: _, ...fill } }: FillEvent): void {
    this.#tellOrder(instrument, order, fill);
  }

  #tellOrder(
    instrument: Instrument,
    order: OrderView,
    fill: Omit<FillEvent["fill"], "instrument"> | undefined,
    reason = order.reason,
  ): void {
    const thread = this.#thread;
    if (thread === undefined) return; // its next one is told all that is open
    const isNew = this.#refs.ref(order.clientOrderId) === undefined;
    const ref = this.#refs.adopt(order);
    const { instrument: _, ...intent } = order.intent;
    const news = { ...newsOf(ref, order), reason, ...(isNew && { intent }) };
    this.#shareVenues();
    thread.feed.note(instrument, { type: "order", news, fill, holdings: this.#holdings([instrument]) });
    if (!order.isOpen) this.#refs.finish(ref);
  }

  #shareVenues(): void {
    const { routing } = this.#options.services;
    if (routing === undefined) return;
    for (const venue of this.#venues)
      this.#standings.setVenue(venue, routing.latencyNs(venue), routing.hasUnknown(venue));
  }

  /** Fills of others change what the account holds. */
  #tellHoldings(feed: WorkerFeed): void {
    const { instruments } = this.#options.services;
    const [first] = instruments;
    if (first === undefined) return;
    const told = new Map(this.#holds);
    const changed = this.#holdings(instruments).filter(([asset, units]) => told.get(asset) !== units);
    if (changed.length > 0) feed.note(first, { type: "holdings", holdings: changed });
  }

  #holdings(instruments: readonly Instrument[]): readonly Holding[] {
    const assets = new Set(instruments.flatMap(({ base, quote }) => [base, quote]));
    const holdings = [...assets].map((asset): Holding => [asset, this.#options.services.balance(asset)]);
    for (const [asset, units] of holdings) this.#holds.set(asset, units);
    return holdings;
  }

  /** Orders of the plugin's that it can ask for: what is open, and what has a tag and is still known. */
  #known(): readonly OrderView[] {
    const { services, owner } = this.#options;
    const tagged = services.ordersTagged?.(owner, "") ?? [];
    return [...new Set([...tagged, ...services.openOrders(owner, undefined)])];
  }
}

/**
 * A plugin that runs in a worker; it is started by `start`.
 *
 * @throws {PluginBootError} When it needs or provides capabilities: handles cannot cross threads.
 */
export function createWorkerPlugin(options: WorkerPluginOptions): WorkerPlugin {
  const { requires, optional, provides } = options.entry.plugin;
  if (requires.length + optional.length + provides.length > 0)
    throw workerError(
      options.name,
      `${options.name} shares capabilities, which cannot cross threads: run it in the session's thread`,
    );
  return new WorkerPlugin(options);
}

function newsOf(ref: number, order: OrderView): OrderNews {
  const { clientOrderId, venueOrderId, state, filledLots, reason, intent, sizeLots: nowLots } = order;
  const { type, sizeLots, priceTicks, timeInForce } = intent;
  const terms = {
    type,
    sizeLots,
    nowLots,
    ...(priceTicks === undefined ? {} : { priceTicks }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
  };
  return { ref, clientOrderId, venueOrderId, state, filledLots, reason, terms };
}

/** Terms as a message has them. */
function withProfit<Terms extends { readonly expectedProfit?: string }>({ expectedProfit, ...terms }: Terms) {
  return { ...terms, ...(expectedProfit !== undefined && { expectedProfit: BigInt(expectedProfit) }) };
}

function wantedOf(
  kind: WorkerHook["kind"],
  hooks: readonly WorkerHook[],
  instruments: readonly Instrument[],
): "all" | ReadonlySet<Instrument> {
  const indexes = hooks.filter((hook) => hook.kind === kind).map(({ instrument }) => instrument);
  return indexes.includes(EVERY_INSTRUMENT) ? "all" : new Set(indexes.map((index) => instruments[index]!));
}

function isAmong(wanted: "all" | ReadonlySet<Instrument>, instrument: Instrument): boolean {
  return wanted === "all" || wanted.has(instrument);
}

function workerError(name: string, message: string): PluginBootError {
  return new PluginBootError("PLUGIN_WORKER", message, { path: [name], fix: "" });
}

/** True after `ms`; false as soon as the signal aborts. */
async function slept(clock: Pick<Clock, "sleep">, ms: number, signal: AbortSignal): Promise<boolean> {
  return clock.sleep(ms, signal).then(
    () => !signal.aborted,
    () => false,
  );
}

async function end(thread: Thread): Promise<void> {
  thread.stop.abort();
  thread.events.close();
  thread.messages.close();
  await thread.worker.terminate();
  thread.notes.close();
}

/** Built, this code stands in dist/ beside the thread's program. */
function defaultEntry(name: string): URL {
  if (import.meta.url.endsWith(".ts"))
    throw workerError(
      name,
      "a worker runs the built package, and this is its source: build it, or name the built module",
    );
  return new URL("./plugin-worker.js", import.meta.url);
}
