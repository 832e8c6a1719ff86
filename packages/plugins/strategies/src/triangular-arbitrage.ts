import {
  baseUnits,
  defineStrategy,
  formatUnits,
  type Instrument,
  InvalidInputError,
  lotsOf,
  lotsWorth,
  notionalUnits,
  type OrderView,
  type QuoteEvent,
} from "pitlane";
import * as v from "valibot";

const config = v.object({
  /** Asset that a trip begins and ends with; default: the first in which two of the instruments are priced. */
  asset: v.optional(v.string()),
  /** The venue's fee for taking, in basis points; 0 to 100. */
  takerBps: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(100)), 10),
  /** Profit after fees, over what the trip costs, that starts one, in basis points; 0 to 1000. */
  minProfitBps: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1000)), 2),
  /** Most that a trip spends, as a multiple of the smallest order the venue takes; whole, 2 to 1000. */
  sizeMultiple: v.optional(v.pipe(v.number(), v.integer(), v.minValue(2), v.maxValue(1000)), 10),
  /** Rest after a trip, in milliseconds; 0 to 60,000. */
  pauseMs: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(60_000)), 500),
});

/** One conversion: what an instrument and a side turn into what. */
export interface Leg {
  readonly instrument: Instrument;
  readonly side: "buy" | "sell";
}

/** A leg at a price and a size that the touch has; amounts in the smallest unit of the asset given up and of the one received. */
export interface Step extends Leg {
  readonly priceTicks: number;
  readonly sizeLots: number;
  readonly spentUnits: bigint;
  /** After the fee, which is taken off what is received. */
  readonly gotUnits: bigint;
}

type Touch = Pick<QuoteEvent, "bidTicks" | "bidLots" | "askTicks" | "askLots">;

const givenUp = ({ instrument, side }: Leg) => (side === "buy" ? instrument.quote : instrument.base);
const received = ({ instrument, side }: Leg) => (side === "buy" ? instrument.base : instrument.quote);

function sizeAt(touch: Touch, side: Leg["side"]): number {
  return side === "buy" ? touch.askLots : touch.bidLots;
}

/** What `units` become at the touch, in whole lots; undefined when that is less than the venue's smallest order. Exact, pure. */
export function convert(leg: Leg, units: bigint, touch: Touch, takerBps: number): Step | undefined {
  const { instrument, side } = leg;
  const { lotIncrement, minLots, maxLots, minNotional } = instrument;
  const priceTicks = side === "buy" ? touch.askTicks : touch.bidTicks;
  const coinUnits = notionalUnits(instrument, priceTicks, 10 ** instrument.sizeDecimals);
  if (coinUnits === 0n) return undefined;
  const affordable = lotsOf(instrument, side === "buy" ? (units * 100_000_000n) / coinUnits : units);
  const sizeLots = Math.floor(Math.min(affordable, sizeAt(touch, side), maxLots) / lotIncrement) * lotIncrement;
  const notional = notionalUnits(instrument, priceTicks, sizeLots);
  if (sizeLots < minLots || sizeLots === 0 || notional < minNotional) return undefined;
  const base = baseUnits(instrument, sizeLots);
  const [spentUnits, gross] = side === "buy" ? [notional, base] : [base, notional];
  return { ...leg, priceTicks, sizeLots, spentUnits, gotUnits: gross - feeOn(gross, takerBps) };
}

/** A fee in the asset it is of, rounded up. */
function feeOn(units: bigint, takerBps: number): bigint {
  return (units * BigInt(Math.round(takerBps * 100)) + 999_999n) / 1_000_000n;
}

/**
 * The steps of a way at the touch, each with what the one before has left; smaller when a later touch cannot take it all. Undefined when
 * a step is too small or has no quote. Pure.
 */
export function walk(
  legs: readonly Leg[],
  units: bigint,
  touchOf: (instrument: Instrument) => Touch | undefined,
  takerBps: number,
): readonly Step[] | undefined {
  let budget = units;
  let steps: Step[] = [];
  for (let attempt = 0; attempt < legs.length; attempt++) {
    steps = [];
    let have = budget;
    let fits = true;
    for (const leg of legs) {
      const touch = touchOf(leg.instrument);
      const step = touch === undefined ? undefined : convert(leg, have, touch, takerBps);
      if (step === undefined) return undefined;
      // The touch cannot take it all: less goes in, so that little is left over on the way.
      const isThin = sizeAt(touch!, leg.side) - step.sizeLots < leg.instrument.lotIncrement;
      if (steps.length > 0 && isThin && step.spentUnits < have) {
        budget = (budget * step.spentUnits) / have;
        fits = false;
      }
      steps.push(step);
      have = step.gotUnits;
    }
    if (fits) break;
  }
  return steps;
}

/** What is left at the end of a way. */
export function endOf(steps: readonly Step[]): bigint {
  return steps.at(-1)?.gotUnits ?? 0n;
}

