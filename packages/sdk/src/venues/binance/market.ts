import type { Instrument } from "../../model/instrument.ts";
import type { BinanceClient } from "./client.ts";
import { timeUsOf, toFields } from "./fields.ts";
import { type InstrumentList, parseInstruments } from "./instruments.ts";
import type { Rest } from "./rest.ts";

/** The public calls, and the instruments by the venue's symbol for whoever must name one. */
export class Market {
  readonly #rest: Rest;
  readonly #venue: string;
  #list: InstrumentList | undefined;
  #bySymbol: ReadonlyMap<string, Instrument> = new Map();

  constructor(rest: Rest, venue: string) {
    this.#rest = rest;
    this.#venue = venue;
  }

  async listInstruments(signal?: AbortSignal): Promise<readonly Instrument[]> {
    const list = parseInstruments(await this.#rest.get("/exchangeInfo", {}, signal), this.#venue);
    this.#list = list;
    this.#bySymbol = new Map(list.instruments.map((instrument) => [instrument.venueSymbol, instrument]));
    return list.instruments;
  }

  async getServerTimeUs(signal?: AbortSignal): Promise<number> {
    return timeUsOf("time", toFields("time", await this.#rest.get("/time", {}, signal)), "serverTime");
  }

  /** The instrument of a venue symbol; asks the venue when the symbol is not known yet. @throws {ProtocolError} When there is none. */
  async find(venueSymbol: string, signal?: AbortSignal): Promise<Instrument | undefined> {
    if (!this.#bySymbol.has(venueSymbol)) await this.listInstruments(signal);
    return this.#bySymbol.get(venueSymbol);
  }

  /** Why a symbol is no instrument. */
  whyNot(venueSymbol: string): string {
    return this.#list?.unsupported.get(venueSymbol) ?? "exchangeInfo does not list it";
  }

  calls(): BinanceClient["market"] {
    return {
      listInstruments: (signal) => this.listInstruments(signal),
      getServerTimeUs: (signal) => this.getServerTimeUs(signal),
    };
  }
}
