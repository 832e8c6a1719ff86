import { baseUnits, type Fill, type Instrument } from "@pitlane/sdk";
import type { InstrumentOf } from "../orders/records.ts";
import { feeInQuote } from "./fee-value.ts";
import { TradeTally, type TradeTallyRecord } from "./performance-trades.ts";
import { addAmount, fromDigits, toDigits } from "./portfolio-amounts.ts";
import type { TwiceMidTicks } from "./portfolio-valuation.ts";
import { NO_POSITION, Position, type PositionRecord, type PositionView } from "./position.ts";

/** The value of an amount of one asset in another's smallest unit; undefined when it is not known. See `Valuation`. */
export type Convert = (units: bigint, from: string, to: string) => bigint | undefined;

/** A ledger as snapshots keep it; amounts in decimal digits. What is optional was not kept by the first versions. */
export interface LedgerRecord {
  /** By instrument id. */
  readonly positions: Readonly<Record<string, PositionRecord>>;
  readonly fees: Readonly<Record<string, string>>;
  readonly fills: number;
  readonly flows?: Readonly<Record<string, string>>;
  readonly volume?: Readonly<Record<string, string>>;
  readonly trades?: Readonly<Record<string, TradeTallyRecord>>;
}

/** What a set of fills came to: all of a run, or one strategy's. */
export interface LedgerView {
  readonly fills: number;
  readonly positions: ReadonlyMap<Instrument, PositionView>;
  /** How many positions are not flat. */
  readonly openPositions: number;
  /** Fees by the asset they were paid in. */
  readonly fees: ReadonlyMap<string, bigint>;
  /** What the fills changed of each asset, fees taken off. Valued at present prices, they sum to the profit. */
  readonly flows: ReadonlyMap<string, bigint>;
  /** Sum of price x size by quote asset. */
  readonly volume: ReadonlyMap<string, bigint>;
  /** What was closed, by quote asset. */
  readonly trades: ReadonlyMap<string, TradeTally>;
  position(instrument: Instrument): PositionView;
  /** Realised profit by quote asset, before fees. */
  realized(method?: CostMethod): Map<string, bigint>;
  /** What open positions are worth at the given prices less what they cost, by quote asset; those without a price are left out. */
  unrealized(twiceMidTicks: TwiceMidTicks, method?: CostMethod): Map<string, bigint>;
  /**
   * Profit by quote asset at the given prices: realised, plus open positions marked to them, less fees. Fees in the base asset count at
   * the same price, fees in a third asset where `convert` knows their value. What is held of an instrument, fees taken off, is rounded once
   * and towards zero, as `Valuation` does. An instrument without a price counts with its realised part alone. For people, not for accounts.
   */
  profit(twiceMidTicks: TwiceMidTicks, convert?: Convert): Map<string, bigint>;
}

/** Which lots a sale closes: `average` all alike, `fifo` the oldest. */
export type CostMethod = "average" | "fifo";

/** The books of a set of fills. `Portfolio` keeps one for the run and one for each strategy. */
export class Ledger implements LedgerView {
  readonly positions = new Map<Instrument, Position>();
  readonly fees = new Map<string, bigint>();
  readonly flows = new Map<string, bigint>();
  readonly volume = new Map<string, bigint>();
  readonly trades = new Map<string, TradeTally>();
  fills = 0;
  openPositions = 0;

  position(instrument: Instrument): PositionView {
    return this.positions.get(instrument) ?? NO_POSITION;
  }

  /**
   * Books a fill.
   *
   * @param notional Its price x size, in the quote asset's smallest unit. @param baseChange Its size in the base asset's.
   * @param convert Values a fee in a third asset, for the profit of single trades.
   */
  apply(fill: Fill, notional: bigint, baseChange: bigint, convert: Convert | undefined): void {
    const { instrument, side, priceTicks, sizeLots, fee, feeAsset } = fill;
    const { base, quote } = instrument;
    const bought = side === "buy";
    addAmount(this.flows, base, bought ? baseChange : -baseChange);
    addAmount(this.flows, quote, bought ? -notional : notional);
    addAmount(this.flows, feeAsset, -fee);
    addAmount(this.fees, feeAsset, fee);
    addAmount(this.volume, quote, notional);
    let position = this.positions.get(instrument);
    if (position === undefined) {
      position = new Position();
      this.positions.set(instrument, position);
    }
    if (feeAsset === quote) position.quoteFeeUnits += fee;
    else if (feeAsset === base) position.baseFeeUnits += fee;
    else position.addOtherFee(feeAsset, fee);
    const feeUnits = feeInQuote(fill, instrument) ?? convert?.(fee, feeAsset, quote) ?? 0n;
    const wasOpen = position.lots !== 0;
    const profit = position.move(bought ? sizeLots : -sizeLots, notional, priceTicks, feeUnits);
    this.openPositions += Number(position.lots !== 0) - Number(wasOpen);
    if (profit !== undefined) this.#tallyOf(quote).add(profit);
    this.fills++;
  }

