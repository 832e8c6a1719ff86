import { ASSET_DECIMALS, baseUnits, type Fill, formatUnits, type Instrument, notionalUnits } from "@pitlane/sdk";
import type { InstrumentOf } from "../orders/records.ts";

/** What was traded of one instrument since the run began. Fees are apart, in `Portfolio.fees`. */
export interface Position {
  /** Bought less sold, in lots; negative after selling more than was bought. */
  lots: number;
  /** What the open lots cost (or, when negative, brought), in the quote asset's smallest unit; never negative. */
  costUnits: bigint;
  /** Profit of what was bought and sold again, average cost, before fees, in the quote asset's smallest unit. */
  realizedUnits: bigint;
  /** Fees of its fills paid in the base asset, in that asset's smallest unit. */
  baseFeeUnits: bigint;
  /** Fees of its fills paid in the quote asset, in that asset's smallest unit. */
  quoteFeeUnits: bigint;
}

/** A portfolio as snapshots keep it: every amount in decimal digits of its bigint. */
export interface PortfolioRecord {
  readonly balances: Readonly<Record<string, string>>;
  readonly fees: Readonly<Record<string, string>>;
  /** By instrument id. */
  readonly positions: Readonly<Record<string, PositionRecord>>;
  readonly fills: number;
}

type PositionRecord = { readonly lots: number } & Readonly<Record<Exclude<keyof Position, "lots">, string>>;

/**
 * Exact accounts of one run: balances move by fills and fees alone, so that `start + fills - fees = balances` always holds.
 *
 * @example
 * const portfolio = new Portfolio();
 * portfolio.start(balances);
 * portfolio.apply(fill);
 * portfolio.position(fill.instrument).lots;
 */
export class Portfolio {
  readonly #balances = new Map<string, bigint>();
  readonly #fees = new Map<string, bigint>();
  readonly #positions = new Map<Instrument, Position>();
  #fills = 0;

  /** Takes over what the account holds at the start: the total of each asset, in its smallest unit. Call before the first fill. */
  start(balances: ReadonlyMap<string, bigint>): void {
    for (const [asset, units] of balances) this.#balances.set(asset, units);
  }

  get fills(): number {
    return this.#fills;
  }

  get balances(): ReadonlyMap<string, bigint> {
    return this.#balances;
  }

  get fees(): ReadonlyMap<string, bigint> {
    return this.#fees;
  }

  get positions(): ReadonlyMap<Instrument, Readonly<Position>> {
    return this.#positions;
  }

  position(instrument: Instrument): Readonly<Position> {
    return this.#positions.get(instrument) ?? NONE;
  }

