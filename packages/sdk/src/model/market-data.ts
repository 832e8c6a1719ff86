import type { OrderBook } from "../book/order-book.ts";
import type { Instrument } from "./instrument.ts";
import type { Side } from "./order.ts";

/** A book as the venue showed it at one sequence: a copy of one's own, which nothing updates. */
export interface BookSnapshot {
  readonly instrument: Instrument;
  readonly book: OrderBook;
  /** The venue's sequence at that moment. */
  readonly sequence: number;
}

/** A trade of the public, as a call brings it. */
export interface PublicTrade {
  readonly instrument: Instrument;
  readonly tradeId: number;
  readonly priceTicks: number;
  readonly sizeLots: number;
  /** The side that took. */
  readonly aggressor: Side;
  /** The venue's time of it, microseconds since the epoch. */
  readonly atUs: number;
}

/** The best bid and ask at the moment of asking. Prices are NaN and sizes 0 on an empty side. */
export interface TopOfBook {
  readonly instrument: Instrument;
  readonly bidTicks: number;
  readonly bidLots: number;
  readonly askTicks: number;
  readonly askLots: number;
}
