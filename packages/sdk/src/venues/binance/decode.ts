import { DepthDiff, type DepthSnapshot } from "../../book/depth-diff.ts";
import { Levels } from "../../book/levels.ts";
import { ProtocolError } from "../../errors.ts";
import type { BarInterval } from "../../model/bar.ts";
import type { Instrument } from "../../model/instrument.ts";
import { parseScaled, parseUnits } from "../../model/scale.ts";
import { type Fields, flagOf, integerOf, parseJson, textOf, toFields, toList } from "./fields.ts";
import {
  type BarFrame,
  type FrameKind,
  type FrameSink,
  newBarFrame,
  newQuoteFrame,
  newTradeFrame,
  type QuoteFrame,
  type TradeFrame,
} from "./frames.ts";
import { parseLevelPrice, parseLevelSize } from "./level-text.ts";
import { scanBar } from "./scan-bar.ts";
import { scanDepth, scanQuote, scanTrade } from "./scan-frames.ts";
import { prefixOf, ScanRoutes } from "./scan-routes.ts";

export type { BarFrame, FrameSink, QuoteFrame, TradeFrame } from "./frames.ts";

/** What a stream's name says. */
interface Route<T> {
  readonly kind: FrameKind;
  readonly target: T | undefined;
  /** Of a `bar` stream. */
  readonly interval: BarInterval;
}

/** A stream whose frames are scanned. */
interface Scanned<T> extends Route<T> {
  readonly target: T;
  readonly instrument: Instrument;
  readonly symbol: Uint8Array;
  readonly prefix: Uint8Array;
}

// More than the streams of any connection: names come from the venue, and what it sends must not grow us without end.
const MOST_SCANNED = 4_096;

/**
 * Turns frames of a combined stream into calls on a sink. It keeps nothing between frames but the objects it reuses.
 *
 * A frame of the documented form is read from its bytes, without a string or an object; any other goes through JSON.parse, with
 * the very same result for all that both can read. Numbers go from text to integers exactly, by the instrument's scales.
 * Source: Binance, web-socket-streams.md, 2026-07.
 *
 * @example
 * const decoder = new FrameDecoder([{ instrument }], ["btcusdt@trade"]);
 * decoder.decode(data, sink); // one call on `sink`
 */
export class FrameDecoder<T extends { readonly instrument: Instrument }> {
  readonly #targets: ReadonlyMap<string, T>;
  readonly #routes = new ScanRoutes<Scanned<T>>();
  readonly #diff = new DepthDiff();
  readonly #quote = newQuoteFrame();
  readonly #trade = newTradeFrame();
  readonly #bar = newBarFrame();
  readonly #out = new Float64Array(10); // numbers of the frame being scanned
  #fallbacks = 0;

  /** @param streams Those that are subscribed; one that is missing here is learned from its first frame. */
  constructor(targets: Iterable<T>, streams: readonly string[]) {
    const byName = new Map<string, T>();
    for (const target of targets) byName.set(target.instrument.venueSymbol.toLowerCase(), target);
    this.#targets = byName;
    for (const stream of streams) this.#learn(stream, this.route(stream));
  }

  /** Frames that went through JSON.parse so far: of another form than the documented one, of kinds that are not decoded, or bad. */
  get fallbacks(): number {
    return this.#fallbacks;
  }

  /** Kind and instrument of a stream, by its name: `btcusdt@depth@100ms`. */
  route(stream: string): Route<T> {
    const at = stream.indexOf("@");
    const target = at < 0 ? undefined : this.#targets.get(stream.slice(0, at));
    if (target === undefined) return { kind: "other", target, interval: "1m" };
    const channel = stream.slice(at + 1);
    return { kind: kindOf(channel), target, interval: intervalOf(channel) ?? "1m" };
  }

