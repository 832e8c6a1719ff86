import { type Clock, InvalidInputError, inRange, integerInRange, type Random } from "@pitlane/perf";
import { asError } from "../../as-error.ts";
import type { OrderBook } from "../../book/order-book.ts";
import { checkList, checkObject } from "../../checks.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { EndpointChoice } from "../../region/endpoints.ts";
import type { ConnectionWatch } from "../../stream/connection.ts";
import type { BookChange, Channel, InstrumentCounters, MarketEvent } from "../../stream/events.ts";
import type { QueueIterator } from "../../stream/iterate.ts";
import { type LegCounters, SocketFeed, type StreamFeed, type StreamFeedOptions } from "../../stream/socket-feed.ts";
import type { MarketStream, MarketStreamOptions } from "../../stream/streams.ts";
import { Watchdog } from "../../stream/watchdog.ts";
import { offAbort, onAbort } from "../../transport/on-abort.ts";
import type { Api } from "./api.ts";
import { checkVenue } from "./check-venue.ts";
import { depthCall } from "./core-market.ts";
import { parseSnapshot } from "./decode.ts";
import { MarketFeed } from "./market-feed.ts";
import { OneFeed } from "./one-feed.ts";
import type { BinanceProduct } from "./options.ts";
import { MissingPartError, needPart, type PartMakers, type Parts } from "./parts.ts";
import { SnapshotLoader } from "./snapshot-loader.ts";
import {
  channelOf,
  checkStreams,
  defaultStreams,
  MOST_STREAMS,
  STREAM_DIALECT,
  symbolIn,
  targetOf,
} from "./stream-names.ts";
import type { TradeHistory } from "./trade-history.ts";

export interface MarketStreamParts {
  readonly product: BinanceProduct;
  readonly venue: string;
  /** Most levels of a depth snapshot. */
  readonly mostLevels: number;
  /** Where the market streams are. */
  readonly endpoints: EndpointChoice;
  /** For snapshots and missed trades. */
  readonly rest: Pick<Api, "call">;
  readonly connectTimeoutMs: number;
  /** Hears what becomes of its sockets. */
  readonly watch?: ConnectionWatch;
  /** What it can do beyond the plain. */
  readonly optional: Parts;
  readonly clock: Clock;
  readonly random: Pick<Random, "next">;
  /** Called when the stream is closed and its sockets gone. */
  readonly onClose: () => void;
}

const MOST_NAMES = 100 * MOST_STREAMS;
const CHECK_MS = 100;
const CHANNELS = ["book", "quote", "trade", "bar"] as const;
const LIFE_MS = 84_600_000; // 23.5 of the 24 hours that the venue lets a connection live
const MAX_FRAME_BYTES = 4 * 1024 * 1024; // streams of all symbols have frames beyond 1 MiB

/**
 * Opens a market stream: sockets feed a `MarketFeed`, whose wishes for snapshots and missed trades are granted by REST.
 *
 *   SocketFeed, or two as one (one a 1,024 streams) -> MarketFeed -> onEvent, for await
 *                                                        |  ^
 *                                     SnapshotLoader, TradeHistory
 *
 * @throws {InvalidInputError} When an option breaks its rule. @throws The signal's reason when it is aborted already.
 */
export function openMarketStream(options: MarketStreamOptions, parts: MarketStreamParts): MarketStream {
  return new BinanceMarketStream(options, parts);
}

/** What the watchdog watches. */
interface Watched {
  readonly instrument: Instrument;
  readonly channel: Channel;
}

