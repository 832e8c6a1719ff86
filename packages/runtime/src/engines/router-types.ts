import type { Instrument, OrderBook, Side } from "@pitlane/sdk";

/** An order that may go to any venue that lists its symbol. */
export interface RouteRequest {
  /** `AAA/BBB`. */
  readonly symbol: string;
  readonly side: Side;
  /** Size in the base asset's smallest unit (10^-8), above 0: lots differ from venue to venue. `baseUnits` makes it of lots. */
  readonly sizeUnits: bigint;
  /** Worst price of any piece, as decimal text: ticks differ too. None when left out. */
  readonly limitPrice?: string;
}

/** A place where it could go. */
export interface RouteCandidate {
  readonly instrument: Instrument;
  /** Not changed. Undefined makes it unsuitable. */
  readonly book: OrderBook | undefined;
  /** Taker fee, in basis points: 0 to 1000, two decimals at most. */
  readonly feeBps: number;
  /** Time to the venue's answer, in nanoseconds; undefined when none is known. */
  readonly latencyNs: number | undefined;
  /** Why nothing may be sent there now; "" when it is well. */
  readonly ailment: string;
  /**
   * What an order there may spend, in the smallest unit of the asset it spends: what the account holds, less what open orders may spend.
   * Left out where the account sets no bound.
   */
  readonly freeUnits?: bigint | undefined;
}

/** Weights of the three parts of a score; 0 or more, one of them above 0. Their sum counts as 1. */
export interface RouteWeights {
  readonly liquidity: number;
  readonly latency: number;
  readonly fee: number;
}

export interface RouteOptions {
  readonly weights: RouteWeights;
  /** A split has to save more than this, in basis points of the cost; 0 to 1000, two decimals at most. */
  readonly minSplitSavingBps: number;
  /** Fee that risk puts aside for a purchase besides price x size, in basis points; 0 to 1000, default 0. */
  readonly reserveFeeBps?: number;
}

/** How a venue was judged. */
export interface RouteView {
  /** Its instrument's id. */
  readonly instrument: string;
  /** Why it cannot have the whole order; "" when it can. It may have a part all the same when it has a score. */
  readonly reason: string;
  readonly feeBps: number;
  readonly latencyNs: number | undefined;
  /** What its book has for the order, in the base asset's smallest unit. */
  readonly availableUnits: bigint;
  /** What of that its account can carry, in the same unit, where that is less of the order; left out where it is not. */
  readonly carriedUnits?: bigint;
  /** Price, fee and all, of the whole order there: spent on a purchase, negative for what a sale brings. Undefined without a whole. */
  readonly costUnits: bigint | undefined;
  /** Parts of the score, 0 to 1 each, and their weighted sum; undefined for a venue that nothing may be sent to. */
  readonly score: RouteScore | undefined;
}

export interface RouteScore {
  readonly liquidity: number;
  readonly latency: number;
  readonly fee: number;
  readonly total: number;
}

/** What goes to one venue. */
export interface RoutePiece {
  readonly instrument: Instrument;
  /** In lots of that venue: its step, and no less than its smallest order. */
  readonly sizeLots: number;
  /** The same in the base asset's smallest unit. Pieces add up to the request exactly. */
  readonly sizeUnits: bigint;
  /** Worst price that the book asks for it, in ticks: the limit to send. */
  readonly limitTicks: number;
  /** Mean price, in ticks; for people. */
  readonly averageTicks: number;
  /** As `RouteView.costUnits`, of this piece. */
  readonly costUnits: bigint;
}

interface Explained {
  readonly request: RouteRequest;
  /** All candidates, in their order. */
  readonly venues: readonly RouteView[];
}

/** It goes to one venue or several. */
export interface RouteOrders extends Explained {
  readonly outcome: "single" | "split";
  readonly pieces: readonly RoutePiece[];
  /** Of all pieces together. */
  readonly costUnits: bigint;
  /** The single venue with the best score and its cost: what a split was measured by. Undefined when none can have the whole. */
  readonly best: { readonly instrument: string; readonly costUnits: bigint } | undefined;
}

/** No venue, and no several of them, can have it now. */
export interface NoRoute extends Explained {
  readonly outcome: "none";
  /** For people: what is wrong with each venue, as it is in `venues`. */
  readonly reason: string;
}

/** Where an order goes, and why. Plain data: `toRouteRecord` writes it down. */
export type RouteDecision = RouteOrders | NoRoute;
