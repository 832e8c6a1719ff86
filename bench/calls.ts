// A call as an application makes it: ours, with its layers, checks and exact numbers, beside undici alone and the clients most use.
// Figures are CPU time of this process for one call, the server being another one. Of the peers only ours checks the order against
// the instrument before it is sent, spends a request budget, and says after a failure whether the venue may have acted.
import { createHmac } from "node:crypto";
import { connect, type Socket } from "node:net";
import { createBinance } from "@pitlane/sdk/binance";
import { MainClient } from "binance";
import ccxt from "ccxt";
import { Pool } from "undici";
import { called } from "../scripts/bench/called.ts";
import type { Suite, WindowedCase } from "../scripts/bench/suite.ts";

const TICKER = {
  symbol: "BTCUSDT",
  bidPrice: "61000.01000000",
  bidQty: "1.00100000",
  askPrice: "61000.02000000",
  askQty: "0.50000000",
};
const ORDER = {
  symbol: "BTCUSDT",
  orderId: 28,
  orderListId: -1,
  clientOrderId: "bench",
  transactTime: 1_767_225_600_000,
  price: "61000.01000000",
  origQty: "0.01000000",
  executedQty: "0.00000000",
  origQuoteOrderQty: "0.00000000",
  cummulativeQuoteQty: "0.00000000",
  status: "NEW",
  timeInForce: "GTC",
  type: "LIMIT",
  side: "BUY",
  workingTime: 1_767_225_600_000,
  selfTradePreventionMode: "EXPIRE_MAKER",
  fills: [],
};
const INFO = {
  timezone: "UTC",
  serverTime: 1_767_225_600_000,
  rateLimits: [],
  exchangeFilters: [],
  symbols: [
    {
      symbol: "BTCUSDT",
      status: "TRADING",
      baseAsset: "BTC",
      baseAssetPrecision: 8,
      quoteAsset: "USDT",
      quotePrecision: 8,
      quoteAssetPrecision: 8,
      orderTypes: ["LIMIT", "LIMIT_MAKER", "MARKET"],
      isSpotTradingAllowed: true,
      isMarginTradingAllowed: false,
      permissions: [],
      permissionSets: [["SPOT"]],
      filters: [
        { filterType: "PRICE_FILTER", minPrice: "0.01", maxPrice: "1000000.00", tickSize: "0.01" },
        { filterType: "LOT_SIZE", minQty: "0.00001", maxQty: "9000.00", stepSize: "0.00001" },
        { filterType: "NOTIONAL", minNotional: "5", applyMinToMarket: true, maxNotional: "9000000", avgPriceMins: 5 },
      ],
    },
  ],
};

