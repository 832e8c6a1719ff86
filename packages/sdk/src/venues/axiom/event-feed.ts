import { InvalidInputError, integerInRange } from "@pitlane/perf";
import { Deque } from "@pitlane/perf/ring";
import { StreamOverflowError } from "../../stream/overflow.ts";

/** How a stream's events reach their reader. */
export interface FeedOptions<E> {
  /** Called for every event, in order, synchronously from the socket. An error it throws goes to `onError`. */
  readonly onEvent?: ((event: E) => void) | undefined;
  /** Losses of the connection (it reconnects by itself), frames that cannot be read, and errors of `onEvent`. */
  readonly onError: (error: Error) => void;
  /** Closes the stream. */
  readonly signal?: AbortSignal | undefined;
  /** What happens when a `for await` is slower than the stream: see `FeedOverflow`. */
  readonly overflow?: FeedOverflow | undefined;
}

/**
 * At most `capacity` events wait for a `for await`, 1 to 1,000,000, default 10,000. Then, by `policy`, the oldest ones go, which a gap
 * with their number tells before the next event (`dropOldest`, the default), or the loop ends with a `StreamOverflowError` (`close`).
 */
export interface FeedOverflow {
  readonly capacity?: number;
  readonly policy?: "dropOldest" | "close";
}

interface Waiter<E> {
  readonly resolve: (result: IteratorResult<E, undefined>) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Gives events to a callback and to a `for await`, or to one of them.
 *
 * Without a callback events wait from the start; with one, from the moment a loop begins. One loop at a time. After `end` what waits
 * is still read.
 */
export class EventFeed<E> {
  readonly #options: FeedOptions<E>;
  readonly #capacity: number;
  readonly #isDropping: boolean;
  readonly #toGap: (dropped: number, next: E) => E;
  readonly #onLeave: () => Promise<void>;
  #queue: Deque<E> | undefined;
  #dropped = 0;
  #waiter: Waiter<E> | undefined;
  #isRead = false;
  #isOver = false;
  #error: Error | undefined;

  /**
   * @param toGap What is said of dropped events, before the event that follows them.
   * @param onLeave Called when a loop is left, or has to end.
   * @throws {InvalidInputError} When an option breaks its rule.
   */
  constructor(options: FeedOptions<E>, toGap: (dropped: number, next: E) => E, onLeave: () => Promise<void>) {
    const { onEvent, onError, overflow: { capacity = 10_000, policy = "dropOldest" } = {} } = options;
    if (typeof onError !== "function") throw new InvalidInputError("onError must be a function");
    if (onEvent !== undefined && typeof onEvent !== "function")
      throw new InvalidInputError("onEvent must be a function");
    if (policy !== "dropOldest" && policy !== "close") {
      throw new InvalidInputError(`overflow.policy must be dropOldest or close, got ${JSON.stringify(policy)}`);
    }
    this.#options = options;
    this.#capacity = integerInRange("overflow.capacity", capacity, 1, 1_000_000);
    this.#isDropping = policy === "dropOldest";
    this.#toGap = toGap;
    this.#onLeave = onLeave;
    if (onEvent === undefined) this.#queue = new Deque(this.#capacity);
  }

  push(event: E): void {
    if (this.#isOver) return;
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      this.report(error);
    }
    if (this.#queue !== undefined) this.#enqueue(this.#queue, event);
  }

  report(error: unknown): void {
    this.#options.onError(error instanceof Error ? error : new Error(String(error)));
  }

  /** No more events come. */
  end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter !== undefined) void this.#last().then(waiter.resolve, waiter.reject);
  }

  /** @throws {InvalidInputError} While another loop reads. */
  iterate(): AsyncIterator<E, undefined> {
    if (this.#isRead) throw new InvalidInputError("the stream is read by another loop already");
    this.#isRead = true;
    this.#queue ??= new Deque(this.#capacity);
    return {
      next: () => this.#next(),
      return: async () => {
        this.#queue?.clear();
        this.#dropped = 0;
        this.end();
        await this.#onLeave();
        return { value: undefined, done: true };
      },
    };
  }

  #enqueue(queue: Deque<E>, event: E): void {
    const waiter = this.#waiter;
    if (waiter !== undefined) {
      this.#waiter = undefined;
      waiter.resolve({ value: event, done: false });
      return;
    }
    if (queue.tryPush(event)) return;
    if (this.#isDropping) {
      queue.shift();
      this.#dropped++;
      queue.tryPush(event);
      return;
    }
    this.end(new StreamOverflowError(`${queue.size} events were not read: the stream was closed, as its policy says`));
    void this.#onLeave();
  }

  #next(): Promise<IteratorResult<E, undefined>> {
    const queue = this.#queue;
    const next = queue?.at(0);
    if (this.#dropped > 0 && next !== undefined) {
      const gap = this.#toGap(this.#dropped, next);
      this.#dropped = 0;
      return Promise.resolve({ value: gap, done: false });
    }
    const value = queue?.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#isOver) return this.#last();
    if (this.#waiter !== undefined) return Promise.reject(new InvalidInputError("the next event is awaited already"));
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
    });
  }

  /** The end of the loop: an error is told once. */
  #last(): Promise<IteratorResult<E, undefined>> {
    const error = this.#error;
    this.#error = undefined;
    return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
  }
}
