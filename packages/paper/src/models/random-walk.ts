import type { Random } from "@pitlane/perf";
import type { BookOrder, Side } from "../engine/book-side.ts";
import type { Market } from "../engine/market.ts";
import type { Instrument } from "../instruments.ts";
import { CALM_WEATHER, type Climate, type Weather } from "./climate.ts";
import { type HawkesRules, nextArrival } from "./hawkes.ts";

/** Levels the model keeps on each side of the book. */
export const LADDER_LEVELS = 30;

// Rates are per second and instrument. Together they give about a hundred market-data events a second and instrument.
const MOVES = 28;
const RESIZES = 30;
const TAKES = 18;
const ALL = MOVES + RESIZES + TAKES;
/** Half of what happens is brought about by what happened before: arrivals come in clusters, as at venues. */
const ARRIVALS: HawkesRules = { base: ALL / 2, branching: 0.5, decay: 2 };
const BURST_EXCITED = 2.4 * (ALL / 2); // more excitement than this is a burst; its mean is ALL / 2
const VOLATILITY = 4; // steps per square root of a second
const BURST_DRIFT = 9; // steps per second
const HALF_SPREAD = 0.6; // steps; the book's spread is then 1 or 2
const LEVEL_NOTIONAL = 1500; // quote units at the best price, median; deeper levels hold more
const TAKE_NOTIONAL = 1800; // quote units, mean

/** One thing the model does. */
export type Decision =
  /** The fair price is now there; prices in steps of the instrument's tick increment. */
  | { readonly kind: "move"; readonly fairSteps: number }
  /** The order `depth` levels from the best of `side` gets another size. */
  | { readonly kind: "resize"; readonly side: Side; readonly depth: number }
  /** A market order. */
  | { readonly kind: "take"; readonly side: Side; readonly lots: number };

/** The model's memory between two decisions. */
export interface WalkState {
  /** Seconds since the start. */
  readonly seconds: number;
  /** The instrument's own fair price, without what the climate adds. */
  readonly ownSteps: number;
  /** The fair price. */
  readonly fairSteps: number;
  /** Arrivals a second that earlier ones brought about; above `BURST_EXCITED` in a burst. */
  readonly excited: number;
  /** Which way a burst drifts: 1 or -1. */
  readonly direction: 1 | -1;
}

/** A decision, when to make the next one, and the state it is made from. */
export interface Step {
  readonly state: WalkState;
  readonly decision: Decision;
  readonly delayUs: number;
}

/** Where a walk begins. */
export function startOf({ startTicks, tickIncrement }: Instrument): WalkState {
  const steps = startTicks / tickIncrement;
  return { seconds: 0, ownSteps: steps, fairSteps: steps, excited: 0, direction: 1 };
}

/**
 * The next decision of the market model: a random walk of the fair price, drawn back to where it started, under the model's
 * climate. Arrivals are a Hawkes process; where they come thick, the price drifts one way and most market orders go with it.
 *
 * Pure: a function of the state and the random source, never of the book, so that the same seed gives the same decisions
 * whoever else trades. Floats are fine here: they only draw prices and sizes, which are then rounded to whole steps.
 */
export function nextStep(instrument: Instrument, weather: Weather, state: WalkState, random: Random): Step {
  const { pace } = weather.at(state.seconds);
  const { seconds: wait, excited } = nextArrival(ARRIVALS, state.excited, random, pace);
  const seconds = state.seconds + wait;
  const kind = random.next() * ALL;
  const isBurst = excited > BURST_EXCITED;
  const begins = isBurst && state.excited <= BURST_EXCITED;
  const direction = begins ? (random.next() < 0.5 ? 1 : -1) : state.direction;
  const next: WalkState = { ...state, seconds, excited, direction };
  const delayUs = Math.ceil(wait * 1e6);
  const climate = weather.at(seconds);
  if (kind < MOVES) {
    const moved = walk(instrument, weather, next, random);
    const fairSteps = Math.max(moved * Math.exp(climate.shift), 2); // so that bids stay above 0
    return { state: { ...next, ownSteps: moved, fairSteps }, decision: { kind: "move", fairSteps }, delayUs };
  }
  if (kind < MOVES + RESIZES) {
    const side = random.next() < 0.5 ? "BUY" : "SELL";
    const depth = Math.min(LADDER_LEVELS - 1, Math.floor(random.exponential(6)));
    return { state: next, decision: { kind: "resize", side, depth }, delayUs };
  }
  const side = sideOfTake(climate, isBurst, direction, random);
  const lots = lotsFor(instrument, random.exponential(TAKE_NOTIONAL), next.fairSteps);
  return { state: next, decision: { kind: "take", side, lots }, delayUs };
}

/**
 * Carries out the model's decisions in one market, as the house: a ladder of quotes around the fair price, and market orders.
 *
 * Quotes that trade away come back with the next move. A quote that would reach an account's order trades with it.
 */
export class RandomWalk {
  readonly #market: Market;
  readonly #weather: Weather;
  readonly #random: Random;
  readonly #sizes: Random; // on its own: how many sizes are drawn depends on what others trade away
  readonly #quotes: Readonly<Record<Side, Map<number, BookOrder>>> = { BUY: new Map(), SELL: new Map() }; // by price in steps
  #liquidity = 1; // that the quotes were placed in
  #state: WalkState;
  #dueUs: number;

  /**
   * @param startUs When it begins.
   * @param weather What the model adds; default nothing, a walk alone.
   */
  constructor(market: Market, random: Random, startUs: number, weather: Weather = CALM_WEATHER) {
    this.#market = market;
    this.#weather = weather;
    this.#random = random;
    this.#sizes = random.fork("sizes");
    this.#state = startOf(market.instrument);
    this.#dueUs = startUs;
    this.#quote(this.#state.fairSteps, startUs);
  }

