import { DepthDiff, type DepthSnapshot } from "../../book/depth-diff.ts";
import { Levels } from "../../book/levels.ts";
import { ProtocolError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";
import { parseScaled } from "../../model/scale.ts";
import { type Fields, flagOf, integerOf, parseJson, textOf, toFields, toList } from "./fields.ts";
import { parseLevelPrice, parseLevelSize } from "./level-text.ts";

/** A bookTicker frame. Reused for every one of a decoder. */
export interface QuoteFrame {
  sequence: number;
  bidTicks: number;
  bidLots: number;
  askTicks: number;
  askLots: number;
  /** 0 on spot, whose frames have no time. */
  venueAtUs: number;
}

/** A trade or aggTrade frame. Reused for every one of a decoder. */
export interface TradeFrame {
  /** Id of the trade, or of the aggregate. */
  tradeId: number;
  isAggregate: boolean;
  /** 0 in entries that are no trade of the market (insurance fund, say). */
  priceTicks: number;
  sizeLots: number;
  isBuyerMaker: boolean;
  venueAtUs: number;
}

/** Where decoded frames go. `target` is what the decoder was given for the frame's instrument. */
export interface FrameSink<T> {
  depth(target: T, diff: DepthDiff): void;
  quote(target: T, quote: QuoteFrame): void;
  trade(target: T, trade: TradeFrame): void;
  /** A frame of a kind that is not decoded, or of an unknown instrument. */
  ignored(target: T | undefined): void;
  /** The venue is about to close the connection. */
  shutdown(): void;
}

export type FrameKind = "depth" | "quote" | "trade" | "aggTrade" | "other";

interface Route<T> {
  readonly kind: FrameKind;
  readonly target: T | undefined;
}

/**
 * Turns frames of a combined stream into calls on a sink. It keeps nothing between frames but the objects it reuses, so a faster
 * reader of the same text can take its place.
 *
 * Numbers go from text to integers exactly, by the instrument's scales. Source: Binance, web-socket-streams.md, 2026-07.
 */
export class FrameDecoder<T extends { readonly instrument: Instrument }> {
  readonly #targets: ReadonlyMap<string, T>;
  readonly #routes = new Map<string, Route<T>>();
  readonly #diff = new DepthDiff();
  readonly #quote: QuoteFrame = { sequence: 0, bidTicks: 0, bidLots: 0, askTicks: 0, askLots: 0, venueAtUs: 0 };
  readonly #trade: TradeFrame = {
    tradeId: 0,
    isAggregate: false,
    priceTicks: 0,
    sizeLots: 0,
    isBuyerMaker: false,
    venueAtUs: 0,
  };

  /** @param streams The streams that are subscribed; frames of others are found by their name, more slowly. */
  constructor(targets: Iterable<T>, streams: readonly string[]) {
    const byName = new Map<string, T>();
    for (const target of targets) byName.set(target.instrument.venueSymbol.toLowerCase(), target);
    this.#targets = byName;
    for (const stream of streams) this.#routes.set(stream, this.route(stream));
  }

  /** Kind and instrument of a stream, by its name: `btcusdt@depth@100ms`. */
  route(stream: string): Route<T> {
    const at = stream.indexOf("@");
    const target = at < 0 ? undefined : this.#targets.get(stream.slice(0, at));
    return { kind: target === undefined ? "other" : kindOf(stream.slice(at + 1)), target };
  }

  /**
   * Decodes one frame into one call on `sink`.
   * @throws {ProtocolError | InvalidInputError} When the text does not have the documented form, or a number does not fit its scale.
   */
  decode(text: string, sink: FrameSink<T>): void {
    const frame = toFields("frame", parseJson("frame", text));
    const stream = textOf("frame", frame, "stream");
    const { kind, target } = this.#routes.get(stream) ?? this.route(stream);
    if (target === undefined) {
      if (stream === "!serverShutdown") sink.shutdown();
      else sink.ignored(undefined);
      return;
    }
    if (kind === "other") return sink.ignored(target);
    const data = toFields(stream, frame["data"]);
    const { instrument } = target;
    if (data["s"] !== instrument.venueSymbol) {
      throw new ProtocolError(`${stream}: "s" must be ${instrument.venueSymbol}, got ${String(data["s"])}`);
    }
    if (kind === "depth") sink.depth(target, this.#readDepth(stream, data, instrument));
    else if (kind === "quote") sink.quote(target, this.#readQuote(stream, data, instrument));
    else sink.trade(target, this.#readTrade(stream, data, instrument, kind === "aggTrade"));
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

function kindOf(channel: string): FrameKind {
  if (channel === "bookTicker") return "quote";
  if (channel === "trade" || channel === "aggTrade") return channel;
  return /^depth(@\d+ms)?$/.test(channel) ? "depth" : "other"; // depth5, depth10 and depth20 are no diffs
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
