import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  AuthError,
  NetworkError,
  OrderNotFoundError,
  OutcomeUnknownError,
  ProtocolError,
  RateLimitError,
  RejectedError,
  TimeoutError,
  VenueUnavailableError,
} from "../../../src/index.ts";
import { afterWrite, toError } from "../../../src/venues/binance/errors.ts";

const reply = (code: number, msg: string) => JSON.stringify({ code, msg });
const html = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>";

describe("toError", () => {
  const rows: readonly [status: number, text: string, kind: new (...args: never[]) => Error, outcome: string][] = [
    [400, reply(-2010, "Account has insufficient balance for requested action."), RejectedError, "refused"],
    [400, reply(-2010, "Duplicate order sent."), RejectedError, "refused"],
    [400, reply(-1013, "Filter failure: LOT_SIZE"), RejectedError, "refused"],
    [400, reply(-1121, "Invalid symbol."), RejectedError, "refused"],
    [409, reply(-2021, "Order cancel-replace partially failed."), RejectedError, "refused"],
    [400, reply(-2013, "Order does not exist."), OrderNotFoundError, "refused"],
    [400, reply(-2011, "Unknown order sent."), OrderNotFoundError, "refused"],
    [400, reply(-2011, "Order was not canceled due to cancel restrictions."), RejectedError, "refused"],
    [400, reply(-1021, "Timestamp for this request is outside of the recvWindow."), AuthError, "refused"],
    [400, reply(-1022, "Signature for this request is not valid."), AuthError, "refused"],
    [401, reply(-2014, "API-key format invalid."), AuthError, "refused"],
    [401, reply(-2015, "Invalid API-key, IP, or permissions for action."), AuthError, "refused"],
    [401, "", AuthError, "refused"],
    [429, reply(-1003, "Too much request weight used."), RateLimitError, "refused"],
    [418, reply(-1003, "Way too many requests; IP banned."), RateLimitError, "refused"],
    [429, reply(-1015, "Too many new orders."), RateLimitError, "refused"],
    [418, html, RateLimitError, "refused"],
    [500, reply(-1000, "An unknown error occurred."), VenueUnavailableError, "unknown"],
    [503, reply(-1008, "Request throttled by system-level protection."), VenueUnavailableError, "unknown"],
    [502, html, VenueUnavailableError, "unknown"],
    [504, "", VenueUnavailableError, "unknown"],
    [408, reply(-1007, "Timeout waiting for response from backend server."), VenueUnavailableError, "unknown"],
    [400, reply(-1006, "An unexpected response was received from the message bus."), VenueUnavailableError, "unknown"],
    [403, html, VenueUnavailableError, "unknown"],
    [410, html, VenueUnavailableError, "unknown"],
    [400, '{"unexpected":true}', VenueUnavailableError, "unknown"],
  ];
  for (const [status, text, kind, outcome] of rows) {
    test(`HTTP ${status} with ${text.slice(0, 60) || "nothing"} is ${kind.name}, outcome ${outcome}`, () => {
      const error = toError("POST /order", { status, text });
      expect(error).toBeInstanceOf(kind);
      expect(error).toMatchObject({ outcome, status });
    });
  }

  test("keeps the venue's code and words", () => {
    const error = toError("POST /order", { status: 400, text: reply(-2010, "Market is closed.") });
    expect(error).toMatchObject({ venueCode: -2010, venueText: "Market is closed." });
    expect(error.message).toBe("POST /order: -2010 Market is closed. (HTTP 400)");
  });

  test("shows the start of a page on one line", () => {
    const error = toError("GET /time", { status: 502, text: `<html>\n\n  <b>${"x".repeat(500)}` });
    expect(error.message).toMatch(/^GET \/time: <html> <b>x{190}\.\.\. \(HTTP 502\)$/);
  });

  test("reads Retry-After as seconds, and a missing or odd one as none", () => {
    const of = (retryAfter: string | undefined) => toError("x", { status: 429, retryAfter, text: reply(-1003, "x") });
    expect(of("7")).toMatchObject({ retryAfterMs: 7_000 });
    expect(of("0.0001")).toMatchObject({ retryAfterMs: 1 });
    expect(of(undefined)).toMatchObject({ retryAfterMs: 0 });
    expect(of("-3")).toMatchObject({ retryAfterMs: 0 });
    expect(of("Wed, 21 Oct 2026 07:28:00 GMT")).toMatchObject({ retryAfterMs: 0 });
  });

  test("never calls an outcome refused for a 5xx, whatever its body says", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 500, max: 599 }),
        fc.oneof(
          fc.string(),
          fc.integer().map((code) => reply(code, "x")),
        ),
        (status, text) => {
          expect(toError("x", { status, text }).outcome).toBe("unknown");
        },
      ),
    );
  });
});

describe("afterWrite", () => {
  test("turns every unknown outcome into the word to ask instead of resending", () => {
    const unknown = [
      new NetworkError("x", { outcome: "unknown" }),
      new TimeoutError("x", { outcome: "unknown" }),
      new ProtocolError("x"),
      toError("x", { status: 502, text: html }),
    ];
    for (const cause of unknown) {
      const error = afterWrite(cause, "id-1");
      expect(error).toBeInstanceOf(OutcomeUnknownError);
      expect(error).toMatchObject({ clientOrderId: "id-1", retryable: false, outcome: "unknown", cause });
    }
  });

  test("leaves a refusal, an unsent request and an error of the program as they are", () => {
    const others = [
      new NetworkError("x", { outcome: "unsent" }),
      toError("x", { status: 400, text: reply(-2010, "x") }),
      new TypeError("a mistake"),
    ];
    for (const error of others) expect(afterWrite(error, "id-1")).toBe(error);
  });
});
