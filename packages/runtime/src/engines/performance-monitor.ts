import type { Fill } from "@pitlane/sdk";
import type { EquityTracker } from "./equity.ts";
import { feeInQuote } from "./fee-value.ts";
import { HeldValue } from "./held-value.ts";
import { measurePerformance, type PerformanceReport } from "./performance.ts";
import { Account, type AccountRecord } from "./performance-account.ts";
import type { EquityCurve, EquityCurveOptions } from "./performance-curve.ts";
import { TradeTally } from "./performance-trades.ts";
import type { LedgerView, Portfolio } from "./portfolio.ts";
import { toDecimals } from "./portfolio-amounts.ts";
import type { Valuation } from "./portfolio-valuation.ts";

const MARK_US = 1_000_000; // between two looks at the market
const FILL_US = 10_000; // between two looks for the sake of fills
const PATIENCE_US = 10_000_000; // for the first prices of what the account holds
const ROUNDED_UNITS = 8; // more than a unit for each asset of an account
const POINTS = 512; // a curve each for the run and every strategy, in every snapshot

/** How equity is looked at, for a host that is no session; what is left out is as there. */
export interface PerformanceSettings {
  /** Of the curves. Default 512 stretches, a second each to begin with: each snapshot of a session has them all. */
  readonly curve?: EquityCurveOptions;
  /** How long the first prices of what the account holds are waited for, in microseconds. Default ten seconds. */
  readonly patienceUs?: number;
  /** False where the host calls `onRow` and what is known of the price at a fill is older than the fill. Default true. */
  readonly looksAtFills?: boolean;
}

export interface PerformanceMonitorOptions extends PerformanceSettings {
  readonly portfolio: Portfolio;
  readonly valuation: Valuation;
  /** Everything is counted in it; see `accountingAsset`. */
  readonly asset: string;
  /** Names of the strategies, by owner. */
  readonly owners: readonly string[];
  /** Called before all prices are read for `onRow`, for a host that tells them when they are needed. */
  readonly onPricesNeeded?: () => void;
}

/** How a session and each of its strategies have done, as reports have it. */
export interface SessionPerformance {
  /** Asset that all amounts are counted in. */
  readonly asset: string;
  readonly total: PerformanceReport;
  /** By name. Each has the account's whole capital. */
  readonly strategies: Readonly<Record<string, PerformanceReport>>;
  /** What fills changed of assets that no instrument of the session leads from to `asset`: not counted above. Decimal text by asset. */
  readonly unvalued: Readonly<Record<string, string>>;
}

/** A `PerformanceMonitor` as snapshots keep it. */
export interface PerformanceRecord {
  /** Decimal digits; null while it is not known. */
  readonly capital: string | null;
  readonly total: AccountRecord;
  readonly owners: readonly AccountRecord[];
}

/**
 * Follows what a session's account is worth, in total and by strategy: at fills, and once a second of the session's time. A fill within 10 ms
 * of the last look is looked at with the first market event after them, so that a burst of fills does not value the account for each.
 *
 * Equity is the capital plus the profit since the start. The capital is the worth of the assets that can be valued, once they all have a
 * price, at the latest ten seconds after the first look: what is held and not traded does not move the curve, which begins with it at that
 * first look. A moment at which something traded has no price is left out. It has no clock of its own, so that a replay comes to the same
 * figures.
 *
 * A fee counts with what it was worth at its fill: in its quote asset at the fill's own price, and from there at the mid of that moment. One
 * that had no price then counts at the last one.
 *
 * A host whose prices come in rows, such as bars, calls `onRow` at each while `isMoving`: floats alone, nothing allocated.
 *
 * @example
 * const monitor = new PerformanceMonitor({ portfolio, valuation, asset: "USDT", owners: ["maker"] });
 * if (nowUs >= monitor.nextMarkUs) monitor.mark(nowUs);
 * monitor.onFill(nowUs, owner, fill);
 * monitor.report().total.sharpe;
 */
