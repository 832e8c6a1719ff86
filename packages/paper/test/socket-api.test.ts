import { generateKeyPairSync, sign as signWith } from "node:crypto";
import { ManualClock } from "@pitlane/perf/testing";
import { afterEach, describe, expect, test } from "vitest";
import { createPaper, type Paper, type PaperOptions } from "../src/index.ts";
import { RestClient, SocketClient, signedParams } from "./client.ts";

const papers: Paper[] = [];
const clients: SocketClient[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  await Promise.all(papers.splice(0).map((paper) => paper.close()));
});

async function setUp(options: PaperOptions = {}, query = "") {
  const clock = new ManualClock();
  const paper = await createPaper({ market: false, clock, ...options });
  papers.push(paper);
  const nowMs = () => clock.nowUs() / 1000;
  const open = async (suffix = query) => {
    const client = await SocketClient.open(paper.urls.wsApi + suffix);
    clients.push(client);
    return client;
  };
  const signed = (params: Readonly<Record<string, unknown>> = {}) => signedParams(paper, params, nowMs());
  return { paper, clock, nowMs, rest: new RestClient(paper, nowMs), open, signed, client: await open() };
}

const ORDER = { symbol: "AAAUSDT", side: "BUY", type: "LIMIT", timeInForce: "GTC", quantity: "1", price: "50" };

describe("requests", () => {
  test("are answered as over HTTP, with the id as it was sent", async () => {
    const { client, rest, nowMs } = await setUp();
    expect(await client.ask(1, "time")).toMatchObject({ id: 1, status: 200, result: { serverTime: nowMs() } });
    expect((await client.ask("two", "v3/ping")).result).toEqual({});
    client.send({ id: null, method: "ping" });
    await client.until(({ id }) => id === null);
    for (const [method, path, fields] of [
      ["depth", "depth", { symbol: "AAAUSDT", limit: 5 }],
      ["ticker.24hr", "ticker/24hr", { symbol: "AAAUSDT" }],
      ["ticker.book", "ticker/bookTicker", { symbol: "AAAUSDT" }],
      ["klines", "klines", { symbol: "AAAUSDT", interval: "1m" }],
      ["trades.recent", "trades", { symbol: "AAAUSDT" }],
    ] as const) {
      expect((await client.ask(method, method, fields)).result).toEqual((await rest.get(path, fields)).body);
    }
    const info = (await client.ask("info", "exchangeInfo", { symbols: ["AAAUSDT", "BBBUSDT"] })).result;
    expect(info.symbols).toHaveLength(2);
    expect(info.rateLimits).toContainEqual({
      rateLimitType: "CONNECTIONS",
      interval: "MINUTE",
      intervalNum: 5,
      limit: 300,
    });
  });

  test("place, read and cancel orders, with ids as numbers or as text", async () => {
    const { client, signed, paper } = await setUp();
    const placed = await client.ask(1, "order.place", signed({ ...ORDER, newClientOrderId: "mine" }));
    expect(placed.result).toMatchObject({ clientOrderId: "mine", status: "NEW", fills: [] });
    const { orderId } = placed.result;
    expect(
      placed.rateLimits.map(({ rateLimitType, count }: Record<string, unknown>) => [rateLimitType, count]),
    ).toEqual([
      ["ORDERS", 1],
      ["ORDERS", 1],
      ["REQUEST_WEIGHT", 2], // of the connection; the order weighs nothing
    ]);
    const status = await client.ask(2, "order.status", signed({ symbol: "AAAUSDT", orderId: String(orderId) }));
    expect(status.result).toMatchObject({ orderId, clientOrderId: "mine" });
    expect((await client.ask(3, "openOrders.status", signed({ symbol: "AAAUSDT" }))).result).toHaveLength(1);
    expect((await client.ask(4, "order.cancel", signed({ symbol: "AAAUSDT", orderId }))).result.status).toBe(
      "CANCELED",
    );
    await client.ask(5, "order.place", signed(ORDER));
    expect((await client.ask(6, "openOrders.cancelAll", signed({ symbol: "AAAUSDT" }))).result).toHaveLength(1);
    expect((await client.ask(7, "allOrders", signed({ symbol: "AAAUSDT" }))).result).toHaveLength(2);
    expect((await client.ask(8, "myTrades", signed({ symbol: "AAAUSDT" }))).result).toEqual([]);
    expect((await client.ask(9, "account.status", signed())).result.accountType).toBe("SPOT");
    expect(paper.acceptedOrders()).toHaveLength(2);
  });

  test("hide the rate limits when asked to, per request or for the connection", async () => {
    const { client, open } = await setUp();
    expect(await client.ask(1, "ping", { returnRateLimits: false })).not.toHaveProperty("rateLimits");
    expect(await client.ask(2, "ping")).toHaveProperty("rateLimits");
    const quiet = await open("?returnRateLimits=false");
    expect(await quiet.ask(1, "ping")).not.toHaveProperty("rateLimits");
    expect(await quiet.ask(2, "ping", { returnRateLimits: true })).toHaveProperty("rateLimits");
  });

  test.each([
    ["{", null, { code: -1135, msg: "Invalid JSON Request" }],
    ["[1]", null, { code: -1135, msg: "Invalid JSON Request" }],
    ['{"id":{},"method":"ping"}', null, { code: -1130, msg: "Data sent for parameter 'id' is not valid." }],
    ['{"id":1}', 1, { code: -1102, msg: "Mandatory parameter 'method' was not sent, was empty/null, or malformed." }],
    [
      '{"id":"a","method":"ping","params":[]}',
      "a",
      { code: -1130, msg: "Data sent for parameter 'params' is not valid." },
    ],
    ['{"id":1,"method":"order.dance"}', 1, { code: -1020, msg: "This operation is not supported." }],
    ['{"id":1,"method":"depth","params":{"symbol":"NOPE"}}', 1, { code: -1121, msg: "Invalid symbol." }],
    ['{"id":1,"method":"account.status"}', 1, { code: -2014, msg: "API-key format invalid." }],
    [
      '{"id":1,"method":"userDataStream.subscribe"}',
      1,
      { code: -2015, msg: "Invalid API-key, IP, or permissions for action." },
    ],
  ])("answer %s with an error", async (text, id, error) => {
    const { client } = await setUp();
    client.socket.send(text);
    const [answer] = await client.until(() => true);
    expect(answer).toMatchObject({ id, error });
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });

  test("are refused with the time to come back when they weigh too much", async () => {
    const { client, nowMs } = await setUp({ limits: { requestWeightPerMinute: 30 } });
    expect((await client.ask(1, "exchangeInfo")).status).toBe(200);
    const refused = await client.ask(2, "exchangeInfo");
    expect(refused).toMatchObject({
      status: 429,
      error: { code: -1003, data: { serverTime: nowMs(), retryAfter: nowMs() + 60_000 } },
    });
  });
});

