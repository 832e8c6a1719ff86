import { baseUnits, type Fill, formatUnits, type Instrument, notionalUnits } from "@pitlane/sdk";
import type { InstrumentOf } from "../orders/records.ts";
import { addAmount, fromDigits, toDigits } from "./portfolio-amounts.ts";
import type { LedgerView } from "./portfolio-ledger.ts";

/** The accounts that are compared. */
export interface Accounts {
  readonly venues: ReadonlyMap<string, ReadonlyMap<string, bigint>>;
  readonly balances: ReadonlyMap<string, bigint>;
  readonly total: LedgerView;
  readonly owners: readonly LedgerView[];
}

/** An `AccountingCheck` as snapshots keep it; amounts in decimal digits. */
export interface AccountingRecord {
  /** By venue, then by asset. */
  readonly start: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly fees: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By instrument id. */
  readonly traded: Readonly<Record<string, Readonly<Record<keyof Traded, string>>>>;
}

/** Sums over the fills of one instrument. */
interface Traded {
  boughtLots: bigint;
  soldLots: bigint;
  /** In the base asset's smallest unit. */
  boughtUnits: bigint;
  soldUnits: bigint;
  /** In the quote asset's smallest unit. */
  spentUnits: bigint;
  receivedUnits: bigint;
}

/**
 * Sums fills a second time, apart from the books, and says where the two differ:
 *
 *     balance = start + bought - sold - fees          of an asset at a venue, and over all venues
 *     lots    = bought - sold                          of a position, and of the strategies' together
 *     cash    = received - spent = realised - cost     by average cost and first in, first out
 *
 * A difference is an error of this program, or a snapshot that was changed: nothing that a market does can make one.
 */
export class AccountingCheck {
  readonly #start = new Map<string, Map<string, bigint>>();
  readonly #fees = new Map<string, Map<string, bigint>>();
  readonly #traded = new Map<Instrument, Traded>();
  readonly #movedInstruments = new Set<Instrument>(); // since the last comparison
  readonly #movedAssets = new Map<string, Set<string>>();