export class PerformanceMonitor {
  readonly #options: PerformanceMonitorOptions;
  readonly #total: Account;
  readonly #owners: readonly Account[];
  readonly #accounts: readonly Account[]; // the run's, then those of the owners
  readonly #held: HeldValue;
  #heldFills = 0; // how many fills `#held` has
  #isHeld = false;
  #isHeldExact = true; // what is held can be valued by `#held`
  #isLookLeft = false;
  // Until when, and between what prices of one instrument, a row makes no new extreme: the last of them is pushed later.
  #quietIndex = -1;
  #quietEndUs = Number.NaN;
  #lowestTwiceMid = Number.NaN;
  #highestTwiceMid = Number.NaN;
  #putOffUs = Number.NaN;
  #capital: bigint | undefined;
  #capitalUnits = Number.NaN; // the same as a float; a bigint would be one anew at each row
  #firstMarkUs = -1;
  #takenUs = -FILL_US; // last look
  #nextMarkUs = 0;

  constructor(options: PerformanceMonitorOptions) {
    const { owners, valuation, asset, curve = { capacity: POINTS } } = options;
    this.#options = options;
    this.#total = new Account(curve);
    this.#owners = owners.map(() => new Account(curve));
    this.#accounts = [this.#total, ...this.#owners];
    this.#held = new HeldValue(valuation, asset);
  }

  /** When to call `mark` next, microseconds since the epoch: a comparison is all that an event costs in between. */
  get nextMarkUs(): number {
    return this.#nextMarkUs;
  }

  /** Asset that everything is counted in. */
  get asset(): string {
    return this.#options.asset;
  }

  /** The session's equity; not started until the capital is known. */
  get equity(): EquityTracker {
    return this.#total.equity;
  }

  /** The session's equity over time. */
  get curve(): EquityCurve {
    this.#settleRows();
    return this.#total.curve;
  }

  /** One strategy's equity over time. @throws {RangeError} When there is none of that number. */
  curveOf(owner: number): EquityCurve {
    const account = this.#owners[owner];
    if (account === undefined) throw new RangeError(`strategy ${owner} of ${this.#owners.length}`);
    this.#settleRows();
    return account.curve;
  }