describe("user events", () => {
  test("tell of an order's life, fill by fill, and of the balances after each step", async () => {
    const { client, rest, signed, nowMs } = await setUp();
    expect((await client.ask("1", "userDataStream.subscribe.signature", signed())).result).toEqual({
      subscriptionId: 0,
    });
    const time = nowMs();
    await rest.place({ side: "SELL", price: "101", quantity: "2", newClientOrderId: "sell-1" });
    await rest.place({
      side: "BUY",
      price: "102",
      quantity: "3",
      newClientOrderId: "buy-1",
      selfTradePreventionMode: "NONE",
      strategyId: 5,
    });
    await rest.signed("DELETE", "order", {
      symbol: "AAAUSDT",
      origClientOrderId: "buy-1",
      newClientOrderId: "cancel-1",
    });
    const events = (await client.until(({ event }) => event !== undefined, 8)).map(({ subscriptionId, event }) => {
      expect(subscriptionId).toBe(0);
      return event;
    });
    expect(events.map(({ e, c, x, X }) => [e, c, x, X])).toEqual([
      ["executionReport", "sell-1", "NEW", "NEW"],
      ["outboundAccountPosition", undefined, undefined, undefined],
      ["executionReport", "buy-1", "NEW", "NEW"],
      ["executionReport", "buy-1", "TRADE", "PARTIALLY_FILLED"],
      ["executionReport", "sell-1", "TRADE", "FILLED"],
      ["outboundAccountPosition", undefined, undefined, undefined],
      ["executionReport", "cancel-1", "CANCELED", "CANCELED"],
      ["outboundAccountPosition", undefined, undefined, undefined],
    ]);
    expect(events[3]).toEqual({
      e: "executionReport",
      E: time,
      s: "AAAUSDT",
      c: "buy-1",
      S: "BUY",
      o: "LIMIT",
      f: "GTC",
      q: "3.00000000",
      p: "102.00000000",
      P: "0.00000000",
      F: "0.00000000",
      g: -1,
      C: "",
      x: "TRADE",
      X: "PARTIALLY_FILLED",
      r: "NONE",
      i: 2,
      l: "2.00000000",
      z: "2.00000000",
      L: "101.00000000",
      n: "0.00200000",
      N: "AAA",
      T: time,
      t: 1,
      I: 3,
      w: true,
      m: false,
      M: false,
      O: time,
      Z: "202.00000000",
      Y: "202.00000000",
      Q: "0.00000000",
      W: time,
      V: "NONE",
      j: 5,
    });
    expect(events[2]).toMatchObject({ l: "0.00000000", L: "0.00000000", n: "0", N: null, t: -1, Y: "0.00000000" });
    expect(events[4]).toMatchObject({ m: true, n: "0.20200000", N: "USDT", w: false });
    expect(events[6]).toMatchObject({ C: "buy-1", z: "2.00000000" });
    // 3 at 102 were locked; 2 cost 101 each; the last one's 102 came back with the cancel.
    expect(events[5].B).toEqual([
      { a: "AAA", f: "199.99800000", l: "0.00000000" },
      { a: "USDT", f: "99897.79800000", l: "102.00000000" },
    ]);
    expect(events[7].B[1]).toEqual({ a: "USDT", f: "99999.79800000", l: "0.00000000" });
  });

  test("tell why an order expired", async () => {
    const { client, rest, signed } = await setUp();
    await client.ask(1, "userDataStream.subscribe.signature", signed());
    await rest.place({ side: "SELL", price: "101", newClientOrderId: "own" });
    await rest.place({ price: "101", timeInForce: "FOK", quantity: "9", newClientOrderId: "fok" });
    await rest.place({ price: "101", quantity: "1" }); // by default the resting order of the account expires
    const [fok] = await client.until(({ event }) => event?.X === "EXPIRED");
    expect(fok.event).toMatchObject({ c: "fok", x: "EXPIRED", eR: "UNFILLED_FOK_ORDER_EXPIRED" });
    const [prevented] = await client.until(({ event }) => event?.X === "EXPIRED_IN_MATCH");
    expect(prevented.event).toMatchObject({
      c: "own",
      x: "TRADE_PREVENTION",
      l: "0.00000000",
      L: "0.00000000",
      v: 1,
      A: "1.00000000",
      pl: "1.00000000",
      pL: "101.00000000",
      V: "EXPIRE_MAKER",
    });
  });

  test("may be subscribed to once per connection, listed and ended", async () => {
    const { client, open, rest, signed } = await setUp();
    await client.ask(1, "userDataStream.subscribe.signature", signed());
    expect((await client.ask(2, "userDataStream.subscribe.signature", signed())).error.code).toBe(-2035);
    expect((await client.ask(3, "session.subscriptions")).result).toEqual([{ subscriptionId: 0 }]);
    const other = await open();
    await other.ask(1, "userDataStream.subscribe.signature", signed());
    expect((await client.ask(4, "userDataStream.unsubscribe", { subscriptionId: 7 })).error.code).toBe(-2036);
    expect((await client.ask(5, "userDataStream.unsubscribe", { subscriptionId: 0 })).result).toEqual({});
    await rest.place();
    await other.until(({ event }) => event?.e === "outboundAccountPosition");
    await client.ask(6, "ping");
    expect(client.messages.filter(({ event }) => event !== undefined)).toEqual([]);
    expect((await client.ask(7, "userDataStream.subscribe.signature", signed())).result).toEqual({ subscriptionId: 1 });
  });

  test("need a good signature", async () => {
    const { client, signed } = await setUp();
    const bad = { ...signed(), signature: "0".repeat(64) };
    expect((await client.ask(1, "userDataStream.subscribe.signature", bad)).error.code).toBe(-1022);
  });
});

