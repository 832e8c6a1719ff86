import { availableParallelism } from "node:os";
import type { ResourceLimits, Transferable } from "node:worker_threads";
import type { Clock } from "../clock.ts";
import { inRange, integerInRange } from "../errors.ts";
import { ClosedError } from "../flow/errors.ts";
import { Semaphore } from "../flow/semaphore.ts";
import { LatencyHistogram, type LatencySummary } from "../metrics/latency-histogram.ts";
import { TaskTimeoutError } from "./errors.ts";
import { TaskThread } from "./task-thread.ts";

export interface WorkerPoolOptions {
  /** A JavaScript module whose default export takes a task and gives its result, or a promise of it. */
  readonly file: URL;
  /** Threads at most, 1 to 256; as many as the machine has cores unless told. They start when first needed. May be changed later. */
  readonly workers?: number;
  /** Tasks that may wait for a thread; 0 to 1e6, 1,000 unless told. More are refused. */
  readonly maxQueue?: number;
  /** A thread without a task for so long ends, in milliseconds; 0 to 86,400,000, 30,000 unless told. */
  readonly idleTimeoutMs?: number;
  /** Longest run of a task, the start of its thread but not its wait included, in milliseconds; 1 to 86,400,000, no limit unless told. */
  readonly taskTimeoutMs?: number;
  /**
   * Memory of each thread, as `node:worker_threads` takes it. A thread that exceeds it crashes, and only it.
   * `maxYoungGenerationSizeMb`, 0 to 4,096, may be changed later.
   */
  readonly resourceLimits?: ResourceLimits;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
}

export interface RunOptions {
  /** What moves to the thread instead of being copied: array buffers, say. The caller has it no more. */
  readonly transfer?: readonly Transferable[];
}

/** How a worker pool fares. Latencies are of all tasks that were given a thread, however they ended. */
export interface WorkerPoolStats {
  readonly queued: number;
  readonly running: number;
  readonly completed: number;
  /** Tasks that threw, timed out, were aborted while they ran, or lost their thread. */
  readonly failed: number;
  /** From `run` to the start on a thread. */
  readonly waited: LatencySummary;
  /** From there to the result, transfers included. */
  readonly ran: LatencySummary;
  /** Share of all threads' time that went into tasks, since the pool was made; 0 to 1. */
  readonly utilisation: number;
}

/**
 * Starts a pool of worker threads for work that keeps a core busy. Threads are piscina's, which is loaded here and not before.
 *
 * @throws {InvalidInputError} When a number is out of range.
 * @example
 * const pool = await createWorkerPool<Float64Array, number>({ file: new URL("./vwap.mjs", import.meta.url), clock });
 * const vwap = await pool.run(columns, { transfer: [columns.buffer] }, signal);
 * await pool.close();
 */
export async function createWorkerPool<Task, Result>(options: WorkerPoolOptions): Promise<WorkerPool<Task, Result>> {
  const { file, workers = availableParallelism(), idleTimeoutMs = 30_000, resourceLimits = {} } = options;
  const { maxYoungGenerationSizeMb = 0, ...otherLimits } = resourceLimits;
  validWorkers(workers);
  validYoungGeneration("resourceLimits.maxYoungGenerationSizeMb", maxYoungGenerationSizeMb);
  inRange("idleTimeoutMs", idleTimeoutMs, 0, 86_400_000);
  const { default: piscina } = await import("piscina"); // by its default export, which its CommonJS build has as well
  const start = (youngGenerationMb: number) => {
    const threads = new piscina.Piscina<Task, Result>({
      filename: file.href,
      minThreads: 0,
      maxThreads: 1,
      idleTimeout: idleTimeoutMs,
      recordTiming: false,
      resourceLimits:
        youngGenerationMb === 0 ? otherLimits : { ...otherLimits, maxYoungGenerationSizeMb: youngGenerationMb },
    });
    return new TaskThread(threads, youngGenerationMb);
  };
  return new WorkerPool({ ...options, workers }, maxYoungGenerationSizeMb, start);
}

/**
 * Runs tasks on worker threads, in the order they came. Made by `createWorkerPool`.
 *
 * Tasks and results are copied between threads; what is listed in `transfer` moves. A task costs some 25 us beside its work:
 * for less than a tenth of a millisecond of work it does not pay. A task that crashes its thread fails alone, and the
 * next one gets a new thread. Between tasks a thread sleeps and does not turn its event loop: a task must await what it began.
 */
