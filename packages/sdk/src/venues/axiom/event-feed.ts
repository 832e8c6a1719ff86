import { InvalidInputError, integerInRange } from "@pitlane/perf";
import { Deque } from "@pitlane/perf/ring";
import { asError } from "../../as-error.ts";
import { check, checkFunction, checkObject } from "../../checks.ts";
import { QueueIterator, type UnreadEvents } from "../../stream/iterate.ts";

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

/**
 * Gives events to a callback and to a `for await`, or to one of them.
 *
 * Without a callback events wait from the start; with one, from the moment a loop begins. One loop at a time. After `end` what waits
 * is still read.
 */
export class EventFeed<E> {
  readonly #options: FeedOptions<E>;
  readonly #createReader: () => QueueIterator<E>;
  readonly #onLeave: () => Promise<void>;
  #reader: QueueIterator<E> | undefined;
  #isRead = false;
  #isOver = false;

  /**
   * @param toGap What is said of dropped events, before the event that follows them.
   * @param onLeave Called when a loop is left, or has to end.
   * @throws {InvalidInputError} When an option breaks its rule.
   */
  constructor(options: FeedOptions<E>, toGap: (reason: string, next: E) => E, onLeave: () => Promise<void>) {
    const { onEvent, onError, overflow = {} } = options;
    checkFunction("onError", onError);
    if (onEvent !== undefined) checkFunction("onEvent", onEvent);
    checkObject("overflow", overflow);
    const { capacity = 10_000, policy = "dropOldest" } = overflow;
    check(policy === "dropOldest" || policy === "close", "overflow.policy", "dropOldest or close", policy);
    integerInRange("overflow.capacity", capacity, 1, 1_000_000);
    this.#options = options;
    this.#createReader = () => {
      const unread = new Deque<E>(capacity);
      return new QueueIterator(policy === "close" ? unread : new Latest(unread, toGap), onLeave);
    };
    this.#onLeave = onLeave;
    if (onEvent === undefined) this.#reader = this.#createReader();
  }

  push(event: E): void {
    if (this.#isOver) return;
    try {
      this.#options.onEvent?.(event);
    } catch (error) {
      this.report(error);
    }
    if (this.#reader?.tryPush(event) === false) void this.#onLeave();
  }

  report(error: unknown): void {
    this.#options.onError(asError(error));
  }

  /** No more events come. */
  end(): void {
    this.#isOver = true;
    this.#reader?.end();
  }

  /** @throws {InvalidInputError} While another loop reads. */
  iterate(): AsyncIterator<E, undefined> {
    if (this.#isRead) throw new InvalidInputError("the stream is read by another loop already");
    this.#isRead = true;
    this.#reader ??= this.#createReader();
    if (this.#isOver) this.#reader.end();
    return this.#reader;
  }
}

/** The latest events: where there is no room the oldest goes, which is told before the next one that is read. */
class Latest<E> implements UnreadEvents<E> {
  readonly #events: Deque<E>;
  readonly #toGap: (reason: string, next: E) => E;
  #dropped = 0;

  constructor(events: Deque<E>, toGap: (reason: string, next: E) => E) {
    this.#events = events;
    this.#toGap = toGap;
  }

  get size(): number {
    return this.#events.size;
  }

  tryPush(event: E): boolean {
    if (this.#events.tryPush(event)) return true;
    this.#events.shift();
    this.#dropped++;
    return this.#events.tryPush(event);
  }

  shift(): E | undefined {
    const next = this.#events.at(0);
    if (this.#dropped === 0 || next === undefined) return this.#events.shift();
    const reason = `overflow: ${this.#dropped} events were dropped, the consumer is too slow`;
    this.#dropped = 0;
    return this.#toGap(reason, next);
  }
}
