/**
 * What takers have had of the sizes that a recorded book shows, ours and those of recorded trades, so that we take no lot twice and none
 * that another has taken.
 *
 *     the ask at 101 is recorded as 50      50 lots for us
 *     we buy 30                             20
 *     a trade buys 15 at 101                5
 *     the recording sets it to 45           45: what is left of our trade in it, nobody knows
 *
 * The book itself stays as recorded. Most of its changes are dismissed by `isNear`, two comparisons. At most as many entries as levels
 * that were taken from and have not changed since; none of them is an object.
 *
 * Source: NautilusTrader's `liquidity_consumption`, which counts consumed sizes for each level until the data change it.
 */
export class TakenLevels {
  readonly #bids = new TakenSide();
  readonly #asks = new TakenSide();
  // The prices between which anything is taken.
  #lowTicks: number = Number.POSITIVE_INFINITY;
  #highTicks: number = Number.NEGATIVE_INFINITY;

  /** False where nothing is taken at a price; true does not mean that something is. */
  isNear(ticks: number): boolean {
    return ticks >= this.#lowTicks && ticks <= this.#highTicks;
  }

  /** Lots taken from a level since it was last set, which may be more than it shows. */
  lotsAt(isBid: boolean, ticks: number): number {
    return this.isNear(ticks) ? this.#sideOf(isBid).lotsAt(ticks) : 0;
  }

  /** @param lots Infinity for all, whatever the level shows. */
  add(isBid: boolean, ticks: number, lots: number): void {
    this.#sideOf(isBid).add(ticks, lots);
    if (ticks < this.#lowTicks) this.#lowTicks = ticks;
    if (ticks > this.#highTicks) this.#highTicks = ticks;
  }

  /** A level was set: it is whole, whatever it was set to. */
  forget(isBid: boolean, ticks: number): void {
    if (!this.isNear(ticks) || !this.#sideOf(isBid).tryForget(ticks)) return;
    this.#lowTicks = Math.min(this.#bids.lowTicks, this.#asks.lowTicks);
    this.#highTicks = Math.max(this.#bids.highTicks, this.#asks.highTicks);
  }

  clear(): void {
    this.#bids.clear();
    this.#asks.clear();
    this.#lowTicks = Number.POSITIVE_INFINITY;
    this.#highTicks = Number.NEGATIVE_INFINITY;
  }

  #sideOf(isBid: boolean): TakenSide {
    return isBid ? this.#bids : this.#asks;
  }
}

/** Lots by price, lowest first. Nothing is allocated but when it grows; entries are few, and moved one by one: `copyWithin` takes longer. */
class TakenSide {
  #ticks = new Float64Array(16);
  #lots = new Float64Array(16);
  #count = 0;

  /** Infinity when there is none. */
  get lowTicks(): number {
    return this.#count === 0 ? Number.POSITIVE_INFINITY : this.#ticks[0]!;
  }

  /** -Infinity when there is none. */
  get highTicks(): number {
    return this.#count === 0 ? Number.NEGATIVE_INFINITY : this.#ticks[this.#count - 1]!;
  }

  lotsAt(ticks: number): number {
    const at = this.#placeOf(ticks);
    return at < this.#count && this.#ticks[at] === ticks ? this.#lots[at]! : 0;
  }

  add(ticks: number, lots: number): void {
    const at = this.#placeOf(ticks);
    if (at < this.#count && this.#ticks[at] === ticks) {
      this.#lots[at]! += lots;
      return;
    }
    if (this.#count === this.#ticks.length) {
      this.#ticks = doubled(this.#ticks);
      this.#lots = doubled(this.#lots);
    }
    for (let i = this.#count++; i > at; i--) {
      this.#ticks[i] = this.#ticks[i - 1]!;
      this.#lots[i] = this.#lots[i - 1]!;
    }
    this.#ticks[at] = ticks;
    this.#lots[at] = lots;
  }

  /** False when there was nothing. */
  tryForget(ticks: number): boolean {
    const at = this.#placeOf(ticks);
    if (at === this.#count || this.#ticks[at] !== ticks) return false;
    this.#count--;
    for (let i = at; i < this.#count; i++) {
      this.#ticks[i] = this.#ticks[i + 1]!;
      this.#lots[i] = this.#lots[i + 1]!;
    }
    return true;
  }

  clear(): void {
    this.#count = 0;
  }

  /** Where the price is, or would be. */
  #placeOf(ticks: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ticks[middle]! < ticks) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function doubled(column: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * column.length);
  larger.set(column);
  return larger;
}
