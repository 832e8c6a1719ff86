import { type Clock, createRandom, type Random } from "@pitlane/perf";
import { backoffMs } from "@pitlane/perf/flow";
import type { LatencyCounts } from "@pitlane/perf/metrics";
import type { BookChange, Instrument, MarketEvent } from "@pitlane/sdk";
import type { FillEvent, OrderEvent } from "../bus/events.ts";
import type { HookEntry } from "../hooks/kinds.ts";
import { reasonOf } from "./errors.ts";
import type { Scope } from "./scope.ts";
import type { PluginSnapshot } from "./snapshot.ts";
import { type WishPerformers, WorkerDesk } from "./worker-desk.ts";
import {
  EVERY_INSTRUMENT,
  type FromWorker,
  MESSAGE_LAYOUT,
  type MessageRecord,
  type ToWorker,
  type WorkerHook,
  type WorkerMessage,
} from "./worker-protocol.ts";
import { endThread, spawnThread, type Thread, type ThreadOptions, workerError } from "./worker-spawn.ts";
import { readWish } from "./worker-wishes.ts";

export interface WorkerPluginOptions extends ThreadOptions {
  readonly owner: number;
  readonly clock: Clock;
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
  readonly #desk: WorkerDesk;
  readonly #random: Random;
  readonly #stop = new AbortController();
  #trades: "all" | ReadonlySet<Instrument> = new Set(); // that it listens to
  #bars: "all" | ReadonlySet<Instrument> = new Set();
  #isShed = false;
  #thread: Thread | undefined;
  #snapshot: PluginSnapshot | undefined;
  #endings: number[] = []; // monotonic nanoseconds
  #restarting: Promise<void> = Promise.resolve();

  constructor(options: WorkerPluginOptions) {
    this.#options = options;
    const { owner, services } = options;
    this.#desk = new WorkerDesk({ owner, services, feed: () => this.#thread?.feed });
    this.#random = createRandom(options.seed).fork(`restarts of ${options.name}`);
  }

  /** State of the worker as it was told last; undefined before the first. Its orders' numbers are those of now. */
  get lastSnapshot(): PluginSnapshot | undefined {
    return this.#snapshot === undefined ? undefined : { ...this.#snapshot, refs: this.#desk.record() };
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
    add("order", (event: OrderEvent) => this.#desk.onOrder(event));
    add("fill", (event: FillEvent) => this.#desk.onFill(event));
  }

  /** A market event. @param change What a `book` event changed; undefined when the whole book is new. */
  onMarket(event: MarketEvent, change: BookChange | undefined): void {
    const thread = this.#thread;
    if (thread === undefined) return;
    const { kind, instrument } = event;
    if (kind === "trade" && !isAmong(this.#trades, instrument)) return;
    if (kind === "bar" && !isAmong(this.#bars, instrument)) return;
    thread.feed.market(event, change);
    this.#desk.shareBacklog();
  }

  /** While it is shed it is told of the market without being called. */
  setShed(isShed: boolean): void {
    this.#isShed = isShed;
    if (this.#thread !== undefined) this.#thread.feed.isQuiet = isShed;
  }

  /** Orders of an earlier process were taken back: a thread that was started before them is started anew. */
  endRecovery(): void {
    if (this.#thread !== undefined && this.#desk.hasUntold) this.#replace();
  }

  /** In a replay: what the thread had last sent of its state. */
  adopt(snapshot: PluginSnapshot): void {
    this.#snapshot = snapshot;
  }

  /** State for the worker to start from; before the first input. */
  hydrate(snapshot: PluginSnapshot): void {
    this.#snapshot = snapshot;
    this.#desk.restore(snapshot.refs);
    if (this.#thread !== undefined) this.#replace();
  }

  /** Performs a wish of the worker's. In a replay, without one. */
  apply(message: WorkerMessage, performers: WishPerformers): void {
    this.#desk.apply(message, performers);
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
    await endThread(thread);
  }

  /** Starts a thread: it is told of the market and of its orders from here on. @throws {PluginBootError} When it does not come to run. */
  async #open(): Promise<void> {
    const { name, clock } = this.#options;
    const thread = spawnThread(this.#options, {
      orders: this.#desk.start(),
      snapshot: this.#snapshot,
      isShed: this.#isShed,
    });
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
      await endThread(thread);
      throw error;
    } finally {
      enough.abort();
      late.catch(() => undefined); // the race has told of it
    }
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
      this.#desk.refresh();
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
    const idOf = (ref: number) => this.#desk.idOf(ref);
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
    void endThread(thread);
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
      if (thread !== undefined) await endThread(thread);
      await this.#open();
      services.log(name, "its worker runs with its earlier state", "info");
    })().catch((error: unknown) => onEnded(`its worker did not take its state: ${reasonOf(error)}`));
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

/** True after `ms`; false as soon as the signal aborts. */
async function slept(clock: Pick<Clock, "sleep">, ms: number, signal: AbortSignal): Promise<boolean> {
  return clock.sleep(ms, signal).then(
    () => !signal.aborted,
    () => false,
  );
}