export class WorkerPool<Task, Result> {
  readonly #start: (youngGenerationMb: number) => TaskThread<Task, Result>;
  readonly #gate: Semaphore;
  readonly #taskTimeoutMs: number | undefined;
  readonly #clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly #threads: TaskThread<Task, Result>[] = [];
  readonly #idle: TaskThread<Task, Result>[] = []; // a stack, so that threads not needed stay idle long enough to end
  readonly #retiring = new Set<Promise<void>>(); // ends of threads that are no longer among the others
  readonly #waited = new LatencyHistogram();
  readonly #ran = new LatencyHistogram();
  #youngGenerationMb: number;
  #offeredNs = 0; // time of all threads up to `#resizedNs`, whether used or not
  #resizedNs: number;
  #unfinished = 0;
  #failed = 0;
  #busyNs = 0; // ends of tasks minus their starts: add "now" for each that runs
  #closed: Promise<void> | undefined;
  #isCutOff = false;
  #onFinished: (() => void) | undefined;

  /** @internal Use `createWorkerPool`. @throws {InvalidInputError} When a number is out of range. */
  constructor(
    options: WorkerPoolOptions & { readonly workers: number },
    youngGenerationMb: number,
    start: (youngGenerationMb: number) => TaskThread<Task, Result>,
  ) {
    const { workers, maxQueue = 1_000, taskTimeoutMs, clock } = options;
    this.#gate = new Semaphore({ permits: workers, maxWaiting: integerInRange("maxQueue", maxQueue, 0, 1e6) });
    if (taskTimeoutMs !== undefined) inRange("taskTimeoutMs", taskTimeoutMs, 1, 86_400_000);
    this.#taskTimeoutMs = taskTimeoutMs;
    this.#youngGenerationMb = youngGenerationMb;
    this.#start = start;
    this.#clock = clock;
    this.#resizedNs = clock.monotonicNs();
  }

  /**
   * Threads at most, 1 to 256. May be set at any time: with a larger number queued tasks start at once; with a smaller one
   * surplus threads end as soon as they are idle, and no task is cut off.
   *
   * @throws {InvalidInputError} When set out of range; nothing has changed then.
   */
  get workers(): number {
    return this.#gate.permits;
  }

  set workers(workers: number) {
    validWorkers(workers);
    const nowNs = this.#clock.monotonicNs();
    this.#offeredNs = this.#offeredUntil(nowNs);
    this.#resizedNs = nowNs;
    this.#gate.permits = workers;
    while (this.#threads.length > workers) {
      const longestIdle = this.#idle.shift();
      if (longestIdle === undefined) return; // the others leave after their tasks
      this.#retire(longestIdle);
    }
  }

  /**
   * Largest young generation of each thread's heap, where new objects are made, in MB; 0 to 4,096. 0 leaves it to V8, which takes
   * 48 when there is memory enough (Node 20). V8 rounds a third of it up to a power of two: 3, 6, 12, 24 and so on differ, and
   * nothing between.
   *
   * May be set at any time, for threads started from then on. Idle ones end at once and busy ones after their task; the tasks
   * that then find no thread wait for the start of one. Those that end may overlap for some milliseconds with those that start.
   *
   * @throws {InvalidInputError} When set out of range; nothing has changed then.
   */
  get youngGenerationMb(): number {
    return this.#youngGenerationMb;
  }

  set youngGenerationMb(youngGenerationMb: number) {
    this.#youngGenerationMb = validYoungGeneration("youngGenerationMb", youngGenerationMb);
    for (const thread of this.#idle.splice(0)) {
      if (thread.youngGenerationMb === youngGenerationMb) this.#idle.push(thread);
      else this.#retire(thread);
    }
  }

