import { formatUnits } from "../../scale.ts";
import { type Endpoint, marketOf, type Venue } from "./endpoint.ts";
import { refuse } from "./errors.ts";
import { findOrder, findToCancel } from "./find-order.ts";
import { listEndpoints } from "./list-endpoints.ts";
import { ZERO_TEXT } from "./market-json.ts";
import { cancel, place } from "./order-actions.ts";
import { orderJson, placedJson } from "./order-json.ts";
import { ORDER_PARAMS, parseOrder, parseResponseType } from "./order-request.ts";
import { replaceEndpoints } from "./replace-endpoints.ts";
import { selectByTime } from "./select.ts";

const ID_PARAMS = ["symbol", "orderId", "origClientOrderId"];
const MOST_ORDERS = 1000;
const DEFAULT_ORDERS = 500;

/** Placing, changing, cancelling and reading orders and order lists. */
export function orderEndpoints(venue: Venue): Endpoint[] {
  return [...singleEndpoints(venue), ...replaceEndpoints(venue), ...listEndpoints(venue)];
}

function singleEndpoints(venue: Venue): Endpoint[] {
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
        const order = findToCancel(market, call);
        const cancelId = call.params.clientId("newClientOrderId") ?? venue.newClientId();
        return cancel(market, order, cancelId, call.nowUs, call.unit);
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
        const answers: object[] = [];
        for (const order of orders) {
          // A leg before it has taken the others of its list along.
          if (order.isOpen) answers.push(cancel(market, order, venue.newClientId(), nowUs, unit));
        }
        return answers;
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
