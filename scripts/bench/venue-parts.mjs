/** What the venues of benches have in common: a market of one instrument, and the server's side of a WebSocket. */
import { createHash } from "node:crypto";

/** A text frame as a server sends it, of at most 64 KiB. Source: RFC 6455, section 5.2. @param {string} text */
export function frame(text) {
  const body = Buffer.from(text);
  const { length } = body;
  const header = length < 126 ? [0x81, length] : [0x81, 126, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(header), body]);
}

/** The answer to a client's request for a WebSocket. Source: RFC 6455, section 4.2.2. @param {string} key `Sec-WebSocket-Key`. */
export function switching(key) {
  const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
}

const symbol = {
  symbol: "BTCUSDT",
  status: "TRADING",
  baseAsset: "BTC",
  quoteAsset: "USDT",
  baseAssetPrecision: 8,
  quotePrecision: 8,
  quoteAssetPrecision: 8,
  isSpotTradingAllowed: true,
  isMarginTradingAllowed: false,
  orderTypes: ["LIMIT", "MARKET"],
  permissions: [],
  permissionSets: [["SPOT"]],
  filters: [
    { filterType: "PRICE_FILTER", minPrice: "0.01000000", maxPrice: "1000000.00000000", tickSize: "0.01000000" },
    { filterType: "LOT_SIZE", minQty: "0.00001000", maxQty: "9000.00000000", stepSize: "0.00001000" },
    { filterType: "NOTIONAL", minNotional: "5.00000000" },
  ],
};

/** Binance's `exchangeInfo` with that one instrument, as text. */
export function exchangeInfo() {
  return JSON.stringify({ timezone: "UTC", serverTime: Date.now(), rateLimits: [], symbols: [symbol] });
}