  /** A second of the session's time is over. */
  mark(nowUs: number): void {
    this.#settleRows();
    this.#nextMarkUs = nowUs + MARK_US;
    this.#takenUs = nowUs;
    if (this.#firstMarkUs < 0) this.#firstMarkUs = nowUs;
    const { portfolio, patienceUs = PATIENCE_US } = this.#options;
    if (!this.#isStarted(nowUs, nowUs - this.#firstMarkUs >= patienceUs)) return;
    this.#take(this.#total, portfolio.total, nowUs);
    for (let owner = 0; owner < this.#owners.length; owner++)
      this.#take(this.#owners[owner]!, portfolio.ledger(owner), nowUs);
  }

  /** A fill was booked. @param owner Index of its strategy. */
  onFill(nowUs: number, owner: number, fill: Fill): void {
    const { portfolio, looksAtFills = true } = this.#options;
    const own = this.#owners[owner];
    const feeUnits = this.#feeOf(fill);
    this.#total.pay(fill, feeUnits);
    own?.pay(fill, feeUnits);
    this.#total.expose(nowUs, portfolio.total.openPositions > 0);
    own?.expose(nowUs, portfolio.ledger(owner).openPositions > 0);
    if (!looksAtFills) return;
    if (nowUs - this.#takenUs < FILL_US) {
      this.#nextMarkUs = Math.min(this.#nextMarkUs, this.#takenUs + FILL_US);
      return;
    }
    this.#takenUs = nowUs;
    if (!this.#isStarted(nowUs, false)) return;
    this.#take(this.#total, portfolio.total, nowUs);
    if (own !== undefined) this.#take(own, portfolio.ledger(owner), nowUs);
  }

  /** False while no position is open and no fill has come since the last row: `onRow` would then find what it found before. */
  get isMoving(): boolean {
    return this.#isHeld || this.#isLookLeft || this.#options.portfolio.fills !== this.#heldFills;
  }

  /** False while `onRow` needs the prices of all that is held told before each call. */
  get isRowExact(): boolean {
    return this.#isHeldExact;
  }

  /**
   * A row says the price of an instrument. Between two fills, calls must tell every price that changes.
   *
   * @param index The instrument's number.
   * @param twiceMidTicks Bid + ask, in ticks.
   * @param isWhole False while another row of the same moment is to come: equity is looked at with the last one.
   */
  onRow(nowUs: number, index: number, twiceMidTicks: number, isWhole: boolean): void {
    const { portfolio } = this.#options;
    if (portfolio.fills !== this.#heldFills) {
      this.#settleRows();
      this.#hold();
    } else if (
      isWhole &&
      index === this.#quietIndex &&
      twiceMidTicks >= this.#lowestTwiceMid &&
      twiceMidTicks <= this.#highestTwiceMid &&
      nowUs <= this.#quietEndUs
    ) {
      this.#held.setPrice(index, twiceMidTicks);
      this.#putOffUs = nowUs;
      return;
    } else this.#settleRows();
    this.#held.setPrice(index, twiceMidTicks);
    this.#isLookLeft = !isWhole;
    if (!isWhole) return;
    if (!this.#isHeldExact) {
      this.#options.onPricesNeeded?.();
      return this.mark(nowUs);
    }
    if (Number.isNaN(this.#capitalUnits) && !this.#isStarted(nowUs, false)) return;
    this.#pushRow(nowUs);
    this.#findQuiet(index, twiceMidTicks);
  }

  #pushRow(nowUs: number): void {
    const accounts = this.#accounts;
    for (let i = 0; i < accounts.length; i++) {
      const equity = this.#capitalUnits + this.#held.of(i);
      if (!Number.isNaN(equity)) accounts[i]!.curve.push(nowUs, equity); // where no price is missing
    }
  }

  /** Pushes the last row that was put off; before anything else is looked at, or told. */
  #settleRows(): void {
    this.#quietIndex = -1;
    if (Number.isNaN(this.#putOffUs)) return;
    this.#pushRow(this.#putOffUs);
    this.#putOffUs = Number.NaN;
  }

  /** A comparison with these bounds costs a tenth of a push. Right after a push, at these prices. */
  #findQuiet(index: number, twiceMidTicks: number): void {
    let endUs = Number.POSITIVE_INFINITY;
    let down = Number.POSITIVE_INFINITY; // ticks that the price may go
    let up = Number.POSITIVE_INFINITY;
    for (let i = 0; i < this.#accounts.length; i++) {
      const { curve } = this.#accounts[i]!;
      const slope = this.#held.slopeOf(i, index);
      const equity = this.#capitalUnits + this.#held.of(i);
      if (Number.isNaN(equity)) return;
      endUs = Math.min(endUs, curve.stretchEndUs);
      if (slope === 0) continue;
      // What whole units drop of each asset, and what a sum of floats is wrong by.
      const margin = ROUNDED_UNITS + Math.abs(equity) * 1e-12;
      const fall = Math.max(0, equity - curve.quietUnits - margin) / Math.abs(slope);
      const rise = Math.max(0, curve.peakUnits - equity - margin) / Math.abs(slope);
      down = Math.min(down, slope > 0 ? fall : rise);
      up = Math.min(up, slope > 0 ? rise : fall);
    }
    if (down === 0 && up === 0) return;
    this.#quietIndex = index;
    this.#quietEndUs = endUs;
    this.#lowestTwiceMid = twiceMidTicks - down;
    this.#highestTwiceMid = twiceMidTicks + up;
  }

  /** How the session and its strategies have done so far. */
  report(): SessionPerformance {
    this.#settleRows();
    const { portfolio, owners, asset, valuation } = this.#options;
    const strategies = owners.map((name, owner) => [
      name,
      this.#measure(this.#owners[owner]!, portfolio.ledger(owner)),
    ]);
    const unvalued = new Map([...portfolio.total.flows].filter(([one]) => !valuation.hasRoute(one, asset)));
    return {
      asset,
      total: this.#measure(this.#total, portfolio.total, portfolio.ledgers),
      strategies: Object.fromEntries(strategies) as Record<string, PerformanceReport>,
      unvalued: toDecimals(unvalued),
    };
  }

  record(): PerformanceRecord {
    this.#settleRows();
    return {
      capital: this.#capital?.toString() ?? null,
      total: this.#total.record(),
      owners: this.#owners.map((account) => account.record()),
    };
  }

  /** Takes over what was recorded, in place of all that was seen. */
  restore({ capital, total, owners }: PerformanceRecord): void {
    this.#capital = capital === null ? undefined : BigInt(capital);
    this.#capitalUnits = capital === null ? Number.NaN : Number(capital);
    this.#takenUs = total.curve.lastUs;
    const { portfolio } = this.#options;
    this.#total.restore(total, portfolio.total);
    for (const [owner, account] of owners.entries()) this.#owners[owner]?.restore(account, portfolio.ledger(owner));
  }

  /** Takes over what is held since the last fill. */
  #hold(): void {
    const { portfolio, owners, onPricesNeeded } = this.#options;
    onPricesNeeded?.();
    const ledgers = [portfolio.total, ...owners.map((_, owner) => portfolio.ledger(owner))];
    this.#isHeldExact = this.#held.take(ledgers.map(({ flows }) => flows));
    this.#isHeld = ledgers.some(({ openPositions }) => openPositions > 0);
    this.#heldFills = portfolio.fills;
  }

  /** What a fee was worth as it was paid; undefined while its asset has no price. */
  #feeOf(fill: Fill): bigint | undefined {
    const { valuation, asset } = this.#options;
    const inQuote = feeInQuote(fill, fill.instrument);
    return inQuote === undefined
      ? valuation.tryConvert(fill.fee, fill.feeAsset, asset)
      : valuation.tryConvert(inQuote, fill.instrument.quote, asset);
  }

  /** Whether the capital is known; curves begin with it at the first look, however late its prices came. @param isLate See `#valueStart`. */
  #isStarted(nowUs: number, isLate: boolean): boolean {
    if (this.#capital !== undefined) return true;
    const capital = this.#valueStart(isLate);
    if (capital === undefined) return false;
    this.#capital = capital;
    this.#capitalUnits = Number(capital);
    if (this.#firstMarkUs >= 0 && this.#firstMarkUs < nowUs)
      for (const account of this.#accounts) account.take(this.#firstMarkUs, capital);
    return true;
  }

  #take(account: Account, ledger: LedgerView, nowUs: number): void {
    const profit = this.#profitOf(ledger);
    if (profit !== undefined) account.take(nowUs, this.#capital! + profit);
  }

  /** Undefined while something has no price now. */
  #profitOf({ flows }: LedgerView): bigint | undefined {
    const { valuation, asset } = this.#options;
    let sum = 0n;
    for (const [from, units] of flows) {
      const value = valuation.tryConvert(units, from, asset);
      if (value !== undefined) sum += value;
      else if (valuation.hasRoute(from, asset)) return undefined;
    }
    return sum;
  }

  /** Worth of the account at the start; undefined while prices are missing and `isLate` is not said. */
  #valueStart(isLate: boolean): bigint | undefined {
    const { portfolio, valuation, asset } = this.#options;
    let sum = 0n;
    for (const [from, units] of portfolio.startBalances()) {
      const value = valuation.tryConvert(units, from, asset);
      if (value !== undefined) sum += value;
      else if (!isLate && valuation.hasRoute(from, asset)) return undefined;
    }
    return sum;
  }

  /** @param traders Whose trades count: what one strategy sold is no trade because another had bought. */
  #measure(account: Account, ledger: LedgerView, traders: readonly LedgerView[] = [ledger]): PerformanceReport {
    const { asset } = this.#options;
    const trades = new TradeTally();
    for (const [quote, tally] of traders.flatMap((one) => [...one.trades])) {
      trades.wins += tally.wins;
      trades.losses += tally.losses;
      trades.even += tally.even;
      trades.wonUnits += this.#valueOf(tally.wonUnits, quote);
      trades.lostUnits += this.#valueOf(tally.lostUnits, quote);
    }
    return measurePerformance(account.curve, trades, {
      asset,
      capitalUnits: this.#capital ?? 0n,
      profitUnits: this.#profitOf(ledger) ?? account.equity.equityUnits - (this.#capital ?? 0n),
      volumeUnits: this.#sumOf(ledger.volume),
      feeUnits: account.feeUnits + this.#sumOf(account.unvaluedFees),
      exposedUs: account.exposedUs(),
    });
  }

  #sumOf(amounts: ReadonlyMap<string, bigint>): bigint {
    let sum = 0n;
    for (const [asset, units] of amounts) sum += this.#valueOf(units, asset);
    return sum;
  }

  #valueOf(units: bigint, from: string): bigint {
    const { valuation, asset } = this.#options;
    return valuation.tryConvert(units, from, asset) ?? 0n;
  }
}
