import type { RequestError } from "../../errors.ts";
import { toError } from "./errors.ts";
import { type Fields, integerOf, toFields } from "./fields.ts";

/**
 * What a refusal of the WebSocket API means: the twin of a REST reply; but its `retryAfter` is a moment, where REST has a duration.
 *
 * @throws {ProtocolError} When it does not have the documented form. Source: web-socket-api.md, "Response format", 2026-07.
 */
export function toSocketError(what: string, message: Fields): RequestError {
  const status = integerOf(what, message, "status");
  const error = toFields(`${what}: "error"`, message["error"]);
  const data = error["data"];
  const { serverTime, retryAfter } = (typeof data === "object" && data !== null ? data : {}) as Fields;
  const isTimed = typeof serverTime === "number" && typeof retryAfter === "number";
  const seconds = isTimed ? String((retryAfter - serverTime) / 1000) : undefined;
  return toError(what, { status, retryAfter: seconds, text: JSON.stringify(error) });
}