  /** What the account at `venue` holds of an asset, whatever was traded before. */
  start(venue: string, asset: string, units: bigint): void {
    mapOf(this.#start, venue).set(asset, units - this.#moved(venue, asset));
    this.#touch(venue, asset);
  }

  /** Counts a fill. */
  add({ instrument, side, priceTicks, sizeLots, fee, feeAsset }: Fill): void {
    const traded = this.#tradedOf(instrument);
    const notional = notionalUnits(instrument, priceTicks, sizeLots);
    if (side === "buy") {
      traded.boughtLots += BigInt(sizeLots);
      traded.boughtUnits += baseUnits(instrument, sizeLots);
      traded.spentUnits += notional;
    } else {
      traded.soldLots += BigInt(sizeLots);
      traded.soldUnits += baseUnits(instrument, sizeLots);
      traded.receivedUnits += notional;
    }
    const { venue, base, quote } = instrument;
    addAmount(mapOf(this.#fees, venue), feeAsset, fee);
    this.#movedInstruments.add(instrument);
    this.#touch(venue, base);
    this.#touch(venue, quote);
    this.#touch(venue, feeAsset);
  }

  /** What was held at the start, over all venues. */
  startBalances(): ReadonlyMap<string, bigint> {
    const sums = new Map<string, bigint>();
    for (const account of this.#start.values()) for (const [asset, units] of account) addAmount(sums, asset, units);
    return sums;
  }

  /** @returns A sentence for each difference among what has moved since the last call; empty when there is none. */
  compare(accounts: Accounts): readonly string[] {
    const differences: string[] = [];
    for (const [venue, assets] of this.#movedAssets) {
      for (const asset of assets) this.#compareAsset(venue, asset, accounts, differences);
    }
    for (const instrument of this.#movedInstruments) this.#comparePosition(instrument, accounts, differences);
    this.#movedAssets.clear();
    this.#movedInstruments.clear();
    return differences;
  }

  record(): AccountingRecord {
    const byVenue = (amounts: ReadonlyMap<string, Map<string, bigint>>) =>
      Object.fromEntries([...amounts].map(([venue, account]) => [venue, toDigits(account)]));
    const digitsOf = (traded: Traded) =>
      Object.fromEntries(Object.entries(traded).map(([name, units]) => [name, String(units)])) as Record<
        keyof Traded,
        string
      >;
    return {
      start: byVenue(this.#start),
      fees: byVenue(this.#fees),
      traded: Object.fromEntries([...this.#traded].map(([{ id }, traded]) => [id, digitsOf(traded)])),
    };
  }

  /** A check from what `record` gave; everything in it is compared once more. */
  static from({ start, fees, traded }: AccountingRecord, instrumentOf: InstrumentOf): AccountingCheck {
    const check = new AccountingCheck();
    for (const [venue, amounts] of Object.entries(start)) fromDigits(mapOf(check.#start, venue), amounts);
    for (const [venue, amounts] of Object.entries(fees)) fromDigits(mapOf(check.#fees, venue), amounts);
    for (const [id, sums] of Object.entries(traded)) {
      const kept = check.#tradedOf(instrumentOf(id));
      for (const name of Object.keys(kept) as (keyof Traded)[]) kept[name] = BigInt(sums[name]);
    }
    check.#touchAll();
    return check;
  }

  /** A check of accounts that were kept without one: what they say is taken as right, and sums begin there. */
  static of(venues: Accounts["venues"], ledger: LedgerView): AccountingCheck {
    const check = new AccountingCheck();
    for (const [instrument, { lots, cashUnits }] of ledger.positions) {
      const sums = check.#tradedOf(instrument);
      const units = baseUnits(instrument, Math.abs(lots));
      if (lots > 0) Object.assign(sums, { boughtLots: BigInt(lots), boughtUnits: units });
      else Object.assign(sums, { soldLots: BigInt(-lots), soldUnits: units });
      if (cashUnits > 0n) sums.receivedUnits = cashUnits;
      else sums.spentUnits = -cashUnits;
    }
    const [only = ""] = venues.keys();
    for (const [asset, units] of ledger.fees) mapOf(check.#fees, only).set(asset, units);
    for (const [venue, account] of venues) for (const [asset, units] of account) check.start(venue, asset, units);
    check.#touchAll();
    return check;
  }

  #compareAsset(venue: string, asset: string, { venues, balances }: Accounts, differences: string[]): void {
    const differ = (where: string, wanted: bigint, booked: bigint) => {
      if (wanted === booked) return;
      differences.push(`${asset} ${where}: the fills sum to ${formatUnits(wanted)}, booked are ${formatUnits(booked)}`);
    };
    const wanted = (this.#start.get(venue)?.get(asset) ?? 0n) + this.#moved(venue, asset);
    differ(`at ${venue}`, wanted, venues.get(venue)?.get(asset) ?? 0n);
    let sum = 0n;
    for (const account of venues.values()) sum += account.get(asset) ?? 0n;
    differ("over all venues", sum, balances.get(asset) ?? 0n);
  }

  #comparePosition(instrument: Instrument, { total, owners }: Accounts, differences: string[]): void {
    const { boughtLots, soldLots, spentUnits, receivedUnits } = this.#tradedOf(instrument);
    const differ = (what: string, wanted: bigint, booked: bigint) => {
      if (wanted === booked) return;
      differences.push(`${what} of ${instrument.id}: the fills sum to ${wanted}, booked are ${booked}`);
    };
    const position = total.position(instrument);
    const cash = receivedUnits - spentUnits;
    const fifoCost = position.lots < 0 ? position.fifoCostUnits : -position.fifoCostUnits;
    let lots = 0n;
    let ownersCash = 0n;
    for (const ledger of owners) {
      const own = ledger.position(instrument);
      lots += BigInt(own.lots);
      ownersCash += own.cashUnits;
    }
    differ("lots", boughtLots - soldLots, BigInt(position.lots));
    differ("lots of the strategies", boughtLots - soldLots, lots);
    differ("cash", cash, position.cashUnits);
    differ("cash of the strategies", cash, ownersCash);
    differ("cash, first in first out,", cash, position.fifoRealizedUnits + fifoCost);
  }

  /** What fills and fees changed of an asset at a venue. */
  #moved(venue: string, asset: string): bigint {
    let sum = -(this.#fees.get(venue)?.get(asset) ?? 0n);
    for (const [instrument, traded] of this.#traded) {
      if (instrument.venue !== venue) continue;
      if (instrument.base === asset) sum += traded.boughtUnits - traded.soldUnits;
      if (instrument.quote === asset) sum += traded.receivedUnits - traded.spentUnits;
    }
    return sum;
  }

  #tradedOf(instrument: Instrument): Traded {
    let traded = this.#traded.get(instrument);
    if (traded === undefined) {
      traded = { boughtLots: 0n, soldLots: 0n, boughtUnits: 0n, soldUnits: 0n, spentUnits: 0n, receivedUnits: 0n };
      this.#traded.set(instrument, traded);
    }
    return traded;
  }

  #touch(venue: string, asset: string): void {
    let assets = this.#movedAssets.get(venue);
    if (assets === undefined) {
      assets = new Set();
      this.#movedAssets.set(venue, assets);
    }
    assets.add(asset);
  }

  #touchAll(): void {
    for (const instrument of this.#traded.keys()) this.#movedInstruments.add(instrument);
    for (const amounts of [this.#start, this.#fees]) {
      for (const [venue, account] of amounts) for (const asset of account.keys()) this.#touch(venue, asset);
    }
  }
}

function mapOf(maps: Map<string, Map<string, bigint>>, key: string): Map<string, bigint> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}
