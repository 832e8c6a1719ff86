import { ASSET_DECIMALS, type Instrument, notionalUnits } from "@pitlane/sdk";
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

const ONE_COIN = 10n ** BigInt(ASSET_DECIMALS);

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
    const profitUnits = position.move(lots, notional, priceTicks, feeInQuote(fill, instrument));
    if (profitUnits !== undefined) closed.push({ strategy, instrument: fill.instrument, atUs, profitUnits });
  }
  return closed;
}

/** A fee in the quote asset's smallest unit, what is paid in base at the fill's own price; 0n for a third asset. */
export function feeInQuote(
  { fee, feeAsset, priceTicks }: Pick<SimFill, "fee" | "feeAsset" | "priceTicks">,
  instrument: Instrument,
): bigint {
  if (feeAsset === instrument.quote) return fee;
  if (feeAsset !== instrument.base) return 0n;
  return (fee * notionalUnits(instrument, priceTicks, 10 ** instrument.sizeDecimals)) / ONE_COIN;
}
