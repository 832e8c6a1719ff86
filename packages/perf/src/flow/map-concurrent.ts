import { integerInRange } from "../errors.ts";
import { abortable } from "./abortable.ts";

/**
 * Calls `fn` for every item, at most `limit` at a time, and gives each item's outcome in the order of the items.
 *
 * An error of one item leaves the rest: it is that item's outcome. At most `limit` items are read and not yet done, so a
 * source may be slow or endless; an asynchronous one is asked for one item at a time.
 *
 * On an abort, or when the source itself throws, no further call begins, and the promise rejects when the running ones, which
 * have `signal`, have ended: nothing runs on behind the caller's back. To stop at the first error, abort the signal in `fn`.
 *
 * @param limit Calls at a time, 1 to 10,000.
 * @param fn Gets the item, its index in the source, and `signal`.
 * @throws {InvalidInputError} When `limit` is out of range.
 * @throws The signal's reason when it aborts before all are done; what the source throws.
 * @example
 * const outcomes = await mapConcurrent(orderIds, 8, (id) => cancel(id), signal);
 * const failed = outcomes.filter((outcome) => outcome.status === "rejected");
 */
export async function mapConcurrent<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  limit: number,
  fn: (item: T, index: number, signal: AbortSignal | undefined) => Promise<R> | R,
  signal?: AbortSignal,
): Promise<PromiseSettledResult<R>[]> {
  integerInRange("limit", limit, 1, 10_000);
  signal?.throwIfAborted();
  const source = Symbol.asyncIterator in items ? readInTurn(items, signal) : items[Symbol.iterator]();
  const outcomes: PromiseSettledResult<R>[] = [];
  let begun = 0;
  let isOver = false; // the source has no more, or nothing more is wanted

  // As many of these as may run; each takes the next item when it is done with one.
  const lane = async (): Promise<void> => {
    try {
      while (!isOver) {
        signal?.throwIfAborted();
        const read = source.next();
        const step = read instanceof Promise ? await read : read;
        if (step.done === true) return;
        const index = begun++;
        try {
          outcomes[index] = { status: "fulfilled", value: await fn(step.value, index, signal) };
        } catch (reason) {
          outcomes[index] = { status: "rejected", reason };
        }
      }
    } finally {
      isOver = true;
    }
  };
  const lanes: Promise<void>[] = [];
  while (lanes.length < limit && !isOver) lanes.push(lane());
  const stopped = (await Promise.allSettled(lanes)).find((ended) => ended.status === "rejected");
  if (stopped === undefined && !signal?.aborted) return outcomes;
  source.return?.();
  throw stopped === undefined ? signal?.reason : stopped.reason;
}

interface Source<T> {
  next(): Promise<IteratorResult<T>> | IteratorResult<T>;
  return?(): unknown;
}

/** `items`, asked again only when the last answer is there: not every asynchronous iterator stands two questions at once. */
function readInTurn<T>(items: AsyncIterable<T>, signal: AbortSignal | undefined): Source<T> {
  const iterator = items[Symbol.asyncIterator]();
  let last: Promise<unknown> = Promise.resolve();
  return {
    next() {
      const step = last.then(() => iterator.next());
      last = step;
      return signal === undefined ? step : abortable(step, signal);
    },
    return() {
      // Not awaited: a generator that still waits for its next item would answer only after that.
      iterator.return?.().catch(() => {}); // the caller gets the error that stopped the reading, not one of the cleaning up
    },
  };
}
