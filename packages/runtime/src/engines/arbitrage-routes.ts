import type { Instrument } from "@pitlane/sdk";

/** One instrument on two venues, by number. */
export interface CrossPair {
  /** The lower number first. */
  readonly first: number;
  readonly second: number;
  /** A size both venues take, in lots of each: sizes are multiples of it. */
  readonly firstStepLots: number;
  readonly secondStepLots: number;
}

/** Three trades on one venue that lead from an asset back to it. */
export interface Triangle {
  /** Asset that it begins and ends with. */
  readonly asset: string;
  /** Numbers of the instruments, in the order of the trades. */
  readonly legs: readonly [number, number, number];
  /** Whether each is a buy. */
  readonly isBuy: readonly [boolean, boolean, boolean];
}

/** Every pair of instruments with the same symbol on two venues. Pure. */
export function crossPairs(instruments: readonly Instrument[]): readonly CrossPair[] {
  const pairs: CrossPair[] = [];
  const bySymbol = new Map<string, number[]>();
  for (const [second, instrument] of instruments.entries()) {
    const sames = bySymbol.get(instrument.symbol) ?? [];
    bySymbol.set(instrument.symbol, sames);
    for (const first of sames) {
      const other = instruments[first]!;
      if (other.venue !== instrument.venue) pairs.push({ first, second, ...commonStep(other, instrument) });
    }
    sames.push(second);
  }
  return pairs;
}

/**
 * Every triangle of each venue, in both directions. Pure.
 *
 * It begins with the asset that most of its instruments are priced in, so that profits come in `USDT` rather than in a coin.
 */
export function triangles(instruments: readonly Instrument[]): readonly Triangle[] {
  const links = new Map<string, number>(); // number by venue and assets, either way round
  for (const [index, { venue, base, quote }] of instruments.entries()) {
    links.set(`${venue} ${base} ${quote}`, index);
    links.set(`${venue} ${quote} ${base}`, index);
  }
  const neighbours = new Map<string, Set<string>>();
  for (const { venue, base, quote } of instruments) {
    for (const [from, to] of [
      [base, quote],
      [quote, base],
    ] as const) {
      const key = `${venue} ${from}`;
      neighbours.set(key, (neighbours.get(key) ?? new Set()).add(to));
    }
  }
  const found: Triangle[] = [];
  for (const [index, { venue, base, quote }] of instruments.entries()) {
    if (links.get(`${venue} ${base} ${quote}`) !== index) continue; // listed twice: the later one counts
    for (const third of neighbours.get(`${venue} ${base}`) ?? []) {
      const second = links.get(`${venue} ${base} ${third}`)!;
      const last = links.get(`${venue} ${quote} ${third}`);
      // Each triangle is met once from each of its instruments: the lowest number makes it.
      if (last === undefined || index > second || index > last) continue;
      const start = anchorOf([instruments[index]!, instruments[second]!, instruments[last]!]);
      const [one, two] = [base, quote, third].filter((asset) => asset !== start) as [string, string];
      for (const path of [
        [start, one, two, start],
        [start, two, one, start],
      ])
        found.push(along(instruments, links, venue, path));
    }
  }
  return found;
}

function along(
  instruments: readonly Instrument[],
  links: ReadonlyMap<string, number>,
  venue: string,
  path: readonly string[],
): Triangle {
  const legs = [0, 1, 2].map((i) => links.get(`${venue} ${path[i]} ${path[i + 1]}`)!);
  const isBuy = legs.map((leg, i) => instruments[leg]!.base === path[i + 1]);
  return { asset: path[0]!, legs: legs as unknown as Triangle["legs"], isBuy: isBuy as unknown as Triangle["isBuy"] };
}

function anchorOf(three: readonly Instrument[]): string {
  const counts = new Map<string, number>();
  for (const { quote } of three) counts.set(quote, (counts.get(quote) ?? 0) + 1);
  let anchor = three[0]!.quote;
  for (const [asset, count] of counts) if (count > (counts.get(anchor) ?? 0)) anchor = asset;
  return anchor;
}

/** The least size that is a multiple of both venues' steps. */
function commonStep(first: Instrument, second: Instrument): { firstStepLots: number; secondStepLots: number } {
  const finest = Math.max(first.sizeDecimals, second.sizeDecimals);
  const [one, two] = [first, second].map(
    ({ lotIncrement, sizeDecimals }) => BigInt(lotIncrement) * 10n ** BigInt(finest - sizeDecimals),
  ) as [bigint, bigint];
  const step = (one / greatestDivisor(one, two)) * two;
  const inLots = ({ sizeDecimals }: Instrument) => Number(step / 10n ** BigInt(finest - sizeDecimals));
  return { firstStepLots: inLots(first), secondStepLots: inLots(second) };
}

function greatestDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestDivisor(b, a % b);
}
