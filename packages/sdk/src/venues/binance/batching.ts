import { type Clock, InvalidInputError } from "@pitlane/perf";
import { MicroBatcher } from "@pitlane/perf/flow";
import type { Outcome } from "../../batch/outcome.ts";
import type { OrderCalls, WriteControl } from "../../calls.ts";
import type { AmendRequest, OrderRef, OrderReport, OrderRequest } from "../../model/order.ts";

/** A client's batching: single calls that come within `maxAgeMs` of the first, at most `maxSize` of them, go out together. */
export interface Batching {
  /** 0 to 60,000; 0 takes together what one piece of synchronous code asks for. */
  readonly maxAgeMs: number;
  /** 1 to 1,000. */
  readonly maxSize: number;
}

interface Item<T> {
  readonly request: T;
  readonly control: WriteControl;
}

/**
 * Order calls whose single writes are collected into batches. What is wrong with an item is found before it is collected;
 * reads, lists and replacements go as they are.
 *
 * @throws {InvalidInputError} When a number of `batching` is out of range.
 */
export function batched(orders: OrderCalls, batching: Batching, clock: Clock, owner: Owner): OrderCalls {
  if (batching.maxSize > MOST)
    throw new InvalidInputError(`batching.maxSize must be at most ${MOST}, got ${batching.maxSize}`);
  const collect = <T>(send: (item: T, control: WriteControl) => Promise<OrderReport>) => {
    const batcher = new MicroBatcher<Item<T>, OrderReport>({
      send: (items) =>
        Promise.all(
          items.map(({ request, control }) => send(request, control).catch((error: unknown) => toError(error))),
        ),
      ...batching,
      concurrency: 100,
      clock,
    });
    owner.own({ close: () => batcher.close() });
    return (request: T, control: WriteControl = {}) => batcher.submit({ request, control }, control.signal);
  };
  const submit = collect<OrderRequest>((request, control) => orders.submit(request, control));
  const cancel = collect<OrderRef>((ref, control) => orders.cancel(ref, control));
  const amend = collect<AmendRequest>((request, control) => orders.amend(request, control));
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

/** Who closes what is made here. */
export interface Owner {
  own(part: { close(): Promise<void> }): unknown;
}

const MOST = 1_000;

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
