import type { SessionManager } from "../../session/session-manager.ts";
import type { AxiomSession } from "./tokens.ts";
import { cookieHeader } from "./tokens.ts";

/**
 * What a socket of the venue asks its session for: the cookies of each handshake, and new ones when they were refused.
 *
 * A session that has ended meanwhile is renewed first, so that a socket cut at the end of its token comes back with the next one.
 */
export function sessionHandshake(sessions: SessionManager<AxiomSession>, userAgent: string) {
  let used: AxiomSession | undefined;

  function write(session: AxiomSession): Readonly<Record<string, string>> {
    used = session;
    return {
      cookie: cookieHeader(session),
      origin: "https://axiom.trade",
      "user-agent": userAgent,
      "cache-control": "no-cache",
      pragma: "no-cache",
      "accept-language": "en-US,en;q=0.5",
    };
  }

  return {
    headers(signal: AbortSignal) {
      const session = sessions.tryGet();
      return session === undefined ? sessions.get(signal).then(write) : write(session);
    },
    /** True when the session that the handshake was refused with has been renewed. */
    async onRefused(signal: AbortSignal): Promise<boolean> {
      return used !== undefined && (await sessions.renewRefused(used, signal)) !== used;
    },
  };
}
