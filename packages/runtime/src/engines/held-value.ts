import type { Valuation } from "./portfolio-valuation.ts";

/** What an account has of one asset that is sold in one step: its value is `units` x twice the mid / `twoCoins`. */
interface Holding {
  readonly index: number;
  readonly units: number;
  readonly twoCoins: number;
}

interface Flows {
  readonly cash: number;
  readonly holdings: readonly Holding[];
}

/**
 * What the flows of accounts are worth at prices that change row by row: a product and a sum for each asset held, in floats, where
 * `Valuation` divides bigints. Rounded as there: the two differ by a unit (10^-8) at most, up to some hundred million coins.
 *
 * @example
 * if (value.take([portfolio.total.flows])) for (const [index, twiceMid] of rows) { value.setPrice(index, twiceMid); draw(value.of(0)); }
 */
export class HeldValue {
  readonly #valuation: Valuation;
  readonly #asset: string;
  readonly #twiceMids: Float64Array;
  #accounts: readonly Flows[] = [];

  constructor(valuation: Valuation, asset: string) {
    this.#valuation = valuation;
    this.#asset = asset;
    this.#twiceMids = new Float64Array(valuation.instruments.length);
  }

  /** Takes over what accounts hold, and all present prices; false when something is valued over two instruments, or backwards over one. */
  take(accounts: readonly ReadonlyMap<string, bigint>[]): boolean {
    const { instruments } = this.#valuation;
    for (let index = 0; index < instruments.length; index++)
      this.#twiceMids[index] = this.#valuation.twiceMidTicks(instruments[index]!) ?? Number.NaN;
    const taken = accounts.map((flows) => this.#flowsOf(flows));
    this.#accounts = taken.filter((flows) => flows !== undefined);
    return this.#accounts.length === taken.length;
  }

  /** @param twiceMidTicks Bid + ask of the instrument of that number. */
  setPrice(index: number, twiceMidTicks: number): void {
    this.#twiceMids[index] = twiceMidTicks;
  }

  /** Worth of an account's flows now, by its place in what `take` was given; NaN while something has no price. */
  of(account: number): number {
    const { cash, holdings } = this.#accounts[account]!;
    let value = cash;
    for (let i = 0; i < holdings.length; i++) {
      const holding = holdings[i]!;
      value += Math.trunc((holding.units * this.#twiceMids[holding.index]!) / holding.twoCoins);
    }
    return value;
  }

  /** What one tick more of twice the mid of an instrument makes of an account. */
  slopeOf(account: number, index: number): number {
    let slope = 0;
    for (const holding of this.#accounts[account]!.holdings)
      if (holding.index === index) slope += holding.units / holding.twoCoins;
    return slope;
  }

  #flowsOf(flows: ReadonlyMap<string, bigint>): Flows | undefined {
    let cash = 0;
    const holdings: Holding[] = [];
    for (const [asset, units] of flows) {
      if (asset === this.#asset) cash += Number(units);
      else if (units !== 0n && this.#valuation.hasRoute(asset, this.#asset)) {
        const sale = this.#valuation.saleOf(asset, this.#asset);
        if (sale === undefined) return undefined;
        // Not `{ ...sale, units }`: a field after a spread has V8 11 make a class of objects for each one, and forget it when rows read them.
        holdings.push({ index: sale.index, twoCoins: sale.twoCoins, units: Number(units) });
      }
    }
    return { cash, holdings };
  }
}
