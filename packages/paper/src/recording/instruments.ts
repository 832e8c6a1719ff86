import { type Assets, splitSymbol } from "./assets.ts";
import { excerpt, LineProblem, RecordingError } from "./errors.ts";
import type { DepthSnapshot } from "./message.ts";
import { isInverseSymbol, type ProductFinder } from "./product.ts";
import { isObject } from "./recorded-line.ts";

/** One symbol of a recording. */
export interface RecordedInstrument {
  /** As the venue writes it: `BTCUSDT`, `BTCUSD_PERP`. */
  readonly symbol: string;
  /** The symbol itself where its assets cannot be told apart, which only a listener's recording may have. */
  readonly base: string;
  /** Empty where the assets cannot be told apart. */
  readonly quote: string;
  /** Most decimals of any recorded price, trailing zeros not counted. */
  readonly priceDecimals: number;
  /** Most decimals of any recorded size, trailing zeros not counted. */
  readonly sizeDecimals: number;
  /** Its streams as recorded (`btcusdt@depth@100ms`), in the order they first appear. */
  readonly streams: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;
type StreamKind = "depth" | "bookTicker" | "trade" | "bar" | "other";

/** What a stream's name says, worked out once per stream. */
interface StreamTraits {
  readonly kind: StreamKind;
  /** `undefined` for streams of many symbols (`!bookTicker`). */
  readonly symbol: string | undefined;
}

/** The most decimals seen so far. */
export class Scale {
  priceDecimals = 0;
  sizeDecimals = 0;

  addPrice(text: unknown): void {
    const decimals = typeof text === "string" ? significantDecimals(text) : -1;
    if (decimals > this.priceDecimals) this.priceDecimals = decimals;
    else if (decimals < 0) throw new LineProblem(`the price ${shown(text)} is not a decimal text`);
  }

  addSize(text: unknown): void {
    const decimals = typeof text === "string" ? significantDecimals(text) : -1;
    if (decimals > this.sizeDecimals) this.sizeDecimals = decimals;
    else if (decimals < 0) throw new LineProblem(`the size ${shown(text)} is not a decimal text`);
  }

  addLevels(levels: unknown, name: string): void {
    if (!Array.isArray(levels)) throw new LineProblem(`"${name}" is not a list of [price, size]`);
    for (let i = 0; i < levels.length; i++) {
      const level: unknown = levels[i];
      if (!Array.isArray(level)) throw new LineProblem(`"${name}" is not a list of [price, size]`);
      this.addPrice(level[0]);
      this.addSize(level[1]);
    }
  }

  addSnapshot(snapshot: DepthSnapshot): void {
    this.addLevels(snapshot.bids, "bids");
    this.addLevels(snapshot.asks, "asks");
  }

  include(other: Scale): void {
    this.priceDecimals = Math.max(this.priceDecimals, other.priceDecimals);
    this.sizeDecimals = Math.max(this.sizeDecimals, other.sizeDecimals);
  }
}

/**
 * Learns the instruments of a recording from its events: depth, bookTicker, trade and aggTrade events and depth snapshots
 * make an instrument, bars only add to its scale, or make one for who checks the recording; other streams are only listed. Also tells
 * `product` what each event proves.
 */
export class InstrumentTable {
  readonly #product: ProductFinder;
  readonly #scales = new Map<string, Scale>();
  readonly #streams = new Map<string, StreamTraits>();
  readonly #listed = new Map<string, Assets>();
  readonly #bars = new Map<string, Scale>();

  constructor(product: ProductFinder) {
    this.#product = product;
  }

