import type { Clock } from "../clock.ts";
import { inRange, integerInRange, PitlaneError } from "../errors.ts";
import { ClosedError, QueueFullError } from "./errors.ts";

export interface MicroBatcherOptions<In, Out> {
  /**
   * Makes the batch call. Gives one entry per item, in their order: its result, or an `Error` for that item's caller alone.
   * When it throws, every caller of the batch gets that error.
   */
  readonly send: (items: readonly In[]) => Promise<readonly (Out | Error)[]>;
  /** Items that fill a batch, 1 to 100,000; 100 unless told. A full batch does not wait for its age. */
  readonly maxSize?: number;
  /**
   * How long the first item of a batch waits for company, in milliseconds; 0 to 60,000. 0, as unless told, waits for the next
   * microtask: what one piece of synchronous code asks for goes together. Above that Node's timers are good to 1 ms.
   */
  readonly maxAgeMs?: number;
  /** Items not yet sent; 1 to 1e6, 10,000 unless told. More are refused. */
  readonly maxQueued?: number;
  /** Batch calls at a time, 1 to 1,000; 1 unless told, so that batches keep their order. */
  readonly concurrency?: number;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
}

/** The batch call gave another number of results than it got items, so nobody's result can be told. */
export class BatchMismatchError extends PitlaneError {
  readonly code = "BATCH_MISMATCH";
  readonly retryable = false;

  constructor(items: number, results: unknown) {
    const got = Array.isArray(results) ? `${results.length} results` : "no list of results";
    super(`a batch of ${items} ${items === 1 ? "item" : "items"} was answered by ${got}`);
  }
}

interface Caller<Out> {
  readonly resolve: (result: Out) => void;
  readonly reject: (reason: unknown) => void;
}

interface Batch<In, Out> {
  readonly items: In[];
  readonly callers: Caller<Out>[]; // of the items, at the same index
  readonly openedNs: number;
  state: "filling" | "due" | "sent";
  /** Ends the wait for its age; absent where that is one for the next microtask. */
  timer: AbortController | undefined;
}

/**
 * Turns single calls made within a short time into batch calls, and gives each caller its own result.
 *
 * Items go out in the order they came. A caller that aborts before its batch is sent is taken out of it (an empty batch is
 * not sent); one that aborts later only stops waiting, since the call may have had its effect. While `concurrency` calls run,
 * a batch waits and fills further; beyond `maxQueued` items, callers are refused.
 *
 * @example
 * const cancels = new MicroBatcher({ send: (ids: readonly string[]) => cancelMany(ids), maxSize: 20, clock });
 * await Promise.all([cancels.submit("a"), cancels.submit("b")]); // one request
 */
export class MicroBatcher<In, Out> {
  readonly #send: (items: readonly In[]) => Promise<readonly (Out | Error)[]>;
  readonly #maxQueued: number;
  readonly #concurrency: number;
  readonly #clock: Pick<Clock, "monotonicNs" | "sleep">;
  #maxSize: number;
  #maxAgeMs: number;
  readonly #batches: Batch<In, Out>[] = []; // not yet sent, oldest first; only the last may take more items
  #queued = 0; // items in them
  #running = 0;
  #closed: Promise<void> | undefined;
  #onIdle: (() => void) | undefined;

  /** @throws {InvalidInputError} When a number is out of range. */
  constructor(options: MicroBatcherOptions<In, Out>) {
    this.#send = options.send;
    this.#maxSize = validMaxSize(options.maxSize ?? 100);
    this.#maxAgeMs = validMaxAgeMs(options.maxAgeMs ?? 0);
    this.#maxQueued = integerInRange("maxQueued", options.maxQueued ?? 10_000, 1, 1e6);
    this.#concurrency = integerInRange("concurrency", options.concurrency ?? 1, 1, 1000);
    this.#clock = options.clock;
  }

  /**
   * Items that fill a batch; 1 to 100,000. May be set at any time: the batch that is being collected is full when it has that
   * many. One that has more when the number is lowered is not divided.
   *
   * @throws {InvalidInputError} When set out of range; nothing has changed then.
   */
  get maxSize(): number {
    return this.#maxSize;
  }

