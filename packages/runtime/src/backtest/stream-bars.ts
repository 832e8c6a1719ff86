import type { Instrument, QuoteEvent } from "@pitlane/sdk";
import type { Core } from "../core/core.ts";
import type { FixedBarInterval } from "../engines/bar-every.ts";
import type { Agenda } from "./agenda.ts";
import { BarRow, BuiltBarRow } from "./bar-row.ts";
import type { BarColumns } from "./columns.ts";
import type { BarMatcher } from "./fill-bars.ts";
import type { LatencyWay } from "./latency.ts";
import { MOST_ROWS, quoteEvent, type Stream, spread, twiceMidOf, type WritableQuote } from "./stream.ts";

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

/**
 * Plays bars: each when it is over.
 *
 *     row by row:  what is due -> our orders -> losses -> hooks -> what they led to
 *     quiet rows:                                         hooks                        while nothing else can happen, by a look at each
 *
 * Both come to the same, by a property test. Rows are quiet where no order of ours waits and nothing is due, up to the first that the
 * limits on losses must see, or whose hooks want anything.
 */
export class BarStream implements Stream {
  nextUs: number = Number.NaN;
  readonly #options: BarStreamOptions;
  readonly #kind: number;
  readonly #quote: WritableQuote;
  readonly #bar: BarRow;
  readonly #built: BuiltBarRow;
  #next = 0;

  constructor(options: BarStreamOptions) {
    const { columns, instrument, core, interval } = options;
    this.#options = options;
    this.#kind = core === undefined ? -1 : core.bus.kinds.indexOf("bar");
    this.#bar = new BarRow(instrument, interval, columns);
    this.#built = new BuiltBarRow(instrument, interval, columns);
    this.#quote = quoteEvent(instrument);
    this.nextUs = this.#timeOf(0);
  }

  run(untilUs: number): void {
    const { columns, isFresh, core } = this.#options;
    const endRow = Math.min(columns.length, this.#next + MOST_ROWS);
    do {
      this.#playRow();
      if (core !== undefined && !isFresh) this.#playQuiet(core, endRow, untilUs);
    } while (this.#next < endRow && this.nextUs < untilUs);
  }

  /** The last close and the spread set; undefined before the first bar. */
  quote(): QuoteEvent | undefined {
    const { receivedAtUs, closeTicks } = this.#bar;
    if (Number.isNaN(receivedAtUs)) return undefined;
    const { instrument, isFresh, halfSpreadTicks } = this.#options;
    return spread(isFresh ? quoteEvent(instrument) : this.#quote, closeTicks, halfSpreadTicks, receivedAtUs);
  }

  #playRow(): void {
    const { columns, agenda, matcher, core, index, isBuiltWanted } = this.#options;
    const i = this.#next;
    const nowUs = this.nextUs;
    if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
    if (matcher !== undefined) {
      if (matcher.isBusy) {
        const { startUs, intervalUs, openTicks, highTicks, lowTicks, volumeLots } = columns;
        const start = startUs[i]!;
        matcher.onBar(start, start + intervalUs, openTicks[i]!, highTicks[i]!, lowTicks[i]!, volumeLots[i]!);
        if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
      }
      matcher.closeTicks = columns.closeTicks[i]!;
    }
    if (core !== undefined) {
      this.#show(i, nowUs);
      core.deliverRow(this.#told(this.#bar), index, this.#kind);
      if (isBuiltWanted) core.deliverRow(this.#told(this.#built), index, this.#kind);
    }
    this.#next = i + 1;
    this.nextUs = this.#timeOf(i + 1);
  }

  /** Plays rows as `#playRow` does, as long as they are quiet. */
  #playQuiet(core: Core, endRow: number, untilUs: number): void {
    const { columns, agenda, matcher, index, way, halfSpreadTicks, isBuiltWanted } = this.#options;
    const hooks = matcher?.isBusy ? undefined : core.hooksOf("bar", index);
    if (hooks === undefined) return;
    const { startUs, intervalUs, closeTicks } = columns;
    const { everyUs, endUs, twiceMids, ...losses } = core.quietLosses(index);
    const { lowest, highest } = twiceMids;
    const bar = this.#bar;
    const built = isBuiltWanted ? this.#built : undefined;
    let { dueUs } = losses;
    let lookUs = Number.NaN;
    let lookTwiceMid = Number.NaN;
    let i = this.#next;
    let nowUs = this.nextUs;
    let isBuiltLeft = false;
    while (i < endRow && nowUs < untilUs && nowUs < agenda.nextUs && !core.isDisturbed) {
      if (nowUs >= dueUs) {
        const twiceMid = twiceMidOf(closeTicks[i]!, halfSpreadTicks);
        if (!(twiceMid >= lowest && twiceMid <= highest) || nowUs >= endUs) break;
        lookUs = nowUs;
        lookTwiceMid = twiceMid;
        dueUs = nowUs + everyUs;
      }
      bar.row = i;
      bar.receivedAtUs = nowUs;
      core.at(nowUs);
      hooks(bar);
      if (built !== undefined) {
        built.row = i;
        built.receivedAtUs = nowUs;
        isBuiltLeft = core.isDisturbed;
        if (!isBuiltLeft) hooks(built);
      }
      i++;
      if (i === columns.length) nowUs = Number.POSITIVE_INFINITY;
      else nowUs = way === undefined ? startUs[i]! + intervalUs : way.arrivalUs(startUs[i]! + intervalUs);
    }
    if (i === this.#next) return;
    if (matcher !== undefined) matcher.closeTicks = closeTicks[i - 1]!;
    this.#next = i;
    this.nextUs = nowUs;
    if (lookUs > 0) core.putOffLosses(lookUs, index, lookTwiceMid);
    core.settleRows();
    if (isBuiltLeft) core.deliverRow(this.#built, index, this.#kind);
  }

  #show(row: number, nowUs: number): void {
    this.#bar.row = row;
    this.#bar.receivedAtUs = nowUs;
    this.#built.row = row;
    this.#built.receivedAtUs = nowUs;
  }

  #told<Event extends object>(event: Event): Event {
    return this.#options.isFresh ? { ...event } : event;
  }

  /** When bar `i` is over, for the side that this stream plays; Infinity beyond the last. */
  #timeOf(i: number): number {
    const { columns, way } = this.#options;
    if (i === columns.length) return Number.POSITIVE_INFINITY;
    const endUs = columns.startUs[i]! + columns.intervalUs;
    return way === undefined ? endUs : way.arrivalUs(endUs);
  }
}
