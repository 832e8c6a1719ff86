import { allow, deny, type Verdict } from "../hooks/verdict.ts";
import { isFinal, isWorking, type Order } from "./order.ts";

/** What decides whether an order can be made smaller. */
export type Amendable = Pick<
  Order,
  "clientOrderId" | "state" | "cancelling" | "amendLots" | "filledLots" | "sizeLots" | "intent"
>;

/**
 * Whether an order can be made smaller to `sizeLots` as a whole, fills included: it must work at the venue, with nothing under way, and
 * the new size be below the present one and above what is filled. Pure.
 */
export function reviewAmend(order: Amendable, sizeLots: number): Verdict {
  const { clientOrderId, state, cancelling, amendLots, filledLots, intent } = order;
  const { instrument } = intent;
  if (isFinal(state)) return deny("NOT_OPEN", `order ${clientOrderId} is ${state}`);
  if (cancelling) return deny("CANCEL_PENDING", `order ${clientOrderId} is being cancelled`);
  if (amendLots > 0) return deny("AMEND_PENDING", `order ${clientOrderId} is being amended to ${amendLots} lots`);
  if (!isWorking(state))
    return deny(
      "NOT_ACKNOWLEDGED",
      `the venue has not said yet that it has order ${clientOrderId}: wait for its event`,
    );
  const isWhole = Number.isSafeInteger(sizeLots) && sizeLots % instrument.lotIncrement === 0;
  if (!isWhole || sizeLots < instrument.minLots)
    return deny(
      "BAD_SIZE",
      `size ${sizeLots} lots is not a multiple of ${instrument.lotIncrement} lots from ${instrument.minLots}`,
    );
  if (sizeLots >= order.sizeLots || sizeLots <= filledLots)
    return deny(
      "BAD_SIZE",
      `size ${sizeLots} lots must be below the order's ${order.sizeLots} and above the ${filledLots} that are filled`,
    );
  return allow();
}
