import { ManualClock } from "@pitlane/perf/testing";
import { afterEach, describe, expect, test } from "vitest";
import { createPaper, type Paper, type PaperOptions } from "../src/index.ts";
import { formOf, RestClient, sign } from "./client.ts";

const papers: Paper[] = [];

afterEach(async () => {
  await Promise.all(papers.splice(0).map((paper) => paper.close()));
});

/** A market that stands still but for the test's own orders. */
async function setUp(options: PaperOptions = {}) {
  const paper = await createPaper({ market: false, ...options });
  papers.push(paper);
  return { paper, rest: new RestClient(paper) };
}

/** As `setUp`, on a clock that the test moves; the clients keep its time. */
async function setUpClock(options: PaperOptions = {}) {
  const clock = new ManualClock();
  const { paper } = await setUp({ ...options, clock });
  return { paper, clock, rest: new RestClient(paper, () => clock.nowUs() / 1000) };
}

describe("market data", () => {
  test("says what it lists, with the filters it checks", async () => {
    const { rest } = await setUp();
    expect((await rest.get("ping")).body).toEqual({});
    const { body } = await rest.get("exchangeInfo", { symbol: "BBBUSDT" });
    expect(body.rateLimits).toContainEqual({
      rateLimitType: "ORDERS",
      interval: "SECOND",
      intervalNum: 10,
      limit: 10_000,
    });
    expect(body.symbols).toHaveLength(1);
    expect(body.symbols[0]).toMatchObject({
      symbol: "BBBUSDT",
      status: "TRADING",
      baseAsset: "BBB",
      quoteAsset: "USDT",
      orderTypes: [
        "LIMIT",
        "LIMIT_MAKER",
        "MARKET",
        "STOP_LOSS",
        "STOP_LOSS_LIMIT",
        "TAKE_PROFIT",
        "TAKE_PROFIT_LIMIT",
      ],
      icebergAllowed: true,
      ocoAllowed: true,
      otoAllowed: true,
      opoAllowed: true,
      allowTrailingStop: true,
      cancelReplaceAllowed: true,
      amendAllowed: true,
      pegInstructionsAllowed: false,
      permissionSets: [["SPOT"]],
      defaultSelfTradePreventionMode: "EXPIRE_MAKER",
    });
    expect(body.symbols[0].filters).toEqual([
      { filterType: "PRICE_FILTER", minPrice: "0.50000000", maxPrice: "1000000.00000000", tickSize: "0.50000000" },
      { filterType: "LOT_SIZE", minQty: "0.00010000", maxQty: "9000.00000000", stepSize: "0.00010000" },
      { filterType: "ICEBERG_PARTS", limit: 100 },
      { filterType: "MARKET_LOT_SIZE", minQty: "0.00000000", maxQty: "9000.00000000", stepSize: "0.00000000" },
      {
        filterType: "TRAILING_DELTA",
        minTrailingAboveDelta: 10,
        maxTrailingAboveDelta: 2000,
        minTrailingBelowDelta: 10,
        maxTrailingBelowDelta: 2000,
      },
      {
        filterType: "PERCENT_PRICE_BY_SIDE",
        bidMultiplierUp: "5",
        bidMultiplierDown: "0.2",
        askMultiplierUp: "5",
        askMultiplierDown: "0.2",
        avgPriceMins: 5,
      },
      {
        filterType: "NOTIONAL",
        minNotional: "5.00000000",
        applyMinToMarket: true,
        maxNotional: "9000000.00000000",
        applyMaxToMarket: false,
        avgPriceMins: 5,
      },
      { filterType: "MAX_NUM_ORDERS", maxNumOrders: 200 },
      { filterType: "MAX_NUM_ORDER_LISTS", maxNumOrderLists: 20 },
      { filterType: "MAX_NUM_ALGO_ORDERS", maxNumAlgoOrders: 5 },
      { filterType: "MAX_NUM_ICEBERG_ORDERS", maxNumIcebergOrders: 10 },
      { filterType: "MAX_NUM_ORDER_AMENDS", maxNumOrderAmends: 10 },
    ]);
    // Clients send the list with raw or with encoded brackets.
    for (const symbols of ['["AAAUSDT","CCCUSDT"]', "%5B%22AAAUSDT%22,%22CCCUSDT%22%5D"]) {
      const answer = await rest.send("GET", `/api/v3/exchangeInfo?symbols=${symbols}`);
      expect(answer.body.symbols.map(({ symbol }: { symbol: string }) => symbol)).toEqual(["AAAUSDT", "CCCUSDT"]);
    }
    expect((await rest.get("exchangeInfo", { symbolStatus: "HALT" })).body.symbols).toEqual([]);
  });

  test("shows trades, aggregates, candles and tickers of what was traded", async () => {
    const { rest, clock } = await setUpClock();
    await rest.place({ side: "SELL", quantity: "2", price: "101" });
    await rest.place({ side: "SELL", quantity: "2", price: "101" });
    await rest.place({ side: "SELL", quantity: "2", price: "103" });
    clock.advance({ ms: 61_000 });
    const { body: bought } = await rest.place({
      type: "MARKET",
      quantity: "5",
      price: "",
      timeInForce: "",
      selfTradePreventionMode: "NONE",
    });
    expect(bought).toEqual({ code: -1106, msg: "Parameter 'price' sent when not required." });
    const order = { symbol: "AAAUSDT", side: "BUY", type: "MARKET", quantity: "5", selfTradePreventionMode: "NONE" };
    expect((await rest.signed("POST", "order", order)).body.status).toBe("FILLED");

    const time = clock.nowUs() / 1000;
    expect((await rest.get("trades", { symbol: "AAAUSDT" })).body).toEqual([
      {
        id: 1,
        price: "101.00000000",
        qty: "2.00000000",
        quoteQty: "202.00000000",
        time,
        isBuyerMaker: false,
        isBestMatch: true,
      },
      {
        id: 2,
        price: "101.00000000",
        qty: "2.00000000",
        quoteQty: "202.00000000",
        time,
        isBuyerMaker: false,
        isBestMatch: true,
      },
      {
        id: 3,
        price: "103.00000000",
        qty: "1.00000000",
        quoteQty: "103.00000000",
        time,
        isBuyerMaker: false,
        isBestMatch: true,
      },
    ]);
    const historical = await rest.get("historicalTrades", { symbol: "AAAUSDT", fromId: 2, limit: 1 });
    expect(historical.body.map(({ id }: { id: number }) => id)).toEqual([2]);
    expect((await rest.get("aggTrades", { symbol: "AAAUSDT", startTime: time, endTime: time })).body).toEqual([
      { a: 1, p: "101.00000000", q: "4.00000000", f: 1, l: 2, T: time, m: false, M: true },
      { a: 2, p: "103.00000000", q: "1.00000000", f: 3, l: 3, T: time, m: false, M: true },
    ]);
    expect((await rest.get("aggTrades", { symbol: "AAAUSDT", startTime: time + 1 })).body).toEqual([]);
    clock.advance({ ms: 1000 });
    const seconds = (await rest.get("klines", { symbol: "AAAUSDT", interval: "1s" })).body;
    expect(seconds).toHaveLength(2);
    expect(seconds[0]).toEqual([
      time,
      "101.00000000",
      "103.00000000",
      "101.00000000",
      "103.00000000",
      "5.00000000",
      time + 999,
      "507.00000000",
      3,
      "5.00000000",
      "507.00000000",
      "0",
    ]);
    expect(seconds[1].slice(1, 6)).toEqual([
      "103.00000000",
      "103.00000000",
      "103.00000000",
      "103.00000000",
      "0.00000000",
    ]);
    for (const interval of ["1m", "5m", "1h", "1M"]) {
      expect((await rest.get("klines", { symbol: "AAAUSDT", interval })).body[0][8]).toBe(3);
    }
    expect((await rest.get("ticker/24hr", { symbol: "AAAUSDT" })).body).toMatchObject({
      symbol: "AAAUSDT",
      priceChange: "2.00000000",
      priceChangePercent: "1.980",
      weightedAvgPrice: "101.40000000",
      lastPrice: "103.00000000",
      lastQty: "1.00000000",
      bidPrice: "0.00000000",
      bidQty: "0.00000000",
      askPrice: "103.00000000",
      askQty: "1.00000000",
      openPrice: "101.00000000",
      highPrice: "103.00000000",
      volume: "5.00000000",
      quoteVolume: "507.00000000",
      closeTime: clock.nowUs() / 1000,
      firstId: 1,
      lastId: 3,
      count: 3,
    });
    expect((await rest.get("ticker/price")).body).toHaveLength(4);
    expect((await rest.get("ticker/price", { symbol: "AAAUSDT" })).body).toEqual({
      symbol: "AAAUSDT",
      price: "103.00000000",
    });
    expect((await rest.get("avgPrice", { symbol: "AAAUSDT" })).body).toMatchObject({ mins: 5, price: "101.40000000" });
    expect((await rest.get("ticker/bookTicker", { symbols: '["AAAUSDT"]' })).body).toEqual([
      {
        symbol: "AAAUSDT",
        bidPrice: "0.00000000",
        bidQty: "0.00000000",
        askPrice: "103.00000000",
        askQty: "1.00000000",
      },
    ]);
  });

  test("shows the best levels of the book, and times in the unit asked for", async () => {
    const { rest } = await setUp();
    for (const price of ["50", "51", "52"]) await rest.place({ price });
    await rest.place({ side: "SELL", price: "150.25", quantity: "0.125" });
    expect((await rest.get("depth", { symbol: "AAAUSDT", limit: 2 })).body).toEqual({
      lastUpdateId: 4,
      bids: [
        ["52.00000000", "1.00000000"],
        ["51.00000000", "1.00000000"],
      ],
      asks: [["150.25000000", "0.12500000"]],
    });
    const { body } = await rest.send("GET", "/api/v3/time", { headers: { "X-MBX-TIME-UNIT": "MICROSECOND" } });
    expect(body.serverTime).toBeGreaterThan(1e15);
  });
});