  /** Every stream, in the order they first appeared. */
  get streams(): readonly string[] {
    return [...this.#streams.keys()];
  }

  get symbols(): readonly string[] {
    return [...this.#scales.keys()];
  }

  /**
   * Measures one event. @returns Its symbol when it has numbers of one.
   * @throws {LineProblem} When it lacks what its stream's events have.
   */
  addEvent(stream: string, data: unknown): string | undefined {
    let traits = this.#streams.get(stream);
    if (traits === undefined) {
      traits = traitsOf(stream);
      this.#streams.set(stream, traits);
    }
    if (traits.kind === "other") return undefined;
    if (traits.kind === "bar") return this.#addBar(traits.symbol as string, data);
    if (!isObject(data)) throw new LineProblem('the frame\'s "data" is not an object');
    const symbol = data["s"] ?? traits.symbol;
    if (typeof symbol !== "string" || (traits.symbol !== undefined && symbol !== traits.symbol)) {
      throw new LineProblem(`the stream is ${excerpt(stream)}, but the event's "s" is ${shown(data["s"])}`);
    }
    const scale = this.scaleOf(symbol);
    if (traits.kind === "depth") this.#addDepth(symbol, scale, data);
    else if (traits.kind === "bookTicker") this.#addBookTicker(scale, data);
    else this.#addTrade(scale, data);
    return symbol;
  }

  /** The scale of `symbol`, which becomes an instrument if it was none. */
  scaleOf(symbol: string): Scale {
    let scale = this.#scales.get(symbol);
    if (scale === undefined) {
      if (isInverseSymbol(symbol)) this.#product.prove("coinm");
      scale = new Scale();
      this.#scales.set(symbol, scale);
    }
    return scale;
  }

  /** Takes the assets of every symbol from a recorded exchangeInfo. @throws {LineProblem} When it has another shape. */
  addExchangeInfo(value: unknown): void {
    const symbols = isObject(value) ? value["symbols"] : undefined;
    if (!Array.isArray(symbols)) throw new LineProblem('the exchangeInfo answer has no list "symbols"');
    for (const entry of symbols as readonly unknown[]) {
      if (!isObject(entry)) continue;
      const {
        symbol,
        baseAsset: base,
        quoteAsset: quote,
      } = entry as Record<"symbol" | "baseAsset" | "quoteAsset", unknown>;
      if (typeof symbol === "string" && typeof base === "string" && typeof quote === "string") {
        this.#listed.set(symbol, { base, quote });
      }
    }
  }

  /**
   * @param isChecked - The recording is read to be checked: symbols with bars alone are instruments too, and one whose assets cannot
   * be told goes by its name.
   * @throws {RecordingError} When the assets of a symbol cannot be told; `path` is named in it.
   */
  result(path: string, isChecked = false): readonly RecordedInstrument[] {
    const symbols = new Set(isChecked ? [...this.#scales.keys(), ...this.#bars.keys()] : this.#scales.keys());
    return [...symbols].map((symbol) => {
      const scale = new Scale();
      for (const seen of [this.#scales.get(symbol), this.#bars.get(symbol)])
        if (seen !== undefined) scale.include(seen);
      const { priceDecimals, sizeDecimals } = scale;
      const assets =
        splitSymbol(symbol, this.#listed.get(symbol)) ?? (isChecked ? { base: symbol, quote: "" } : undefined);
      if (assets === undefined) {
        throw new RecordingError(
          `cannot tell the base asset of ${symbol} from the quote asset: add a jsonl file with the venue's exchangeInfo ` +
            "answer as an http record, as the first of the recording's files",
          { path },
        );
      }
      const streams = [...this.#streams].filter(([, traits]) => traits.symbol === symbol).map(([stream]) => stream);
      return { symbol, ...assets, priceDecimals, sizeDecimals, streams };
    });
  }

  #addDepth(symbol: string, scale: Scale, data: Json): void {
    if (data["e"] !== "depthUpdate") {
      // Spot's partial depth (@depth20) has the form of the REST answer and names no symbol.
      if (!Number.isSafeInteger(data["lastUpdateId"])) throw new LineProblem("is not a depth event");
      scale.addLevels(data["bids"], "bids");
      scale.addLevels(data["asks"], "asks");
      this.#product.hint("spot");
      return;
    }
    if (!Number.isSafeInteger(data["U"]) || !Number.isSafeInteger(data["u"])) {
      throw new LineProblem('the depth event has no whole numbers "U" and "u"');
    }
    scale.addLevels(data["b"], "b");
    scale.addLevels(data["a"], "a");
    if (data["pu"] === undefined) {
      if (this.#product.isDeclaredFutures) throw new LineProblem('the depth event of a future has no "pu"');
      this.#product.prove("spot");
    } else this.#product.prove(data["ps"] !== undefined || isInverseSymbol(symbol) ? "coinm" : "usdm");
  }

  /** What has no numbers here is left to whoever reads bars. */
  #addBar(symbol: string, data: unknown): undefined {
    const bar = isObject(data) ? data["k"] : undefined;
    if (!isObject(bar)) return;
    let scale = this.#bars.get(symbol);
    if (scale === undefined) {
      if (isInverseSymbol(symbol)) this.#product.prove("coinm");
      scale = new Scale();
      this.#bars.set(symbol, scale);
    }
    for (const [name, text] of Object.entries(bar)) {
      if (typeof text !== "string" || significantDecimals(text) < 0) continue;
      if (name === "o" || name === "h" || name === "l" || name === "c") scale.addPrice(text);
      else if (name === "v") scale.addSize(text);
    }
  }

  #addBookTicker(scale: Scale, data: Json): void {
    scale.addPrice(data["b"]);
    scale.addSize(data["B"]);
    scale.addPrice(data["a"]);
    scale.addSize(data["A"]);
    this.#product.hint(data["e"] === undefined ? "spot" : data["ps"] === undefined ? "usdm" : "coinm");
  }

  #addTrade(scale: Scale, data: Json): void {
    scale.addPrice(data["p"]);
    scale.addSize(data["q"]);
    // Documented as "ignore", and sent by spot alone. COIN-M is proved by its symbols.
    this.#product.hint("M" in data ? "spot" : "usdm");
  }
}

function traitsOf(stream: string): StreamTraits {
  const mark = stream.indexOf("@");
  if (mark <= 0) return { kind: stream === "!bookTicker" ? "bookTicker" : "other", symbol: undefined };
  const symbol = stream.slice(0, mark).toUpperCase();
  const channel = stream.slice(mark + 1);
  if (/^depth(?:\d|@|$)/.test(channel)) return { kind: "depth", symbol };
  if (channel === "bookTicker") return { kind: "bookTicker", symbol };
  if (channel.startsWith("kline_")) return { kind: "bar", symbol };
  return { kind: channel === "trade" || channel === "aggTrade" ? "trade" : "other", symbol };
}

/**
 * How many decimals `text` has, trailing zeros not counted: 2 for "61.250". -1 when it is not plain decimal notation.
 * Reads each character once: a recording has millions of these.
 */
export function significantDecimals(text: string): number {
  const length = text.length;
  let dot = -1;
  let last = -1; // the last digit after the dot that is not 0
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46) {
      if (dot >= 0 || i === 0 || i === length - 1) return -1;
      dot = i;
    } else if (code < 48 || code > 57) {
      return -1;
    } else if (code !== 48 && dot >= 0) {
      last = i;
    }
  }
  if (length === 0) return -1;
  return last < 0 ? 0 : last - dot;
}

function shown(value: unknown): string {
  return value === undefined ? "missing" : excerpt(JSON.stringify(value));
}
