import { integerInRange } from "@pitlane/perf";
import { ProtocolError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { Fill, OrderRef, OrderReport, OrderRequest } from "../../model/order.ts";
import type { BinanceClient, SubmitOptions } from "./client.ts";
import { afterWrite } from "./errors.ts";
import { textOf, toFields, toList } from "./fields.ts";
import type { Market } from "./market.ts";
import { checkClientOrderId, checkOrder, checkVenue, toOrderParams } from "./order-rules.ts";
import type { Rest } from "./rest.ts";
import { parseCancel, parseNewOrder, parseOrder, parseOwnTrade } from "./wire.ts";

const MOST_FILLS = 1_000; // of one myTrades reply

/** The order calls. Checks come before any I/O; a write goes out once, and what may have happened is in its error. */
export class Orders {
  readonly #rest: Rest;
  readonly #market: Market;
  readonly #venue: string;
  readonly #checkAccess: () => void;

  /** @param checkAccess Throws when the client may not trade: another product, no credentials. */
  constructor(rest: Rest, market: Market, venue: string, checkAccess: () => void) {
    this.#rest = rest;
    this.#market = market;
    this.#venue = venue;
    this.#checkAccess = checkAccess;
  }

  async submit(request: OrderRequest, options: SubmitOptions = {}): Promise<OrderReport> {
    this.#checkAccess();
    checkVenue(request.instrument, this.#venue);
    checkOrder(request);
    try {
      const reply = await this.#rest.write("POST", "/order", toOrderParams(request), options);
      return parseNewOrder(reply, request.instrument);
    } catch (error) {
      throw afterWrite(error, request.clientOrderId);
    }
  }

  async cancel(ref: OrderRef, options: SubmitOptions = {}): Promise<OrderReport> {
    const params = this.#refParams(ref);
    try {
      return parseCancel(await this.#rest.write("DELETE", "/order", params, options), ref.instrument);
    } catch (error) {
      throw afterWrite(error, ref.clientOrderId);
    }
  }

  async get(ref: OrderRef, signal?: AbortSignal): Promise<OrderReport> {
    const params = this.#refParams(ref);
    return parseOrder(await this.#rest.getSigned("/order", params, signal), ref.instrument);
  }

  async listOpen(signal?: AbortSignal): Promise<readonly OrderReport[]> {
    this.#checkAccess();
    const reports: OrderReport[] = [];
    for (const item of toList("open orders", await this.#rest.getSigned("/openOrders", {}, signal))) {
      const symbol = textOf("open order", toFields("open order", item), "symbol");
      const instrument = await this.#market.find(symbol, signal);
      if (instrument === undefined) {
        throw new ProtocolError(`open order of ${symbol}: no such instrument: ${this.#market.whyNot(symbol)}`);
      }
      reports.push(parseOrder(item, instrument));
    }
    return reports;
  }

  async listFills(
    instrument: Instrument,
    { fromTradeId, signal }: { readonly fromTradeId?: number; readonly signal?: AbortSignal } = {},
  ): Promise<readonly Fill[]> {
    this.#checkAccess();
    checkVenue(instrument, this.#venue);
    const from =
      fromTradeId === undefined
        ? {}
        : { fromId: integerInRange("fromTradeId", fromTradeId, 0, Number.MAX_SAFE_INTEGER) };
    const params = { symbol: instrument.venueSymbol, ...from, limit: MOST_FILLS };
    const rows = toList("own trades", await this.#rest.getSigned("/myTrades", params, signal));
    return rows.map((row) => parseOwnTrade(row, instrument));
  }

  calls(): BinanceClient["orders"] {
    return {
      submit: (request, options) => this.submit(request, options),
      cancel: (ref, options) => this.cancel(ref, options),
      get: (ref, signal) => this.get(ref, signal),
      listOpen: (signal) => this.listOpen(signal),
      listFills: (instrument, options) => this.listFills(instrument, options),
    };
  }

  #refParams({ instrument, clientOrderId }: OrderRef) {
    this.#checkAccess();
    checkVenue(instrument, this.#venue);
    checkClientOrderId(clientOrderId);
    return { symbol: instrument.venueSymbol, origClientOrderId: clientOrderId };
  }
}
