import type { Instrument, QuoteEvent } from "@pitlane/sdk";
import type { Core } from "../core/core.ts";
import type { Agenda } from "./agenda.ts";
import type { TradeColumns } from "./columns.ts";
import type { TradeMatcher } from "./fill-trades.ts";
import type { LatencyWay } from "./latency.ts";
import {
  MOST_ROWS,
  quoteEvent,
  type Stream,
  spread,
  tradeEvent,
  type WritableQuote,
  type WritableTrade,
} from "./stream.ts";

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

/** Plays public trades. */
export class TradeStream implements Stream {
  nextUs: number = Number.NaN;
  readonly #options: TradeStreamOptions;
  readonly #kind: number;
  readonly #quote: WritableQuote;
  #event: WritableTrade;
  #next = 0;

  constructor(options: TradeStreamOptions) {
    const { columns, instrument, core } = options;
    this.#options = options;
    this.#kind = core === undefined ? -1 : core.bus.kinds.indexOf("trade");
    this.#event = tradeEvent(instrument);
    this.#quote = quoteEvent(instrument);
    this.nextUs = columns.length === 0 ? Number.POSITIVE_INFINITY : this.#timeOf(0);
  }

  run(untilUs: number): void {
    const { columns, agenda, matcher, core, index, way, isFresh, instrument } = this.#options;
    const { length, atUs, priceTicks, sizeLots, isSellAggressor, tradeId } = columns;
    const kind = this.#kind;
    let event = this.#event;
    let i = this.#next;
    let nowUs = this.nextUs;
    const endRow = Math.min(length, i + MOST_ROWS);
    do {
      if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
      const price = priceTicks[i]!;
      if (matcher !== undefined) {
        const { resting } = matcher;
        matcher.lastTicks = price;
        if (price <= resting.topBuyTicks || price >= resting.lowSellTicks) {
          matcher.onTrade(price, sizeLots[i]!, isSellAggressor[i] === 1, nowUs);
          if (agenda.nextUs <= nowUs) agenda.runUntil(nowUs);
        }
      }
      if (core !== undefined) {
        if (isFresh) {
          event = tradeEvent(instrument);
          this.#event = event;
        }
        event.venueAtUs = atUs[i]!;
        event.receivedAtUs = nowUs;
        event.receivedNs = nowUs * 1000;
        event.tradeId = tradeId[i]!;
        event.priceTicks = price;
        event.sizeLots = sizeLots[i]!;
        event.aggressor = isSellAggressor[i] === 1 ? "sell" : "buy";
        core.deliverRow(event, index, kind);
      }
      i++;
      if (i === length) nowUs = Number.POSITIVE_INFINITY;
      else nowUs = way === undefined ? atUs[i]! : way.arrivalUs(atUs[i]!);
    } while (i < endRow && nowUs < untilUs);
    this.#next = i;
    this.nextUs = nowUs;
  }

  /** The last price and the half spread set; undefined before the first trade. */
  quote(): QuoteEvent | undefined {
    const { priceTicks, receivedAtUs } = this.#event;
    return Number.isNaN(priceTicks)
      ? undefined
      : spread(
          this.#options.isFresh ? quoteEvent(this.#options.instrument) : this.#quote,
          priceTicks,
          this.#options.halfSpreadTicks,
          receivedAtUs,
        );
  }

  #timeOf(i: number): number {
    const { columns, way } = this.#options;
    const atUs = columns.atUs[i]!;
    return way === undefined ? atUs : way.arrivalUs(atUs);
  }
}
