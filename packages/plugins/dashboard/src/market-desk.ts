import { formatScaled, type MarketView, type ObservedSession, type TradeEvent } from "pitlane";
import type { MarketPush, TradeInfo } from "./protocol.ts";

/** Levels of each side that are pushed. */
const LEVELS = 20;
const MOST_TRADES = 50;

type Source = Pick<ObservedSession, "market" | "onTrade" | "clock">;

/**
 * Markets that somebody looks at. The session is asked for books, and tells its trades, only for these: an instrument without a watcher costs
 * nothing.
 */
export class MarketDesk {
  readonly #session: Source;
  readonly #watched = new Map<string, Watch>();

  constructor(session: Source) {
    this.#session = session;
  }

  /** Begins with the instruments that are new among these, and ends with those that are gone. */
  watch(instruments: ReadonlySet<string>): void {
    for (const [id, watch] of this.#watched) {
      if (instruments.has(id)) continue;
      watch.stop();
      this.#watched.delete(id);
    }
    for (const id of instruments) if (!this.#watched.has(id)) this.#watched.set(id, new Watch(this.#session, id));
  }

  /** What has changed since the last call, by instrument. */
  *changes(): Generator<readonly [string, MarketPush]> {
    for (const [id, watch] of this.#watched) {
      const push = watch.take();
      if (push !== undefined) yield [id, push];
    }
  }

  /** An instrument as it stands; undefined when there is none of that name. Trades are those since it is watched. */
  look(instrument: string, levels: number): MarketPush | undefined {
    const market = this.#session.market(instrument, levels);
    if (market === undefined) return undefined;
    return { atUs: this.#session.clock.nowUs(), market, trades: this.#watched.get(instrument)?.trades() ?? [] };
  }

  close(): void {
    this.watch(new Set());
  }
}

class Watch {
  readonly #session: Source;
  readonly #instrument: string;
  readonly #trades: TradeInfo[] = []; // oldest first
  readonly stop: () => void;
  #seen = "";
  #hasTraded = false;

  constructor(session: Source, instrument: string) {
    this.#session = session;
    this.#instrument = instrument;
    this.stop = session.onTrade(instrument, (trade) => this.#add(trade));
  }

  take(): MarketPush | undefined {
    const market = this.#session.market(this.#instrument, LEVELS);
    if (market === undefined) return undefined;
    const seen = keyOf(market);
    if (seen === this.#seen && !this.#hasTraded) return undefined;
    this.#seen = seen;
    this.#hasTraded = false;
    return { atUs: this.#session.clock.nowUs(), market, trades: this.trades() };
  }

  trades(): TradeInfo[] {
    return this.#trades.toReversed();
  }

  #add({ tradeId, receivedAtUs, priceTicks, sizeLots, aggressor, instrument }: TradeEvent): void {
    if (this.#trades.length === MOST_TRADES) this.#trades.shift();
    this.#trades.push({
      tradeId,
      atUs: receivedAtUs,
      price: formatScaled(priceTicks, instrument.priceDecimals),
      size: formatScaled(sizeLots, instrument.sizeDecimals),
      aggressor,
    });
    this.#hasTraded = true;
  }
}

function keyOf(market: MarketView): string {
  return JSON.stringify(market);
}
