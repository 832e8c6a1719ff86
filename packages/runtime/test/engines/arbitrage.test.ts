import { baseUnits, type Instrument, InvalidInputError, notionalUnits, type QuoteEvent } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { ArbitrageDetector, type ArbitrageOpportunity, type ArbitrageOptions } from "../../src/engines/arbitrage.ts";
import { triangles } from "../../src/engines/arbitrage-routes.ts";
import { testInstrument } from "../../src/testing.ts";

function listed(venue: string, base: string, quote: string, overrides: Partial<Instrument> = {}): Instrument {
  const symbol = `${base}/${quote}`;
  return testInstrument({ id: `${venue}:${symbol}`, venue, symbol, base, quote, minNotional: 0n, ...overrides });
}

interface Touch {
  readonly bid: number;
  readonly ask: number;
  readonly bidLots?: number;
  readonly askLots?: number;
  readonly atUs?: number;
}

function setUp(instruments: readonly Instrument[], options: Partial<ArbitrageOptions> = {}) {
  const found: ArbitrageOpportunity[] = [];
  const detector = new ArbitrageDetector({
    instruments,
    feeBps: () => 10,
    onOpportunity: (opportunity) => found.push(opportunity),
    ...options,
  });
  const quote = (instrument: Instrument, { bid, ask, bidLots = 1000, askLots = 1000, atUs = 0 }: Touch) => {
    found.length = 0;
    const about = {
      kind: "quote",
      instrument,
      venueAtUs: atUs,
      receivedAtUs: atUs,
      receivedNs: 0,
      sequence: 1,
    } as const;
    detector.onQuote({ ...about, bidTicks: bid, bidLots, askTicks: ask, askLots } satisfies QuoteEvent);
    return [...found];
  };
  return { detector, quote };
}

const here = listed("here", "AAA", "USDT");
const there = listed("there", "AAA", "USDT");

test("buys where it is cheap and sells where it is dear, as much as both touches have, fees taken off", () => {
  const { quote } = setUp([here, there]);
  expect(quote(here, { bid: 9_990, ask: 10_000, askLots: 300 })).toEqual([]);
  const [found] = quote(there, { bid: 10_050, ask: 10_060, bidLots: 200, atUs: 500 });
  expect(found).toMatchObject({ type: "crossVenue", asset: "USDT", atUs: 500 });
  expect(found?.legs).toEqual([
    { instrument: here, side: "buy", priceTicks: 10_000, sizeLots: 200 },
    { instrument: there, side: "sell", priceTicks: 10_050, sizeLots: 200 },
  ]);
  // 20.00 bought and 20.10 sold, each with a fee of a thousandth.
  expect(found?.costUnits).toBe(20_02000000n);
  expect(found?.profitUnits).toBe(20_07990000n - 20_02000000n);
});

test("a difference that the fees eat is none", () => {
  const { quote } = setUp([here, there]);
  quote(here, { bid: 9_990, ask: 10_000 });
  expect(quote(there, { bid: 10_020, ask: 10_030 })).toEqual([]); // a sale at 10,020 brings 10,009.98: 10,010 were spent
  expect(quote(there, { bid: 10_021, ask: 10_030 })).toHaveLength(1);
});

test("slippage and the least profit ask for more", () => {
  const slow = setUp([here, there], { slippageBps: 5 });
  slow.quote(here, { bid: 9_990, ask: 10_000 });
  expect(slow.quote(there, { bid: 10_021, ask: 10_030 })).toEqual([]);
  expect(slow.quote(there, { bid: 10_031, ask: 10_040 })).toHaveLength(1);
  const picky = setUp([here, there], { minProfitBps: 10 });
  picky.quote(here, { bid: 9_990, ask: 10_000 });
  expect(picky.quote(there, { bid: 10_030, ask: 10_040 })).toEqual([]);
  expect(picky.quote(there, { bid: 10_040, ask: 10_050 })).toHaveLength(1);
});

