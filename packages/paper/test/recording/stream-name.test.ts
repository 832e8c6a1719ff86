import { expect, test } from "vitest";
import { LineProblem } from "../../src/recording/errors.ts";
import { streamOfEvent } from "../../src/recording/stream-name.ts";
import { SubscriptionLog } from "../../src/recording/subscriptions.ts";

const none = new Set<string>();

test.each([
  [{ e: "trade", s: "BTCUSDT" }, "btcusdt@trade"],
  [{ e: "aggTrade", s: "BTCUSD_PERP" }, "btcusd_perp@aggTrade"],
  [{ e: "bookTicker", s: "BTCUSDT" }, "btcusdt@bookTicker"],
  [{ u: 1, s: "BTCUSDT", b: "1", B: "1", a: "2", A: "1" }, "btcusdt@bookTicker"],
  [{ e: "kline", s: "BTCUSDT", k: { i: "15m" } }, "btcusdt@kline_15m"],
  [{ e: "24hrMiniTicker", s: "BTCUSDT" }, "btcusdt@miniTicker"],
  [{ e: "24hrTicker", s: "BTCUSDT" }, "btcusdt@ticker"],
  [{ e: "avgPrice", s: "BTCUSDT" }, "btcusdt@avgPrice"],
  [{ e: "serverShutdown", E: 1 }, "!serverShutdown"],
])("names the stream of %j", (event, stream) => {
  expect(streamOfEvent(event, none)).toBe(stream);
  // What else the connection carries changes nothing.
  expect(streamOfEvent(event, new Set(["ethusdt@trade", "btcusdt@kline_1m", "btcusdt@depth"]))).toBe(stream);
});

test("takes depth from the one depth stream the connection has for the symbol", () => {
  const event = { e: "depthUpdate", s: "BTCUSDT", U: 1, u: 1, b: [], a: [] };
  expect(streamOfEvent(event, new Set(["ethusdt@depth", "btcusdt@depth@100ms", "btcusdt@trade"]))).toBe(
    "btcusdt@depth@100ms",
  );
  expect(() => streamOfEvent(event, none)).toThrow("does not say which btcusdt@depth stream it is");
  expect(() => streamOfEvent(event, new Set(["btcusdt@depth", "btcusdt@depth@100ms"]))).toThrow(
    "may have come from btcusdt@depth or btcusdt@depth@100ms",
  );
});

test("takes any event from the only stream of the connection", () => {
  expect(streamOfEvent({ lastUpdateId: 1, bids: [], asks: [] }, new Set(["btcusdt@depth5"]))).toBe("btcusdt@depth5");
  expect(streamOfEvent([{ e: "24hrMiniTicker" }], new Set(["!miniTicker@arr"]))).toBe("!miniTicker@arr");
});

test("takes a ticker of all symbols from the stream of all symbols", () => {
  const event = { e: "bookTicker", s: "BTCUSDT" };
  expect(streamOfEvent(event, new Set(["!bookTicker", "btcusdt@trade"]))).toBe("!bookTicker");
  expect(
    streamOfEvent({ e: "kline", s: "BTCUSDT", k: { i: "1d" } }, new Set(["btcusdt@kline_1d@+08:00", "x@trade"])),
  ).toBe("btcusdt@kline_1d@+08:00");
});

test.each([
  null,
  7,
  [],
  {},
  { e: "trade" },
  { e: "kline", s: "BTCUSDT" },
  { e: "other", s: "BTCUSDT" },
  { s: "BTCUSDT" },
])("does not guess the stream of %j", (event) => {
  expect(() => streamOfEvent(event, none)).toThrow(LineProblem);
});

test("knows what a connection was subscribed to at any line", () => {
  const log = new SubscriptionLog();
  log.connect("a", "wss://stream.binance.com:9443/stream?streams=btcusdt@trade/btcusdt%40depth", 2);
  log.connect("b", "wss://stream.binance.com/ws/ethusdt@trade/!miniTicker@arr", 3);
  log.connect("c", "ws://127.0.0.1:9443/stream/ws/0", 4);
  log.send("c", '{"method":"SUBSCRIBE","params":["bnbusdt@trade","bnbusdt@kline_1d@+08:00"],"id":1}', 10);
  log.send("c", '{"method":"UNSUBSCRIBE","params":["bnbusdt@trade"],"id":2}', 20);
  for (const other of [
    "ping",
    '{"method":"LIST_SUBSCRIPTIONS","id":3}',
    '{"method":"SUBSCRIBE","params":[',
    '"SUBSCRIBE"',
  ]) {
    log.send("c", other, 25);
  }
  log.connect("a", "wss://stream.binance.com/ws/btcusdt%40bookTicker/x@kline_1d@+08:00", 30); // it reconnected
  const at = (connection: string, line: number) => [...log.at(connection, line)];
  expect(at("a", 1)).toEqual([]);
  expect(at("a", 29)).toEqual(["btcusdt@trade", "btcusdt@depth"]);
  expect(at("a", 31)).toEqual(["btcusdt@bookTicker", "x@kline_1d@+08:00"]);
  expect(at("b", 99)).toEqual(["ethusdt@trade", "!miniTicker@arr"]);
  expect(at("c", 9)).toEqual([]);
  expect(at("c", 19)).toEqual(["bnbusdt@trade", "bnbusdt@kline_1d@+08:00"]);
  expect(at("c", 99)).toEqual(["bnbusdt@kline_1d@+08:00"]);
  expect(at("d", 99)).toEqual([]);
});
