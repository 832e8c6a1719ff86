import type { Market } from "../../engine/market.ts";
import { type Endpoint, marketOf, type SignedCall, type Venue } from "./endpoint.ts";
import { refuse, VenueRefusal } from "./errors.ts";
import { checkAmends, checkNotional, lotsOf } from "./filters.ts";
import { findOrder, findToCancel, type IdNames, ORDER_IDS } from "./find-order.ts";
import { amendedListJson } from "./list-json.ts";
import { cancel, inVenueWords, place } from "./order-actions.ts";
import { amendedJson, amendmentJson, placedJson } from "./order-json.ts";
import { ORDER_PARAMS, parseOrder, parseResponseType } from "./order-request.ts";
import { inUnit } from "./time-unit.ts";

const CANCEL_IDS: IdNames = { id: "cancelOrderId", clientId: "cancelOrigClientOrderId" };
const MOST_AMENDMENTS = 1000;
const DEFAULT_AMENDMENTS = 500;

/** Changing orders: cancel and place in one, and making an order smaller where it is. */
export function replaceEndpoints(venue: Venue): Endpoint[] {
  return [
    {
      http: "POST order/cancelReplace",
      socket: "order.cancelReplace",
      signed: true,
      weight: 1,
      freeOnSuccess: true,
      tellsOrderCount: true,
      reads: [
        ...ORDER_PARAMS,
        "cancelReplaceMode",
        "cancelNewClientOrderId",
        CANCEL_IDS.id,
        CANCEL_IDS.clientId,
        "cancelRestrictions",
        "orderRateLimitExceededMode",
      ],
      handle: (call) => cancelReplace(venue, call),
    },
    {
      http: "PUT order/amend/keepPriority",
      socket: "order.amend.keepPriority",
      signed: true,
      weight: 4,
      // It weighs nothing only when it ended the order. Source: CHANGELOG, 2026-04-02.
      freeOnSuccess: (result) => (result as { amendedOrder: { status: string } }).amendedOrder.status === "EXPIRED",
      reads: ["symbol", ORDER_IDS.id, ORDER_IDS.clientId, "newClientOrderId", "newQty"],
      handle: (call) => amend(venue, call),
    },
    {
      http: "GET order/amendments",
      socket: "order.amendments",
      signed: true,
      weight: 4,
      reads: ["symbol", "orderId", "fromExecutionId", "limit"],
      handle: (call) => {
        const { params, unit } = call;
        const market = marketOf(venue, params);
        params.required("orderId");
        const fromId = params.id("fromExecutionId") ?? 0;
        const limit = params.limit(DEFAULT_AMENDMENTS, MOST_AMENDMENTS);
        const order = findOrder(market, call, refuse.noSuchOrder);
        return (order.amendments ?? [])
          .filter(({ executionId }) => executionId >= fromId)
          .slice(0, limit)
          .map((amendment) => amendmentJson(market.instrument, order, amendment, unit));
      },
    },
  ];
}

/** One half of a cancel-replace: what it answered, or how it was refused. */
interface Half {
  readonly result: "SUCCESS" | "FAILURE" | "NOT_ATTEMPTED";
  readonly response: object | null;
}

/**
 * Cancels an order and places another. The new one's filters and the order count are judged before anything is done.
 *
 * Source: rest-api.md, "Cancel an Existing Order and Send a New Order", with the table of statuses.
 */
function cancelReplace(venue: Venue, call: SignedCall): object {
  const { params, account, nowUs, unit } = call;
  const market = marketOf(venue, params);
  const mode = oneOf(params.required("cancelReplaceMode"), "cancelReplaceMode", "STOP_ON_FAILURE", "ALLOW_FAILURE");
  const exceeded = oneOf(
    params.text("orderRateLimitExceededMode") ?? "DO_NOTHING",
    "orderRateLimitExceededMode",
    "DO_NOTHING",
    "CANCEL_ONLY",
  );
  if (!params.has(CANCEL_IDS.id) && !params.has(CANCEL_IDS.clientId)) {
    throw refuse.missingEither(CANCEL_IDS.clientId, CANCEL_IDS.id);
  }
  const cancelId = params.clientId("cancelNewClientOrderId") ?? venue.newClientId();
  const request = parseOrder(market, account, params, venue.newClientId, nowUs);
  const type = parseResponseType(params, request.type);
  const limit = attempt(() => {
    venue.orderLimit.take(account, nowUs);
    return {};
  });
  if (limit.refusal !== undefined && exceeded === "DO_NOTHING") throw limit.refusal;

  const canceled = attempt(() => cancel(market, findToCancel(market, call, CANCEL_IDS), cancelId, nowUs, unit));
  const stops = canceled.half.result === "FAILURE" && mode === "STOP_ON_FAILURE";
  let placed: Half = { result: "NOT_ATTEMPTED", response: null };
  if (!stops) {
    placed =
      limit.refusal === undefined
        ? attempt(() => placedJson(market.instrument, place(market, request, nowUs), type, unit)).half
        : limit.half;
  }
  const data = {
    cancelResult: canceled.half.result,
    newOrderResult: placed.result,
    cancelResponse: canceled.half.response,
    newOrderResponse: placed.response,
  };
  const done = [canceled.half, placed].filter(({ result }) => result === "SUCCESS").length;
  if (done === 2) return data;
  const isLimited = limit.refusal !== undefined && mode === "STOP_ON_FAILURE";
  const wait = isLimited ? limit.refusal?.retryAfterSeconds : undefined;
  if (done === 1) throw refuse.partlyReplaced(isLimited ? 429 : 409, data, wait);
  throw refuse.notReplaced(isLimited ? 429 : 400, data, wait);
}

function amend(venue: Venue, call: SignedCall): object {
  const { params, nowUs, unit } = call;
  const market: Market = marketOf(venue, params);
  params.required("newQty");
  const lots = lotsOf(market.instrument, params.decimal("newQty")!);
  const newId = params.clientId("newClientOrderId") ?? venue.newClientId();
  const order = findOrder(market, call, () => refuse.amendRejected("Unknown order sent."));
  checkAmends(order.amendments?.length ?? 0);
  const { priceTicks } = order.request;
  if (priceTicks > 0 && lots > order.filledLots) checkNotional(market.instrument, priceTicks, lots, true);
  const amendment = inVenueWords(() => market.amend(order, lots, newId, nowUs), refuse.amendRejected);
  return {
    transactTime: inUnit(nowUs, unit),
    executionId: amendment.executionId,
    amendedOrder: amendedJson(market.instrument, order, amendment, unit),
    ...(order.list === null ? {} : { listStatus: amendedListJson(order.list) }),
  };
}

function attempt(work: () => object): { readonly half: Half; readonly refusal?: VenueRefusal } {
  try {
    return { half: { result: "SUCCESS", response: work() } };
  } catch (refusal) {
    if (!(refusal instanceof VenueRefusal)) throw refusal;
    return { half: { result: "FAILURE", response: refusal.body }, refusal };
  }
}

function oneOf<A extends string>(text: string, name: string, ...allowed: readonly A[]): A {
  const found = allowed.find((value) => value === text);
  if (found === undefined) throw refuse.badData(name);
  return found;
}
