import { afterEach, describe, expect, test } from "vitest";
import { createPaper, DEFAULT_INSTRUMENTS, type Paper, type PaperOptions } from "../src/index.ts";
import { RestClient, SocketClient, signedParams } from "./client.ts";

const papers: Paper[] = [];
const sockets: SocketClient[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.close();
  await Promise.all(papers.splice(0).map((paper) => paper.close()));
});

/** A market that stands still but for the test's own orders, with a last trade of AAAUSDT at 100. */
async function setUp(options: PaperOptions = {}) {
  const paper = await createPaper({ market: false, ...options });
  papers.push(paper);
  const rest = new RestClient(paper);
  const trade = async (price: string, quantity = "1") => {
    await rest.place({ side: "SELL", price, quantity, selfTradePreventionMode: "NONE" });
    await rest.place({ side: "BUY", price, quantity, selfTradePreventionMode: "NONE" });
  };
  await trade("100");
  return { paper, rest, trade };
}

/** A good stop order of AAAUSDT unless told otherwise: sells once the price falls to 95. */
function stop(rest: RestClient, fields: Record<string, string | number> = {}) {
  const order = { symbol: "AAAUSDT", side: "SELL", type: "STOP_LOSS", quantity: "1", stopPrice: "95" };
  return rest.signed("POST", "order", { ...order, ...fields });
}

const filter = (name: string) => ({ code: -1013, msg: `Filter failure: ${name}` });
const tooMany = (name: string) => ({ code: -2010, msg: `Filter failure: ${name}` });

describe("a stop order", () => {
  test("waits, is shown as not working, and is a market order once it is triggered", async () => {
    const { rest, trade } = await setUp();
    const { body: placed } = await stop(rest, { newOrderRespType: "RESULT" });
    expect(placed).toMatchObject({ status: "NEW", type: "STOP_LOSS", stopPrice: "95.00000000", workingTime: -1 });
    const { body: waiting } = await rest.signed("GET", "order", { symbol: "AAAUSDT", orderId: placed.orderId });
    expect(waiting).toMatchObject({ isWorking: false, workingTime: -1, stopPrice: "95.00000000", price: "0.00000000" });
    await rest.place({ price: "94", quantity: "3" });
    await trade("95");
    const { body: done } = await rest.signed("GET", "order", { symbol: "AAAUSDT", orderId: placed.orderId });
    // Its own buy was in the way, and the default mode expires that: it ran dry.
    expect(done).toMatchObject({ isWorking: true, status: "EXPIRED", expiryReason: "INSUFFICIENT_LIQUIDITY" });
  });

  test("answers with an ACK unless asked, and tells of its delta and of when the tracking began", async () => {
    const { rest, trade } = await setUp();
    const { body: ack } = await stop(rest);
    expect(Object.keys(ack)).toEqual(["symbol", "orderId", "orderListId", "clientOrderId", "transactTime"]);
    const fields = { stopPrice: "96", trailingDelta: 200, newOrderRespType: "RESULT" };
    const { body: trailing } = await stop(rest, fields);
    expect(trailing).toMatchObject({ stopPrice: "96.00000000", trailingDelta: 200 });
    expect(trailing).not.toHaveProperty("trailingTime");
    await trade("96");
    const { body } = await rest.signed("GET", "order", { symbol: "AAAUSDT", orderId: trailing.orderId });
    expect(body.trailingTime).toBeGreaterThan(1e12);
  });

  test.each([
    ["one that is triggered already", { stopPrice: "100" }, { code: -2010, msg: "Order would trigger immediately." }],
    [
      "one on the wrong side of the market",
      { type: "TAKE_PROFIT", stopPrice: "99" },
      { code: -2010, msg: "Order would trigger immediately." },
    ],
    [
      "one without a stop price and a delta",
      { stopPrice: "" },
      { code: -1105, msg: "Parameter 'stopPrice' was empty." },
    ],
    ["a stop price between ticks", { stopPrice: "95.005" }, filter("PRICE_FILTER")],
    ["a delta too small", { trailingDelta: 9 }, filter("TRAILING_DELTA")],
    ["a delta too large", { trailingDelta: 2001 }, filter("TRAILING_DELTA")],
    ["a delta of 0", { trailingDelta: 0 }, filter("TRAILING_DELTA")],
    ["a price", { price: "94" }, { code: -1106, msg: "Parameter 'price' sent when not required." }],
    [
      "a limit order's without time in force",
      { type: "STOP_LOSS_LIMIT", price: "94" },
      { code: -1102, msg: "Mandatory parameter 'timeInForce' was not sent, was empty/null, or malformed." },
    ],
  ])("is refused: %s", async (_what, fields, error) => {
    const { rest } = await setUp();
    expect(await stop(rest, fields)).toMatchObject({ status: 400, body: error });
  });

  test("needs a stop price or a delta", async () => {
    const { rest } = await setUp();
    const order = { symbol: "AAAUSDT", side: "SELL", type: "TAKE_PROFIT", quantity: "1" };
    expect((await rest.signed("POST", "order", order)).body).toEqual({
      code: -1102,
      msg: "Param 'stopPrice' or 'trailingDelta' must be sent, but both were empty/null!",
    });
  });

  test("tells its account of the acceptance and of the triggering", async () => {
    const { paper, rest, trade } = await setUp();
    const socket = await SocketClient.open(paper.urls.wsApi);
    sockets.push(socket);
    await socket.ask("s", "userDataStream.subscribe.signature", signedParams(paper));
    await stop(rest, { newClientOrderId: "mine", type: "STOP_LOSS_LIMIT", price: "120", timeInForce: "GTC" });
    await trade("95");
    const [accepted, triggered] = await socket.until(
      ({ event }) => event?.e === "executionReport" && event.c === "mine",
      2,
    );
    expect(accepted.event).toMatchObject({ x: "NEW", X: "NEW", w: false, P: "95.00000000", g: -1, r: "NONE" });
    expect(accepted.event).not.toHaveProperty("W");
    expect(triggered.event).toMatchObject({ x: "NEW", X: "NEW", w: true, P: "95.00000000" });
    expect(triggered.event.W).toBeGreaterThan(1e12);
  });
});

