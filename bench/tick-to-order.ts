// A trade comes, an order goes: from just before the feed writes the trade to the last byte of the order read by the server, which is the
// same process and so has one clock. 1,000 trades a second, an order on each. Ours is the whole runtime, with its journal on disk, its risk
// votes and its portfolio in the path; of the peers none keeps a record, checks an order, or knows what became of it.
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createSystemClock } from "@pitlane/perf";
import { createBinance } from "@pitlane/sdk/binance";
import ccxt from "ccxt";
import { CALM_FLAGS, checkConfig, defineStrategy, openRuntime } from "pitlane";
import { Pool } from "undici";
import type { Suite, TrialCase } from "../scripts/bench/suite.ts";
import { TICK_UNITS, type TickClient, ticked } from "../scripts/bench/ticked.ts";

const PROGRAM = new URL("../../scripts/bench/tick-venue.mjs", import.meta.url); // bundles lie one folder below this one
const TICKS_PER_SECOND = 1_000;
const KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";
const SIZE_LOTS = 100; // of 0.00001 BTC

interface PlainSocket {
  on(event: "open" | "message", listener: (data: Buffer) => void): void;
  send(text: string): void;
  close(): void;
}
// The one that the SDK is measured against.
const { WebSocket } = createRequire(fileURLToPath(import.meta.resolve("@pitlane/sdk")))("ws") as {
  readonly WebSocket: new (url: string, options: object) => PlainSocket;
};

const open = async (url: string): Promise<PlainSocket> => {
  const socket = new WebSocket(url, { perMessageDeflate: false });
  await new Promise<void>((resolve) => socket.on("open", () => resolve()));
  return socket;
};

const sideOf = (count: number) => (count % 2 === 0 ? "BUY" : "SELL");

/** As one writes it who wants speed and knows the venue: nothing is checked, nothing is kept. */
const plain: TickClient = async ({ rest, stream }) => {
  const pool = new Pool(rest, { connections: 20 });
  const headers = { "X-MBX-APIKEY": KEY, "content-type": "application/x-www-form-urlencoded" };
  const warm = () => pool.request({ method: "GET", path: "/api/v3/time" }).then(({ body }) => body.json());
  await Promise.all(Array.from({ length: 8 }, warm));
  let count = 0;
  const order = async (price: string) => {
    const text = `symbol=BTCUSDT&type=LIMIT&side=${sideOf(count)}&newClientOrderId=bench-${count++}&newOrderRespType=FULL&quantity=0.00100&timeInForce=IOC&price=${price}&recvWindow=5000&timestamp=${Date.now()}`;
    const body = `${text}&signature=${createHmac("sha256", SECRET).update(text).digest("hex")}`;
    await (await pool.request({ method: "POST", path: "/api/v3/order", headers, body })).body.json();
  };
  const socket = await open(`${stream}/ws/btcusdt@trade`);
  socket.on("message", (data) => {
    const { e, p } = JSON.parse(data.toString()) as { readonly e?: string; readonly p: string };
    if (e === "trade") void order(p);
  });
  socket.send(JSON.stringify({ method: "SUBSCRIBE", params: ["btcusdt@trade"], id: 1 }));
  return {
    close: async () => {
      socket.close();
      await pool.close();
    },
  };
};

/** The same with orders over the WebSocket API. */
const plainSocket: TickClient = async ({ stream, wsApi }) => {
  const orders = await open(wsApi);
  orders.on("message", (data) => void JSON.parse(data.toString()));
  let count = 0;
  const order = (price: string) => {
    const params: Record<string, string | number> = {
      apiKey: KEY,
      newClientOrderId: `bench-${count}`,
      newOrderRespType: "FULL",
      price,
      quantity: "0.00100",
      recvWindow: 5000,
      side: sideOf(count++),
      symbol: "BTCUSDT",
      timeInForce: "IOC",
      timestamp: Date.now(),
      type: "LIMIT",
    };
    const text = Object.entries(params)
      .map(([name, value]) => `${name}=${value}`)
      .join("&");
    const signature = createHmac("sha256", SECRET).update(text).digest("hex");
    orders.send(JSON.stringify({ id: count, method: "order.place", params: { ...params, signature } }));
  };
  const socket = await open(`${stream}/ws/btcusdt@trade`);
  socket.on("message", (data) => {
    const { e, p } = JSON.parse(data.toString()) as { readonly e?: string; readonly p: string };
    if (e === "trade") order(p);
  });
  socket.send(JSON.stringify({ method: "SUBSCRIBE", params: ["btcusdt@trade"], id: 1 }));
  return {
    close: async () => {
      socket.close();
      orders.close();
    },
  };
};