test("another leg's quote counts as long as it is fresh, and not across a gap", () => {
  const { detector, quote } = setUp([here, there], { maxAgeMs: 10 });
  quote(here, { bid: 9_990, ask: 10_000 });
  expect(quote(there, { bid: 10_100, ask: 10_110, atUs: 10_000 })).toHaveLength(1);
  expect(quote(there, { bid: 10_100, ask: 10_110, atUs: 10_001 })).toEqual([]);
  quote(here, { bid: 9_990, ask: 10_000, atUs: 10_001 });
  detector.clear(here);
  expect(quote(there, { bid: 10_100, ask: 10_110, atUs: 10_001 })).toEqual([]);
});

test("sizes suit both venues' steps, and one too small for either is none", () => {
  const coarse = listed("coarse", "AAA", "USDT", { sizeDecimals: 2, lotIncrement: 3 }); // steps of 0.03
  const fine = listed("fine", "AAA", "USDT", { sizeDecimals: 4, lotIncrement: 50 }); // of 0.005
  const { quote } = setUp([coarse, fine]);
  quote(coarse, { bid: 9_990, ask: 10_000, askLots: 100 });
  const [found] = quote(fine, { bid: 10_100, ask: 10_110, bidLots: 5_999 });
  expect(found?.legs.map(({ sizeLots }) => sizeLots)).toEqual([57, 5_700]); // 0.57
  expect(quote(fine, { bid: 10_100, ask: 10_110, bidLots: 250 })).toEqual([]);
  const least = listed("there", "AAA", "USDT", { minNotional: 20_00000000n });
  const bounded = setUp([here, least]);
  bounded.quote(here, { bid: 9_990, ask: 10_000, askLots: 190 });
  expect(bounded.quote(least, { bid: 10_100, ask: 10_110 })).toEqual([]); // worth 19.19
  bounded.quote(here, { bid: 9_990, ask: 10_000, askLots: 200 });
  expect(bounded.quote(least, { bid: 10_100, ask: 10_110 })).toHaveLength(1);
});

test("a triangle is found both ways round, in the asset that most is priced in", () => {
  const coins = [listed("one", "AAA", "USDT"), listed("one", "BBB", "USDT"), listed("one", "AAA", "BBB")];
  const [aaa, bbb, cross] = coins as [Instrument, Instrument, Instrument];
  expect(triangles(coins)).toHaveLength(2);
  const { quote } = setUp(coins);
  quote(aaa, { bid: 20_000, ask: 20_010, bidLots: 5000, askLots: 5000 });
  quote(bbb, { bid: 10_000, ask: 10_010, bidLots: 5000, askLots: 5000 });
  // AAA costs 2.00 BBB fairly; at 1.95 it is cheap: USDT -> BBB -> AAA -> USDT.
  const [cheap] = quote(cross, { bid: 190, ask: 195, askLots: 1000 });
  expect(cheap?.asset).toBe("USDT");
  expect(cheap?.legs.map(({ instrument, side }) => `${side} ${instrument.symbol}`)).toEqual([
    "buy BBB/USDT",
    "buy AAA/BBB",
    "sell AAA/USDT",
  ]);
  const [dear] = quote(cross, { bid: 210, ask: 215 });
  expect(dear?.legs.map(({ instrument, side }) => `${side} ${instrument.symbol}`)).toEqual([
    "buy AAA/USDT",
    "sell AAA/BBB",
    "sell BBB/USDT",
  ]);
  expect(quote(cross, { bid: 199, ask: 200 })).toEqual([]);
});

test("refuses an instrument that it was not given, and options out of range", () => {
  const { quote } = setUp([here]);
  expect(() => quote(there, { bid: 1, ask: 2 })).toThrow(InvalidInputError);
  expect(() => setUp([here], { feeBps: () => 1.234 })).toThrow(/fee of here:AAA\/USDT/);
  expect(() => setUp([here], { maxAgeMs: 0 })).toThrow(InvalidInputError);
});

