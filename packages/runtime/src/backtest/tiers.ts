import { InvalidInputError, type Random } from "@pitlane/perf";
import type { LatencyHistogram } from "@pitlane/perf/metrics";
import type { OrderBook, QuoteEvent } from "@pitlane/sdk";
import type { Core } from "../core/core.ts";
import { barLengthUs, FIXED_INTERVALS, type FixedBarInterval } from "../engines/bar-every.ts";
import type { Agenda } from "./agenda.ts";
import type { BarColumns, DepthColumns, MarketData, TradeColumns } from "./columns.ts";
import { BARS_IGNORE, BarMatcher } from "./fill-bars.ts";
import { DEPTH_IGNORE, DepthMatcher } from "./fill-depth.ts";
import { TRADES_IGNORE, TradeMatcher } from "./fill-trades.ts";
import { LatencyWay } from "./latency.ts";
import type { Desk, Matcher } from "./matcher.ts";
import type { BacktestOptions } from "./options.ts";
import type { Tier } from "./result.ts";
import type { Stream } from "./stream.ts";
import { BarStream } from "./stream-bars.ts";
import { DepthStream } from "./stream-depth.ts";
import { TradeStream } from "./stream-trades.ts";

/** What every tier leaves out: the account is that of a spot venue, also on data of futures. */
const ACCOUNT_IGNORES =
  "Margin, leverage, funding and short positions: the account is a spot one on data of futures too. What it does not hold it cannot sell, and the fee of a buy is taken from what was bought.";

/** What a tier leaves out of the real world, a sentence each. */
export const IGNORES: Readonly<Record<Tier, readonly string[]>> = {
  bars: [...BARS_IGNORE, ACCOUNT_IGNORES],
  trades: [...TRADES_IGNORE, ACCOUNT_IGNORES],
  depth: [...DEPTH_IGNORE, ACCOUNT_IGNORES],
};

/** What an instrument's rows are played to. */
export interface Playing {
  readonly core: Core;
  readonly agenda: Agenda;
  /** Number of the instrument. */
  readonly index: number;
  /** Of market events that take time. */
  readonly latency: LatencyHistogram;
  /** Draws latencies. */
  readonly random: Random;
}

/** One instrument of a backtest: who fills its orders, and what plays its rows. */
export interface Listing {
  readonly data: MarketData;
  readonly matcher: Matcher;
  /** What plays the rows: to venue and strategies at once where nothing is between them, else to each in its time, the venue first. */
  open(playing: Playing): readonly Stream[];
  /** The strategies' book; undefined while there is none, or it is not whole. */
  book(): OrderBook | undefined;
  /** What the last row seen by the strategies says of the price, where no event does; undefined before the first. */
  quote(): QuoteEvent | undefined;
  /** Time that news takes from the venue at present, as recorded, in microseconds; 0 where nothing is recorded. */
  lagUs(): number;
}

/** Makes the venue's side of an instrument. @throws {InvalidInputError} When an option is out of range, or bars have a length without a name. */
export function createListing(data: MarketData, desk: Desk, options: BacktestOptions): Listing {
  const { columns } = data;
  if (columns.kind === "bars") return new BarListing(data, columns, desk, options);
  return columns.kind === "trades"
    ? new TradeListing(data, columns, desk, options)
    : new DepthListing(data, columns, desk, options);
}

class BarListing implements Listing {
  readonly data: MarketData;
  readonly matcher: BarMatcher;
  readonly #columns: BarColumns;
  readonly #options: BacktestOptions;
  readonly #interval: FixedBarInterval;
  #ownStream: BarStream | undefined;

  constructor(data: MarketData, columns: BarColumns, desk: Desk, options: BacktestOptions) {
    this.data = data;
    this.#columns = columns;
    this.#options = options;
    this.#interval = intervalOf(data, columns.intervalUs);
    this.matcher = new BarMatcher(data.instrument, desk, columns.intervalUs, options.fillModel?.bars);
  }

