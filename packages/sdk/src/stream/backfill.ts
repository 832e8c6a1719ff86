import { integerInRange } from "@pitlane/perf";
import { type SequencedTrade, TradeSequence, type TradeSequenceOptions, type TradeSink } from "./trade-sequence.ts";

/** What becomes of the trades, and of the wish for those that are missing. */
export interface FillingTradeSink<T> extends TradeSink<T> {
  /** Fetch trades `first` to `last`: answered by `filled`, any number of times, and then `filledAll`; until `dropWish`. */
  wish(first: number, last: number): void;
  dropWish(): void;
}

export interface FilledTradeSequenceOptions<T> extends TradeSequenceOptions<T> {
  readonly sink: FillingTradeSink<T>;
  /** Longest hole that is fetched, in trades; 0 to 1,000,000. 0: none is. */
  readonly fillLimit: number;
}

/**
 * A `TradeSequence` that has its holes filled.
 *
 *   flowing --a hole, other sockets--> healing --time is up--> gap told --short enough--> filling
 *      ^  \-- a hole, no other socket -------------------------> |                          |
 *      \------------------- resync, what was held back <---------+--------------------------+
 */
export class FilledTradeSequence<T extends SequencedTrade> extends TradeSequence<T> {
  readonly #sink: FillingTradeSink<T>;
  readonly #fillLimit: number;
  #holeLast = 0; // last id of the hole being filled

  /** @throws {InvalidInputError} When an option is out of range. */
  constructor(options: FilledTradeSequenceOptions<T>) {
    const { holdLimit = 1, healMs = 0 } = options;
    integerInRange("holdLimit", holdLimit, 1, 1_000_000);
    integerInRange("healMs", healMs, 0, 60_000);
    super(options);
    this.#sink = options.sink;
    this.#fillLimit = integerInRange("fillLimit", options.fillLimit, 0, 1_000_000);
  }

  /** Takes fetched trades, oldest first; those that are not missing any more are dropped. */
  filled(trades: readonly T[]): void {
    if (this.state !== "filling") return;
    for (const trade of trades) {
      if (trade.tradeId > this.#holeLast) break;
      while (this.nextHeld() < trade.tradeId) this.pass(this.#skipTo(this.held.shift() as T), false);
      if (trade.tradeId <= this.last || trade.tradeId === this.nextHeld()) continue;
      this.backfilled++;
      this.pass(this.#skipTo(trade), true);
    }
    this.release();
  }

  /** No more is fetched: what is still missing stays so. */
  filledAll(): void {
    if (this.state === "filling") this.giveUpHole();
  }

  override stop(): void {
    if (this.state === "filling") this.#sink.dropWish();
    super.stop();
  }

  protected override tryFill(first: number, last: number): boolean {
    if (last - first >= this.#fillLimit) return false;
    this.state = "filling";
    this.#holeLast = last;
    this.#sink.wish(first, last);
    return true;
  }

  protected override release(): void {
    if (this.state !== "filling") return super.release();
    if (this.nextHeld() > this.last + 1) return;
    this.passHeld(this.#holeLast);
    if (this.last < this.#holeLast) return; // the rest is still being fetched
    this.#sink.dropWish();
    this.endGap(0);
    this.advance();
  }

  protected override giveUpHole(): void {
    if (this.state === "filling") this.#sink.dropWish();
    super.giveUpHole();
  }

  /** Whatever lies before `trade` stays missing. */
  #skipTo(trade: T): T {
    this.missing += trade.tradeId - this.last - 1;
    return trade;
  }
}
