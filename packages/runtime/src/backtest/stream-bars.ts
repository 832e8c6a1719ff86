import type { BarEvent, Instrument, QuoteEvent } from "@pitlane/sdk";
import { notionalUnits } from "@pitlane/sdk";
import type { Core } from "../core/core.ts";
import type { FixedBarInterval } from "../engines/bar-every.ts";
import type { Agenda } from "./agenda.ts";
import type { BarColumns } from "./columns.ts";
import type { BarMatcher } from "./fill-bars.ts";
import type { LatencyWay } from "./latency.ts";
import { MOST_ROWS, quoteEvent, type Stream, spread, type WritableQuote } from "./stream.ts";

export interface BarStreamOptions {
  readonly columns: BarColumns;
  readonly instrument: Instrument;
  /** Number of the instrument. */
  readonly index: number;
  readonly interval: FixedBarInterval;
  readonly agenda: Agenda;
  /** The venue's side; left out where another stream is it. */
  readonly matcher?: BarMatcher | undefined;
  /** The strategies' side. */
  readonly core?: Core | undefined;
  /** From the venue to the strategies; at once where it is left out. */
  readonly way?: LatencyWay | undefined;
  /** Half of the spread that quotes are given, in ticks. */
  readonly halfSpreadTicks: number;
  /** Hooks want bars of this length made of trades: they hear of these ones. */
  readonly isBuiltWanted: boolean;
  /** A new event object for each bar, for strategies that keep them. */
  readonly isFresh: boolean;
}

/** Plays bars: each when it is over. */
export class BarStream implements Stream {
  nextUs: number = Number.NaN;
  readonly #options: BarStreamOptions;
  readonly #kind: number;
  readonly #quote: WritableQuote;
  #event: SimBar;
  #next = 0;

  constructor(options: BarStreamOptions) {
    const { columns, instrument, core, interval } = options;
    this.#options = options;
    this.#kind = core === undefined ? -1 : core.bus.kinds.indexOf("bar");
    this.#event = new SimBar(instrument, interval, columns);
    this.#quote = quoteEvent(instrument);
    this.nextUs = columns.length === 0 ? Number.POSITIVE_INFINITY : this.#timeOf(0);
  }

  run(untilUs: number): void {
    const { columns, agenda, matcher, core, index, way, isBuiltWanted, isFresh } = this.#options;
    const { length, startUs, intervalUs, openTicks, highTicks, lowTicks, closeTicks, volumeLots } = columns;
    const kind = this.#kind;
    let event = this.#event;
    let i = this.#next;
    let nowUs = this.nextUs;
    const endRow = Math.min(length, i + MOST_ROWS);
    do {
      if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
      const close = closeTicks[i]!;
      if (matcher !== undefined) {
        if (matcher.isBusy) {
          const start = startUs[i]!;
          matcher.onBar(start, start + intervalUs, openTicks[i]!, highTicks[i]!, lowTicks[i]!, volumeLots[i]!);
          if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
        }
        matcher.closeTicks = close;
      }
      if (core !== undefined) {
        if (isFresh) event = this.#renew();
        const start = startUs[i]!;
        event.row = i;
        event.startUs = start;
        event.venueAtUs = start + intervalUs;
        event.receivedAtUs = nowUs;
        event.receivedNs = nowUs * 1000;
        event.openTicks = openTicks[i]!;
        event.highTicks = highTicks[i]!;
        event.lowTicks = lowTicks[i]!;
        event.closeTicks = close;
        event.volumeLots = volumeLots[i]!;
        core.deliverRow(event, index, kind);
        if (isBuiltWanted) core.deliverRow(event.built(), index, kind);
      }
      i++;
      if (i === length) nowUs = Number.POSITIVE_INFINITY;
      else nowUs = way === undefined ? startUs[i]! + intervalUs : way.arrivalUs(startUs[i]! + intervalUs);
    } while (i < endRow && nowUs < untilUs);
    this.#next = i;
    this.nextUs = nowUs;
  }

  /** The last close and the spread set; undefined before the first bar. */
  quote(): QuoteEvent | undefined {
    const { closeTicks, receivedAtUs } = this.#event;
    return Number.isNaN(closeTicks)
      ? undefined
      : spread(
          this.#options.isFresh ? quoteEvent(this.#options.instrument) : this.#quote,
          closeTicks,
          this.#options.halfSpreadTicks,
          receivedAtUs,
        );
  }

  /** When bar `i` is over, for the side that this stream plays. */
  #timeOf(i: number): number {
    const { columns, way } = this.#options;
    const endUs = columns.startUs[i]! + columns.intervalUs;
    return way === undefined ? endUs : way.arrivalUs(endUs);
  }

  #renew(): SimBar {
    const { instrument, interval, columns } = this.#options;
    this.#event = new SimBar(instrument, interval, columns);
    return this.#event;
  }
}

const QUOTE_VOLUME: PropertyDescriptor = {
  enumerable: true,
  get(this: SimBar): bigint {
    return this.turnover();
  },
};
const TRADES: PropertyDescriptor = {
  enumerable: true,
  get(this: SimBar): number {
    return this.count();
  },
};

/** A bar event that is written anew for each row; what few strategies read is worked out when it is read. */
class SimBar implements BarEvent {
  readonly kind = "bar";
  readonly instrument: Instrument;
  readonly interval: FixedBarInterval;
  readonly isClosed = true;
  startUs = Number.NaN;
  venueAtUs = Number.NaN;
  receivedAtUs = Number.NaN;
  receivedNs = Number.NaN;
  openTicks = Number.NaN;
  highTicks = Number.NaN;
  lowTicks = Number.NaN;
  closeTicks = Number.NaN;
  volumeLots = Number.NaN;
  // Own and enumerable, so that a copy by spread has them.
  declare readonly quoteVolume: bigint;
  declare readonly trades: number;
  readonly #columns: BarColumns;
  #row = 0;

  constructor(instrument: Instrument, interval: FixedBarInterval, columns: BarColumns) {
    this.instrument = instrument;
    this.interval = interval;
    this.#columns = columns;
    Object.defineProperty(this, "quoteVolume", QUOTE_VOLUME);
    Object.defineProperty(this, "trades", TRADES);
  }

  set row(row: number) {
    this.#row = row;
  }

  turnover(): bigint {
    const { quoteVolume } = this.#columns;
    return quoteVolume?.[this.#row] ?? notionalUnits(this.instrument, this.closeTicks, this.volumeLots);
  }

  count(): number {
    return this.#columns.trades?.[this.#row] ?? 0;
  }

  /** The same bar as the session's own builder would give it. */
  built(): BarEvent {
    const built = { ...this, endUs: this.venueAtUs, hasGap: false, lateTrades: 0 };
    return built;
  }
}