describe("orders", () => {
  test("answers with as much as was asked for", async () => {
    const { rest, clock } = await setUpClock();
    const transactTime = clock.nowUs() / 1000;
    const ack = { symbol: "AAAUSDT", orderId: 1, orderListId: -1, clientOrderId: "mine-1", transactTime };
    expect((await rest.place({ newClientOrderId: "mine-1", newOrderRespType: "ACK" })).body).toEqual(ack);
    const result = {
      ...ack,
      orderId: 2,
      clientOrderId: "mine-2",
      price: "50.00000000",
      origQty: "1.00000000",
      executedQty: "0.00000000",
      origQuoteOrderQty: "0.00000000",
      cummulativeQuoteQty: "0.00000000",
      status: "NEW",
      timeInForce: "GTC",
      type: "LIMIT",
      side: "BUY",
      workingTime: transactTime,
      selfTradePreventionMode: "EXPIRE_MAKER",
    };
    expect((await rest.place({ newClientOrderId: "mine-2", newOrderRespType: "RESULT" })).body).toEqual(result);
    const full = { ...result, orderId: 3, clientOrderId: "mine-3", fills: [] };
    expect((await rest.place({ newClientOrderId: "mine-3" })).body).toEqual(full);
    const maker = { symbol: "AAAUSDT", side: "BUY", type: "LIMIT_MAKER", quantity: "1", price: "50" };
    expect(Object.keys((await rest.signed("POST", "order", maker)).body)).toEqual(Object.keys(ack));
  });

  test("fills with commission in what was received", async () => {
    const { rest } = await setUp({ takerFee: "0.002" });
    await rest.place({ side: "SELL", quantity: "2", price: "101" });
    const { body } = await rest.place({
      price: "102",
      quantity: "0.5",
      selfTradePreventionMode: "NONE",
      strategyId: 7,
    });
    expect(body).toMatchObject({
      status: "FILLED",
      executedQty: "0.50000000",
      cummulativeQuoteQty: "50.50000000",
      strategyId: 7,
    });
    expect(body.fills).toEqual([
      { price: "101.00000000", qty: "0.50000000", commission: "0.00100000", commissionAsset: "AAA", tradeId: 1 },
    ]);
    expect((await rest.signed("GET", "myTrades", { symbol: "AAAUSDT" })).body).toMatchObject([
      { id: 1, orderId: body.orderId, isBuyer: true, isMaker: false, commission: "0.00100000", commissionAsset: "AAA" },
      {
        id: 1,
        isBuyer: false,
        isMaker: true,
        commission: "0.05050000",
        commissionAsset: "USDT",
        quoteQty: "50.50000000",
      },
    ]);
    expect((await rest.signed("GET", "myTrades", { symbol: "AAAUSDT", orderId: body.orderId })).body).toHaveLength(1);
    expect((await rest.signed("GET", "myTrades", { symbol: "AAAUSDT", fromId: 2 })).body).toEqual([]);
  });

  test("ends IOC, FOK and market orders at once, with the reason", async () => {
    const { rest } = await setUp();
    await rest.place({ side: "SELL", quantity: "1", price: "101" });
    const taker = { price: "101", quantity: "3", selfTradePreventionMode: "NONE" };
    expect((await rest.place({ ...taker, timeInForce: "FOK" })).body).toMatchObject({
      status: "EXPIRED",
      executedQty: "0.00000000",
      expiryReason: "UNFILLED_FOK_ORDER_EXPIRED",
    });
    expect((await rest.place({ ...taker, timeInForce: "IOC" })).body).toMatchObject({
      status: "EXPIRED",
      executedQty: "1.00000000",
      expiryReason: "UNFILLED_IOC_QUANTITY_EXPIRED",
    });
    const market = { symbol: "AAAUSDT", side: "BUY", type: "MARKET", quantity: "1" };
    expect((await rest.signed("POST", "order", market)).body).toMatchObject({
      status: "EXPIRED",
      expiryReason: "INSUFFICIENT_LIQUIDITY",
    });
  });

  test("reads an order by id and by client id, before and after its cancel", async () => {
    const { rest } = await setUp();
    const { body: placed } = await rest.place({ newClientOrderId: "first" });
    const { orderId } = placed;
    const ask = (fields: Record<string, string | number>) =>
      rest.signed("GET", "order", { symbol: "AAAUSDT", ...fields });
    const shown = (await ask({ orderId })).body;
    expect(shown).toEqual({
      symbol: "AAAUSDT",
      orderId,
      orderListId: -1,
      clientOrderId: "first",
      price: "50.00000000",
      origQty: "1.00000000",
      executedQty: "0.00000000",
      origQuoteOrderQty: "0.00000000",
      cummulativeQuoteQty: "0.00000000",
      status: "NEW",
      timeInForce: "GTC",
      type: "LIMIT",
      side: "BUY",
      stopPrice: "0.00000000",
      icebergQty: "0.00000000",
      time: placed.transactTime,
      updateTime: placed.transactTime,
      isWorking: true,
      workingTime: placed.transactTime,
      selfTradePreventionMode: "EXPIRE_MAKER",
    });
    expect((await ask({ origClientOrderId: "first" })).body).toEqual(shown);
    expect((await ask({ orderId, origClientOrderId: "other" })).body.code).toBe(-2039);
    expect((await rest.signed("GET", "openOrders")).body).toEqual([shown]);

    const cancel = { symbol: "AAAUSDT", origClientOrderId: "first", newClientOrderId: "the-cancel" };
    expect(
      (await rest.signed("DELETE", "order", { ...cancel, cancelRestrictions: "ONLY_PARTIALLY_FILLED" })).body,
    ).toEqual({
      code: -2011,
      msg: "Order was not canceled due to cancel restrictions.",
    });
    expect((await rest.signed("DELETE", "order", cancel)).body).toMatchObject({
      origClientOrderId: "first",
      clientOrderId: "the-cancel",
      orderId,
      status: "CANCELED",
    });
    for (const fields of [{ orderId }, { origClientOrderId: "first" }, { origClientOrderId: "the-cancel" }]) {
      expect((await ask(fields)).body).toMatchObject({ orderId, status: "CANCELED", clientOrderId: "the-cancel" });
    }
    expect((await rest.signed("DELETE", "order", cancel)).body).toEqual({ code: -2011, msg: "Unknown order sent." });
    expect((await rest.place({ newClientOrderId: "first" })).status).toBe(200);
    expect((await rest.signed("GET", "allOrders", { symbol: "AAAUSDT" })).body).toHaveLength(2);
    expect((await rest.signed("GET", "allOrders", { symbol: "AAAUSDT", orderId: orderId + 1 })).body).toHaveLength(1);
  });

  test("cancels all orders of a symbol, and says when there is none", async () => {
    const { rest } = await setUp();
    await rest.place();
    await rest.place();
    await rest.place({ symbol: "CCCUSDT", price: "0.1", quantity: "100" });
    const canceled = await rest.signed("DELETE", "openOrders", { symbol: "AAAUSDT" });
    expect(canceled.body.map(({ status }: { status: string }) => status)).toEqual(["CANCELED", "CANCELED"]);
    expect((await rest.signed("DELETE", "openOrders", { symbol: "AAAUSDT" })).body.code).toBe(-2011);
    expect((await rest.signed("GET", "openOrders")).body).toHaveLength(1);
  });

  test("tests an order without placing it", async () => {
    const { rest, paper } = await setUp();
    const order = { symbol: "AAAUSDT", side: "BUY", type: "LIMIT", timeInForce: "GTC", quantity: "1", price: "50" };
    expect((await rest.signed("POST", "order/test", order)).body).toEqual({});
    const rates = await rest.signed("POST", "order/test", { ...order, computeCommissionRates: true });
    expect(rates.body.standardCommissionForOrder).toEqual({ maker: "0.00100000", taker: "0.00100000" });
    expect((await rest.signed("POST", "order/test", { ...order, price: "50.005" })).body.code).toBe(-1013);
    expect(paper.acceptedOrders()).toEqual([]);
  });

  test("shows the account, what orders lock in it, and its commission", async () => {
    const { rest } = await setUp({ balances: { USDT: "1000", AAA: "0.5", BTC: "0" }, makerFee: "0.0005" });
    await rest.place({ quantity: "2" });
    const { body } = await rest.signed("GET", "account");
    expect(body).toMatchObject({
      makerCommission: 5,
      takerCommission: 10,
      canTrade: true,
      accountType: "SPOT",
      permissions: ["SPOT"],
    });
    expect(body.balances.slice(0, 3)).toEqual([
      { asset: "USDT", free: "900.00000000", locked: "100.00000000" },
      { asset: "AAA", free: "0.50000000", locked: "0.00000000" },
      { asset: "BTC", free: "0.00000000", locked: "0.00000000" },
    ]);
    expect((await rest.signed("GET", "account", { omitZeroBalances: "true" })).body.balances).toHaveLength(2);
    const { body: commission } = await rest.signed("GET", "account/commission", { symbol: "AAAUSDT" });
    expect(commission.standardCommission).toMatchObject({ maker: "0.00050000", taker: "0.00100000" });
  });
});

