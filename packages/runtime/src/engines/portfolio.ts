import { baseUnits, type Fill, type Instrument, notionalUnits } from "@pitlane/sdk";
import type { InstrumentOf } from "../orders/records.ts";
import { addAmount, fromDigits, toDigits } from "./portfolio-amounts.ts";
import { AccountingCheck, type AccountingRecord } from "./portfolio-check.ts";
import { type Convert, Ledger, type LedgerRecord, type LedgerView } from "./portfolio-ledger.ts";
import type { PositionView } from "./position.ts";

export { toDecimals } from "./portfolio-amounts.ts";
export type { CostMethod, LedgerView } from "./portfolio-ledger.ts";
export type { PositionView } from "./position.ts";

/** Owner of fills that were booked before ledgers of strategies were kept. */
const NOBODY = -1;
const EMPTY_LEDGER: LedgerView = new Ledger();

/** A portfolio as snapshots keep it: every amount in decimal digits of its bigint. What is optional was not kept by the first versions. */
export interface PortfolioRecord extends LedgerRecord {
  /** By asset, over all venues. */
  readonly balances: Readonly<Record<string, string>>;
  /** By venue, then by asset. */
  readonly venues?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** By owner. */
  readonly owners?: Readonly<Record<string, LedgerRecord>>;
  readonly check?: AccountingRecord;
}

export interface PortfolioOptions {
  /** Venue of balances that are given without one: that of a session on a single venue. Default "". */
  readonly venue?: string;
  /** Values fees in a third asset as they are paid, for the profit of single trades; without it they count with nothing there. */
  readonly convert?: Convert;
  /** Called after each fill, when it is booked. @param owner As given to `apply`. */
  readonly onFill?: (fill: Fill, owner: number) => void;
}

/**
 * Exact accounts of one run, by venue and in total, over all strategies and for each: balances move by fills and fees alone, so that
 * `start + fills - fees = balances` always holds. `check` compares that with sums of its own.
 *
 * @example
 * const portfolio = new Portfolio({ venue: "paper" });
 * portfolio.start(balances);
 * portfolio.apply(fill, owner);
 * portfolio.position(fill.instrument).lots;
 * portfolio.ledger(owner).realized("fifo");
 */
export class Portfolio {
  readonly #options: PortfolioOptions;
  readonly #balances = new Map<string, bigint>(); // over all venues
  readonly #venues = new Map<string, Map<string, bigint>>();
  readonly #owners = new Map<number, Ledger>();
  #total = new Ledger();
  #check = new AccountingCheck();

  constructor(options: PortfolioOptions = {}) {
    this.#options = options;
  }

