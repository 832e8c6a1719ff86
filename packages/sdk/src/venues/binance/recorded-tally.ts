/** Counts of a recorded market so far. `messages` is always `decoded` + `undecoded` + all of `ignored`. */
export interface RecordedMarketTally {
  /** Frames and snapshots taken. */
  messages: number;
  decoded: number;
  undecoded: number;
  /** What is understood but not decoded, by channel (`ticker`) or, for streams of all symbols, by name (`!ticker@arr`). */
  readonly ignored: Map<string, number>;
  depths: number;
  quotes: number;
  trades: number;
  aggTrades: number;
  bars: number;
  /** Snapshots that became a book; that no book needed; that did not connect to the diffs, as they lie behind or ahead of them. */
  readonly snapshots: { applied: number; unused: number; stale: number };
  /** Holes in diffs, in trades, and books that differed from a quote of their sequence. */
  gaps: number;
  /** Messages whose sequence did not follow the one before: those at holes, late ones and repeated ones. */
  sequenceFailures: number;
  checksumsChecked: number;
  checksumFailures: number;
  /** Times a book's best bid was not below its best ask. */
  crossed: number;
  /** Levels and the like that could not be kept, as the feed tells them. */
  errors: number;
  /** The first 20 of what went wrong, in words. */
  readonly examples: string[];
}

export function newTally(): RecordedMarketTally {
  return {
    messages: 0,
    decoded: 0,
    undecoded: 0,
    ignored: new Map(),
    depths: 0,
    quotes: 0,
    trades: 0,
    aggTrades: 0,
    bars: 0,
    snapshots: { applied: 0, unused: 0, stale: 0 },
    gaps: 0,
    sequenceFailures: 0,
    checksumsChecked: 0,
    checksumFailures: 0,
    crossed: 0,
    errors: 0,
    examples: [],
  };
}
