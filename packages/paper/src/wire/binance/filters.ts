import type { Market } from "../../engine/market.ts";
import { hasNoLimit, isContingent, type OrderRequest } from "../../engine/order.ts";
import { baseUnits, type Instrument, notionalUnits } from "../../instruments.ts";
import { formatScaled, formatUnits, parseScaled, parseUnits, tryParseScaled, UNIT_DECIMALS } from "../../scale.ts";
import { refuse } from "./errors.ts";

// What an account may have open in one market.
const MAX_OPEN_ORDERS = 200;
const MAX_ALGO_ORDERS = 5;
const MAX_ICEBERG_ORDERS = 10;
const MAX_ORDER_LISTS = 20;
const MAX_AMENDS = 10; // of one order

const MAX_ICEBERG_PARTS = 100;
const MIN_TRAILING_DELTA = 10;
const MAX_TRAILING_DELTA = 2000;
const BAND_UP = 5n; // a price is at most 5 times the average
const BAND_DOWN = 5n; // and at least a fifth of it
const MAX_PRICE = "1000000";
const MAX_NOTIONAL_UNITS = 9_000_000n * 10n ** BigInt(UNIT_DECIMALS);
const AVERAGE_MINUTES = 5;

/** The `filters` of exchangeInfo; what is checked below is exactly what is announced here. */
export function filtersOf(instrument: Instrument): object[] {
  const { priceDecimals, sizeDecimals, minLots, maxLots, maxMarketLots, minNotionalUnits, spec } = instrument;
  const tickSize = formatScaled(parseScaled("tickSize", spec.tickSize, priceDecimals), priceDecimals);
  const stepSize = formatScaled(parseScaled("lotSize", spec.lotSize, sizeDecimals), sizeDecimals);
  const zero = formatScaled(0, 0);
  const { maxPositionUnits } = instrument;
  return [
    { filterType: "PRICE_FILTER", minPrice: tickSize, maxPrice: `${MAX_PRICE}.00000000`, tickSize },
    {
      filterType: "LOT_SIZE",
      minQty: formatScaled(minLots, sizeDecimals),
      maxQty: formatScaled(maxLots, sizeDecimals),
      stepSize,
    },
    { filterType: "ICEBERG_PARTS", limit: MAX_ICEBERG_PARTS },
    { filterType: "MARKET_LOT_SIZE", minQty: zero, maxQty: formatScaled(maxMarketLots, sizeDecimals), stepSize: zero },
    {
      filterType: "TRAILING_DELTA",
      minTrailingAboveDelta: MIN_TRAILING_DELTA,
      maxTrailingAboveDelta: MAX_TRAILING_DELTA,
      minTrailingBelowDelta: MIN_TRAILING_DELTA,
      maxTrailingBelowDelta: MAX_TRAILING_DELTA,
    },
    {
      filterType: "PERCENT_PRICE_BY_SIDE",
      bidMultiplierUp: "5",
      bidMultiplierDown: "0.2",
      askMultiplierUp: "5",
      askMultiplierDown: "0.2",
      avgPriceMins: AVERAGE_MINUTES,
    },
    {
      filterType: "NOTIONAL",
      minNotional: formatUnits(minNotionalUnits),
      applyMinToMarket: true,
      maxNotional: formatUnits(MAX_NOTIONAL_UNITS),
      applyMaxToMarket: false,
      avgPriceMins: AVERAGE_MINUTES,
    },
    ...(maxPositionUnits === undefined
      ? []
      : [{ filterType: "MAX_POSITION", maxPosition: formatUnits(maxPositionUnits) }]),
    { filterType: "MAX_NUM_ORDERS", maxNumOrders: MAX_OPEN_ORDERS },
    { filterType: "MAX_NUM_ORDER_LISTS", maxNumOrderLists: MAX_ORDER_LISTS },
    { filterType: "MAX_NUM_ALGO_ORDERS", maxNumAlgoOrders: MAX_ALGO_ORDERS },
    { filterType: "MAX_NUM_ICEBERG_ORDERS", maxNumIcebergOrders: MAX_ICEBERG_ORDERS },
    { filterType: "MAX_NUM_ORDER_AMENDS", maxNumOrderAmends: MAX_AMENDS },
  ];
}

/** A price as ticks. @throws {VenueRefusal} -1013 PRICE_FILTER when it is out of range or between two ticks. */
export function priceTicksOf(instrument: Instrument, text: string): number {
  const ticks = tryParseScaled(text, instrument.priceDecimals);
  const maxTicks = Number(MAX_PRICE) * 10 ** instrument.priceDecimals;
  if (ticks === undefined || ticks <= 0 || ticks > maxTicks || ticks % instrument.tickIncrement !== 0) {
    throw refuse.filter("PRICE_FILTER");
  }
  return ticks;
}

/** A size as lots. @throws {VenueRefusal} -1013 LOT_SIZE when it is out of range or between two steps. */
export function lotsOf(instrument: Instrument, text: string): number {
  const lots = tryParseScaled(text, instrument.sizeDecimals);
  const { minLots, maxLots, lotIncrement } = instrument;
  if (lots === undefined || lots < minLots || lots > maxLots || lots % lotIncrement !== 0) {
    throw refuse.filter("LOT_SIZE");
  }
  return lots;
}

