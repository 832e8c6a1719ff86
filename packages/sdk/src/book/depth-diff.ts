import { Levels } from "./levels.ts";
import type { SequencedDiff } from "./sync.ts";

/** Changed levels of a book between two sequences. One object is reused for every message of a decoder: `copy` what must last. */
export class DepthDiff implements SequencedDiff {
  firstSequence = 0;
  lastSequence = 0;
  previousSequence = 0;
  /** The venue's time of the event, microseconds since the epoch. */
  venueAtUs = 0;
  /** Levels that are not here because their price lies between two ticks. */
  leftOut = 0;
  readonly bids: Levels;
  readonly asks: Levels;

  constructor(bids = new Levels(), asks = new Levels()) {
    this.bids = bids;
    this.asks = asks;
  }

  copy(): DepthDiff {
    const { bids, asks, ...rest } = this; // slower than field by field, and of few diffs
    return Object.assign(new DepthDiff(bids.copy(), asks.copy()), rest);
  }
}

/** A whole book, or its best levels, at one sequence; levels best first. */
export interface DepthSnapshot {
  readonly sequence: number;
  readonly bids: Levels;
  readonly asks: Levels;
  /** Levels that are not here because their price lies between two ticks. */
  readonly leftOut: number;
}
