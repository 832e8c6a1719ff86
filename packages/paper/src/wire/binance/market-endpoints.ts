import { isInterval } from "../../engine/candles.ts";
import type { Market } from "../../engine/market.ts";
import { type Call, type Endpoint, marketOf, type Venue } from "./endpoint.ts";
import { refuse } from "./errors.ts";
import { exchangeInfoJson, type Product, statusOf } from "./exchange-info.ts";
import {
  aggregateJson,
  averagePrice,
  candleJson,
  dayJson,
  depthJson,
  price,
  RawJson,
  topOf,
  tradeJson,
} from "./market-json.ts";
import type { Params } from "./params.ts";
import { selectByTime } from "./select.ts";
import { inUnit } from "./time-unit.ts";

const MOST_LEVELS = 5000;
const MOST_ROWS = 1000;

/** What every product serves: that it is there, its time, its instruments, and depth by `depthOf`. */
export function basicEndpoints(
  venue: Venue,
  product: Product,
  depthOf: (market: Market, limit: number) => unknown,
): Endpoint[] {
  return [
    { http: "GET ping", socket: "ping", signed: false, weight: 1, reads: [], handle: () => ({}) },
    {
      http: "GET time",
      socket: "time",
      signed: false,
      weight: 1,
      reads: [],
      handle: ({ nowUs, unit }) => ({ serverTime: inUnit(nowUs, unit) }),
    },
    {
      http: "GET exchangeInfo",
      socket: "exchangeInfo",
      signed: false,
      weight: 20,
      reads: ["symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus"],
      handle: ({ params, nowUs, unit, transport }) => {
        const status = params.text("symbolStatus");
        if (status !== undefined && (params.has("symbol") || params.has("symbols"))) throw refuse.badCombination();
        const instruments = marketsOf(venue, params)
          .map(({ instrument }) => instrument)
          .filter((instrument) => status === undefined || statusOf(instrument) === status);
        const connections = transport === "socket" ? "CONNECTIONS" : "RAW_REQUESTS";
        return exchangeInfoJson(product, instruments, venue.limits, nowUs, unit, connections);
      },
    },
    {
      http: "GET depth",
      socket: "depth",
      signed: false,
      weight: depthWeight,
      reads: ["symbol", "limit"],
      handle: ({ params }) => depthOf(marketOf(venue, params), params.limit(100, MOST_LEVELS)),
    },
  ];
}

/** Public market data of spot. */
export function marketEndpoints(venue: Venue): Endpoint[] {
  return [
    {
      http: "GET trades",
      socket: "trades.recent",
      signed: false,
      weight: 25,
      reads: ["symbol", "limit"],
      handle: ({ params, unit }) => {
        const { tape, instrument } = marketOf(venue, params);
        return tape.trades.newest(params.limit(500, MOST_ROWS)).map((trade) => tradeJson(instrument, trade, unit));
      },
    },
    {
      http: "GET historicalTrades",
      socket: "trades.historical",
      signed: false,
      weight: 25,
      reads: ["symbol", "limit", "fromId"],
      handle: ({ params, unit }) => {
        const { tape, instrument } = marketOf(venue, params);
        const limit = params.limit(500, MOST_ROWS);
        const fromId = params.id("fromId");
        const { trades } = tape;
        const from = fromId === undefined ? 0 : trades.firstAtLeast(fromId, ({ id }) => id);
        const rows = fromId === undefined ? trades.newest(limit) : trades.items.slice(from, from + limit);
        return rows.map((trade) => tradeJson(instrument, trade, unit));
      },
    },
    {
      http: "GET aggTrades",
      socket: "trades.aggregate",
      signed: false,
      weight: 4,
      reads: ["symbol", "fromId", "startTime", "endTime", "limit"],
      handle: ({ params, unit }) => {
        const { tape, instrument } = marketOf(venue, params);
        const limit = params.limit(500, MOST_ROWS);
        const fromId = params.id("fromId");
        const { aggregates } = tape;
        const from = fromId === undefined ? 0 : aggregates.firstAtLeast(fromId, ({ id }) => id);
        const rows =
          fromId === undefined
            ? selectByTime(aggregates.items, ({ atUs }) => atUs, params, limit, Number.POSITIVE_INFINITY)
            : aggregates.items.slice(from, from + limit);
        return rows.map((trade) => aggregateJson(instrument, trade, unit));
      },
    },
    klines(venue, "GET klines", "klines"),
    klines(venue, "GET uiKlines", "uiKlines"),
    {
      http: "GET avgPrice",
      socket: "avgPrice",
      signed: false,
      weight: 2,
      reads: ["symbol"],
      handle: ({ params, nowUs, unit }) => {
        const market = marketOf(venue, params);
        const closeUs = market.tape.trades.last?.atUs ?? nowUs;
        return { mins: 5, price: averagePrice(market, nowUs), closeTime: inUnit(closeUs, unit) };
      },
    },
    {
      http: "GET ticker/24hr",
      socket: "ticker.24hr",
      signed: false,
      weight: dayWeight,
      reads: ["symbol", "symbols", "type", "symbolStatus"],
      handle: (call) => oneOrMany(venue, call, (market) => dayTicker(market, call)),
    },
    {
      http: "GET ticker/price",
      socket: "ticker.price",
      signed: false,
      weight: (params) => (params.has("symbol") ? 2 : 4),
      reads: ["symbol", "symbols", "symbolStatus"],
      handle: (call) =>
        oneOrMany(venue, call, ({ instrument, tape }) => ({
          symbol: instrument.symbol,
          price: price(instrument, tape.trades.last?.priceTicks ?? 0),
        })),
    },
    {
      http: "GET ticker/bookTicker",
      socket: "ticker.book",
      signed: false,
      weight: (params) => (params.has("symbol") ? 2 : 4),
      reads: ["symbol", "symbols", "symbolStatus"],
      handle: (call) => oneOrMany(venue, call, (market) => ({ symbol: market.instrument.symbol, ...topOf(market) })),
    },
  ];
}

