import { inRange } from "@pitlane/perf";
import type { Bar, BarEvent, Instrument } from "@pitlane/sdk";
import { type BarEvery, type BarName, barLengthUs, barName, barStartUs, type FixedBarInterval } from "./bar-every.ts";
import { TickLots, tickLotsToUnits, unitsToTickLots } from "./tick-lots.ts";

/** A bar made of trades; it is closed and does not change. */
export interface BuiltBar extends Bar<BarName> {
  /** Time bars: when the next one begins. All others: when its last trade was. Microseconds since the epoch. */
  readonly endUs: number;
  /**
   * Trades of its time may be missing: it is a time bar and was begun in the middle, or the stream had a hole there that was not made good.
   */
  readonly hasGap: boolean;
  /** Trades that came when the time bar they belong to was closed, since the bar before this one: they are in no bar. */
  readonly lateTrades: number;
}

/** A bar that the session made of trades, as its hooks hear of it. */
export interface BuiltBarEvent extends BarEvent<BarName>, BuiltBar {
  readonly kind: "bar";
}

export interface BarBuilderOptions {
  readonly instrument: Instrument;
  readonly every: BarEvery;
  /** How long after its end a time bar waits for trades that are under way, in milliseconds; 0 to 60,000. Default 250. */
  readonly graceMs?: number;
  /** Given each bar when it is closed, in order. */
  readonly onBar: (bar: BuiltBar) => void;
}

/** Intervals without a trade that are given as bars at once; a longer silence counts as a hole. */
export const MOST_EMPTY_BARS = 1000;

/** Bars held back in a hole until it is known to be made good. */
const MOST_HELD = 1000;

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Makes bars of trades, one trade at a time. Pure: time comes with the calls, and one object is made per closed bar.
 *
 *     trade ---------> open bar --full, or its time is over--> onBar
 *     advance(now) -->    |                                      ^
 *     gap ... resync ->   +--closed in a hole--> held back ------+  with `hasGap` when trades stay missing
 *
 * **Time bars** hold the trades whose venue time falls into them, as the venue's own bars do. One is closed by the first trade of a later
 * interval, or by `advance` once its end and `graceMs` have passed. An interval without trades gives a bar that is flat at the last price
 * with volume 0, as venues' own streams have it, so that n bars are n intervals; there is none before the first trade. After a silence of
 * more than 1,000 intervals at once none of them is given and the next bar says `hasGap`. A trade older than the open bar is counted in
 * `lateTrades` and left out. The first bar says `hasGap`: nobody saw its beginning.
 *
 * **Tick, volume and notional bars** end with the trade that reaches the number, and the next one starts from 0. That trade is not split:
 * it stays whole in the bar it has filled, which may so hold more than asked for. A trade of five times the number is one bar, not five
 * of which four would have been traded by nobody.
 * Source: M. Lopez de Prado, Advances in Financial Machine Learning (2018), section 2.3.1.
 *
 * Sums are exact (see `TickLots`).
 *
 * @example
 * const builder = new BarBuilder({ instrument, every: "1m", onBar: (bar) => console.log(bar.closeTicks) });
 * builder.trade(1_767_225_600_000_000, 6_125, 40);
 * builder.trade(1_767_225_660_000_000, 6_126, 10); // a minute later: logs 6125
 */
export class BarBuilder {
  readonly name: BarName;
  readonly #instrument: Instrument;
  readonly #onBar: (bar: BuiltBar) => void;
  readonly #interval: FixedBarInterval | undefined; // of time bars
  readonly #lengthUs: number;
  readonly #graceUs: number;
  readonly #mostTrades: number; // Infinity where trades do not end a bar
  readonly #mostLots: number;
  readonly #mostTickLots: bigint | undefined;
  readonly #mostTickLotsNumber: number;
  readonly #tickLots = new TickLots();
  readonly #held: Writable<BuiltBar>[] = [];
  #startUs = Number.NaN; // of the open bar
  #endUs = Number.NEGATIVE_INFINITY; // before the first trade
  #openTicks = 0;
  #highTicks = 0;
  #lowTicks = 0;
  #closeTicks = 0;
  #volumeLots = 0;
  #trades = 0;
  #hasGap: boolean;
  #lateTrades = 0;
  #isInGap = false;

  /** @throws {InvalidInputError} When `every` is no kind of bar, or a number is out of range. */
  constructor({ instrument, every, graceMs = 250, onBar }: BarBuilderOptions) {
    this.name = barName(every);
    this.#instrument = instrument;
    this.#onBar = onBar;
    this.#interval = typeof every === "string" ? every : undefined;
    this.#lengthUs = typeof every === "string" ? barLengthUs(every) : 0;
    this.#graceUs = inRange("graceMs", graceMs, 0, 60_000) * 1000;
    this.#mostTrades = typeof every === "object" && "ticks" in every ? every.ticks : Number.POSITIVE_INFINITY;
    this.#mostLots = typeof every === "object" && "volumeLots" in every ? every.volumeLots : Number.POSITIVE_INFINITY;
    this.#mostTickLots =
      typeof every === "object" && "notional" in every ? unitsToTickLots(instrument, every.notional) : undefined;
    this.#mostTickLotsNumber = Number(this.#mostTickLots ?? 0n);
    this.#hasGap = this.#interval !== undefined;
  }

