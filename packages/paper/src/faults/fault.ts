/** Where and when a fault strikes. What is left out means: everywhere, at once, until it is removed. */
export interface FaultScope {
  /** Name of the region it is confined to. */
  readonly region?: string;
  /** The venue it is confined to, where the exchange serves two. */
  readonly venue?: "binance" | "axiom";
  /** Starts so long after it was added, 0 to 7 days. Default 0. */
  readonly afterMs?: number;
  /** Ends so long after it started, 1 ms to 7 days. Default: when it is removed, or has hit `count` times. */
  readonly forMs?: number;
}

/** A fault that can be aimed: at requests, at frames, or at connections. */
export interface FaultAim extends FaultScope {
  /**
   * What it hits, by how its name begins, in whole words: `POST /api/v3/order` or `/api/v3/order` (so `/api/v3/order/test` too, and not
   * `/api/v3/orderList`), a method of the WebSocket API (`order.place`), a stream (`aaausdt@depth`), an event of the user stream
   * (`user.executionReport`), a room. The path of a WebSocket (`/ws`, `/stream`, `/ws-api/v3`) hits it and all that goes over it.
   */
  readonly route?: string;
  /** Ends after so many hits, 1 to 1e9; `silent` and `halfOpen` take no more connections then, and go on. */
  readonly count?: number;
  /** Share of what it could hit that it does hit, above 0 up to 1. Default 1. Drawn from the seed. */
  readonly probability?: number;
}

/** Answers and frames come late, and in their order; with `on: "request"` requests are performed late instead. */
export interface DelayFault extends FaultAim {
  readonly kind: "delay";
  /** 0 to 1 hour. Default 0. */
  readonly ms?: number;
  /** Longest random addition, uniform; 0 to 1 hour. Default 0. One of the two must be above 0. */
  readonly jitterMs?: number;
  /** Default "answer". A request under way is performed even when its sender has left. */
  readonly on?: "answer" | "request";
}

/** Requests and handshakes are answered with an error in the venue's form. */
export interface ErrorFault extends FaultAim {
  readonly kind: "error";
  /** 400 to 599. */
  readonly status: number;
  /** The venue's code. Default: the one it goes by with that status. */
  readonly code?: number;
  /** The venue's text. Default: the usual one. */
  readonly msg?: string;
  /** True performs the request all the same: the error lies. Default false. */
  readonly acted?: boolean;
}

/** Requests are refused by the venue's rate limit. */
export interface RateLimitFault extends FaultAim {
  readonly kind: "rateLimit";
  /** 429, or 418, which also bans the client's address until it may come back. Default 429. */
  readonly status?: 429 | 418;
  /** 1 to 259200. Default 60 with 429, 120 with 418. */
  readonly retryAfterSeconds?: number;
}

/**
 * `acceptThenTimeout`: performed, and never answered. `responseLost`: performed, then the connection is destroyed instead of an answer.
 * `resetBefore`: the connection is destroyed and nothing performed.
 */
export interface LossFault extends FaultAim {
  readonly kind: "acceptThenTimeout" | "responseLost" | "resetBefore";
}

/** `drop`: frames are lost. `duplicate`: they come twice. */
export interface FrameFault extends FaultAim {
  readonly kind: "drop" | "duplicate";
}

/** Frames are overtaken by those after them on their socket, of whatever stream. */
export interface ReorderFault extends FaultAim {
  readonly kind: "reorder";
  /** By how many, 1 to 100. Default 1. */
  readonly by?: number;
}

/** Frames come damaged. Text stays text: what is damaged is what it says. */
export interface CorruptFault extends FaultAim {
  readonly kind: "corrupt";
  /** `flip` changes a bit in each of some bytes; `truncate` cuts the frame anywhere. Default "flip". */
  readonly mode?: "flip" | "truncate";
  /** Bytes that `flip` changes, 1 to 1000. Default 1. */
  readonly bytes?: number;
}

/** WebSockets stay open and nothing comes. What would have come is lost. A stream as `route` silences that stream alone. */
export interface SilentFault extends FaultAim {
  readonly kind: "silent";
  /** True answers pings, and sends them, all the same. Default false. */
  readonly pings?: boolean;
}

