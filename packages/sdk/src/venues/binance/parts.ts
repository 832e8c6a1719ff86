import { InvalidInputError } from "@pitlane/perf";
import type { BarInterval } from "../../model/bar.ts";
import type { MarketEvent } from "../../stream/events.ts";
import type { QueueIterator } from "../../stream/iterate.ts";
import type { OverflowOptions } from "../../stream/overflow.ts";
import type { Shards, ShardsOptions } from "../../stream/shard.ts";
import type { StreamFeed, StreamFeedOptions } from "../../stream/socket-feed.ts";
import type { BarKeeper } from "./bar-keeper.ts";
import type { BarReader } from "./bar-reader.ts";
import type { MarketOptions } from "./core-market.ts";
import type { Scanner } from "./decode.ts";
import type { OtherPlaces } from "./endpoints.ts";
import type { FeedOutput } from "./feed-output.ts";
import type { Market } from "./market.ts";
import type { Network, NetworkPlace } from "./network.ts";
import type { barStreams } from "./stream-names.ts";
import type { Track } from "./track.ts";
import type { fillingSequences } from "./trade-filling.ts";
import type { TradeHistory, TradeHistoryOptions } from "./trade-history.ts";

/** What each part makes. Without one its option is refused, and what it does better is done plainly. */
export interface PartMakers {
  readonly regionalTransport: (place: NetworkPlace) => Network;
  readonly otherPlaces: () => OtherPlaces;
  readonly dualFeed: (options: StreamFeedOptions) => StreamFeed;
  readonly manySockets: (options: ShardsOptions<StreamFeed>) => Pick<Shards<StreamFeed>, keyof Shards<StreamFeed>>;
  readonly tradeBackfill: {
    readonly newHistory: (options: TradeHistoryOptions) => TradeHistory;
    readonly newSequences: typeof fillingSequences;
  };
  readonly moreCalls: (options: MarketOptions) => Market;
  readonly bars: {
    readonly streamsOf: typeof barStreams;
    readonly newReader: () => BarReader;
    readonly newKeeper: (output: FeedOutput, intervals: ReadonlySet<BarInterval>) => BarKeeper;
  };
  readonly frameScanner: () => Scanner<Track>;
  readonly forAwait: (options: OverflowOptions, onLeave: () => Promise<void>) => QueueIterator<MarketEvent>;
}

export type PartName = keyof PartMakers;

/** Something that a client for market data can do beyond the plain, to be given to `createBinanceMarket` as one of `parts`. */
export interface MarketPart<N extends PartName = PartName> {
  readonly name: N;
  readonly create: PartMakers[N];
}

/** The parts of a client by their names. */
export type Parts = Partial<PartMakers>;

/** @throws {MissingPartError} When `option` is used without the part that it needs. */
export function needPart(parts: Parts, part: PartName, option: string): void {
  if (parts[part] === undefined) throw new MissingPartError(option, part);
}

/** An option needs a part that the client was made without. */
export class MissingPartError extends InvalidInputError {
  override readonly code = "MISSING_PART";
  /** Its export's name. */
  readonly part: PartName;

  constructor(option: string, part: PartName) {
    super(`${option} needs \`parts: [${part}]\`, import { ${part} } from "@pitlane/sdk/binance/market"`);
    this.part = part;
  }
}
