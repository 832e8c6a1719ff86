import type { Instrument } from "@pitlane/sdk";

/** Bid + ask of an instrument in ticks, which is twice the mid so that a mid between two ticks stays whole; undefined when not known. */
export type TwiceMidTicks = (instrument: Instrument) => number | undefined;

/** One conversion: over `instrument`, from its base to its quote or the other way. */
interface Hop {
  readonly instrument: Instrument;
  readonly isSale: boolean;
  /** Twice the ticks in a price of 1: twice the mid over this is the mid. */
  readonly twoCoins: bigint;
}

/**
 * Values amounts of one asset in another at the mid prices of a session's instruments, over one of them or over two.
 *
 * Exact arithmetic, rounded towards zero. Of several ways the first that is priced is taken, direct ones before those over a third
 * asset, then in the order of the instruments: the same prices give the same value. For people and for limits, never for accounts.
 *
 * @example
 * const valuation = new Valuation(instruments, (instrument) => twiceMids.get(instrument));
 * valuation.tryConvert(fee, "BNB", "USDT"); // undefined while no price is known
 */
export class Valuation {
  readonly instruments: readonly Instrument[];
  readonly twiceMidTicks: TwiceMidTicks;
  readonly #routes = new Map<string, Map<string, readonly (readonly Hop[])[]>>();

  constructor(instruments: readonly Instrument[], twiceMidTicks: TwiceMidTicks) {
    this.instruments = instruments;
    this.twiceMidTicks = twiceMidTicks;
  }

  /** True when the instruments lead from one asset to the other: its value is then known once they have prices. */
  hasRoute(from: string, to: string): boolean {
    return from === to || this.#routesOf(from, to).length > 0;
  }

  /** `units` of asset `from` in the smallest unit of asset `to`; undefined while no way there has all its prices. */
  tryConvert(units: bigint, from: string, to: string): bigint | undefined {
    if (from === to || units === 0n) return units;
    const routes = this.#routesOf(from, to);
    for (let i = 0; i < routes.length; i++) {
      const value = this.#along(units, routes[i]!);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  /**
   * The instrument, by its number, that `tryConvert` sells `from` for `to` at: its value is units x twice the mid / `twoCoins`. Undefined
   * where it takes another way at present prices, or has none.
   */
  saleOf(from: string, to: string): { readonly index: number; readonly twoCoins: number } | undefined {
    for (const route of this.#routesOf(from, to)) {
      if (this.#along(0n, route) === undefined) continue;
      const [hop] = route;
      if (hop === undefined || route.length > 1 || !hop.isSale) return undefined;
      return { index: this.instruments.indexOf(hop.instrument), twoCoins: Number(hop.twoCoins) };
    }
    return undefined;
  }

  #along(units: bigint, route: readonly Hop[]): bigint | undefined {
    let value = units;
    for (const { instrument, isSale, twoCoins } of route) {
      const twiceMid = this.twiceMidTicks(instrument);
      if (twiceMid === undefined || !(twiceMid > 0)) return undefined;
      value = isSale ? (value * BigInt(twiceMid)) / twoCoins : (value * twoCoins) / BigInt(twiceMid);
    }
    return value;
  }

  #routesOf(from: string, to: string): readonly (readonly Hop[])[] {
    let known = this.#routes.get(from);
    if (known === undefined) {
      known = new Map();
      this.#routes.set(from, known);
    }
    let routes = known.get(to);
    if (routes === undefined) {
      routes = findRoutes(this.instruments, from, to);
      known.set(to, routes);
    }
    return routes;
  }
}

/** The asset that most instruments are priced in, the first of equals: what a session's performance is counted in. Pure. */
export function accountingAsset(instruments: readonly Instrument[]): string {
  const counts = new Map<string, number>();
  for (const { quote } of instruments) counts.set(quote, (counts.get(quote) ?? 0) + 1);
  let best = instruments[0]?.quote ?? "";
  for (const [quote, count] of counts) if (count > (counts.get(best) ?? 0)) best = quote;
  return best;
}

function findRoutes(instruments: readonly Instrument[], from: string, to: string): readonly (readonly Hop[])[] {
  const hopsFrom = (asset: string): readonly (readonly [Hop, string])[] =>
    instruments.flatMap((instrument): (readonly [Hop, string])[] => {
      const { base, quote, priceDecimals } = instrument;
      const twoCoins = 2n * 10n ** BigInt(priceDecimals);
      if (base === asset) return [[{ instrument, isSale: true, twoCoins }, quote]];
      return quote === asset ? [[{ instrument, isSale: false, twoCoins }, base]] : [];
    });
  const first = hopsFrom(from);
  const direct = first.filter(([, reached]) => reached === to).map(([hop]) => [hop]);
  const overThird = first
    .filter(([, reached]) => reached !== to)
    .flatMap(([hop, third]) =>
      hopsFrom(third)
        .filter(([, reached]) => reached === to)
        .map(([second]) => [hop, second]),
    );
  return [...direct, ...overThird];
}
