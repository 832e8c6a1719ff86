import type { Outcome } from "./batch/outcome.ts";
import type { Bar, BarInterval } from "./model/bar.ts";
import type { Instrument } from "./model/instrument.ts";
import type { BookSnapshot, PublicTrade, TopOfBook } from "./model/market-data.ts";
import type {
  AmendRequest,
  Balance,
  Fill,
  OrderKind,
  OrderRef,
  OrderReport,
  OrderRequestOf,
  WalletBalance,
} from "./model/order.ts";
import type { OrderListRef, OrderListReport, OrderListRequest } from "./model/order-list.ts";
import type { MarketStream, MarketStreamOptions, UserStream, UserStreamOptions } from "./stream/streams.ts";

/** What every call takes. */
export interface CallControl {
  /** Ends the call: a read rejects with the signal's reason, a write with the outcome it has. */
  readonly signal?: AbortSignal | undefined;
  /** Limit for this call, tries and waits included, in milliseconds, 1 to 600,000; default the client's. */
  readonly timeoutMs?: number | undefined;
  /** Repeats of this call at most, 0 to 100; default the client's. A write is repeated only where it was provably unsent. */
  readonly retries?: number | undefined;
  /** A read without an answer for this long is sent to a second region as well, in milliseconds, 1 to 60,000; default the client's rule. */
  readonly hedgeAfterMs?: number | undefined;
}

/** What every write takes. */
export interface WriteControl extends CallControl {
  /** Called when the bytes are handed to the socket, synchronously, with `clock.monotonicNs()`; again if a try was provably unsent. */
  readonly onSent?: ((sentNs: number) => void) | undefined;
}

/** A page of something that has ids: from `fromId` on, oldest first; the newest ones when it is left out. */
export interface PageControl extends CallControl {
  readonly fromId?: number | undefined;
  /** Most items, 1 to what the venue gives at once; default that. */
  readonly limit?: number | undefined;
}

/** Bars by time. Neither bound: the newest ones; `fromUs` alone: the oldest from it. */
export interface BarsControl extends CallControl {
  readonly interval: BarInterval;
  /** Opening time of the first bar, microseconds since the epoch. */
  readonly fromUs?: number | undefined;
  readonly toUs?: number | undefined;
  readonly limit?: number | undefined;
}

/**
 * Calls about markets. All of them read.
 *
 * Each throws `InvalidInputError` before any I/O, when an argument breaks its rule, and a `RequestError`, when the venue could not be
 * asked or said no; an aborted one the reason of its signal.
 */
export interface MarketCalls {
  /** Every instrument of the venue that its scales can express. */
  listInstruments(control?: CallControl): Promise<readonly Instrument[]>;
  /** The instrument of a symbol, `AAA/BBB`. @throws {InvalidInputError} When the venue has none of that name. */
  getInstrument(symbol: string, control?: CallControl): Promise<Instrument>;
  /** The venue's clock, microseconds since the epoch. */
  getServerTimeUs(control?: CallControl): Promise<number>;
  /** The book as it is now, `limit` levels a side. */
  getBook(instrument: Instrument, control?: CallControl & { readonly limit?: number }): Promise<BookSnapshot>;
  /** Trades by id, oldest first; the newest when `fromId` is left out. */
  listTrades(instrument: Instrument, control?: PageControl): Promise<readonly PublicTrade[]>;
  /** Bars, oldest first; the last one may still be open. */
  listBars(instrument: Instrument, control: BarsControl): Promise<readonly Bar[]>;
  /** The best bid and ask. */
  getTopOfBook(instrument: Instrument, control?: CallControl): Promise<TopOfBook>;
}

/**
 * Calls about orders. Those that write go out once; their errors say in `outcome` whether the venue may have acted.
 *
 * Every write throws alike: `InvalidInputError` before any I/O, when it breaks a rule; `RejectedError`, `AuthError` or
 * `RateLimitError` when the venue refused it; `NetworkError` or `TimeoutError` with outcome `unsent` when no byte can have left;
 * `OutcomeUnknownError` when it may have been accepted: ask with `get`, never send it again.
 */
export interface OrderCalls<K extends OrderKind = OrderKind> {
  /** Sends a new order, once. */
  submit(request: OrderRequestOf<K>, control?: WriteControl): Promise<OrderReport>;
  /** Cancels an order. @throws {OrderNotFoundError} When it is not open any more. */
  cancel(ref: OrderRef, control?: WriteControl): Promise<OrderReport>;
  /** Makes a resting order smaller; it keeps its place in the queue. */
  amend(request: AmendRequest, control?: WriteControl): Promise<OrderReport>;
  /**
   * Cancels one order and sends another in its place, which loses the place in the queue. Both halves have an outcome of their
   * own: where the cancel failed, nothing was sent.
   */
  replace(
    ref: OrderRef,
    request: OrderRequestOf<K>,
    control?: WriteControl,
  ): Promise<{ readonly cancel: Outcome<OrderReport>; readonly submit: Outcome<OrderReport> }>;
  /** Cancels every open order of an instrument. None open is no error: the list is empty. */
  cancelAll(instrument: Instrument, control?: WriteControl): Promise<readonly OrderReport[]>;
  /** Sends several orders; an outcome for each, in their order. @throws {InvalidInputError} When one breaks a rule: none is sent. */
  submitMany(requests: readonly OrderRequestOf<K>[], control?: WriteControl): Promise<readonly Outcome<OrderReport>[]>;
  /** Cancels several orders; an outcome for each, in their order. */
  cancelMany(refs: readonly OrderRef[], control?: WriteControl): Promise<readonly Outcome<OrderReport>[]>;
  /** Makes several orders smaller; an outcome for each, in their order. */
  amendMany(requests: readonly AmendRequest[], control?: WriteControl): Promise<readonly Outcome<OrderReport>[]>;
  /** Sends orders that belong together: one cancels the other, or one is followed by others. */
  submitList(request: OrderListRequest, control?: WriteControl): Promise<OrderListReport>;
  /** Cancels a list: all of its orders. */
  cancelList(ref: OrderListRef, control?: WriteControl): Promise<OrderListReport>;
  /** Asks about a list. @throws {OrderNotFoundError} When the venue knows none by that id. */
  getList(ref: OrderListRef, control?: CallControl): Promise<OrderListReport>;
  /** Asks about an order. @throws {OrderNotFoundError} When the venue knows none by that id. */
  get(ref: OrderRef, control?: CallControl): Promise<OrderReport>;
  listOpen(control?: CallControl): Promise<readonly OrderReport[]>;
  /** Own fills of one instrument, oldest first; at most 1,000. */
  listFills(instrument: Instrument, control?: PageControl): Promise<readonly Fill[]>;
}

/** Calls about what an account, or a wallet, holds. All of them read, and throw as those about markets. */
export interface AccountCalls {
  /** Balances by asset, those that are not zero. */
  getBalances(control?: CallControl): Promise<ReadonlyMap<string, Balance>>;
  /** What one wallet holds of the chain's own asset; with `batching`, several such calls become one. */
  balanceOf(wallet: string, control?: CallControl): Promise<WalletBalance>;
  /** What each wallet holds of the chain's own asset; an outcome for each, in their order. */
  balancesOf(wallets: readonly string[], control?: CallControl): Promise<readonly Outcome<WalletBalance>[]>;
}

/** Streams. Each has a socket of its own, which stays: it reconnects, and says what was missed. */
export interface StreamCalls {
  market(options: MarketStreamOptions): MarketStream;
  user(options: UserStreamOptions): UserStream;
}
