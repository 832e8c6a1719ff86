import type { GapEvent, Instrument, QuoteEvent, ResyncEvent } from "@pitlane/sdk";
import type { Core } from "../core/core.ts";
import type { FixedBarInterval } from "../engines/bar-every.ts";
import type { Agenda } from "./agenda.ts";
import { missingBefore, nextGapRow } from "./bar-gaps.ts";
import { BarRow, BuiltBarRow } from "./bar-row.ts";
import type { BarColumns } from "./columns.ts";
import type { BarMatcher } from "./fill-bars.ts";
import { JoinedBars } from "./joined-bars.ts";
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
  /** Longer ones that hooks want made of trades: they hear of these ones, joined. */
  readonly joined?: readonly FixedBarInterval[];
  /** Strategies hear `gap` and `resync` where bars are missing. Default false, for nobody listens. */
  readonly tellsGaps?: boolean;
  /** A new event object for each bar, for strategies that keep them. */
  readonly isFresh: boolean;
  /** Equity is looked at at each close, while anything is held. */
  readonly isMarked: boolean;
}

/**
 * Plays bars: each when it is over.
 *
 *     row by row:  what is due -> our orders -> losses -> hooks -> what they led to -> equity
 *     quiet rows:                                         hooks --------------------> equity   while nothing else can happen
 *
 * Both come to the same, by a property test. Rows are quiet where no order of ours may act and nothing is due, up to the first that reaches
 * a trigger, that the limits on losses must see, that ends a longer bar or a gap, or whose hooks want anything.
 */
export class BarStream implements Stream {
  nextUs: number = Number.NaN;
  readonly #options: BarStreamOptions;
  readonly #kind: number;
  readonly #quote: WritableQuote;
  readonly #bar: BarRow;
  readonly #built: BuiltBarRow;
  readonly #joined: JoinedBars | undefined;
  #next = 0;
  #gapRow: number; // the next one that does not follow the one before it

  constructor(options: BarStreamOptions) {
    const { columns, instrument, core, interval, joined = [], tellsGaps = false } = options;
    this.#options = options;
    this.#kind = core === undefined ? -1 : core.bus.kinds.indexOf("bar");
    this.#bar = new BarRow(instrument, interval, columns);
    this.#built = new BuiltBarRow(instrument, interval, columns);
    this.#joined = joined.length === 0 ? undefined : new JoinedBars(instrument, joined, columns);
    this.#gapRow = tellsGaps ? nextGapRow(columns, 0) : Number.POSITIVE_INFINITY;
    this.#quote = quoteEvent(instrument);
    this.nextUs = this.#timeOf(0);
  }

  run(untilUs: number): void {
    const { columns, isFresh, core } = this.#options;
    const endRow = Math.min(columns.length, this.#next + MOST_ROWS);
    do {
      this.#playRow(untilUs);
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

  #playRow(untilUs: number): void {
    const { columns, agenda, matcher, core, index, isBuiltWanted, isMarked, halfSpreadTicks } = this.#options;
    const i = this.#next;
    const nowUs = this.nextUs;
    if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
    if (matcher !== undefined) {
      if (matcher.isBusy || matcher.mayActivate(columns.highTicks[i]!, columns.lowTicks[i]!)) {
        const { startUs, intervalUs, openTicks, highTicks, lowTicks, closeTicks, volumeLots } = columns;
        const start = startUs[i]!;
        matcher.onBar(
          start,
          start + intervalUs,
          openTicks[i]!,
          highTicks[i]!,
          lowTicks[i]!,
          closeTicks[i]!,
          volumeLots[i]!,
        );
        if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
      }
      matcher.closeTicks = columns.closeTicks[i]!;
    }
    if (core !== undefined) {
      if (i === this.#gapRow) this.#tellGap(core, i, nowUs);
      const joined = this.#joined?.nextRow === i ? this.#joined : undefined;
      if (joined !== undefined) for (const bar of joined.before(i, nowUs)) core.deliverRow(bar, index, this.#kind);
      this.#show(i, nowUs);
      core.deliverRow(this.#told(this.#bar), index, this.#kind);
      if (isBuiltWanted) core.deliverRow(this.#told(this.#built), index, this.#kind);
      if (joined !== undefined) for (const bar of joined.after(i, nowUs)) core.deliverRow(bar, index, this.#kind);
      if (isMarked && core.performance.isMoving)
        core.performance.onRow(nowUs, index, twiceMidOf(columns.closeTicks[i]!, halfSpreadTicks), nowUs < untilUs);
    }
    this.#next = i + 1;
    this.nextUs = this.#timeOf(i + 1);
  }

  /** Plays rows as `#playRow` does, as long as they are quiet. */
  #playQuiet(core: Core, endRow: number, untilUs: number): void {
    const { columns, agenda, matcher, index, way, halfSpreadTicks, isBuiltWanted, isMarked } = this.#options;
    const hooks = matcher?.isBusy ? undefined : core.hooksOf("bar", index);
    if (hooks === undefined) return;
    const { performance } = core;
    const isMoving = isMarked && performance.isMoving; // without a fill it stays so
    if (isMoving && !performance.isRowExact) return;
    const { startUs, intervalUs, highTicks, lowTicks, closeTicks } = columns;
    const stops = matcher?.hasStops === true ? matcher : undefined;
    const { everyUs, endUs, twiceMids, ...losses } = core.quietLosses(index);
    const { lowest, highest } = twiceMids;
    const bar = this.#bar;
    const built = isBuiltWanted ? this.#built : undefined;
    const untilRow = Math.min(endRow, this.#gapRow, this.#joined?.nextRow ?? endRow);
    let { dueUs } = losses;
    let lookUs = Number.NaN;
    let lookTwiceMid = Number.NaN;
    let i = this.#next;
    let nowUs = this.nextUs;
    let isBuiltLeft = false;
    while (i < untilRow && nowUs < untilUs && nowUs < agenda.nextUs && !core.isDisturbed) {
      if (stops?.mayActivate(highTicks[i]!, lowTicks[i]!)) break;
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
      if (isMoving) performance.onRow(nowUs, index, twiceMidOf(closeTicks[i]!, halfSpreadTicks), true);
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

  /** Bars are missing before a row: nobody could know it before this one came. */
  #tellGap(core: Core, row: number, nowUs: number): void {
    const { columns, index, instrument } = this.#options;
    this.#gapRow = nextGapRow(columns, row + 1);
    const missing = missingBefore(columns, row);
    const venueAtUs = columns.startUs[row]! + columns.intervalUs;
    const common = { instrument, venueAtUs, receivedAtUs: nowUs, receivedNs: nowUs * 1000, channel: "bar" } as const;
    const reason = `${missing} bars are missing in the data`;
    const gap: GapEvent = { ...common, kind: "gap", cause: "sequence", reason };
    const resync: ResyncEvent = { ...common, kind: "resync", backfilled: 0, missing };
    for (const event of [gap, resync]) core.deliver(event, index, core.bus.kinds.indexOf(event.kind));
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
