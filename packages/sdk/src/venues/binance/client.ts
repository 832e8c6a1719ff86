import type { Clock, Random } from "@pitlane/perf";
import type { OrderBook } from "../../book/order-book.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { Balance, Fill, OrderRef, OrderReport, OrderRequest } from "../../model/order.ts";
import type { InstrumentCounters, MarketEvent } from "../../stream/events.ts";

/** Which of Binance's markets: they differ in paths and in the sequence rule of their depth streams. Only `spot` takes orders here. */
export type BinanceProduct = "spot" | "usdm" | "coinm";

export interface BinanceUrls {
  /** Origin of the REST API, `https://api.binance.com`. */
  readonly rest: string;
  /** Origin of the market streams, `wss://stream.binance.com:9443`. */
  readonly stream: string;
  /** The WebSocket API with its path, `wss://ws-api.binance.com:443/ws-api/v3`. */
  readonly wsApi: string;
}

export interface BinanceOptions {
  /** Default `spot`. */
  readonly product?: BinanceProduct;
  /** Venue name in instrument ids; default `binance`, `binance-usdm`, `binance-coinm` by product. */
  readonly venue?: string;
  /** Default: the product's production hosts. */
  readonly urls?: BinanceUrls;
  /** Needed for `orders`, `account` and `stream.user`. */
  readonly credentials?: { readonly apiKey: string; readonly apiSecret: string };
  /** How long after its timestamp the venue may still act on a signed request, in milliseconds; 1 to 60,000, default 5,000. */
  readonly recvWindowMs?: number;
  /** Limit for connecting, in milliseconds; default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Limit for a whole call, in milliseconds; default 10,000. */
  readonly callTimeoutMs?: number;
  /** Most sockets per origin; default 20. */
  readonly connections?: number;
  readonly clock?: Clock;
  readonly random?: Random;
}

export interface SubmitOptions {
  /** Called once, synchronously, when the request's bytes are handed to the socket; with `clock.monotonicNs()`. */
  readonly onSent?: (sentNs: number) => void;
  readonly signal?: AbortSignal;
}

export interface MarketStreamOptions {
  readonly instruments: readonly Instrument[];
  /**
   * The venue's own stream names (`btcusdt@depth@100ms`); default: depth at 100 ms, book ticker and trades of each instrument.
   * Frames of streams that are not decoded are counted as `ignored`.
   */
  readonly streams?: readonly string[];
  /** Levels asked for in a depth snapshot; default 5,000 on spot, 1,000 elsewhere. */
  readonly snapshotLimit?: number;
  /** Called for every event, in order, synchronously from the socket. An error it throws goes to `onError`. */
  readonly onEvent: (event: MarketEvent) => void;
  /** Called after the last event of each frame: flush here what `onEvent` queued. */
  readonly onFrameEnd?: () => void;
  /** Connection losses (the stream reconnects by itself), undecodable frames, and errors of the callbacks. */
  readonly onError: (error: Error) => void;
}

export interface MarketStream {
  /** Resolves when the socket is open and the streams are subscribed; rejects when closed before that. */
  readonly ready: Promise<void>;
  /** The live book; undefined while it is not in sync. */
  book(instrument: Instrument): OrderBook | undefined;
  counters(instrument: Instrument): Readonly<InstrumentCounters>;
  /** Closes for good: no event after it resolves. */
  close(): Promise<void>;
}

export interface UserStreamOptions {
  readonly instruments: readonly Instrument[];
  /** Called for every execution report, in order. */
  readonly onReport: (report: OrderReport) => void;
  /** Balances the venue says have changed. */
  readonly onBalances: (balances: ReadonlyMap<string, Balance>) => void;
  /** Called after every successful subscribe but the first: what happened in between was not delivered, so ask. */
  readonly onReconnected: () => void;
  readonly onError: (error: Error) => void;
}

export interface UserStream {
  readonly ready: Promise<void>;
  close(): Promise<void>;
}

/** Every call that reads may be repeated; every call that writes says in its error's `outcome` whether the venue may have acted. */
export interface BinanceClient {
  readonly venue: string;
  readonly market: {
    /** Every instrument of the venue, from exchangeInfo. */
    listInstruments(signal?: AbortSignal): Promise<readonly Instrument[]>;
    /** The venue's clock, microseconds since the epoch. */
    getServerTimeUs(signal?: AbortSignal): Promise<number>;
  };
  readonly orders: {
    /**
     * Sends a new order, once.
     * @throws {InvalidInputError} Before any I/O, when the request breaks the instrument's rules.
     * @throws {RejectedError | AuthError | RateLimitError} When the venue refused it.
     * @throws {NetworkError | TimeoutError} With outcome `unsent`, when no byte can have left.
     * @throws {OutcomeUnknownError} When it may have been accepted: ask with `get`, never resend.
     */
    submit(request: OrderRequest, options?: SubmitOptions): Promise<OrderReport>;
    /** Cancels an order. @throws {OrderNotFoundError} When it is not open any more. Others as `submit`. */
    cancel(ref: OrderRef, options?: SubmitOptions): Promise<OrderReport>;
    /** Asks about an order. @throws {OrderNotFoundError} When the venue knows none by that id. */
    get(ref: OrderRef, signal?: AbortSignal): Promise<OrderReport>;
    listOpen(signal?: AbortSignal): Promise<readonly OrderReport[]>;
    /** Own fills of one instrument, oldest first, from `fromTradeId` on (the newest ones when left out); at most 1,000. */
    listFills(
      instrument: Instrument,
      options?: { readonly fromTradeId?: number; readonly signal?: AbortSignal },
    ): Promise<readonly Fill[]>;
  };
  readonly account: {
    /** Balances by asset, those that are not zero. */
    getBalances(signal?: AbortSignal): Promise<ReadonlyMap<string, Balance>>;
  };
  readonly stream: {
    market(options: MarketStreamOptions): MarketStream;
    user(options: UserStreamOptions): UserStream;
  };
  /** Closes streams and sockets. */
  close(): Promise<void>;
}
