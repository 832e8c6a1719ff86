import { inRange } from "@pitlane/perf";
import { baseUnits, type Instrument, InvalidInputError, type QuoteEvent, type Side } from "@pitlane/sdk";
import { type CrossPair, crossPairs, type Triangle, triangles } from "./arbitrage-routes.ts";
import { affordableLots, broughtUnits, heldLots, isOrderSize, PPM, spentUnits, toPpm } from "./trade-costs.ts";

/** One trade of an opportunity. */
export interface ArbitrageLeg {
  readonly instrument: Instrument;
  readonly side: Side;
  /** The touch it trades at, in ticks. */
  readonly priceTicks: number;
  /** In lots; within the touch, a multiple of the venue's step, and large enough for an order. */
  readonly sizeLots: number;
}

/** Trades that would bring a profit at the quotes of one moment. */
export interface ArbitrageOpportunity {
  readonly type: "crossVenue" | "triangular";
  /** In the order in which they are to be made; those of `crossVenue` go out together. */
  readonly legs: readonly ArbitrageLeg[];
  /** Asset of the amounts. */
  readonly asset: string;
  /** What the first leg takes, costs included, in the asset's smallest unit. */
  readonly costUnits: bigint;
  /** What is left after fees and slippage, in the asset's smallest unit: exact, rounded against us at every leg. */
  readonly profitUnits: bigint;
  /** The same in basis points of the cost; for people. */
  readonly profitBps: number;
  /** Session time of the quote that made it, microseconds since the epoch. */
  readonly atUs: number;
}

export interface ArbitrageOptions {
  readonly instruments: readonly Instrument[];
  /** Taker fee, in basis points: 0 to 1000, two decimals at most. */
  readonly feeBps: (instrument: Instrument) => number;
  /** Taken off every leg for what a price moves before the order arrives, in basis points, as the fee. Default 0. */
  readonly slippageBps?: number;
  /** A quote that is older counts as unknown, in milliseconds of the session's time; 1 to 600,000, default 1000. */
  readonly maxAgeMs?: number;
  /** Profits up to it are not told, in basis points of the cost, as the fee. Default 0. */
  readonly minProfitBps?: number;
  /** @param instrument Whose quote made it. */
  readonly onOpportunity: (opportunity: ArbitrageOpportunity, instrument: Instrument) => void;
}

/** Nothing that pays is lost by rounding: products of three doubles are right to some 10^-15. */
const ALMOST = 1 - 1e-9;

/**
 * Finds prices that do not fit together: one instrument on two venues, and triangles of three instruments on one venue.
 *
 *     quote of i -> pairs and triangles that i is in -> doubles: can it pay at all? -> whole numbers: does it, with which sizes?
 *
 * A quote looks at what it touches alone, and nothing is allocated unless something may pay. A double only ever sorts out what clearly does
 * not; what is told was worked out in whole ticks, lots and units, with sizes within the touch and rounding against us. What is left over of
 * an asset in the middle of a triangle counts as nothing. An opportunity that stays is told again with every quote that touches it.
 *
 * Time is what quotes were received at: another leg's quote older than `maxAgeMs` counts as none, and so does one before a gap (`clear`).
 *
 * @example
 * const detector = new ArbitrageDetector({ instruments, feeBps: () => 10, onOpportunity: ({ legs }) => consider(legs) });
 * ctx.on("quote", (quote) => detector.onQuote(quote));
 * ctx.on("gap", ({ instrument }) => detector.clear(instrument));
 */
