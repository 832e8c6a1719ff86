import type { DepthDiff } from "../../book/depth-diff.ts";
import { DepthChains, type Hole } from "./depth-chains.ts";
import { type BarFrame, newQuoteFrame, type QuoteFrame, type TradeFrame } from "./frames.ts";

/** Where a recorded message came from. Reused for every one. */
export interface RecordedPlace {
  stream: string;
  /** The socket it came over; empty where the order of a stream is not known. */
  source: string;
  /** When it was received, microseconds since the epoch. */
  atUs: number;
}

type Kind = "depth" | "quote" | "trade" | "aggTrade";
type Standing = "next" | "late" | "repeated";

const SILENT_US = 5_000_000; // a depth stream that brings nothing for so long has ended

/**
 * The order of one instrument's messages in a recording, stream by stream and socket by socket: what a feed, which passes over what it
 * has already, does not tell.
 *
 * Over one socket a stream's sequences rise. One that does not is late, or came twice, and something is wrong with the recording. What
 * another socket or another stream of the kind (two speeds) brought before is repeated, which is no fault. Where a raw socket brought
 * two speeds of a future, each is known by its chain. Memory: a few numbers per stream and socket.
 *
 * @example
 * const order = new RecordedOrder(false);
 * order.takeTrade(place, trade);
 * order.isRepeated; // true: another socket brought it before
 */
export class RecordedOrder {
  /** Diffs, quotes and bars so far that came late, or twice, and that the feed passes over. It counts trades itself. */
  late = 0;
  /** Of the message taken last: another socket or stream brought it before. */
  isRepeated = false;
  /** Of the diff taken last: another stream makes the book. */
  isBeside = false;
  /** The diffs of a future whose streams cannot be told apart. */
  readonly chains = new DepthChains();
  readonly #isLinked: boolean;
  readonly #last = new Map<string, Map<string, number>>(); // sequences by socket, then by stream
  readonly #newest = new Map<Kind, number>();
  readonly #quote = newQuoteFrame();
  #bookStream = "";
  #bookAtUs = Number.NEGATIVE_INFINITY;

  /** @param isLinked - Each diff names the one before it, as on futures. */
  constructor(isLinked: boolean) {
    this.#isLinked = isLinked;
  }

  /**
   * Takes a diff.
   * @param isSynced - The feed has a book, and finds holes itself, unless the diff is beside it.
   * @returns What is missing before it, or before an earlier one whose stream could not be told then.
   */
  takeDepth(place: RecordedPlace, diff: DepthDiff, isSynced: boolean): Hole | undefined {
    if (this.#isLinked && place.source === "") return this.#takeChained(place, diff);
    const last = this.#missingBehind(place, diff, isSynced);
    if (last === undefined) return undefined;
    const { firstSequence, lastSequence } = diff;
    return { last, firstSequence, lastSequence, isOfBook: false };
  }

  #takeChained(place: RecordedPlace, diff: DepthDiff): Hole | undefined {
    this.#judge("depth", place, diff.lastSequence);
    this.isRepeated = false; // two chains of one instrument bring the same, and neither is a second feed
    const hole = this.chains.take(diff);
    this.isBeside = this.chains.isBeside || !this.#makesBook(place);
    return hole;
  }

  #missingBehind(place: RecordedPlace, diff: DepthDiff, isSynced: boolean): number | undefined {
    const newest = this.#newest.get("depth");
    const own = this.#last.get(place.source)?.get(place.stream);
    const standing = this.#judge("depth", place, diff.lastSequence);
    this.isBeside = this.#isLinked && !this.#makesBook(place);
    if (standing === "late") {
      this.late++;
      return undefined;
    }
    if (newest === undefined || (isSynced && !this.isBeside)) return undefined;
    if (!this.#isLinked) return diff.firstSequence <= newest + 1 ? undefined : newest;
    if (own === newest || this.isBeside) return own === undefined || diff.previousSequence === own ? undefined : own;
    return diff.previousSequence <= newest ? undefined : newest; // over another socket diffs begin and end elsewhere
  }

  /** Takes a quote. One may be of the sequence of the one before, but not the same. */
  takeQuote(place: RecordedPlace, { sequence, bidTicks, bidLots, askTicks, askLots }: QuoteFrame): void {
    const last = this.#quote;
    const isSame =
      this.#last.get(place.source)?.get(place.stream) === sequence &&
      last.bidTicks === bidTicks &&
      last.bidLots === bidLots &&
      last.askTicks === askTicks &&
      last.askLots === askLots;
    if (isSame) this.late++;
    this.#judge("quote", place, sequence);
    last.bidTicks = bidTicks;
    last.bidLots = bidLots;
    last.askTicks = askTicks;
    last.askLots = askLots;
  }

  takeTrade(place: RecordedPlace, { isAggregate, tradeId }: TradeFrame): void {
    this.#judge(isAggregate ? "aggTrade" : "trade", place, tradeId);
  }

  /** Takes a bar, whose order is that of its start, then of its own time. */
  takeBar({ stream, source }: RecordedPlace, { startUs, venueAtUs }: BarFrame): void {
    this.isRepeated = false;
    this.isBeside = false;
    if (source === "") return;
    const streams = this.#streamsOf(source);
    const startName = `${stream} start`;
    const lastStartUs = streams.get(startName) ?? Number.NEGATIVE_INFINITY;
    const lastAtUs = streams.get(stream) ?? Number.NEGATIVE_INFINITY;
    if (startUs < lastStartUs || (startUs === lastStartUs && venueAtUs <= lastAtUs)) {
      this.late++;
      return;
    }
    streams.set(startName, startUs);
    streams.set(stream, venueAtUs);
  }

  #judge(kind: Kind, place: RecordedPlace, sequence: number): Standing {
    const standing = this.#standingOf(kind, place, sequence);
    this.isRepeated = standing === "repeated";
    this.isBeside = false;
    return standing;
  }

  #standingOf(kind: Kind, { stream, source }: RecordedPlace, sequence: number): Standing {
    const newest = this.#newest.get(kind) ?? Number.NEGATIVE_INFINITY;
    if (sequence > newest) this.#newest.set(kind, sequence);
    if (source !== "") {
      const streams = this.#streamsOf(source);
      const last = streams.get(stream) ?? Number.NEGATIVE_INFINITY;
      if (sequence < last || (sequence === last && kind !== "quote")) return "late";
      streams.set(stream, sequence);
      if (last === newest) return "next";
    }
    return sequence <= newest ? "repeated" : "next";
  }

  /** Each diff of a future names the one before it of its own speed, so that one speed alone makes a book. */
  #makesBook({ stream, atUs }: RecordedPlace): boolean {
    if (stream !== this.#bookStream && atUs - this.#bookAtUs < SILENT_US) return false;
    this.#bookStream = stream;
    this.#bookAtUs = atUs;
    return true;
  }

  #streamsOf(source: string): Map<string, number> {
    let streams = this.#last.get(source);
    if (streams === undefined) {
      streams = new Map();
      this.#last.set(source, streams);
    }
    return streams;
  }
}
