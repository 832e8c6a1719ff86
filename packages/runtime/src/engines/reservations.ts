import { baseUnits, type Instrument, notionalUnits } from "@pitlane/sdk";
import type { Intent } from "../orders/order.ts";

const MILLION = 1_000_000n;

/** What may be taken from a buy besides its price x size, in parts of a million; rounded up, so that no fee is underrated. */
export function feePartsOf(feeBps: number): bigint {
  return BigInt(Math.ceil(feeBps * 100));
}

/** The asset that an order spends: a buy the quote, a sell the base. */
export function spentAsset({ instrument, side }: Pick<Intent, "instrument" | "side">): string {
  return side === "buy" ? instrument.quote : instrument.base;
}

/**
 * The most that `sizeLots` of an order may spend, in the smallest unit of `spentAsset`: a buy price x size and the fee on it, a sell
 * its size (a fee on a sell is taken from what it brings). The fee is rounded up. Pure.
 *
 * @param feeParts Of `feePartsOf`.
 */
export function spentUnits(
  instrument: Instrument,
  side: Intent["side"],
  priceTicks: number,
  sizeLots: number,
  feeParts: bigint,
): bigint {
  if (side === "sell") return baseUnits(instrument, sizeLots);
  const notional = notionalUnits(instrument, priceTicks, sizeLots);
  return notional + (notional * feeParts + MILLION - 1n) / MILLION;
}

/**
 * What open orders may still spend, by venue and asset, in the asset's smallest unit. Exact: what is put aside for an order is given
 * back to the last unit.
 *
 * @example
 * reservations.move("binance", "USDT", 100_00000000n); // 100 USDT more are spoken for
 * reservations.of("binance", "USDT");
 */
export class Reservations {
  readonly #byVenue = new Map<string, Map<string, bigint>>();

  /** 0n where nothing is open. */
  of(venue: string, asset: string): bigint {
    return this.#byVenue.get(venue)?.get(asset) ?? 0n;
  }

  /** Puts `units` aside; gives them back when negative. */
  move(venue: string, asset: string, units: bigint): void {
    const assets = this.#byVenue.get(venue) ?? new Map<string, bigint>();
    this.#byVenue.set(venue, assets);
    assets.set(asset, (assets.get(asset) ?? 0n) + units);
  }

  clear(): void {
    this.#byVenue.clear();
  }
}
