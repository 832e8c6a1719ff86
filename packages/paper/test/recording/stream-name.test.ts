import { expect, test } from "vitest";
import { LineProblem } from "../../src/recording/errors.ts";
import { shownStream, streamOfEvent } from "../../src/recording/stream-name.ts";
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
  [{ e: "markPriceUpdate", s: "BTCUSDT" }, "btcusdt@markPrice"],
  [{ e: "1hTicker", s: "BTCUSDT" }, "btcusdt@ticker_1h"],
  [{ e: "blockTrade", s: "BTCUSDT" }, "btcusdt@blockTrade"],
  [{ e: "forceOrder", E: 1, o: { s: "BTCUSDT" } }, "btcusdt@forceOrder"],
  [{ e: "indexPriceUpdate", i: "BTCUSD" }, "btcusd@indexPrice"],
  [{ e: "continuous_kline", ps: "BTCUSDT", ct: "PERPETUAL", k: { i: "1m" } }, "btcusdt_perpetual@continuousKline_1m"],
  [{ e: "contractInfo", s: "BTCUSDT" }, "!contractInfo"],
  [[{ e: "24hrMiniTicker", s: "BTCUSDT" }], "!miniTicker@arr"],
  [[{ e: "24hrTicker", s: "BTCUSDT" }], "!ticker@arr"],
  [[{ e: "markPriceUpdate", s: "BTCUSDT" }], "!markPrice@arr"],
  [{ e: "executionReport", s: "BTCUSDT" }, "userData"],
  [{ e: "outboundAccountPosition" }, "userData"],
  [{ e: "balanceUpdate" }, "userData"],
  [{ e: "listStatus", s: "BTCUSDT" }, "userData"],
  [{ e: "listenKeyExpired", listenKey: "x" }, "userData"],
  [{ e: "eventStreamTerminated" }, "userData"],
  [{ e: "externalLockUpdate" }, "userData"],
  [{ e: "ORDER_TRADE_UPDATE", o: { s: "BTCUSDT" } }, "userData"],
  [{ e: "ACCOUNT_UPDATE" }, "userData"],
  [{ e: "TRADE_LITE", s: "BTCUSDT" }, "userData"],
  [{ subscriptionId: 0, event: { e: "executionReport" } }, "userData"],
])("names the stream of %j", (event, stream) => {
  expect(streamOfEvent(event, none)).toEqual({ stream, doubt: undefined });
  // What else the connection carries changes nothing, be it much or one stream alone.
  expect(streamOfEvent(event, new Set(["ethusdt@trade", "btcusdt@kline_1m", "btcusdt@depth"])).stream).toBe(stream);
  expect(streamOfEvent(event, new Set(["ethusdt@kline_1s"])).stream).toBe(stream);
});

const depthEvent = { e: "depthUpdate", s: "BTCUSDT", U: 1, u: 1, b: [], a: [] };

test("takes depth from the one depth stream the connection has for the symbol", () => {
  const streams = new Set(["ethusdt@depth", "btcusdt@depth@100ms", "btcusdt@depth20", "btcusdt@trade"]);
  expect(streamOfEvent(depthEvent, streams)).toEqual({ stream: "btcusdt@depth@100ms", doubt: undefined });
});

test("says what it cannot tell: a depth stream's speed, or which of two streams like each other", () => {
  expect(streamOfEvent(depthEvent, none)).toEqual({ stream: "btcusdt@depth", doubt: "speed" });
  expect(streamOfEvent(depthEvent, new Set(["btcusdt@depth@100ms", "btcusdt@depth"]))).toEqual({
    stream: "btcusdt@depth",
    doubt: "which",
  });
  const bar = { e: "kline", s: "BTCUSDT", k: { i: "1d" } };
  const days = new Set(["btcusdt@kline_1d@+08:00", "btcusdt@kline_1d"]);
  expect(streamOfEvent(bar, days)).toEqual({ stream: "btcusdt@kline_1d", doubt: "which" });
});

