import { type Market, OrderRefusedError } from "../../engine/market.ts";
import type { Order, OrderRequest } from "../../engine/order.ts";
import { formatUnits } from "../../scale.ts";
import { type Endpoint, marketOf, type SignedCall, type Venue } from "./endpoint.ts";
import { ENGINE_TEXTS, refuse } from "./errors.ts";
import { ZERO_TEXT } from "./market-json.ts";
import { canceledJson, orderJson, placedJson } from "./order-json.ts";
import { ORDER_PARAMS, parseOrder, parseResponseType } from "./order-request.ts";
import type { Params } from "./params.ts";
import { selectByTime } from "./select.ts";

const ID_PARAMS = ["symbol", "orderId", "origClientOrderId"];
const MOST_ORDERS = 1000;
const DEFAULT_ORDERS = 500;

/** Placing, cancelling and reading orders. */
export function orderEndpoints(venue: Venue): Endpoint[] {
  return [
    {
      http: "POST order",
      socket: "order.place",
      signed: true,
      weight: 1,
      freeOnSuccess: true,
      tellsOrderCount: true,
      reads: ORDER_PARAMS,
      handle: (call) => {
        const market = marketOf(venue, call.params);
        const request = parseOrder(market, call.account, call.params, venue.newClientId, call.nowUs);
        const type = parseResponseType(call.params, request.type);
        venue.orderLimit.take(call.account, call.nowUs);
        return placedJson(market.instrument, place(market, request, call.nowUs), type, call.unit);
      },
    },
    {
      http: "POST order/test",
      socket: "order.test",
      signed: true,
      weight: (params) => (params.has("computeCommissionRates") ? 20 : 1),
      reads: [...ORDER_PARAMS, "computeCommissionRates"],
      handle: ({ params, account, nowUs }) => {
        parseResponseType(params, parseOrder(marketOf(venue, params), account, params, venue.newClientId, nowUs).type);
        if (params.flag("computeCommissionRates") !== true) return {};
        return {
          standardCommissionForOrder: { maker: formatUnits(account.makerRate), taker: formatUnits(account.takerRate) },
          specialCommissionForOrder: { maker: ZERO_TEXT, taker: ZERO_TEXT },
          taxCommissionForOrder: { maker: ZERO_TEXT, taker: ZERO_TEXT },
          discount: { enabledForAccount: false, enabledForSymbol: false, discountAsset: "BNB", discount: ZERO_TEXT },
        };
      },
    },
    {
      http: "DELETE order",
      socket: "order.cancel",
      signed: true,
      weight: 1,
      freeOnSuccess: true,
      reads: [...ID_PARAMS, "newClientOrderId", "cancelRestrictions"],
      handle: (call) => {
        const market = marketOf(venue, call.params);
        const order = findOrder(market, call, () => refuse.cancelRejected());
        if (!order.isOpen) throw refuse.cancelRejected();
        checkRestrictions(order, call.params);
        market.cancel(order, call.params.clientId("newClientOrderId") ?? venue.newClientId(), call.nowUs);
        return canceledJson(market.instrument, order, call.unit);
      },
    },
    {
      http: "DELETE openOrders",
      socket: "openOrders.cancelAll",
      signed: true,
      weight: 1,
      freeOnSuccess: true,
      reads: ["symbol"],
      handle: ({ params, account, nowUs, unit }) => {
        const market = marketOf(venue, params);
        const orders = market.ledger.open(account.index);
        if (orders.length === 0) throw refuse.cancelRejected();
        for (const order of orders) market.cancel(order, venue.newClientId(), nowUs);
        return orders.map((order) => canceledJson(market.instrument, order, unit));
      },
    },
    {
      http: "GET order",
      socket: "order.status",
      signed: true,
      weight: 4,
      reads: ID_PARAMS,
      handle: (call) => {
        const market = marketOf(venue, call.params);
        return orderJson(market.instrument, findOrder(market, call, refuse.noSuchOrder), call.unit);
      },
    },
    {
      http: "GET openOrders",
      socket: "openOrders.status",
      signed: true,
      weight: (params) => (params.has("symbol") ? 6 : 80),
      reads: ["symbol"],
      handle: ({ params, account, unit }) => {
        const markets = params.has("symbol") ? [marketOf(venue, params)] : venue.exchange.markets;
        return markets.flatMap(({ ledger, instrument }) =>
          ledger.open(account.index).map((order) => orderJson(instrument, order, unit)),
        );
      },
    },
    {
      http: "GET allOrders",
      socket: "allOrders",
      signed: true,
      weight: 20,
      reads: ["symbol", "orderId", "startTime", "endTime", "limit"],
      handle: ({ params, account, unit }) => {
        const { ledger, instrument } = marketOf(venue, params);
        const limit = params.limit(DEFAULT_ORDERS, MOST_ORDERS);
        const fromId = params.id("orderId");
        const own = ledger.all.filter((order) => order.owner === account.index);
        const orders =
          fromId === undefined
            ? selectByTime(own, (order) => order.createdUs, params, limit)
            : own.filter((order) => order.id >= fromId).slice(0, limit);
        return orders.map((order) => orderJson(instrument, order, unit));
      },
    },
  ];
}

function place(market: Market, request: OrderRequest, nowUs: number): Order {
  try {
    return market.place(request, nowUs);
  } catch (error) {
    if (error instanceof OrderRefusedError) throw refuse.rejected(ENGINE_TEXTS[error.reason]);
    throw error;
  }
}

// By id, by client id, or by both, which must then agree.
function findOrder(market: Market, { params, account }: SignedCall, notFound: () => Error): Order {
  const id = params.id("orderId");
  const clientId = params.text("origClientOrderId");
  if (id === undefined && clientId === undefined) throw refuse.missingOrderId();
  const { ledger } = market;
  const order = id === undefined ? ledger.findByClientId(account.index, clientId!) : ledger.find(account.index, id);
  if (order === undefined) throw notFound();
  if (clientId !== undefined && order.clientOrderId !== clientId && order.originalClientOrderId !== clientId) {
    throw refuse.idMismatch();
  }
  return order;
}

function checkRestrictions({ status }: Order, params: Params): void {
  const restriction = params.text("cancelRestrictions");
  if (restriction === undefined) return;
  if (restriction !== "ONLY_NEW" && restriction !== "ONLY_PARTIALLY_FILLED") throw refuse.badCancelRestrictions();
  const wanted = restriction === "ONLY_NEW" ? "NEW" : "PARTIALLY_FILLED";
  if (status !== wanted) throw refuse.cancelRejected("Order was not canceled due to cancel restrictions.");
}
