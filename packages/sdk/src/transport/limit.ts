import type { Clock } from "@pitlane/perf";
import { LimiterQueueFullError, PRIORITIES, type Priority, TakeQueue, type TakeSource } from "@pitlane/perf/limit";
import type { ClientEmitter } from "../client-events.ts";
import { RateLimitError, RequestError } from "../errors.ts";
import type { BudgetWaits } from "./budget-waits.ts";
import { type WaitOptions, waitWithin } from "./deadline.ts";
import { BudgetExhaustedError } from "./errors.ts";
import type { HttpCall, HttpReply, Layer } from "./transport.ts";
import { headerOf } from "./wire-reply.ts";

/**
 * What calls are paid from: a `WeightedBudget`, which also learns from the venue's answers; or any other limiter, a
 * `SlidingWindow` say, of which a call takes its weight.
 */
export interface CallBudget extends TakeSource<Priority> {
  /** As in `WeightedBudget`, and so the others. */
  readonly taken?: number;
  observe?(usedWeight: number, takenAtSend: number): void;
  refund?(weight: number, takenAtSend: number): void;
  blockUntil?(atUs: number): void;
}

export interface LimitOptions extends WaitOptions {
  readonly budget: CallBudget;
  /** Most calls of one priority that wait for the budget; 1 to 1,000,000, 1,000 unless told. More fail with `BudgetExhaustedError`. */
  readonly maxWaiting?: number;
  /** The reply header, in lower case, with the weight that the venue counts in the present window: `x-mbx-used-weight-1m`. */
  readonly usedWeightHeader?: string | undefined;
  /** Whether a refusal speaks of this budget; default every `RateLimitError`, and every 429 and 418. */
  readonly isOfBudget?: ((error: RateLimitError) => boolean) | undefined;
  /** Told of the calls that have to wait. */
  readonly waits?: BudgetWaits | undefined;
  /** Told `rateLimited` when the venue asks for a pause. */
  readonly events?: Pick<ClientEmitter, "emit"> | undefined;
  readonly clock: Clock;
}

/**
 * Spends the venue's request budget before the wire, by the call's weight and priority, and waits where it is short.
 *
 * - The venue's own count, from the reply header, raises ours: others may use the same key or address.
 * - Weight is given back only when nothing was sent.
 * - After a 429 or 418 that speaks of this budget, no call goes out until Retry-After is over, of any priority.
 * - A call that could not be paid for before its deadline fails at once, with `BudgetExhaustedError`.
 *
 * What `authenticate` repeats inside of this layer is paid by the venue's count alone.
 *
 * @throws {InvalidInputError} When `maxWaiting` is out of range; from a call, when the budget can never admit its weight.
 * @example
 * const budget = new WeightedBudget({ limit: 6_000, windowMs: 60_000, clock });
 * const layer = limit({ budget, usedWeightHeader: "x-mbx-used-weight-1m", events, clock });
 */
