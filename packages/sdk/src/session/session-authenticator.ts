import type { Authenticator, HttpCall } from "../transport/transport.ts";
import { SessionLostError } from "./errors.ts";
import type { SessionTokens } from "./session.ts";
import type { SessionManager } from "./session-manager.ts";

/**
 * Sends calls under a manager's session. Synchronous while the session lives; a refusal of the session that is still the
 * current one renews it, once for all calls it met. Their own signals are the caller's part: the layer that asks waits under them.
 *
 * @param apply Writes the session into one attempt of a call: `sentHeaders`, `sentQuery`, `sentBody`. Must not keep it.
 */
export function sessionAuthenticator<S extends SessionTokens>(
  manager: SessionManager<S>,
  apply: (call: HttpCall, session: S) => void,
): Authenticator {
  const usedBy = new WeakMap<HttpCall, S>();

  function write(call: HttpCall, session: S): void {
    usedBy.set(call, session);
    apply(call, session);
  }

  return {
    prepare(call) {
      const session = manager.tryGet();
      if (session === undefined) return manager.get().then((renewed) => write(call, renewed));
      write(call, session);
      return undefined;
    },
    async recover(call, error) {
      const used = usedBy.get(call);
      if (used === undefined) return false;
      try {
        return (await manager.renewRefused(used)) !== used;
      } catch (failure) {
        call.signal?.throwIfAborted();
        if (!(failure instanceof SessionLostError)) return false; // the venue's own refusal says more than why it could not be mended
        throw new SessionLostError(failure.message, { cause: failure.cause ?? error, outcome: "refused" });
      }
    },
  };
}
