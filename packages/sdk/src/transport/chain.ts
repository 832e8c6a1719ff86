/** What a `Chain` links: its user extends it with what it is about. */
export class Link<T extends Link<T>> {
  previous: T | undefined = undefined;
  next: T | undefined = undefined;
}

/**
 * Links in the order they came; any of them leaves at the same small cost. For calls under way: the oldest one is asked for, and
 * they end in any order. As long as its user lets it: whoever adds a call removes it.
 */
export class Chain<T extends Link<T>> {
  #first: T | undefined = undefined;
  #last: T | undefined = undefined;

  /** The one added longest ago. */
  get first(): T | undefined {
    return this.#first;
  }

  add(link: T): void {
    link.previous = this.#last;
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
  }

  /** Takes out `link`, which must be in the chain. */
  remove(link: T): void {
    const { previous, next } = link;
    if (previous === undefined) this.#first = next;
    else previous.next = next;
    if (next === undefined) this.#last = previous;
    else next.previous = previous;
    // A removed link that has grown old would keep its younger neighbours alive until the next full collection, and they theirs.
    link.previous = undefined;
    link.next = undefined;
  }
}
