import { InvalidInputError } from "@pitlane/perf";
import { shown } from "../../checks.ts";
import type { Instrument } from "../../model/instrument.ts";
import type { OrderRequest, Side } from "../../model/order.ts";
import type { OcoLeg, OrderListRequest } from "../../model/order-list.ts";
import { toOrderParams, toSide } from "./order-params.ts";
import { checkClientOrderId, checkOrder, checkSide, checkSize } from "./order-rules.ts";
import type { Params } from "./sign.ts";

const STOPS: ReadonlySet<unknown> = new Set(["stop", "stopLimit"]);
const PROFITS: ReadonlySet<unknown> = new Set(["postOnly", "takeProfit", "takeProfitLimit"]);

/** Names of a leg's parameters below the leg's prefix; what is not here belongs to the list as a whole. */
const LEG_NAMES: ReadonlyMap<string, string> = new Map([
  ["type", "Type"],
  ["side", "Side"],
  ["newClientOrderId", "ClientOrderId"],
  ["quantity", "Quantity"],
  ["price", "Price"],
  ["timeInForce", "TimeInForce"],
  ["stopPrice", "StopPrice"],
  ["trailingDelta", "TrailingDelta"],
  ["icebergQty", "IcebergQty"],
]);

/** A list of orders as a call: its path, its WebSocket API method, and its parameters. */
export interface ListCall {
  readonly path: "/orderList/oco" | "/orderList/oto" | "/orderList/otoco";
  readonly method: "orderList.place.oco" | "orderList.place.oto" | "orderList.place.otoco";
  readonly params: Params;
}

/**
 * Checks a list of orders as each of its orders would be, and writes it as Binance's parameters.
 *
 * @throws {InvalidInputError} Naming the leg, the field and the rule.
 */
export function toListCall(request: OrderListRequest): ListCall {
  const { instrument, clientListId } = request;
  checkClientOrderId(clientListId, "clientListId");
  const common = { symbol: instrument.venueSymbol, listClientOrderId: clientListId, newOrderRespType: "RESULT" };
  switch (request.type) {
    case "oco": {
      const { side, sizeLots, above, below } = request;
      checkPair("above", above, "below", below);
      const quantity = pairSize("sizeLots", side, sizeLots, instrument);
      const legs = {
        ...legOf("above", asOrder(above, instrument, side, sizeLots), PAIR_GIVES),
        ...legOf("below", asOrder(below, instrument, side, sizeLots), PAIR_GIVES),
      };
      return {
        path: "/orderList/oco",
        method: "orderList.place.oco",
        params: { ...common, side: toSide(side), quantity, ...legs },
      };
    }
    case "oto": {
      const working = { ...request.working, instrument } as OrderRequest;
      const pending = { ...request.pending, instrument } as OrderRequest;
      const params = { ...common, ...legOf("working", working, NONE), ...legOf("pending", pending, NONE) };
      return { path: "/orderList/oto", method: "orderList.place.oto", params };
    }
    case "otoco": {
      const { pendingSide, pendingSizeLots, pendingAbove, pendingBelow } = request;
      checkPair("pendingAbove", pendingAbove, "pendingBelow", pendingBelow);
      const pendingQuantity = pairSize("pendingSizeLots", pendingSide, pendingSizeLots, instrument);
      const params = {
        ...common,
        ...legOf("working", { ...request.working, instrument } as OrderRequest, NONE),
        pendingSide: toSide(pendingSide),
        pendingQuantity,
        ...legOf("pendingAbove", asOrder(pendingAbove, instrument, pendingSide, pendingSizeLots), PAIR_GIVES),
        ...legOf("pendingBelow", asOrder(pendingBelow, instrument, pendingSide, pendingSizeLots), PAIR_GIVES),
      };
      return { path: "/orderList/otoco", method: "orderList.place.otoco", params };
    }
    default:
      throw new InvalidInputError(
        `type of a list must be "oco", "oto" or "otoco", got ${shown((request as OrderListRequest).type)}`,
      );
  }
}

const NONE: ReadonlySet<string> = new Set();
const PAIR_GIVES: ReadonlySet<string> = new Set(["side", "quantity"]); // once for both legs

function asOrder(leg: OcoLeg, instrument: Instrument, side: Side, sizeLots: number): OrderRequest {
  return { ...leg, instrument, side, sizeLots } as OrderRequest;
}

function pairSize(name: string, side: Side, sizeLots: number, instrument: Instrument): string | number | boolean {
  checkSide("side", side);
  checkSize(name, sizeLots, instrument);
  const params = toOrderParams({ type: "market", instrument, side, sizeLots, clientOrderId: "size" });
  return params["quantity"] as string;
}

function legOf(prefix: string, order: OrderRequest, givenByList: ReadonlySet<string>): Params {
  try {
    checkOrder(order);
  } catch (error) {
    if (error instanceof InvalidInputError) throw new InvalidInputError(`${prefix}: ${error.message}`);
    throw error;
  }
  const params: Record<string, string | number | boolean> = {};
  for (const [name, value] of Object.entries(toOrderParams(order))) {
    const ending = LEG_NAMES.get(name);
    if (ending !== undefined && !givenByList.has(name)) params[prefix + ending] = value;
  }
  return params;
}

function checkPair(aboveName: string, above: OcoLeg, belowName: string, below: OcoLeg): void {
  const [one, other] = [above?.type, below?.type]; // a leg may be missing where types are
  const fits = (STOPS.has(one) && PROFITS.has(other)) || (PROFITS.has(one) && STOPS.has(other));
  if (fits) return;
  throw new InvalidInputError(
    `of ${aboveName} and ${belowName} one must stop ("stop", "stopLimit") and one take profit ("postOnly", "takeProfit", ` +
      `"takeProfitLimit"), got ${shown(one)} and ${shown(other)}`,
  );
}
