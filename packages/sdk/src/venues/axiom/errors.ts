import {
  AuthError,
  RateLimitError,
  RejectedError,
  type RequestError,
  VenueError,
  VenueUnavailableError,
} from "../../errors.ts";

/**
 * The venue wants proof that a browser with a human logs in (Cloudflare Turnstile), which no program can give.
 *
 * Log in with a browser and give its cookies to `createAxiom({ session })`, or a Turnstile token to a wallet login.
 */
export class TurnstileRequiredError extends VenueError {
  readonly code = "TURNSTILE_REQUIRED";
  readonly retryable = false;
  readonly outcome = "refused";
}

export interface ErrorReply {
  readonly status: number;
  /** The `Retry-After` header: seconds, or a date. */
  readonly retryAfter?: string | undefined;
  readonly text: string;
  readonly nowMs: number;
}

const TURNSTILE_ADVICE =
  "log in with a browser and supply its cookies auth-access-token and auth-refresh-token as session, or a turnstileToken to a wallet login";
const THROTTLE_MS = 30_000; // what other clients wait after 429 where the venue names no time

/**
 * What an error reply means. Pure; `what` names the call.
 *
 * The venue's statuses are not to be trusted alone: a wrong password is a 500 and a missing session a 502, both of them refusals.
 * Where a status says nothing of the sort, 5xx and 526 leave the outcome unknown. A 404 comes from the server's router, which all
 * hosts have alike: nothing was done, and asking another host is of no use.
 * Source: replies seen by users of third-party clients, 2025 to 2026; the venue documents none.
 */
export function toError(what: string, { status, retryAfter, text, nowMs }: ErrorReply): RequestError {
  const words = tryErrorWords(text);
  const venueText = words ?? (pageTitle(text) || "no text");
  const options = { status, venueText };
  const message = `${what}: ${venueText} (HTTP ${status})`;

  if (words !== undefined && /turnstile/i.test(words)) {
    return new TurnstileRequiredError(`${message}: ${TURNSTILE_ADVICE}`, options);
  }
  if (words !== undefined && /invalid email or password|session invalid|please login again/i.test(words)) {
    return new AuthError(message, options);
  }
  if (status === 429 || status === 425 || status === 418) {
    const unsaidMs = status === 429 ? THROTTLE_MS : 0; // of the others it is not known whether they hold for other hosts too
    return new RateLimitError(message, { ...options, retryAfterMs: toMs(retryAfter, nowMs) ?? unsaidMs });
  }
  if (status === 401) return new AuthError(message, options);
  if (status === 403) {
    if (words !== undefined) return new AuthError(message, options);
    const advice =
      "Cloudflare may keep this client out: supply the cookie cf_clearance and the user agent of a browser it let in";
    return new RejectedError(`${message}: ${advice}`, options);
  }
  if (status >= 500) return new VenueUnavailableError(message, options);
  return new RejectedError(message, options);
}

function tryErrorWords(text: string): string | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || !("error" in value)) return undefined;
    return typeof value.error === "string" ? oneLine(value.error) : undefined;
  } catch {
    return undefined; // a page of a gateway
  }
}

/** The words of a page without its markup: enough to recognise it by. */
function pageTitle(text: string): string {
  return oneLine(text.slice(0, 2_000).replace(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, " "));
}

function oneLine(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > 200 ? `${line.slice(0, 200)}...` : line;
}

/** Source: RFC 9110, section 10.2.3. */
function toMs(retryAfter: string | undefined, nowMs: number): number | undefined {
  if (retryAfter === undefined) return undefined;
  const seconds = Number(retryAfter);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(retryAfter) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(0, Math.ceil(ms)), 86_400_000) : undefined;
}
