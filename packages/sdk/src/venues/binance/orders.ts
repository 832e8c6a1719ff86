import { InvalidInputError, integerInRange } from "@pitlane/perf";
import { type Outcome, settleAll } from "../../batch/outcome.ts";
import { checkBatch } from "../../batch/split.ts";
import type { CallControl, OrderCalls, PageControl, WriteControl } from "../../calls.ts";
import { checkControl, checkObject, checkWriteControl } from "../../checks.ts";
import { OrderNotFoundError, ProtocolError, VenueError } from "../../errors.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { AmendRequest, Fill, OrderRef, OrderReport, OrderRequest } from "../../model/order.ts";
import type { OrderListRef, OrderListReport, OrderListRequest } from "../../model/order-list.ts";
import { type Api, type ApiCall, signedRead } from "./api.ts";
import { checkVenue } from "./check-venue.ts";
import { afterWrite } from "./errors.ts";
import { textOf, toFields, toList } from "./fields.ts";
import { toListCall } from "./list-params.ts";
import { parseCancelAll, parseOrderList } from "./list-wire.ts";
import type { Market } from "./market.ts";
import type { OrderBudget, OrderTicket } from "./order-budget.ts";
import { toAmendParams, toOrderParams, toRefParams, toReplaceParams } from "./order-params.ts";
import { checkAmend, checkClientOrderId, checkOrder } from "./order-rules.ts";
import { isReplaceData, parseReplace, type Replaced } from "./replace-wire.ts";
import { ScannedOrder } from "./scan-answer.ts";
import { scanCancel, scanNewOrder } from "./scan-order.ts";
import type { Params } from "./sign.ts";
import { parseAmend, parseCancel, parseNewOrder, parseOrder, parseOwnTrade } from "./wire.ts";

export interface OrdersOptions {
  readonly api: Api;
  readonly market: Market;
  readonly venue: string;
  /** The venue's limit on orders; undefined where it is not kept. */
  readonly budget: OrderBudget | undefined;
}

type WriteShape = Required<Pick<ApiCall, "verb" | "path" | "method" | "params" | "weight" | "priority">> &
  Pick<ApiCall, "answer">;

// What places or cancels weighs nothing when it succeeds (since 2026-04-02); of what failed the venue's own count tells.
const MOST_FILLS = 1_000; // of one myTrades reply
const MOST_IN_BATCH = 1_000;

/**
 * The order calls. Checks come before any I/O; a write goes out once, and what may have happened is in its error.
 *
 * Binance has no batch endpoint for spot: the calls on several orders send single ones side by side, which over the WebSocket
 * API leave in two writes of the socket.
 */
