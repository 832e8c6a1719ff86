import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { type Clock, createRandom, InvalidInputError, type Random } from "@pitlane/perf";
import { backoffMs } from "@pitlane/perf/flow";
import type { LatencyCounts } from "@pitlane/perf/metrics";
import { createSharedSpscRing } from "@pitlane/perf/ring";
import type { Instrument, MarketEvent } from "@pitlane/sdk";
import type { FillEvent, OrderEvent } from "../bus/events.ts";
import type { HookEntry } from "../hooks/kinds.ts";
import type { Intent, OrderView } from "../orders/order.ts";
import { PluginBootError, reasonOf } from "./errors.ts";
import type { PluginEntry } from "./host.ts";
import type { Scope } from "./scope.ts";
import type { HostServices } from "./services.ts";
import type { PluginSnapshot } from "./snapshot.ts";
import { WorkerFeed } from "./worker-feed.ts";
import {
  EVENT_LAYOUT,
  EVERY_INSTRUMENT,
  type EventRing,
  type FromWorker,
  type Holding,
  MESSAGE_LAYOUT,
  type MessageRecord,
  type MessageRing,
  type OrderNews,
  RING_CAPACITY,
  SIDES,
  SUBMIT,
  TIMES_IN_FORCE,
  type ToWorker,
  TYPES,
  type WorkerHook,
  type WorkerMessage,
  type WorkerStart,
} from "./worker-protocol.ts";
import { WorkerRefs } from "./worker-refs.ts";

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
  /** The worker wants something: to be applied by `apply` once it is an input. */
  readonly onMessage: (message: WorkerMessage) => void;
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

/** A thread that runs, and what connects it. */
interface Thread {
  readonly worker: Worker;
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
 *     hooks of the session -> event ring -> worker: hooks of the plugin -> message ring -> control inputs -> orders
 *
 * A worker that hangs, dies or outgrows its memory costs the session nothing but its own orders: the session never waits for it. It is
 * started again, with back-off, from its last snapshot; after five ends within a minute it is out.
 */
export class WorkerPlugin {
  readonly #options: WorkerPluginOptions;
  readonly #refs: WorkerRefs;
  readonly #random: Random;
  readonly #stop = new AbortController();
  #thread: Thread | undefined;
  #snapshot: PluginSnapshot | undefined;
  #endings: number[] = []; // monotonic nanoseconds
  #restarting: Promise<void> = Promise.resolve();