/**
 * As little as can be done over HTTP: the price is cut out of the frame, the request is written as bytes on one open connection, and its
 * answer is thrown away. What a client does beyond this is what it costs.
 */
const bare: TickClient = async ({ rest, stream }) => {
  const { hostname: host, port } = new URL(rest);
  const onread = { buffer: Buffer.alloc(65_536), callback: () => true };
  const connection = connect({ host, port: Number(port), noDelay: true, onread });
  await once(connection, "connect");
  const head = `POST /api/v3/order HTTP/1.1\r\nhost: ${host}\r\nX-MBX-APIKEY: ${KEY}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: `;
  let count = 0;
  const order = (price: string) => {
    const text = `symbol=BTCUSDT&type=LIMIT&side=${sideOf(count)}&newClientOrderId=bench-${count++}&newOrderRespType=FULL&quantity=0.00100&timeInForce=IOC&price=${price}&recvWindow=5000&timestamp=${Date.now()}`;
    const body = `${text}&signature=${createHmac("sha256", SECRET).update(text).digest("hex")}`;
    connection.write(`${head}${body.length}\r\n\r\n${body}`, "latin1");
  };
  const socket = await open(`${stream}/ws/btcusdt@trade`);
  socket.on("message", (data) => {
    const from = data.indexOf('"p":"') + 5;
    if (from > 4) order(data.toString("latin1", from, data.indexOf('"', from)));
  });
  socket.send(JSON.stringify({ method: "SUBSCRIBE", params: ["btcusdt@trade"], id: 1 }));
  return {
    close: async () => {
      socket.close();
      connection.destroy();
    },
  };
};

/** Wants an order at the price of every trade. @param onDenied Told why risk did not let one through. */
const follower = (onDenied: (reason: string) => void) =>
  defineStrategy({
    name: "follower",
    setup(ctx) {
      ctx.on("order", ({ order }) => {
        if (order.state === "denied") onDenied(order.reason);
      });
      const instrument = ctx.instruments[0]!;
      let count = 0;
      ctx.on("trade", { instrument }, ({ priceTicks }) => {
        const side = count++ % 2 === 0 ? "buy" : "sell";
        ctx.submit({ instrument, side, type: "limit", timeInForce: "IOC", priceTicks, sizeLots: SIZE_LOTS });
      });
    },
  });

/** A client whose event loop never sleeps, as that of a session while its market is busy. */
const awake =
  (client: TickClient): TickClient =>
  async (urls) => {
    const { close } = await client(urls);
    let immediate = setImmediate(turn);
    function turn(): void {
      immediate = setImmediate(turn);
    }
    return {
      close: () => {
        clearImmediate(immediate);
        return close();
      },
    };
  };

/** The whole runtime, as `pitlane run` starts it. */
const ours =
  (orderTransport: "rest" | "webSocket", busyPoll: "auto" | "never" = "auto"): TickClient =>
  async (urls) => {
    const clock = createSystemClock();
    const folder = mkdtempSync(join(tmpdir(), "pitlane-bench-"));
    const client = createBinance({
      venue: "paper",
      urls,
      credentials: { apiKey: KEY, apiSecret: SECRET },
      requestWeight: 1_000_000_000,
      orderTransport,
      clock,
    });
    let denial = "";
    const onDenied = (reason: string) => {
      denial ||= reason;
    };
    const runtime = await openRuntime({
      run: { id: "bench", key: "bench" },
      mode: "paper",
      config: checkConfig(
        {
          risk: { maxPositionNotional: "1000000", selfTrade: "allow", maxOpenOrdersPerInstrument: 0 }, // open orders count, however slow the machine is
          orderTransport: orderTransport === "webSocket" ? "websocket" : "http",
          busyPoll,
        },
        "the bench",
      ),
      plugins: [
        { plugin: follower(onDenied), budgets: { ordersPerMinute: 1_000_000, msPerSecond: 1_000, hookMs: 60_000 } },
      ],
      client,
      trading: client,
      streams: ["btcusdt@trade", "btcusdt@bookTicker"],
      journalPath: join(folder, "journal.db"),
      recvWindowMs: 5000,
      clock,
      log: (source, message) => console.error(`${source}: ${message}`),
    });
    return {
      close: async () => {
        const { orders, faults, latency } = await runtime.close("requested");
        await client.close();
        rmSync(folder, { recursive: true });
        if (process.env["PITLANE_BENCH_STAGES"] !== undefined) console.error(latency);
        if (faults.length > 0) throw new Error(`the session had faults: ${JSON.stringify(faults)}`);
        if (orders.filled !== orders.intents)
          console.error(`not every order was filled: ${JSON.stringify(orders)}; the first denial: ${denial}`); // the venue misses them
      },
    };
  };

