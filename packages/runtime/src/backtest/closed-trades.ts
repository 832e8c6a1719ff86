import { type Instrument, notionalUnits } from "@pitlane/sdk";
import { feeInQuote } from "../engines/fee-value.ts";
import { Position } from "../engines/position.ts";
import type { SimFill } from "./result.ts";

/** What one fill closed of an open position. */
export interface ClosedTrade {
  readonly strategy: string;
  /** Id of the instrument. */
  readonly instrument: string;
  readonly atUs: number;
  /** What the closed part gained, at average cost, less its fees; in the quote asset's smallest unit. */
  readonly profitUnits: bigint;
}

/** The closed trades of a run, oldest first; each strategy has a position of its own. Fees in a third asset are left out. Pure. */
export function closedTrades(
  fills: readonly SimFill[],
  instruments: ReadonlyMap<string, Instrument>,
): readonly ClosedTrade[] {
  const positions = new Map<string, Position>();
  const closed: ClosedTrade[] = [];
  for (const fill of fills) {
    const instrument = instruments.get(fill.instrument);
    if (instrument === undefined) continue;
    const key = `${fill.strategy} ${fill.instrument}`;
    const position = positions.get(key) ?? new Position();
    positions.set(key, position);
    const { strategy, atUs, side, sizeLots, priceTicks } = fill;
    const notional = notionalUnits(instrument, priceTicks, sizeLots);
    const lots = side === "buy" ? sizeLots : -sizeLots;
    const profitUnits = position.move(lots, notional, priceTicks, feeInQuote(fill, instrument) ?? 0n);
    if (profitUnits !== undefined) closed.push({ strategy, instrument: fill.instrument, atUs, profitUnits });
  }
  return closed;
}
