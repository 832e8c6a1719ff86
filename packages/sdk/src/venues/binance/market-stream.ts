import { type Clock, InvalidInputError, integerInRange, type Random } from "@pitlane/perf";
import type { Instrument } from "../../model/instrument.ts";
import { Connection } from "../../stream/connection.ts";
import { Settlement } from "../../stream/settlement.ts";
import type { BinanceProduct, MarketStream, MarketStreamOptions } from "./client.ts";
import { parseSnapshot } from "./decode.ts";
import { PRODUCTS } from "./endpoints.ts";
import { MarketFeed } from "./market-feed.ts";
import { checkVenue } from "./order-rules.ts";
import type { Rest } from "./rest.ts";
import { SnapshotLoader } from "./snapshot-loader.ts";

export interface MarketStreamParts {
  readonly product: BinanceProduct;
  readonly venue: string;
  /** Origin of the market streams. */
  readonly streamUrl: string;
  readonly rest: Rest;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when the stream is closed and its socket gone. */
  readonly onClose: () => void;
}

const MOST_STREAMS = 1_024; // of one connection

/**
 * Opens a market stream: one combined socket feeds a `MarketFeed`, whose wishes for snapshots a `SnapshotLoader` grants.
 *
 * @throws {InvalidInputError} When an option breaks its rule.
 */
export function openMarketStream(options: MarketStreamOptions, parts: MarketStreamParts): MarketStream {
  const { instruments, onEvent, onFrameEnd = () => {}, onError } = options;
  const { product, venue, streamUrl, rest, connectTimeoutMs, clock, random, onClose } = parts;
  const limit = integerInRange("snapshotLimit", options.snapshotLimit ?? PRODUCTS[product].snapshotLimit, 1, 5_000);
  for (const instrument of instruments) checkVenue(instrument, venue);
  const streams = checkStreams(options.streams ?? defaultStreams(instruments));
  const opened = new Settlement();

  const feed = new MarketFeed({
    rule: product === "spot" ? "contiguous" : "linked",
    instruments,
    streams,
    onEvent,
    onError,
    onSnapshotWanted: (instrument) => loader.request(instrument),
    onShutdown: () => connection.restart("the venue announced a shutdown"),
  });
  const loader = new SnapshotLoader({
    fetch: async (instrument, signal) => {
      const reply = await rest.get("/depth", { symbol: instrument.venueSymbol, limit }, signal);
      return parseSnapshot(reply, instrument);
    },
    accept: (instrument, snapshot) => {
      const fits = feed.load(instrument, snapshot, clock.nowUs(), clock.monotonicNs());
      frameEnd();
      return fits;
    },
    onError,
    clock,
    random,
  });
  const connection = new Connection({
    url: `${streamUrl}/stream?streams=${streams.map(encodeURI).join("/")}`,
    onOpen: () => opened.resolve(),
    onMessage: (text, receivedAtUs, receivedNs) => {
      feed.frame(text, receivedAtUs, receivedNs);
      frameEnd();
    },
    onLost: (reason) => {
      loader.cancel();
      feed.disconnect(reason, clock.nowUs(), clock.monotonicNs());
      frameEnd();
    },
    onError,
    connectTimeoutMs,
    clock,
    random,
  });

  function frameEnd(): void {
    try {
      onFrameEnd();
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
    }
  }

  return {
    ready: opened.promise,
    book: (instrument) => feed.book(instrument),
    counters: (instrument) => {
      const counters = feed.counters(instrument);
      if (counters === undefined) throw new InvalidInputError(`instrument ${instrument.id} is not in this stream`);
      return counters;
    },
    close: async () => {
      opened.reject(new Error("the market stream was closed before it was open"));
      loader.cancel();
      await connection.close();
      onClose();
    },
  };
}

function defaultStreams(instruments: readonly Instrument[]): readonly string[] {
  return instruments.flatMap(({ venueSymbol }) => {
    const symbol = venueSymbol.toLowerCase();
    return [`${symbol}@depth@100ms`, `${symbol}@bookTicker`, `${symbol}@trade`];
  });
}

function checkStreams(streams: readonly string[]): readonly string[] {
  if (streams.length === 0 || streams.length > MOST_STREAMS) {
    throw new InvalidInputError(
      `a market stream has 1 to ${MOST_STREAMS} streams, got ${streams.length}: open several for more`,
    );
  }
  for (const stream of streams) {
    if (!/^[^\s/?&#%]+$/.test(stream)) {
      throw new InvalidInputError(`streams: ${JSON.stringify(stream)} is not a stream name such as btcusdt@trade`);
    }
  }
  return streams;
}
