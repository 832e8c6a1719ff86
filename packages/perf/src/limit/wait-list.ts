/** Somebody who waits in a `TakeQueue`. */
export interface Waiter {
  readonly cost: number;
  /** What a source that answers by promises was already asked for this waiter; undefined once it was read. */
  answer: Promise<boolean> | undefined;
  /** Ends the wait, well or with `reason`. A wait that has ended stays as it is. */
  readonly grant: () => void;
  readonly fail: (reason: unknown) => void;
  previous: Waiter | undefined;
  next: Waiter | undefined;
}

/** First in, first out, and out of the middle at the same cost, for those who give up: a doubly linked list. Its user bounds it. */
export class WaitList {
  first: Waiter | undefined;
  #last: Waiter | undefined;
  size = 0;

  push(waiter: Waiter): void {
    waiter.previous = this.#last;
    if (this.#last === undefined) this.first = waiter;
    else this.#last.next = waiter;
    this.#last = waiter;
    this.size += 1;
  }

  /** Takes out `waiter`, which must be in the list. */
  remove({ previous, next }: Waiter): void {
    if (previous === undefined) this.first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    this.size -= 1;
  }
}
