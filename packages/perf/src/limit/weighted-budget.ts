import type { Clock } from "../clock.ts";
import { inRange, integerInRange } from "../errors.ts";

/** What a request does, most urgent first: what reduces risk is never held up by what only looks. */
export const PRIORITIES = ["cancel", "amend", "new", "read"] as const;
export type Priority = (typeof PRIORITIES)[number];

/** For each priority the share of the limit, 0 to 1, which its takes may fill up to; the rest stays for higher ones. */
export type Shares = Readonly<Record<Priority, number>>;

export interface WeightedBudgetOptions {
  /** Weight that the venue allows in one window; 1 to 1e9. */
  readonly limit: number;
  /** Length of the venue's windows, in milliseconds; 10 to 86,400,000. They start at whole multiples of it since the epoch. */
  readonly windowMs: number;
  /**
   * How far apart a take here and its count at the venue can be, in milliseconds: delay on the way plus error of the clock;
   * 0 to a quarter of the window. 1,000 unless told, or a quarter of the window where that is less.
   */
  readonly marginMs?: number;
  /** 1 for cancel, 0.95 for amend, 0.9 for new, 0.7 for read unless told; may not grow towards lower priorities. */
  readonly shares?: Shares;
  /** The venue's wall time, as well as it is known: a host whose clock is off passes a corrected one. */
  readonly clock: Pick<Clock, "nowUs">;
}

const DEFAULT_SHARES: Shares = { cancel: 1, amend: 0.95, new: 0.9, read: 0.7 };

/**
 * A venue's budget of weight per fixed window, spent by priority and corrected from the venue's own count.
 *
 * - No window of the venue counts more than `limit` of our weight, while requests arrive within `marginMs` of their take: one
 *   that may fall into either of two windows is counted in both. A fixed window allows twice the limit around its edge;
 *   for a rolling window use `SlidingWindow`.
 * - A take of a priority is refused when it would fill the window beyond its share, so reads can never starve cancels.
 * - A take of weight 0 fills nothing: it is refused during a pause alone, also where the venue's count has risen beyond a share.
 * - Weight is spent before the wire. `refund` gives it back only when nothing can have been sent.
 * - `observe` only ever raises the count: a lower number from the venue has not seen what was sent since. For a venue that gives
 *   back by itself, `correct` lowers it too.
 *
 * A new process knows nothing of what was spent before it: let its first request be a read that brings the venue's count.
 *
 * @example
 * const budget = new WeightedBudget({ limit: 6000, windowMs: 60_000, clock });
 * if (budget.tryTake(20, "read")) {
 *   const takenAtSend = budget.taken;
 *   const reply = await send(request);
 *   budget.observe(reply.usedWeight, takenAtSend);
 * }
 */
export class WeightedBudget {
  readonly #windowUs: number;
  readonly #marginUs: number;
  #limit: number;
  readonly #clock: Pick<Clock, "nowUs">;
  #shares: Shares;
  #ceilings: Shares; // in weight
  #window = Number.NaN; // the earliest one that a take now can fall into, counted from the epoch
  #used = 0; // weight in it
  #usedInNext = 0;
  #taken = 0;
  #surelyIn = Number.NaN; // the window for which the next field holds
  #takenBeforeSurely = 0; // takes from here on cannot fall into the window before
  #takenBeforeObserved = 0; // takes up to here may be in a count of the venue
  #blockedUntilUs = 0;

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor({ limit, windowMs, marginMs, shares = DEFAULT_SHARES, clock }: WeightedBudgetOptions) {
    this.#limit = integerInRange("limit", limit, 1, 1e9);
    this.#windowUs = integerInRange("windowMs", windowMs, 10, 86_400_000) * 1000;
    this.#marginUs = inRange("marginMs", marginMs ?? Math.min(1000, windowMs / 4), 0, windowMs / 4) * 1000;
    this.#shares = validShares(shares);
    this.#ceilings = toCeilings(this.#shares, limit);
    this.#clock = clock;
  }