// In a process of its own, so that its CPU time is not ours.
const SERVER = `
  const bodies = ${JSON.stringify({ exchangeInfo: JSON.stringify(INFO), bookTicker: JSON.stringify(TICKER), order: JSON.stringify(ORDER) })};
  const head = { "content-type": "application/json;charset=UTF-8", "x-mbx-used-weight": "12", "x-mbx-used-weight-1m": "12" };
  const server = require("node:http").createServer((request, response) => {
    stayAwake();
    request.on("data", () => {}).on("end", () => {
      const { url } = request;
      const body = url.includes("exchangeInfo") ? bodies.exchangeInfo : url.includes("ookTicker") ? bodies.bookTicker : bodies.order;
      response.writeHead(200, head);
      response.end(body);
    });
  });
  server.keepAliveTimeout = 60000;
  server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;
const KEY = "vmPUZE6mv9SD5VNHk4HlWFsOr6aKE2zvsw0MuIgwCIPy6utIco14y7Ju91duEh8A";
const SECRET = "NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j";

type Call = () => Promise<unknown>;
type Client = (origin: string) => Promise<{ readonly read: Call; readonly order: Call }>;

const ours: Client = async (origin) => {
  const stream = origin.replace("http", "ws");
  const client = createBinance({
    urls: { rest: origin, stream, wsApi: `${stream}/ws-api/v3` },
    credentials: { apiKey: KEY, apiSecret: SECRET },
    requestWeight: 1_000_000_000,
    clockSync: false,
  });
  const instrument = await client.market.getInstrument("BTC/USDT");
  let count = 0;
  return {
    read: () => client.market.getTopOfBook(instrument),
    order: () =>
      client.orders.submit({
        instrument,
        clientOrderId: `bench-${count++}`,
        side: "buy",
        type: "limit",
        priceTicks: 6_100_001,
        sizeLots: 1_000,
        timeInForce: "GTC",
      }),
  };
};

const LAST_CHUNK = "0\r\n\r\n";

function signedOrder(clientOrderId: string): string {
  const text = `symbol=BTCUSDT&type=LIMIT&side=BUY&newClientOrderId=${clientOrderId}&newOrderRespType=FULL&quantity=0.01&timeInForce=GTC&price=61000.01&recvWindow=5000&timestamp=${Date.now()}`;
  return `${text}&signature=${createHmac("sha256", SECRET).update(text).digest("hex")}`;
}

const undiciAlone: Client = async (origin) => {
  const pool = new Pool(origin, { connections: 20 });
  const headers = { "X-MBX-APIKEY": KEY, "content-type": "application/x-www-form-urlencoded" };
  let count = 0;
  return {
    read: async () =>
      (await pool.request({ method: "GET", path: "/api/v3/ticker/bookTicker?symbol=BTCUSDT" })).body.json(),
    order: async () => {
      const body = signedOrder(`bench-${count++}`);
      return (await pool.request({ method: "POST", path: "/api/v3/order", headers, body })).body.json();
    },
  };
};

/** The least that a call can cost in Node: its request is written as bytes, and of the answer only the end is looked for. */
const bytesAlone: Client = async (origin) => {
  const { hostname: host, port } = new URL(origin);
  const free: Socket[] = [];
  const exchange = async (request: string) => {
    const socket = free.pop() ?? connect({ host, port: Number(port), noDelay: true });
    const isAnswered = new Promise<void>((resolve) => {
      const onData = (data: Buffer) => {
        if (data.toString("latin1", data.length - LAST_CHUNK.length) !== LAST_CHUNK) return;
        socket.off("data", onData);
        resolve();
      };
      socket.on("data", onData);
    });
    socket.write(request, "latin1");
    await isAnswered;
    free.push(socket);
  };
  const get = `GET /api/v3/ticker/bookTicker?symbol=BTCUSDT HTTP/1.1\r\nhost: ${host}\r\n\r\n`;
  const head = `POST /api/v3/order HTTP/1.1\r\nhost: ${host}\r\nX-MBX-APIKEY: ${KEY}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: `;
  let count = 0;
  return {
    read: () => exchange(get),
    order: () => {
      const body = signedOrder(`bench-${count++}`);
      return exchange(`${head}${body.length}\r\n\r\n${body}`);
    },
  };
};

const ccxtClient: Client = async (origin) => {
  const api = { public: `${origin}/api/v3`, private: `${origin}/api/v3` };
  const options = { fetchMarkets: { types: ["spot"] }, fetchMargins: false, fetchCurrencies: false };
  const exchange = new ccxt.binance({ apiKey: KEY, secret: SECRET, enableRateLimit: false, options, urls: { api } });
  await exchange.loadMarkets();
  return {
    read: () => exchange.fetchBidsAsks(["BTC/USDT"]),
    order: () => exchange.createOrder("BTC/USDT", "limit", "buy", 0.01, 61_000.01),
  };
};

const binanceClient: Client = async (origin) => {
  const client = new MainClient({ api_key: KEY, api_secret: SECRET, baseUrl: origin, disableTimeSync: true });
  let count = 0;
  return {
    read: () => client.getSymbolOrderBookTicker({ symbol: "BTCUSDT" }),
    order: () =>
      client.submitNewOrder({
        symbol: "BTCUSDT",
        side: "BUY",
        type: "LIMIT",
        timeInForce: "GTC",
        quantity: 0.01,
        price: 61_000.01,
        newClientOrderId: `x-U5D79M5B${count++}`,
      }),
  };
};

const cpu = (make: Client, kind: "read" | "order", callers: number): WindowedCase =>
  called({
    server: SERVER,
    make: async (origin) => (await make(origin))[kind],
    callers,
    calls: callers === 1 ? 1_500 : 6_000, // a process that waited for its turn is slower at first
  });

const suite: Suite = {
  name: "calls",
  comparisons: (["read", "order"] as const).flatMap((kind) =>
    [1, 50].map((callers) => ({
      name: `${kind === "read" ? "best bid and ask" : "signed order"}, CPU, ${callers} at a time`,
      unit: "us/op" as const,
      rounds: 7,
      windows: 8,
      ours: cpu(ours, kind, callers),
      peers: {
        "undici request + JSON": { case: cpu(undiciAlone, kind, callers), aim: 1 },
        ccxt: { case: cpu(ccxtClient, kind, callers), aim: 0.5 },
        "binance MainClient": { case: cpu(binanceClient, kind, callers), aim: 0.5 },
        "bytes on a socket (floor)": { case: cpu(bytesAlone, kind, callers), aim: null },
      },
    })),
  ),
};

export default suite;