describe("what it refuses, in the venue's words", () => {
  const filter = (name: string) => ({ code: -1013, msg: `Filter failure: ${name}` });
  const notSent = (name: string) => ({
    code: -1102,
    msg: `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`,
  });
  test.each([
    ["an unknown symbol", { symbol: "NOPE" }, { code: -1121, msg: "Invalid symbol." }],
    ["no symbol", { symbol: "" }, notSent("symbol")],
    ["a price between ticks", { price: "50.005" }, filter("PRICE_FILTER")],
    ["a price of zero", { price: "0" }, filter("PRICE_FILTER")],
    ["a price beyond the highest", { price: "1000000.01" }, filter("PRICE_FILTER")],
    ["a quantity between steps", { quantity: "1.0005" }, filter("LOT_SIZE")],
    ["a quantity below the least", { quantity: "0.000" }, filter("LOT_SIZE")],
    ["a quantity above the most", { quantity: "90000.001" }, filter("LOT_SIZE")],
    ["too small a notional", { quantity: "0.099" }, filter("NOTIONAL")],
    ["too large a notional", { quantity: "90000", price: "101" }, filter("NOTIONAL")],
    ["too many decimals", { price: "50.000000001" }, { code: -1111, msg: "Parameter 'price' has too much precision." }],
    [
      "an exponent",
      { quantity: "1e3" },
      {
        code: -1100,
        msg: "Illegal characters found in parameter 'quantity'; legal range is '^([0-9]{1,20})(\\.[0-9]{1,20})?$'.",
      },
    ],
    ["another side", { side: "LONG" }, { code: -1117, msg: "Invalid side." }],
    ["another type", { type: "LIMITED" }, { code: -1116, msg: "Invalid orderType." }],
    [
      "a price on a stop order",
      { type: "STOP_LOSS", quantity: "", price: "", timeInForce: "" },
      { code: -1106, msg: "Parameter 'price' sent when not required." },
    ],
    ["another time in force", { timeInForce: "GTX" }, { code: -1115, msg: "Invalid timeInForce." }],
    ["no time in force", { timeInForce: "" }, notSent("timeInForce")],
    ["no price", { price: "" }, notSent("price")],
    ["an empty client id", { newClientOrderId: "" }, { code: -1105, msg: "Parameter 'newClientOrderId' was empty." }],
    [
      "a time in force on a post-only order",
      { type: "LIMIT_MAKER" },
      { code: -1106, msg: "Parameter 'timeInForce' sent when not required." },
    ],
    ["a stop price", { stopPrice: "40" }, { code: -1106, msg: "Parameter 'stopPrice' sent when not required." }],
    ["an iceberg larger than the order", { icebergQty: "1.1" }, { code: -2010, msg: "IcebergQty exceeds QTY." }],
    ["an iceberg of too many parts", { icebergQty: "0.009" }, filter("ICEBERG_PARTS")],
    ["an iceberg between steps", { icebergQty: "0.0095" }, filter("LOT_SIZE")],
    [
      "an iceberg that may not rest",
      { icebergQty: "0.1", timeInForce: "IOC" },
      { code: -2010, msg: "Unsupported order combination" },
    ],
    [
      "a quote amount on a limit order",
      { quoteOrderQty: "10" },
      { code: -1106, msg: "Parameter 'quoteOrderQty' sent when not required." },
    ],
    [
      "a client id with a space",
      { newClientOrderId: "my order" },
      {
        code: -1100,
        msg: "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_]{1,36}$'.",
      },
    ],
    [
      "a client id of 37 letters",
      { newClientOrderId: "a".repeat(37) },
      {
        code: -1100,
        msg: "Illegal characters found in parameter 'newClientOrderId'; legal range is '^[a-zA-Z0-9-_]{1,36}$'.",
      },
    ],
    [
      "another answer type",
      { newOrderRespType: "SHORT" },
      { code: -1130, msg: "Data sent for parameter 'newOrderRespType' is not valid." },
    ],
    [
      "a prevention mode it does not have",
      { selfTradePreventionMode: "TRANSFER" },
      { code: -1013, msg: "This symbol does not allow the specified self-trade prevention mode." },
    ],
    [
      "a strategy type too small",
      { strategyType: 999_999 },
      { code: -1134, msg: "`strategyType` was less than 1000000." },
    ],
    [
      "an unknown parameter",
      { reduceOnly: "true" },
      { code: -1104, msg: "Not all sent parameters were read; read '8' parameter(s) but was sent '9'." },
    ],
    [
      "more than it has",
      { quantity: "5000" },
      { code: -2010, msg: "Account has insufficient balance for requested action." },
    ],
  ])("%s", async (_what, fields, error) => {
    const { rest, paper } = await setUp();
    const { status, body } = await rest.place(fields);
    expect(body).toEqual(error);
    expect(status).toBe(400);
    expect(paper.acceptedOrders()).toEqual([]);
  });

  test("a client id that an open order has, and a post-only order that would trade", async () => {
    const { rest, paper } = await setUp();
    await rest.place({ side: "SELL", price: "101", newClientOrderId: "same" });
    expect((await rest.place({ newClientOrderId: "same" })).body).toEqual({
      code: -2010,
      msg: "Duplicate order sent.",
    });
    const maker = { symbol: "AAAUSDT", side: "BUY", type: "LIMIT_MAKER", quantity: "1", price: "101" };
    expect((await rest.signed("POST", "order", maker)).body).toEqual({
      code: -2010,
      msg: "Order would immediately match and take.",
    });
    const quote = { symbol: "BBBUSDT", side: "BUY", type: "MARKET", quoteOrderQty: "100" };
    expect((await rest.signed("POST", "order", quote)).body).toEqual({
      code: -2010,
      msg: "Order book liquidity is less than symbol minimum quantity.",
    });
    expect((await rest.signed("POST", "order", { ...quote, quantity: "1" })).body.code).toBe(-1128);
    expect(paper.acceptedOrders()).toHaveLength(1);
  });

  test("orders where trading is halted", async () => {
    const { DEFAULT_INSTRUMENTS } = await import("../src/index.ts");
    const { rest } = await setUp({ instruments: [{ ...DEFAULT_INSTRUMENTS[0]!, trading: false }] });
    expect((await rest.get("exchangeInfo")).body.symbols[0].status).toBe("HALT");
    expect((await rest.place()).body).toEqual({ code: -1013, msg: "Market is closed." });
  });

  test("the 201st open order of a symbol", async () => {
    const { rest } = await setUp();
    for (let i = 0; i < 200; i++) expect((await rest.place({ quantity: "0.2" })).status).toBe(200);
    expect((await rest.place({ quantity: "0.2" })).body).toEqual({
      code: -2010,
      msg: "Filter failure: MAX_NUM_ORDERS",
    });
    expect((await rest.place({ symbol: "CCCUSDT", price: "0.1", quantity: "100" })).status).toBe(200);
  });

  test.each([
    ["GET", "depth?symbol=NOPE", -1121],
    ["GET", "depth", -1102],
    ["GET", "depth?symbol=AAAUSDT&limit=0", -1130],
    ["GET", "depth?symbol=AAAUSDT&limit=ten", -1100],
    ["GET", "klines?symbol=AAAUSDT&interval=7m", -1120],
    ["GET", "klines?symbol=AAAUSDT", -1102],
    ["GET", 'exchangeInfo?symbols=["AAAUSDT","AAAUSDT"]', -1151],
    ["GET", "exchangeInfo?symbols=AAAUSDT", -1100],
    ["GET", "exchangeInfo?symbol=AAAUSDT&symbolStatus=TRADING", -1128],
    ["GET", "ticker/24hr?symbol=AAAUSDT&type=HUGE", -1139],
    ["GET", "depth?symbol=%ZZ", -1100],
    ["GET", "ping?verbose=1", -1104],
  ])("%s %s", async (method, path, code) => {
    const { rest } = await setUp();
    const { status, body } = await rest.send(method, `/api/v3/${path}`);
    expect({ status, code: body.code }).toEqual({ status: 400, code });
  });

  test.each([
    [{ symbol: "AAAUSDT" }, -1102],
    [{ symbol: "AAAUSDT", orderId: 999 }, -2013],
    [{ symbol: "AAAUSDT", orderId: "first" }, -1100],
  ])("a query for an order with %j", async (fields, code) => {
    const { rest } = await setUp();
    expect((await rest.signed("GET", "order", fields)).body.code).toBe(code);
  });

  test("spans of more than 24 hours, and mixed ways to page", async () => {
    const { rest } = await setUp();
    const span = { symbol: "AAAUSDT", startTime: 1_767_225_600_000, endTime: 1_767_312_000_001 };
    expect((await rest.signed("GET", "myTrades", span)).body.code).toBe(-1127);
    expect((await rest.signed("GET", "allOrders", span)).body.code).toBe(-1127);
    expect((await rest.signed("GET", "myTrades", { symbol: "AAAUSDT", fromId: 1, startTime: 1 })).body.code).toBe(
      -1128,
    );
  });

  test("paths it does not have, and the removed listen keys", async () => {
    const { rest } = await setUp();
    const unknown = await rest.send("GET", "/api/v3/nothing");
    expect(unknown.status).toBe(404);
    expect(unknown.body.code).toBe(-1020);
    expect((await rest.send("PUT", "/api/v3/order")).status).toBe(404);
    const gone = await rest.send("POST", "/api/v3/userDataStream");
    expect(gone.status).toBe(410);
    expect(gone.headers.get("content-type")).toBe("text/html");
  });

  test("bodies that are too large", async () => {
    const { rest } = await setUp();
    expect((await rest.send("POST", "/api/v3/order", { body: "a=".padEnd(70_000, "b") })).status).toBe(413);
  });
});

