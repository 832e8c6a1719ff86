import { AuthError } from "../errors.ts";
import { type WaitOptions, waitWithin } from "./deadline.ts";
import type { Authenticator, HttpCall, HttpReply, Layer } from "./transport.ts";

export interface AuthenticateOptions extends WaitOptions {
  readonly authenticator: Authenticator;
}

/**
 * Adds credentials to every attempt of a private call; public ones pass.
 *
 * Refused credentials are renewed once a call, where the authenticator can, and the attempt is made again: an `AuthError` is a
 * definite refusal, so that a write too goes out a second time without harm.
 *
 * @throws What the authenticator throws, before anything is sent.
 * @example
 * const send = compose(pools.send, authenticate({ authenticator, clock }), classify(toError));
 */
export function authenticate(options: AuthenticateOptions): Layer {
  const { authenticator } = options;

  async function mayRepeat(call: HttpCall, error: unknown): Promise<boolean> {
    if (!(error instanceof AuthError) || authenticator.recover === undefined || call.hasRecovered) return false;
    call.hasRecovered = true;
    const recovered = authenticator.recover(call, error);
    return waitWithin(call, "new credentials", options, () => recovered);
  }

  return (next) => {
    /** The call goes out within this turn of the event loop where a key signs, and no promise is made beside those of `next`. */
    function attempt(call: HttpCall): Promise<HttpReply> {
      try {
        const pending = authenticator.prepare(call);
        if (pending === undefined) return next(call);
        return waitWithin(call, "credentials", options, () => pending).then(() => next(call));
      } catch (error) {
        return Promise.reject(error);
      }
    }

    async function sendPrivate(call: HttpCall): Promise<HttpReply> {
      try {
        return await attempt(call);
      } catch (error) {
        if (!(await mayRepeat(call, error))) throw error;
      }
      return attempt(call);
    }

    return (call) => (call.isPrivate ? sendPrivate(call) : next(call));
  };
}
