import type { Instrument } from "@pitlane/sdk";

/** What carries requests to the venue. */
export interface Carrier {
  /** Most requests that can be on their way at once: the client's connections; Infinity over one socket that takes any number of them. */
  readonly connections: number;
  /** See `OrderVenue`; 1 unless told. */
  readonly batchLimit?: number | undefined;
}

/**
 * How many requests for new orders may be under way at once. Where the venue has batch endpoints, each is a batch. Elsewhere each is one order, of
 * which `concurrency` batches of `batch` may be under way; but no more than three quarters of the connections, so that a cancel always
 * finds a free one. Over one socket for all there is nothing that a cancel could wait for.
 */
export function requestsAtOnce(
  { batch, concurrency }: { readonly batch: number; readonly concurrency: number },
  { connections, batchLimit = 1 }: Carrier,
): number {
  const wanted = batchLimit > 1 ? concurrency : concurrency * batch;
  return Math.max(1, Math.min(wanted, Math.floor((connections * 3) / 4)));
}

/**
 * How many requests for new orders may be under way at once, over all and of one instrument. One instrument gets half of the places, rounded
 * up: when its answers are slow, the others still have theirs. Where there are no others it gets all of them.
 */
export class Places {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #taken = new Map<Instrument, number>();
  #free: number;

  /** @param most 1 or more. @param instruments How many may have orders; 1 or more. */
  constructor(most: number, instruments: number) {
    this.#most = most;
    this.#free = most;
    this.#mostOfOne = instruments === 1 ? most : Math.ceil(most / 2);
  }

  get free(): number {
    return this.#free;
  }

  get taken(): number {
    return this.#most - this.#free;
  }

  isFree(instrument: Instrument): boolean {
    return this.#free > 0 && (this.#taken.get(instrument) ?? 0) < this.#mostOfOne;
  }

  tryTake(instrument: Instrument): boolean {
    const taken = this.#taken.get(instrument) ?? 0;
    if (this.#free === 0 || taken >= this.#mostOfOne) return false;
    this.#taken.set(instrument, taken + 1);
    this.#free--;
    return true;
  }

  /** Gives a place back that `tryTake` gave. */
  release(instrument: Instrument): void {
    this.#taken.set(instrument, this.#taken.get(instrument)! - 1);
    this.#free++;
  }
}
