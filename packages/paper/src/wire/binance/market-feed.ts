import type { Side } from "../../engine/book-side.ts";
import { type Candle, isInterval } from "../../engine/candles.ts";
import type { Market } from "../../engine/market.ts";
import type { AggregateTrade, Trade } from "../../engine/tape.ts";
import { formatUnits } from "../../scale.ts";
import { DepthDiff } from "./depth-diff.ts";
import { aggregateJson, dayJson, depthJson, lastMoment, price, size, topOf, volume } from "./market-json.ts";
import type { Channel, SymbolChannels } from "./stream-hub.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";

const UNITS: readonly TimeUnit[] = ["ms", "us"];
const PARTIAL_DEPTHS = [5, 10, 20];

/**
 * The market streams of one symbol. Trades and best prices go out as they happen, the rest by `flush`: depth every 100 ms,
 * tickers and candles every second (candles but `1s` every other one).
 */
export class MarketFeed {
  readonly #market: Market;
  readonly #channels: SymbolChannels;
  readonly #fastDiff: DepthDiff;
  readonly #slowDiff: DepthDiff;
  readonly #openCandles = new WeakMap<Channel, number>(); // openUs of the candle last sent
  #fastPartialId = 0; // update id that the partial depth streams last showed
  #slowPartialId = 0;
  #bidTicks = 0;
  #bidLots = 0;
  #askTicks = 0;
  #askLots = 0;

  /** @param channels Those of the market's symbol in lower case. */
  constructor(market: Market, channels: SymbolChannels) {
    this.#market = market;
    this.#channels = channels;
    this.#fastDiff = new DepthDiff(market);
    this.#slowDiff = new DepthDiff(market);
  }

  onTrade(trade: Trade): void {
    const channel = this.#channels.get("trade");
    if (channel === undefined) return;
    const { instrument } = this.#market;
    const { id, priceTicks, lots, buyerIsMaker, atUs } = trade;
    for (const unit of UNITS) {
      if (!channel.wants(unit)) continue;
      const time = inUnit(atUs, unit);
      channel.send(
        unit,
        `{"e":"trade","E":${time},"s":"${instrument.symbol}","t":${id},"p":"${price(instrument, priceTicks)}","q":"${size(instrument, lots)}","T":${time},"m":${buyerIsMaker},"M":true}`,
      );
    }
  }