describe("a session", () => {
  test("is refused to an HMAC key", async () => {
    const { client, signed } = await setUp();
    expect((await client.ask(1, "session.logon", signed())).error).toEqual({
      code: -4056,
      msg: "HMAC_SHA256 API key is not supported.",
    });
  });

  test("logs on with Ed25519, and then needs no key and no signature", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ed25519");
    const { client, paper, rest, nowMs } = await setUp({
      publicKey: publicKey.export({ format: "pem", type: "spki" }).toString(),
    });
    const payload = `apiKey=${paper.apiKey}&timestamp=${nowMs()}`;
    const signature = signWith(null, Buffer.from(payload), privateKey).toString("base64");
    const logon = await client.ask(1, "session.logon", { apiKey: paper.apiKey, timestamp: nowMs(), signature });
    expect(logon.result).toMatchObject({ apiKey: paper.apiKey, authorizedSince: nowMs(), userDataStream: false });
    expect((await client.ask(2, "order.place", { ...ORDER, timestamp: nowMs() })).status).toBe(200);
    expect((await client.ask(3, "order.place", ORDER)).error.code).toBe(-1102); // timestamp stays mandatory
    expect((await client.ask(4, "userDataStream.subscribe", {})).result).toEqual({ subscriptionId: 0 });
    await rest.place();
    await client.until(({ event }) => event?.x === "NEW");
    expect((await client.ask(5, "session.logout")).result.apiKey).toBeNull();
    expect((await client.ask(6, "session.status")).result.apiKey).toBeNull();
    expect((await client.ask(7, "order.place", { ...ORDER, timestamp: nowMs() })).error.code).toBe(-2014);
  });

  test("is refused when the signature is another key's", async () => {
    const { publicKey } = generateKeyPairSync("ed25519");
    const stranger = generateKeyPairSync("ed25519").privateKey;
    const { client, paper, nowMs } = await setUp({
      publicKey: publicKey.export({ format: "pem", type: "spki" }).toString(),
    });
    const payload = `apiKey=${paper.apiKey}&timestamp=${nowMs()}`;
    const signature = signWith(null, Buffer.from(payload), stranger).toString("base64");
    expect(
      (await client.ask(1, "session.logon", { apiKey: paper.apiKey, timestamp: nowMs(), signature })).error.code,
    ).toBe(-1022);
  });
});
