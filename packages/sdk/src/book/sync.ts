/**
 * How a venue numbers its depth diffs. `contiguous` (Binance spot): each starts where the one before ended, U = previous u + 1.
 * `linked` (Binance futures): each names the one before, pu = previous u.
 */
export type SequenceRule = "contiguous" | "linked";

/** What the sync needs to know of a diff. */
export interface SequencedDiff {
  /** First change it covers (`U`). */
  readonly firstSequence: number;
  /** Last change it covers (`u`). */
  readonly lastSequence: number;
  /** Last change of the diff before (`pu`); not read by the `contiguous` rule. */
  readonly previousSequence: number;
}

/**
 * What to do with a diff. `apply` it to the book; `ignore` it, the book has it; `buffer`: it is kept until a snapshot comes;
 * `gap`: something is missing, the book is worth nothing, fetch a snapshot (the diff is kept for it); `refetch`: the buffer
 * was full and has been started anew, a snapshot asked for before may be too old.
 */
export type DiffVerdict = "apply" | "ignore" | "buffer" | "gap" | "refetch";

export interface BookSyncOptions<D> {
  readonly rule: SequenceRule;
  /** Makes a diff last beyond the call, where the caller reuses its object. Called for buffered ones only. */
  readonly copy: (diff: D) => D;
  /** Most diffs kept while a snapshot is awaited; 1 to 1,000,000, default 20,000. When full, all of them are dropped. */
  readonly bufferLimit?: number;
}

/**
 * Decides which depth diffs belong on a snapshot, and when one is missing: the documented rule as a state machine.
 *
 *   waiting --snapshot fits--> synced --a diff does not follow / drop()--> waiting
 *
 * It holds numbers and buffered diffs, not the book. Loss is found by the next diff that arrives; repeated and late diffs are
 * ignored. Source: Binance, "How to manage a local order book correctly", 2025-11-12 (spot); the futures pages' `pu` rule.
 *
 * @example
 * const sync = new BookSync({ rule: "contiguous", copy: (diff) => structuredClone(diff) });
 * if (sync.offer(diff) === "apply") apply(diff);
 * const diffs = sync.load(snapshot.sequence);
 * if (diffs === undefined) fetchAgain();
 */
export class BookSync<D extends SequencedDiff> {
  readonly #isLinked: boolean;
  readonly #copy: (diff: D) => D;
  readonly #bufferLimit: number;
  #buffer: D[] = [];
  #isSynced = false;
  #sequence = 0; // of the book, when synced
  #hasApplied = false; // whether a diff was applied since the snapshot

  /** Takes options as they are: the venue kit hands out a `BookSync` that checks them. */
  constructor({ rule, copy, bufferLimit = 20_000 }: BookSyncOptions<D>) {
    this.#isLinked = rule === "linked";
    this.#copy = copy;
    this.#bufferLimit = bufferLimit;
  }

  /** Whether the book that has followed the verdicts is good. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  /** Sequence of the book after the last change applied; 0 before the first snapshot. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Diffs waiting for a snapshot. */
  get buffered(): number {
    return this.#buffer.length;
  }

  /** Judges the next diff of the stream. */
  offer(diff: D): DiffVerdict {
    if (!this.#isSynced) return this.#keep(diff);
    const verdict = this.#judge(diff);
    if (verdict === "apply") this.#advance(diff);
    else if (verdict === "gap") {
      this.#isSynced = false;
      this.#buffer.push(this.#copy(diff));
    }
    return verdict;
  }

  /**
   * Judges a snapshot that includes every change up to `lastUpdateId`: the buffered diffs to apply on it, in order, or
   * undefined when it does not connect to them and another one must be fetched.
   */
  load(lastUpdateId: number): readonly D[] | undefined {
    this.#sequence = lastUpdateId;
    this.#hasApplied = false;
    const kept = this.#buffer;
    const fitting: D[] = [];
    for (let i = 0; i < kept.length; i++) {
      const diff = kept[i] as D;
      const verdict = this.#judge(diff);
      if (verdict === "gap") {
        // What came before the hole can never be used again: a snapshot that covers the hole covers it too.
        this.#buffer = kept.slice(i);
        this.#sequence = 0;
        return undefined;
      }
      if (verdict === "ignore") continue;
      this.#advance(diff);
      fitting.push(diff);
    }
    this.#buffer = [];
    this.#isSynced = true;
    return fitting;
  }

  /** Forgets everything: the connection was lost, or the book failed a check. */
  drop(): void {
    this.#isSynced = false;
    this.#buffer = [];
  }

  #keep(diff: D): DiffVerdict {
    const isFull = this.#buffer.length >= this.#bufferLimit;
    if (isFull) this.#buffer = [];
    this.#buffer.push(this.#copy(diff));
    return isFull ? "refetch" : "buffer";
  }

  #advance(diff: D): void {
    this.#sequence = diff.lastSequence;
    this.#hasApplied = true;
  }

  #judge({ firstSequence, lastSequence, previousSequence }: D): "apply" | "ignore" | "gap" {
    const sequence = this.#sequence;
    if (!this.#isLinked) {
      if (lastSequence <= sequence) return "ignore";
      // Not containment: a diff that starts right after the snapshot is just as good, by the page's own update rule.
      return firstSequence <= sequence + 1 ? "apply" : "gap";
    }
    if (this.#hasApplied) {
      if (lastSequence <= sequence) return "ignore";
      return previousSequence === sequence ? "apply" : "gap";
    }
    if (lastSequence < sequence) return "ignore";
    return firstSequence <= sequence ? "apply" : "gap";
  }
}
