import { Candles, INTERVALS, type Interval } from "./candles.ts";
import { History } from "./history.ts";
import { TradeSum } from "./trade-sum.ts";

/** One public trade. */
export interface Trade {
  /** 1, 2, 3, ... in its market, without a hole. */
  readonly id: number;
  readonly priceTicks: number;
  readonly lots: number;
  readonly quoteUnits: bigint;
  readonly buyerIsMaker: boolean;
  /** Microseconds since the epoch. */
  readonly atUs: number;
}

/** The trades of one incoming order at one price, as one. */
export interface AggregateTrade {
  readonly id: number;
  readonly priceTicks: number;
  lots: number;
  readonly firstTradeId: number;
  lastTradeId: number;
  readonly buyerIsMaker: boolean;
  readonly atUs: number;
}

/** Trading of the last 24 hours. */
export interface DaySummary {
  readonly openUs: number;
  readonly openTicks: number;
  readonly highTicks: number;
  readonly lowTicks: number;
  readonly lastTicks: number;
  readonly lastLots: number;
  readonly lots: bigint;
  readonly quoteUnits: bigint;
  readonly trades: number;
  readonly firstTradeId: number;
  readonly lastTradeId: number;
}

const CANDLES_KEPT = 1500; // more than the 1440 minutes that `day` looks at
const DAY_US = 86_400_000_000;

/** Everything traded in one market: the newest `kept` trades and aggregates, and 1500 candles of each interval. */
export class Tape {
  readonly trades: History<Trade>;
  readonly aggregates: History<AggregateTrade>;
  readonly #candles: ReadonlyMap<Interval, Candles> = new Map(
    INTERVALS.map((name) => [name, new Candles(name, CANDLES_KEPT)]),
  );
  readonly #sum = new TradeSum(); // not in the candles yet
  #nextTradeId = 1;
  #nextAggregateId = 1;
  #aggregate: AggregateTrade | undefined;

  constructor(kept: number) {
    this.trades = new History(kept);
    this.aggregates = new History(kept);
  }

  /** Writes down a trade. */
  add(priceTicks: number, lots: number, quoteUnits: bigint, buyerIsMaker: boolean, atUs: number): Trade {
    const trade: Trade = { id: this.#nextTradeId++, priceTicks, lots, quoteUnits, buyerIsMaker, atUs };
    this.trades.push(trade);
    if (!this.#sum.tryAdd(trade)) {
      this.#flush();
      this.#sum.tryAdd(trade);
    }
    return trade;
  }

  /**
   * Adds `trade` to the running aggregate of its incoming order.
   * @returns The aggregate before, when `trade` is at another price and so ends it.
   */
  aggregate(trade: Trade): AggregateTrade | undefined {
    const running = this.#aggregate;
    if (running?.priceTicks === trade.priceTicks) {
      running.lots += trade.lots;
      running.lastTradeId = trade.id;
      return undefined;
    }
    const ended = this.endAggregate();
    this.#aggregate = {
      id: this.#nextAggregateId++,
      priceTicks: trade.priceTicks,
      lots: trade.lots,
      firstTradeId: trade.id,
      lastTradeId: trade.id,
      buyerIsMaker: trade.buyerIsMaker,
      atUs: trade.atUs,
    };
    return ended;
  }

  /** Ends the running aggregate: the incoming order is done. @returns It, when there is one. */
  endAggregate(): AggregateTrade | undefined {
    const ended = this.#aggregate;
    if (ended !== undefined) this.aggregates.push(ended);
    this.#aggregate = undefined;
    return ended;
  }

  /** The candles of `interval` as of `nowUs`. */
  candles(interval: Interval, nowUs: number): Candles {
    this.#flush();
    const candles = this.#candles.get(interval)!; // INTERVALS names every one
    candles.advance(nowUs);
    return candles;
  }

  /** The 24 hours up to `nowUs`, in whole minutes; undefined before the first trade. */
  day(nowUs: number): DaySummary | undefined {
    const last = this.trades.last;
    if (last === undefined) return undefined;
    const minutes = this.candles("1m", nowUs).list;
    let from = minutes.length;
    while (from > 0 && minutes[from - 1]!.endUs > nowUs - DAY_US) from--;
    const first = minutes[from]!; // the minute of `nowUs` at least
    let highTicks = first.highTicks;
    let lowTicks = first.lowTicks;
    let lots = 0n;
    let quoteUnits = 0n;
    let trades = 0;
    let firstTradeId = -1;
    for (let i = from; i < minutes.length; i++) {
      const minute = minutes[i]!;
      highTicks = Math.max(highTicks, minute.highTicks);
      lowTicks = Math.min(lowTicks, minute.lowTicks);
      lots += minute.lots;
      quoteUnits += minute.quoteUnits;
      trades += minute.trades;
      if (firstTradeId < 0) firstTradeId = minute.firstTradeId;
    }
    return {
      openUs: Math.max(first.openUs, nowUs - DAY_US),
      openTicks: first.openTicks,
      highTicks,
      lowTicks,
      lastTicks: last.priceTicks,
      lastLots: last.lots,
      lots,
      quoteUnits,
      trades,
      firstTradeId,
      lastTradeId: firstTradeId < 0 ? -1 : last.id,
    };
  }

  #flush(): void {
    if (this.#sum.trades === 0) return;
    for (const candles of this.#candles.values()) candles.add(this.#sum);
    this.#sum.clear();
  }
}
