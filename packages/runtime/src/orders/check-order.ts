import { InvalidInputError } from "@pitlane/perf";
import { shown } from "./check-intent.ts";
import type { OrderView } from "./order.ts";

/**
 * That a plugin handed an order over: what has a client order id, as the session and its workers keep orders of different classes.
 *
 * @param call What it was handed to, such as `ctx.cancel`.
 * @throws {InvalidInputError} Naming the plugin and the call.
 */
export function checkOrder(plugin: string, call: string, order: OrderView): void {
  if (typeof order === "object" && typeof order?.clientOrderId === "string") return;
  throw new InvalidInputError(
    `${plugin}: ${call} needs an order that ctx.submit returned, or an order event told of; got ${shown(order)}`,
  );
}

/** That a plugin handed an amendment over: what its size is, is for the verdict to say. @throws {InvalidInputError} Naming the plugin. */
export function checkChange(plugin: string, change: { readonly sizeLots: number }): void {
  if (typeof change === "object" && change !== null) return;
  throw new InvalidInputError(
    `${plugin}: ctx.amend needs the new size, such as { sizeLots: 400 }; got ${shown(change)}`,
  );
}
