import type { GapCause } from "./events.ts";

/** What a sequence of trades needs to know of one. */
export interface SequencedTrade {
  /** Ids of a venue's trades run without a hole. */
  readonly tradeId: number;
  /** The venue's time of the trade, microseconds since the epoch. */
  readonly venueAtUs: number;
}

/** What becomes of the trades. Called synchronously, in order. */
export interface TradeSink<T> {
  deliver(trade: T, isBackfilled: boolean): void;
  /** Trades are missing, from now until `resync`. */
  gap(cause: GapCause, reason: string): void;
  /** The stream goes on: `backfilled` trades were fetched, `missing` stay missed (undefined: nobody knows how many). */
  resync(backfilled: number, missing: number | undefined): void;
}

export interface TradeSequenceOptions<T> {
  readonly sink: TradeSink<T>;
  /** Makes a trade last beyond the call, where the caller reuses its object. */
  readonly copy: (trade: T) => T;
  /** Most trades held back behind a hole; 1 to 1,000,000, default 10,000. When there are more, the hole stays. */
  readonly holdLimit?: number;
  /** How long another socket gets to bring what one has missed, in milliseconds; 0 to 60,000, default 250. */
  readonly healMs?: number;
}

/**
 * Puts trades into the order of their ids: each once, and every hole told.
 *
 *   flowing --a hole, other sockets--> healing --time is up--> gap told, resync, what was held back
 *      ^  \-- a hole, no other socket --------------------------^    |
 *      \-------------------------------------------------------------+
 *
 * What comes behind a hole is held back until the hole is closed or given up. Two sockets may bring the same trades: what came
 * already is dropped. Pure apart from its sink: the time comes with the calls. `FilledTradeSequence` fetches what is missing.
 */
export class TradeSequence<T extends SequencedTrade> {
  readonly #sink: TradeSink<T>;
  readonly #copy: (trade: T) => T;
  readonly #holdLimit: number;
  readonly #healNs: number;
  #lastAtUs = 0; // time of the trade delivered last
  #holeNs = 0; // when healing began
  #hasGap = false; // told, and no resync yet
  #isNewSocket = false; // nothing fitting came since all sockets were lost
  protected state: "flowing" | "healing" | "filling" = "flowing";
  protected last = Number.NaN; // id delivered last; NaN before the first
  protected held: T[] = []; // behind a hole, by id, each once
  protected backfilled = 0; // since the gap
  protected missing = 0; // the same, given up

  constructor({ sink, copy, holdLimit = 10_000, healMs = 250 }: TradeSequenceOptions<T>) {
    this.#sink = sink;
    this.#copy = copy;
    this.#holdLimit = holdLimit;
    this.#healNs = healMs * 1e6;
  }

  /** Whether `expire` has something to wait for. */
  get isHealing(): boolean {
    return this.state === "healing";
  }