  realized(method: CostMethod = "average"): Map<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const [{ quote }, { realizedUnits, fifoRealizedUnits }] of this.positions)
      addAmount(sums, quote, method === "fifo" ? fifoRealizedUnits : realizedUnits);
    return sums;
  }

  unrealized(twiceMidTicks: TwiceMidTicks, method: CostMethod = "average"): Map<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const [instrument, { lots, costUnits, fifoCostUnits }] of this.positions) {
      const twiceMid = twiceMidTicks(instrument);
      if (twiceMid === undefined) continue;
      const worth = worthOf(instrument, baseUnits(instrument, Math.abs(lots)), twiceMid);
      const cost = method === "fifo" ? fifoCostUnits : costUnits;
      addAmount(sums, instrument.quote, lots < 0 ? cost - worth : worth - cost);
    }
    return sums;
  }

  profit(twiceMidTicks: TwiceMidTicks, convert?: Convert): Map<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const [instrument, position] of this.positions) {
      const { quote } = instrument;
      addAmount(sums, quote, position.realizedUnits - position.quoteFeeUnits);
      for (const [asset, units] of position.otherFees) addAmount(sums, quote, -(convert?.(units, asset, quote) ?? 0n));
      const twiceMid = twiceMidTicks(instrument);
      if (twiceMid === undefined) continue;
      const size = baseUnits(instrument, Math.abs(position.lots));
      const held = (position.lots < 0 ? -size : size) - position.baseFeeUnits;
      const worth = worthOf(instrument, held, twiceMid);
      addAmount(sums, quote, worth + (position.lots < 0 ? position.costUnits : -position.costUnits));
    }
    return sums;
  }

  record(): LedgerRecord {
    return {
      positions: Object.fromEntries([...this.positions].map(([{ id }, position]) => [id, position.record()])),
      fees: toDigits(this.fees),
      fills: this.fills,
      flows: toDigits(this.flows),
      volume: toDigits(this.volume),
      trades: Object.fromEntries([...this.trades].map(([quote, tally]) => [quote, tally.record()])),
    };
  }

  /** A ledger from what `record` gave; of one of the first versions, flows are worked out and volume and trades begin at 0. */
  static from(record: LedgerRecord, instrumentOf: InstrumentOf): Ledger {
    const ledger = new Ledger();
    for (const [id, kept] of Object.entries(record.positions)) {
      const position = Position.from(kept);
      ledger.positions.set(instrumentOf(id), position);
      if (position.lots !== 0) ledger.openPositions++;
    }
    fromDigits(ledger.fees, record.fees);
    ledger.fills = record.fills;
    fromDigits(ledger.volume, record.volume ?? {});
    for (const [quote, tally] of Object.entries(record.trades ?? {})) ledger.trades.set(quote, TradeTally.from(tally));
    if (record.flows === undefined) ledger.#inferFlows();
    else fromDigits(ledger.flows, record.flows);
    return ledger;
  }

  #inferFlows(): void {
    for (const [instrument, { lots, cashUnits }] of this.positions) {
      const base = baseUnits(instrument, Math.abs(lots));
      addAmount(this.flows, instrument.base, lots < 0 ? -base : base);
      addAmount(this.flows, instrument.quote, cashUnits);
    }
    for (const [asset, units] of this.fees) addAmount(this.flows, asset, -units);
  }

  #tallyOf(quote: string): TradeTally {
    let tally = this.trades.get(quote);
    if (tally === undefined) {
      tally = new TradeTally();
      this.trades.set(quote, tally);
    }
    return tally;
  }
}

/** Base units at a mid price, in the quote asset's smallest unit, rounded towards zero. */
function worthOf({ priceDecimals }: Instrument, units: bigint, twiceMidTicks: number): bigint {
  return (units * BigInt(twiceMidTicks)) / (2n * 10n ** BigInt(priceDecimals));
}
