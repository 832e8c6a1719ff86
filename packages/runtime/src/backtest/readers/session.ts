import type { MarketData } from "../columns.ts";
import type { InstrumentHints } from "./data-instrument.ts";

/** What a reader is asked for. */
export interface ReadOptions {
  readonly hints: InstrumentHints;
  /** Microseconds since the epoch; what came before only builds the book. Minus infinity for the beginning. */
  readonly fromUs: number;
  /** Not included. Infinity for the end. */
  readonly toUs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What a reader gives: the data of one session, and what one should know of it. */
export interface ReadSession {
  readonly data: readonly MarketData[];
  /** Rows, frames or records read. */
  readonly rows: number;
  readonly notes: readonly string[];
}
