import { integerInRange } from "@pitlane/perf";
import { DepthDiff as PlainDepthDiff } from "../book/depth-diff.ts";
import { Levels } from "../book/levels.ts";
import { type BookSyncOptions, BookSync as PlainBookSync, type SequencedDiff } from "../book/sync.ts";
import { check, checkFunction, checkObject } from "../checks.ts";

// As in layers.ts: parts that the package's own venues use as they are, behind a look at what an outsider gives them.

/** Changed levels of a book between two sequences. One object is reused for every message of a decoder: `copy` what must last. */
export class DepthDiff extends PlainDepthDiff {
  /** @throws {InvalidInputError} When one of them is no `Levels`. */
  constructor(bids = new Levels(), asks = new Levels()) {
    check(bids instanceof Levels, "bids", "Levels", bids);
    check(asks instanceof Levels, "asks", "Levels", asks);
    super(bids, asks);
  }
}

/**
 * Decides which depth diffs belong on a snapshot, and when one is missing: the documented rule as a state machine. It holds numbers
 * and buffered diffs, not the book.
 *
 * @example
 * const sync = new BookSync({ rule: "contiguous", copy: (diff) => structuredClone(diff) });
 * if (sync.offer(diff) === "apply") apply(diff);
 * const diffs = sync.load(snapshot.sequence);
 * if (diffs === undefined) fetchAgain();
 */
export class BookSync<D extends SequencedDiff> extends PlainBookSync<D> {
  /** @throws {InvalidInputError} Naming the option and its rule. */
  constructor(options: BookSyncOptions<D>) {
    checkObject("options", options);
    const { rule, copy, bufferLimit = 1 } = options;
    check(rule === "contiguous" || rule === "linked", "rule", "contiguous or linked", rule);
    checkFunction("copy", copy);
    integerInRange("bufferLimit", bufferLimit, 1, 1_000_000);
    super(options);
  }
}