describe("signed requests", () => {
  test("may come in the query, in the body, or in both", async () => {
    const { rest, paper } = await setUp();
    const headers = { "X-MBX-APIKEY": paper.apiKey, "content-type": "application/x-www-form-urlencoded" };
    const first = formOf({ symbol: "AAAUSDT", side: "BUY", type: "LIMIT", timeInForce: "GTC" });
    const second = formOf({ quantity: "1", price: "50", timestamp: Date.now() });
    const whole = `${first}&${second}`;
    const inBody = await rest.send("POST", "/api/v3/order", {
      headers,
      body: `${whole}&signature=${sign(whole, paper.apiSecret)}`,
    });
    expect(inBody.status).toBe(200);
    const inBoth = await rest.send("POST", `/api/v3/order?${first}`, {
      headers,
      body: `${second}&signature=${sign(first + second, paper.apiSecret)}`,
    });
    expect(inBoth.status).toBe(200);
    const wrong = await rest.send("POST", `/api/v3/order?${first}`, {
      headers,
      body: `${second}&signature=${sign(whole, paper.apiSecret)}`,
    });
    expect(wrong.body).toEqual({ code: -1022, msg: "Signature for this request is not valid." });
    expect(paper.acceptedOrders()).toHaveLength(2);
  });

  test("the query wins where both name a parameter", async () => {
    const { rest, paper } = await setUp();
    const query = formOf({
      symbol: "AAAUSDT",
      side: "BUY",
      type: "LIMIT",
      timeInForce: "GTC",
      quantity: "1",
      price: "50",
      timestamp: Date.now(),
    });
    const body = "price=60";
    const { body: order } = await rest.send(
      "POST",
      `/api/v3/order?${query}&signature=${sign(query + body, paper.apiSecret)}`,
      {
        headers: { "X-MBX-APIKEY": paper.apiKey },
        body,
      },
    );
    expect(order.price).toBe("50.00000000");
  });

  test("are refused when too old, too early, or with a key of nobody", async () => {
    const { rest, paper, clock } = await setUpClock();
    const nowMs = clock.nowUs() / 1000;
    expect((await rest.signed("GET", "account", { timestamp: nowMs - 5001 })).body).toEqual({
      code: -1021,
      msg: "Timestamp for this request is outside of the recvWindow.",
    });
    expect((await rest.signed("GET", "account", { timestamp: nowMs + 1000 })).body).toEqual({
      code: -1021,
      msg: "Timestamp for this request was 1000ms ahead of the server's time.",
    });
    expect((await rest.signed("GET", "account", { timestamp: nowMs - 5000 })).status).toBe(200);
    const headers = { "X-MBX-APIKEY": "C".repeat(64) };
    const stranger = await rest.send(
      "GET",
      `/api/v3/account?timestamp=${nowMs}&signature=${sign(`timestamp=${nowMs}`, paper.apiSecret)}`,
      { headers },
    );
    expect(stranger).toMatchObject({
      status: 401,
      body: { code: -2015, msg: "Invalid API-key, IP, or permissions for action." },
    });
  });
});

