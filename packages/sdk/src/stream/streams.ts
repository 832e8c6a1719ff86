import type { OrderBook } from "../book/order-book.ts";
import type { BarInterval } from "../model/bar.ts";
import type { Instrument } from "../model/instrument.ts";
import type { Balance, OrderReport } from "../model/order.ts";
import type { OrderListReport } from "../model/order-list.ts";
import type { BookChange, Channel, InstrumentCounters, MarketEvent } from "./events.ts";
import type { OverflowOptions } from "./overflow.ts";
import type { LegCounters } from "./socket-feed.ts";

/** How old the last data of a channel may be, in milliseconds, 10 to 86,400,000; a channel that is left out may be quiet. */
export type StaleLimits = Readonly<Partial<Record<Channel, number>>>;

export interface MarketStreamOptions {
  readonly instruments: readonly Instrument[];
  /**
   * The venue's own stream names (`btcusdt@depth@100ms`), the symbol in lower case: the venue is silent for a name it does not know.
   * Default: depth at 100 ms, book ticker and trades of each instrument.
   * Frames of streams that are not decoded are counted as `ignored`.
   */
  readonly streams?: readonly string[];
  /** Bars of these intervals are subscribed as well and delivered; of others that `streams` names they are ignored. Default none. */
  readonly bars?: readonly BarInterval[];
  /** Levels asked for in a depth snapshot; default 5,000 on spot, 1,000 elsewhere. */
  readonly snapshotLimit?: number;
  /**
   * Two sockets with the same streams, in two regions where there are two: the first arrival counts, the loss of one is no gap, and
   * what one misses the other brings. Costs twice the traffic. Default false.
   */
  readonly dual?: boolean;
  /**
   * Longest hole in the trades that is fetched and delivered as backfilled, 0 to 1,000,000 trades; default 10,000. 0: none is. On
   * Binance's futures aggregates alone are fetched: single trades of the past take a key there.
   */
  readonly backfillTrades?: number;
  /**
   * A channel that brought nothing for its limit, since it was subscribed or since the last event, has a gap, and is subscribed anew.
   * Default: none, quiet markets are no fault.
   */
  readonly staleAfterMs?: StaleLimits | ((instrument: Instrument) => StaleLimits);
  /**
   * Called for every event, in order, synchronously from the socket. An error it throws goes to `onError`. With a `book` event
   * comes what has changed; without a `change` the whole book is new.
   */
  readonly onEvent?: (event: MarketEvent, change?: BookChange) => void;
  /** Called after the last event of each frame: flush here what `onEvent` queued. */
  readonly onFrameEnd?: () => void;
  /**
   * Connection losses (the stream reconnects by itself), undecodable frames, and errors of the callbacks. Default: each is a
   * warning of the process.
   */
  readonly onError?: (error: Error) => void;
  /** How a `for await` over the stream bounds what it has not read. */
  readonly overflow?: OverflowOptions;
  /** Closes the stream. */
  readonly signal?: AbortSignal;
}

/**
 * A market stream: events by callback, or by `for await`, in which leaving the loop closes it.
 *
 * Without `onEvent` events wait for the loop from the beginning on, with it from when the loop begins.
 */
export interface MarketStream extends AsyncIterable<MarketEvent> {
  /** Resolves when the socket is open and the streams are subscribed; rejects when closed before that. */
  readonly ready: Promise<void>;
  /** The live book; undefined while it is not in sync. */
  book(instrument: Instrument): OrderBook | undefined;
  /** @throws {InvalidInputError} When the instrument is not in the stream. */
  counters(instrument: Instrument): Readonly<InstrumentCounters>;
  /** How each socket does, in the order of their making. */
  legs(): readonly LegCounters[];
  /**
   * Adds instruments, with the default streams or these; resolves when they are subscribed.
   * @throws {InvalidInputError} When an instrument or a name breaks its rule, or the stream is closed.
   */
  subscribe(instruments: readonly Instrument[], streams?: readonly string[]): Promise<void>;
  /** Takes instruments out, with all their streams. Those that are not in it change nothing. */
  unsubscribe(instruments: readonly Instrument[]): Promise<void>;
  /** Closes for good: no event after it resolves. */
  close(): Promise<void>;
  /** @throws {InvalidInputError} The second time: a stream has one reader. */
  [Symbol.asyncIterator](): AsyncIterator<MarketEvent, undefined>;
}

/** A balance changed for another reason than an order. */
export interface BalanceChange {
  /** `transfer`: a deposit, a withdrawal, a move between accounts. `externalLock`: locked or freed by another product. */
  readonly kind: "transfer" | "externalLock";
  readonly asset: string;
  /** In the asset's smallest unit; negative for what went. */
  readonly delta: bigint;
  /** The venue's time of it, microseconds since the epoch. */
  readonly atUs: number;
}

export interface UserStreamOptions {
  readonly instruments: readonly Instrument[];
  /** Called for every execution report, in order. */
  readonly onReport: (report: OrderReport) => void;
  /** Balances the venue says have changed. */
  readonly onBalances: (balances: ReadonlyMap<string, Balance>) => void;
  /** What changed a balance besides orders. The balance itself comes by `onBalances`. */
  readonly onBalanceChange?: (change: BalanceChange) => void;
  /** The state of an order list has changed. */
  readonly onOrderList?: (report: OrderListReport) => void;
  /** Called after every successful subscribe but the first: what happened in between was not delivered, so ask. */
  readonly onReconnected: () => void;
  readonly onError: (error: Error) => void;
  /** Closes the stream. */
  readonly signal?: AbortSignal;
}

/** Counts of a user stream since it began. */
export interface UserStreamCounters {
  readonly reports: number;
  readonly balances: number;
  /** Reports of instruments that the stream was not opened for. */
  readonly otherInstruments: number;
  /** Events that nobody asked for, by the venue's name of their kind. */
  readonly ignored: ReadonlyMap<string, number>;
}

export interface UserStream {
  /** Resolves when the stream is subscribed; rejects when closed before that, or refused. */
  readonly ready: Promise<void>;
  counters(): UserStreamCounters;
  close(): Promise<void>;
}
