import { type BookOrder, opposite, type Side } from "../engine/book-side.ts";
import type { Market } from "../engine/market.ts";
import { tryParseScaled } from "../scale.ts";

type RecordedLevel = readonly [price: string, size: string];

/** The fields of a recorded depth event that the mirror reads. */
interface RecordedDiff {
  readonly U: number;
  readonly u: number;
  readonly b: readonly RecordedLevel[];
  readonly a: readonly RecordedLevel[];
}

const MOST_WAITING = 1000;

/**
 * Keeps a market's book equal to a recorded one, so that accounts can trade against it.
 *
 * Every recorded level is one quote of the house. A level that reaches an account's order trades with it first, as a taker. A
 * recorded trade at a price strictly better for its taker than an account's order fills that order at its own limit, up to the
 * traded size: the recorded taker would have taken it on the way. What accounts do never changes what was recorded, so a size
 * can be traded against more than once: there is no market impact.
 *
 * Before the first snapshot, and after a hole in the update ids, up to 1000 diffs wait for the next snapshot.
 */
export class MirroredBook {
  readonly #market: Market;
  readonly #quotes: Readonly<Record<Side, Map<number, BookOrder>>> = { BUY: new Map(), SELL: new Map() }; // by price in ticks
  #lastId = -1; // -1 while it waits for a snapshot
  #waiting: RecordedDiff[] = [];

  constructor(market: Market) {
    this.#market = market;
  }

  /** Forgets the recording: no quotes, and a snapshot is awaited. */
  clear(nowUs: number): void {
    this.#market.together(nowUs, () => {
      for (const side of ["BUY", "SELL"] as const) {
        for (const quote of this.#quotes[side].values()) this.#market.cancelHouse(quote, nowUs);
        this.#quotes[side].clear();
      }
    });
    this.#lastId = -1;
    this.#waiting = [];
  }

  /** Takes the book over from a recorded snapshot (the JSON of `GET depth`). */
  applySnapshot(text: string, nowUs: number): void {
    const { lastUpdateId, bids, asks } = JSON.parse(text) as {
      readonly lastUpdateId: number;
      readonly bids: readonly RecordedLevel[];
      readonly asks: readonly RecordedLevel[];
    };
    // One that is older than the book would take it back in time.
    if (this.#lastId >= lastUpdateId) return;
    this.#market.together(nowUs, () => {
      this.#applySide("BUY", bids, nowUs);
      this.#applySide("SELL", asks, nowUs);
    });
    this.#lastId = lastUpdateId;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const diff of waiting) this.#applyDiff(diff, nowUs);
  }

  /** Applies a recorded depth event: the whole combined frame. */
  applyDepthFrame(frame: string, nowUs: number): void {
    this.#applyDiff((JSON.parse(frame) as { readonly data: RecordedDiff }).data, nowUs);
  }

  /** Fills account orders that a recorded trade went through: the whole combined frame. */
  applyTradeFrame(frame: string, nowUs: number): void {
    if (!this.#market.ledger.hasOpen) return;
    const { p, q, m } = (
      JSON.parse(frame) as { readonly data: { readonly p: string; readonly q: string; readonly m: boolean } }
    ).data;
    const side: Side = m ? "SELL" : "BUY"; // of the recorded taker
    const { tickIncrement } = this.#market.instrument;
    const ticks = this.#ticks(p);
    const better = side === "SELL" ? ticks + tickIncrement : ticks - tickIncrement;
    this.#market.placeHouse(side, better, this.#lots(q), "IOC", nowUs, "PASS");
  }

  /** Sets the recorded quantity of one level; 0 removes it. */
  setLevel(side: Side, priceTicks: number, lots: number, nowUs: number): void {
    const quotes = this.#quotes[side];
    const quote = quotes.get(priceTicks);
    if (lots === 0) {
      if (quote === undefined) return;
      this.#market.cancelHouse(quote, nowUs);
      quotes.delete(priceTicks);
      return;
    }
    if (quote !== undefined && quote.level !== null) {
      if (quote.openLots !== lots) this.#market.resizeHouse(quote, lots, nowUs);
      return;
    }
    this.#removeCrossed(side, priceTicks, nowUs);
    quotes.set(priceTicks, this.#market.placeHouse(side, priceTicks, lots, "GTC", nowUs, "PASS"));
  }

  #applyDiff(diff: RecordedDiff, nowUs: number): void {
    if (this.#lastId < 0) {
      this.#wait(diff);
      return;
    }
    if (diff.u <= this.#lastId) return;
    if (diff.U > this.#lastId + 1) {
      this.#lastId = -1;
      this.#wait(diff);
      return;
    }
    this.#lastId = diff.u;
    this.#market.together(nowUs, () => {
      // What goes away goes first: one event may move both sides past each other.
      for (const isRemoval of [true, false]) {
        for (const [price, size] of diff.b) this.#applyLevel("BUY", price, size, isRemoval, nowUs);
        for (const [price, size] of diff.a) this.#applyLevel("SELL", price, size, isRemoval, nowUs);
      }
    });
  }

  #applySide(side: Side, recorded: readonly RecordedLevel[], nowUs: number): void {
    const levels = new Map(recorded.map(([price, size]) => [this.#ticks(price), this.#lots(size)]));
    for (const ticks of [...this.#quotes[side].keys()]) if (!levels.has(ticks)) this.setLevel(side, ticks, 0, nowUs);
    for (const [ticks, lots] of levels) this.setLevel(side, ticks, lots, nowUs);
  }

  #applyLevel(side: Side, price: string, size: string, isRemoval: boolean, nowUs: number): void {
    const lots = this.#lots(size);
    if ((lots === 0) === isRemoval) this.setLevel(side, this.#ticks(price), lots, nowUs);
  }

  #wait(diff: RecordedDiff): void {
    this.#waiting.push(diff);
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
  }

  // The newest word wins: levels of the other side that the new one reaches cannot be there any more.
  #removeCrossed(side: Side, priceTicks: number, nowUs: number): void {
    const others = this.#quotes[opposite(side)];
    const { levels } = this.#market.engine.sideOf(opposite(side));
    for (let i = levels.length - 1; i >= 0; i--) {
      const ticks = levels[i]!.priceTicks;
      if (side === "BUY" ? ticks > priceTicks : ticks < priceTicks) return;
      const quote = others.get(ticks);
      if (quote === undefined) continue;
      this.#market.cancelHouse(quote, nowUs);
      others.delete(ticks);
    }
  }

  // The scale of the market was taken from the recording, so every number of it fits.
  #ticks(price: string): number {
    return tryParseScaled(price, this.#market.instrument.priceDecimals)!;
  }

  #lots(size: string): number {
    return tryParseScaled(size, this.#market.instrument.sizeDecimals)!;
  }
}
