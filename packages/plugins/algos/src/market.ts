import type { Instrument, PluginContext } from "pitlane";

/** Both sides of the market, in ticks. */
export interface Touch {
  readonly bidTicks: number;
  readonly askTicks: number;
}

/** What an algorithm hears of the market, from whatever the session's data tell. */
export interface MarketListener {
  /** A price at which one could trade now. Of a bar four in a row: open, the two extremes, close. */
  readonly onTouch?: (instrument: Instrument, touch: Touch) => void;
  /** The prices so far were one event: time to act on them. */
  readonly onTold?: (instrument: Instrument) => void;
  /** What was traded, and when: a trade, or a bar from its begin on. */
  readonly onVolume?: (instrument: Instrument, sizeLots: number, venueAtUs: number) => void;
}

// Of these kinds it makes do with those that there are.
const ANY = { optional: true } as const;

interface LastPrice {
  bidTicks: number;
  askTicks: number;
}

/**
 * The market as algorithms see it, whatever the session's data tell: quotes; where an instrument has none, the price of its trades; where it
 * has neither, that of its closed bars. An instrument that was quoted once is looked at by its quotes alone: while those have a hole there is
 * no price, rather than another one.
 *
 * The way of the price within a bar is not known: it is taken to go from the open to the nearer extreme, to the other one and to the close
 * (to the low first where both are as far), as TradingView's broker emulator does. An order that follows is sent when the bar is over.
 */
export class Market {
  readonly #ctx: PluginContext<unknown>;
  readonly #hearsQuotes: boolean;
  readonly #last = new Map<Instrument, LastPrice>();
  readonly #isQuoted = new Set<Instrument>();
  readonly #hasTrades = new Set<Instrument>();

  /** During `setup`: it registers hooks. */
  constructor(ctx: PluginContext<unknown>, { onTouch, onTold, onVolume }: MarketListener = {}) {
    this.#ctx = ctx;
    this.#hearsQuotes = onTouch !== undefined;
    if (onTouch !== undefined)
      ctx.on("quote", ANY, (quote) => {
        this.#isQuoted.add(quote.instrument);
        onTouch(quote.instrument, quote);
        onTold?.(quote.instrument);
      });
    ctx.on("trade", ANY, ({ instrument, priceTicks, sizeLots, venueAtUs }) => {
      this.#hasTrades.add(instrument);
      onVolume?.(instrument, sizeLots, venueAtUs);
      const last = this.#unquoted(instrument);
      if (last !== undefined) {
        last.bidTicks = last.askTicks = priceTicks;
        onTouch?.(instrument, last);
      }
      if (last !== undefined || onVolume !== undefined) onTold?.(instrument);
    });
    ctx.on("bar", ANY, ({ instrument, isClosed, startUs, volumeLots, openTicks, highTicks, lowTicks, closeTicks }) => {
      if (!isClosed || this.#hasTrades.has(instrument)) return;
      onVolume?.(instrument, volumeLots, startUs);
      const last = this.#unquoted(instrument);
      if (last !== undefined) {
        const isHighFirst = highTicks - openTicks < openTicks - lowTicks;
        const extremes = isHighFirst ? [highTicks, lowTicks] : [lowTicks, highTicks];
        for (const ticks of [openTicks, ...extremes, closeTicks]) {
          last.bidTicks = last.askTicks = ticks;
          onTouch?.(instrument, last);
        }
      }
      if (last !== undefined || onVolume !== undefined) onTold?.(instrument);
    });
  }

  /** Where one could trade now; undefined while nobody knows. Live: read it, and do not keep it. */
  touch(instrument: Instrument): Touch | undefined {
    return this.#ctx.quote(instrument) ?? (this.#isQuoted.has(instrument) ? undefined : this.#last.get(instrument));
  }

  /** Where the last price of an instrument without quotes is kept. */
  #unquoted(instrument: Instrument): LastPrice | undefined {
    if (this.#isQuoted.has(instrument)) return undefined;
    // A backtest of trades or bars has a quote to read and never tells one: who wants to be told hears of it by the events.
    if (!this.#hearsQuotes && this.#ctx.quote(instrument) !== undefined) {
      this.#isQuoted.add(instrument);
      return undefined;
    }
    const known = this.#last.get(instrument);
    if (known !== undefined) return known;
    const last = { bidTicks: 0, askTicks: 0 };
    this.#last.set(instrument, last);
    return last;
  }
}