  /**
   * The result of `task`. Aborting takes it out of the queue, or ends the thread it runs on.
   *
   * @throws What the function throws, with its stack there; of own properties, errors keep only what structured clone keeps.
   * @throws {QueueFullError} When `maxQueue` tasks wait.
   * @throws {TaskTimeoutError} When it runs longer than `taskTimeoutMs`.
   * @throws {WorkerCrashedError} When its thread ends or cannot start.
   * @throws {ClosedError} After `close`, or when that cuts it off.
   * @throws The signal's reason when it aborts first.
   */
  async run(task: Task, { transfer = [] }: RunOptions = {}, signal?: AbortSignal): Promise<Result> {
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw closedError();
    const calledNs = this.#clock.monotonicNs();
    this.#unfinished++;
    try {
      return await this.#gate.use(() => this.#runNow(task, transfer, calledNs, signal), signal);
    } finally {
      this.#unfinished--;
      if (this.#unfinished === 0) this.#onFinished?.();
    }
  }

  stats(): WorkerPoolStats {
    const nowNs = this.#clock.monotonicNs();
    const running = this.#threads.length - this.#idle.length;
    const offeredNs = this.#offeredUntil(nowNs);
    const usedNs = this.#busyNs + running * nowNs;
    return {
      queued: this.#gate.waiting,
      running,
      completed: this.#ran.count - this.#failed,
      failed: this.#failed,
      waited: this.#waited.summary(),
      ran: this.#ran.summary(),
      utilisation: offeredNs === 0 ? 0 : Math.min(1, usedNs / offeredNs), // threads above a lowered `workers` use what is not offered
    };
  }

  /**
   * Refuses further tasks, finishes those it has, and resolves when all threads have ended; so does every later call.
   * When `signal` aborts first, unfinished tasks are cut off with `ClosedError`.
   *
   * @example
   * await pool.close(AbortSignal.timeout(5_000));
   */
  async close(signal?: AbortSignal): Promise<void> {
    this.#closed ??= this.#finish();
    const cutOff = () => {
      this.#isCutOff = true;
      for (const thread of this.#threads) thread.cutOff(closedError());
    };
    if (signal?.aborted) cutOff();
    else signal?.addEventListener("abort", cutOff, { once: true });
    try {
      await this.#closed;
    } finally {
      signal?.removeEventListener("abort", cutOff);
    }
  }

  /** Runs a task that got its turn. */
  async #runNow(
    task: Task,
    transfer: readonly Transferable[],
    calledNs: number,
    signal: AbortSignal | undefined,
  ): Promise<Result> {
    if (this.#isCutOff) throw closedError();
    const thread = this.#idle.pop() ?? this.#startThread();
    const startedNs = this.#clock.monotonicNs();
    this.#waited.record(startedNs - calledNs);
    this.#busyNs -= startedNs;
    const onAbort = () => thread.cutOff(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    const timer = this.#taskTimeoutMs === undefined ? undefined : this.#limitTime(this.#taskTimeoutMs, thread);
    try {
      return await thread.run(task, transfer);
    } catch (error) {
      this.#failed++;
      throw error;
    } finally {
      timer?.abort();
      signal?.removeEventListener("abort", onAbort);
      const endedNs = this.#clock.monotonicNs();
      this.#busyNs += endedNs;
      this.#ran.record(endedNs - startedNs);
      const isSurplus = this.#threads.length > this.#gate.permits;
      if (isSurplus || thread.youngGenerationMb !== this.#youngGenerationMb) this.#retire(thread);
      else this.#idle.push(thread);
    }
  }

  /** Cuts `thread` off after `timeoutMs`, unless what is returned is aborted before. */
  #limitTime(timeoutMs: number, thread: TaskThread<Task, Result>): AbortController {
    const timer = new AbortController();
    this.#clock.sleep(timeoutMs, timer.signal).then(
      () => thread.cutOff(new TaskTimeoutError(timeoutMs)),
      () => undefined, // the task ended before
    );
    return timer;
  }

  #startThread(): TaskThread<Task, Result> {
    const thread = this.#start(this.#youngGenerationMb);
    this.#threads.push(thread);
    return thread;
  }

  /** Ends a thread that has no task and is not in `#idle`. Only `close` waits for it. */
  #retire(thread: TaskThread<Task, Result>): void {
    this.#threads.splice(this.#threads.indexOf(thread), 1);
    const end = thread.end().finally(() => this.#retiring.delete(end));
    this.#retiring.add(end);
  }

  #offeredUntil(nowNs: number): number {
    return this.#offeredNs + (nowNs - this.#resizedNs) * this.workers;
  }

  async #finish(): Promise<void> {
    if (this.#unfinished > 0) {
      await new Promise<void>((resolve) => {
        this.#onFinished = resolve;
      });
    }
    await Promise.all([...this.#retiring, ...this.#threads.map((thread) => thread.end())]);
  }
}

const validWorkers = (workers: number) => integerInRange("workers", workers, 1, 256);

const validYoungGeneration = (name: string, megabytes: number) => inRange(name, megabytes, 0, 4096);

const closedError = () => new ClosedError("this worker pool is closed");