const VENUES = ["one", "two", "three"];
const PAIRS = [
  ["AAA", "USDT"],
  ["BBB", "USDT"],
  ["CCC", "USDT"],
  ["AAA", "BBB"],
  ["CCC", "BBB"],
  ["AAA", "CCC"],
] as const;
/** Sizes that are coarse and bounded, so that some finds cannot be carried out. */
const ROUGH = marketOf((v, p) => ({ sizeDecimals: 2 + ((v + p) % 3), lotIncrement: [1, 5, 1][v]!, minLots: 5 }));
/** Sizes so fine that no find is lost to them. */
const FINE = marketOf(() => ({ sizeDecimals: 6 }));

function marketOf(termsOf: (venue: number, pair: number) => Partial<Instrument>): readonly Instrument[] {
  return VENUES.flatMap((venue, v) => PAIRS.map(([base, quote], p) => listed(venue, base, quote, termsOf(v, p))));
}

const FAIR: Readonly<Record<string, number>> = { AAA: 40_000, BBB: 20_000, CCC: 10_000, USDT: 100 };
const FEE_BPS: Readonly<Record<string, number>> = { one: 2, two: 0, three: 1.5 };

const step = fc.record({
  index: fc.nat(VENUES.length * PAIRS.length - 1),
  shiftBps: fc.integer({ min: -60, max: 60 }),
  spread: fc.integer({ min: 1, max: 4 }),
  bidLots: fc.integer({ min: 1, max: 3_000 }),
  askLots: fc.integer({ min: 1, max: 3_000 }),
  laterUs: fc.integer({ min: 0, max: 40_000 }),
});

type Known = { readonly bid: number; readonly ask: number; readonly atUs: number };

/**
 * All that pays of what is known, by brute force: every pair and every ordered path of three instruments of a venue that ends where it began.
 * In fractions of whole numbers, and without regard to sizes.
 */
function payingRoutes(known: ReadonlyMap<Instrument, Known>, nowUs: number, maxAgeUs: number): Set<string> {
  const fresh = [...known].filter(([, { atUs }]) => nowUs - atUs <= maxAgeUs);
  const found = new Set<string>();
  const fee = ({ venue }: Instrument) => BigInt(Math.round(FEE_BPS[venue]! * 100));
  const M = 1_000_000n;
  for (const [bought, { ask }] of fresh)
    for (const [sold, { bid }] of fresh)
      if (bought.venue !== sold.venue && bought.symbol === sold.symbol)
        if (BigInt(bid) * (M - fee(sold)) > BigInt(ask) * (M + fee(bought)))
          found.add(`buy ${bought.id}, sell ${sold.id}`);
  type Hop = { readonly to: string; readonly name: string; readonly gain: bigint; readonly loss: bigint };
  for (const venue of VENUES) {
    const hops = new Map<string, Hop[]>();
    const add = (from: string, hop: Hop) => hops.set(from, [...(hops.get(from) ?? []), hop]);
    for (const [one, { bid, ask }] of fresh) {
      if (one.venue !== venue) continue;
      // A tick is 0.01 everywhere in this market.
      add(one.base, { to: one.quote, name: `sell ${one.id}`, gain: BigInt(bid) * (M - fee(one)), loss: 100n * M });
      add(one.quote, { to: one.base, name: `buy ${one.id}`, gain: 100n * M, loss: BigInt(ask) * (M + fee(one)) });
    }
    for (const [start, firsts] of hops)
      for (const a of firsts)
        for (const b of hops.get(a.to) ?? [])
          for (const c of hops.get(b.to) ?? [])
            if (
              c.to === start &&
              new Set([start, a.to, b.to]).size === 3 &&
              a.gain * b.gain * c.gain > a.loss * b.loss * c.loss
            )
              found.add(
                [a, b, c]
                  .map(({ name }) => name)
                  .sort()
                  .join(", "),
              );
  }
  return found;
}

