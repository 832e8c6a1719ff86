import { InvalidInputError, type OrderRequestOf, RequestError, type RequestOutcome } from "@pitlane/sdk";
import type { IntentKinds } from "../venue.ts";
import type { Intent, Order } from "./order.ts";

/** What a failed call may have done at the venue. An error that says nothing of it leaves that unknown. */
export function outcomeOf(error: unknown): RequestOutcome {
  if (error instanceof RequestError) return error.outcome;
  return error instanceof InvalidInputError ? "unsent" : "unknown";
}

export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The request that an order becomes. @throws {InvalidInputError} When its price is missing. */
// Written out, not spread: that takes V8 microseconds, on the way of every order.
export function toRequest({ clientOrderId, intent }: Order): OrderRequestOf<IntentKinds> {
  const { instrument, side, type, sizeLots, priceTicks, timeInForce = "GTC" } = intent;
  if (type === "market") return { instrument, clientOrderId, side, sizeLots, type };
  if (type === "stop" || type === "takeProfit")
    return { instrument, clientOrderId, side, sizeLots, type, ...triggerOf(intent) };
  if (priceTicks === undefined) throw new InvalidInputError(`a ${type} order needs priceTicks`);
  if (type === "postOnly") return { instrument, clientOrderId, side, sizeLots, type, priceTicks };
  if (type === "limit") return { instrument, clientOrderId, side, sizeLots, type, priceTicks, timeInForce };
  return { instrument, clientOrderId, side, sizeLots, type, priceTicks, timeInForce, ...triggerOf(intent) };
}

function triggerOf({ triggerTicks, trailingBps }: Intent) {
  return {
    ...(triggerTicks !== undefined && { triggerTicks }),
    ...(trailingBps !== undefined && { trailingBps }),
  };
}
