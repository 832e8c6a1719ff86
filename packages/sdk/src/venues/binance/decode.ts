import { DepthDiff, type DepthSnapshot } from "../../book/depth-diff.ts";
import { Levels } from "../../book/levels.ts";
import { ProtocolError } from "../../errors.ts";
import type { BarInterval } from "../../model/bar.ts";
import type { Instrument } from "../../model/instrument.ts";
import { parseScaled } from "../../model/scale.ts";
import type { BarReader } from "./bar-reader.ts";
import { type Fields, flagOf, integerOf, parseJson, textOf, toFields, toList } from "./fields.ts";
import {
  type FrameKind,
  type FrameSink,
  newQuoteFrame,
  newTradeFrame,
  type QuoteFrame,
  type TradeFrame,
} from "./frames.ts";
import { parseLevelPrice, parseLevelSize } from "./level-text.ts";
import { kindOf } from "./stream-names.ts";

export type { FrameSink, QuoteFrame, TradeFrame } from "./frames.ts";

/** What a stream's name says. */
export interface Route<T> {
  readonly kind: FrameKind;
  readonly target: T | undefined;
  /** Of a `bar` stream. */
  readonly interval: BarInterval;
}

/** Reads frames of the documented form faster than JSON.parse does: `FrameScanner`. */
export interface Scanner<T> {
  /** Reads frames of `stream` from now on; one that is known already changes nothing. */
  learn(stream: string, route: Route<T>): void;
  /** Decodes one frame into one call on `sink`; false, and nothing called, when it is not of a form it knows. */
  tryScan(data: Buffer, sink: FrameSink<T>): boolean;
}

export interface DecoderParts<T> {
  readonly scanner?: Scanner<T> | undefined;
  /** Reads bars; without it their streams are of no kind that is decoded. */
  readonly bars?: Pick<BarReader, "intervalOf" | "read"> | undefined;
}

/**
 * Turns frames of a combined stream into calls on a sink. It keeps nothing between frames but the objects it reuses.
 *
 * What its scanner cannot read, or all where it has none, goes through JSON.parse, with the very same result for all that both can
 * read. Numbers go from text to integers exactly, by the instrument's scales. Source: Binance, web-socket-streams.md, 2026-07.
 *
 * @example
 * const decoder = new FrameDecoder([{ instrument }], ["btcusdt@trade"], { scanner: new FrameScanner(), bars: new BarReader() });
 * decoder.decode(data, sink); // one call on `sink`
 */
export class FrameDecoder<T extends { readonly instrument: Instrument }> {
  readonly #targets: ReadonlyMap<string, T>;
  readonly #scanner: Scanner<T> | undefined;
  readonly #diff = new DepthDiff();
  readonly #quote = newQuoteFrame();
  readonly #trade = newTradeFrame();
  readonly #bars: DecoderParts<T>["bars"];
  #fallbacks = 0;

  /** @param streams Those that are subscribed; one that is missing here is learned from its first frame. */
  constructor(targets: Iterable<T>, streams: readonly string[], { scanner, bars }: DecoderParts<T> = {}) {
    const byName = new Map<string, T>();
    for (const target of targets) byName.set(target.instrument.venueSymbol.toLowerCase(), target);
    this.#targets = byName;
    this.#scanner = scanner;
    this.#bars = bars;
    if (scanner !== undefined) for (const stream of streams) scanner.learn(stream, this.route(stream));
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
    const interval = this.#bars?.intervalOf(channel);
    return interval === undefined
      ? { kind: kindOf(channel), target, interval: "1m" }
      : { kind: "bar", target, interval };
  }

  /**
   * Decodes one frame into one call on `sink`; `data` is not kept.
   * @throws {ProtocolError | InvalidInputError} When the text does not have the documented form, or a number does not fit its scale.
   */
  decode(data: Buffer, sink: FrameSink<T>): void {
    if (this.#scanner?.tryScan(data, sink) === true) return;
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
    this.#scanner?.learn(stream, route);
    if (kind === "depth") sink.depth(target, this.#readDepth(stream, data, instrument));
    else if (kind === "quote") sink.quote(target, this.#readQuote(stream, data, instrument));
    else if (kind === "bar") {
      const bar = this.#bars?.read(stream, data, instrument, route.interval);
      if (bar !== undefined) sink.bar(target, bar);
    } else sink.trade(target, this.#readTrade(stream, data, instrument, kind === "aggTrade"));
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
