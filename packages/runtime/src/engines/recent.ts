import { MarketDataBuffer } from "@pitlane/perf/ring";

const TRADE_FIELDS = ["venueAtUs", "priceTicks", "sizeLots", "isSell"] as const;
const QUOTE_FIELDS = ["bidTicks", "bidLots", "askTicks", "askLots"] as const;

/** The latest rows of a market, oldest first, to be read: columns by name, whole or in part. See `MarketDataBuffer`. */
export type RecentRows<Fields extends readonly string[]> = Pick<
  MarketDataBuffer<Fields>,
  "size" | "capacity" | "evicted" | "column" | "indexSince"
>;

/** What `ctx.recent` keeps of an instrument. `atUs` is the session's time; `isSell` is 1 where the side that took was a seller. */
export interface RecentData {
  readonly trades: RecentRows<typeof TRADE_FIELDS>;
  readonly quotes: RecentRows<typeof QUOTE_FIELDS>;
}

export type RecentKind = keyof RecentData;

/** A buffer of trades to write. */
export type TradeBuffer = MarketDataBuffer<typeof TRADE_FIELDS>;
/** A buffer of quotes to write. */
export type QuoteBuffer = MarketDataBuffer<typeof QUOTE_FIELDS>;

/** @throws {InvalidInputError} When `capacity` is out of range: 1 to 2^24. */
export function createTradeBuffer(capacity: number): TradeBuffer {
  return new MarketDataBuffer({ fields: TRADE_FIELDS, capacity });
}

/** Throws as `createTradeBuffer`. */
export function createQuoteBuffer(capacity: number): QuoteBuffer {
  return new MarketDataBuffer({ fields: QUOTE_FIELDS, capacity });
}
