import { type EventLoopUtilization, performance } from "node:perf_hooks";
import { getHeapStatistics } from "node:v8";
import type { Clock } from "../clock.ts";
import { InvalidInputError, inRange, integerInRange } from "../errors.ts";
import { type CpuReading, type CpuUse, cpuUse } from "./cpu.ts";
import { type LoopDelay, watchLoopDelay } from "./event-loop.ts";
import { type GcPause, type GcReading, GcTally, observeGc } from "./gc.ts";
import { type MemoryUse, memoryUse } from "./memory.ts";

const DEFAULT_RSS_LIMIT_BYTES = 512 * 2 ** 20;
const DEFAULT_RESOLUTION_MS = 50;

/** One sample: what happened since the last one, or since the monitor was made, and what holds now. Plain data. */
export interface ProcessSample {
  /** When it was taken, microseconds since the Unix epoch. */
  readonly atUs: number;
  /** Time it covers, milliseconds. */
  readonly periodMs: number;
  readonly loopDelay: LoopDelay;
  /** Share of the period that the event loop was busy, 0 to 100. */
  readonly loopPercent: number;
  readonly gc: GcReading;
  readonly memory: MemoryUse;
  readonly cpu: CpuUse;
  /** What keeps the process alive now, counted by type: `{ TCPSocketWrap: 3, Timeout: 1 }`. */
  readonly activeResources: Readonly<Record<string, number>>;
}

/** Where a monitor reads; `createProcessMonitor` gives those of this process. */
export interface ProcessSources {
  /** Lateness of the loop since the last call. */
  readonly takeLoopDelay: () => LoopDelay;
  /** Idle and active time of the loop since it started. */
  readonly loopUtilization: () => Pick<EventLoopUtilization, "idle" | "active">;
  /** Pauses since the last call. */
  readonly takeGc: () => GcReading;
  readonly memoryUsage: () => Pick<NodeJS.MemoryUsage, "heapUsed" | "rss" | "external">;
  readonly heapLimitBytes: () => number;
  /** CPU time since the process started, microseconds. */
  readonly cpuUsage: () => NodeJS.CpuUsage;
  readonly activeResources: () => readonly string[];
  /** Calls `run` every `intervalMs` without keeping the process alive, until the function it returns is called. */
  readonly every: (intervalMs: number, run: () => void) => () => void;
  /** Stops what the readings cost between samples. */
  readonly close: () => void;
}

export interface ProcessMonitorOptions {
  readonly clock: Pick<Clock, "nowUs" | "monotonicNs">;
  /** RSS that counts as 100 %, bytes; at least 1. Default 512 MiB. */
  readonly rssLimitBytes?: number;
}

/**
 * Samples the event loop, the collector, memory, CPU and open handles of a process.
 *
 * Every sample covers the time since the one before, so a monitor has one reader: several would each see a part. It
 * covers the thread that made it, but CPU and RSS, which the system counts, are of the whole process.
 *
 * @example
 * const monitor = createProcessMonitor({ clock: createSystemClock() });
 * monitor.start(1_000, (sample) => console.log(sample.loopDelay.p99Us, "us"));
 * // ...
 * monitor.close();
 */
export class ProcessMonitor {
  readonly #clock: Pick<Clock, "nowUs" | "monotonicNs">;
  readonly #rssLimitBytes: number;
  readonly #sources: ProcessSources;
  #lastCpu: CpuReading;
  #lastLoop: Pick<EventLoopUtilization, "idle" | "active">;
  #stopTimer: (() => void) | undefined;

  /** @throws {InvalidInputError} When `rssLimitBytes` is out of range. */
  constructor({ clock, rssLimitBytes = DEFAULT_RSS_LIMIT_BYTES }: ProcessMonitorOptions, sources: ProcessSources) {
    this.#rssLimitBytes = inRange("rssLimitBytes", rssLimitBytes, 1, Number.MAX_SAFE_INTEGER);
    this.#clock = clock;
    this.#sources = sources;
    this.#lastCpu = this.#readCpu();
    this.#lastLoop = sources.loopUtilization();
  }

