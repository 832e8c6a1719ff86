import type { RequestError } from "../errors.ts";
import type { HttpCall, HttpReply, Layer } from "./transport.ts";

/**
 * Turns replies that are no success, of any status but 2xx, into the venue's errors.
 *
 * @param toError Says what a reply means; undefined lets it through as it is. It must keep the call's credentials out of the error:
 * a venue may echo what it was sent.
 * @example
 * classify((call, { status, body }) => (status === 404 ? new OrderNotFoundError(call.what, { status, venueText: body.toString() }) : undefined));
 */
export function classify(toError: (call: HttpCall, reply: HttpReply) => RequestError | undefined): Layer {
  function check(call: HttpCall, reply: HttpReply): HttpReply {
    if (reply.status >= 200 && reply.status < 300) return reply;
    const error = toError(call, reply);
    if (error !== undefined) throw error;
    return reply;
  }
  return (next) => (call) => next(call).then((reply) => check(call, reply));
}
