import { DualFeed } from "../../stream/dual-feed.ts";
import { QueueIterator } from "../../stream/iterate.ts";
import { EventQueue } from "../../stream/overflow.ts";
import { Shards } from "../../stream/shard.ts";
import { BarKeeper } from "./bar-keeper.ts";
import { BarReader } from "./bar-reader.ts";
import { FrameScanner } from "./frame-scanner.ts";
import { Market } from "./market.ts";
import { createOtherPlaces } from "./other-places.ts";
import type { MarketPart } from "./parts.ts";
import { connectRegions } from "./regional-network.ts";
import { barStreams } from "./stream-names.ts";
import { fillingSequences } from "./trade-filling.ts";
import { TradeHistory } from "./trade-history.ts";

// Each is a constant of its own, so that a bundle has only those it names.

/**
 * Regions probed and scored instead of a list; hedged reads, HTTP/2, remembered DNS answers, metrics, and the options `http`,
 * `backoff`, `regionRules` and `suspectAfterMs`.
 */
export const regionalTransport: MarketPart<"regionalTransport"> = {
  name: "regionalTransport",
  create: (place) => connectRegions(place),
};

/** `product` `usdm` and `coinm`, Binance's futures, and `environment` `testnet` and `demo`. */
export const otherPlaces: MarketPart<"otherPlaces"> = { name: "otherPlaces", create: createOtherPlaces };

/** `dual: true`: every stream over two sockets at once. */
export const dualFeed: MarketPart<"dualFeed"> = { name: "dualFeed", create: (options) => new DualFeed(options) };

/** Streams beyond the 1,024 of one connection, over as many as that takes. */
export const manySockets: MarketPart<"manySockets"> = {
  name: "manySockets",
  create: (options) => new Shards(options),
};

/** Fetches the trades that a stream has missed, `backfillTrades` of them; without it they stay missed, and are told. */
export const tradeBackfill: MarketPart<"tradeBackfill"> = {
  name: "tradeBackfill",
  create: { newHistory: (options) => new TradeHistory(options), newSequences: fillingSequences },
};

/** The calls of `market` beyond instruments: `getBook`, `listTrades`, `listBars`, `getTopOfBook`, `getServerTimeUs`. */
export const moreCalls: MarketPart<"moreCalls"> = { name: "moreCalls", create: (options) => new Market(options) };

/** Streams of bars: `bars` of a market stream. */
export const bars: MarketPart<"bars"> = {
  name: "bars",
  create: {
    streamsOf: barStreams,
    newReader: () => new BarReader(),
    newKeeper: (output, intervals) => new BarKeeper(output, intervals),
  },
};

/** Reads frames from their bytes instead of through JSON.parse: the same events, at a fraction of the cost. */
export const frameScanner: MarketPart<"frameScanner"> = { name: "frameScanner", create: () => new FrameScanner() };

/** `for await` over a stream, and what happens when it is too slow: `overflow`. Without it events come by `onEvent`. */
export const forAwait: MarketPart<"forAwait"> = {
  name: "forAwait",
  create: (options, onLeave) => new QueueIterator(new EventQueue(options), onLeave),
};
