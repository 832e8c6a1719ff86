import { type Instrument, type MarketEvent, parseUnits } from "@pitlane/sdk";
import type { Config } from "../config.ts";
import type { MarketState } from "../core/market-state.ts";
import { mostPaidTicks } from "../orders/counted-price.ts";
import type { Intent } from "../orders/order.ts";
import { OpenExposure } from "./exposure.ts";
import { addLimitVoters } from "./limits.ts";
import { LossEstimate, TwiceMidRange } from "./loss-estimate.ts";
import { type Breach, LossLimits, type LossRecord } from "./loss-limits.ts";
import { MarketWatch } from "./market-watch.ts";
import { OrderRate } from "./order-rate.ts";
import type { Portfolio } from "./portfolio.ts";
import { RiskEngine } from "./risk.ts";
import { type InstrumentLimits, limitsByInstrument } from "./risk-limits.ts";
import { freeLots, lotsOf } from "./sizing.ts";
import { TotalExposure } from "./total-exposure.ts";
import { INITIAL_TRADING, type TradingStatus } from "./trading-state.ts";

export interface RiskDeskOptions {
  readonly config: Config["risk"];
  readonly instruments: readonly Instrument[];
  /** Number of an instrument in the session. */
  readonly indexOf: (instrument: Instrument) => number;
  readonly portfolio: Portfolio;
  readonly market: MarketState;
  /** Time of the present input, microseconds since the epoch. */
  readonly nowUs: () => number;
}

/** What of the risk desk must survive a restart. */
export interface RiskRecord {
  readonly trading: TradingStatus;
  readonly losses: LossRecord;
}

/** Until when, and between what prices of one instrument, no look at the losses would change anything. */
export interface QuietLosses {
  /** When the next look is due, microseconds since the epoch; Infinity where nothing is limited. */
  readonly dueUs: number;
  /** Of two looks, in microseconds. */
  readonly everyUs: number;
  /** A look from here on is not quiet, microseconds since the epoch. */
  readonly endUs: number;
  /** Bid + ask in ticks, between which they are, both included; none are where the first is the higher one. */
  readonly twiceMids: TwiceMidRange;
}

const LOSS_CHECK_US = 100_000;
const DAY_US = 86_400_000_000;
const NOTHING = -1;

/**
 * All that the session's own voters know: limits, how trading stands, what open orders may do and spend, losses, the markets' age. The
 * core feeds it; the voters of `addLimitVoters` read it.
 */
