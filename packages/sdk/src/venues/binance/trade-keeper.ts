import type { GapCause } from "../../stream/events.ts";
import { TradeSequence, type TradeSequenceOptions } from "../../stream/trade-sequence.ts";
import type { FeedOutput } from "./feed-output.ts";
import type { TradeFrame } from "./frames.ts";
import type { Track } from "./track.ts";

/** A trade that lasts beyond its frame, held back or fetched, and so has a time of its own. */
export interface KeptTrade extends TradeFrame {
  readonly receivedAtUs: number;
  readonly receivedNs: number;
}

/** What a sequence of one instrument's trades is made for. */
export interface SequencePlace {
  readonly track: () => Track;
  readonly isAggregate: boolean;
  readonly output: FeedOutput;
  readonly options: TradeSequenceOptions<TradeFrame>;
}

export interface TradeKeeperOptions {
  readonly output: FeedOutput;
  /** Makes the sequences; default those that fetch nothing. */
  readonly newSequence?: ((place: SequencePlace) => TradeSequence<TradeFrame>) | undefined;
  readonly healMs: number;
}

/** Keeps the trades of a feed in the order of their ids: trades go in, trade events and gaps come out. */
export class TradeKeeper {
  readonly #options: TradeKeeperOptions;
  readonly #healing = new Set<TradeSequence<TradeFrame>>();

  constructor(options: TradeKeeperOptions) {
    this.#options = options;
  }

  /** Takes a trade: true when it is news. */
  take(track: Track, frame: TradeFrame, isShared: boolean): boolean {
    const { output } = this.#options;
    const sequence = frame.isAggregate ? track.aggTrades : track.trades;
    output.venueAtUs = frame.venueAtUs;
    const isNews = sequence.offer(frame, isShared, output.receivedNs);
    if (isNews) {
      if (sequence.isHealing) this.#healing.add(sequence);
    } else if (isShared) track.counters.duplicates++;
    else track.counters.sequenceFailures++;
    return isNews;
  }

  /** Every socket is lost. */
  disconnect(track: Track, reason: string): void {
    track.trades.disconnect(reason);
    track.aggTrades.disconnect(reason);
  }

  /** Something may be missing, for a reason the ids do not show. */
  doubt(track: Track, cause: GapCause, reason: string): void {
    track.trades.doubt(cause, reason);
    track.aggTrades.doubt(cause, reason);
  }

  /** Time has passed: holes that no other socket has closed are gaps now. */
  expire(nowNs: number): void {
    for (const sequence of this.#healing) {
      sequence.expire(nowNs);
      if (!sequence.isHealing) this.#healing.delete(sequence);
    }
  }

  /** Forgets an instrument that is not followed any more. */
  remove(track: Track): void {
    for (const sequence of [track.trades, track.aggTrades]) {
      sequence.stop();
      this.#healing.delete(sequence);
    }
  }

  /** The sequence of an instrument's trades, or of its aggregates, which have ids of their own. */
  newSequence(track: () => Track, isAggregate: boolean): TradeSequence<TradeFrame> {
    const { output, healMs, newSequence } = this.#options;
    const options: TradeSequenceOptions<TradeFrame> = {
      healMs,
      copy: (trade): KeptTrade => ({ ...trade, receivedAtUs: output.receivedAtUs, receivedNs: output.receivedNs }),
      sink: {
        deliver: (trade, isBackfilled) => this.#deliver(track(), trade, isBackfilled),
        gap: (cause, reason) => {
          if (cause === "sequence" || cause === "renumbered") track().counters.sequenceFailures++;
          output.gap(track(), "trade", cause, reason);
        },
        resync: (backfilled, missing) => output.resync(track(), "trade", { backfilled, missing }),
      },
    };
    return newSequence?.({ track, isAggregate, output, options }) ?? new TradeSequence(options);
  }

  #deliver(track: Track, trade: TradeFrame, isBackfilled: boolean): void {
    const { instrument, counters } = track;
    const { output } = this.#options;
    const { receivedAtUs = output.receivedAtUs, receivedNs = output.receivedNs } = trade as Partial<KeptTrade>;
    const { tradeId, priceTicks, sizeLots, venueAtUs } = trade;
    if (priceTicks === 0) {
      counters.ignored++; // its id counts, but it is no trade of the market
      return;
    }
    // The first of all ends the gap of a channel that was silent until then, which no sequence knows of.
    if (counters.trades++ === 0 && track.gaps.trade)
      output.resync(track, "trade", { backfilled: 0, missing: undefined });
    if (isBackfilled) counters.backfilled++;
    output.emit({
      kind: "trade",
      instrument,
      tradeId,
      priceTicks,
      sizeLots,
      aggressor: trade.isBuyerMaker ? "sell" : "buy",
      isBackfilled,
      venueAtUs,
      receivedAtUs,
      receivedNs,
    });
  }
}
