import { type EquityRecord, EquityTracker } from "./equity.ts";
import { measurePerformance, type PerformanceReport } from "./performance.ts";
import { EquityCurve, type EquityCurveRecord } from "./performance-curve.ts";
import { TradeTally } from "./performance-trades.ts";
import type { LedgerView, Portfolio } from "./portfolio.ts";
import { toDecimals } from "./portfolio-amounts.ts";
import type { Valuation } from "./portfolio-valuation.ts";

const MARK_US = 1_000_000; // between two looks at the market
const FILL_US = 10_000; // between two looks for the sake of fills
const PATIENCE_US = 10_000_000; // for the first prices of what the account holds
const POINTS = 512; // a curve each for the run and every strategy, in every snapshot

export interface PerformanceMonitorOptions {
  readonly portfolio: Portfolio;
  readonly valuation: Valuation;
  /** Everything is counted in it; see `accountingAsset`. */
  readonly asset: string;
  /** Names of the strategies, by owner. */
  readonly owners: readonly string[];
  /** Points of a curve. Default 512: each snapshot of a session has them all. */
  readonly points?: number;
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

interface AccountRecord {
  readonly equity: EquityRecord;
  readonly curve: EquityCurveRecord;
  readonly exposedUs: number;
  /** -1 while all positions are flat. */
  readonly openSinceUs: number;
}

/** Equity over time of the session, or of one strategy. */
class Account {
  readonly equity = new EquityTracker();
  readonly curve: EquityCurve;
  #exposedUs = 0;
  #openSinceUs = -1;

  constructor(points: number) {
    this.curve = new EquityCurve({ capacity: points });
  }

  take(nowUs: number, equityUnits: bigint): void {
    this.equity.update(nowUs, equityUnits);
    this.curve.push(nowUs, Number(equityUnits));
  }

  expose(nowUs: number, isOpen: boolean): void {
    if (isOpen === this.#openSinceUs >= 0) return;
    if (!isOpen) this.#exposedUs += nowUs - this.#openSinceUs;
    this.#openSinceUs = isOpen ? nowUs : -1;
  }

  /** How long any position was open until the last point of the curve. */
  exposedUs(): number {
    const open = this.#openSinceUs < 0 ? 0 : Math.max(0, this.curve.lastUs - this.#openSinceUs);
    return this.#exposedUs + open;
  }

  record(): AccountRecord {
    return {
      equity: this.equity.record(),
      curve: this.curve.record(),
      exposedUs: this.#exposedUs,
      openSinceUs: this.#openSinceUs,
    };
  }

  restore({ equity, curve, exposedUs, openSinceUs }: AccountRecord): void {
    this.equity.restore(equity);
    this.curve.restore(curve);
    this.#exposedUs = exposedUs;
    this.#openSinceUs = openSinceUs;
  }
}

/**
 * Follows what a session's account is worth, in total and by strategy: at fills, and once a second of the session's time. A fill within 10 ms
 * of the last look is looked at with the first market event after them, so that a burst of fills does not value the account for each.
 *
 * Equity is the capital plus the profit since the start. The capital is the worth of the assets that can be valued, once they all have a
 * price, at the latest ten seconds after the first look: what is held and not traded does not move the curve. A moment at which something
 * traded has no price is left out. It has no clock of its own, so that a replay comes to the same figures.
 *
 * @example
 * const monitor = new PerformanceMonitor({ portfolio, valuation, asset: "USDT", owners: ["maker"] });
 * if (nowUs >= monitor.nextMarkUs) monitor.mark(nowUs);
 * monitor.onFill(nowUs, owner);
 * monitor.report().total.sharpe;
 */
export class PerformanceMonitor {
  readonly #options: PerformanceMonitorOptions;
  readonly #total: Account;
  readonly #owners: readonly Account[];
  #capital: bigint | undefined;
  #firstMarkUs = -1;
  #takenUs = -FILL_US; // last look
  #nextMarkUs = 0;

  constructor(options: PerformanceMonitorOptions) {
    const { owners, points = POINTS } = options;
    this.#options = options;
    this.#total = new Account(points);
    this.#owners = owners.map(() => new Account(points));
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
    return this.#total.curve;
  }

  /** One strategy's equity over time. @throws {RangeError} When there is none of that number. */
  curveOf(owner: number): EquityCurve {
    const account = this.#owners[owner];
    if (account === undefined) throw new RangeError(`strategy ${owner} of ${this.#owners.length}`);
    return account.curve;
  }

  /** A second of the session's time is over. */
  mark(nowUs: number): void {
    this.#nextMarkUs = nowUs + MARK_US;
    this.#takenUs = nowUs;
    if (this.#firstMarkUs < 0) this.#firstMarkUs = nowUs;
    this.#capital ??= this.#valueStart(nowUs - this.#firstMarkUs >= PATIENCE_US);
    if (this.#capital === undefined) return;
    const { portfolio } = this.#options;
    this.#take(this.#total, portfolio.total, nowUs);
    for (let owner = 0; owner < this.#owners.length; owner++)
      this.#take(this.#owners[owner]!, portfolio.ledger(owner), nowUs);
  }

  /** A fill was booked. @param owner Index of its strategy. */
  onFill(nowUs: number, owner: number): void {
    const { portfolio } = this.#options;
    const own = this.#owners[owner];
    this.#total.expose(nowUs, portfolio.total.openPositions > 0);
    own?.expose(nowUs, portfolio.ledger(owner).openPositions > 0);
    if (nowUs - this.#takenUs < FILL_US) {
      this.#nextMarkUs = Math.min(this.#nextMarkUs, this.#takenUs + FILL_US);
      return;
    }
    this.#takenUs = nowUs;
    this.#capital ??= this.#valueStart(false);
    if (this.#capital === undefined) return;
    this.#take(this.#total, portfolio.total, nowUs);
    if (own !== undefined) this.#take(own, portfolio.ledger(owner), nowUs);
  }

  /** How the session and its strategies have done so far. */
  report(): SessionPerformance {
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
    return {
      capital: this.#capital?.toString() ?? null,
      total: this.#total.record(),
      owners: this.#owners.map((account) => account.record()),
    };
  }

  /** Takes over what was recorded, in place of all that was seen. */
  restore({ capital, total, owners }: PerformanceRecord): void {
    this.#capital = capital === null ? undefined : BigInt(capital);
    this.#takenUs = total.curve.lastUs;
    this.#total.restore(total);
    for (const [owner, account] of owners.entries()) this.#owners[owner]?.restore(account);
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
      feeUnits: this.#sumOf(ledger.fees),
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
