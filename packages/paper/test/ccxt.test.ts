import ccxt from "ccxt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createPaper, type Paper } from "../src/index.ts";

// ccxt was written by others for the real venue: what works here unchanged works there.
let paper: Paper;
let exchange: InstanceType<typeof ccxt.pro.binance>;

function connect({ apiKey = paper.apiKey, secret = paper.apiSecret } = {}) {
  const { rest, stream, wsApi } = paper.urls;
  return new ccxt.pro.binance({
    apiKey,
    secret,
    options: { fetchMarkets: { types: ["spot"] }, fetchMargins: false, fetchCurrencies: false },
    urls: {
      api: {
        public: `${rest}/api/v3`,
        private: `${rest}/api/v3`,
        ws: { spot: `${stream}/stream/ws`, "ws-api": { spot: wsApi } },
      },
    },
  });
}

beforeEach(async () => {
  paper = await createPaper({ seed: 11 });
  exchange = connect();
  await exchange.loadHttpProxyAgent(); // without it ccxt refuses ws://
});

afterEach(async () => {
  await exchange.close();
  await paper.close();
});

describe("market data", () => {
  test("lists the instruments with their limits and steps", async () => {
    const markets = await exchange.loadMarkets();
    expect(Object.keys(markets).sort()).toEqual(["AAA/USDT", "BBB/USDT", "CCC/USDT", "DDD/USDT"]);
    expect(exchange.market("BBB/USDT")).toMatchObject({
      id: "BBBUSDT",
      spot: true,
      active: true,
      precision: { price: 0.5, amount: 0.0001 },
      limits: { amount: { min: 0.0001, max: 9000 }, cost: { min: 5 } },
    });
    expect(Math.abs((await exchange.fetchTime())! - Date.now())).toBeLessThan(5000);
  });

  test("serves a book, tickers, trades and candles that agree with each other", async () => {
    await untilTraded("AAA/USDT");
    const book = await exchange.fetchOrderBook("AAA/USDT", 20);
    expect(book.bids).toHaveLength(20);
    expect(book.bids[0]![0]!).toBeLessThan(book.asks[0]![0]!);
    expect(book.bids.map(([price]) => price)).toEqual(book.bids.map(([price]) => price!).sort((a, b) => b - a));

    const trades = await exchange.fetchTrades("AAA/USDT");
    const candles = await exchange.fetchOHLCV("AAA/USDT", "1m");
    const ticker = await exchange.fetchTicker("AAA/USDT");
    expect(trades.length).toBeGreaterThan(0);
    const prices = trades.map(({ price }) => price!);
    expect(candles.at(0)![1]).toBe(prices[0]);
    expect(Math.max(...candles.map((candle) => candle[2]!))).toBeGreaterThanOrEqual(Math.max(...prices));
    expect(ticker.high).toBeGreaterThanOrEqual(Math.max(...prices));
    expect(ticker.open).toBe(prices[0]);
    expect(ticker.baseVolume).toBeGreaterThan(0);
    expect(ticker.bid!).toBeLessThan(ticker.ask!);
    const tops = await exchange.fetchBidsAsks(["AAA/USDT", "CCC/USDT"]);
    expect(Object.keys(tops).sort()).toEqual(["AAA/USDT", "CCC/USDT"]);
  });
});

