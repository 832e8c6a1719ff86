import type { TradingStatus } from "../engines/trading-state.ts";
import type { RunMode } from "../report.ts";
import type { MarketView } from "./observer.ts";

/** An order that was open at a moment. Amounts are decimal text. */
export interface MomentOrder {
  readonly clientOrderId: string;
  readonly strategy: string;
  readonly instrument: string;
  readonly side: "buy" | "sell";
  readonly type: string;
  /** As in `OrderView`: `submitted` waits for the venue's answer. */
  readonly state: string;
  /** Null for a market order. */
  readonly price: string | null;
  readonly size: string;
  readonly filled: string;
  /** When the strategy wanted it, microseconds since the epoch. */
  readonly bornAtUs: number;
}

/** How a plugin stood at a moment. */
export interface MomentPlugin {
  readonly name: string;
  readonly version: string;
  /** `running`, `paused`, `quarantined`, ...: the last word of the journal on it. */
  readonly standing: string;
  /** For people; empty while nothing was said of it. */
  readonly reason: string;
}

/** A row of the journal, as people see it. */
export interface MomentRow {
  readonly seq: number;
  readonly atUs: number;
  readonly kind: string;
  /** JSON of the row; of a block of inputs, what is in it: `12 quote, 3 book`. At most 500 characters. */
  readonly text: string;
}

/** A run as it stood at one moment, from its journal. Plain data that survives `JSON.stringify`. */
export interface Moment {
  readonly run: {
    readonly id: string;
    readonly mode: RunMode;
    readonly version: string;
    readonly strategies: readonly string[];
    readonly startedAtUs: number;
    /** Of the journal's last row now: with `startedAtUs`, the span that can be looked at. */
    readonly lastAtUs: number;
    /** The journal has the row that ends it. */
    readonly isOver: boolean;
  };
  /** What is shown: the moment that was asked for, within the span of the run. Microseconds since the epoch. */
  readonly atUs: number;
  /** Last row that counts. */
  readonly seq: number;
  /** Row of the snapshot from which the state was worked out; 1 is the run's start. */
  readonly fromSeq: number;
  readonly trading: TradingStatus;
  /** Of instruments that had a book, a quote, or a position: at most 10 levels a side. */
  readonly markets: readonly MarketView[];
  /** Open at the moment, oldest first. */
  readonly orders: readonly MomentOrder[];
  /** Orders since the run's start. */
  readonly counters: Readonly<Record<string, number>>;
  readonly fills: number;
  /** By asset. */
  readonly balances: Readonly<Record<string, string>>;
  /** By quote asset: realised and open positions at the mid prices of the moment, less fees. */
  readonly profit: Readonly<Record<string, string>>;
  /** By quote asset, before fees. */
  readonly realized: Readonly<Record<string, string>>;
  /** By the asset they were paid in. */
  readonly fees: Readonly<Record<string, string>>;
  readonly plugins: readonly MomentPlugin[];
  /** The last 50 up to the moment, oldest first. */
  readonly rows: readonly MomentRow[];
  /** What could not be shown, and why. */
  readonly notes: readonly string[];
  /** What working it out took, milliseconds. */
  readonly elapsedMs: number;
}
