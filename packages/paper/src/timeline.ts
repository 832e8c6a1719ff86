import type { Clock } from "@pitlane/perf";

/** Something that will be done. */
export interface Entry {
  readonly dueNs: number;
  /** Breaks ties: what was added first is done first. */
  readonly order: number;
  run: (() => void) | undefined;
}

/**
 * Does things after a while, in order of their time, on one timer for all of them. Nothing waits, and no timer runs, while it is empty.
 *
 * A thing cancelled stays in it, undone, until its time. `close` drops what is left.
 */
export class Timeline {
  readonly #clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly #onError: (error: Error) => void;
  readonly #heap: Entry[] = [];
  #added = 0;
  #isRunning = false;
  #isClosed = false;
  #sleep: { readonly dueNs: number; readonly waker: AbortController } | undefined;

  /** @param onError Told when something done fails; the rest goes on. */
  constructor(clock: Pick<Clock, "monotonicNs" | "sleep">, onError: (error: Error) => void) {
    this.#clock = clock;
    this.#onError = onError;
  }

  /** Does `run` after `ms` milliseconds, never before this call returns; after `close` never. */
  after(ms: number, run: () => void): Entry {
    return this.at(this.#clock.monotonicNs() + ms * 1e6, run);
  }

  /** As `after`, at a time of the clock. */
  at(dueNs: number, run: () => void): Entry {
    const entry: Entry = { dueNs, order: this.#added++, run };
    if (this.#isClosed) return entry;
    push(this.#heap, entry);
    if (!this.#isRunning) void this.#run();
    else if (this.#sleep !== undefined && dueNs < this.#sleep.dueNs) this.#sleep.waker.abort();
    return entry;
  }

  /** It will not be done. */
  cancel(entry: Entry): void {
    entry.run = undefined;
  }

  close(): void {
    this.#isClosed = true;
    this.#heap.length = 0;
    this.#sleep?.waker.abort();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let head = this.#heap[0]; head !== undefined; head = this.#heap[0]) {
      const waitMs = (head.dueNs - this.#clock.monotonicNs()) / 1e6;
      await this.#wait(head.dueNs, Math.max(0, waitMs));
      this.#doDue();
    }
    this.#isRunning = false;
  }

  // Ends early when something earlier was added, or all of it closed.
  async #wait(dueNs: number, ms: number): Promise<void> {
    const waker = new AbortController();
    this.#sleep = { dueNs, waker };
    try {
      await this.#clock.sleep(ms, waker.signal);
    } catch (error) {
      if (!waker.signal.aborted) throw error;
    } finally {
      this.#sleep = undefined;
    }
  }

  #doDue(): void {
    const nowNs = this.#clock.monotonicNs();
    while (this.#heap.length > 0 && this.#heap[0]!.dueNs <= nowNs) {
      const { run } = pop(this.#heap);
      try {
        run?.();
      } catch (error) {
        this.#onError(error instanceof Error ? error : new Error(String(error)));
      }
    }
  }
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.dueNs < b.dueNs || (a.dueNs === b.dueNs && a.order < b.order);
}

// A binary heap: the earliest is at 0, the children of i at 2i + 1 and 2i + 2.
function push(heap: Entry[], entry: Entry): void {
  let at = heap.push(entry) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(entry, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = entry;
}

function pop(heap: Entry[]): Entry {
  const first = heap[0]!;
  const last = heap.pop()!;
  if (heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}