describe("orders", () => {
  test("places, reads, lists and cancels a resting order, and locks what it may cost", async () => {
    const placed = await exchange.createOrder("AAA/USDT", "limit", "buy", 2, 50);
    expect(placed).toMatchObject({ status: "open", amount: 2, price: 50, filled: 0, side: "buy" });
    expect((await exchange.fetchBalance())["USDT"]).toMatchObject({ free: 99_900, used: 100, total: 100_000 });
    expect(await exchange.fetchOrder(placed.id!, "AAA/USDT")).toMatchObject({ id: placed.id, status: "open" });
    const open = await exchange.fetchOpenOrders("AAA/USDT");
    expect(open.map(({ id }) => id)).toEqual([placed.id]);

    expect(await exchange.cancelOrder(placed.id!, "AAA/USDT")).toMatchObject({ id: placed.id, status: "canceled" });
    expect((await exchange.fetchBalance())["USDT"]).toMatchObject({ free: 100_000, used: 0 });
    expect(await exchange.fetchOrder(placed.id!, "AAA/USDT")).toMatchObject({ status: "canceled" });
    expect(await exchange.fetchOpenOrders("AAA/USDT")).toEqual([]);
    expect(paper.acceptedOrders()).toMatchObject([
      { account: 1, symbol: "AAAUSDT", orderId: Number(placed.id), clientOrderId: placed.clientOrderId },
    ]);
  });

  test("fills a market order, charges the fee in what was received, and lists the fills", async () => {
    const order = await exchange.createOrder("AAA/USDT", "market", "buy", 1);
    expect(order).toMatchObject({ status: "closed", filled: 1, remaining: 0 });
    const fills = await exchange.fetchMyTrades("AAA/USDT");
    expect(fills.reduce((sum, { amount }) => sum + amount!, 0)).toBeCloseTo(1, 12);
    expect(fills.every((fill) => fill.order === order.id && fill.takerOrMaker === "taker")).toBe(true);
    expect(fills.reduce((sum, { fee }) => sum + fee!.cost!, 0)).toBeCloseTo(0.001, 12);
    const balance = await exchange.fetchBalance();
    expect(balance["AAA"]!.total).toBeCloseTo(200.999, 12);
    expect(balance["USDT"]!.total).toBeCloseTo(100_000 - order.cost!, 8);
  });

  test("buys for a quote amount, and cancels everything at once", async () => {
    const order = await exchange.createMarketBuyOrderWithCost("CCC/USDT", 100);
    expect(order.status).toBe("closed");
    expect(order.cost).toBeGreaterThan(99);
    expect(order.cost).toBeLessThanOrEqual(100);
    await exchange.createOrder("CCC/USDT", "limit", "buy", 100, 0.3);
    await exchange.createOrder("CCC/USDT", "limit", "sell", 100, 0.9, { postOnly: true });
    expect(await exchange.cancelAllOrders("CCC/USDT")).toHaveLength(2);
  });
});

describe("orders of other kinds", () => {
  test("stops, replaces and icebergs as on the real venue", async () => {
    await untilTraded("AAA/USDT");
    const stop = await exchange.createOrder("AAA/USDT", "limit", "sell", 1, 60, { triggerPrice: 70 });
    expect(stop).toMatchObject({ status: "open", triggerPrice: 70, price: 60 });
    const iceberg = await exchange.createOrder("AAA/USDT", "limit", "buy", 2, 50, { icebergQty: 0.5 });
    const open = await exchange.fetchOpenOrders("AAA/USDT");
    expect(open.map(({ id, info }) => [id, info.type, info.icebergQty])).toEqual([
      [stop.id, "STOP_LOSS_LIMIT", "0.00000000"],
      [iceberg.id, "LIMIT", "0.50000000"],
    ]);
    const replaced = await exchange.editOrder(iceberg.id!, "AAA/USDT", "limit", "buy", 1, 49);
    expect(replaced).toMatchObject({ status: "open", price: 49, amount: 1 });
    expect(await exchange.fetchOrder(iceberg.id!, "AAA/USDT")).toMatchObject({ status: "canceled" });
    await expect(
      exchange.createOrder("AAA/USDT", "market", "sell", 1, undefined, { triggerPrice: 400 }),
    ).rejects.toThrow(ccxt.OrderImmediatelyFillable);
    expect(await exchange.cancelAllOrders("AAA/USDT")).toHaveLength(2);
  });
});

describe("errors", () => {
  test("turns refusals into the right classes", async () => {
    await expect(exchange.createOrder("AAA/USDT", "limit", "buy", 5000, 90)).rejects.toThrow(ccxt.InsufficientFunds);
    await expect(exchange.fetchOrder("999999999", "AAA/USDT")).rejects.toThrow(ccxt.OrderNotFound);
    await expect(exchange.cancelOrder("999999999", "AAA/USDT")).rejects.toThrow(ccxt.OrderNotFound);
    await expect(exchange.createOrder("AAA/USDT", "limit", "buy", 0.05, 50)).rejects.toThrow(/NOTIONAL/);
    await expect(exchange.fetchOHLCV("AAA/USDT", "7m")).rejects.toThrow(ccxt.BadRequest);
    const stranger = connect({ apiKey: "A".repeat(64) });
    await expect(stranger.fetchBalance()).rejects.toThrow(ccxt.AuthenticationError);
    const forger = connect({ secret: "wrong" });
    await expect(forger.fetchBalance()).rejects.toThrow(ccxt.AuthenticationError);
  });
});

