import type { Clock } from "@pitlane/perf";
import { MicroBatcher } from "@pitlane/perf/flow";
import type { Outcome } from "../../batch/outcome.ts";
import type { OrderCalls, WriteControl } from "../../calls.ts";
import { checkObject, checkWriteControl } from "../../checks.ts";
import { TimeoutError } from "../../errors.ts";
import type { AmendRequest, OrderRef, OrderReport, OrderRequest } from "../../model/order.ts";
import { waitWithin } from "../../transport/deadline.ts";

/** A client's batching: single calls that come within `maxAgeMs` of the first, at most `maxSize` of them, go out together. */
export interface Batching {
  /** 0 to 60,000; 0 takes together what one piece of synchronous code asks for. */
  readonly maxAgeMs: number;
  /** 1 to 1,000. */
  readonly maxSize: number;
}

/** What `batched` needs of its client. */
export interface BatchingPlace {
  /** Limit for a call, what it is collected for included, in milliseconds. */
  readonly callTimeoutMs: number;
  /** Aborts when the client begins to close. */
  readonly closing: AbortSignal;
  readonly clock: Clock;
  /** Has `part` closed with the client. */
  own(part: { close(): Promise<void> }): unknown;
}

/**
 * Order calls whose single writes are collected into batches; reads, lists and replacements go as they are.
 *
 * Until its batch goes out a call is unsent: its signal, its time limit and the client's close end it as that. From then on it is a
 * call as any other, with what is left of its time, and ends by itself: no call waits for the others of its batch. What is wrong
 * with an item is found when its batch goes out, and costs that item alone.
 *
 * @throws {InvalidInputError} When a number of `batching` is out of range.
 */
export function batched(orders: OrderCalls, batching: Batching, place: BatchingPlace): OrderCalls {
  const { callTimeoutMs, closing, clock } = place;
  const collect = <T extends { readonly clientOrderId: string }>(
    verb: string,
    send: (item: T, control: WriteControl) => Promise<OrderReport>,
  ) => {
    const release = (item: Collected<T>): Error | undefined => {
      const timeoutMs = (item.deadlineNs - clock.monotonicNs()) / 1e6;
      if (timeoutMs < LEAST_MS) return new TimeoutError(`${item.what} had no time left to be sent`, UNSENT);
      item.report = send(item.request, { ...item.control, timeoutMs });
      return undefined;
    };
    const batcher = new MicroBatcher({
      // A batch call ends at once, with its calls under way, so that no queue builds up.
      send: async (items: readonly Collected<T>[]) => items.map(release),
      ...batching,
      maxQueued: 1e6,
      concurrency: 1_000,
      clock,
    });
    place.own({ close: () => batcher.close() }); // what was collected has ended with `closing`
    return async (request: T, control: WriteControl = {}): Promise<OrderReport> => {
      checkObject(verb === "cancel" ? "ref" : "request", request);
      checkWriteControl(control);
      const { timeoutMs = callTimeoutMs } = control;
      const what = `${verb} of order ${request.clientOrderId}`;
      const deadlineNs = clock.monotonicNs() + timeoutMs * 1e6;
      const item: Collected<T> = { what, request, control, signal: control.signal, deadlineNs, report: undefined };
      try {
        await waitWithin(item, "its batch (batching.maxAgeMs)", { clock, closing }, (signal) =>
          batcher.submit(item, signal),
        );
      } catch (error) {
        if (item.report === undefined) throw error; // else it was sent before its wait was ended: its own call tells
      }
      return item.report as Promise<OrderReport>;
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

const LEAST_MS = 1; // that a call may take
const UNSENT = { outcome: "unsent" } as const;

/** A call that waits for its batch, or did. */
interface Collected<T> {
  /** `submit of order a-1`. */
  readonly what: string;
  readonly request: T;
  readonly control: WriteControl;
  readonly signal: AbortSignal | undefined;
  readonly deadlineNs: number;
  /** From when it went out. */
  report: Promise<OrderReport> | undefined;
}
