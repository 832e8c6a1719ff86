import {
  AuthError,
  OrderNotFoundError,
  OutcomeUnknownError,
  RateLimitError,
  RejectedError,
  RequestError,
  VenueUnavailableError,
} from "../../errors.ts";
import { excerpt } from "./fields.ts";

export interface ErrorReply {
  readonly status: number;
  /** The `Retry-After` header: seconds. */
  readonly retryAfter?: string | undefined;
  readonly text: string;
}

/** -1006 unexpected answer from the bus, -1007 engine did not answer: the venue itself does not know. */
const OUTCOME_UNKNOWN_CODES: readonly (number | undefined)[] = [-1006, -1007];
/** -1021 timestamp, -1022 signature, -2014 key format, -2015 key, IP or permission; -1002 unauthorized. */
const AUTH_CODES: readonly (number | undefined)[] = [-1002, -1021, -1022, -2014, -2015];
/** -1003 request weight, -1015 order count. */
const RATE_LIMIT_CODES: readonly (number | undefined)[] = [-1003, -1015];

/**
 * What an error reply of Binance means. Pure; `what` names the call.
 *
 * The outcome is unknown for every 5xx, for -1006 and -1007 whatever their status, and for a reply without a code (a page of
 * a gateway or firewall, say), as it does not come from what takes orders; but 401, 418 and 429 are refusals with or without one.
 * Of orders it knows nothing: `toError` does, and the client for market data is smaller without.
 * Source: Binance REST API, "HTTP return codes" and errors.md, 2026-07.
 */
export function toReadError(what: string, { status, retryAfter, text }: ErrorReply): RequestError {
  const reply = tryParseReply(text);
  const venueText = reply?.msg ?? (excerpt(text) || "no text");
  const venueCode = reply?.code;
  const options = { status, venueCode, venueText, venueData: reply?.data };
  const message = `${what}: ${venueCode === undefined ? "" : `${venueCode} `}${venueText} (HTTP ${status})`;

  if (status >= 500 || OUTCOME_UNKNOWN_CODES.includes(venueCode)) {
    return new VenueUnavailableError(message, options);
  }
  if (status === 429 || status === 418 || RATE_LIMIT_CODES.includes(venueCode)) {
    return new RateLimitError(message, { ...options, retryAfterMs: toMs(retryAfter) });
  }
  if (status === 401 || AUTH_CODES.includes(venueCode)) return new AuthError(message, options);
  return venueCode === undefined ? new VenueUnavailableError(message, options) : new RejectedError(message, options);
}

/** As `toReadError`, for calls about orders as well. */
export function toError(what: string, reply: ErrorReply): RequestError {
  const error = toReadError(what, reply);
  if (!(error instanceof RejectedError)) return error;
  const { message, venueCode, venueText } = error;
  const isMissing = venueCode === -2013 || (venueCode === -2011 && venueText === "Unknown order sent.");
  return isMissing ? new OrderNotFoundError(message, error) : error;
}

/** What a failed write means to its caller: where the venue may have acted, the order's id and the word not to send it again. */
export function afterWrite(error: unknown, clientOrderId: string): unknown {
  const mayHaveActed = error instanceof RequestError && error.outcome === "unknown";
  return mayHaveActed ? new OutcomeUnknownError(clientOrderId, { cause: error }) : error;
}

interface Reply {
  readonly code: number;
  readonly msg: string;
  readonly data: unknown;
}

function tryParseReply(text: string): Reply | undefined {
  try {
    const { code, msg, data } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    return typeof code === "number" && typeof msg === "string" ? { code, msg, data } : undefined;
  } catch {
    return undefined; // a gateway's page, or null; the caller shows its start
  }
}

function toMs(retryAfter: string | undefined): number {
  const seconds = Number(retryAfter ?? 0);
  return Number.isFinite(seconds) && seconds > 0 ? Math.ceil(seconds * 1000) : 0;
}