  /** Books a fill. The caller has made sure that it is new. */
  apply(fill: Fill): void {
    const { instrument, side, priceTicks, sizeLots } = fill;
    const notional = notionalUnits(instrument, priceTicks, sizeLots);
    const base = baseUnits(instrument, sizeLots);
    const bought = side === "buy";
    add(this.#balances, instrument.base, bought ? base : -base);
    add(this.#balances, instrument.quote, bought ? -notional : notional);
    add(this.#balances, fill.feeAsset, -fill.fee);
    add(this.#fees, fill.feeAsset, fill.fee);
    const position = this.#positions.get(instrument) ?? flat();
    this.#positions.set(instrument, position);
    if (fill.feeAsset === instrument.base) position.baseFeeUnits += fill.fee;
    else if (fill.feeAsset === instrument.quote) position.quoteFeeUnits += fill.fee;
    move(position, bought ? sizeLots : -sizeLots, notional);
    this.#fills++;
  }

  record(): PortfolioRecord {
    const positions = [...this.#positions].map(([instrument, position]): readonly [string, PositionRecord] => [
      instrument.id,
      {
        lots: position.lots,
        costUnits: position.costUnits.toString(),
        realizedUnits: position.realizedUnits.toString(),
        baseFeeUnits: position.baseFeeUnits.toString(),
        quoteFeeUnits: position.quoteFeeUnits.toString(),
      },
    ]);
    return {
      balances: toDigits(this.#balances),
      fees: toDigits(this.#fees),
      positions: Object.fromEntries(positions),
      fills: this.#fills,
    };
  }

  /** Takes over what was recorded, in place of all that was booked. */
  restore({ balances, fees, positions, fills }: PortfolioRecord, instrumentOf: InstrumentOf): void {
    fromDigits(this.#balances, balances);
    fromDigits(this.#fees, fees);
    this.#positions.clear();
    for (const [id, { lots, costUnits, realizedUnits, baseFeeUnits, quoteFeeUnits }] of Object.entries(positions)) {
      this.#positions.set(instrumentOf(id), {
        lots,
        costUnits: BigInt(costUnits),
        realizedUnits: BigInt(realizedUnits),
        baseFeeUnits: BigInt(baseFeeUnits),
        quoteFeeUnits: BigInt(quoteFeeUnits),
      });
    }
    this.#fills = fills;
  }

  /** Realised profit by quote asset, before fees. */
  realized(): Map<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const [instrument, position] of this.#positions) add(sums, instrument.quote, position.realizedUnits);
    return sums;
  }

  /**
   * Profit by quote asset at the given prices: realised, plus open positions marked to them, less fees paid in base (at the
   * same price) and quote. An instrument without a price counts with its realised part alone. For people, not for accounts.
   *
   * @param twiceMidTicks Bid + ask, in ticks: twice the mid, so that a mid between two ticks stays whole.
   */
  profit(twiceMidTicks: (instrument: Instrument) => number | undefined): Map<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const [instrument, position] of this.#positions) {
      add(sums, instrument.quote, position.realizedUnits - position.quoteFeeUnits);
      const twiceMid = twiceMidTicks(instrument);
      if (twiceMid === undefined) continue;
      const value = notionalUnits(instrument, twiceMid, Math.abs(position.lots)) / 2n;
      const twoCoins = notionalUnits(instrument, twiceMid, 10 ** instrument.sizeDecimals);
      add(sums, instrument.quote, position.lots >= 0 ? value - position.costUnits : position.costUnits - value);
      add(sums, instrument.quote, -(position.baseFeeUnits * twoCoins) / (2n * ONE_COIN));
    }
    return sums;
  }
}

const ONE_COIN = 10n ** BigInt(ASSET_DECIMALS);
const flat = (): Position => ({ lots: 0, costUnits: 0n, realizedUnits: 0n, baseFeeUnits: 0n, quoteFeeUnits: 0n });
const NONE: Readonly<Position> = flat();

/** Moves a position by `lots` (signed) worth `notional`: what closes an open side realises its share of the cost. */
function move(position: Position, lots: number, notional: bigint): void {
  const sameSide = position.lots === 0 || position.lots > 0 === lots > 0;
  if (sameSide) {
    position.lots += lots;
    position.costUnits += notional;
    return;
  }
  const open = Math.abs(position.lots);
  const size = Math.abs(lots);
  const closing = Math.min(open, size);
  // Shares are rounded down and the rest stays with what is left, so nothing is made or lost by rounding.
  const closingCost = (position.costUnits * BigInt(closing)) / BigInt(open);
  const closingValue = (notional * BigInt(closing)) / BigInt(size);
  position.realizedUnits += position.lots > 0 ? closingValue - closingCost : closingCost - closingValue;
  position.lots += lots;
  position.costUnits = size > open ? notional - closingValue : position.costUnits - closingCost;
}

function add(sums: Map<string, bigint>, key: string, units: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + units);
}

function toDigits(amounts: ReadonlyMap<string, bigint>): Record<string, string> {
  return Object.fromEntries([...amounts].map(([asset, units]) => [asset, units.toString()]));
}

function fromDigits(amounts: Map<string, bigint>, record: Readonly<Record<string, string>>): void {
  amounts.clear();
  for (const [asset, units] of Object.entries(record)) amounts.set(asset, BigInt(units));
}

/** Amounts by asset as decimal text, assets in order. */
export function toDecimals(amounts: ReadonlyMap<string, bigint>): Record<string, string> {
  return Object.fromEntries(
    [...amounts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([asset, units]) => [asset, formatUnits(units)]),
  );
}