  onAggregate(trade: AggregateTrade): void {
    const { instrument } = this.#market;
    this.#send(this.#channels.get("aggTrade"), (unit) =>
      JSON.stringify({
        e: "aggTrade",
        E: inUnit(trade.atUs, unit),
        s: instrument.symbol,
        ...aggregateJson(instrument, trade, unit),
      }),
    );
  }

  onLevel(side: Side, priceTicks: number): void {
    this.#fastDiff.mark(side, priceTicks);
    this.#slowDiff.mark(side, priceTicks);
  }

  /** The book has changed: says so when its best prices or their sizes have. */
  onBook(): void {
    const { engine, instrument, updateId } = this.#market;
    const bid = engine.bids.best;
    const ask = engine.asks.best;
    const bidTicks = bid?.priceTicks ?? 0;
    const bidLots = bid?.lots ?? 0;
    const askTicks = ask?.priceTicks ?? 0;
    const askLots = ask?.lots ?? 0;
    if (
      bidTicks === this.#bidTicks &&
      bidLots === this.#bidLots &&
      askTicks === this.#askTicks &&
      askLots === this.#askLots
    ) {
      return;
    }
    this.#bidTicks = bidTicks;
    this.#bidLots = bidLots;
    this.#askTicks = askTicks;
    this.#askLots = askLots;
    const channel = this.#channels.get("bookTicker");
    if (channel === undefined) return;
    // It carries no time, so one text serves both units.
    const event = `{"u":${updateId},"s":"${instrument.symbol}","b":"${price(instrument, bidTicks)}","B":"${size(instrument, bidLots)}","a":"${price(instrument, askTicks)}","A":"${size(instrument, askLots)}"}`;
    for (const unit of UNITS) channel.send(unit, event);
  }

  /** Publishes what is due every 100 ms. */
  flushFast(nowUs: number): void {
    this.#flushDiff(this.#fastDiff, nowUs, this.#channels.get("depth@100ms"), undefined);
    if (this.#channels.size === 0 || this.#fastPartialId === this.#market.updateId) return;
    this.#fastPartialId = this.#market.updateId;
    for (const depth of PARTIAL_DEPTHS) this.#sendDepth(`depth${depth}@100ms`, depth);
  }

  /** Publishes what is due every second; `isEven` every other time. */
  flushSlow(nowUs: number, isEven: boolean): void {
    this.#flushDiff(this.#slowDiff, nowUs, this.#channels.get("depth"), this.#channels.get("depth@1000ms"));
    if (this.#channels.size === 0) return;
    if (this.#slowPartialId !== this.#market.updateId) {
      this.#slowPartialId = this.#market.updateId;
      for (const depth of PARTIAL_DEPTHS) {
        this.#sendDepth(`depth${depth}`, depth);
        this.#sendDepth(`depth${depth}@1000ms`, depth);
      }
    }
    this.#send(this.#channels.get("miniTicker"), (unit) => this.miniTickerJson(nowUs, unit));
    this.#send(this.#channels.get("ticker"), (unit) => this.#tickerJson(nowUs, unit));
    for (const [suffix, channel] of this.#channels) {
      if (suffix.startsWith("kline_") && (isEven || suffix === "kline_1s")) this.#sendCandles(suffix, channel, nowUs);
    }
  }

  /** A `24hrMiniTicker` event. */
  miniTickerJson(nowUs: number, unit: TimeUnit): string {
    const { instrument, tape } = this.#market;
    const day = dayJson(instrument, tape.day(nowUs), nowUs, unit);
    return JSON.stringify({
      e: "24hrMiniTicker",
      E: inUnit(nowUs, unit),
      s: instrument.symbol,
      c: day.lastPrice,
      o: day.openPrice,
      h: day.highPrice,
      l: day.lowPrice,
      v: day.volume,
      q: day.quoteVolume,
    });
  }

  #flushDiff(diff: DepthDiff, nowUs: number, channel: Channel | undefined, alias: Channel | undefined): void {
    if (diff.isEmpty) return;
    if (channel !== undefined || alias !== undefined) {
      for (const unit of UNITS) {
        if (channel?.wants(unit) !== true && alias?.wants(unit) !== true) continue;
        const event = diff.eventJson(nowUs, unit);
        channel?.send(unit, event);
        alias?.send(unit, event);
      }
    }
    diff.clear();
  }

  #sendDepth(suffix: string, depth: number): void {
    this.#send(this.#channels.get(suffix), () => depthJson(this.#market, depth));
  }

  #tickerJson(nowUs: number, unit: TimeUnit): string {
    const { instrument, tape } = this.#market;
    const day = dayJson(instrument, tape.day(nowUs), nowUs, unit);
    const top = topOf(this.#market);
    return JSON.stringify({
      e: "24hrTicker",
      E: inUnit(nowUs, unit),
      s: instrument.symbol,
      p: day.priceChange,
      P: day.priceChangePercent,
      w: day.weightedAvgPrice,
      x: day.prevClosePrice,
      c: day.lastPrice,
      Q: day.lastQty,
      b: top.bidPrice,
      B: top.bidQty,
      a: top.askPrice,
      A: top.askQty,
      o: day.openPrice,
      h: day.highPrice,
      l: day.lowPrice,
      v: day.volume,
      q: day.quoteVolume,
      O: day.openTime,
      C: day.closeTime,
      F: day.firstId,
      L: day.lastId,
      n: day.count,
    });
  }

  // The open candle, and before it those that closed since the last time.
  #sendCandles(suffix: string, channel: Channel, nowUs: number): void {
    const interval = suffix.slice("kline_".length);
    if (!isInterval(interval)) return;
    const { list } = this.#market.tape.candles(interval, nowUs);
    const open = list[list.length - 1];
    if (open === undefined) return;
    const sentUs = this.#openCandles.get(channel) ?? open.openUs;
    this.#openCandles.set(channel, open.openUs);
    let from = list.length - 1;
    while (from > 0 && list[from - 1]!.openUs >= sentUs) from--;
    for (let i = from; i < list.length; i++) {
      const candle = list[i]!;
      this.#send(channel, (unit) => this.#candleEvent(candle, interval, i < list.length - 1, nowUs, unit));
    }
  }

  #candleEvent(candle: Readonly<Candle>, interval: string, isClosed: boolean, nowUs: number, unit: TimeUnit): string {
    const { instrument } = this.#market;
    return JSON.stringify({
      e: "kline",
      E: inUnit(nowUs, unit),
      s: instrument.symbol,
      k: {
        t: inUnit(candle.openUs, unit),
        T: lastMoment(candle.endUs, unit),
        s: instrument.symbol,
        i: interval,
        f: candle.firstTradeId,
        L: candle.lastTradeId,
        o: price(instrument, candle.openTicks),
        c: price(instrument, candle.closeTicks),
        h: price(instrument, candle.highTicks),
        l: price(instrument, candle.lowTicks),
        v: volume(instrument, candle.lots),
        n: candle.trades,
        x: isClosed,
        q: formatUnits(candle.quoteUnits),
        V: volume(instrument, candle.takerBuyLots),
        Q: formatUnits(candle.takerBuyQuoteUnits),
        B: "0",
      },
    });
  }

  #send(channel: Channel | undefined, toEvent: (unit: TimeUnit) => string): void {
    if (channel === undefined) return;
    for (const unit of UNITS) if (channel.wants(unit)) channel.send(unit, toEvent(unit));
  }
}
