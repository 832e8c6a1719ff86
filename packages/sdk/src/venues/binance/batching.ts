import { type CollectPlace, collector } from "../../batch/collect.ts";
import type { Outcome } from "../../batch/outcome.ts";
import type { OrderCalls, WriteControl } from "../../calls.ts";
import { checkObject, checkWriteControl } from "../../checks.ts";
import type { AmendRequest, OrderRef, OrderReport, OrderRequest } from "../../model/order.ts";
import { checkClientOrderId } from "./order-rules.ts";

/** A client's batching: single calls that come within `maxAgeMs` of the first, at most `maxSize` of them, go out together. */
export interface Batching {
  /** 0 to 60,000; 0 takes together what one piece of synchronous code asks for. */
  readonly maxAgeMs: number;
  /** 1 to 1,000. */
  readonly maxSize: number;
}

/** What `batched` needs of its client. */
export interface BatchingPlace extends CollectPlace {
  /** Has `part` closed with the client. */
  own(part: { close(): Promise<void> }): unknown;
}

/**
 * Order calls whose single writes are collected into batches (see `collector`); reads, lists and replacements go as they are.
 *
 * What is wrong with an item is found when its batch goes out, and costs that item alone.
 *
 * @throws {InvalidInputError} When a number of `batching` is out of range.
 */
export function batched(orders: OrderCalls, batching: Batching, place: BatchingPlace): OrderCalls {
  const { clock } = place;
  const collect = <T extends { readonly clientOrderId: string }>(
    verb: string,
    send: (item: T, control: WriteControl) => Promise<OrderReport>,
  ) => {
    const calls = collector<T, WriteControl, OrderReport>(batching, place, (batch) =>
      batch.map(({ item, control, deadlineNs }) =>
        send(item, { ...control, timeoutMs: (deadlineNs - clock.monotonicNs()) / 1e6 }),
      ),
    );
    place.own(calls);
    return async (request: T, control: WriteControl = {}): Promise<OrderReport> => {
      checkObject(verb === "cancel" ? "ref" : "request", request);
      checkWriteControl(control);
      checkClientOrderId(request.clientOrderId);
      return calls.call(`${verb} of order ${request.clientOrderId}`, request, control);
    };
  };
  const submit = collect<OrderRequest>("submit", (request, control) => orders.submit(request, control));
  const cancel = collect<OrderRef>("cancel", (ref, control) => orders.cancel(ref, control));
  const amend = collect<AmendRequest>("amend", (request, control) => orders.amend(request, control));
  return {
    submit,
    cancel,
    amend,
    replace: (ref, request, control) => orders.replace(ref, request, control),
    cancelAll: (instrument, control) => orders.cancelAll(instrument, control),
    submitMany: (requests, control): Promise<readonly Outcome<OrderReport>[]> => orders.submitMany(requests, control),
    cancelMany: (refs, control) => orders.cancelMany(refs, control),
    amendMany: (requests, control) => orders.amendMany(requests, control),
    submitList: (request, control) => orders.submitList(request, control),
    cancelList: (ref, control) => orders.cancelList(ref, control),
    getList: (ref, control) => orders.getList(ref, control),
    get: (ref, control) => orders.get(ref, control),
    listOpen: (control) => orders.listOpen(control),
    listFills: (instrument, control) => orders.listFills(instrument, control),
  };
}