  /** When the next step is due, microseconds since the epoch. */
  get dueUs(): number {
    return this.#dueUs;
  }

  /** Makes one step, at `nowUs`. */
  step(nowUs: number): void {
    const { state, decision, delayUs } = nextStep(this.#market.instrument, this.#weather, this.#state, this.#random);
    this.#state = state;
    this.#dueUs += delayUs;
    switch (decision.kind) {
      case "move":
        this.#quote(decision.fairSteps, nowUs);
        return;
      case "resize":
        this.#resize(decision.side, decision.depth, nowUs);
        return;
      case "take":
        this.#take(decision.side, decision.lots, nowUs);
        return;
    }
  }

  /** Skips time in which nothing could be done: the next step is due at `nowUs`. */
  skipTo(nowUs: number): void {
    this.#dueUs = nowUs;
  }

  #quote(fairSteps: number, nowUs: number): void {
    this.#market.together(nowUs, () => this.#moveLadder(fairSteps, nowUs));
  }

  // Old quotes on the wrong side of the price go first, so that the house does not trade with itself.
  #moveLadder(fairSteps: number, nowUs: number): void {
    const bestBid = Math.floor(fairSteps - HALF_SPREAD);
    const bestAsk = Math.ceil(fairSteps + HALF_SPREAD);
    this.#followLiquidity(nowUs);
    this.#withdraw("BUY", bestBid - LADDER_LEVELS + 1, bestBid, nowUs);
    this.#withdraw("SELL", bestAsk, bestAsk + LADDER_LEVELS - 1, nowUs);
    for (let depth = 0; depth < LADDER_LEVELS; depth++) {
      this.#add("BUY", bestBid - depth, depth, nowUs);
      this.#add("SELL", bestAsk + depth, depth, nowUs);
    }
  }

  /** Quotes of a thicker or thinner time are taken back, and placed anew in the size of this one. */
  #followLiquidity(nowUs: number): void {
    const { liquidity } = this.#weather.at(this.#state.seconds);
    if (liquidity > this.#liquidity / 2 && liquidity < this.#liquidity * 2) return;
    this.#liquidity = liquidity;
    this.#withdraw("BUY", 1, 0, nowUs);
    this.#withdraw("SELL", 1, 0, nowUs);
  }

  #withdraw(side: Side, fromSteps: number, toSteps: number, nowUs: number): void {
    const quotes = this.#quotes[side];
    for (const [steps, order] of quotes) {
      if (order.level !== null && steps >= fromSteps && steps <= toSteps) continue;
      if (order.level !== null) this.#market.cancelHouse(order, nowUs);
      quotes.delete(steps);
    }
  }

  #add(side: Side, steps: number, depth: number, nowUs: number): void {
    if (steps <= 0 || this.#quotes[side].has(steps)) return;
    const { instrument } = this.#market;
    const lots = this.#levelLots(depth);
    const order = this.#market.placeHouse(side, steps * instrument.tickIncrement, lots, "GTC", nowUs);
    this.#quotes[side].set(steps, order);
  }

  #resize(side: Side, depth: number, nowUs: number): void {
    const { tickIncrement } = this.#market.instrument;
    const { levels } = this.#market.engine.sideOf(side);
    const level = levels[levels.length - 1 - depth];
    const order = level === undefined ? undefined : this.#quotes[side].get(level.priceTicks / tickIncrement);
    if (order !== undefined && order.level !== null) this.#market.resizeHouse(order, this.#levelLots(depth), nowUs);
  }

  #take(side: Side, lots: number, nowUs: number): void {
    const limit = side === "BUY" ? Number.MAX_SAFE_INTEGER : 0;
    this.#market.placeHouse(side, limit, lots, "IOC", nowUs);
  }

  #levelLots(depth: number): number {
    const { liquidity } = this.#weather.at(this.#state.seconds);
    const notional = LEVEL_NOTIONAL * liquidity * (1 + depth * 0.25) * Math.exp(this.#sizes.normal() * 0.5);
    return lotsFor(this.#market.instrument, notional, this.#state.fairSteps);
  }
}

/** The own price after the mean time between two moves. */
function walk({ startTicks, tickIncrement }: Instrument, weather: Weather, state: WalkState, random: Random): number {
  const seconds = 1 / MOVES;
  const startSteps = startTicks / tickIncrement;
  const drift = state.excited > BURST_EXCITED ? state.direction * BURST_DRIFT * seconds : 0;
  const pull = ((startSteps - state.ownSteps) * seconds) / weather.reversionSeconds;
  const noise = random.normal() * VOLATILITY * weather.volatility * Math.sqrt(seconds);
  return Math.max(state.ownSteps + drift + pull + noise, 2);
}

function sideOfTake({ selling }: Climate, isBurst: boolean, direction: 1 | -1, random: Random): Side {
  const draw = random.next();
  if (selling !== undefined) return draw < selling ? "SELL" : "BUY";
  const withBurst = draw < (isBurst ? 0.85 : 0.5);
  return withBurst === direction > 0 ? "BUY" : "SELL";
}

// The size worth about `notional` quote units, in whole lot increments within the instrument's bounds.
function lotsFor(instrument: Instrument, notional: number, fairSteps: number): number {
  const { tickIncrement, lotIncrement, priceDecimals, sizeDecimals, minLots, maxLots } = instrument;
  const price = (fairSteps * tickIncrement) / 10 ** priceDecimals;
  const increments = Math.round(((notional / price) * 10 ** sizeDecimals) / lotIncrement);
  return Math.min(maxLots, Math.max(minLots, increments * lotIncrement));
}
