import type { DepthDiff } from "../../book/depth-diff.ts";

/** A diff that should have followed another one, and does not. */
export interface Hole {
  /** The sequence that something is missing behind. */
  readonly last: number;
  /** Of the diff that came next. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** The chain that makes the book had it; the one behind the hole makes it from now on. */
  readonly isOfBook: boolean;
}

type ChainedDiff = Pick<DepthDiff, "firstSequence" | "lastSequence" | "previousSequence" | "venueAtUs">;

interface Chain {
  /** `u` of the diff that came last. */
  lastSequence: number;
  diffs: number;
  /** The venue's time since which another chain has brought what this one has not; Infinity when none has. */
  behindSinceUs: number;
  /** Chains that this one may be the rest of, behind a hole: each until it goes on. */
  readonly suspects: Set<Chain>;
  /** `U` and `u` of the diff it began with. */
  readonly firstSequence: number;
  readonly beganUntil: number;
}

const LATE_US = 1_000_000; // twice the slowest speed, 500 ms: a chain that others are ahead of for so long does not go on
const ENDED_US = 5_000_000;
const MOST_CHAINS = 16; // three speeds, with room for sockets that came and went

/**
 * Sorts the diffs of one future into the chains they are of, where nothing else tells them apart: each speed is a chain of its own,
 * whose every diff names the end of the one before (`pu`).
 *
 *   100 ms   |100-110|110-120|120-130|130-140|140-150|        a diff that no chain ends at begins another chain, or lies behind a
 *   500 ms   |100------------------------------- 150|         hole of one: it is a hole when that chain does not go on meanwhile
 *
 * So a hole is told late: when a second of the venue's time has passed in which other chains went on, or by `end`. Two chains that end
 * at one sequence may change places there, which makes no difference to what is missing. Memory: a few numbers for each chain.
 */
export class DepthChains {
  #chains: Chain[] = [];
  #book: Chain | undefined; // the one that makes the book
  #chain: Chain | undefined; // of the diff taken last

  /** The chain of the diff taken last: no more than an identity. */
  get chain(): unknown {
    return this.#chain;
  }

  /** The chain that makes the book. */
  get book(): unknown {
    return this.#book;
  }

  /** Whether the diff taken last does not make the book. */
  get isBeside(): boolean {
    return this.#chain !== this.#book;
  }

  /** Whether the diff taken last may be of the book, behind a hole in it that is not certain yet. */
  get isPending(): boolean {
    return this.#book !== undefined && this.#chain?.suspects.has(this.#book) === true;
  }

  /** Takes a diff. @returns The hole that is certain by now. */
  take(diff: ChainedDiff): Hole | undefined {
    const { previousSequence, lastSequence, venueAtUs } = diff;
    const next = this.#chains.find((chain) => chain.lastSequence === previousSequence);
    this.#chain = next ?? this.#begin(diff);
    if (next !== undefined) goOn(next, lastSequence, this.#chains);
    this.#book ??= this.#chain;
    for (const chain of this.#chains)
      if (chain.lastSequence < lastSequence) chain.behindSinceUs = Math.min(chain.behindSinceUs, venueAtUs);
    const hole = this.#findHole((suspect) => venueAtUs - suspect.behindSinceUs >= LATE_US);
    this.#forget((chain) => venueAtUs - chain.behindSinceUs >= ENDED_US);
    return hole;
  }

  /**
   * Nothing more comes: a chain that began behind one that has not gone on since lies behind a hole. Of a chain with a single diff
   * nobody knows that it would have gone on by now. @returns Holes one by one, undefined in the end.
   */
  end(): Hole | undefined {
    return this.#findHole((suspect) => suspect.diffs > 1);
  }

  #begin({ firstSequence, lastSequence, previousSequence }: ChainedDiff): Chain {
    const suspects = new Set(this.#chains.filter((chain) => chain.lastSequence < previousSequence));
    const chain: Chain = {
      lastSequence,
      diffs: 1,
      behindSinceUs: Number.POSITIVE_INFINITY,
      suspects,
      firstSequence,
      beganUntil: lastSequence,
    };
    if (this.#chains.length === MOST_CHAINS) {
      const oldest = this.#chains.reduce((a, b) => (a.lastSequence <= b.lastSequence ? a : b));
      this.#forget((other) => other === oldest);
    }
    this.#chains.push(chain);
    return chain;
  }

  /** Puts the oldest chain that lies behind a hole in the place of the one that is broken. */
  #findHole(isBroken: (suspect: Chain) => boolean): Hole | undefined {
    for (const chain of this.#chains) {
      // The nearest: what ended long before has no part in it.
      const [broken] = [...chain.suspects].filter(isBroken).sort((a, b) => b.lastSequence - a.lastSequence);
      if (broken === undefined) continue;
      chain.suspects.clear();
      const isOfBook = broken === this.#book;
      if (isOfBook) this.#book = chain;
      this.#forget((other) => other === broken);
      const { firstSequence, beganUntil } = chain;
      return { last: broken.lastSequence, firstSequence, lastSequence: beganUntil, isOfBook };
    }
    return undefined;
  }

  #forget(isOver: (chain: Chain) => boolean): void {
    const over = this.#chains.filter(isOver);
    if (over.length === 0) return;
    this.#chains = this.#chains.filter((chain) => !over.includes(chain));
    for (const chain of this.#chains) for (const one of over) chain.suspects.delete(one);
    if (this.#book !== undefined && over.includes(this.#book)) this.#book = undefined;
  }
}

/** A chain that goes on has no hole: nobody lies behind one of it. */
function goOn(chain: Chain, lastSequence: number, all: readonly Chain[]): void {
  chain.lastSequence = lastSequence;
  chain.diffs++;
  chain.behindSinceUs = Number.POSITIVE_INFINITY;
  for (const other of all) other.suspects.delete(chain);
}
