import type { Clock } from "@pitlane/perf";
import { MicroBatcher } from "@pitlane/perf/flow";
import type { CallControl } from "../calls.ts";
import { TimeoutError } from "../errors.ts";
import { waitWithin } from "../transport/deadline.ts";

/** How long single calls wait for others, and how many go together. */
export interface CollectRules {
  /** In milliseconds, from the first of them; 0 takes together what one piece of synchronous code asks for. */
  readonly maxAgeMs: number;
  readonly maxSize: number;
}

/** What collecting needs of its client. */
export interface CollectPlace {
  /** Limit for a call, what it is collected for included, in milliseconds. */
  readonly callTimeoutMs: number;
  /** Aborts when the client begins to close. */
  readonly closing: AbortSignal;
  readonly clock: Clock;
}

/** A call that waits for its batch. */
export interface CollectedCall<T, C extends CallControl> {
  /** `submit of order a-1`: what errors name it. */
  readonly what: string;
  readonly item: T;
  readonly control: C;
  readonly signal: AbortSignal | undefined;
  /** When it must be over, on the monotonic clock. */
  readonly deadlineNs: number;
}

/** Collects single calls into batches. */
export interface Collector<T, C extends CallControl, R> {
  /**
   * The answer to one call.
   *
   * @throws {CallAbortedError | TimeoutError} With outcome `unsent`, when its signal, the close or its time ends it while it is collected.
   * @throws What `send` rejects with for it.
   */
  call(what: string, item: T, control: C): Promise<R>;
  /** Resolves when nothing waits any more; what was collected has ended with `closing`. */
  close(): Promise<void>;
}

/**
 * Makes single calls wait for each other, and go out together.
 *
 * Until its batch goes out a call is unsent: its signal, its time limit and the client's close end it as that. From then on its answer
 * is the one that `send` gives for it, and ends by itself: no call waits for the others of its batch. No queue builds up, since a
 * batch that is full goes at once: what limits calls behind it limits these.
 *
 * @param send Sends a batch, of which every call has at least a millisecond left; an answer for each, in their order. Must not throw.
 * @throws {InvalidInputError} When a number of `rules` is out of range.
 */
export function collector<T, C extends CallControl, R>(
  rules: CollectRules,
  { callTimeoutMs, closing, clock }: CollectPlace,
  send: (calls: readonly CollectedCall<T, C>[]) => readonly Promise<R>[],
): Collector<T, C, R> {
  const answers = new WeakMap<CollectedCall<T, C>, Promise<R>>(); // of those that went out
  const batcher = new MicroBatcher({
    // Ends at once, with its calls under way.
    send: async (calls: readonly CollectedCall<T, C>[]) => {
      const nowNs = clock.monotonicNs();
      const timely = calls.filter(({ deadlineNs }) => deadlineNs - nowNs >= LEAST_NS);
      for (const [i, answer] of (timely.length === 0 ? [] : send(timely)).entries()) {
        answer.catch(() => {}); // heard below, in a later turn
        answers.set(timely[i] as CollectedCall<T, C>, answer);
      }
      return calls.map((call) => (answers.has(call) ? undefined : late(call)));
    },
    ...rules,
    maxQueued: 1e6,
    concurrency: 1_000,
    clock,
  });
  return {
    async call(what, item, control) {
      const { timeoutMs = callTimeoutMs, signal } = control;
      const call = { what, item, control, signal, deadlineNs: clock.monotonicNs() + timeoutMs * 1e6 };
      try {
        await waitWithin(call, "its batch (batching.maxAgeMs)", { clock, closing }, (stop) =>
          batcher.submit(call, stop),
        );
      } catch (error) {
        if (!answers.has(call)) throw error; // else it was sent before its wait was ended: its own answer tells
      }
      return answers.get(call) as Promise<R>;
    },
    close: () => batcher.close(),
  };
}

const LEAST_NS = 1e6; // that a call may take

function late({ what }: { readonly what: string }): TimeoutError {
  return new TimeoutError(`${what} had no time left to be sent`, { outcome: "unsent" });
}
