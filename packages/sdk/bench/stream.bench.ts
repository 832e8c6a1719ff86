// The whole way of a message, from the socket to the strategy's callback: the public client with sequence checks, a right book, an
// event each, and counters, beside `ws` whose frames go through JSON.parse and no further. In CPU time a message, while a feed in
// another process sends as fast as we read. A regression here is less room in a burst.
import WebSocket from "ws";
import { type FloodedClient, type FloodKind, flooded } from "../../../scripts/bench/flooded.ts";
import type { Suite } from "../../../scripts/bench/suite.ts";
import { createBinance } from "../src/venues/binance/index.ts";

const PROGRAM = new URL("../../../../scripts/bench/flood.mjs", import.meta.url); // bundles lie one folder below this one
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
      onError: (error) => {
        throw error;
      },
    });
    await market.ready;
    return {
      close: async () => {
        const { gaps, sequenceFailures, checksumFailures } = market.counters(instrument);
        const book = market.book(instrument);
        if (gaps + sequenceFailures + checksumFailures > 0) throw new Error("the stream had a hole");
        if (
          kind === "depth" &&
          !(book !== undefined && book.bestBidTicks < book.bestAskTicks && book.bidLevels > 100)
        ) {
          throw new Error("the book is not right");
        }
        await client.close();
      },
    };
  };

const bare =
  (kind: FloodKind, sequenceOf: (data: Buffer) => number): FloodedClient =>
  async ({ stream }, onSequence) => {
    const socket = new WebSocket(`${stream}/stream?streams=${STREAMS[kind]}`);
    socket.on("message", (data: Buffer) => onSequence(sequenceOf(data)));
    return { close: () => socket.terminate() };
  };

interface Frame {
  readonly data: { readonly u: number; readonly t: number };
}

const parsed = (kind: FloodKind) =>
  bare(kind, (data) => {
    const { u, t } = (JSON.parse(data.toString()) as Frame).data;
    return kind === "depth" ? u : t;
  });

const counted = (kind: FloodKind) => {
  let count = 0;
  return bare(kind, () => ++count);
};

const suite: Suite = {
  name: "market stream",
  comparisons: (["depth", "trade"] as const).map((kind) => ({
    name: kind === "depth" ? "depth of 20 levels, with a right book" : "trade",
    unit: "us/op",
    ours: flooded(PROGRAM, kind, ours(kind)),
    peers: {
      "ws + JSON.parse, no book": { case: flooded(PROGRAM, kind, parsed(kind)), aim: kind === "depth" ? 0.5 : 0.4 },
      "ws, frames counted (floor)": { case: flooded(PROGRAM, kind, counted(kind)), aim: null },
    },
  })),
};

export default suite;
