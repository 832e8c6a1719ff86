import type { Clock } from "../clock.ts";
import { CircuitBreaker } from "../flow/circuit-breaker.ts";
import { Deadline } from "./deadline.ts";
import { type CacheFault, TierTimeoutError } from "./errors.ts";

/** How a cache treats what it talks to: its tiers and its bus. */
export interface GuardOptions {
  /** Longest time an operation is waited for, in milliseconds. */
  readonly timeoutMs: number;
  /** Failures in a row after which a tier is left alone. */
  readonly consecutiveErrors: number;
  /** How long it is left alone, in milliseconds; one operation then tries again. */
  readonly openMs: number;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly onError: (fault: CacheFault) => void;
}

/**
 * Stands between a cache and one store or bus: what fails, is late or is left alone gives `undefined` and never throws.
 *
 * Every failure is given to `onError` and counted; refusals while the breaker is open are only counted.
 */
export class Guard {
  readonly name: string;
  readonly #breaker: CircuitBreaker;
  readonly #deadline: Deadline;
  readonly #onError: (fault: CacheFault) => void;
  #failures = 0;
  #refusals = 0;

  constructor(name: string, { timeoutMs, consecutiveErrors, openMs, clock, onError }: GuardOptions) {
    this.name = name;
    this.#breaker = new CircuitBreaker({ consecutiveErrors, openMs, clock });
    this.#deadline = new Deadline(
      clock,
      timeoutMs,
      () => new TierTimeoutError(`${name} did not answer within ${timeoutMs} ms`),
    );
    this.#onError = onError;
  }

  /** Operations that threw or were late. */
  get failures(): number {
    return this.#failures;
  }

  /** Operations not tried because the breaker was open. */
  get refusals(): number {
    return this.#refusals;
  }

  /** What `work` gives; undefined when it fails, takes too long, or is not tried. */
  async run<R>(operation: CacheFault["operation"], work: () => Promise<R>, key?: string): Promise<R | undefined> {
    const ticket = this.#breaker.tryEnter();
    if (ticket === 0) {
      this.#refusals++;
      return undefined;
    }
    try {
      const result = await this.#deadline.run(work);
      this.#breaker.succeeded(ticket);
      return result;
    } catch (error) {
      this.#breaker.failed(ticket);
      this.#failures++;
      this.#onError({ operation, at: this.name, ...(key !== undefined && { key }), error });
      return undefined;
    }
  }

  /** Ends the timer; what is under way has failed. */
  close(): void {
    this.#deadline.close();
  }
}