  /** When `advance` will close the open bar, microseconds since the epoch; Infinity while it would not. */
  get closesAtUs(): number {
    const isWaiting = this.#interval !== undefined && this.#endUs > 0 && !this.#isInGap;
    return isWaiting ? this.#endUs + this.#graceUs : Number.POSITIVE_INFINITY;
  }

  /** Trades in the open bar. */
  get openTrades(): number {
    return this.#trades;
  }

  /** Adds a trade. @param atUs The venue's time of it, microseconds since the epoch. */
  trade(atUs: number, priceTicks: number, sizeLots: number): void {
    if (this.#interval !== undefined) {
      if (atUs >= this.#endUs) this.#turnTo(atUs);
      else if (atUs < this.#startUs) {
        this.#lateTrades++;
        return;
      }
    }
    if (this.#trades === 0) {
      this.#openTicks = priceTicks;
      this.#highTicks = priceTicks;
      this.#lowTicks = priceTicks;
      if (this.#interval === undefined) this.#startUs = atUs;
    } else if (priceTicks > this.#highTicks) this.#highTicks = priceTicks;
    else if (priceTicks < this.#lowTicks) this.#lowTicks = priceTicks;
    this.#closeTicks = priceTicks;
    this.#volumeLots += sizeLots;
    this.#tickLots.add(priceTicks, sizeLots);
    this.#trades++;
    if (this.#interval === undefined && this.#isFull()) {
      this.#endUs = atUs;
      this.#close();
    }
  }

  /** Closes time bars whose end and grace have passed; does nothing in a hole of the stream. @param nowUs Microseconds since the epoch. */
  advance(nowUs: number): void {
    if (nowUs < this.closesAtUs || this.#interval === undefined) return;
    this.#close();
    this.#passSilence(barStartUs(this.#interval, nowUs - this.#graceUs));
  }

  /** The stream has a hole: time closes nothing, and what trades close is held back, until `resync` says what became of it. */
  gap(): void {
    this.#isInGap = true;
  }

  /**
   * The stream is whole again; the bars that were held back are given.
   *
   * @param missing Trades that stay missed; undefined when nobody can tell. With 0 the bars are as good as any.
   */
  resync(missing: number | undefined): void {
    this.#isInGap = false;
    if (missing !== 0) {
      for (const bar of this.#held) bar.hasGap = true;
      this.#hasGap = true;
    }
    for (const bar of this.#held.splice(0)) this.#onBar(bar);
  }

  #isFull(): boolean {
    if (this.#mostTickLots !== undefined)
      return this.#tickLots.hasReached(this.#mostTickLots, this.#mostTickLotsNumber);
    return this.#trades >= this.#mostTrades || this.#volumeLots >= this.#mostLots;
  }

  /** Closes the open time bar and begins the one that `atUs` is in. */
  #turnTo(atUs: number): void {
    const interval = this.#interval as FixedBarInterval;
    const startUs = barStartUs(interval, atUs);
    if (this.#endUs < 0) this.#begin(startUs);
    else {
      this.#close();
      this.#passSilence(startUs);
    }
  }

  /** Gives the empty bars before `untilUs`, and begins the one that starts then. The last bar was closed. */
  #passSilence(untilUs: number): void {
    if ((untilUs - this.#endUs) / this.#lengthUs > MOST_EMPTY_BARS) this.#hasGap = true;
    else {
      while (this.#endUs < untilUs) {
        this.#begin(this.#endUs);
        this.#close();
      }
    }
    this.#begin(untilUs);
  }

  /** Begins a time bar, flat at the last price until a trade comes. */
  #begin(startUs: number): void {
    this.#startUs = startUs;
    this.#endUs = startUs + this.#lengthUs;
    this.#openTicks = this.#closeTicks;
    this.#highTicks = this.#closeTicks;
    this.#lowTicks = this.#closeTicks;
  }

  #close(): void {
    const bar: Writable<BuiltBar> = {
      interval: this.name,
      startUs: this.#startUs,
      endUs: this.#endUs,
      openTicks: this.#openTicks,
      highTicks: this.#highTicks,
      lowTicks: this.#lowTicks,
      closeTicks: this.#closeTicks,
      volumeLots: this.#volumeLots,
      quoteVolume: tickLotsToUnits(this.#instrument, this.#tickLots.value),
      trades: this.#trades,
      isClosed: true,
      hasGap: this.#hasGap,
      lateTrades: this.#lateTrades,
    };
    this.#volumeLots = 0;
    this.#trades = 0;
    this.#tickLots.clear();
    this.#hasGap = false;
    this.#lateTrades = 0;
    if (this.#isInGap) this.#hold(bar);
    else this.#onBar(bar);
  }

  #hold(bar: Writable<BuiltBar>): void {
    this.#held.push(bar);
    if (this.#held.length <= MOST_HELD) return;
    const oldest = this.#held.shift()!;
    oldest.hasGap = true; // nobody knows yet
    this.#onBar(oldest);
  }
}
