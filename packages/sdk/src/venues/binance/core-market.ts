import { InvalidInputError } from "@pitlane/perf";
import type { CallControl, MarketCalls } from "../../calls.ts";
import { checkControl, checkText } from "../../checks.ts";
import type { Instrument } from "../../model/instrument.ts";
import { type Api, publicRead } from "./api.ts";
import { type InstrumentList, parseInstruments } from "./instruments.ts";

export interface MarketOptions {
  readonly api: Api;
  readonly venue: string;
  /** Most levels that a depth call gives. */
  readonly mostLevels: number;
  /** The venue's time, for which bars are closed. */
  readonly nowUs: () => number;
  /** Aborts when the client begins to close. */
  readonly closing?: AbortSignal;
}

/** The public calls that a stream cannot be without: its instruments. */
export class CoreMarket implements Pick<MarketCalls, "listInstruments" | "getInstrument"> {
  protected readonly options: MarketOptions;
  protected list: InstrumentList | undefined;
  #bySymbol: ReadonlyMap<string, Instrument> = new Map();

  constructor(options: MarketOptions) {
    this.options = options;
  }

  async listInstruments(control?: CallControl): Promise<readonly Instrument[]> {
    const { api, venue } = this.options;
    const list = parseInstruments(await api.call(publicRead("/exchangeInfo", {}, 20, control)), venue);
    this.list = list;
    this.#bySymbol = new Map(list.instruments.map((instrument) => [instrument.symbol, instrument]));
    return list.instruments;
  }

  async getInstrument(symbol: string, control: CallControl = {}): Promise<Instrument> {
    checkText("symbol", /^[^\s/]+\/[^\s/]+$/, "AAA/BBB, base and quote asset", symbol);
    checkControl(control);
    // What is known is no answer of a client that is closed: this is refused as any call.
    if (this.list === undefined || this.options.closing?.aborted) await this.listInstruments(control);
    const found = this.#bySymbol.get(symbol);
    if (found !== undefined) return found;
    const upper = this.#bySymbol.get(symbol.toUpperCase());
    const hint = upper === undefined ? "" : `: did you mean ${upper.symbol}?`;
    throw new InvalidInputError(`${this.options.venue} has no instrument ${JSON.stringify(symbol)}${hint}`);
  }
}

/** A depth call with its weight, which grows with the number of levels. Source: rest-api.md, "Order book", 2026-07. */
export function depthCall(instrument: Instrument, limit: number, control: CallControl) {
  const weight = limit <= 100 ? 5 : limit <= 500 ? 25 : limit <= 1_000 ? 50 : 250;
  return publicRead("/depth", { symbol: instrument.venueSymbol, limit }, weight, control);
}