/** WebSockets whose other end seems gone: nothing is read and nothing written. What waits goes on when the fault ends. */
export interface HalfOpenFault extends FaultAim {
  readonly kind: "halfOpen";
}

/** Closes the WebSockets that are open when it starts. */
export interface CloseFault extends FaultAim {
  readonly kind: "close";
  /** 1000 to 1014 without 1004 to 1006, or 3000 to 4999. Default 1001. */
  readonly code?: number;
  /** Up to 123 bytes. Default "". */
  readonly reason?: string;
}

/** Ends WebSockets as the venue does once a day: says so first where it has words for that, then closes with 1001. */
export interface RecycleFault extends FaultAim {
  readonly kind: "recycle";
  /** From the notice to the end, 0 to 1 hour. Default 1000. */
  readonly noticeMs?: number;
}

/**
 * `regionDown`: the port refuses connections, and live ones die. `regionSilent`: the port takes connections, and nothing ever comes;
 * requests do not arrive, and what waits on WebSockets goes on when the fault ends.
 */
export interface RegionFault extends FaultScope {
  readonly kind: "regionDown" | "regionSilent";
}

/** The region's clock is wrong: in the times it tells and the timestamps it checks. Events keep the exchange's time. */
export interface ClockSkewFault extends FaultScope {
  readonly kind: "clockSkew";
  /** How far it is ahead, minus 1 day to 1 day, not 0. */
  readonly ms: number;
}

/** `tokensExpired`: every access token given out is worthless from then on. `turnstile`: logins need a Turnstile token. Axiom only. */
export interface LoginFault extends FaultScope {
  readonly kind: "tokensExpired" | "turnstile";
}

/**
 * Others of the client's address use the request weight: before a request that it hits, so much of the minute is counted at least, in the
 * headers, against the limit and towards a ban. What is used stays used until the minute is over, as at the venue. Binance only.
 */
export interface WeightUsedFault extends FaultAim {
  readonly kind: "weightUsed";
  readonly venue?: "binance";
  /** 1 to 1e9; from the limit on, 6000 a minute unless told otherwise, every request that weighs anything is refused. */
  readonly weight: number;
}

/** What happens to the market itself, in every region. The exchange must run a market model. Binance only. */
export interface MarketScope extends FaultScope {
  readonly region?: never;
  readonly venue?: never;
  /** The instrument it is confined to, `AAAUSDT`. Default all. */
  readonly symbol?: string;
}

/** The fair price is elsewhere, and comes back when the fault ends. The model decides everything else as without it. */
export interface PriceMoveFault extends MarketScope {
  readonly kind: "priceMove";
  /** Part of the price that is added, -0.99 to 10, not 0: -0.1 is a fall by a tenth. Several multiply. */
  readonly by: number;
  /** How long the way there takes, and the way back, 0 to 1 hour. Default 1000. */
  readonly overMs?: number;
}

/** A crowd trades: small market orders of either side, at random moments. */
export interface FloodFault extends MarketScope {
  readonly kind: "flood";
  /** Of each instrument, on average; 1 to 10000. They come on top of the model's own. */
  readonly tradesPerSecond: number;
  /** Ends after so many trades, 1 to 1e9. */
  readonly count?: number;
}

/** One fault of a paper exchange; every kind by its name. */
export type Fault =
  | DelayFault
  | ErrorFault
  | RateLimitFault
  | LossFault
  | FrameFault
  | ReorderFault
  | CorruptFault
  | SilentFault
  | HalfOpenFault
  | CloseFault
  | RecycleFault
  | RegionFault
  | ClockSkewFault
  | LoginFault
  | WeightUsedFault
  | PriceMoveFault
  | FloodFault;

export type FaultKind = Fault["kind"];

/** A fault that was added. */
export interface FaultHandle {
  readonly id: number;
  readonly fault: Fault;
  /** `waiting` until its time, `over` when it has ended or was removed. */
  readonly state: "waiting" | "active" | "over";
  /** Requests, frames, connections or instruments it has hit; trades that a `flood` has made. */
  readonly hits: number;
  /** Ends it. May be called again. */
  remove(): void;
}