  constructor(options: WorkerPluginOptions) {
    this.#options = options;
    this.#refs = new WorkerRefs();
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
    const hooks = await this.#open();
    const { owner, services } = this.#options;
    const add = (kind: string, instrument: Instrument | undefined, handler: HookEntry["handler"]) =>
      scope.hooks.push({ kind, instrument, owner, handler });
    const fed = new Set<string>(); // once each: the worker itself calls every hook of its own
    for (const { kind, instrument, every } of hooks.toSorted((a, b) => a.instrument - b.instrument)) {
      if (kind === "order" || kind === "fill") continue;
      const one = instrument === EVERY_INSTRUMENT ? undefined : services.instruments[instrument];
      if (every !== undefined)
        for (const market of one === undefined ? services.instruments : [one]) services.feeds?.bars(market, every);
      if (fed.has(`${kind} ${EVERY_INSTRUMENT}`) || fed.has(`${kind} ${instrument}`)) continue;
      fed.add(`${kind} ${instrument}`);
      add(kind, one, (event: MarketEvent) => this.#thread?.feed.market(event));
    }
    // Whatever the plugin listens to: its views of orders live by this.
    add("order", undefined, (event: OrderEvent) => this.#onOrder(event));
    add("fill", undefined, (event: FillEvent) => this.#onFill(event));
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
  apply(message: WorkerMessage, submit: (intent: Intent) => OrderView): void {
    const { services } = this.#options;
    if (message.type === "cancel") {
      const order = this.#refs.order(message.ref);
      if (order !== undefined) services.cancel(order);
      return;
    }
    const instrument = services.instruments.find(({ id }) => id === message.instrument);
    if (instrument === undefined)
      throw new InvalidInputError(`${message.instrument} is not an instrument of this session`);
    const intent: Intent = { ...message.intent, instrument };
    try {
      this.#refs.add(message.ref, submit(intent));
    } catch (error) {
      const reason = reasonOf(error);
      const news = {
        ref: message.ref,
        clientOrderId: "",
        venueOrderId: "",
        state: "denied",
        filledLots: 0,
        reason,
      } as const;
      this.#thread?.feed.note(instrument, { type: "order", news, fill: undefined, holdings: [] });
    }
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

  /** A thread that is set up; what it listens to. @throws {PluginBootError} When it does not come so far. */
  async #open(): Promise<readonly WorkerHook[]> {
    const { name, clock } = this.#options;
    const thread = this.#spawn();
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
      this.#thread = thread;
      this.#watch(thread);
      return hooks;
    } catch (error) {
      await end(thread);
      throw error;
    } finally {
      enough.abort();
      late.catch(() => undefined); // the race has told of it
    }
  }

  #spawn(): Thread {
    const { entry, name, services, memoryMb, seed, caches, owner, workerEntry = defaultEntry(name) } = this.#options;
    const { plugin, source, config, permissions } = entry;
    if (source === undefined)
      throw workerError(name, `${name} is to run in a worker, which has to load it again: say in its entry where from`);
    const events = createSharedSpscRing({ layout: EVENT_LAYOUT, capacity: RING_CAPACITY }) as EventRing;
    const messages = createSharedSpscRing({ layout: MESSAGE_LAYOUT, capacity: RING_CAPACITY }) as MessageRing;
    const beat = new SharedArrayBuffer(4);
    const { port1, port2 } = new MessageChannel();
    const indexes = new Map(services.instruments.map((instrument, index) => [instrument, index]));
    const open = services.openOrders(owner, undefined);
    const start: WorkerStart = {
      name,
      plugin: plugin.name,
      source,
      config: config ?? {},
      seed,
      caches,
      instruments: services.instruments,
      events: events.buffer,
      messages: messages.buffer,
      beat,
      notes: port2,
      mayUseNetwork: plugin.permissions?.network === true && permissions?.network !== false,
      mayUseTimers: plugin.permissions?.timers !== false && permissions?.timers !== false,
      nowUs: services.nowUs(),
      positions: services.instruments.map((instrument) => services.positionLots(instrument)),
      holdings: this.#holdings(services.instruments),
      orders: this.#refs.known(open).map(([ref, order]) => {
        const { instrument, ...intent } = order.intent;
        return { ...newsOf(ref, order), instrument: indexes.get(instrument)!, intent };
      }),
      nextRef: this.#refs.next,
      snapshot: this.#snapshot,
    };
    const worker = new Worker(workerEntry, {
      name: `pitlane ${name}`,
      workerData: start,
      transferList: [port2],
      resourceLimits: { maxOldGenerationSizeMb: memoryMb },
    });
    const feed = new WorkerFeed(events, port1, services.instruments, (instrument) => services.positionLots(instrument));
    return {
      worker,
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

  async #takeMessages({ messages, stop }: Thread): Promise<void> {
    const first = MESSAGE_LAYOUT.createRecord();
    const handle = (record: MessageRecord) => this.#options.onMessage(this.#toMessage(record));
    try {
      while (await messages.take(first, stop.signal)) {
        handle(first);
        messages.drain(handle);
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    }
  }

  #toMessage(record: MessageRecord): WorkerMessage {
    const { kind, ref, instrument, side, type, timeInForce, priceTicks, sizeLots } = record;
    if (kind !== SUBMIT) return { type: "cancel", ref };
    const force = TIMES_IN_FORCE[timeInForce];
    const intent = {
      side: SIDES[side]!,
      type: TYPES[type]!,
      sizeLots,
      ...(Number.isNaN(priceTicks) ? {} : { priceTicks }),
      ...(force === undefined ? {} : { timeInForce: force }),
      ...(Number.isNaN(record.priority) ? {} : { priority: record.priority }),
      ...(Number.isNaN(record.confidence) ? {} : { confidence: record.confidence }),
      ...(Number.isNaN(record.maxLatencyMs) ? {} : { maxLatencyMs: record.maxLatencyMs }),
      ...(record.reduceOnly === 1 ? { reduceOnly: true } : {}),
    };
    return { type: "submit", ref, instrument: this.#options.services.instruments[instrument]!.id, intent };
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
    if (this.#thread !== thread) return;
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

  #tellOrder(instrument: Instrument, order: OrderView, fill: Omit<FillEvent["fill"], "instrument"> | undefined): void {
    const ref = this.#refs.ref(order.clientOrderId);
    if (ref === undefined) return;
    const news = newsOf(ref, order);
    this.#thread?.feed.note(instrument, { type: "order", news, fill, holdings: this.#holdings([instrument]) });
    if (!order.isOpen) this.#refs.finish(ref);
  }

  #holdings(instruments: readonly Instrument[]): readonly Holding[] {
    const assets = new Set(instruments.flatMap(({ base, quote }) => [base, quote]));
    return [...assets].map((asset) => [asset, this.#options.services.balance(asset)]);
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

function newsOf(ref: number, { clientOrderId, venueOrderId, state, filledLots, reason, intent }: OrderView): OrderNews {
  const { type, sizeLots, priceTicks, timeInForce } = intent;
  const terms = {
    type,
    sizeLots,
    ...(priceTicks === undefined ? {} : { priceTicks }),
    ...(timeInForce === undefined ? {} : { timeInForce }),
  };
  return { ref, clientOrderId, venueOrderId, state, filledLots, reason, terms };
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
