import type { OrderList } from "../../engine/order-list.ts";
import { type Endpoint, marketOf, type SignedCall, type Venue } from "./endpoint.ts";
import { refuse } from "./errors.ts";
import { canceledListJson, listJson, placedListJson } from "./list-json.ts";
import { type ListKind, listParams, parseList } from "./list-request.ts";
import { inVenueWords } from "./order-actions.ts";
import { parseResponseType } from "./order-request.ts";
import { selectByTime } from "./select.ts";

const KINDS: readonly ListKind[] = ["oco", "oto", "otoco", "opo", "opoco"];
const MOST_LISTS = 1000;
const DEFAULT_LISTS = 500;

/** Placing, cancelling and reading order lists. */
export function listEndpoints(venue: Venue): Endpoint[] {
  return [
    ...KINDS.map((kind) => placement(venue, kind)),
    {
      http: "DELETE orderList",
      socket: "orderList.cancel",
      signed: true,
      weight: 1,
      freeOnSuccess: true,
      reads: ["symbol", "orderListId", "listClientOrderId", "newClientOrderId"],
      handle: (call) => {
        const market = marketOf(venue, call.params);
        const list = findList(venue, call, "listClientOrderId", refuse.cancelListRejected);
        const leg = list.legs.find(({ isOpen }) => isOpen);
        if (leg === undefined || list.symbol !== market.instrument.symbol) throw refuse.cancelListRejected();
        market.cancel(leg, call.params.clientId("newClientOrderId") ?? venue.newClientId(), call.nowUs);
        return canceledListJson(market.instrument, list, call.unit);
      },
    },
    {
      http: "GET orderList",
      socket: "orderList.status",
      signed: true,
      weight: 4,
      reads: ["orderListId", "origClientOrderId"],
      handle: (call) => listJson(findList(venue, call, "origClientOrderId", refuse.noSuchList), call.unit),
    },
    {
      http: "GET openOrderList",
      socket: "openOrderLists.status",
      signed: true,
      weight: 6,
      reads: [],
      handle: ({ account, unit }) => venue.exchange.lists.open(account.index).map((list) => listJson(list, unit)),
    },
    {
      http: "GET allOrderList",
      socket: "allOrderLists",
      signed: true,
      weight: 20,
      reads: ["fromId", "startTime", "endTime", "limit"],
      handle: ({ params, account, unit }) => {
        const limit = params.limit(DEFAULT_LISTS, MOST_LISTS);
        const fromId = params.id("fromId");
        if (fromId !== undefined && (params.has("startTime") || params.has("endTime"))) throw refuse.badCombination();
        const own = venue.exchange.lists.all.filter((list) => list.account === account);
        const lists =
          fromId === undefined
            ? selectByTime(own, ({ createdUs }) => createdUs, params, limit)
            : own.filter(({ id }) => id >= fromId).slice(0, limit);
        return lists.map((list) => listJson(list, unit));
      },
    },
  ];
}

function placement(venue: Venue, kind: ListKind): Endpoint {
  return {
    http: `POST orderList/${kind}`,
    socket: `orderList.place.${kind}`,
    signed: true,
    weight: 1,
    freeOnSuccess: true,
    tellsOrderCount: true,
    reads: listParams(kind),
    handle: ({ params, account, nowUs, unit }) => {
      const market = marketOf(venue, params);
      const request = parseList(kind, market, account, params, venue.newClientId, nowUs);
      const type = parseResponseType(params, "LIMIT");
      venue.orderLimit.take(account, nowUs, request.legs.length);
      const list = inVenueWords(() => market.placeList(request, nowUs));
      return placedListJson(market.instrument, list, type, unit);
    },
  };
}

// By id, by client id, or by both, which must then agree.
function findList(
  { exchange }: Venue,
  { params, account }: SignedCall,
  clientIdName: string,
  notFound: () => Error,
): OrderList {
  const id = params.id("orderListId");
  const clientId = params.text(clientIdName);
  if (id === undefined && clientId === undefined) throw refuse.missingEither(clientIdName, "orderListId");
  const { lists } = exchange;
  const list = id === undefined ? lists.findByClientId(account.index, clientId!) : lists.find(account.index, id);
  if (list === undefined || (clientId !== undefined && list.clientOrderId !== clientId)) throw notFound();
  return list;
}
