import type { RequestError } from "../../errors.ts";
import type { Redactor } from "../../session/secrets.ts";
import { toError } from "./errors.ts";
import { type Fields, integerOf, toFields } from "./fields.ts";

/**
 * What a refusal of the WebSocket API means: the twin of a REST reply; but its `retryAfter` is a moment, where REST has a duration.
 *
 * @param redactor Knows what was sent: the venue may echo it.
 * @throws {ProtocolError} When it does not have the documented form. Source: web-socket-api.md, "Response format", 2026-07.
 */
export function toSocketError(what: string, message: Fields, redactor: Redactor): RequestError {
  const status = integerOf(what, message, "status");
  const error = toFields(`${what}: "error"`, message["error"]);
  const data = error["data"];
  const { serverTime, retryAfter } = (typeof data === "object" && data !== null ? data : {}) as Fields;
  const isTimed = typeof serverTime === "number" && typeof retryAfter === "number";
  const seconds = isTimed ? String((retryAfter - serverTime) / 1000) : undefined;
  return toError(what, { status, retryAfter: seconds, text: redactor.redactReply(JSON.stringify(error)) });
}