  /**
   * How far each priority may fill the window. May be set at any time, for the takes that come after: what was taken stays
   * taken. A weight that its lowered share can no longer hold is an error from then on, for who waits in a `TakeQueue` too;
   * a raised share does not wake such a queue, which asks again when its present wait is over.
   *
   * @throws {InvalidInputError} When set to shares out of range or growing towards lower priorities; nothing has changed then.
   * @example
   * budget.shares = { ...budget.shares, read: 0.5 };
   */
  get shares(): Shares {
    return this.#shares;
  }

  set shares(shares: Shares) {
    this.#shares = validShares(shares);
    this.#ceilings = toCeilings(this.#shares, this.#limit);
  }

  /**
   * Weight of one window: the venue may announce another one. May be set at any time, as `shares`.
   *
   * @throws {InvalidInputError} When set out of range; nothing has changed then.
   */
  get limit(): number {
    return this.#limit;
  }

  set limit(limit: number) {
    this.#limit = integerInRange("limit", limit, 1, 1e9);
    this.#ceilings = toCeilings(this.#shares, limit);
  }

  /**
   * Takes `weight`, or nothing and returns false.
   * @throws {InvalidInputError} When `weight` is not a whole number from 0 to what `priority` may use of a window.
   */
  tryTake(weight: number, priority: Priority): boolean {
    const ceiling = this.#ceilingFor(weight, priority);
    const nowUs = this.#clock.nowUs();
    if (nowUs < this.#blockedUntilUs) return false;
    if (weight === 0) return true;
    this.#enterWindow(nowUs);
    if (this.#used + weight > ceiling) return false;
    if (this.#mayFallIntoNext(nowUs)) {
      if (this.#usedInNext + weight > ceiling) return false;
      this.#usedInNext += weight;
    }
    this.#used += weight;
    this.#taken += weight;
    return true;
  }

  /** Whole milliseconds until `tryTake` succeeds, if nobody else takes; 0 when it does now. Throws as `tryTake`. */
  waitMs(weight: number, priority: Priority): number {
    const ceiling = this.#ceilingFor(weight, priority);
    const nowUs = this.#clock.nowUs();
    this.#enterWindow(nowUs);
    const fitsHere = weight === 0 || this.#used + weight <= ceiling;
    const fitsInNext = weight === 0 || this.#usedInNext + weight <= ceiling;
    let readyUs = nowUs;
    if (!fitsInNext && (!fitsHere || this.#mayFallIntoNext(nowUs))) readyUs = this.#surelyFromUs(this.#window + 2);
    else if (!fitsHere) readyUs = this.#surelyFromUs(this.#window + 1);
    return Math.ceil((Math.max(readyUs, this.#blockedUntilUs, nowUs) - nowUs) / 1000);
  }

  /** All weight ever taken here. Read it right after a take: it is what `observe` and `refund` know the request by. */
  get taken(): number {
    return this.#taken;
  }

  /** Weight that counts against the limit now: for gauges and alerts. */
  usedWeight(): number {
    this.#enterWindow(this.#clock.nowUs());
    return this.#used;
  }

  /**
   * Learns the venue's count for the window, from the reply to the request after whose take `taken` was `takenAtSend`.
   *
   * Others who use the same key raise it above ours. Takes after `takenAtSend` are added on top, as the venue cannot have
   * counted them; earlier ones are believed to be in it, so where requests overtake each other pass the value of the
   * oldest one still unanswered. Near an edge, where the count can be of either window, and for requests of an earlier
   * window it is ignored.
   *
   * @throws {InvalidInputError} When a number is negative, or `takenAtSend` above `taken`.
   */
  observe(usedWeight: number, takenAtSend: number): void {
    inRange("usedWeight", usedWeight, 0, Number.MAX_SAFE_INTEGER);
    inRange("takenAtSend", takenAtSend, 0, this.#taken);
    if (!this.#isOfThisWindow(takenAtSend)) return;
    this.#takenBeforeObserved = this.#taken;
    this.#used = Math.max(this.#used, usedWeight + this.#taken - takenAtSend);
  }

  /**
   * As `observe`, where a lower count than ours is believed too: a venue that counts unfilled orders gives back what was filled.
   * `takenAtSend` must then leave out whatever is still unanswered, and counts must not overtake each other.
   */
  correct(usedWeight: number, takenAtSend: number): void {
    inRange("usedWeight", usedWeight, 0, Number.MAX_SAFE_INTEGER);
    inRange("takenAtSend", takenAtSend, 0, this.#taken);
    if (!this.#isOfThisWindow(takenAtSend)) return;
    this.#takenBeforeObserved = this.#taken;
    this.#used = usedWeight + this.#taken - takenAtSend;
  }

  /**
   * Gives back, once, the weight of a request of which no byte can have left, known as in `observe`.
   *
   * After an edge of the window, or after an `observe` that believed the request counted, nothing is given back: the weight
   * then stays spent until its window ends.
   *
   * @throws {InvalidInputError} When a number is negative, or `takenAtSend` above `taken`.
   */
  refund(weight: number, takenAtSend: number): void {
    inRange("takenAtSend", takenAtSend, 0, this.#taken);
    inRange("weight", weight, 0, takenAtSend);
    if (!this.#isOfThisWindow(takenAtSend) || takenAtSend <= this.#takenBeforeObserved) return;
    this.#used -= weight;
  }

  /** Refuses everything until wall time `atUs` (microseconds since the epoch): what a venue's Retry-After asks for. The latest one counts. */
  blockUntil(atUs: number): void {
    this.#blockedUntilUs = Math.max(this.#blockedUntilUs, inRange("atUs", atUs, 0, Number.MAX_SAFE_INTEGER));
  }

  #ceilingFor(weight: number, priority: Priority): number {
    const ceiling = this.#ceilings[priority];
    integerInRange("weight", weight, 0, ceiling);
    return ceiling;
  }

  #enterWindow(nowUs: number): void {
    const window = Math.floor((nowUs - this.#marginUs) / this.#windowUs);
    if (window !== this.#window) {
      if (window === this.#window + 1) this.#used = this.#usedInNext;
      else if (window < this.#window) this.#used = Math.max(this.#used, this.#usedInNext);
      else this.#used = 0;
      // A clock that was set back does not say how far it was wrong before: what was used counts in both windows.
      this.#usedInNext = window < this.#window ? this.#used : 0;
      this.#window = window;
    }
    if (window !== this.#surelyIn && !this.#mayFallIntoNext(nowUs)) {
      this.#surelyIn = window;
      this.#takenBeforeSurely = this.#taken;
    }
  }

  #mayFallIntoNext(nowUs: number): boolean {
    return nowUs + this.#marginUs >= (this.#window + 1) * this.#windowUs;
  }

  #surelyFromUs(window: number): number {
    return window * this.#windowUs + this.#marginUs;
  }

  // The request was taken, and now is, where only one window is possible, and it is the same.
  #isOfThisWindow(takenAtSend: number): boolean {
    const nowUs = this.#clock.nowUs();
    this.#enterWindow(nowUs);
    return this.#surelyIn === this.#window && !this.#mayFallIntoNext(nowUs) && takenAtSend > this.#takenBeforeSurely;
  }
}

/** A frozen copy, which no caller can change behind the budget's back. */
function validShares(shares: Shares): Shares {
  return Object.freeze({
    cancel: inRange("shares.cancel", shares.cancel, 0, 1),
    amend: inRange("shares.amend", shares.amend, 0, shares.cancel),
    new: inRange("shares.new", shares.new, 0, shares.amend),
    read: inRange("shares.read", shares.read, 0, shares.new),
  });
}

function toCeilings(shares: Shares, limit: number): Shares {
  return {
    cancel: Math.floor(limit * shares.cancel),
    amend: Math.floor(limit * shares.amend),
    new: Math.floor(limit * shares.new),
    read: Math.floor(limit * shares.read),
  };
}
