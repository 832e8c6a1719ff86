import type { DepthDiff, DepthSnapshot } from "../../book/depth-diff.ts";
import type { SequenceRule } from "../../book/sync.ts";
import { ProtocolError } from "../../errors.ts";
import type { GapCause } from "../../stream/events.ts";
import type { FeedOutput } from "./feed-output.ts";
import { applyDiff, type Track } from "./track.ts";

export interface BookKeeperOptions {
  readonly rule: SequenceRule;
  readonly output: FeedOutput;
  /** How long another socket gets to bring the diff that one has missed, in milliseconds. */
  readonly healMs: number;
  readonly onSnapshotWanted: (track: Track) => void;
}

const MOST_HELD = 1_000; // diffs behind a hole: 100 seconds of them

/**
 * Keeps the books of a feed in sync: diffs and snapshots go in, book events, gaps and wishes for snapshots come out.
 *
 * A diff that does not follow is a gap at once when it came over the only socket. While another one is open it is held back for
 * `healMs`: what the other brings meanwhile may close the hole.
 */
export class BookKeeper {
  readonly #isLinked: boolean;
  readonly #output: FeedOutput;
  readonly #healNs: number;
  readonly #onSnapshotWanted: (track: Track) => void;
  readonly #healing = new Set<Track>();

  constructor({ rule, output, healMs, onSnapshotWanted }: BookKeeperOptions) {
    this.#isLinked = rule === "linked";
    this.#output = output;
    this.#healNs = healMs * 1e6;
    this.#onSnapshotWanted = onSnapshotWanted;
  }

  /** Takes a diff: true when it is news. */
  take(track: Track, diff: DepthDiff, isShared: boolean): boolean {
    if (diff.leftOut > 0) this.#tellLeftOut(track);
    if (isShared && this.#isAhead(track, diff)) return this.#hold(track, diff);
    const isNews = this.#offer(track, diff);
    if (!isNews && isShared) track.counters.duplicates++;
    if (track.heldDiffs.length > 0) this.#release(track);
    return isNews;
  }

  /** Takes a snapshot. False when it is older than the diffs: fetch another one. */
  load(track: Track, snapshot: DepthSnapshot): boolean {
    const diffs = track.sync.load(snapshot.sequence);
    if (diffs === undefined) return false;
    track.wantsSnapshot = false;
    track.book.load("bid", snapshot.bids);
    track.book.load("ask", snapshot.asks);
    track.bookAtUs = 0;
    track.diffSequence = Number.NaN;
    if (snapshot.leftOut > 0) this.#tellLeftOut(track);
    for (const diff of diffs) applyDiff(track, diff);
    if (!this.passesCheck(track)) return true; // a new snapshot was asked for
    if (track.gaps.book) this.#output.resync(track, "book");
    this.#emitBook(track);
    return true;
  }

  /** Every socket is lost: a book that was good is not any more. */
  disconnect(track: Track, reason: string): void {
    const wasSynced = track.sync.isSynced;
    this.remove(track);
    track.wantsSnapshot = false; // asked for again by the first diff of the next connection
    if (wasSynced) this.#output.gap(track, "book", "connection", `the connection was lost: ${reason}`);
  }

  /** The book cannot be trusted: takes it away and asks for a snapshot. */
  giveUp(track: Track, cause: GapCause, reason: string): void {
    this.remove(track);
    if (!track.gaps.book) this.#output.gap(track, "book", cause, reason, track.bookAtUs);
    this.#wantSnapshot(track);
  }

  /** Forgets the book of an instrument, which may not be followed any more. */
  remove(track: Track): void {
    track.sync.drop();
    track.book.clear();
    track.heldDiffs.length = 0;
    this.#healing.delete(track);
  }

  /** Time has passed: holes that no other socket has closed are gaps now. */
  expire(nowNs: number): void {
    for (const track of this.#healing) if (nowNs - track.heldNs >= this.#healNs) this.#offerHeld(track);
  }

  /**
   * Compares the book's top with the last quote when both are of one sequence, whichever came first; a book that differs is
   * given up. Quotes and diffs are separate streams of the venue, so this checks the whole way the book went.
   */
  passesCheck(track: Track): boolean {
    const { quote, book, counters } = track;
    if (quote.sequence !== track.diffSequence || !track.sync.isSynced) return true;
    counters.checksumsChecked++;
    const isSame =
      book.bestBidLots === quote.bidLots &&
      book.bestAskLots === quote.askLots &&
      (quote.bidLots === 0 || book.bestBidTicks === quote.bidTicks) && // an empty side has no price to compare
      (quote.askLots === 0 || book.bestAskTicks === quote.askTicks);
    if (isSame) return true;
    counters.checksumFailures++;
    this.giveUp(track, "checksum", `the book's top differs from the quote of sequence ${quote.sequence}`);
    return false;
  }

  #offer(track: Track, diff: DepthDiff): boolean {
    const { sync, counters } = track;
    const expected = sync.sequence;
    const verdict = sync.offer(diff);
    if (verdict === "apply") {
      applyDiff(track, diff);
      if (this.passesCheck(track)) this.#emitBook(track, diff);
      return true;
    }
    if (verdict === "ignore") return false;
    if (verdict === "gap") {
      counters.sequenceFailures++;
      track.book.clear();
      const reason = `diff ${diff.firstSequence} to ${diff.lastSequence} does not follow ${expected}`;
      this.#output.gap(track, "book", "sequence", reason, diff.venueAtUs);
      this.#wantSnapshot(track);
    } else if (!track.wantsSnapshot) this.#wantSnapshot(track);
    return true;
  }

  /** Whether something is missing between the book and `diff`. */
  #isAhead({ sync }: Track, diff: DepthDiff): boolean {
    if (!sync.isSynced) return false;
    if (!this.#isLinked) return diff.firstSequence > sync.sequence + 1;
    return diff.previousSequence > sync.sequence && diff.firstSequence > sync.sequence;
  }

  #hold(track: Track, diff: DepthDiff): boolean {
    const held = track.heldDiffs;
    let at = held.length;
    while (at > 0 && (held[at - 1] as DepthDiff).firstSequence > diff.firstSequence) at--;
    if (at > 0 && (held[at - 1] as DepthDiff).lastSequence >= diff.lastSequence) {
      track.counters.duplicates++;
      return false;
    }
    if (held.length === 0) {
      track.heldNs = this.#output.receivedNs;
      this.#healing.add(track);
    }
    held.splice(at, 0, diff.copy());
    if (held.length > MOST_HELD) this.#offerHeld(track);
    return true;
  }

