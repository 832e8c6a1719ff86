import type { Instrument, QuoteEvent } from "@pitlane/sdk";
import type { Core } from "../core/core.ts";
import type { Agenda } from "./agenda.ts";
import type { TradeColumns } from "./columns.ts";
import type { TradeMatcher } from "./fill-trades.ts";
import type { LatencyWay } from "./latency.ts";
import { MOST_ROWS, quoteEvent, type Stream, spread, twiceMidOf, type WritableQuote } from "./stream.ts";
import { TradeRow } from "./trade-row.ts";

export interface TradeStreamOptions {
  readonly columns: TradeColumns;
  readonly instrument: Instrument;
  /** Number of the instrument. */
  readonly index: number;
  readonly agenda: Agenda;
  /** The venue's side; left out where another stream is it. */
  readonly matcher?: TradeMatcher | undefined;
  /** The strategies' side. */
  readonly core?: Core | undefined;
  /** From the venue to the strategies; at once where it is left out. */
  readonly way?: LatencyWay | undefined;
  /** Half of the spread that quotes are given, in ticks. */
  readonly halfSpreadTicks: number;
  /** A new event object for each trade, for strategies that keep them. */
  readonly isFresh: boolean;
}

/** Plays public trades: row by row, and quiet rows as `BarStream` does. */
export class TradeStream implements Stream {
  nextUs: number = Number.NaN;
  readonly #options: TradeStreamOptions;
  readonly #kind: number;
  readonly #quote: WritableQuote;
  readonly #trade: TradeRow;
  #next = 0;

  constructor(options: TradeStreamOptions) {
    const { columns, instrument, core } = options;
    this.#options = options;
    this.#kind = core === undefined ? -1 : core.bus.kinds.indexOf("trade");
    this.#trade = new TradeRow(instrument, columns);
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

  /** The last price and the half spread set; undefined before the first trade. */
  quote(): QuoteEvent | undefined {
    const { receivedAtUs, priceTicks } = this.#trade;
    if (Number.isNaN(receivedAtUs)) return undefined;
    const { instrument, isFresh, halfSpreadTicks } = this.#options;
    return spread(isFresh ? quoteEvent(instrument) : this.#quote, priceTicks, halfSpreadTicks, receivedAtUs);
  }

  #playRow(): void {
    const { columns, agenda, matcher, core, index, isFresh } = this.#options;
    const i = this.#next;
    const nowUs = this.nextUs;
    if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
    if (matcher !== undefined) {
      const price = columns.priceTicks[i]!;
      const { resting, stops } = matcher;
      matcher.lastTicks = price;
      if (price <= resting.topBuyTicks || price >= resting.lowSellTicks || stops.isNear(price)) {
        matcher.onTrade(price, columns.sizeLots[i]!, columns.isSellAggressor[i] === 1, nowUs);
        if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
      }
    }
    if (core !== undefined) {
      const trade = this.#trade;
      trade.row = i;
      trade.receivedAtUs = nowUs;
      core.deliverRow(isFresh ? { ...trade } : trade, index, this.#kind);
    }
    this.#next = i + 1;
    this.nextUs = this.#timeOf(i + 1);
  }

  /** Plays rows as `#playRow` does, as long as they are quiet. */
  #playQuiet(core: Core, endRow: number, untilUs: number): void {
    const { columns, agenda, matcher, index, way, halfSpreadTicks } = this.#options;
    const hooks = core.hooksOf("trade", index);
    if (hooks === undefined) return;
    const { atUs, priceTicks } = columns;
    const [belowTicks, aboveTicks] = matcher === undefined ? NOWHERE : concerns(matcher);
    const { everyUs, endUs, twiceMids, ...losses } = core.quietLosses(index);
    const { lowest, highest } = twiceMids;
    const trade = this.#trade;
    let { dueUs } = losses;
    let lookUs = Number.NaN;
    let lookTwiceMid = Number.NaN;
    let i = this.#next;
    let nowUs = this.nextUs;
    while (i < endRow && nowUs < untilUs && nowUs < agenda.nextUs && !core.isDisturbed) {
      const price = priceTicks[i]!;
      if (price <= belowTicks || price >= aboveTicks) break;
      if (nowUs >= dueUs) {
        const twiceMid = twiceMidOf(price, halfSpreadTicks);
        if (!(twiceMid >= lowest && twiceMid <= highest) || nowUs >= endUs) break;
        lookUs = nowUs;
        lookTwiceMid = twiceMid;
        dueUs = nowUs + everyUs;
      }
      trade.row = i;
      trade.receivedAtUs = nowUs;
      core.at(nowUs);
      hooks(trade);
      i++;
      if (i === columns.length) nowUs = Number.POSITIVE_INFINITY;
      else nowUs = way === undefined ? atUs[i]! : way.arrivalUs(atUs[i]!);
    }
    if (i === this.#next) return;
    if (matcher !== undefined) matcher.lastTicks = priceTicks[i - 1]!;
    this.#next = i;
    this.nextUs = nowUs;
    if (lookUs > 0) core.putOffLosses(lookUs, index, lookTwiceMid);
    core.settleRows();
  }

  /** When trade `i` is there, for the side that this stream plays; Infinity beyond the last. */
  #timeOf(i: number): number {
    const { columns, way } = this.#options;
    if (i === columns.length) return Number.POSITIVE_INFINITY;
    const atUs = columns.atUs[i]!;
    return way === undefined ? atUs : way.arrivalUs(atUs);
  }
}

const NOWHERE = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/** Prices at and below which, and at and above which, an order of ours is concerned. */
function concerns({ resting, stops }: TradeMatcher): readonly [belowTicks: number, aboveTicks: number] {
  return [Math.max(resting.topBuyTicks, stops.belowTicks), Math.min(resting.lowSellTicks, stops.aboveTicks)];
}
