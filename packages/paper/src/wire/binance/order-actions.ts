import { type Market, OrderRefusedError } from "../../engine/market.ts";
import type { Order, OrderRequest } from "../../engine/order.ts";
import { ENGINE_TEXTS, refuse } from "./errors.ts";
import { canceledListJson } from "./list-json.ts";
import { canceledJson } from "./order-json.ts";
import type { TimeUnit } from "./time-unit.ts";

/** Places an order. @throws {VenueRefusal} -2010 with the engine's reason in the venue's words. */
export function place(market: Market, request: OrderRequest, nowUs: number): Order {
  return inVenueWords(() => market.place(request, nowUs));
}

/** Cancels an order, or the list it is in, and makes the answer. */
export function cancel(market: Market, order: Order, cancelId: string, nowUs: number, unit: TimeUnit): object {
  const { list } = order;
  market.cancel(order, cancelId, nowUs);
  if (list !== null) return canceledListJson(market.instrument, list, unit);
  return canceledJson(market.instrument, order, unit);
}

/** Runs `work`. @throws {VenueRefusal} For what the engine refuses: -2010 unless told. */
export function inVenueWords<T>(work: () => T, toRefusal = refuse.rejected): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof OrderRefusedError) throw toRefusal(ENGINE_TEXTS[error.reason]);
    throw error;
  }
}