const ccxtPro: TickClient = async ({ rest, stream }) => {
  const exchange = new ccxt.pro.binance({
    apiKey: KEY,
    secret: SECRET,
    enableRateLimit: false,
    options: { fetchMarkets: { types: ["spot"] }, fetchMargins: false, fetchCurrencies: false, tradesLimit: 1_000 },
    urls: { api: { public: `${rest}/api/v3`, private: `${rest}/api/v3`, ws: { spot: `${stream}/ws` } } },
    newUpdates: true,
  });
  await exchange.loadHttpProxyAgent(); // without it ccxt refuses ws://
  await exchange.loadMarkets();
  let isOpen = true;
  let count = 0;
  const order = (price: number) =>
    exchange.createOrder("BTC/USDT", "limit", count++ % 2 === 0 ? "buy" : "sell", 0.001, price, { timeInForce: "IOC" });
  const watch = async () => {
    while (isOpen) for (const { price } of await exchange.watchTrades("BTC/USDT")) void order(price ?? Number.NaN);
  };
  void watch().catch((error: unknown) => {
    if (isOpen) throw error;
  });
  return {
    close: async () => {
      isOpen = false;
      await exchange.close();
    },
  };
};

const PLAIN = "ws + JSON.parse + HMAC + undici.request";
const POLLING = `${PLAIN}, busy polling`;
const run = (client: TickClient): TrialCase["run"] => {
  return (seconds) => ticked({ program: PROGRAM, client, ticksPerSecond: TICKS_PER_SECOND, seconds });
};
const complete = { "orders lost": { atMost: 0 } } as const;
// The product's targets for an order, signal to answer; ours is held to them from the feed's write on.
const targets = {
  ...complete,
  mean: { atMost: 20_000 },
  p99: { atMost: 50_000 },
  "p99.9": { atMost: 100_000 },
  jitter: { atMost: 5_000 },
} as const;

const suite: Suite = {
  name: "a trade comes, an order goes",
  comparisons: [],
  trials: [
    {
      name: "tick to order",
      units: TICK_UNITS,
      reference: PLAIN,
      seconds: 6,
      rounds: 5,
      cases: {
        [PLAIN]: { run: run(plain), targets: complete },
        "ours over HTTP": {
          run: run(ours("rest")),
          targets,
          aims: { p50: { atMost: 0.9 } },
          against: { [POLLING]: { p50: { atMost: 0.9 } } }, // alike: neither sleeps
          nodeFlags: CALM_FLAGS,
          note: "journal, risk and portfolio in the path; awake while the market is busy",
        },
        "ours over WebSocket": {
          run: run(ours("webSocket")),
          targets,
          aims: { p50: { atMost: 0.75 } },
          against: { [POLLING]: { p50: { atMost: 0.75 } } }, // alike: neither sleeps
          nodeFlags: CALM_FLAGS,
          note: "journal, risk and portfolio in the path; awake while the market is busy",
        },
        "ours over HTTP, sleeping": {
          run: run(ours("rest", "never")),
          targets,
          aims: { p50: { atMost: 0.9 } },
          nodeFlags: CALM_FLAGS,
          note: "as above with --busy-poll never: between two ticks it sleeps, as the reference does",
        },
        "ours over WebSocket, sleeping": {
          run: run(ours("webSocket", "never")),
          targets,
          aims: { p50: { atMost: 0.75 } },
          nodeFlags: CALM_FLAGS,
          note: "as above with --busy-poll never",
        },
        [POLLING]: {
          run: run(awake(plain)),
          targets: complete,
          note: "what of the rows above is the polling, and what ours",
        },
        "ccxt.pro": {
          run: run(ccxtPro),
          targets: complete,
          against: {
            "ours over HTTP": { p50: { atLeast: 3.5 } },
            "ours over WebSocket": { p50: { atLeast: 3.5 } },
            "ours over HTTP, sleeping": { p50: { atLeast: 3.5 } },
          },
        },
        "an order's bytes on a socket": {
          run: run(bare),
          targets: complete,
          nodeFlags: CALM_FLAGS,
          note: "floor: nothing is parsed, checked or kept, and no answer is read",
        },
        "ws + JSON.parse + HMAC + order over ws": {
          run: run(plainSocket),
          targets: complete,
          nodeFlags: CALM_FLAGS,
          note: "floor: nothing is checked or kept",
        },
      },
    },
  ],
};

export default suite;