export class ArbitrageDetector {
  readonly #instruments: readonly Instrument[];
  readonly #indexes: ReadonlyMap<Instrument, number>;
  readonly #onOpportunity: ArbitrageOptions["onOpportunity"];
  readonly #maxAgeUs: number;
  readonly #minProfitPpm: bigint;
  readonly #costPpm: readonly bigint[];
  readonly #costShare: Float64Array;
  readonly #unit: Float64Array; // quote units of a tick
  readonly #pairs: readonly CrossPair[];
  readonly #triangles: readonly Triangle[];
  /**
   * Of triangle t the instruments at 3t, 3t + 1, 3t + 2, those bought as their complement:
   *
   *     [ 4, ~9, 2 | ~2, 9, ~4 | ... ]
   */
  readonly #legs: Int32Array;
  readonly #pairsOf: readonly Int32Array[]; // by instrument
  readonly #trianglesOf: readonly Int32Array[];
  readonly #bidTicks: Float64Array;
  readonly #bidLots: Float64Array;
  readonly #askTicks: Float64Array;
  readonly #askLots: Float64Array;
  readonly #atUs: Float64Array;
  readonly #netBid: Float64Array; // quote units for one base unit sold, costs taken off; 0 when unknown
  readonly #netAsk: Float64Array; // quote units that one base unit costs; Infinity when unknown
  readonly #perAsk: Float64Array; // base units for one quote unit spent; 0 when unknown

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor(options: ArbitrageOptions) {
    const { instruments, feeBps, slippageBps = 0, maxAgeMs = 1000, minProfitBps = 0, onOpportunity } = options;
    this.#instruments = instruments;
    this.#indexes = new Map(instruments.map((instrument, index) => [instrument, index]));
    this.#onOpportunity = onOpportunity;
    this.#maxAgeUs = inRange("maxAgeMs", maxAgeMs, 1, 600_000) * 1000;
    this.#minProfitPpm = toPpm("minProfitBps", minProfitBps);
    const slippagePpm = toPpm("slippageBps", slippageBps);
    this.#costPpm = instruments.map((one) => toPpm(`the fee of ${one.id}`, feeBps(one)) + slippagePpm);
    this.#costShare = Float64Array.from(this.#costPpm, (ppm) => Number(ppm) / 1e6);
    this.#unit = Float64Array.from(instruments, ({ priceDecimals }) => 10 ** -priceDecimals);
    this.#pairs = crossPairs(instruments);
    this.#triangles = triangles(instruments);
    this.#legs = Int32Array.from(
      this.#triangles.flatMap(({ legs, isBuy }) => legs.map((leg, i) => (isBuy[i] ? ~leg : leg))),
    );
    this.#pairsOf = listsOf(instruments.length, this.#pairs, ({ first, second }) => [first, second]);
    this.#trianglesOf = listsOf(instruments.length, this.#triangles, ({ legs }) => legs);
    const numbers = () => new Float64Array(instruments.length);
    this.#bidTicks = numbers();
    this.#bidLots = numbers();
    this.#askTicks = numbers();
    this.#askLots = numbers();
    this.#atUs = numbers();
    this.#netBid = numbers();
    this.#netAsk = numbers().fill(Number.POSITIVE_INFINITY);
    this.#perAsk = numbers();
  }

  /** Pairs and directions of triangles that there are. */
  get routes(): { readonly pairs: number; readonly triangles: number } {
    return { pairs: this.#pairs.length, triangles: this.#triangles.length };
  }

  /** A quote has come. @throws {InvalidInputError} When its instrument is none of those given. */
  onQuote({ instrument, bidTicks, bidLots, askTicks, askLots, receivedAtUs }: QuoteEvent): void {
    this.update(this.#indexOf(instrument), bidTicks, bidLots, askTicks, askLots, receivedAtUs);
  }

  /** As `onQuote`, without an event: instruments by their number. A side without a price above 0 or without size is none. */
  update(index: number, bidTicks: number, bidLots: number, askTicks: number, askLots: number, nowUs: number): void {
    const cost = this.#costShare[index]!;
    const unit = this.#unit[index]!;
    this.#bidTicks[index] = bidTicks;
    this.#bidLots[index] = bidLots;
    this.#askTicks[index] = askTicks;
    this.#askLots[index] = askLots;
    this.#atUs[index] = nowUs;
    const netAsk = askTicks > 0 && askLots > 0 ? askTicks * unit * (1 + cost) : Number.POSITIVE_INFINITY;
    this.#netBid[index] = bidTicks > 0 && bidLots > 0 ? bidTicks * unit * (1 - cost) : 0;
    this.#netAsk[index] = netAsk;
    this.#perAsk[index] = 1 / netAsk;
    this.#lookAtPairs(index, nowUs);
    this.#lookAtTriangles(index, nowUs);
  }

  /** The quote of an instrument is no longer known. Throws as `onQuote`. */
  clear(instrument: Instrument): void {
    const index = this.#indexOf(instrument);
    this.#netBid[index] = 0;
    this.#netAsk[index] = Number.POSITIVE_INFINITY;
    this.#perAsk[index] = 0;
  }

  #indexOf(instrument: Instrument): number {
    const index = this.#indexes.get(instrument);
    if (index !== undefined) return index;
    throw new InvalidInputError(`${instrument.id} is none of the detector's instruments`);
  }

  #lookAtPairs(index: number, nowUs: number): void {
    const own = this.#pairsOf[index]!;
    const netBid = this.#netBid;
    const netAsk = this.#netAsk;
    for (let i = 0; i < own.length; i++) {
      const pair = this.#pairs[own[i]!]!;
      const { first, second } = pair;
      if (netBid[first]! > netAsk[second]! * ALMOST) this.#tryPair(pair, false, index, nowUs);
      if (netBid[second]! > netAsk[first]! * ALMOST) this.#tryPair(pair, true, index, nowUs);
    }
  }

  #lookAtTriangles(index: number, nowUs: number): void {
    const own = this.#trianglesOf[index]!;
    const legs = this.#legs;
    for (let i = 0; i < own.length; i++) {
      const at = own[i]! * 3;
      if (this.#rate(legs[at]!) * this.#rate(legs[at + 1]!) * this.#rate(legs[at + 2]!) > ALMOST)
        this.#tryTriangle(this.#triangles[own[i]!]!, index, nowUs);
    }
  }

  /** What a leg makes of one unit, costs taken off. */
  #rate(leg: number): number {
    return leg >= 0 ? this.#netBid[leg]! : this.#perAsk[~leg]!;
  }

  #isFresh(index: number, nowUs: number): boolean {
    return nowUs - this.#atUs[index]! <= this.#maxAgeUs;
  }

  #tryPair(
    { first, second, firstStepLots, secondStepLots }: CrossPair,
    buysFirst: boolean,
    index: number,
    nowUs: number,
  ) {
    if (!this.#isFresh(first, nowUs) || !this.#isFresh(second, nowUs)) return;
    const [buy, sell] = buysFirst ? [first, second] : [second, first];
    const [buyStep, sellStep] = buysFirst ? [firstStepLots, secondStepLots] : [secondStepLots, firstStepLots];
    const bought = this.#instruments[buy]!;
    const sold = this.#instruments[sell]!;
    const buyMost = Math.min(this.#askLots[buy]!, bought.maxLots);
    const sellMost = Math.min(this.#bidLots[sell]!, sold.maxLots);
    const steps = Math.min(Math.floor(buyMost / buyStep), Math.floor(sellMost / sellStep));
    const askTicks = this.#askTicks[buy]!;
    const bidTicks = this.#bidTicks[sell]!;
    const buyLots = steps * buyStep;
    const sellLots = steps * sellStep;
    if (!isOrderSize(bought, askTicks, buyLots) || !isOrderSize(sold, bidTicks, sellLots)) return;
    const costUnits = spentUnits(bought, askTicks, buyLots, this.#costPpm[buy]!);
    const gainUnits = broughtUnits(sold, bidTicks, sellLots, this.#costPpm[sell]!);
    const legs: readonly ArbitrageLeg[] = [
      { instrument: bought, side: "buy", priceTicks: askTicks, sizeLots: buyLots },
      { instrument: sold, side: "sell", priceTicks: bidTicks, sizeLots: sellLots },
    ];
    this.#tell("crossVenue", legs, bought.quote, costUnits, gainUnits, index, nowUs);
  }

  #tryTriangle({ asset, legs, isBuy }: Triangle, index: number, nowUs: number): void {
    for (const leg of legs) if (!this.#isFresh(leg, nowUs)) return;
    let lots = this.#firstLots(legs, isBuy);
    let costUnits = 0n;
    let units = 0n; // held of the asset between two legs
    const made: ArbitrageLeg[] = [];
    for (const [i, leg] of legs.entries()) {
      const instrument = this.#instruments[leg]!;
      const costPpm = this.#costPpm[leg]!;
      const isPurchase = isBuy[i]!;
      const priceTicks = isPurchase ? this.#askTicks[leg]! : this.#bidTicks[leg]!;
      if (i > 0) {
        const held = isPurchase ? affordableLots(instrument, priceTicks, units, costPpm) : heldLots(instrument, units);
        lots = Math.min(held, this.#mostLots(leg, isPurchase));
      }
      if (!isOrderSize(instrument, priceTicks, lots)) return;
      if (i === 0)
        costUnits = isPurchase ? spentUnits(instrument, priceTicks, lots, costPpm) : baseUnits(instrument, lots);
      units = isPurchase ? baseUnits(instrument, lots) : broughtUnits(instrument, priceTicks, lots, costPpm);
      made.push({ instrument, side: isPurchase ? "buy" : "sell", priceTicks, sizeLots: lots });
    }
    this.#tell("triangular", made, asset, costUnits, units, index, nowUs);
  }

  /** Lots of the first leg that the touches of the other two can take on. Found in doubles: the legs themselves are bounded exactly. */
  #firstLots(legs: Triangle["legs"], isBuy: Triangle["isBuy"]): number {
    const [first, second, third] = legs;
    const one = this.#instruments[first]!;
    const lot = 10 ** -one.sizeDecimals;
    const madeOfLot = isBuy[0] ? lot : lot * this.#netBid[first]!; // of the asset that the second leg takes
    const secondTakes = this.#takes(second, isBuy[1]);
    const thirdTakes = this.#takes(third, isBuy[2]) / this.#rate(isBuy[1] ? ~second : second);
    const most = Math.min(this.#mostLots(first, isBuy[0]), Math.min(secondTakes, thirdTakes) / madeOfLot);
    return Math.floor(most / one.lotIncrement) * one.lotIncrement;
  }

  /** Most that a leg can take of the asset it spends. */
  #takes(leg: number, isPurchase: boolean): number {
    const size = this.#mostLots(leg, isPurchase) * 10 ** -this.#instruments[leg]!.sizeDecimals;
    return isPurchase ? size * this.#netAsk[leg]! : size;
  }

  #mostLots(leg: number, isPurchase: boolean): number {
    const { lotIncrement, maxLots } = this.#instruments[leg]!;
    const touchLots = isPurchase ? this.#askLots[leg]! : this.#bidLots[leg]!;
    return Math.floor(Math.min(touchLots, maxLots) / lotIncrement) * lotIncrement;
  }

  #tell(
    type: ArbitrageOpportunity["type"],
    legs: readonly ArbitrageLeg[],
    asset: string,
    costUnits: bigint,
    gainUnits: bigint,
    index: number,
    atUs: number,
  ): void {
    const profitUnits = gainUnits - costUnits;
    if (profitUnits <= 0n || profitUnits * PPM <= costUnits * this.#minProfitPpm) return;
    const profitBps = (Number(profitUnits) / Number(costUnits)) * 10_000;
    this.#onOpportunity({ type, legs, asset, costUnits, profitUnits, profitBps, atUs }, this.#instruments[index]!);
  }
}

/** For each instrument, the numbers of the routes that it is in. */
function listsOf<Route>(
  count: number,
  routes: readonly Route[],
  membersOf: (route: Route) => readonly number[],
): Int32Array[] {
  const lists = Array.from({ length: count }, (): number[] => []);
  for (const [number, route] of routes.entries()) for (const member of membersOf(route)) lists[member]!.push(number);
  return lists.map((list) => Int32Array.from(list));
}