export class Orders implements OrderCalls {
  readonly #options: OrdersOptions;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  // These two make no promise beside the one of what they call: it would cost more than the checks.
  submit(request: OrderRequest, control: WriteControl = {}): Promise<OrderReport> {
    try {
      this.#checkOrder(request);
      checkWriteControl(control);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#submit(request, control);
  }

  cancel(ref: OrderRef, control: WriteControl = {}): Promise<OrderReport> {
    try {
      this.#checkRef(ref);
      checkWriteControl(control);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#cancel(ref, control);
  }

  async amend(request: AmendRequest, control: WriteControl = {}): Promise<OrderReport> {
    this.#checkAmend(request);
    checkWriteControl(control);
    return this.#amend(request, control);
  }

  async replace(ref: OrderRef, request: OrderRequest, control: WriteControl = {}): Promise<Replaced> {
    this.#checkRef(ref);
    this.#checkOrder(request);
    checkWriteControl(control);
    if (ref.instrument.id !== request.instrument.id) {
      throw new InvalidInputError(
        `an order of ${ref.instrument.id} cannot be replaced by one of ${request.instrument.id}`,
      );
    }
    const call: WriteShape = {
      verb: "POST",
      path: "/order/cancelReplace",
      method: "order.cancelReplace",
      params: toReplaceParams(ref, request),
      weight: 0,
      priority: "cancel",
    };
    try {
      return parseReplace(await this.#place(call, 1, control), ref, request.clientOrderId, 200);
    } catch (error) {
      if (!(error instanceof VenueError) || !isReplaceData(error.venueData)) {
        throw afterWrite(error, request.clientOrderId);
      }
      return parseReplace(error.venueData, ref, request.clientOrderId, error.status);
    }
  }

  async cancelAll(instrument: Instrument, control: WriteControl = {}): Promise<readonly OrderReport[]> {
    checkVenue(instrument, this.#options.venue);
    checkWriteControl(control);
    const call: WriteShape = {
      verb: "DELETE",
      path: "/openOrders",
      method: "openOrders.cancelAll",
      params: { symbol: instrument.venueSymbol },
      weight: 0,
      priority: "cancel",
    };
    try {
      return parseCancelAll(await this.#write(call, control), instrument);
    } catch (error) {
      if (error instanceof OrderNotFoundError) return []; // its word for "none is open"
      throw afterWrite(error, `all of ${instrument.id}`);
    }
  }

  async submitMany(
    requests: readonly OrderRequest[],
    control: WriteControl = {},
  ): Promise<readonly Outcome<OrderReport>[]> {
    checkBatch("requests", requests, MOST_IN_BATCH);
    checkEach("requests", requests, (request) => this.#checkOrder(request));
    checkDistinct("requests", requests);
    checkWriteControl(control);
    return settleAll(requests.map((request) => this.#submit(request, control)));
  }

  async cancelMany(refs: readonly OrderRef[], control: WriteControl = {}): Promise<readonly Outcome<OrderReport>[]> {
    checkBatch("refs", refs, MOST_IN_BATCH);
    checkEach("refs", refs, (ref) => this.#checkRef(ref));
    checkWriteControl(control);
    return settleAll(refs.map((ref) => this.#cancel(ref, control)));
  }

  async amendMany(
    requests: readonly AmendRequest[],
    control: WriteControl = {},
  ): Promise<readonly Outcome<OrderReport>[]> {
    checkBatch("requests", requests, MOST_IN_BATCH);
    checkEach("requests", requests, (request) => this.#checkAmend(request));
    checkWriteControl(control);
    return settleAll(requests.map((request) => this.#amend(request, control)));
  }

  async submitList(request: OrderListRequest, control: WriteControl = {}): Promise<OrderListReport> {
    checkObject("request", request);
    checkVenue(request.instrument, this.#options.venue);
    const { path, method, params } = toListCall(request);
    checkWriteControl(control);
    try {
      const call: WriteShape = { verb: "POST", path, method, params, weight: 0, priority: "new" };
      return parseOrderList(await this.#place(call, ordersIn(request), control), request.instrument);
    } catch (error) {
      throw afterWrite(error, request.clientListId);
    }
  }

  async cancelList(ref: OrderListRef, control: WriteControl = {}): Promise<OrderListReport> {
    const params = this.#listParams(ref, "listClientOrderId");
    checkWriteControl(control);
    const call: WriteShape = {
      verb: "DELETE",
      path: "/orderList",
      method: "orderList.cancel",
      params: { symbol: ref.instrument.venueSymbol, ...params },
      weight: 0,
      priority: "cancel",
    };
    try {
      return parseOrderList(await this.#write(call, control), ref.instrument);
    } catch (error) {
      throw afterWrite(error, ref.clientListId);
    }
  }

  async getList(ref: OrderListRef, control: CallControl = {}): Promise<OrderListReport> {
    const params = this.#listParams(ref, "origClientOrderId");
    return parseOrderList(await this.#read("/orderList", "orderList.status", params, 4, control), ref.instrument);
  }

  async get(ref: OrderRef, control: CallControl = {}): Promise<OrderReport> {
    this.#checkRef(ref);
    const reply = await this.#read("/order", "order.status", toRefParams(ref), 4, control);
    // A cancel gives the order an id of the cancel's own, under which the reply speaks of it: it was asked for by ours.
    return { ...parseOrder(reply, ref.instrument), clientOrderId: ref.clientOrderId };
  }

  async listOpen(control: CallControl = {}): Promise<readonly OrderReport[]> {
    const { market } = this.#options;
    const reports: OrderReport[] = [];
    for (const item of toList("open orders", await this.#read("/openOrders", "openOrders.status", {}, 80, control))) {
      const symbol = textOf("open order", toFields("open order", item), "symbol");
      const instrument = await market.find(symbol, control);
      if (instrument === undefined) {
        throw new ProtocolError(`open order of ${symbol}: no such instrument: ${market.whyNot(symbol)}`);
      }
      reports.push(parseOrder(item, instrument));
    }
    return reports;
  }

  async listFills(instrument: Instrument, control: PageControl = {}): Promise<readonly Fill[]> {
    checkVenue(instrument, this.#options.venue);
    checkControl(control);
    const { fromId, limit = MOST_FILLS } = control;
    integerInRange("limit", limit, 1, MOST_FILLS);
    if (fromId !== undefined) integerInRange("fromId", fromId, 0, Number.MAX_SAFE_INTEGER);
    const params = { symbol: instrument.venueSymbol, ...(fromId === undefined ? {} : { fromId }), limit };
    const rows = toList("own trades", await this.#read("/myTrades", "myTrades", params, 20, control));
    return rows.map((row) => parseOwnTrade(row, instrument));
  }

  async #submit(request: OrderRequest, control: WriteControl): Promise<OrderReport> {
    const call: WriteShape = {
      verb: "POST",
      path: "/order",
      method: "order.place",
      params: toOrderParams(request),
      weight: 0,
      priority: "new",
      answer: { read: scanNewOrder, asked: request },
    };
    // What `#place` does, without a promise of its own for every order.
    let ticket: OrderTicket | undefined;
    try {
      const paid = this.#options.budget?.take(call.method, 1, control);
      ticket = paid instanceof Promise ? await paid : paid;
      const reply = await this.#write(call, control, ticket);
      ticket?.end();
      return reply instanceof ScannedOrder ? reply.report : parseNewOrder(reply, request.instrument);
    } catch (error) {
      ticket?.end(error);
      throw afterWrite(error, request.clientOrderId);
    }
  }

  async #cancel(ref: OrderRef, control: WriteControl): Promise<OrderReport> {
    const call: WriteShape = {
      verb: "DELETE",
      path: "/order",
      method: "order.cancel",
      params: toRefParams(ref),
      weight: 0,
      priority: "cancel",
      answer: { read: scanCancel, asked: ref },
    };
    try {
      const reply = await this.#write(call, control);
      return reply instanceof ScannedOrder ? reply.report : parseCancelled(reply, ref);
    } catch (error) {
      throw afterWrite(error, ref.clientOrderId);
    }
  }

  async #amend(request: AmendRequest, control: WriteControl): Promise<OrderReport> {
    const params = toAmendParams(request);
    const path = "/order/amend/keepPriority";
    try {
      const reply = await this.#write(
        { verb: "PUT", path, method: "order.amend.keepPriority", params, weight: 4, priority: "amend" },
        control,
      );
      return parseAmend(reply, request.instrument);
    } catch (error) {
      throw afterWrite(error, request.clientOrderId);
    }
  }

  /** As `#write`, of a call that places `orders` orders: they are paid for first. */
  async #place(shape: WriteShape, orders: number, control: WriteControl): Promise<unknown> {
    const { budget } = this.#options;
    if (budget === undefined) return this.#write(shape, control);
    const paid = budget.take(shape.method, orders, control);
    const ticket = paid instanceof Promise ? await paid : paid;
    try {
      const reply = await this.#write(shape, control, ticket);
      ticket.end();
      return reply;
    } catch (error) {
      ticket.end(error);
      throw error;
    }
  }

  #write(shape: WriteShape, control: WriteControl, ticket?: OrderTicket): Promise<unknown> {
    const { verb, path, method, params, weight, priority, answer } = shape; // written out: V8 takes microseconds to spread an object
    return this.#options.api.call({
      verb,
      path,
      method,
      params,
      isSigned: true,
      isRead: false,
      weight,
      priority,
      control,
      answer,
      ticket,
    });
  }

  #read(path: string, method: string, params: Params, weight: number, control: CallControl): Promise<unknown> {
    return this.#options.api.call(signedRead(path, method, params, weight, control));
  }

  #checkOrder(request: OrderRequest): void {
    checkObject("request", request);
    checkVenue(request.instrument, this.#options.venue);
    checkOrder(request);
  }

  #checkAmend(request: AmendRequest): void {
    checkObject("request", request);
    checkVenue(request.instrument, this.#options.venue);
    checkAmend(request);
  }

  #checkRef(ref: OrderRef): void {
    checkObject("ref", ref);
    checkVenue(ref.instrument, this.#options.venue);
    checkClientOrderId(ref.clientOrderId);
  }

  #listParams(ref: OrderListRef, name: string): Params {
    checkObject("ref", ref);
    const { instrument, clientListId } = ref;
    checkVenue(instrument, this.#options.venue);
    checkClientOrderId(clientListId, "clientListId");
    return { [name]: clientListId };
  }
}

/** How many orders a list has. */
function ordersIn({ type }: OrderListRequest): number {
  return type === "otoco" ? 3 : 2;
}

/** The report of a cancel. Cancelling a leg cancels its whole list, and is answered with that. */
function parseCancelled(reply: unknown, ref: OrderRef): OrderReport {
  if (toFields("cancel", reply)["orderReports"] === undefined) return parseCancel(reply, ref.instrument);
  const { orders } = parseOrderList(reply, ref.instrument);
  const report = orders.find(({ clientOrderId }) => clientOrderId === ref.clientOrderId)?.report;
  if (report !== undefined) return report;
  throw new ProtocolError(`cancel: the list in the answer does not have order ${ref.clientOrderId}`);
}

function checkEach<T>(name: string, items: readonly T[], check: (item: T) => void): void {
  for (const [index, item] of items.entries()) {
    try {
      check(item);
    } catch (error) {
      if (error instanceof InvalidInputError) throw new InvalidInputError(`${name}[${index}]: ${error.message}`);
      throw error;
    }
  }
}

/** An id twice in one batch would be an order twice, or a refusal that hides the first one's outcome. */
function checkDistinct(name: string, requests: readonly OrderRequest[]): void {
  const seen = new Set<string>();
  for (const [index, { clientOrderId }] of requests.entries()) {
    if (seen.has(clientOrderId)) {
      throw new InvalidInputError(`${name}[${index}]: clientOrderId "${clientOrderId}" is twice in the batch`);
    }
    seen.add(clientOrderId);
  }
}
