// A message from the socket to the program that wants it: ours beside ccxt.pro and the npm package `binance`, on one flood of frames
// from another process. Figures are CPU time a message. Ours and ccxt.pro keep a book; `binance` hands out parsed JSON and keeps
// none. ccxt.pro works off many depth frames for each state it shows: counted are the frames it has worked off, by their sequence.
import { createBinance } from "@pitlane/sdk/binance";
import { WebsocketClient } from "binance";
import ccxt from "ccxt";
import { type FloodedClient, type FloodKind, flooded } from "../scripts/bench/flooded.ts";
import type { Suite } from "../scripts/bench/suite.ts";

const PROGRAM = new URL("../../scripts/bench/flood.mjs", import.meta.url); // bundles lie one folder below this one
const STREAMS = { depth: "btcusdt@depth@100ms", trade: "btcusdt@trade" } as const;

const ours =
  (kind: FloodKind): FloodedClient =>
  async ({ rest, stream }, onSequence) => {
    const client = createBinance({ urls: { rest, stream, wsApi: `${stream}/ws-api/v3` } });
    const instrument = await client.market.getInstrument("BTC/USDT");
    const market = client.stream.market({
      instruments: [instrument],
      streams: [STREAMS[kind]],
      onEvent: (event) => {
        if (event.kind === "book") onSequence(event.sequence);
        else if (event.kind === "trade") onSequence(event.tradeId);
      },
    });
    await market.ready;
    return {
      close: async () => {
        if (market.counters(instrument).gaps > 0) throw new Error("the stream had a hole");
        await client.close();
      },
    };
  };

const ccxtPro =
  (kind: FloodKind): FloodedClient =>
  async ({ rest, stream }, onSequence) => {
    const exchange = new ccxt.pro.binance({
      options: { fetchMarkets: { types: ["spot"] }, fetchMargins: false, fetchCurrencies: false },
      urls: { api: { public: `${rest}/api/v3`, ws: { spot: `${stream}/ws` } } },
    });
    await exchange.loadHttpProxyAgent(); // without it ccxt refuses ws://
    await exchange.loadMarkets();
    let isOpen = true;
    const watch = async () => {
      while (isOpen) {
        if (kind === "depth") onSequence((await exchange.watchOrderBook("BTC/USDT")).nonce ?? 0);
        else onSequence(Number((await exchange.watchTrades("BTC/USDT")).at(-1)?.id));
      }
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

/** The data of a frame; the client leaves it in its wrapper where there is one. */
interface Message {
  readonly u?: number;
  readonly t?: number;
  readonly data?: { readonly u?: number; readonly t?: number };
}

const binanceClient =
  (kind: FloodKind): FloodedClient =>
  async ({ stream }, onSequence) => {
    const silent = () => {};
    const client = new WebsocketClient({ wsUrl: stream }, { trace: silent, info: silent, error: silent });
    client.on("message", (message) => {
      const { data = message as Message } = message as Message;
      const sequence = kind === "depth" ? data.u : data.t;
      if (sequence !== undefined) onSequence(sequence);
    });
    await client.subscribe(STREAMS[kind], "main");
    return { close: () => client.closeAll(true) };
  };

const suite: Suite = {
  name: "market streams beside ccxt.pro and binance",
  comparisons: (["depth", "trade"] as const).map((kind) => ({
    name: kind === "depth" ? "depth of 20 levels" : "trade",
    unit: "us/op",
    ours: flooded(PROGRAM, kind, ours(kind)),
    peers: {
      "ccxt.pro": { case: flooded(PROGRAM, kind, ccxtPro(kind)), aim: 0.1 },
      "binance WebsocketClient": {
        case: flooded(PROGRAM, kind, binanceClient(kind)),
        aim: 0.5,
        note: "keeps no book, numbers stay text",
      },
    },
  })),
};

export default suite;
