import { StreamOverflowError } from "./overflow.ts";

/** What a reader has not read yet: bounded, in order. */
export interface UnreadEvents<E> {
  readonly size: number;
  /** Takes an event; false when there is no room and nothing may be dropped. */
  tryPush(event: E): boolean;
  /** The next event to read; undefined when there is none. */
  shift(): E | undefined;
}

interface Waiter<E> {
  readonly resolve: (result: IteratorResult<E, undefined>) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Events for a `for await`: what was not read yet waits in `unread`, whose bound it is.
 *
 * After `end` the events that wait are still read, then the loop is over, or fails with the error that was given. Leaving the
 * loop calls `onLeave`.
 */
export class QueueIterator<E> implements AsyncIterator<E, undefined> {
  readonly #unread: UnreadEvents<E>;
  readonly #onLeave: () => Promise<void>;
  #waiters: Waiter<E>[] = [];
  #isOver = false;
  #error: Error | undefined;

  constructor(unread: UnreadEvents<E>, onLeave: () => Promise<void>) {
    this.#unread = unread;
    this.#onLeave = onLeave;
  }

  /** Gives an event to who waits, or keeps it; false when that is impossible: the stream has to end. */
  tryPush(event: E): boolean {
    if (this.#isOver) return true;
    const waiter = this.#waiters.shift();
    if (waiter !== undefined) {
      waiter.resolve({ value: event, done: false });
      return true;
    }
    if (this.#unread.tryPush(event)) return true;
    this.end(
      new StreamOverflowError(
        `${this.#unread.size} events were not read: the stream was closed, as its overflow policy says`,
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

  next(): Promise<IteratorResult<E, undefined>> {
    const value = this.#unread.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#isOver) {
      const error = this.#error;
      this.#error = undefined;
      return error === undefined ? Promise.resolve({ value: undefined, done: true }) : Promise.reject(error);
    }
    return new Promise((resolve, reject) => this.#waiters.push({ resolve, reject }));
  }

  async return(): Promise<IteratorResult<E, undefined>> {
    this.end();
    while (this.#unread.shift() !== undefined); // nobody reads it any more
    await this.#onLeave();
    return { value: undefined, done: true };
  }
}
