import { MessageChannel, type MessagePort, Worker } from "node:worker_threads";
import { createSharedSpscRing } from "@pitlane/perf/ring";
import type { Instrument } from "@pitlane/sdk";
import type { PluginEntry } from "./entry.ts";
import { PluginBootError } from "./errors.ts";
import type { HostServices } from "./services.ts";
import type { PluginSnapshot } from "./snapshot.ts";
import type { WorkerDesk } from "./worker-desk.ts";
import { WorkerFeed } from "./worker-feed.ts";
import {
  EVENT_LAYOUT,
  EVENTS_CAPACITY,
  type EventRing,
  MESSAGE_LAYOUT,
  type MessageRing,
  WISHES_CAPACITY,
  type WorkerStart,
} from "./worker-protocol.ts";

/** What a plugin's threads have in common, however often it is started. */
export interface ThreadOptions {
  readonly entry: PluginEntry;
  readonly name: string;
  readonly services: HostServices;
  /** Of the run. */
  readonly seed: number;
  readonly caches: boolean;
  /** Most heap of the thread, in MB. */
  readonly memoryMb: number;
  /** The built module that the thread runs; beside this one unless told. */
  readonly workerEntry?: URL;
}

/** A thread that runs, and what connects it. */
export interface Thread {
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

/** What a new thread begins with. */
export interface Beginning {
  readonly orders: ReturnType<WorkerDesk["start"]>;
  readonly snapshot: PluginSnapshot | undefined;
  readonly isShed: boolean;
}

/** Starts a thread of a plugin, and the rings and ports to it. @throws {PluginBootError} When there is nothing that it could load. */
export function spawnThread(options: ThreadOptions, { orders, snapshot, isShed }: Beginning): Thread {
  const { entry, name, services, memoryMb, seed, caches, workerEntry = defaultEntry(name) } = options;
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
    notes: port2,
    mayUseNetwork: plugin.permissions?.network === true && permissions?.network !== false,
    mayUseTimers: plugin.permissions?.timers !== false && permissions?.timers !== false,
    mayAmend: services.amend !== undefined && services.canAmend !== false,
    signals: services.signals,
    router: services.routing?.settings,
    reserveFeeBps: services.routing?.reserveFeeBps ?? 0,
    nowUs: services.nowUs(),
    positions: instruments.map((instrument) => services.positionLots(instrument)),
    quotes: instruments.map((instrument) => {
      const { instrument: _, ...quote } = services.quote(instrument) ?? {};
      return "kind" in quote ? quote : undefined;
    }),
    ...orders,
    snapshot,
  };
  const worker = new Worker(workerEntry, {
    name: `pitlane ${name}`,
    workerData: start,
    transferList: [port2],
    resourceLimits: { maxOldGenerationSizeMb: memoryMb },
  });
  const positionLots = (instrument: Instrument) => services.positionLots(instrument);
  const feed = new WorkerFeed({ ring: events, notes: port1, instruments, positionLots });
  feed.isQuiet = isShed;
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

/** Ends a thread at once. */
export async function endThread(thread: Thread): Promise<void> {
  thread.stop.abort();
  thread.events.close();
  thread.messages.close();
  await thread.worker.terminate();
  thread.notes.close();
}

export function workerError(name: string, message: string): PluginBootError {
  return new PluginBootError("PLUGIN_WORKER", message, { path: [name], fix: "" });
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