  set maxSize(maxSize: number) {
    this.#maxSize = validMaxSize(maxSize);
    const last = this.#batches.at(-1);
    if (last !== undefined && this.#isFull(last)) this.#makeDue(last);
  }

  /**
   * How long the first item of a batch waits for company, in milliseconds; 0 to 60,000. May be set at any time: it counts from
   * the first item of the batch that is being collected, and one that is older by then goes in the next microtask.
   *
   * @throws {InvalidInputError} When set out of range; nothing has changed then.
   */
  get maxAgeMs(): number {
    return this.#maxAgeMs;
  }

  set maxAgeMs(maxAgeMs: number) {
    this.#maxAgeMs = validMaxAgeMs(maxAgeMs);
    const last = this.#batches.at(-1);
    if (last?.state !== "filling") return;
    last.timer?.abort();
    this.#awaitAge(last, (this.#clock.monotonicNs() - last.openedNs) / 1e6);
  }

  /** Items not yet sent. */
  get queued(): number {
    return this.#queued;
  }

  /**
   * Adds `item` to the next batch and waits for its result.
   *
   * @throws {QueueFullError} When `maxQueued` items wait.
   * @throws {ClosedError} After `close`.
   * @throws {BatchMismatchError} When the batch call's answer does not fit its items.
   * @throws This item's error or the batch call's; the signal's reason when it aborts first.
   */
  submit(item: In, signal?: AbortSignal): Promise<Out> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      if (this.#closed !== undefined) return reject(new ClosedError("this micro-batcher is closed"));
      if (this.#queued === this.#maxQueued) return reject(new QueueFullError(this.#queued));
      const last = this.#batches.at(-1);
      const batch = last === undefined || this.#isFull(last) ? this.#open() : last;
      batch.items.push(item);
      const caller = { resolve, reject };
      batch.callers.push(signal === undefined ? caller : this.#abortable(caller, batch, signal));
      this.#queued++;
      if (this.#isFull(batch)) this.#makeDue(batch);
    });
  }

  /** Sends what waits without waiting for its age, as far as `concurrency` lets it. */
  flush(): void {
    for (const batch of this.#batches) batch.state = "due";
    this.#sendDue();
  }

  /** Refuses further items, sends what waits, and resolves when the last batch call has ended; so does every later call. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#onIdle = resolve;
    });
    this.flush();
    if (this.#running === 0) this.#onIdle?.();
    return this.#closed;
  }

  #open(): Batch<In, Out> {
    const openedNs = this.#clock.monotonicNs();
    const batch: Batch<In, Out> = { items: [], callers: [], openedNs, state: "filling", timer: undefined };
    this.#batches.push(batch);
    this.#awaitAge(batch, 0);
    return batch;
  }

  /** Makes `batch`, of age `ageMs` now, due at `maxAgeMs`. */
  #awaitAge(batch: Batch<In, Out>, ageMs: number): void {
    const leftMs = this.#maxAgeMs - ageMs;
    if (leftMs <= 0) {
      batch.timer = undefined;
      queueMicrotask(() => {
        if (batch.timer === undefined) this.#makeDue(batch); // else `maxAgeMs` has been raised since
      });
      return;
    }
    batch.timer = new AbortController();
    this.#clock.sleep(leftMs, batch.timer.signal).then(
      () => this.#makeDue(batch),
      () => {}, // it was sent before its time, or its time was changed
    );
  }

  #isFull(batch: Batch<In, Out>): boolean {
    return batch.items.length >= this.#maxSize;
  }

  #makeDue(batch: Batch<In, Out>): void {
    if (batch.state === "filling") batch.state = "due";
    this.#sendDue();
  }

  #sendDue(): void {
    while (this.#running < this.#concurrency) {
      const batch = this.#batches[0];
      if (batch === undefined || batch.state !== "due") return;
      this.#batches.shift();
      batch.state = "sent";
      batch.timer?.abort();
      if (batch.items.length === 0) continue; // every caller had aborted
      this.#queued -= batch.items.length;
      this.#running++;
      this.#run(batch);
    }
  }

  async #run({ items, callers }: Batch<In, Out>): Promise<void> {
    try {
      const results = await this.#send(items);
      if (!Array.isArray(results) || results.length !== callers.length)
        throw new BatchMismatchError(callers.length, results);
      for (let i = 0; i < callers.length; i++) {
        const result: Out | Error = results[i];
        if (result instanceof Error) callers[i]?.reject(result);
        else callers[i]?.resolve(result);
      }
    } catch (error) {
      for (const caller of callers) caller.reject(error);
    } finally {
      this.#running--;
      this.#sendDue();
      if (this.#running === 0) this.#onIdle?.();
    }
  }

  /** `caller` with its signal heard: before the batch is sent it takes the item out, after it only stops waiting. */
  #abortable({ resolve, reject }: Caller<Out>, batch: Batch<In, Out>, signal: AbortSignal): Caller<Out> {
    const onAbort = () => {
      if (batch.state !== "sent") {
        const index = batch.callers.indexOf(caller);
        batch.callers.splice(index, 1);
        batch.items.splice(index, 1);
        this.#queued--;
      }
      reject(signal.reason);
    };
    const caller: Caller<Out> = {
      resolve: (result) => {
        signal.removeEventListener("abort", onAbort);
        resolve(result);
      },
      reject: (reason) => {
        signal.removeEventListener("abort", onAbort);
        reject(reason);
      },
    };
    signal.addEventListener("abort", onAbort, { once: true });
    return caller;
  }
}

function validMaxSize(maxSize: number): number {
  return integerInRange("maxSize", maxSize, 1, 100_000);
}

function validMaxAgeMs(maxAgeMs: number): number {
  return inRange("maxAgeMs", maxAgeMs, 0, 60_000);
}
