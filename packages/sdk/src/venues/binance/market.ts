import { integerInRange } from "@pitlane/perf";
import { OrderBook } from "../../book/order-book.ts";
import type { BarsControl, CallControl, MarketCalls, PageControl } from "../../calls.ts";
import { checkControl } from "../../checks.ts";
import { type Bar, checkInterval } from "../../model/bar.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { BookSnapshot, PublicTrade, TopOfBook } from "../../model/market-data.ts";
import { publicRead } from "./api.ts";
import { CoreMarket, depthCall } from "./core-market.ts";
import { parseSnapshot } from "./decode.ts";
import { timeUsOf, toFields, toList } from "./fields.ts";
import { parseBar, parsePublicTrade, parseTopOfBook } from "./market-wire.ts";
import { checkVenue } from "./order-rules.ts";

const MOST_ROWS = 1_000;

/** The public calls, and the instruments by the venue's symbol for whoever must name one. */
export class Market extends CoreMarket implements MarketCalls {
  #byVenueSymbol: ReadonlyMap<string, Instrument> = new Map();

  override async listInstruments(control?: CallControl): Promise<readonly Instrument[]> {
    const instruments = await super.listInstruments(control);
    this.#byVenueSymbol = new Map(instruments.map((instrument) => [instrument.venueSymbol, instrument]));
    return instruments;
  }

  async getServerTimeUs(control?: CallControl): Promise<number> {
    const reply = await this.options.api.call(publicRead("/time", {}, 1, control));
    return timeUsOf("time", toFields("time", reply), "serverTime");
  }

  async getBook(
    instrument: Instrument,
    control: CallControl & { readonly limit?: number } = {},
  ): Promise<BookSnapshot> {
    this.#check(instrument, control);
    const { limit = 100 } = control;
    integerInRange("limit", limit, 1, this.options.mostLevels);
    const reply = await this.options.api.call(depthCall(instrument, limit, control));
    const { sequence, bids, asks } = parseSnapshot(reply, instrument);
    const book = new OrderBook();
    book.load("bid", bids);
    book.load("ask", asks);
    return { instrument, book, sequence };
  }

  async listTrades(instrument: Instrument, control: PageControl = {}): Promise<readonly PublicTrade[]> {
    this.#check(instrument, control);
    const { fromId, limit = MOST_ROWS } = control;
    integerInRange("limit", limit, 1, MOST_ROWS);
    if (fromId !== undefined) integerInRange("fromId", fromId, 0, Number.MAX_SAFE_INTEGER);
    const params = { symbol: instrument.venueSymbol, limit, ...(fromId === undefined ? {} : { fromId }) };
    const reply = await this.options.api.call(publicRead("/historicalTrades", params, 25, control));
    return toList("historicalTrades", reply).map((row) => parsePublicTrade(row, instrument));
  }

  async listBars(instrument: Instrument, control: BarsControl): Promise<readonly Bar[]> {
    this.#check(instrument, control);
    const { interval, fromUs, toUs, limit = MOST_ROWS } = control;
    checkInterval("interval", interval);
    integerInRange("limit", limit, 1, MOST_ROWS);
    const params = {
      symbol: instrument.venueSymbol,
      interval,
      limit,
      ...(fromUs === undefined ? {} : { startTime: msOf("fromUs", fromUs) }),
      ...(toUs === undefined ? {} : { endTime: msOf("toUs", toUs) }),
    };
    const reply = await this.options.api.call(publicRead("/klines", params, 2, control));
    const nowUs = this.options.nowUs();
    return toList("klines", reply).map((row) => parseBar(row, instrument, interval, nowUs));
  }

  async getTopOfBook(instrument: Instrument, control: CallControl = {}): Promise<TopOfBook> {
    this.#check(instrument, control);
    const params = { symbol: instrument.venueSymbol };
    return parseTopOfBook(
      await this.options.api.call(publicRead("/ticker/bookTicker", params, 2, control)),
      instrument,
    );
  }

  /** The instrument of a venue symbol; asks the venue when the symbol is not known yet. Undefined when it has none. */
  async find(venueSymbol: string, control?: CallControl): Promise<Instrument | undefined> {
    if (!this.#byVenueSymbol.has(venueSymbol)) await this.listInstruments(control);
    return this.#byVenueSymbol.get(venueSymbol);
  }

  /** Why a symbol is no instrument. */
  whyNot(venueSymbol: string): string {
    return this.list?.unsupported.get(venueSymbol) ?? "exchangeInfo does not list it";
  }

  /** What every call about an instrument begins with: a control that is none cannot be taken apart. */
  #check(instrument: Instrument, control: CallControl): void {
    checkVenue(instrument, this.options.venue);
    checkControl(control);
  }
}

function msOf(name: string, us: number): number {
  integerInRange(name, us, 0, Number.MAX_SAFE_INTEGER);
  return Math.floor(us / 1000);
}