describe("an iceberg", () => {
  test("shows a part of itself in the book, and what it is in the answers", async () => {
    const { rest } = await setUp();
    const { body } = await rest.place({ quantity: "2", icebergQty: "0.5" });
    expect(body).toMatchObject({ origQty: "2.00000000", icebergQty: "0.50000000" });
    expect((await rest.get("depth", { symbol: "AAAUSDT" })).body.bids).toEqual([["50.00000000", "0.50000000"]]);
    const { body: orders } = await rest.signed("GET", "openOrders", { symbol: "AAAUSDT" });
    expect(orders).toMatchObject([{ icebergQty: "0.50000000", stopPrice: "0.00000000" }]);
    expect((await rest.signed("GET", "account")).body.balances).toContainEqual(
      expect.objectContaining({ asset: "USDT", locked: "100.00000000" }),
    );
  });
});

describe("what an account may have", () => {
  test("at most 5 orders that wait for a price", async () => {
    const { rest } = await setUp();
    for (let i = 0; i < 5; i++) expect((await stop(rest)).status).toBe(200);
    expect((await stop(rest)).body).toEqual(tooMany("MAX_NUM_ALGO_ORDERS"));
    expect((await rest.place()).status).toBe(200);
  });

  test("at most 10 icebergs", async () => {
    const { rest } = await setUp();
    for (let i = 0; i < 10; i++) expect((await rest.place({ icebergQty: "0.5" })).status).toBe(200);
    expect((await rest.place({ icebergQty: "0.5" })).body).toEqual(tooMany("MAX_NUM_ICEBERG_ORDERS"));
  });

  test("no more of an asset than the instrument says, with its open buys", async () => {
    const instruments = [{ ...DEFAULT_INSTRUMENTS[0]!, maxPosition: "10", maxMarketSize: "3" }];
    const { rest } = await setUp({ instruments, balances: { AAA: "4", USDT: "10000" } });
    expect((await rest.get("exchangeInfo")).body.symbols[0].filters).toContainEqual({
      filterType: "MAX_POSITION",
      maxPosition: "10.00000000",
    });
    expect((await rest.place({ quantity: "5" })).status).toBe(200);
    expect((await rest.place({ quantity: "2" })).body).toEqual(tooMany("MAX_POSITION"));
    expect((await rest.place({ side: "SELL", price: "120", quantity: "2" })).status).toBe(200);
    const market = { symbol: "AAAUSDT", side: "SELL", type: "MARKET", quantity: "3.5" };
    expect((await rest.signed("POST", "order", market)).body).toEqual(filter("MARKET_LOT_SIZE"));
  });

  test("no price further than a factor of 5 from the average", async () => {
    const { rest } = await setUp();
    expect((await rest.place({ price: "19.99" })).body).toEqual(filter("PERCENT_PRICE_BY_SIDE"));
    expect((await rest.place({ side: "SELL", price: "500.01" })).body).toEqual(filter("PERCENT_PRICE_BY_SIDE"));
    expect((await rest.place({ price: "20" })).status).toBe(200);
    expect((await rest.place({ side: "SELL", price: "500" })).status).toBe(200);
  });
});

