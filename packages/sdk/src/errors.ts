import { PitlaneError } from "@pitlane/perf";

export { InvalidInputError, PitlaneError } from "@pitlane/perf";

/** What a failed request may have done at the venue: nothing was sent; it said no; or nobody knows. */
export type RequestOutcome = "unsent" | "refused" | "unknown";

/** A request failed. `outcome` says whether the venue may have acted on it. */
export abstract class RequestError extends PitlaneError {
  abstract readonly outcome: RequestOutcome;
}

/** The request got no answer at all; `unsent` only when no byte can have left. */
export abstract class UnansweredError extends RequestError {
  readonly retryable: boolean = true;
  readonly outcome: "unsent" | "unknown";

  constructor(message: string, options: { outcome: "unsent" | "unknown"; cause?: unknown }) {
    super(message, { cause: options.cause });
    this.outcome = options.outcome;
  }
}

/** The connection failed. */
export class NetworkError extends UnansweredError {
  readonly code = "NETWORK";
}

/** No answer in time. */
export class TimeoutError extends UnansweredError {
  readonly code = "TIMEOUT";
}

interface VenueErrorOptions {
  readonly status: number;
  /** The venue's own code, where it gave one. */
  readonly venueCode?: number | undefined;
  /** The venue's own words. */
  readonly venueText: string;
  /** What else it said, as it came, where an error brings more than words. */
  readonly venueData?: unknown;
}

/** The venue answered with an error. */
export abstract class VenueError extends RequestError {
  readonly status: number;
  readonly venueCode: number | undefined;
  readonly venueText: string;
  readonly venueData: unknown;

  constructor(message: string, { status, venueCode, venueText, venueData }: VenueErrorOptions) {
    super(message);
    this.status = status;
    this.venueCode = venueCode;
    this.venueText = venueText;
    this.venueData = venueData;
  }
}

/** The venue refused: it did not act, and the same call would be refused again. */
export class RejectedError extends VenueError {
  readonly code = "REJECTED_BY_VENUE";
  readonly retryable = false;
  readonly outcome = "refused";
}

/** The venue knows no such order. For an order in doubt this proves nothing until its receive window has passed. */
export class OrderNotFoundError extends VenueError {
  readonly code = "ORDER_NOT_FOUND";
  readonly retryable = false;
  readonly outcome = "refused";
}

/** Key, signature, permission or timestamp was refused. */
export class AuthError extends VenueError {
  readonly code = "AUTH";
  readonly retryable = false;
  readonly outcome = "refused";
}

/** Too many requests; try again after `retryAfterMs`. */
export class RateLimitError extends VenueError {
  readonly code = "RATE_LIMIT";
  readonly retryable = true;
  readonly outcome = "refused";
  /** Milliseconds the venue asked to wait; 0 when it did not say. */
  readonly retryAfterMs: number;

  constructor(message: string, options: VenueErrorOptions & { readonly retryAfterMs: number }) {
    super(message, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** The venue answered that it does not know what became of the request (5xx, codes -1006 and -1007, a gateway's page). */
export class VenueUnavailableError extends VenueError {
  readonly code = "VENUE_UNAVAILABLE";
  readonly retryable = true;
  readonly outcome = "unknown";
}

/** A write may or may not have happened. Ask the venue about `clientOrderId`; never send it again. */
export class OutcomeUnknownError extends RequestError {
  readonly code = "OUTCOME_UNKNOWN";
  readonly retryable = false;
  readonly outcome = "unknown";
  readonly clientOrderId: string;

  constructor(clientOrderId: string, options: { cause: unknown }) {
    super(`the outcome of order ${clientOrderId} is unknown: ask the venue, do not resend`, options);
    this.clientOrderId = clientOrderId;
  }
}

/** The venue's answer does not have the documented form. A write that got one may have happened. */
export class ProtocolError extends RequestError {
  readonly code = "PROTOCOL";
  readonly retryable = false;
  readonly outcome = "unknown";
}