  /** Reads everything now. */
  sample(): ProcessSample {
    const sources = this.#sources;
    const cpu = this.#readCpu();
    const loop = sources.loopUtilization();
    const sample: ProcessSample = {
      atUs: this.#clock.nowUs(),
      periodMs: (cpu.atNs - this.#lastCpu.atNs) / 1e6,
      loopDelay: sources.takeLoopDelay(),
      loopPercent: busyPercent(this.#lastLoop, loop),
      gc: sources.takeGc(),
      memory: memoryUse(sources.memoryUsage(), sources.heapLimitBytes(), this.#rssLimitBytes),
      cpu: cpuUse(this.#lastCpu, cpu),
      activeResources: countByName(sources.activeResources()),
    };
    this.#lastCpu = cpu;
    this.#lastLoop = loop;
    return sample;
  }

  /**
   * Gives `onSample` a sample every `intervalMs` milliseconds; does not keep the process alive.
   *
   * @param intervalMs 10 to 3,600,000.
   * @throws {InvalidInputError} When `intervalMs` is out of range or the monitor runs already.
   */
  start(intervalMs: number, onSample: (sample: ProcessSample) => void): void {
    inRange("intervalMs", intervalMs, 10, 3_600_000);
    if (this.#stopTimer !== undefined) throw new InvalidInputError("the monitor is started already; stop it first");
    this.#stopTimer = this.#sources.every(intervalMs, () => onSample(this.sample()));
  }

  /** Ends what `start` began; `sample` and `start` can be called again. Harmless when not started. */
  stop(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** Stops, and ends watching the loop and the collector: later samples show 0 for both. */
  close(): void {
    this.stop();
    this.#sources.close();
  }

  #readCpu(): CpuReading {
    const { user, system } = this.#sources.cpuUsage();
    return { userUs: user, systemUs: system, atNs: this.#clock.monotonicNs() };
  }
}

/** What `createProcessMonitor` takes beside the monitor's own options. */
export interface ProcessWatchOptions extends ProcessMonitorOptions {
  /** How often the loop's lateness is probed, 1 to 1,000 ms; default 50. Finer costs more: every probe wakes the process. */
  readonly delayResolutionMs?: number;
  /** Told of each pause of the collector, in a later turn of the event loop. */
  readonly onGcPause?: (pause: GcPause) => void;
}

/**
 * A monitor of this process and this thread's event loop; watching begins at once and ends at `close`.
 *
 * @throws {InvalidInputError} When an option is out of range.
 */
export function createProcessMonitor({
  delayResolutionMs = DEFAULT_RESOLUTION_MS,
  onGcPause,
  ...options
}: ProcessWatchOptions): ProcessMonitor {
  integerInRange("delayResolutionMs", delayResolutionMs, 1, 1_000);
  inRange("rssLimitBytes", options.rssLimitBytes ?? DEFAULT_RSS_LIMIT_BYTES, 1, Number.MAX_SAFE_INTEGER);
  const loopDelay = watchLoopDelay(delayResolutionMs);
  const pauses = new GcTally();
  const stopGc = observeGc(pauses, onGcPause);
  return new ProcessMonitor(options, {
    takeLoopDelay: loopDelay.take,
    loopUtilization: () => performance.eventLoopUtilization(),
    takeGc: () => pauses.take(),
    memoryUsage: () => process.memoryUsage(),
    heapLimitBytes: () => getHeapStatistics().heap_size_limit,
    cpuUsage: () => process.cpuUsage(),
    activeResources: () => process.getActiveResourcesInfo(),
    every: (intervalMs, run) => {
      const timer = setInterval(run, intervalMs);
      timer.unref();
      return () => clearInterval(timer);
    },
    close: () => {
      loopDelay.close();
      stopGc();
    },
  });
}

function busyPercent(
  from: Pick<EventLoopUtilization, "idle" | "active">,
  to: Pick<EventLoopUtilization, "idle" | "active">,
): number {
  const active = to.active - from.active;
  const whole = active + to.idle - from.idle;
  return whole <= 0 ? 0 : (active / whole) * 100;
}

function countByName(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
