import type { MarketEvent } from "./events.ts";
import { EventQueue, type OverflowOptions, StreamOverflowError } from "./overflow.ts";

interface Waiter {
  readonly resolve: (result: IteratorResult<MarketEvent, undefined>) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Events for a `for await`: what was not read yet waits in a bounded queue.
 *
 * After `end` the events that wait are still read, then the loop is over, or fails with the error that was given. Leaving the
 * loop calls `onLeave`.
 */
export class EventIterator implements AsyncIterator<MarketEvent, undefined> {
  readonly #queue: EventQueue;
  readonly #onLeave: () => Promise<void>;
  #waiters: Waiter[] = [];
  #isOver = false;
  #error: Error | undefined;

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor(options: OverflowOptions, onLeave: () => Promise<void>) {
    this.#queue = new EventQueue(options);
    this.#onLeave = onLeave;
  }

  /** Gives an event to who waits, or queues it; false when that is impossible: the stream has to end. */
  tryPush(event: MarketEvent): boolean {
    if (this.#isOver) return true;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ value: event, done: false });
      return true;
    }
    if (this.#queue.tryPush(event)) return true;
    this.end(
      new StreamOverflowError(
        `${this.#queue.size} events were not read: the stream was closed, as its overflow policy says`,
      ),
    );
    return false;
  }

  /** No more events come. */
  end(error?: Error): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#error = error;
    for (const { resolve, reject } of this.#waiters.splice(0)) {
      if (error === undefined) resolve({ value: undefined, done: true });
      else {
        this.#error = undefined; // told once
        reject(error);
      }
    }
  }

  next(): Promise<IteratorResult<MarketEvent, undefined>> {
    const value = this.#queue.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#isOver) {
      const error = this.#error;
      this.#error = undefined;
      return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<MarketEvent, undefined>> {
    this.end();
    while (this.#queue.shift() !== undefined); // nobody reads it any more
    await this.#onLeave();
    return { value: undefined, done: true };
  }
}
