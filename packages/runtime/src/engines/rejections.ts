/** A reason why orders were rejected. */
export interface Rejection {
  /** The venue's words, or ours where the order did not get that far. */
  readonly reason: string;
  readonly count: number;
}

/** Of what came after `MOST_REASONS` others: a venue may put numbers into its words. */
const OTHERS = "other reasons";
const MOST_REASONS = 200;

/** Counts why orders were rejected. 200 reasons are told apart; further ones are counted together. */
export class RejectionCounter {
  readonly #counts = new Map<string, number>();

  /** Most often first. */
  get list(): readonly Rejection[] {
    return [...this.#counts].map(([reason, count]) => ({ reason, count })).sort((a, b) => b.count - a.count);
  }

  count(reason: string): void {
    this.#add(reason, 1);
  }

  /** Takes over what an earlier process has counted, in place of all there is. */
  restore(rejections: readonly Rejection[]): void {
    this.#counts.clear();
    for (const { reason, count } of rejections) this.#add(reason, count);
  }

  #add(reason: string, count: number): void {
    const counts = this.#counts;
    const of = counts.has(reason) || counts.size < MOST_REASONS ? reason : OTHERS;
    counts.set(of, (counts.get(of) ?? 0) + count);
  }
}
