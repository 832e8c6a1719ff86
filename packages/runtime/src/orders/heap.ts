/** What a heap holds: it keeps its own place, so that it can be taken out from the middle. In one heap at a time. */
export interface HeapItem {
  /** Index in the heap; -1 while in none. Only the heap writes it. */
  heapAt: number;
}

/**
 * A binary heap: the item that comes before all others is found at once, and any item is added or taken out in logarithmic time.
 *
 * @example
 * const heap = new Heap<Job>((a, b) => a.dueNs < b.dueNs);
 * heap.push(job);
 * heap.first; // the job that is due next
 */
export class Heap<Item extends HeapItem> {
  readonly #items: Item[] = [];
  readonly #isBefore: (a: Item, b: Item) => boolean;

  constructor(isBefore: (a: Item, b: Item) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#items.length;
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    item.heapAt = this.#items.push(item) - 1;
    this.#rise(item.heapAt);
  }

  /** Takes an item out; nothing when it is in no heap. It must not be in another one. */
  remove(item: Item): void {
    const at = item.heapAt;
    if (at < 0) return;
    const last = this.#items.pop() as Item; // an item that is in is not alone with nothing
    item.heapAt = -1;
    if (last === item) return;
    this.#items[at] = last;
    last.heapAt = at;
    this.#sink(at);
    this.#rise(last.heapAt);
  }

  #rise(from: number): void {
    let at = from;
    for (let above = (at - 1) >> 1; at > 0 && this.#isBefore(this.#items[at]!, this.#items[above]!); ) {
      this.#swap(at, above);
      at = above;
      above = (at - 1) >> 1;
    }
  }

  #sink(from: number): void {
    for (let at = from; ; ) {
      const left = 2 * at + 1;
      if (left >= this.#items.length) return;
      const right = left + 1;
      const isRight = right < this.#items.length && this.#isBefore(this.#items[right]!, this.#items[left]!);
      const below = isRight ? right : left;
      if (!this.#isBefore(this.#items[below]!, this.#items[at]!)) return;
      this.#swap(at, below);
      at = below;
    }
  }

  #swap(a: number, b: number): void {
    const item = this.#items[a]!;
    const other = this.#items[b]!;
    this.#items[a] = other;
    this.#items[b] = item;
    other.heapAt = a;
    item.heapAt = b;
  }
}