const routeOf = ({ legs, type }: ArbitrageOpportunity) => {
  const names = legs.map(({ instrument, side }) => `${side} ${instrument.id}`);
  return (type === "crossVenue" ? names : names.sort()).join(", ");
};

test.each([
  { name: "exactly what a full scan finds where sizes are fine", market: FINE, lots: 1_000_000, isWhole: true },
  { name: "nothing that a full scan does not find where sizes are coarse", market: ROUGH, lots: 1, isWhole: false },
])("finds $name, of the routes that the quote touches", ({ market, lots, isWhole }) => {
  let told = 0;
  fc.assert(
    fc.property(fc.array(step, { minLength: 30, maxLength: 120 }), (steps) => {
      const { detector, quote } = setUp(market, { feeBps: ({ venue }) => FEE_BPS[venue]!, maxAgeMs: 200 });
      const known = new Map<Instrument, Known>();
      let atUs = 0;
      for (const { index, shiftBps, spread, laterUs, ...sizes } of steps) {
        atUs += laterUs;
        const instrument = market[index]!;
        if (shiftBps === 60) {
          detector.clear(instrument);
          known.delete(instrument);
          continue;
        }
        const fair = (FAIR[instrument.base]! / FAIR[instrument.quote]!) * 100 * (1 + shiftBps / 10_000);
        const bid = Math.max(1, Math.floor(fair));
        const ask = bid + spread;
        const bidLots = sizes.bidLots * lots;
        const askLots = sizes.askLots * lots;
        known.set(instrument, { bid, ask, atUs });
        const found = quote(instrument, { bid, ask, bidLots, askLots, atUs });
        const scanned = [...payingRoutes(known, atUs, 200_000)].filter((route) => names(route).includes(instrument.id));
        const routes = found.map(routeOf);
        if (isWhole) expect(routes.sort()).toEqual(scanned.sort());
        for (const route of routes) expect(scanned).toContain(route);
        told += routes.length;
        for (const opportunity of found) checkCash(opportunity, bidLots, askLots, instrument);
      }
    }),
    { numRuns: 40, seed: 7 },
  );
  expect(told).toBeGreaterThan(500);
});

/** Ids of a route's instruments. */
const names = (route: string) => route.split(", ").map((leg) => leg.slice(leg.indexOf(" ") + 1));

/** The profit is what the legs leave over, each leg paid for by the one before, and no leg is larger than its touch. */
function checkCash(
  { legs, costUnits, profitUnits, asset }: ArbitrageOpportunity,
  bidLots: number,
  askLots: number,
  quoted: Instrument,
) {
  const held = new Map<string, bigint>([[asset, costUnits]]);
  const add = (name: string, units: bigint) => held.set(name, (held.get(name) ?? 0n) + units);
  for (const { instrument, side, priceTicks, sizeLots } of legs) {
    const value = notionalUnits(instrument, priceTicks, sizeLots);
    const fee = (value * BigInt(Math.round(FEE_BPS[instrument.venue]! * 100)) + 999_999n) / 1_000_000n;
    const base = baseUnits(instrument, sizeLots);
    if (side === "buy") {
      add(instrument.quote, -value - fee);
      add(instrument.base, base);
    } else {
      add(instrument.base, -base);
      add(instrument.quote, value - fee);
    }
    expect(sizeLots % instrument.lotIncrement).toBe(0);
    expect(sizeLots).toBeGreaterThanOrEqual(instrument.minLots);
    if (instrument === quoted) expect(sizeLots).toBeLessThanOrEqual(side === "buy" ? askLots : bidLots);
  }
  for (const units of held.values()) expect(units).toBeGreaterThanOrEqual(0n);
  expect(held.get(asset)).toBe(costUnits + profitUnits);
  expect(profitUnits).toBeGreaterThan(0n);
}
