import type { Market } from "../../engine/market.ts";
import type { OrderType } from "../../engine/order.ts";
import { type Instrument, notionalUnits } from "../../instruments.ts";
import { formatScaled, formatUnits, parseScaled, parseUnits, tryParseScaled, UNIT_DECIMALS } from "../../scale.ts";
import { refuse } from "./errors.ts";

/** Open orders an account may have in one market. */
const MAX_OPEN_ORDERS = 200;

const MAX_PRICE = "1000000";
const MAX_NOTIONAL_UNITS = 9_000_000n * 10n ** BigInt(UNIT_DECIMALS);
const AVERAGE_MINUTES = 5;

/** The `filters` of exchangeInfo; what is checked below is exactly what is announced here. */
export function filtersOf({
  priceDecimals,
  sizeDecimals,
  minLots,
  maxLots,
  minNotionalUnits,
  spec,
}: Instrument): object[] {
  const tickSize = formatScaled(parseScaled("tickSize", spec.tickSize, priceDecimals), priceDecimals);
  const stepSize = formatScaled(parseScaled("lotSize", spec.lotSize, sizeDecimals), sizeDecimals);
  const maxQty = formatScaled(maxLots, sizeDecimals);
  const zero = formatScaled(0, 0);
  return [
    { filterType: "PRICE_FILTER", minPrice: tickSize, maxPrice: `${MAX_PRICE}.00000000`, tickSize },
    { filterType: "LOT_SIZE", minQty: formatScaled(minLots, sizeDecimals), maxQty, stepSize },
    { filterType: "MARKET_LOT_SIZE", minQty: zero, maxQty, stepSize: zero },
    {
      filterType: "NOTIONAL",
      minNotional: formatUnits(minNotionalUnits),
      applyMinToMarket: true,
      maxNotional: formatUnits(MAX_NOTIONAL_UNITS),
      applyMaxToMarket: false,
      avgPriceMins: AVERAGE_MINUTES,
    },
    { filterType: "MAX_NUM_ORDERS", maxNumOrders: MAX_OPEN_ORDERS },
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
 * Checks price x size. A market order is judged at the average price of 5 minutes, else the last price; without a
 * trade there is nothing to judge it by.
 *
 * @throws {VenueRefusal} -1013 NOTIONAL.
 */
export function checkNotional(market: Market, type: OrderType, priceTicks: number, lots: number, nowUs: number): void {
  const { instrument } = market;
  const isMarket = type === "MARKET";
  const ticks = isMarket ? averageTicks(market, nowUs) : priceTicks;
  if (ticks === undefined) return;
  const units = notionalUnits(instrument, ticks, lots);
  if (units < instrument.minNotionalUnits || (!isMarket && units > MAX_NOTIONAL_UNITS)) throw refuse.filter("NOTIONAL");
}

/** Volume-weighted price of the last 5 minutes in whole ticks, else the last price; undefined before the first trade. */
export function averageTicks({ tape, instrument }: Market, nowUs: number): number | undefined {
  const last = tape.trades.last;
  if (last === undefined) return undefined;
  const minutes = tape.candles("1m", nowUs).list.slice(-AVERAGE_MINUTES);
  let lots = 0n;
  let quoteUnits = 0n;
  for (const minute of minutes) {
    lots += minute.lots;
    quoteUnits += minute.quoteUnits;
  }
  if (lots === 0n) return last.priceTicks;
  return Number((quoteUnits * instrument.notionalDivisor) / (lots * instrument.notionalMultiplier));
}

/** @throws {VenueRefusal} -2010 when the account has as many open orders as it may. */
export function checkOpenOrders(openOrders: number): void {
  if (openOrders >= MAX_OPEN_ORDERS) throw refuse.tooManyOpenOrders();
}