export function limit(options: LimitOptions): Layer {
  const { usedWeightHeader, isOfBudget, waits, events, clock } = options;
  const budget: CallBudget =
    options.budget.blockUntil === undefined ? new Blockable(options.budget, clock) : options.budget;
  const queue = new TakeQueue<Priority>({
    source: budget,
    priorities: PRIORITIES,
    maxWaiting: options.maxWaiting ?? 1_000,
    clock,
  });
  let unanswered = 0; // weight of the calls that were paid for and have no answer yet

  async function take(call: HttpCall): Promise<void> {
    const waitMs = await budget.waitMs(call.weight, call.priority);
    if (clock.monotonicNs() + waitMs * 1e6 >= call.deadlineNs) {
      const words = `has no time to wait ${waitMs} ms for the venue's request budget`;
      throw new BudgetExhaustedError(`${call.what} ${words}`, { retryAfterMs: waitMs });
    }
    const start = async (signal: AbortSignal) => queue.takeAs(call.priority, call.weight, signal);
    const wait = () => waitWithin(call, "the request budget", options, start);
    try {
      await (waits === undefined ? wait() : waits.during(call.what, wait));
    } catch (error) {
      if (!(error instanceof LimiterQueueFullError)) throw error;
      throw new BudgetExhaustedError(`${call.what}: ${error.message}`, { retryAfterMs: 0 });
    }
  }

  /** Past the queue when nobody waits in it: without a promise, unless the budget makes one. */
  function tryTake(call: HttpCall): boolean | Promise<boolean> {
    return queue.waiting === 0 && budget.tryTake(call.weight, call.priority);
  }

  /** A reply may have been made before the venue counted others that are still on their way: these come on top. */
  function learn({ reply, weight }: HttpCall, takenAtSend: number): void {
    if (reply === undefined || usedWeightHeader === undefined || budget.observe === undefined) return;
    const usedWeight = Number(headerOf(reply, usedWeightHeader) || Number.NaN);
    if (!(usedWeight >= 0 && usedWeight <= Number.MAX_SAFE_INTEGER)) return;
    const counted = (budget.taken ?? 0) - (unanswered - weight);
    budget.observe(usedWeight, Math.max(0, Math.min(takenAtSend, counted)));
  }

  function heed(call: HttpCall, error: unknown): void {
    const status = call.reply?.status;
    if (!(error instanceof RateLimitError) && status !== 429 && status !== 418) return;
    if (error instanceof RateLimitError && isOfBudget?.(error) === false) return;
    const retryAfterMs = error instanceof RateLimitError ? error.retryAfterMs : secondsToMs(call.reply);
    budget.blockUntil?.(clock.nowUs() + Math.ceil(retryAfterMs * 1000));
    events?.emit("rateLimited", { origin: call.origin, retryAfterMs });
  }

  return (next) => async (call) => {
    const answer = tryTake(call);
    const isTaken =
      typeof answer === "boolean" ? answer : await waitWithin(call, "the request budget", options, () => answer);
    if (!isTaken) await take(call);
    const takenAtSend = budget.taken ?? 0;
    unanswered += call.weight;
    try {
      const reply = await next(call);
      learn(call, takenAtSend);
      heed(call, undefined);
      return reply;
    } catch (error) {
      learn(call, takenAtSend);
      heed(call, error);
      // After new credentials an earlier attempt was sent, and counted.
      const isUnsent = error instanceof RequestError ? error.outcome === "unsent" : call.sentNs === 0;
      if (isUnsent && !call.hasRecovered) budget.refund?.(call.weight, takenAtSend);
      throw error;
    } finally {
      unanswered -= call.weight;
    }
  };
}

/** A limiter that can be told to pause. */
class Blockable implements CallBudget {
  readonly #budget: CallBudget;
  readonly #clock: Clock;
  #blockedUntilUs = 0;

  constructor(budget: CallBudget, clock: Clock) {
    this.#budget = budget;
    this.#clock = clock;
  }

  tryTake(weight: number, priority: Priority): boolean | Promise<boolean> {
    return this.#blockedMs() === 0 && this.#budget.tryTake(weight, priority);
  }

  waitMs(weight: number, priority: Priority): number | Promise<number> {
    return this.#blockedMs() || this.#budget.waitMs(weight, priority);
  }

  blockUntil(atUs: number): void {
    this.#blockedUntilUs = Math.max(this.#blockedUntilUs, atUs);
  }

  #blockedMs(): number {
    return Math.max(0, Math.ceil((this.#blockedUntilUs - this.#clock.nowUs()) / 1000));
  }
}

function secondsToMs(reply: HttpReply | undefined): number {
  const seconds = Number(reply === undefined ? 0 : (headerOf(reply, "retry-after") ?? 0));
  return seconds > 0 && Number.isFinite(seconds) ? Math.ceil(seconds * 1000) : 0;
}