  open(playing: Playing): readonly Stream[] {
    const { agenda, index, core } = playing;
    const { fillModel, events } = this.#options;
    const wanted = builtLengths(core, this.data, this.#interval);
    const common = {
      columns: this.#columns,
      instrument: this.data.instrument,
      index,
      interval: this.#interval,
      agenda,
      halfSpreadTicks: fillModel?.bars?.slippageTicks ?? 0,
      isBuiltWanted: wanted.has(this.#interval),
      joined: [...wanted].filter((every) => every !== this.#interval),
      tellsGaps: core.plugins.registrations.hooks.some(({ kind }) => kind === "gap" || kind === "resync"),
      isFresh: events === "fresh",
      isMarked: isAllBars(this.#options.data),
    };
    const { matcher } = this;
    const way = wayOf(this.#options, playing);
    // What all have comes last, here and below: fields after a spread would have V8 11 make a class of objects for each stream, anew in each backtest.
    this.#ownStream = new BarStream({ core, ...(way === undefined ? { matcher } : { way }), ...common });
    return way === undefined ? [this.#ownStream] : [new BarStream({ matcher, ...common }), this.#ownStream];
  }

  quote(): QuoteEvent | undefined {
    return this.#ownStream?.quote();
  }

  book(): undefined {}

  lagUs(): number {
    return 0;
  }
}

class TradeListing implements Listing {
  readonly data: MarketData;
  readonly matcher: TradeMatcher;
  readonly #columns: TradeColumns;
  readonly #options: BacktestOptions;
  #ownStream: TradeStream | undefined;

  constructor(data: MarketData, columns: TradeColumns, desk: Desk, options: BacktestOptions) {
    this.data = data;
    this.#columns = columns;
    this.#options = options;
    this.matcher = new TradeMatcher(desk, options.fillModel?.trades);
  }

  open(playing: Playing): readonly Stream[] {
    const { agenda, index, core } = playing;
    const { events } = this.#options;
    const { matcher } = this;
    const common = {
      columns: this.#columns,
      instrument: this.data.instrument,
      index,
      agenda,
      halfSpreadTicks: matcher.halfSpreadTicks,
      isFresh: events === "fresh",
    };
    const way = wayOf(this.#options, playing);
    this.#ownStream = new TradeStream({ core, ...(way === undefined ? { matcher } : { way }), ...common });
    return way === undefined ? [this.#ownStream] : [new TradeStream({ matcher, ...common }), this.#ownStream];
  }

  quote(): QuoteEvent | undefined {
    return this.#ownStream?.quote();
  }

  book(): undefined {}

  lagUs(): number {
    return 0;
  }
}

class DepthListing implements Listing {
  readonly data: MarketData;
  readonly matcher: DepthMatcher;
  readonly #columns: DepthColumns;
  readonly #options: BacktestOptions;
  #venueStream: DepthStream | undefined;
  #ownStream: DepthStream | undefined;

  constructor(data: MarketData, columns: DepthColumns, desk: Desk, options: BacktestOptions) {
    this.data = data;
    this.#columns = columns;
    this.#options = options;
    this.matcher = new DepthMatcher(desk, options.fillModel?.depth);
  }

  open(playing: Playing): readonly Stream[] {
    const { agenda, index, core, latency } = playing;
    const { events, latency: ways } = this.#options;
    const common = {
      columns: this.#columns,
      instrument: this.data.instrument,
      index,
      agenda,
      isFresh: events === "fresh",
    };
    const { matcher } = this;
    const isRecorded = ways?.feedUs === undefined && takesTime(this.#columns);
    const way = isRecorded ? "received" : wayOf(this.#options, playing);
    if (way === undefined) {
      this.#ownStream = new DepthStream({ matcher, core, ...common });
      return [this.#ownStream];
    }
    this.#venueStream = new DepthStream({ matcher, ...common });
    this.#ownStream = new DepthStream({ core, way, latency, ...common });
    return [this.#venueStream, this.#ownStream];
  }

  book(): OrderBook | undefined {
    return this.#ownStream?.isInSync === true ? this.#ownStream.book : undefined;
  }

  quote(): undefined {}

  lagUs(): number {
    return this.#venueStream?.lagUs ?? 0;
  }
}

/** True where equity is looked at at the close of each bar: prices of other kinds are not known then. */
export function isAllBars(data: readonly MarketData[]): boolean {
  return data.every(({ columns }) => columns.kind === "bars");
}

/** The way of market events; undefined where they take no time. */
function wayOf({ latency }: BacktestOptions, { random }: Playing): LatencyWay | undefined {
  if (latency?.feedUs === undefined) return undefined;
  const way = new LatencyWay("feedUs", latency.feedUs, random);
  return way.isNone ? undefined : way;
}

function takesTime({ length, atUs, receivedAtUs }: DepthColumns): boolean {
  for (let i = 0; i < length; i++) if (receivedAtUs[i] !== atUs[i]) return true;
  return false;
}

function intervalOf({ instrument }: MarketData, intervalUs: number): FixedBarInterval {
  const interval = FIXED_INTERVALS.find((name) => barLengthUs(name) === intervalUs);
  if (interval !== undefined) return interval;
  throw new InvalidInputError(
    `bars of ${instrument.id} are ${intervalUs} us long, and must be of ${FIXED_INTERVALS.join(", ")}: join or split them`,
  );
}

/**
 * Lengths of the bars that hooks want made of trades: these ones will do, or several of them joined.
 *
 * @throws {InvalidInputError} When they want ones that these cannot be joined to.
 */
function builtLengths(
  { plugins }: Core,
  { instrument }: MarketData,
  interval: FixedBarInterval,
): ReadonlySet<FixedBarInterval> {
  const hooks = plugins.registrations.hooks.filter(
    ({ kind, every, instrument: wanted = instrument }) =>
      kind === "bar" && every !== undefined && ("id" in wanted ? wanted === instrument : wanted.includes(instrument)),
  );
  const lengths = new Set<FixedBarInterval>();
  for (const { every, owner } of hooks) {
    if (typeof every !== "string" || barLengthUs(every) % barLengthUs(interval) !== 0)
      throw new InvalidInputError(
        `strategy ${plugins.names[owner]} wants bars of ${JSON.stringify(every, bigintText)} of ${instrument.id}, and the data are bars of ${interval}, of which they cannot be made: give trades, or bars whose length divides theirs`,
      );
    lengths.add(every);
  }
  return lengths;
}

function bigintText(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
