import type { Instrument } from "../../instruments.ts";
import { filtersOf } from "./filters.ts";
import type { Limits } from "./limits.ts";
import { DEFAULT_PREVENTION, ORDER_TYPES, PREVENTION_MODES } from "./order-request.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";

/** Which of Binance's exchanges the answer is for. Only spot takes orders; the others serve recordings. */
export type Product = "spot" | "usdm" | "coinm";

/** `GET exchangeInfo` for those instruments. */
export function exchangeInfoJson(
  product: Product,
  instruments: readonly Instrument[],
  limits: Limits,
  nowUs: number,
  unit: TimeUnit,
  connections: "RAW_REQUESTS" | "CONNECTIONS",
): object {
  return {
    timezone: "UTC",
    serverTime: inUnit(nowUs, unit),
    rateLimits: [
      { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: limits.requestWeightPerMinute },
      { rateLimitType: "ORDERS", interval: "SECOND", intervalNum: 10, limit: limits.ordersPer10Seconds },
      { rateLimitType: "ORDERS", interval: "DAY", intervalNum: 1, limit: limits.ordersPerDay },
      {
        rateLimitType: connections,
        interval: "MINUTE",
        intervalNum: 5,
        limit: connections === "CONNECTIONS" ? 300 : 300_000,
      },
    ],
    exchangeFilters: [],
    symbols: instruments.map(product === "spot" ? spotSymbol : (instrument) => futuresSymbol(product, instrument)),
  };
}

/** The `status` of an instrument. */
export function statusOf(instrument: Instrument): "TRADING" | "HALT" {
  return instrument.trading ? "TRADING" : "HALT";
}

function spotSymbol(instrument: Instrument): object {
  return {
    symbol: instrument.symbol,
    status: statusOf(instrument),
    baseAsset: instrument.base,
    baseAssetPrecision: 8,
    quoteAsset: instrument.quote,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    baseCommissionPrecision: 8,
    quoteCommissionPrecision: 8,
    orderTypes: ORDER_TYPES,
    icebergAllowed: true,
    ocoAllowed: true,
    otoAllowed: true,
    opoAllowed: true,
    quoteOrderQtyMarketAllowed: true,
    allowTrailingStop: true,
    cancelReplaceAllowed: true,
    amendAllowed: true,
    pegInstructionsAllowed: false,
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: filtersOf(instrument),
    permissions: [],
    permissionSets: [["SPOT"]],
    defaultSelfTradePreventionMode: DEFAULT_PREVENTION,
    allowedSelfTradePreventionModes: PREVENTION_MODES,
  };
}

function futuresSymbol(product: "usdm" | "coinm", instrument: Instrument): object {
  const { symbol, base, quote, priceDecimals, sizeDecimals } = instrument;
  return {
    symbol,
    pair: symbol.split("_")[0],
    contractType: "PERPETUAL",
    ...(product === "usdm"
      ? { status: statusOf(instrument) }
      : { contractStatus: statusOf(instrument), contractSize: 100 }),
    baseAsset: base,
    quoteAsset: quote,
    marginAsset: product === "usdm" ? quote : base,
    pricePrecision: priceDecimals,
    quantityPrecision: sizeDecimals,
    baseAssetPrecision: 8,
    quotePrecision: 8,
    filters: filtersOf(instrument),
    orderTypes: ["LIMIT", "MARKET"],
    timeInForce: ["GTC", "IOC", "FOK"],
  };
}
