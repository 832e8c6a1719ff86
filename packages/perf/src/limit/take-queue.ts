import type { Clock } from "../clock.ts";
import { InvalidInputError, integerInRange, PitlaneError } from "../errors.ts";
import { type Waiter, WaitList } from "./wait-list.ts";

/** What a queue can stand before: every `Limiter`, every `SharedBudget`, and `WeightedBudget` by its priorities. */
export interface TakeSource<P extends string> {
  tryTake(cost: number, priority: P): boolean | Promise<boolean>;
  waitMs(cost: number, priority: P): number | Promise<number>;
}

export interface TakeQueueOptions<P extends string> {
  readonly source: TakeSource<P>;
  /** Names of the priorities, the most urgent first; 1 to 32. A single one unless told. */
  readonly priorities?: readonly P[];
  /** Most callers of one priority that wait at once; 1 to 1,000,000. More fail with `LimiterQueueFullError`. */
  readonly maxWaiting: number;
  readonly clock: Pick<Clock, "sleep">;
}

/** More callers wait for a limiter than its queue was made for. Nothing was taken. */
export class LimiterQueueFullError extends PitlaneError {
  readonly code = "LIMITER_QUEUE_FULL";
  readonly retryable = true;
}

/**
 * Lets callers wait for a limiter, fairly: first come, first served within a priority, and a higher priority first.
 *
 * - The caller at the head holds up those behind it and of lower priorities, so a large cost is never starved.
 * - A `take` of what is free answers `undefined` and makes no promise; who has to wait gets one.
 * - One timer serves all. It fires when the head is due, and then everybody who is due is served, however late it came: a
 *   bucket so gives out all that it held. To lose nothing to a late timer its capacity must exceed the largest cost by
 *   `tokensPerSecond` times the lateness, which in Node is 1 ms and more.
 * - Bounded per priority, so that waiting reads take no place from cancels.
 * - Of a source that answers by promises, one waiting caller is served at a time.
 *
 * Takes made past the queue, on the limiter itself, compete with those waiting.
 *
 * @example
 * const bucket = new TokenBucket({ capacity: 5, tokensPerSecond: 100, clock });
 * const queue = new TakeQueue({ source: bucket, maxWaiting: 1000, clock });
 * await queue.take(1, signal);
 */
export class TakeQueue<P extends string = string> {
  readonly #source: TakeSource<P>;
  readonly #maxWaiting: number;
  readonly #clock: Pick<Clock, "sleep">;
  readonly #priorities: readonly P[];
  readonly #lanes: readonly WaitList[]; // one for each priority
  #waiting = 0;
  #isServing = false;
  #alarm: AbortController | undefined; // ends the sleep before its time

  /** @throws {InvalidInputError} When `maxWaiting` or the number of priorities is out of range. */
  constructor({ source, priorities = ["normal" as P], maxWaiting, clock }: TakeQueueOptions<P>) {
    integerInRange("priorities.length", priorities.length, 1, 32);
    this.#maxWaiting = integerInRange("maxWaiting", maxWaiting, 1, 1_000_000);
    this.#source = source;
    this.#clock = clock;
    this.#priorities = priorities;
    this.#lanes = priorities.map(() => new WaitList());
  }

  /** Callers waiting now, of all priorities. */
  get waiting(): number {
    return this.#waiting;
  }

  /** As `takeAs`, at the lowest priority. */
  take(cost = 1, signal?: AbortSignal): Promise<void> | undefined {
    return this.#takeIn(this.#lanes.length - 1, cost, signal);
  }

  /**
   * Takes `cost` when its turn has come; answers `undefined` when that is at once. What fails before any wait is thrown, not
   * rejected: the same to an `await`.
   *
   * @throws The signal's reason when it aborts first. A source that answers by promises may have spent `cost` then.
   * @throws {LimiterQueueFullError} When `maxWaiting` callers of this priority wait.
   * @throws {InvalidInputError} When there is no such priority, or the source can never admit `cost`.
   * @throws What the source fails with.
   */
  takeAs(priority: P, cost: number, signal?: AbortSignal): Promise<void> | undefined {
    const lane = this.#priorities.indexOf(priority);
    if (lane === -1) {
      throw new InvalidInputError(`priority must be one of ${this.#priorities.join(", ")}, got ${priority}`);
    }
    return this.#takeIn(lane, cost, signal);
  }

  #takeIn(lane: number, cost: number, signal: AbortSignal | undefined): Promise<void> | undefined {
    signal?.throwIfAborted();
    if (this.#waiting > 0 && this.#firstLane() <= lane) return this.#wait(lane, cost, signal);
    const answer = this.#source.tryTake(cost, this.#priorities[lane] as P);
    if (answer === true) return undefined;
    return this.#wait(lane, cost, signal, answer === false ? undefined : answer);
  }

  #wait(
    lane: number,
    cost: number,
    signal: AbortSignal | undefined,
    answer?: Promise<boolean> | undefined,
  ): Promise<void> {
    const list = this.#lanes[lane] as WaitList;
    if (list.size === this.#maxWaiting) {
      throw new LimiterQueueFullError(`${this.#maxWaiting} callers wait for the limiter already`);
    }
    return new Promise((resolve, reject) => {
      let hasEnded = false;
      const end = (settle: () => void) => {
        if (hasEnded) return;
        hasEnded = true;
        signal?.removeEventListener("abort", onAbort);
        const wasHead = this.#head() === waiter;
        list.remove(waiter);
        this.#waiting -= 1;
        if (wasHead) this.#alarm?.abort(); // the next in line is due at another time
        settle();
      };
      const grant = () => end(resolve);
      const fail = (reason: unknown) => end(() => reject(reason));
      const onAbort = () => fail(signal?.reason);
      const waiter: Waiter = { cost, answer, grant, fail, previous: undefined, next: undefined };
      signal?.addEventListener("abort", onAbort, { once: true });
      answer?.catch(fail);
      list.push(waiter);
      this.#waiting += 1;
      if (this.#head() === waiter) this.#alarm?.abort();
      if (!this.#isServing) void this.#serve();
    });
  }

  /** Runs while somebody waits. Never rejects: what fails is told to the waiter at the head. */
  async #serve(): Promise<void> {
    this.#isServing = true;
    for (let head = this.#head(); head !== undefined; head = this.#head()) {
      const priority = this.#priorities[this.#firstLane()] as P;
      try {
        const answer = head.answer ?? this.#source.tryTake(head.cost, priority);
        head.answer = undefined;
        if (typeof answer === "boolean" ? answer : await answer) head.grant();
        else await this.#sleepUntilDue(head, priority);
      } catch (error) {
        head.fail(error);
      }
    }
    this.#isServing = false;
  }

  async #sleepUntilDue(head: Waiter, priority: P): Promise<void> {
    const answer = this.#source.waitMs(head.cost, priority);
    const waitMs = typeof answer === "number" ? answer : await answer;
    if (this.#head() !== head) return;
    const alarm = new AbortController();
    this.#alarm = alarm;
    try {
      await this.#clock.sleep(waitMs, alarm.signal);
    } catch (error) {
      if (!alarm.signal.aborted) throw error;
    } finally {
      this.#alarm = undefined;
    }
  }

  #head(): Waiter | undefined {
    return this.#lanes[this.#firstLane()]?.first;
  }

  #firstLane(): number {
    let lane = 0;
    while (lane < this.#lanes.length && this.#lanes[lane]?.first === undefined) lane += 1;
    return lane;
  }
}
