import { RequestError, UnansweredError } from "../errors.ts";

/**
 * The call was ended from our side: by its caller's signal or its `onSent`, or because the client was closed. Not repeated, and
 * it says nothing of the endpoint. `cause` is the signal's reason, or what was thrown.
 */
export class CallAbortedError extends UnansweredError {
  readonly code = "ABORTED";
  override readonly retryable = false;
}

/** The venue's request budget is used up for longer than the call may take, or too many calls wait for it. This one was not sent. */
export class BudgetExhaustedError extends RequestError {
  readonly code = "BUDGET_EXHAUSTED";
  readonly retryable = true;
  readonly outcome = "unsent";
  /** Milliseconds until the budget could admit it, if nobody else took; 0 when it is the queue that is full. */
  readonly retryAfterMs: number;

  constructor(message: string, { retryAfterMs }: { readonly retryAfterMs: number }) {
    super(message);
    this.retryAfterMs = retryAfterMs;
  }
}