  /**
   * Takes a trade off the stream: true when it is news, false when it, or a later one, came before.
   *
   * @param isShared - Another socket is open that may bring what this one misses.
   */
  offer(trade: T, isShared: boolean, nowNs: number): boolean {
    const { tradeId } = trade;
    if (tradeId === this.last + 1 && this.state === "flowing") {
      if (this.#hasGap) this.endGap(0);
      this.#isNewSocket = false;
      this.pass(trade, false);
      return true;
    }
    if (Number.isNaN(this.last)) {
      this.pass(trade, false);
      return true;
    }
    if (tradeId <= this.last) return this.#isRenumbered(trade) && this.#beginAnew(trade);
    this.#isNewSocket = false;
    if (!this.#hold(trade)) return false;
    if (this.state !== "flowing") this.release();
    else if (isShared) {
      this.state = "healing";
      this.#holeNs = nowNs;
    } else this.advance();
    if (this.held.length > this.#holdLimit) this.giveUpHole();
    return true;
  }

  /** Time has passed: a hole that no other socket has closed is a gap now. */
  expire(nowNs: number): void {
    if (this.state === "healing" && nowNs - this.#holeNs >= this.#healNs) this.advance();
  }

  /** Every socket is lost: what comes next does not follow what came last. */
  disconnect(reason: string): void {
    this.#isNewSocket = true;
    if (Number.isNaN(this.last)) return;
    this.#tellGap("connection", `the connection was lost: ${reason}`);
    if (this.state === "healing") this.advance();
  }

  /** Something may be missing, for a reason the ids do not show; they will, when the next one comes. */
  doubt(cause: GapCause, reason: string): void {
    if (!Number.isNaN(this.last)) this.#tellGap(cause, reason);
  }

  /** Nothing more is wanted: forgets what is held back. */
  stop(): void {
    this.state = "flowing";
    this.held = [];
  }

  /** Fetches the trades `first` to `last`, if it can: false lets the hole stay. */
  protected tryFill(_first: number, _last: number): boolean {
    return false;
  }

  protected pass(trade: T, isBackfilled: boolean): void {
    this.last = trade.tradeId;
    this.#lastAtUs = trade.venueAtUs;
    this.#sink.deliver(trade, isBackfilled);
  }

  protected nextHeld(): number {
    return this.held[0]?.tradeId ?? Number.POSITIVE_INFINITY;
  }

  /** Goes on when what is held back follows by now. */
  protected release(): void {
    if (this.nextHeld() > this.last + 1) return;
    this.state = "flowing";
    if (this.#hasGap) this.endGap(0);
    this.passHeld(Number.POSITIVE_INFINITY);
    if (this.held.length > 0) this.state = "healing"; // another hole, whose time began with the first
  }

  /** Delivers what is held back and follows, up to id `last`. */
  protected passHeld(last: number): void {
    const { held } = this;
    let count = 0;
    while (held[count]?.tradeId === this.last + 1 && this.last < last) this.pass(held[count++] as T, false);
    held.splice(0, count);
  }

  /** Delivers what is held back up to a hole that is worth fetching; others stay. */
  protected advance(): void {
    this.state = "flowing";
    for (;;) {
      this.passHeld(Number.POSITIVE_INFINITY);
      if (this.held.length === 0) return;
      this.#tellHole();
      if (this.tryFill(this.last + 1, this.nextHeld() - 1)) return;
      this.#skipHole();
    }
  }

  /** The hole stays: the stream goes on behind it. */
  protected giveUpHole(): void {
    this.#tellHole();
    this.#skipHole();
    this.advance();
  }

  protected endGap(missing: number | undefined): void {
    const { backfilled } = this;
    const all = missing === undefined ? undefined : missing + this.missing;
    this.#hasGap = false;
    this.backfilled = 0;
    this.missing = 0;
    this.#sink.resync(backfilled, all);
  }

  /** Keeps a trade behind the hole; false when it is kept already. */
  #hold(trade: T): boolean {
    const { held } = this;
    let at = held.length;
    while (at > 0 && (held[at - 1] as T).tradeId > trade.tradeId) at--;
    if (at > 0 && (held[at - 1] as T).tradeId === trade.tradeId) return false;
    held.splice(at, 0, this.#copy(trade));
    return true;
  }

  #skipHole(): void {
    const missing = this.nextHeld() - 1 - this.last;
    this.endGap(missing);
    this.last += missing;
  }

  #tellHole(): void {
    this.#tellGap("sequence", `trades ${this.last + 1} to ${this.nextHeld() - 1} are missing`);
  }

  #tellGap(cause: GapCause, reason: string): void {
    if (this.#hasGap) return;
    this.#hasGap = true;
    this.#sink.gap(cause, reason);
  }

  /**
   * Lower ids with a later time, on a new connection, are a venue that counts anew (a test network after its reset): refusing
   * them as late would silence the stream for good.
   */
  #isRenumbered({ tradeId, venueAtUs }: T): boolean {
    return this.#isNewSocket && tradeId < this.last && venueAtUs > this.#lastAtUs;
  }

  #beginAnew(trade: T): true {
    this.stop();
    this.#isNewSocket = false;
    this.#tellGap("renumbered", `trade ids went back from ${this.last} to ${trade.tradeId}`);
    this.endGap(undefined);
    this.pass(trade, false);
    return true;
  }
}