/** A quote amount in units. @throws {VenueRefusal} -1013 NOTIONAL when it is below the smallest order. */
export function quoteUnitsOf(instrument: Instrument, text: string): bigint {
  const units = parseUnits("quoteOrderQty", text);
  if (units <= 0n || units < instrument.minNotionalUnits) throw refuse.filter("NOTIONAL");
  return units;
}

/**
 * Checks one order by the filters that look at it alone. An order without limit price is judged at the average price of 5 minutes,
 * else the last price; without a trade there is nothing to judge by.
 *
 * @throws {VenueRefusal} -1013 with the filter's name, -2010 when the iceberg shows more than there is.
 */
export function checkOrder(market: Market, request: OrderRequest, nowUs: number): void {
  const { instrument } = market;
  const { type, priceTicks, lots, icebergLots = 0, trailingDelta = 0 } = request;
  if (trailingDelta > 0 && (trailingDelta < MIN_TRAILING_DELTA || trailingDelta > MAX_TRAILING_DELTA)) {
    throw refuse.filter("TRAILING_DELTA");
  }
  const average = averageTicks(market, nowUs);
  if (priceTicks > 0 && average !== undefined) checkBand(priceTicks, average);
  if (lots === 0) return; // by quote amount, or what an OPO list will have bought
  if (hasNoLimit(type) && lots > instrument.maxMarketLots) throw refuse.filter("MARKET_LOT_SIZE");
  if (icebergLots > lots) throw refuse.rejected("IcebergQty exceeds QTY.");
  if (icebergLots > 0 && Math.ceil(lots / icebergLots) > MAX_ICEBERG_PARTS) throw refuse.filter("ICEBERG_PARTS");
  const ticks = hasNoLimit(type) ? average : priceTicks;
  if (ticks !== undefined) checkNotional(instrument, ticks, lots, !hasNoLimit(type));
}

/** Checks price x size. @throws {VenueRefusal} -1013 NOTIONAL. */
export function checkNotional(instrument: Instrument, priceTicks: number, lots: number, hasMost: boolean): void {
  const units = notionalUnits(instrument, priceTicks, lots);
  if (units < instrument.minNotionalUnits || (hasMost && units > MAX_NOTIONAL_UNITS)) throw refuse.filter("NOTIONAL");
}

/**
 * Checks what an account would have open with these orders more.
 *
 * @throws {VenueRefusal} -2010 MAX_NUM_ORDERS, MAX_NUM_ALGO_ORDERS, MAX_NUM_ICEBERG_ORDERS, MAX_NUM_ORDER_LISTS or MAX_POSITION.
 */
export function checkCounts({ ledger, instrument }: Market, requests: readonly OrderRequest[], isList: boolean): void {
  const { account } = requests[0]!;
  const seat = ledger.seat(account);
  if (seat.openCount + requests.length > MAX_OPEN_ORDERS) throw refuse.tooMany("MAX_NUM_ORDERS");
  if (isList && seat.openLists >= MAX_ORDER_LISTS) throw refuse.tooMany("MAX_NUM_ORDER_LISTS");
  let algo = seat.openContingent;
  let icebergs = seat.openIcebergs;
  let boughtLots = 0;
  for (const { type, side, lots, icebergLots = 0 } of requests) {
    if (isContingent(type)) algo++;
    if (icebergLots > 0) icebergs++;
    if (side === "BUY") boughtLots = Math.max(boughtLots, lots); // of a pair one at most trades
  }
  if (algo > MAX_ALGO_ORDERS && algo > seat.openContingent) throw refuse.tooMany("MAX_NUM_ALGO_ORDERS");
  if (icebergs > MAX_ICEBERG_ORDERS && icebergs > seat.openIcebergs) throw refuse.tooMany("MAX_NUM_ICEBERG_ORDERS");
  if (boughtLots === 0 || instrument.maxPositionUnits === undefined) return;
  let units = seat.base.free + seat.base.locked + baseUnits(instrument, boughtLots);
  for (const { side, openLots } of seat.open()) if (side === "BUY") units += baseUnits(instrument, openLots);
  if (units > instrument.maxPositionUnits) throw refuse.tooMany("MAX_POSITION");
}

/** @throws {VenueRefusal} -2038 when the order was amended as often as it may be. */
export function checkAmends(amends: number): void {
  if (amends >= MAX_AMENDS) throw refuse.amendRejected("Filter failure: MAX_NUM_ORDER_AMENDS");
}

/** Volume-weighted price of the last 5 minutes in whole ticks, else the last price; undefined before the first trade. */
export function averageTicks({ tape, instrument }: Market, nowUs: number): number | undefined {
  const last = tape.trades.last;
  if (last === undefined) return undefined;
  const { list } = tape.candles("1m", nowUs);
  let lots = 0n;
  let quoteUnits = 0n;
  for (let i = Math.max(0, list.length - AVERAGE_MINUTES); i < list.length; i++) {
    lots += list[i]!.lots;
    quoteUnits += list[i]!.quoteUnits;
  }
  if (lots === 0n) return last.priceTicks;
  return Number((quoteUnits * instrument.notionalDivisor) / (lots * instrument.notionalMultiplier));
}

function checkBand(priceTicks: number, average: number): void {
  const ticks = BigInt(priceTicks);
  const middle = BigInt(average);
  if (ticks > middle * BAND_UP || ticks * BAND_DOWN < middle) throw refuse.filter("PERCENT_PRICE_BY_SIDE");
}
