import { ASSET_DECIMALS, formatScaled, type Instrument, type OrderBook, type QuoteEvent } from "@pitlane/sdk";
import type { PositionView } from "../engines/position.ts";
import type { MarketView } from "./observer.ts";

const ASSET_DIGITS = BigInt(ASSET_DECIMALS);

/** What is known of one instrument's market and of our position in it. */
export interface MarketParts {
  readonly instrument: Instrument;
  /** Undefined while it has a hole. */
  readonly book: OrderBook | undefined;
  readonly quote: QuoteEvent | undefined;
  readonly position: PositionView;
}

/** One instrument's market in decimals, for people. Pure. @param levels Of each side, at most. */
export function toMarketView({ instrument, book, quote, position }: MarketParts, levels: number): MarketView {
  const price = (ticks: number) => formatScaled(ticks, instrument.priceDecimals);
  const size = (lots: number) => formatScaled(lots, instrument.sizeDecimals);
  const level = (ticks: number, lots: number) => [price(ticks), size(lots)] as const;
  const bids = Array.from({ length: Math.min(levels, book?.bidLevels ?? 0) }, (_, depth) =>
    level(book!.bidTicksAt(depth), book!.bidLotsAt(depth)),
  );
  const asks = Array.from({ length: Math.min(levels, book?.askLevels ?? 0) }, (_, depth) =>
    level(book!.askTicksAt(depth), book!.askLotsAt(depth)),
  );
  return {
    instrument: instrument.id,
    isSynced: book !== undefined,
    bids,
    asks,
    quote:
      quote === undefined || Number.isNaN(quote.bidTicks) || Number.isNaN(quote.askTicks)
        ? null // a side that is empty has no price
        : {
            bid: price(quote.bidTicks),
            bidSize: size(quote.bidLots),
            ask: price(quote.askTicks),
            askSize: size(quote.askLots),
          },
    positionSize: size(position.lots),
    entryPrice: entryPrice(instrument, position),
  };
}

/** Average price of what is open, rounded down to a tick: for people alone. */
function entryPrice({ priceDecimals, sizeDecimals }: Instrument, { lots, costUnits }: PositionView): string | null {
  if (lots === 0) return null;
  const ticks =
    (costUnits * 10n ** BigInt(priceDecimals + sizeDecimals)) / (10n ** ASSET_DIGITS * BigInt(Math.abs(lots)));
  return formatScaled(ticks, priceDecimals);
}
