/**
 * What our takers have had of the sizes that a recorded book shows, so that no lot is taken twice.
 *
 *     the ask at 101 is recorded as 50      50 lots for us
 *     we buy 30                             20
 *     the recording sets it to 45           45: what is left of our trade in it, nobody knows
 *
 * The book itself stays as recorded. Most of its changes are dismissed by `isNear`, two comparisons. At most as many entries as levels
 * that we took from and that have not changed since.
 *
 * Source: NautilusTrader's `liquidity_consumption`, which counts consumed sizes for each level until the data change it.
 */
export class TakenLevels {
  readonly #bids = new Map<number, number>();
  readonly #asks = new Map<number, number>();
  // The prices between which anything is taken.
  #lowTicks: number = Number.POSITIVE_INFINITY;
  #highTicks: number = Number.NEGATIVE_INFINITY;

  /** False where nothing is taken at a price; true does not mean that something is. */
  isNear(ticks: number): boolean {
    return ticks >= this.#lowTicks && ticks <= this.#highTicks;
  }

  /** Lots taken from a level since it was last set. */
  lotsAt(isBid: boolean, ticks: number): number {
    return this.isNear(ticks) ? (this.#sideOf(isBid).get(ticks) ?? 0) : 0;
  }

  add(isBid: boolean, ticks: number, lots: number): void {
    this.#sideOf(isBid).set(ticks, this.lotsAt(isBid, ticks) + lots);
    this.#lowTicks = Math.min(this.#lowTicks, ticks);
    this.#highTicks = Math.max(this.#highTicks, ticks);
  }

  /** A level was set: it is whole, whatever it was set to. */
  forget(isBid: boolean, ticks: number): void {
    if (!this.isNear(ticks) || !this.#sideOf(isBid).delete(ticks)) return;
    const left = [...this.#bids.keys(), ...this.#asks.keys()];
    this.#lowTicks = Math.min(...left);
    this.#highTicks = Math.max(...left);
  }

  clear(): void {
    this.#bids.clear();
    this.#asks.clear();
    this.#lowTicks = Number.POSITIVE_INFINITY;
    this.#highTicks = Number.NEGATIVE_INFINITY;
  }

  #sideOf(isBid: boolean): Map<number, number> {
    return isBid ? this.#bids : this.#asks;
  }
}
