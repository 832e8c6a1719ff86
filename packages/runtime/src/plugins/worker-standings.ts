import type { Backlog } from "../engines/backlog.ts";

const VENUES_FROM = 3;
const A_VENUE = 2;

/**
 * What a worker looks up of its session as it stands: numbers in shared memory, written by the session and read by the worker.
 *
 *     orders of the backlog, its limit, 1 when it is high, then for each venue: time to an answer in nanoseconds (NaN: unknown), 1 when an outcome is unknown
 *
 * Each is read by itself, so that two of them may be of different moments.
 */
export class Standings implements Backlog {
  readonly buffer: SharedArrayBuffer;
  readonly #venues: readonly string[];
  readonly #values: Float64Array;

  /** @param buffer Of another thread's; a new one, in which nothing is known, when left out. */
  constructor(venues: readonly string[], buffer?: SharedArrayBuffer) {
    this.#venues = venues;
    this.buffer = buffer ?? new SharedArrayBuffer((VENUES_FROM + A_VENUE * venues.length) * 8);
    this.#values = new Float64Array(this.buffer);
    if (buffer !== undefined) return;
    this.#values[1] = Number.POSITIVE_INFINITY;
    for (const venue of venues) this.setVenue(venue, undefined, false);
  }

  /** For the session. */
  setBacklog({ orders, limit, isHigh }: Backlog): void {
    this.#values[0] = orders;
    this.#values[1] = limit;
    this.#values[2] = isHigh ? 1 : 0;
  }

  /** For the session. */
  setVenue(venue: string, latencyNs: number | undefined, hasUnknown: boolean): void {
    const at = this.#at(venue);
    this.#values[at] = latencyNs ?? Number.NaN;
    this.#values[at + 1] = hasUnknown ? 1 : 0;
  }

  get orders(): number {
    return this.#values[0]!;
  }

  get limit(): number {
    return this.#values[1]!;
  }

  get isHigh(): boolean {
    return this.#values[2] === 1;
  }

  latencyNs(venue: string): number | undefined {
    const ns = this.#values[this.#at(venue)]!;
    return Number.isNaN(ns) ? undefined : ns;
  }

  hasUnknown(venue: string): boolean {
    return this.#values[this.#at(venue) + 1] === 1;
  }

  #at(venue: string): number {
    return VENUES_FROM + A_VENUE * this.#venues.indexOf(venue);
  }
}

/** The venues of instruments, each once, in their order. */
export function venuesOf(instruments: readonly { readonly venue: string }[]): readonly string[] {
  return [...new Set(instruments.map(({ venue }) => venue))];
}
