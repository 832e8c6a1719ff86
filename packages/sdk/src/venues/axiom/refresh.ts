import { type Clock, InvalidInputError } from "@pitlane/perf";
import { NetworkError, RateLimitError, RejectedError, TimeoutError, VenueUnavailableError } from "../../errors.ts";
import type { Endpoint, EndpointChoice } from "../../region/endpoints.ts";
import { HttpCall, type Send } from "../../transport/transport.ts";
import { type AxiomSession, type BroughtSession, refreshCookieHeader, sessionOf } from "./tokens.ts";

export interface RefreshParts {
  /** Sends to the origin the call has begun with. */
  readonly send: Send;
  /** The REST hosts: any of them renews. */
  readonly endpoints: Pick<EndpointChoice, "pick">;
  readonly clock: Pick<Clock, "nowUs">;
}

const PATH = "/refresh-access-token";
const MOST_HOSTS = 4;

/**
 * Renews a session by its refresh token, which the venue may rotate; one that it does not is kept.
 *
 * A host that fails (no answer, 404, 418, 425, 5xx, 526) is followed by another one, up to four. 429 ends it: that throttle is said
 * to hold everywhere. 401 means that the refresh token is dead.
 *
 * @throws {AuthError} With outcome `refused`: log in again.
 * @throws {InvalidInputError} When there is no refresh token.
 */
export async function refreshSession(
  before: Pick<AxiomSession, "refreshToken" | "cookies"> | Omit<BroughtSession, "accessToken">,
  { send, endpoints, clock }: RefreshParts,
  signal: AbortSignal,
): Promise<AxiomSession> {
  const { refreshToken, cookies = {} } = before;
  if (refreshToken === undefined) {
    throw new InvalidInputError("the session cannot be renewed: it has no refreshToken");
  }
  const tried = new Set<Endpoint>();
  for (;;) {
    const endpoint = endpoints.pick(tried);
    tried.add(endpoint);
    const headers = { "content-type": "application/json", cookie: refreshCookieHeader(refreshToken, cookies) };
    const body = JSON.stringify({ v: Math.floor(clock.nowUs() / 1000) });
    // As a read: asking twice gives two access tokens, and each of them is good.
    const call = new HttpCall({ method: "POST", path: PATH, headers, body, isRead: true, priority: "cancel", signal });
    call.begin(endpoint.url);
    try {
      return sessionOf(PATH, await send(call), { refreshToken, cookies }, clock.nowUs());
    } catch (error) {
      const isLast = tried.size === MOST_HOSTS || tried.has(endpoints.pick(tried));
      if (isLast || signal.aborted || !isOfTheHost(error)) throw error;
    }
  }
}

/** Whether a failure says something of the host that was asked, so that another one may do better. */
function isOfTheHost(error: unknown): boolean {
  if (error instanceof RateLimitError) return error.status !== 429;
  if (error instanceof RejectedError) return error.status === 404;
  return error instanceof VenueUnavailableError || error instanceof NetworkError || error instanceof TimeoutError;
}