class BinanceMarketStream implements MarketStream {
  readonly #options: MarketStreamOptions;
  readonly #onError: (error: Error) => void;
  readonly #parts: MarketStreamParts;
  readonly ready: Promise<void>;
  readonly #instruments = new Map<string, Instrument>(); // by the symbol in the names of streams
  readonly #streams = new Set<string>();
  readonly #feed: MarketFeed;
  readonly #loader: SnapshotLoader;
  readonly #history: TradeHistory | undefined;
  readonly #shards: ReturnType<PartMakers["manySockets"]>;
  readonly #watchdog: Watchdog<Watched>;
  readonly #ticker: NodeJS.Timeout;
  readonly #onAbort = { handleEvent: () => void this.close() };
  #source: StreamFeed | undefined; // of the frame being worked on
  readonly #reader: QueueIterator<MarketEvent> | undefined;
  #iterator: QueueIterator<MarketEvent> | undefined; // the reader, once events are for it
  #events = 0;
  #isIterated = false;
  #closed: Promise<void> | undefined;

  constructor(options: MarketStreamOptions, parts: MarketStreamParts) {
    const { instruments, signal, onEvent, overflow } = options;
    const { product, clock, random, rest, optional } = parts;
    const { tradeBackfill, manySockets, frameScanner, forAwait, bars } = optional;
    const { backfillTrades = tradeBackfill === undefined ? 0 : 10_000 } = options;
    const onError = options.onError ?? process.emitWarning;
    this.#options = options;
    this.#onError = onError;
    this.#parts = parts;
    const limit = integerInRange("snapshotLimit", options.snapshotLimit ?? parts.mostLevels, 1, 5_000);
    integerInRange("backfillTrades", backfillTrades, 0, 1_000_000);
    if (backfillTrades > 0) needPart(optional, "tradeBackfill", "backfillTrades");
    if (options.bars !== undefined) needPart(optional, "bars", "bars");
    if (options.dual) needPart(optional, "dualFeed", "dual");
    const names = this.#namesOf(instruments, options.streams);
    this.#reader = forAwait?.(overflow ?? {}, () => this.close());
    if (overflow !== undefined) this.#loopReader();
    if (onEvent === undefined) this.#iterator = this.#loopReader();
    signal?.throwIfAborted();

    const onFrameEnd = () => this.#frameEnd();
    this.#loader = new SnapshotLoader({
      fetch: async (instrument, stop) =>
        parseSnapshot(await rest.call(depthCall(instrument, limit, { signal: stop })), instrument),
      accept: (instrument, snapshot) => {
        const fits = this.#feed.load(instrument, snapshot, clock.nowUs(), clock.monotonicNs());
        onFrameEnd();
        return fits;
      },
      onError,
      clock,
      random,
    });
    this.#history = tradeBackfill?.newHistory({ api: rest, onFrameEnd, onError, clock, random });
    this.#feed = new MarketFeed({
      rule: product === "spot" ? "contiguous" : "linked",
      instruments: [],
      streams: [],
      onEvent: (event, change) => this.#emit(event, change),
      onError,
      onSnapshotWanted: (instrument) => this.#loader.request(instrument),
      onShutdown: () => this.#source?.recycle(),
      newBarKeeper: bars && ((output) => bars.newKeeper(output, new Set(options.bars ?? []))),
      newSequence: tradeBackfill?.newSequences({
        limit: backfillTrades,
        isOfAggregates: product !== "spot",
        onWanted: (wish) => this.#history?.want(wish),
        onUnwanted: (instrument, isAggregate) => this.#history?.unwant(instrument, isAggregate),
      }),
      newDecoderParts: () => ({ scanner: frameScanner?.(), bars: bars?.newReader() }),
      onBookBehind: (instrument) => this.#onStale(instrument, "book", "quotes have been ahead of it for 5 s", 1),
    });
    const onStale = ({ instrument, channel }: Watched, ageMs: number, times: number) =>
      this.#onStale(instrument, channel, `nothing came for ${Math.floor(ageMs)} ms`, times);
    this.#watchdog = new Watchdog({ onStale, clock });
    const open = (some: readonly string[]) => this.#openFeed(some);
    this.#shards = manySockets?.({ most: MOST_STREAMS, groupOf: symbolIn, open }) ?? new OneFeed(open);
    this.ready = this.#follow(instruments, names);
    this.ready.catch(() => {}); // for those who ask
    onAbort(signal, this.#onAbort);
    this.#ticker = setInterval(() => this.#check(), CHECK_MS);
  }

  book(instrument: Instrument): OrderBook | undefined {
    return this.#feed.book(instrument);
  }

  counters(instrument: Instrument): Readonly<InstrumentCounters> {
    const counters = this.#feed.counters(instrument);
    if (counters === undefined) throw new InvalidInputError(`instrument ${instrument?.id} is not in this stream`);
    return counters;
  }

  legs(): readonly LegCounters[] {
    return this.#shards.feeds.flatMap((feed) => feed.legs);
  }

  async subscribe(instruments: readonly Instrument[], streams?: readonly string[]): Promise<void> {
    const names = this.#namesOf(instruments, streams);
    if (this.#closed !== undefined) throw new InvalidInputError("the market stream is closed: open another one");
    await this.#follow(instruments, names);
  }

  async unsubscribe(instruments: readonly Instrument[]): Promise<void> {
    this.#checkInstruments(instruments);
    const names: string[] = [];
    for (const instrument of instruments) {
      const symbol = instrument.venueSymbol.toLowerCase();
      if (!this.#instruments.delete(symbol)) continue;
      const heard = this.#feed.heard(instrument);
      for (const channel of CHANNELS) if (heard !== undefined) this.#watchdog.unwatch(heard[channel]);
      this.#loader.forget(instrument);
      for (const name of this.#streams) if (symbolIn(name) === symbol) names.push(name);
    }
    for (const name of names) this.#streams.delete(name);
    this.#feed.follow([...this.#instruments.values()], [...this.#streams]);
    await this.#shards.remove(names);
  }

  close(): Promise<void> {
    this.#closed ??= this.#shut();
    return this.#closed;
  }

  [Symbol.asyncIterator](): AsyncIterator<MarketEvent, undefined> {
    if (this.#isIterated) throw new InvalidInputError("a market stream is read by one loop: open another stream");
    this.#iterator = this.#loopReader();
    this.#isIterated = true;
    return this.#iterator;
  }

  async #shut(): Promise<void> {
    clearInterval(this.#ticker);
    offAbort(this.#options.signal, this.#onAbort);
    this.#loader.cancel();
    this.#history?.close();
    this.#reader?.end();
    await this.#shards.close();
    this.#parts.onClose();
  }

  #loopReader(): QueueIterator<MarketEvent> {
    if (this.#reader === undefined) throw new MissingPartError("reading a stream without onEvent", "forAwait");
    return this.#reader;
  }

  #checkInstruments(instruments: readonly Instrument[]): void {
    checkList("instruments", instruments);
    for (const instrument of instruments) checkVenue(instrument, this.#parts.venue);
  }

  /** The streams to add, checked, and their number with those that are there. */
  #namesOf(instruments: readonly Instrument[], streams: readonly string[] | undefined): readonly string[] {
    const { optional } = this.#parts;
    this.#checkInstruments(instruments);
    if (streams !== undefined) checkList("streams", streams);
    const ofBars = optional.bars?.streamsOf(instruments, this.#options.bars ?? []) ?? [];
    const names = new Set([...checkStreams(streams ?? instruments.flatMap(defaultStreams)), ...ofBars]);
    const count = integerInRange("streams.length", this.#streams.size + names.size, 1, MOST_NAMES);
    if (count > MOST_STREAMS) needPart(optional, "manySockets", `more than ${MOST_STREAMS} streams`);
    return [...names];
  }

  /** Resolves when they are subscribed. */
  #follow(instruments: readonly Instrument[], names: readonly string[]): Promise<void> {
    const { staleAfterMs = {} } = this.#options;
    for (const instrument of instruments) this.#instruments.set(instrument.venueSymbol.toLowerCase(), instrument);
    for (const name of names) this.#streams.add(name);
    this.#feed.follow([...this.#instruments.values()], [...this.#streams]);
    for (const instrument of instruments) {
      const limits = typeof staleAfterMs === "function" ? staleAfterMs(instrument) : staleAfterMs;
      checkObject("staleAfterMs", limits);
      for (const channel of CHANNELS) {
        const limitMs = limits[channel];
        const heard = this.#feed.heard(instrument)?.[channel];
        if (limitMs === undefined || heard === undefined) continue;
        inRange(`staleAfterMs.${channel}`, limitMs, 10, 86_400_000);
        this.#watchdog.watch({ instrument, channel }, limitMs, heard);
      }
    }
    return this.#expect(instruments, this.#shards.add(names));
  }

  #openFeed(names: readonly string[]): StreamFeed {
    const { endpoints, connectTimeoutMs, watch, clock, random, optional } = this.#parts;
    const feedOptions: StreamFeedOptions = {
      names,
      dialect: STREAM_DIALECT,
      targetOf,
      onFrame: (data, receivedAtUs, receivedNs, isShared) => {
        this.#source = feed;
        const isNews = this.#feed.frame(data, receivedAtUs, receivedNs, isShared);
        this.#frameEnd();
        return isNews;
      },
      onLost: (reason) => this.#onLost(feed, reason),
      onError: this.#onError,
      connection: {
        endpoints,
        connectTimeoutMs,
        watch,
        lifeMs: LIFE_MS,
        maxFrameBytes: MAX_FRAME_BYTES,
        ping: { everyMs: 20_000, withinMs: 10_000, quietMs: 1_000 },
        clock,
        random,
      },
    };
    const second = this.#options.dual ? optional.dualFeed : undefined;
    const feed: StreamFeed = second?.(feedOptions) ?? new SocketFeed(feedOptions);
    return feed;
  }

  #onLost(feed: StreamFeed, reason: string): void {
    const { clock } = this.#parts;
    const symbols = new Set([...feed.names].map(symbolIn));
    const lost = [...this.#instruments.values()].filter(({ venueSymbol }) => symbols.has(venueSymbol.toLowerCase()));
    for (const instrument of lost) this.#loader.forget(instrument);
    this.#feed.disconnect(reason, clock.nowUs(), clock.monotonicNs(), lost);
    this.#frameEnd();
    this.#expect(lost, feed.whenReady()).catch(() => {}); // closed meanwhile
  }

  /** A channel that waits to be subscribed is not stale: its age counts from then on. */
  async #expect(instruments: readonly Instrument[], subscribed: Promise<void>): Promise<void> {
    const channels = instruments.flatMap((instrument) => Object.values(this.#feed.heard(instrument) ?? {}));
    for (const heard of channels) heard.heardNs = Number.POSITIVE_INFINITY;
    await subscribed;
    for (const heard of channels) heard.heardNs = this.#parts.clock.monotonicNs();
  }

  #onStale(instrument: Instrument, channel: Channel, reason: string, times: number): void {
    const { clock } = this.#parts;
    const symbol = instrument.venueSymbol.toLowerCase();
    const names = [...this.#streams].filter((name) => symbolIn(name) === symbol && channelOf(name) === channel);
    if (names.length === 0) return; // of a limit for what is not subscribed to
    this.#feed.stale(instrument, channel, reason, clock.nowUs(), clock.monotonicNs());
    this.#frameEnd();
    if (times === 1) return this.#shards.refresh(names);
    // Asking anew did not help: another socket may.
    for (const feed of this.#shards.feeds) if (names.some((name) => feed.names.has(name))) feed.recycle();
  }

  #check(): void {
    const { clock } = this.#parts;
    const before = this.#events;
    this.#feed.check(clock.nowUs(), clock.monotonicNs());
    this.#watchdog.check();
    if (this.#events !== before) this.#frameEnd();
  }

  #emit(event: MarketEvent, change: BookChange | undefined): void {
    this.#events++;
    try {
      this.#options.onEvent?.(event, change);
    } finally {
      if (this.#iterator?.tryPush(event) === false) void this.close();
    }
  }

  #frameEnd(): void {
    try {
      this.#options.onFrameEnd?.();
    } catch (error) {
      this.#onError(asError(error));
    }
  }
}