describe("limits", () => {
  const used = (answer: { headers: Headers }) => Number(answer.headers.get("x-mbx-used-weight-1m"));

  test("weigh what the venue says, orders nothing when they succeed", async () => {
    const { rest, clock } = await setUpClock();
    expect(used(await rest.get("ping"))).toBe(1);
    expect(used(await rest.get("depth", { symbol: "AAAUSDT", limit: 1000 }))).toBe(51);
    expect(used(await rest.get("ticker/24hr"))).toBe(131);
    const placed = await rest.place();
    expect(used(placed)).toBe(131);
    expect(placed.headers.get("x-mbx-order-count-10s")).toBe("1");
    expect(placed.headers.get("x-mbx-order-count-1d")).toBe("1");
    const refused = await rest.place({ side: "LONG" });
    expect(used(refused)).toBe(132);
    expect(refused.headers.get("x-mbx-order-count-10s")).toBeNull();
    expect(used(await rest.signed("GET", "account"))).toBe(152);
    const counts = await rest.signed("GET", "rateLimit/order");
    expect(counts.body).toMatchObject([
      { interval: "SECOND", intervalNum: 10, limit: 10_000, count: 1 },
      { interval: "DAY", intervalNum: 1, limit: 2_000_000, count: 1 },
    ]);
    clock.advance({ ms: 60_000 });
    expect(used(await rest.get("ping"))).toBe(1);
  });

  test("answer 429 with the seconds to wait, until the minute is over", async () => {
    const { rest, clock } = await setUpClock({ limits: { requestWeightPerMinute: 50 } });
    clock.advance({ ms: 45_000 });
    expect((await rest.get("depth", { symbol: "AAAUSDT", limit: 1000 })).status).toBe(200);
    const refused = await rest.get("ping");
    expect(refused.status).toBe(429);
    expect(refused.body.code).toBe(-1003);
    expect(refused.headers.get("retry-after")).toBe("15");
    clock.advance({ ms: 15_000 });
    expect((await rest.get("ping")).status).toBe(200);
  });

  test("refuse orders beyond the order count, which fills give back", async () => {
    const { rest, paper } = await setUpClock({ limits: { ordersPer10Seconds: 2 } });
    await rest.place({ side: "SELL", price: "101" });
    await rest.place();
    const refused = await rest.place();
    expect(refused.status).toBe(429);
    expect(refused.body).toEqual({ code: -1015, msg: "Too many new orders; current limit is 2 orders per 10 SECOND." });
    expect(refused.headers.get("retry-after")).toBe("10");
    expect(paper.acceptedOrders()).toHaveLength(2);
  });
});
