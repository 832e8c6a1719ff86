import type { Clock } from "../clock.ts";
import { inRange, integerInRange, PitlaneError } from "../errors.ts";
import {
  type Circuit,
  type CircuitEvent,
  type CircuitRules,
  type CircuitState,
  CLOSED,
  mayEnter,
  nextCircuit,
} from "./circuit.ts";
import { type ErrorRate, ErrorWindow } from "./error-window.ts";

export interface CircuitBreakerOptions {
  /** Failures in a row that open the circuit; 1 to 1e6, 5 unless told. */
  readonly consecutiveErrors?: number;
  /** Also opens when this share of recent calls failed; not judged unless told. */
  readonly errorRate?: ErrorRate;
  /** How long calls are refused before probes are let through, in milliseconds; 1 to 3,600,000. */
  readonly openMs: number;
  /** How many probes are let through then; all must succeed to close. 1 to 1,000, 1 unless told. */
  readonly halfOpenCalls?: number;
  /** Whether an error of `run` speaks against the target; every error does unless told. One that does not counts as an answer. */
  readonly isFailure?: (error: unknown) => boolean;
  /** Told of each change of state, inside the call that caused it; must not throw. */
  readonly onChange?: (to: CircuitState, from: CircuitState) => void;
  readonly clock: Pick<Clock, "monotonicNs">;
}

/** The breaker refuses calls for now; the target was not asked. */
export class CircuitOpenError extends PitlaneError {
  readonly code = "CIRCUIT_OPEN";
  readonly retryable = true;
  /** Whole milliseconds until the breaker may let a call through. */
  readonly retryAfterMs: number;

  constructor(retryAfterMs: number) {
    super(`the circuit is open after repeated failures; next try in ${retryAfterMs} ms`);
    this.retryAfterMs = retryAfterMs;
  }
}

/**
 * Stops calling a target that keeps failing, and finds out by a few probes when it is well again.
 *
 * ```text
 *            failures in a row, or error rate            openMs later, next call
 *   closed ----------------------------------> open <------------------------> half-open
 *      ^                                              a probe failed               |
 *      +---------------------------------------------------------------------------+
 *                                 halfOpenCalls probes succeeded
 * ```
 *
 * A result counts only in the state its call began in: calls begun before the opening neither prolong nor end it. A probe
 * without a result after `openMs` is replaced by a new one. No timer is kept, and calls through a closed circuit allocate
 * nothing; the clock is read for them only when an error rate is judged.
 * Source: M. Nygard, "Release It!", 2007, chapter on stability patterns.
 *
 * @example
 * const breaker = new CircuitBreaker({ openMs: 5_000, clock });
 * const price = await breaker.run((signal) => fetchPrice(signal), signal);
 */
export class CircuitBreaker {
  readonly #rules: CircuitRules;
  readonly #window: ErrorWindow | undefined;
  readonly #isFailure: (error: unknown) => boolean;
  readonly #onChange: ((to: CircuitState, from: CircuitState) => void) | undefined;
  readonly #clock: Pick<Clock, "monotonicNs">;
  #circuit: Circuit = CLOSED;

  /** @throws {InvalidInputError} When a number is out of range. */
  constructor(options: CircuitBreakerOptions) {
    this.#rules = {
      consecutiveErrors: integerInRange("consecutiveErrors", options.consecutiveErrors ?? 5, 1, 1e6),
      openNs: inRange("openMs", options.openMs, 1, 3_600_000) * 1e6,
      halfOpenCalls: integerInRange("halfOpenCalls", options.halfOpenCalls ?? 1, 1, 1000),
    };
    this.#window = options.errorRate && new ErrorWindow(options.errorRate);
    this.#isFailure = options.isFailure ?? (() => true);
    this.#onChange = options.onChange;
    this.#clock = options.clock;
  }

  /** As of the last call: an open circuit becomes half-open when the first probe enters. */
  get state(): CircuitState {
    return this.#circuit.state;
  }

  /** Whole milliseconds until a call may be let through; 0 when one may now. */
  get retryAfterMs(): number {
    const nowNs = this.#clock.monotonicNs();
    return mayEnter(this.#circuit, nowNs) ? 0 : Math.ceil((this.#circuit.untilNs - nowNs) / 1e6);
  }

  /**
   * Calls `fn` when the circuit admits it, and counts how it ends. A call that fails after `signal` aborted is not counted.
   *
   * @throws {CircuitOpenError} When the call is refused; `fn` is then not called.
   * @throws What `fn` throws, or the signal's reason when it has aborted before.
   */
  async run<T>(fn: (signal: AbortSignal | undefined) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted();
    const ticket = this.tryEnter();
    if (ticket === 0) throw new CircuitOpenError(this.retryAfterMs);
    let value: T;
    try {
      value = await fn(signal);
    } catch (error) {
      if (signal?.aborted) this.abandoned(ticket);
      else if (this.#isFailure(error)) this.failed(ticket);
      else this.succeeded(ticket);
      throw error;
    }
    this.succeeded(ticket);
    return value;
  }

  /**
   * Asks to make a call, for callers that cannot use `run`. Returns a ticket, or 0 when the call is refused.
   * Hand the ticket, once, to `succeeded`, `failed` or `abandoned`.
   *
   * @example
   * const ticket = breaker.tryEnter();
   * if (ticket === 0) return undefined;
   */
  tryEnter(): number {
    const { state, epoch } = this.#circuit;
    if (state === "closed") return epoch;
    const nowNs = this.#clock.monotonicNs();
    if (!mayEnter(this.#circuit, nowNs)) return 0;
    this.#apply("entered", epoch, nowNs);
    return this.#circuit.epoch;
  }

  /** The call of `ticket` went well. */
  succeeded(ticket: number): void {
    const { state, epoch, errorsInRow } = this.#circuit;
    if (ticket !== epoch) return;
    if (state === "closed") {
      this.#window?.record(this.#clock.monotonicNs(), false);
      if (errorsInRow === 0) return;
    }
    this.#apply("succeeded", ticket, 0);
  }

  /** The call of `ticket` failed in a way that speaks against the target. */
  failed(ticket: number): void {
    if (ticket !== this.#circuit.epoch) return;
    const nowNs = this.#clock.monotonicNs();
    this.#window?.record(nowNs, true);
    const isOver = this.#window?.isOver === true;
    this.#apply("failed", ticket, nowNs);
    if (isOver) this.#apply("rate-exceeded", ticket, nowNs);
  }

  /** The call of `ticket` ended without telling how the target is: its caller gave up, say. */
  abandoned(ticket: number): void {
    this.#apply("abandoned", ticket, 0);
  }

  #apply(event: CircuitEvent, epoch: number, nowNs: number): void {
    const before = this.#circuit.state;
    this.#circuit = nextCircuit(this.#circuit, event, epoch, nowNs, this.#rules);
    const after = this.#circuit.state;
    if (after === before) return;
    if (after === "closed") this.#window?.clear(); // what was before the outage says nothing about the target now
    this.#onChange?.(after, before);
  }
}