/** Both ways round three instruments from `asset` back to it; undefined when they are no triangle. Pure. */
export function waysRound(instruments: readonly Instrument[], asset: string): readonly (readonly Leg[])[] | undefined {
  const legsFrom = (from: string): Leg[] =>
    instruments.flatMap((instrument): Leg[] => {
      if (instrument.quote === from) return [{ instrument, side: "buy" }];
      return instrument.base === from ? [{ instrument, side: "sell" }] : [];
    });
  const ways = legsFrom(asset).flatMap((first) =>
    legsFrom(received(first))
      .filter(({ instrument }) => instrument !== first.instrument)
      .flatMap((second) =>
        legsFrom(received(second))
          .filter((third) => third.instrument !== second.instrument && received(third) === asset)
          .map((third) => [first, second, third]),
      ),
  );
  return ways.length === 2 ? ways : undefined;
}

/**
 * Triangular arbitrage: buys and sells round three instruments when the touch pays for it after fees, with immediate-or-cancel orders, one
 * leg after the other, each of exactly what the last one gave.
 *
 * A leg that fails leaves its asset behind. Whatever is held and is not the asset the trip began with goes home by the better of its two
 * ways at present prices, as often as it takes: straight back, or on round the triangle. What is too little for an order stays.
 */
export const triangularArbitrage = defineStrategy({
  name: "triangular-arbitrage",
  version: "0.1.0",
  config,
  setup(ctx) {
    const { takerBps, minProfitBps, sizeMultiple, pauseMs } = ctx.config;
    const instruments = ctx.instruments.slice(0, 3);
    const quotes = instruments.map(({ quote }) => quote);
    const asset = ctx.config.asset ?? quotes.find((one, index) => quotes.indexOf(one) !== index) ?? "";
    const ways = waysRound(instruments, asset);
    if (ways === undefined)
      throw new InvalidInputError(
        `triangular-arbitrage needs three instruments that lead round from ${asset || "one asset"}, such as AAA/USDT, BBB/USDT and AAA/BBB; it has ${instruments.map(({ symbol }) => symbol).join(", ")}`,
      );
    const held = new Map<string, bigint>(); // of a trip under way, in assets that are not home
    let pending: OrderView | undefined;
    let pausedUntilUs = 0;

    const touchOf = (instrument: Instrument): Touch | undefined => ctx.quote(instrument); // none after a gap
    const take = ({ instrument, side, priceTicks, sizeLots }: Step) => {
      pending = ctx.submit({ instrument, side, type: "limit", timeInForce: "IOC", priceTicks, sizeLots });
    };
    const goHome = (from: string, units: bigint) => {
      const waysHome = ways.map((way) => way.slice(way.findIndex((leg) => givenUp(leg) === from)));
      if (instruments.some((instrument) => touchOf(instrument) === undefined)) return; // it waits for prices
      let best: readonly Step[] | undefined;
      for (const way of waysHome) {
        const steps = walk(way, units, touchOf, takerBps);
        if (steps !== undefined && (best === undefined || endOf(steps) > endOf(best))) best = steps;
      }
      if (best !== undefined) return take(best[0]!);
      held.delete(from);
      pausedUntilUs = ctx.nowUs() + pauseMs * 1000;
      ctx.logger.debug(`${formatUnits(units)} ${from} are too little for an order and stay`);
    };
    const budgetOf = ({ instrument, side }: Leg): bigint => {
      const notional = instrument.minNotional * BigInt(sizeMultiple);
      const touch = touchOf(instrument);
      if (side === "buy" || touch === undefined) return notional;
      return baseUnits(instrument, lotsWorth(instrument, touch.bidTicks, notional));
    };
    const seek = () => {
      for (const way of ways) {
        const steps = walk(way, budgetOf(way[0]!), touchOf, takerBps);
        if (steps === undefined) continue;
        const profit = endOf(steps) - steps[0]!.spentUnits;
        const least = (steps[0]!.spentUnits * BigInt(Math.round(minProfitBps * 100))) / 1_000_000n;
        if (profit > 0n && profit >= least) return take(steps[0]!); // of the two ways round, one can pay at most
      }
    };
    const act = () => {
      if (pending?.isOpen || ctx.nowUs() < pausedUntilUs) return;
      const [left] = held;
      if (left === undefined) seek();
      else goHome(...left);
    };

    ctx.on("quote", { instrument: instruments }, act);

    ctx.on("fill", ({ fill }) => {
      const { instrument, side, priceTicks, sizeLots, fee, feeAsset } = fill;
      const notional = notionalUnits(instrument, priceTicks, sizeLots);
      const base = baseUnits(instrument, sizeLots);
      const leg: Leg = { instrument, side };
      const [spent, gross] = side === "buy" ? [notional, base] : [base, notional];
      const move = (of: string, units: bigint) => {
        if (of === asset) return;
        const next = (held.get(of) ?? 0n) + units;
        if (next > 0n) held.set(of, next);
        else held.delete(of);
      };
      move(givenUp(leg), -spent);
      move(received(leg), gross - (feeAsset === received(leg) ? fee : 0n));
    });

    ctx.on("order", ({ order }) => {
      if (order.isOpen) return;
      const isRefused = order.state === "denied" || order.state === "rejected";
      // Asking again at once would only be refused again.
      if (isRefused || held.size === 0) pausedUntilUs = ctx.nowUs() + (isRefused ? 1_000_000 : pauseMs * 1000);
      act();
    });
  },
});

export default triangularArbitrage;
