import { type Instrument, notionalUnits } from "../instruments.ts";
import type { Side } from "./book-side.ts";
import type { MatchingEngine, SelfTradePrevention } from "./matching-engine.ts";
import { firstOwn, offeredLots } from "./offer.ts";

/** An order without a limit price, given by exactly one of its two sizes. */
export interface SweepRequest {
  readonly side: Side;
  readonly owner: number;
  readonly prevention: SelfTradePrevention;
  /** Most lots to trade. */
  readonly lots?: number;
  /** Most quote units to pay or to get. */
  readonly quoteUnits?: bigint;
}

/** What the order would trade now. */
export interface Sweep {
  /** Lots, in whole lot increments. */
  readonly lots: number;
  /** Quote units for those lots; never less than its fills will add up to. */
  readonly quoteUnits: bigint;
  /** True when the book ends before the asked size does. */
  readonly ranDry: boolean;
}

/**
 * Walks the book as a market order would, and trades nothing: what it costs, and how many lots a quote amount is.
 *
 * With DECREMENT it is the most that can come of it: own orders on the way take from the order, which is not counted here.
 */
export function sweep(engine: MatchingEngine, instrument: Instrument, request: SweepRequest): Sweep {
  const { levels } = request.side === "BUY" ? engine.asks : engine.bids;
  const mostLots = request.lots ?? Number.MAX_SAFE_INTEGER;
  const withOwn = request.prevention === "NONE";
  const stopsAtOwn = request.prevention === "EXPIRE_TAKER" || request.prevention === "EXPIRE_BOTH";
  let lots = 0;
  let quoteUnits = 0n;
  for (let i = levels.length - 1; i >= 0; i--) {
    const level = levels[i]!;
    const stopper = stopsAtOwn ? firstOwn(level, request.owner) : null;
    const levelLots = offeredLots(level, request.owner, withOwn, stopper);
    const wanted = Math.min(
      levelLots,
      mostLots - lots,
      affordable(instrument, level.priceTicks, request.quoteUnits, quoteUnits),
    );
    const taken = wanted < levelLots ? wanted - ((lots + wanted) % instrument.lotIncrement) : wanted;
    lots += Math.max(taken, 0);
    quoteUnits += notionalUnits(instrument, level.priceTicks, Math.max(taken, 0));
    if (wanted < levelLots || lots === mostLots) return { lots, quoteUnits, ranDry: false };
    if (stopper !== null) break;
  }
  return { lots, quoteUnits, ranDry: true };
}

// Lots at that price whose notional is at most what is left of the budget.
function affordable(instrument: Instrument, priceTicks: number, budget: bigint | undefined, spent: bigint): number {
  if (budget === undefined) return Number.MAX_SAFE_INTEGER;
  const { notionalMultiplier, notionalDivisor } = instrument;
  const lots = ((budget - spent) * notionalDivisor) / (BigInt(priceTicks) * notionalMultiplier);
  return lots > Number.MAX_SAFE_INTEGER ? Number.MAX_SAFE_INTEGER : Number(lots);
}