export class RiskDesk {
  readonly engine: RiskEngine;
  readonly config: Config["risk"];
  readonly limits: ReadonlyMap<Instrument, InstrumentLimits>;
  readonly market: MarketState;
  readonly exposure: OpenExposure;
  readonly total: TotalExposure;
  readonly rate: OrderRate;
  readonly losses: LossLimits;
  readonly watch: MarketWatch;
  readonly nowUs: () => number;
  readonly indexOf: (instrument: Instrument) => number;
  readonly #portfolio: Portfolio;
  readonly #closing = new WeakSet<Intent>();
  #trading = INITIAL_TRADING;
  #checkedUs = Number.NEGATIVE_INFINITY;
  #checkedFills = 0;
  #dayEndUs = Number.NEGATIVE_INFINITY; // of the day of the last look
  readonly #estimate: LossEstimate;
  #isEstimateOld = true;
  #estimatedFills = NOTHING;
  // A look that was put off: when, and the prices then.
  #putOffUs = NOTHING;
  readonly #putOffTwiceMids: Float64Array;
  readonly #quiet = {
    dueUs: Number.NaN,
    everyUs: LOSS_CHECK_US,
    endUs: Number.NaN,
    twiceMids: new TwiceMidRange(),
  };

  /** @throws {InvalidInputError} When the config limits a symbol that is not of the session, or finer than the instrument's lots. */
  constructor({ config, instruments, indexOf, portfolio, market, nowUs }: RiskDeskOptions) {
    this.config = config;
    this.limits = limitsByInstrument(config, instruments);
    this.market = market;
    this.nowUs = nowUs;
    this.indexOf = indexOf;
    this.#portfolio = portfolio;
    this.watch = new MarketWatch(instruments.length);
    this.#estimate = new LossEstimate(indexOf);
    this.#putOffTwiceMids = new Float64Array(instruments.length);
    this.exposure = new OpenExposure({
      feeBps: config.feeBps,
      mostPaidTicks: (intent) => this.mostPaidTicks(intent),
    });
    this.rate = new OrderRate({ perSecond: config.maxOrdersPerSecond, perMinute: config.maxOrdersPerMinute, nowUs });
    this.losses = new LossLimits({
      maxDrawdown: parseUnits(config.maxDrawdown),
      maxDailyLoss: parseUnits(config.maxDailyLoss),
    });
    this.total = new TotalExposure({
      instruments,
      indexOf,
      maxGross: parseUnits(config.maxGrossExposure),
      maxNet: parseUnits(config.maxNetExposure),
      positionLots: (instrument) => this.positionLots(instrument),
      exposure: this.exposure,
      twiceMidTicks: (index) => this.watch.twiceMidTicks(index),
      nowUs,
    });
    this.engine = new RiskEngine(({ intent }) => {
      this.rate.count();
      this.total.add(intent);
    });
    addLimitVoters(this.engine, this);
  }

  get trading(): TradingStatus {
    return this.#trading;
  }

  positionLots(instrument: Instrument): number {
    return this.#portfolio.position(instrument).lots;
  }

  /** What the account holds, in the asset's smallest unit; undefined before its balances are known. */
  balance(asset: string, venue: string): bigint | undefined {
    return this.#portfolio.balances.size === 0 ? undefined : this.#portfolio.balance(asset, venue);
  }

  /** Whole lots that can be sold of what the account holds; no bound where its balances do not count. */
  sellableLots(instrument: Instrument): number {
    const units = this.config.checkBalances ? this.balance(instrument.base, instrument.venue) : undefined;
    return units === undefined ? Number.POSITIVE_INFINITY : lotsOf(instrument, units);
  }

  /** As `sellableLots`, in the venue's steps and less what open orders sell. */
  freeLots(instrument: Instrument): number {
    const units = this.config.checkBalances ? this.balance(instrument.base, instrument.venue) : undefined;
    if (units === undefined) return Number.MAX_SAFE_INTEGER;
    return freeLots(instrument, units, this.exposure.of(instrument).openSellLots);
  }

  /** The most that a buy is taken to pay, in ticks; undefined when it names no price and no quote is known. */
  mostPaidTicks(intent: Intent): number | undefined {
    if (intent.priceTicks !== undefined) return intent.priceTicks;
    const { marketMarginBps } = this.config;
    const quote = this.market.quote(this.indexOf(intent.instrument));
    return mostPaidTicks(intent, quote?.askTicks, marketMarginBps);
  }

  /** A market event came, before any hook hears of it. */
  onMarket(event: MarketEvent, index: number): void {
    this.watch.apply(event, index, this.nowUs());
  }

  /** Sets how trading stands. Going on after a breach is in knowledge of what was lost. */
  setTrading(status: TradingStatus): void {
    this.#trading = status;
    if (status.state !== "active") return;
    this.settleLosses();
    this.losses.grant();
    this.#isEstimateOld = true;
  }

  /** `intent` closes a position by the session's own doing: no limit may keep it from it. */
  allowClosing(intent: Intent): void {
    this.#closing.add(intent);
  }

  isClosing(intent: Intent): boolean {
    return this.#closing.has(intent);
  }

  /**
   * Looks at the losses: after each fill, and every 100 ms of the session's time. Returns a breach that was none before.
   *
   * Nothing is looked at while something is held that was never quoted, as right after a restart: its worth would seem to be lost.
   */
  checkLosses(): Breach | undefined {
    this.settleLosses();
    if (!this.isLossCheckDue() || !this.#isValued()) return undefined;
    const nowUs = this.nowUs();
    this.#checkedUs = nowUs;
    this.#checkedFills = this.#portfolio.fills;
    this.#dayEndUs = (Math.floor(nowUs / DAY_US) + 1) * DAY_US;
    this.#isEstimateOld = true;
    return this.losses.update(
      nowUs,
      this.#portfolio.profit((instrument) => this.watch.twiceMidTicks(this.indexOf(instrument))),
    );
  }

  /** False where `checkLosses` would not look. */
  isLossCheckDue(): boolean {
    return (
      this.losses.isNeeded &&
      (this.#portfolio.fills !== this.#checkedFills || this.nowUs() - this.#checkedUs >= LOSS_CHECK_US)
    );
  }

  /**
   * In place of a look that is due: true when it would find nothing, for certain, and has been put off. `checkLosses`, or `settleLosses`,
   * must be called before the next fill is booked: all is then as if it had been looked at each time.
   */
  tryPutOffLosses(): boolean {
    const { fills } = this.#portfolio;
    const nowUs = this.nowUs();
    if (fills !== this.#checkedFills || nowUs >= this.#dayEndUs) return false;
    if (this.#isEstimateOld) this.#renewEstimate();
    const { twiceMids } = this.watch;
    if (!this.#estimate.changesNothing(twiceMids)) return false;
    this.#checkedUs = nowUs;
    this.#putOffUs = nowUs;
    for (let i = 0; i < twiceMids.length; i++) this.#putOffTwiceMids[i] = twiceMids[i]!;
    return true;
  }

  /**
   * What `tryPutOffLosses` would find at the next prices of one instrument, those of the others as they are: for a host that compares each
   * with it, and tells the last look that it has put off by `putOffLosses`. One object, written anew by each call.
   *
   * @param index The instrument's number.
   */
  quietLosses(index: number): QuietLosses {
    const quiet = this.#quiet;
    if (!this.losses.isNeeded) {
      quiet.dueUs = Number.POSITIVE_INFINITY;
    } else if (this.#portfolio.fills !== this.#checkedFills) {
      quiet.dueUs = Number.NEGATIVE_INFINITY;
      quiet.endUs = Number.NEGATIVE_INFINITY;
    } else {
      if (this.#isEstimateOld) this.#renewEstimate();
      this.#estimate.findQuiet(index, this.watch.twiceMids, quiet.twiceMids);
      quiet.dueUs = this.#checkedUs + LOSS_CHECK_US;
      quiet.endUs = this.#dayEndUs;
    }
    return quiet;
  }

  /** A look that `quietLosses` has shown to find nothing. As after `tryPutOffLosses`. @param twiceMidTicks Of the instrument, then. */
  putOffLosses(atUs: number, index: number, twiceMidTicks: number): void {
    this.#checkedUs = atUs;
    this.#putOffUs = atUs;
    this.#putOffTwiceMids.set(this.watch.twiceMids);
    this.#putOffTwiceMids[index] = twiceMidTicks;
  }

  /** Makes up for the last look that was put off: its value is what the next day opens with. */
  settleLosses(): void {
    if (this.#putOffUs === NOTHING) return;
    const prices = this.#putOffTwiceMids;
    this.losses.update(
      this.#putOffUs,
      this.#portfolio.profit((instrument) => {
        const twiceMid = prices[this.indexOf(instrument)]!;
        return Number.isNaN(twiceMid) ? undefined : twiceMid;
      }),
    );
    this.#putOffUs = NOTHING;
  }

  #renewEstimate(): void {
    this.#isEstimateOld = false;
    const { fills, positions } = this.#portfolio;
    if (fills !== this.#estimatedFills) this.#estimate.takePositions(positions);
    this.#estimatedFills = fills;
    this.#estimate.takeBounds(this.losses);
  }

  #isValued(): boolean {
    for (const [instrument, { lots }] of this.#portfolio.positions)
      if (lots !== 0 && this.watch.twiceMidTicks(this.indexOf(instrument)) === undefined) return false;
    return true;
  }

  record(): RiskRecord {
    this.settleLosses();
    return { trading: this.#trading, losses: this.losses.record() };
  }

  restore({ trading, losses }: RiskRecord): void {
    this.#trading = trading;
    this.losses.restore(losses);
    this.#putOffUs = NOTHING;
    this.#isEstimateOld = true;
    this.#estimatedFills = NOTHING;
  }
}