test("does not take the best levels of a future for a diff", () => {
  const event = { ...depthEvent, pu: 0 };
  expect(streamOfEvent(event, new Set(["btcusdt@depth20@100ms", "btcusdt@trade"])).stream).toBe(
    "btcusdt@depth20@100ms",
  );
  for (const other of ["btcusdt@depth20@100ms", "btcusdt@rpiDepth@500ms"]) {
    expect(() => streamOfEvent(event, new Set(["btcusdt@depth@100ms", other]))).toThrow(
      `may have come from btcusdt@depth@100ms or ${other}`,
    );
  }
});

test("takes spot's best levels, which name no symbol, from the one stream that has them", () => {
  const event = { lastUpdateId: 1, bids: [], asks: [] };
  const of = (...streams: readonly string[]) => streamOfEvent(event, new Set(streams)).stream;
  expect(of("btcusdt@depth5")).toBe("btcusdt@depth5");
  expect(of("btcusdt@depth20@100ms", "btcusdt@trade", "btcusdt@depth@100ms")).toBe("btcusdt@depth20@100ms");
  expect(of("btcusdt@depth20", "ethusdt@depth20")).toBe("!partialDepth");
});

test("takes an event that says nothing from the only stream of the connection", () => {
  expect(streamOfEvent({ a: 1 }, new Set(["btcusdt@rare"]))).toEqual({ stream: "btcusdt@rare", doubt: undefined });
  expect(streamOfEvent([], new Set(["!miniTicker@arr"])).stream).toBe("!miniTicker@arr");
  for (const only of ["btcusdt@depth@100ms", "btcusdt@trade", "btcusdt@kline_1m"]) {
    expect(() => streamOfEvent({}, new Set([only]))).toThrow(LineProblem);
  }
});

test("takes an event of all symbols from the stream of all symbols", () => {
  const event = { e: "bookTicker", s: "BTCUSDT" };
  expect(streamOfEvent(event, new Set(["!bookTicker", "btcusdt@trade"])).stream).toBe("!bookTicker");
  expect(streamOfEvent({ e: "forceOrder", o: { s: "BTCUSDT" } }, new Set(["!forceOrder@arr", "x@trade"])).stream).toBe(
    "!forceOrder@arr",
  );
  const bar = { e: "kline", s: "BTCUSDT", k: { i: "1d" } };
  expect(streamOfEvent(bar, new Set(["btcusdt@kline_1d@+08:00", "x@trade"])).stream).toBe("btcusdt@kline_1d@+08:00");
});

test("shows no listen key", () => {
  expect(shownStream("pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65a1")).toBe("userData");
  for (const stream of ["btcusdt@trade", "!miniTicker@arr", "1000000000000000satsusdt@trade"]) {
    expect(shownStream(stream)).toBe(stream);
  }
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
  log.answer("c", 9, 21); // of another request
  log.answer("c", 2, 22);
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
  expect(at("c", 22)).toEqual(["bnbusdt@trade", "bnbusdt@kline_1d@+08:00"]); // what was under way may come
  expect(at("c", 99)).toEqual(["bnbusdt@kline_1d@+08:00"]);
  expect(at("d", 99)).toEqual([]);
});

test("tells the sockets of one connection apart", () => {
  const log = new SubscriptionLog("a.jsonl");
  log.connect("a", "wss://stream.binance.com/ws/btcusdt@trade", 2);
  log.connect("a", "wss://stream.binance.com/ws/btcusdt@trade", 30);
  log.send("b", '{"method":"SUBSCRIBE","params":["btcusdt@trade"],"id":1}', 31);
  expect(log.socketAt("a", 3)).toBe(log.socketAt("a", 30));
  expect(log.socketAt("a", 31)).not.toBe(log.socketAt("a", 30));
  expect(log.socketAt("b", 40)).toBe("b");
});