  /**
   * Decodes one frame into one call on `sink`; `data` is not kept.
   * @throws {ProtocolError | InvalidInputError} When the text does not have the documented form, or a number does not fit its scale.
   */
  decode(data: Buffer, sink: FrameSink<T>): void {
    const route = this.#routes.find(data);
    if (route !== undefined) {
      const at = route.prefix.length;
      const { target } = route;
      switch (route.kind) {
        case "depth":
          if (scanDepth(data, at, route, this.#diff, this.#out)) return sink.depth(target, this.#diff);
          break;
        case "quote":
          if (scanQuote(data, at, route, this.#quote, this.#out)) return sink.quote(target, this.#quote);
          break;
        case "bar":
          if (!scanBar(data, at, route, this.#bar, this.#out)) break;
          this.#bar.interval = route.interval;
          return sink.bar(target, this.#bar);
        default:
          if (scanTrade(data, at, route, route.kind === "aggTrade", this.#trade, this.#out))
            return sink.trade(target, this.#trade);
      }
    }
    this.#fallbacks++;
    this.#decodeText(data.toString("utf8"), sink);
  }

  #decodeText(text: string, sink: FrameSink<T>): void {
    const frame = toFields("frame", parseJson("frame", text));
    const stream = textOf("frame", frame, "stream");
    const route = this.route(stream);
    const { kind, target } = route;
    if (target === undefined) {
      if (stream === "!serverShutdown") sink.shutdown();
      else sink.ignored(undefined, stream);
      return;
    }
    if (kind === "other") return sink.ignored(target, stream);
    const data = toFields(stream, frame["data"]);
    const { instrument } = target;
    if (data["s"] !== instrument.venueSymbol) {
      throw new ProtocolError(`${stream}: "s" must be ${instrument.venueSymbol}, got ${String(data["s"])}`);
    }
    this.#learn(stream, route);
    if (kind === "depth") sink.depth(target, this.#readDepth(stream, data, instrument));
    else if (kind === "quote") sink.quote(target, this.#readQuote(stream, data, instrument));
    else if (kind === "bar") sink.bar(target, this.#readBar(stream, data, instrument, route.interval));
    else sink.trade(target, this.#readTrade(stream, data, instrument, kind === "aggTrade"));
  }

  #learn(stream: string, { kind, target, interval }: Route<T>): void {
    const prefix = prefixOf(stream);
    if (target === undefined || kind === "other" || prefix === undefined) return;
    if (this.#routes.count >= MOST_SCANNED || this.#routes.find(prefix) !== undefined) return;
    const { instrument } = target;
    this.#routes.add({ kind, target, interval, instrument, symbol: Buffer.from(instrument.venueSymbol), prefix });
  }

  #readDepth(where: string, data: Fields, instrument: Instrument): DepthDiff {
    const diff = this.#diff;
    diff.firstSequence = integerOf(where, data, "U");
    diff.lastSequence = integerOf(where, data, "u");
    diff.previousSequence = data["pu"] === undefined ? 0 : integerOf(where, data, "pu"); // futures only
    diff.venueAtUs = integerOf(where, data, "E") * 1000;
    const bids = readLevels(where, toList(where, data["b"]), instrument, diff.bids);
    diff.leftOut = bids + readLevels(where, toList(where, data["a"]), instrument, diff.asks);
    return diff;
  }

  #readQuote(where: string, data: Fields, { priceDecimals, sizeDecimals }: Instrument): QuoteFrame {
    const quote = this.#quote;
    quote.sequence = integerOf(where, data, "u");
    quote.bidTicks = parseScaled(textOf(where, data, "b"), priceDecimals);
    quote.bidLots = parseLevelSize(textOf(where, data, "B"), sizeDecimals);
    quote.askTicks = parseScaled(textOf(where, data, "a"), priceDecimals);
    quote.askLots = parseLevelSize(textOf(where, data, "A"), sizeDecimals);
    quote.venueAtUs = data["E"] === undefined ? 0 : integerOf(where, data, "E") * 1000; // futures only
    return quote;
  }

  #readTrade(where: string, data: Fields, instrument: Instrument, isAggregate: boolean): TradeFrame {
    const trade = this.#trade;
    trade.tradeId = integerOf(where, data, isAggregate ? "a" : "t");
    trade.isAggregate = isAggregate;
    trade.priceTicks = parseScaled(textOf(where, data, "p"), instrument.priceDecimals);
    trade.sizeLots = parseLevelSize(textOf(where, data, "q"), instrument.sizeDecimals);
    trade.isBuyerMaker = flagOf(where, data, "m");
    trade.venueAtUs = integerOf(where, data, "T") * 1000;
    return trade;
  }

  #readBar(where: string, data: Fields, { priceDecimals, sizeDecimals }: Instrument, interval: BarInterval): BarFrame {
    const kline = toFields(`${where}: "k"`, data["k"]);
    const ticks = (name: string) => parseScaled(textOf(where, kline, name), priceDecimals);
    const bar = this.#bar;
    bar.interval = interval;
    bar.startUs = integerOf(where, kline, "t") * 1000;
    bar.openTicks = ticks("o");
    bar.highTicks = ticks("h");
    bar.lowTicks = ticks("l");
    bar.closeTicks = ticks("c");
    bar.volumeLots = parseLevelSize(textOf(where, kline, "v"), sizeDecimals);
    bar.quoteVolume = parseUnits(textOf(where, kline, "q"));
    bar.trades = integerOf(where, kline, "n");
    bar.isClosed = flagOf(where, kline, "x");
    bar.venueAtUs = integerOf(where, data, "E") * 1000;
    return bar;
  }
}

/** A `GET depth` reply. @throws {ProtocolError | InvalidInputError} As `FrameDecoder.decode`. */
export function parseSnapshot(value: unknown, instrument: Instrument): DepthSnapshot {
  const where = `depth of ${instrument.venueSymbol}`;
  const snapshot = toFields(where, value);
  const bids = new Levels(1024);
  const asks = new Levels(1024);
  const leftOutBids = readLevels(where, toList(`${where}: "bids"`, snapshot["bids"]), instrument, bids);
  const leftOut = leftOutBids + readLevels(where, toList(`${where}: "asks"`, snapshot["asks"]), instrument, asks);
  return { sequence: integerOf(where, snapshot, "lastUpdateId"), bids, asks, leftOut };
}

/** The stream a frame names, where its text still shows one; for frames that cannot be decoded. */
export function streamNameIn(text: string): string | undefined {
  return /"stream"\s*:\s*"([^"]+)"/.exec(text.slice(0, 200))?.[1];
}

function kindOf(channel: string): FrameKind {
  if (channel === "bookTicker") return "quote";
  if (channel === "trade" || channel === "aggTrade") return channel;
  if (intervalOf(channel) !== undefined) return "bar";
  return /^depth(@\d+ms)?$/.test(channel) ? "depth" : "other"; // depth5, depth10 and depth20 are no diffs
}

function intervalOf(channel: string): BarInterval | undefined {
  // Those of another time zone (kline_1d@+08:00) begin at other moments and are the same bars otherwise.
  const match = /^kline_(1s|[135]m|15m|30m|[12468]h|12h|[13]d|1w|1M)(?:@[+-]\d\d:\d\d)?$/.exec(channel);
  return match?.[1] as BarInterval | undefined;
}

/** Returns how many levels were left out because their price lies between two ticks. */
function readLevels(where: string, rows: readonly unknown[], instrument: Instrument, levels: Levels): number {
  const { priceDecimals, sizeDecimals } = instrument;
  let leftOut = 0;
  levels.clear();
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    if (!Array.isArray(row) || typeof row[0] !== "string" || typeof row[1] !== "string") {
      throw new ProtocolError(`${where}: a level must be [price, quantity] as text`);
    }
    const ticks = parseLevelPrice(row[0], priceDecimals);
    if (Number.isNaN(ticks)) leftOut++;
    else levels.push(ticks, parseLevelSize(row[1], sizeDecimals));
  }
  return leftOut;
}
