import { expect, test } from "vitest";
import { type ErrorReply, toError } from "../../../src/venues/axiom/errors.ts";

const error = (status: number, text: string, more: Partial<ErrorReply> = {}) =>
  toError("GET /x", { status, text, nowMs: Date.parse("2026-04-18T12:00:00Z"), ...more });
const said = (words: string) => JSON.stringify({ error: words });

test.each<readonly [status: number, text: string, code: string, outcome: string]>([
  [500, said("Invalid email or password"), "AUTH", "refused"],
  [502, said("Session invalid, please login again"), "AUTH", "refused"],
  [400, said("Turnstile token is required"), "TURNSTILE_REQUIRED", "refused"],
  [500, said("Turnstile token is required"), "TURNSTILE_REQUIRED", "refused"],
  [401, said("Unauthorized"), "AUTH", "refused"],
  [401, "", "AUTH", "refused"],
  [403, said("Forbidden"), "AUTH", "refused"],
  [403, "<title>Attention Required! | Cloudflare</title>", "REJECTED_BY_VENUE", "refused"],
  [400, said("no"), "REJECTED_BY_VENUE", "refused"],
  [404, "<h1>File Not Found</h1><hr><i>uWebSockets/20 Server</i>", "REJECTED_BY_VENUE", "refused"],
  [405, "", "REJECTED_BY_VENUE", "refused"],
  [418, "", "RATE_LIMIT", "refused"],
  [425, "", "RATE_LIMIT", "refused"],
  [429, "", "RATE_LIMIT", "refused"],
  [500, said("internal error"), "VENUE_UNAVAILABLE", "unknown"],
  [502, "<h1>Bad gateway</h1>", "VENUE_UNAVAILABLE", "unknown"],
  [526, "", "VENUE_UNAVAILABLE", "unknown"],
])("HTTP %i with %s is %s, with outcome %s", (status, text, code, outcome) => {
  expect(error(status, text)).toMatchObject({ code, outcome, status });
});

test.each([
  ["7", 7_000],
  ["Sat, 18 Apr 2026 12:01:00 GMT", 60_000],
  ["Sat, 18 Apr 2026 11:00:00 GMT", 0],
  ["soon", 30_000],
  [undefined, 30_000],
])("Retry-After %s of a 429 is %i ms", (retryAfter, ms) => {
  expect(error(429, "", { retryAfter })).toMatchObject({ retryAfterMs: ms });
});

test("a 425 or 418 without Retry-After says nothing of a pause", () => {
  expect(error(425, "")).toMatchObject({ retryAfterMs: 0 });
  expect(error(418, "", { retryAfter: "3" })).toMatchObject({ retryAfterMs: 3_000 });
});

test("words are one line, and no more of them than tells them apart", () => {
  expect(error(400, said(`a\n b ${"x".repeat(300)}`)).message).toBe(`GET /x: a b ${"x".repeat(196)}... (HTTP 400)`);
  expect(error(500, "").message).toBe("GET /x: no text (HTTP 500)");
  expect(error(500, `${said("1")}x`).message).toBe('GET /x: {"error":"1"}x (HTTP 500)');
});