describe("streams", () => {
  test("follows a moving book by diffs without a gap", async () => {
    for (let i = 0; i < 12; i++) {
      const { bids, asks } = await exchange.watchOrderBook("AAA/USDT"); // a gap would be a ChecksumError
      expect(bids[0]![0]!).toBeLessThan(asks[0]![0]!);
    }
  });

  test("ends with the book that the exchange has", async () => {
    await exchange.close();
    await paper.close();
    paper = await createPaper({ market: false }); // stands still but for our own orders, so that both can be compared
    exchange = connect();
    await exchange.loadHttpProxyAgent();
    await exchange.createOrder("AAA/USDT", "limit", "sell", 3, 101);
    let updates = 0;
    const watching = (async () => {
      for (;;) {
        const { bids, asks } = await exchange.watchOrderBook("AAA/USDT");
        updates++;
        if (bids[0]?.[0] === 99 && asks[0]?.[1] === 2) return;
      }
    })();
    for (let price = 90; price < 99; price++) {
      await exchange.createOrder("AAA/USDT", "limit", "buy", 1, price);
    }
    await exchange.createOrder("AAA/USDT", "limit", "buy", 1, 101, { selfTradePreventionMode: "NONE" });
    await exchange.createOrder("AAA/USDT", "limit", "buy", 1, 99);
    await watching;
    expect(updates).toBeGreaterThan(1);
    const watched = exchange.orderbooks["AAA/USDT"]!;
    const asked = await exchange.fetchOrderBook("AAA/USDT");
    expect(watched.nonce).toBe(asked.nonce);
    expect({ bids: [...watched.bids], asks: [...watched.asks] }).toEqual({ bids: asked.bids, asks: asked.asks });
  });

  test("delivers trades, tickers, best prices and candles", async () => {
    const trades = await exchange.watchTrades("BBB/USDT");
    expect(trades[0]).toMatchObject({ symbol: "BBB/USDT" });
    expect(await exchange.watchTicker("BBB/USDT")).toMatchObject({ symbol: "BBB/USDT" });
    const tops = await exchange.watchBidsAsks(["BBB/USDT"]);
    expect(tops["BBB/USDT"]!.bid!).toBeLessThan(tops["BBB/USDT"]!.ask!);
    const candles = await exchange.watchOHLCV("BBB/USDT", "1m");
    expect(candles[0]![4]).toBeGreaterThan(0);
  });

  test("reports orders, fills and balances of the account as they happen", async () => {
    await exchange.loadMarkets();
    const reports: string[] = [];
    const watching = (async () => {
      while (!reports.includes("sell closed")) {
        for (const { status, side } of await exchange.watchOrders("AAA/USDT")) reports.push(`${side} ${status}`);
      }
    })();
    const fills = exchange.watchMyTrades("AAA/USDT");
    // Events from before the subscription are not repeated: go on until it stands.
    while (!reports.includes("buy canceled")) {
      const order = await exchange.createOrder("AAA/USDT", "limit", "buy", 1, 50);
      await exchange.cancelOrder(order.id!, "AAA/USDT");
    }
    await exchange.createOrder("AAA/USDT", "market", "sell", 0.2);
    await watching;
    expect(reports).toContain("buy open");
    expect((await fills)[0]).toMatchObject({ symbol: "AAA/USDT", side: "sell", takerOrMaker: "taker" });
  });

  test("places and cancels over the WebSocket API", async () => {
    const order = await exchange.createOrderWs("DDD/USDT", "limit", "buy", 0.001, 10_000);
    expect(order.status).toBe("open");
    expect(await exchange.fetchOrderWs(order.id!, "DDD/USDT")).toMatchObject({ id: order.id });
    expect(await exchange.fetchOpenOrdersWs("DDD/USDT")).toHaveLength(1);
    expect(await exchange.cancelOrderWs(order.id!, "DDD/USDT")).toMatchObject({ status: "canceled" });
    await expect(exchange.cancelOrderWs(order.id!, "DDD/USDT")).rejects.toThrow(ccxt.OrderNotFound);
  });
});

async function untilTraded(symbol: string): Promise<void> {
  for (;;) if ((await exchange.fetchTrades(symbol)).length > 0) return;
}
