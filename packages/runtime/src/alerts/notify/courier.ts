import type { Clock, Random } from "@pitlane/perf";
import { retry } from "@pitlane/perf/flow";
import { Deque } from "@pitlane/perf/ring";
import type { AlertMessage } from "./message.ts";
import { type AlertSink, DeliveryError } from "./sink.ts";

export interface CourierOptions {
  readonly sink: AlertSink;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly random: Pick<Random, "next">;
  /** Told when messages are given up, without secrets. */
  readonly onFault: (message: string) => void;
}

const MOST_WAITING = 100; // messages; beyond, the oldest is given up
const ATTEMPT_MS = 10_000;
const RETRY = { retries: 5, baseMs: 1000, capMs: 60_000, factor: 3, deadlineMs: 600_000 } as const;

/**
 * Brings messages to one sink: in order, one at a time, repeated with growing pauses while the sink says that it could go better. What is
 * given up is told as a fault, and the next message has its turn. At least once: one whose answer was lost is sent again with the same id.
 */
export class Courier {
  readonly #options: CourierOptions;
  readonly #waiting = new Deque<AlertMessage>(MOST_WAITING);
  readonly #stop = new AbortController();
  #work: Promise<void> | undefined;

  constructor(options: CourierOptions) {
    this.#options = options;
  }

  /** Queues a message and returns at once. */
  take(message: AlertMessage): void {
    if (this.#stop.signal.aborted) return;
    if (!this.#waiting.tryPush(message)) {
      this.#waiting.shift();
      this.#waiting.tryPush(message);
      this.#options.onFault(
        `${this.#options.sink.name}: more than ${MOST_WAITING} messages wait, the oldest are given up`,
      );
    }
    this.#work ??= this.#deliver();
  }

  /** Waits for what is under way, `withinMs` at most; the rest is given up. */
  async close(withinMs: number): Promise<void> {
    const { clock, sink } = this.#options;
    if (this.#work !== undefined) {
      const done = new AbortController();
      const late = clock.sleep(withinMs, done.signal).catch(() => {}); // told to stop: the work was done in time
      await Promise.race([this.#work, late]);
      done.abort();
    }
    this.#stop.abort();
    await this.#work;
    await sink.close();
  }

  async #deliver(): Promise<void> {
    const { sink, clock, random, onFault } = this.#options;
    const { signal } = this.#stop;
    for (;;) {
      const message = this.#waiting.shift();
      if (message === undefined) break;
      try {
        await retry(() => this.#attempt(message), { ...RETRY, clock, random }, signal);
      } catch (error) {
        const left = signal.aborted ? "the session closed before it was taken" : (error as Error).message;
        onFault(`${sink.name}: a message is lost: ${left}`);
      }
    }
    this.#work = undefined;
  }

  async #attempt(message: AlertMessage): Promise<void> {
    const { sink, clock } = this.#options;
    const limit = new AbortController();
    const done = new AbortController();
    const signal = AbortSignal.any([this.#stop.signal, limit.signal]);
    const late = new DeliveryError(`no answer within ${ATTEMPT_MS / 1000} s`, { retryable: true });
    void clock.sleep(ATTEMPT_MS, done.signal).then(
      () => limit.abort(late),
      () => {}, // told to stop: it was answered
    );
    try {
      await Promise.race([sink.send(message, signal), rejection(signal, done.signal)]);
    } finally {
      done.abort();
    }
  }
}

/** Rejects with the signal's reason when it aborts: not every sink can be interrupted. */
function rejection(signal: AbortSignal, done: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: done });
  });
}
