import type { Trade } from "./tape.ts";

const SECOND_US = 1_000_000;

/**
 * Trades of one second added up, on their way into the candles.
 *
 * Every interval is made of whole seconds, so that its candle can take a second's trades at once: a trade costs one addition and not
 * one for each of the sixteen intervals.
 */
export class TradeSum {
  /** Of its last trade, microseconds since the epoch. */
  atUs = 0;
  openTicks = 0;
  highTicks = 0;
  lowTicks = 0;
  closeTicks = 0;
  lots = 0;
  quoteUnits = 0n;
  takerBuyLots = 0;
  takerBuyQuoteUnits = 0n;
  trades = 0;
  firstTradeId = -1;
  lastTradeId = -1;
  #endUs = 0; // of its second

  /** Adds `trade`; false, and nothing added, when it is of another second or the sizes would be beyond a safe integer. */
  tryAdd(trade: Trade): boolean {
    const { priceTicks, lots, atUs } = trade;
    if (this.trades === 0) {
      this.#endUs = (Math.floor(atUs / SECOND_US) + 1) * SECOND_US;
      this.openTicks = priceTicks;
      this.highTicks = priceTicks;
      this.lowTicks = priceTicks;
      this.firstTradeId = trade.id;
    } else if (atUs >= this.#endUs || this.lots + lots > Number.MAX_SAFE_INTEGER) {
      return false;
    }
    if (priceTicks > this.highTicks) this.highTicks = priceTicks;
    if (priceTicks < this.lowTicks) this.lowTicks = priceTicks;
    this.closeTicks = priceTicks;
    this.lots += lots;
    this.quoteUnits += trade.quoteUnits;
    if (!trade.buyerIsMaker) {
      this.takerBuyLots += lots;
      this.takerBuyQuoteUnits += trade.quoteUnits;
    }
    this.trades++;
    this.lastTradeId = trade.id;
    this.atUs = atUs;
    return true;
  }

  clear(): void {
    this.trades = 0;
    this.lots = 0;
    this.quoteUnits = 0n;
    this.takerBuyLots = 0;
    this.takerBuyQuoteUnits = 0n;
  }
}