  /** Applies the held diffs that follow by now. */
  #release(track: Track): void {
    const held = track.heldDiffs;
    while (held.length > 0 && track.sync.isSynced && !this.#isAhead(track, held[0] as DepthDiff)) {
      this.#offer(track, held.shift() as DepthDiff);
    }
    if (held.length === 0) this.#healing.delete(track);
    else if (!track.sync.isSynced) this.#offerHeld(track);
  }

  /** Hands all of them to the sync, which finds the hole, or keeps them for the snapshot. */
  #offerHeld(track: Track): void {
    this.#healing.delete(track);
    for (const diff of track.heldDiffs.splice(0)) this.#offer(track, diff);
  }

  #wantSnapshot(track: Track): void {
    track.wantsSnapshot = true;
    this.#onSnapshotWanted(track);
  }

  /** Once per instrument: the levels stay, and their reader knows by then. */
  #tellLeftOut(track: Track): void {
    if (track.hasToldLeftOut) return;
    track.hasToldLeftOut = true;
    const { id, priceDecimals } = track.instrument;
    const message = `${id}: the venue's book has prices of more than ${priceDecimals} decimals; our book is without them`;
    this.#output.error(new ProtocolError(message));
  }

  /** Without a `change` the whole book is new. */
  #emitBook(track: Track, change?: DepthDiff): void {
    const { instrument, book, sync, bookAtUs } = track;
    const { receivedAtUs, receivedNs } = this.#output;
    const venueAtUs = bookAtUs;
    const { sequence } = sync;
    this.#output.emit({ kind: "book", instrument, book, sequence, venueAtUs, receivedAtUs, receivedNs }, change);
  }
}
