import ccxt from "ccxt";
import { afterEach, expect, test } from "vitest";
import { killAll, start } from "./program.ts";

afterEach(killAll);

/** What `pitlane exchange` printed behind a label. */
const printed = (out: string, label: string) => new RegExp(`${label}\\s+(\\S+)`).exec(out)?.[1] ?? "";

test("ccxt trades on `pitlane exchange` with the addresses and key it prints", async () => {
  const { child, done, shows } = start(["exchange"]);
  const out = await shows("Ctrl-C");
  const rest = printed(out, "REST");
  const exchange = new ccxt.pro.binance({
    apiKey: printed(out, "API key"),
    secret: printed(out, "API secret"),
    options: { fetchMarkets: { types: ["spot"] }, fetchMargins: false, fetchCurrencies: false },
    urls: {
      api: {
        public: rest,
        private: rest,
        ws: {
          spot: `${rest.replace("http", "ws").replace("/api/v3", "")}/stream/ws`,
          "ws-api": { spot: printed(out, "WebSocket API") },
        },
      },
    },
  });
  try {
    await exchange.loadHttpProxyAgent(); // without it ccxt refuses ws://
    expect(Object.keys(await exchange.loadMarkets())).toContain("AAA/USDT");
    const book = await exchange.fetchOrderBook("AAA/USDT");
    expect(book.bids[0]?.[0]).toBeLessThan(book.asks[0]?.[0] ?? 0);

    const watched = exchange.watchOrders("AAA/USDT");
    const streamed = await exchange.watchOrderBook("AAA/USDT");
    expect(streamed.bids[0]?.[0]).toBeLessThan(streamed.asks[0]?.[0] ?? 0);

    const { id = "" } = await exchange.createOrder("AAA/USDT", "limit", "buy", 1, 50);
    expect(await exchange.fetchOrder(id, "AAA/USDT")).toMatchObject({ status: "open", price: 50, amount: 1 });
    expect((await exchange.fetchOpenOrders("AAA/USDT")).map((order) => order.id)).toEqual([id]);
    await exchange.cancelOrder(id, "AAA/USDT");
    expect(await exchange.fetchOrder(id, "AAA/USDT")).toMatchObject({ status: "canceled" });
    expect((await watched).map((order) => order.id)).toContain(id);
  } finally {
    await exchange.close();
  }
  child.kill("SIGINT");
  expect((await done).code).toBe(0);
});