  /**
   * Takes over what an account holds at the start: the total of each asset, in its smallest unit. Call before the first fill.
   *
   * @param venue Whose account it is; see `PortfolioOptions.venue`.
   */
  start(balances: ReadonlyMap<string, bigint>, venue: string = this.#options.venue ?? ""): void {
    const account = this.#account(venue);
    for (const [asset, units] of balances) {
      addAmount(this.#balances, asset, units - (account.get(asset) ?? 0n));
      account.set(asset, units);
      this.#check.start(venue, asset, units);
    }
  }

  get fills(): number {
    return this.#total.fills;
  }

  /** What is held of each asset, over all venues. */
  get balances(): ReadonlyMap<string, bigint> {
    return this.#balances;
  }

  /** What is held of each asset, by venue. */
  get venues(): ReadonlyMap<string, ReadonlyMap<string, bigint>> {
    return this.#venues;
  }

  /** What is held of an asset: at one venue, or over all. */
  balance(asset: string, venue?: string): bigint {
    return (venue === undefined ? this.#balances : this.#venues.get(venue))?.get(asset) ?? 0n;
  }

  /** What was held of each asset at the start, over all venues. */
  startBalances(): ReadonlyMap<string, bigint> {
    return this.#check.startBalances();
  }

  get fees(): ReadonlyMap<string, bigint> {
    return this.#total.fees;
  }

  get positions(): ReadonlyMap<Instrument, PositionView> {
    return this.#total.positions;
  }

  position(instrument: Instrument): PositionView {
    return this.#total.position(instrument);
  }

  /** The books of all fills. */
  get total(): LedgerView {
    return this.#total;
  }

  /** The books of one strategy's fills; empty before its first one. */
  ledger(owner: number): LedgerView {
    return this.#owners.get(owner) ?? EMPTY_LEDGER;
  }

  /** The books of each strategy that had a fill. */
  get ledgers(): readonly LedgerView[] {
    return [...this.#owners.values()];
  }

  /** Books a fill. The caller has made sure that it is new. @param owner Index of the strategy whose order it is of. */
  apply(fill: Fill, owner = 0): void {
    const { instrument, side, priceTicks, sizeLots, fee, feeAsset } = fill;
    const notional = notionalUnits(instrument, priceTicks, sizeLots);
    const base = baseUnits(instrument, sizeLots);
    const bought = side === "buy";
    const account = this.#account(instrument.venue);
    this.#move(account, instrument.base, bought ? base : -base);
    this.#move(account, instrument.quote, bought ? -notional : notional);
    this.#move(account, feeAsset, -fee);
    const { convert, onFill } = this.#options;
    this.#total.apply(fill, notional, base, convert);
    this.#ledgerOf(owner).apply(fill, notional, base, convert);
    this.#check.add(fill);
    onFill?.(fill, owner);
  }

  /** Realised profit by quote asset, before fees. */
  realized(...args: Parameters<LedgerView["realized"]>): Map<string, bigint> {
    return this.#total.realized(...args);
  }

  /** Open positions at the given prices less their cost, by quote asset. See `LedgerView.unrealized`. */
  unrealized(...args: Parameters<LedgerView["unrealized"]>): Map<string, bigint> {
    return this.#total.unrealized(...args);
  }

  /** Profit by quote asset at the given prices, after fees. See `LedgerView.profit`. */
  profit(...args: Parameters<LedgerView["profit"]>): Map<string, bigint> {
    return this.#total.profit(...args);
  }

  /**
   * Compares the accounts with what the start and the fills since sum to: balances by venue and in total, positions, cash and fees, by
   * strategy and in total. Looks at what has moved since the last call alone: assets that moved, times instruments that were traded, however
   * many fills there were.
   *
   * @returns A sentence for each difference; empty when all agree.
   */
  check(): readonly string[] {
    return this.#check.compare({
      venues: this.#venues,
      balances: this.#balances,
      total: this.#total,
      owners: this.ledgers,
    });
  }

  record(): PortfolioRecord {
    return {
      balances: toDigits(this.#balances),
      ...this.#total.record(),
      venues: Object.fromEntries([...this.#venues].map(([venue, account]) => [venue, toDigits(account)])),
      owners: Object.fromEntries([...this.#owners].map(([owner, ledger]) => [owner, ledger.record()])),
      check: this.#check.record(),
    };
  }

  /**
   * Takes over what was recorded, in place of all that was booked. In a record of the first versions all balances are at
   * `PortfolioOptions.venue` and no strategy has books of its own.
   */
  restore(record: PortfolioRecord, instrumentOf: InstrumentOf): void {
    const { venue = "" } = this.#options;
    fromDigits(this.#balances, record.balances);
    this.#venues.clear();
    for (const [name, account] of Object.entries(record.venues ?? { [venue]: record.balances }))
      fromDigits(this.#account(name), account);
    this.#total = Ledger.from(record, instrumentOf);
    this.#owners.clear();
    for (const [owner, ledger] of Object.entries(record.owners ?? { [NOBODY]: record }))
      this.#owners.set(Number(owner), Ledger.from(ledger, instrumentOf));
    this.#check =
      record.check === undefined
        ? AccountingCheck.of(this.#venues, this.#total)
        : AccountingCheck.from(record.check, instrumentOf);
  }

  #move(account: Map<string, bigint>, asset: string, units: bigint): void {
    addAmount(account, asset, units);
    addAmount(this.#balances, asset, units);
  }

  #account(venue: string): Map<string, bigint> {
    let account = this.#venues.get(venue);
    if (account === undefined) {
      account = new Map();
      this.#venues.set(venue, account);
    }
    return account;
  }

  #ledgerOf(owner: number): Ledger {
    let ledger = this.#owners.get(owner);
    if (ledger === undefined) {
      ledger = new Ledger();
      this.#owners.set(owner, ledger);
    }
    return ledger;
  }
}