/** Depth of the live book. */
export function liveDepth(market: Market, limit: number): RawJson {
  return new RawJson(depthJson(market, limit));
}

function klines(venue: Venue, http: string, socket: string): Endpoint {
  return {
    http,
    socket,
    signed: false,
    weight: 2,
    reads: ["symbol", "interval", "startTime", "endTime", "timeZone", "limit"],
    handle: ({ params, nowUs, unit }) => {
      const { tape, instrument } = marketOf(venue, params);
      const interval = params.required("interval");
      if (!isInterval(interval)) throw refuse.badInterval();
      const { list } = tape.candles(interval, nowUs);
      const rows = selectByTime(
        list,
        ({ openUs }) => openUs,
        params,
        params.limit(500, MOST_ROWS),
        Number.POSITIVE_INFINITY,
      );
      return rows.map((candle) => candleJson(instrument, candle, unit));
    },
  };
}

const MINI_FIELDS = [
  "openPrice",
  "highPrice",
  "lowPrice",
  "lastPrice",
  "volume",
  "quoteVolume",
  "openTime",
  "closeTime",
  "firstId",
  "lastId",
  "count",
] as const;

function dayTicker(market: Market, { params, nowUs, unit }: Call): object {
  const type = params.text("type") ?? "FULL";
  if (type !== "FULL" && type !== "MINI") throw refuse.badTickerType();
  const { instrument } = market;
  const day = dayJson(instrument, market.tape.day(nowUs), nowUs, unit);
  const { symbol } = instrument;
  if (type === "FULL") return { symbol, ...day, ...topOf(market) };
  return { symbol, ...Object.fromEntries(MINI_FIELDS.map((field) => [field, day[field]])) };
}

// An object for `symbol`, a list for `symbols` or neither.
function oneOrMany(venue: Venue, { params }: Call, toJson: (market: Market) => object): object {
  const markets = marketsOf(venue, params);
  return params.has("symbol") ? toJson(markets[0]!) : markets.map(toJson);
}

function marketsOf(venue: Venue, params: Params): readonly Market[] {
  const symbols = params.symbols();
  if (params.has("symbol")) {
    if (symbols !== undefined) throw refuse.badCombination();
    return [marketOf(venue, params)];
  }
  if (symbols === undefined) return venue.exchange.markets;
  return symbols.map((symbol) => {
    const market = venue.exchange.market(symbol);
    if (market === undefined) throw refuse.badSymbol();
    return market;
  });
}

function depthWeight(params: Params): number {
  const limit = params.limit(100, MOST_LEVELS);
  if (limit <= 100) return 5;
  if (limit <= 500) return 25;
  return limit <= 1000 ? 50 : 250;
}

function dayWeight(params: Params): number {
  if (params.has("symbol")) return 2;
  const count = params.symbols()?.length ?? Number.POSITIVE_INFINITY;
  if (count <= 20) return 2;
  return count <= 100 ? 40 : 80;
}
