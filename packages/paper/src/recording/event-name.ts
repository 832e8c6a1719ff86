import { isObject } from "./recorded-line.ts";

/** What an event says of the stream it came from. */
export interface EventName {
  /** The stream, but for its speed or time zone where it has one: `btcusdt@depth`. */
  readonly name: string;
  /** Beginnings of other streams whose events look the same. */
  readonly lookalikes?: readonly string[];
}

/** The stream of a user's own events. Binance names it by its listen key, which is a credential and not for a report. */
export const USER_DATA = "userData";

const SPOT_USER_EVENTS: ReadonlySet<unknown> = new Set([
  "executionReport",
  "outboundAccountPosition",
  "outboundAccountInfo",
  "balanceUpdate",
  "listStatus",
  "listenKeyExpired",
  "eventStreamTerminated",
  "externalLockUpdate",
  "userLiabilityChange",
  "liabilityChange",
  "marginLevelStatusChange",
  "openOrderLoss",
]);

// Streams that are named as their events are.
const SAME_NAME: ReadonlySet<unknown> = new Set([
  "trade",
  "aggTrade",
  "bookTicker",
  "avgPrice",
  "blockTrade",
  "referencePrice",
  "compositeIndex",
]);

const OTHER_NAMES: ReadonlyMap<unknown, string> = new Map([
  ["24hrMiniTicker", "miniTicker"],
  ["24hrTicker", "ticker"],
  ["1hTicker", "ticker_1h"],
  ["4hTicker", "ticker_4h"],
  ["1dTicker", "ticker_1d"],
  ["markPriceUpdate", "markPrice"],
  ["assetIndexUpdate", "assetIndex"],
]);

/**
 * The stream an event names itself, `undefined` when it names none.
 *
 * Source: the payload tables of Binance's web-socket-streams.md and user-data-stream.md, and of the futures' pages.
 *
 * @example
 * nameOfEvent({ e: "trade", s: "BTCUSDT" }); // { name: "btcusdt@trade" }
 */
export function nameOfEvent(event: unknown): EventName | undefined {
  if (Array.isArray(event)) return nameOfList(event);
  if (!isObject(event)) return undefined;
  const type = event["e"];
  if (type === "serverShutdown") return { name: "!serverShutdown" };
  if (type === "contractInfo") return { name: "!contractInfo" };
  if (isUserEvent(event)) return { name: USER_DATA };
  const symbol = lowerCase(event["s"]);
  switch (type) {
    case "kline": {
      const interval = memberOf(event["k"], "i");
      return named(symbol, interval && `kline_${interval}`);
    }
    case "continuous_kline": {
      const contract = lowerCase(event["ct"]);
      const interval = memberOf(event["k"], "i");
      return named(contract && `${lowerCase(event["ps"])}_${contract}`, interval && `continuousKline_${interval}`);
    }
    case "forceOrder":
      return named(lowerCase(memberOf(event["o"], "s")), "forceOrder");
    case "indexPriceUpdate":
      return named(lowerCase(event["i"]), "indexPrice");
    case "depthUpdate":
      if (symbol === undefined) return undefined;
      // The futures' best levels (depth20) have the form of a diff; spot's have another one and no symbol.
      return event["pu"] === undefined
        ? { name: `${symbol}@depth` }
        : { name: `${symbol}@depth`, lookalikes: [`${symbol}@depth`, `${symbol}@rpiDepth`] };
    case undefined:
      // Spot's bookTicker has no event type, but nothing else has these members.
      return named(symbol, isQuote(event) ? "bookTicker" : undefined);
    default:
      return named(symbol, SAME_NAME.has(type) ? (type as string) : OTHER_NAMES.get(type));
  }
}

/** Streams of all symbols bring lists: `!miniTicker@arr`. */
function nameOfList([first]: readonly unknown[]): EventName | undefined {
  const channel = isObject(first) ? OTHER_NAMES.get(first["e"]) : undefined;
  return channel === undefined ? undefined : { name: `!${channel}@arr` };
}

/** The futures write the types of a user's events in capitals, and no others; the WebSocket API wraps its events. */
function isUserEvent(event: Readonly<Record<string, unknown>>): boolean {
  const type = event["e"];
  if (typeof type === "string") return SPOT_USER_EVENTS.has(type) || /^[A-Z]+(?:_[A-Z]+)+$/.test(type);
  return "subscriptionId" in event && isObject(event["event"]);
}

function isQuote(event: Readonly<Record<string, unknown>>): boolean {
  return "u" in event && "b" in event && "B" in event && "a" in event && "A" in event;
}

function named(symbol: string | undefined, channel: string | undefined): EventName | undefined {
  return symbol === undefined || channel === undefined ? undefined : { name: `${symbol}@${channel}` };
}

function memberOf(value: unknown, key: string): string | undefined {
  const member = isObject(value) ? value[key] : undefined;
  return typeof member === "string" ? member : undefined;
}

function lowerCase(text: unknown): string | undefined {
  return typeof text === "string" ? text.toLowerCase() : undefined;
}