describe("self-trade prevention", () => {
  test("tells what did not trade, in the answer, in queries and in events", async () => {
    const { paper, rest } = await setUp();
    const socket = await SocketClient.open(paper.urls.wsApi);
    sockets.push(socket);
    await socket.ask("s", "userDataStream.subscribe.signature", signedParams(paper));
    const { body: maker } = await rest.place({ side: "SELL", price: "101", quantity: "6", newClientOrderId: "maker" });
    const { body: taker } = await rest.place({ price: "101", quantity: "2", selfTradePreventionMode: "DECREMENT" });
    const match = { makerOrderId: maker.orderId, price: "101.00000000" };
    const both = { takerPreventedQuantity: "2.00000000", makerPreventedQuantity: "2.00000000" };
    expect(taker).toMatchObject({
      status: "EXPIRED_IN_MATCH",
      preventedQuantity: "2.00000000",
      preventedMatches: [{ preventedMatchId: 1, ...match, ...both }],
    });
    const ids = { symbol: "AAAUSDT", orderId: maker.orderId };
    expect((await rest.signed("GET", "order", ids)).body).toMatchObject({
      status: "NEW",
      origQty: "6.00000000",
      preventedMatchId: 1,
      preventedQuantity: "2.00000000",
    });
    expect((await rest.get("depth", { symbol: "AAAUSDT" })).body.asks).toEqual([["101.00000000", "4.00000000"]]);
    const { body: matches } = await rest.signed("GET", "myPreventedMatches", ids);
    expect(matches).toMatchObject([
      {
        symbol: "AAAUSDT",
        preventedMatchId: 1,
        takerOrderId: taker.orderId,
        makerSymbol: "AAAUSDT",
        ...match,
        tradeGroupId: -1,
        selfTradePreventionMode: "DECREMENT",
        ...both,
      },
    ]);
    const byId = { symbol: "AAAUSDT", preventedMatchId: 1 };
    expect((await rest.signed("GET", "myPreventedMatches", byId)).body).toEqual(matches);
    const [event] = await socket.until(({ event: e }) => e?.x === "TRADE_PREVENTION" && e.c === "maker");
    expect(event.event).toMatchObject({
      X: "NEW",
      v: 1,
      A: "2.00000000",
      B: "2.00000000",
      U: taker.orderId,
      pl: "2.00000000",
      pL: "101.00000000",
      pY: "202.00000000",
      l: "0.00000000",
    });
  });
});
