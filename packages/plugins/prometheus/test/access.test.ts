import { describe, expect, test } from "vitest";
import { type Asked, refuse, takesGzip } from "../src/access.ts";

const TOKEN = "a-token-of-some-length";

function statusOf(asked: Partial<Asked>, token?: string) {
  const rules = { path: "/metrics", token };
  return refuse({ method: "GET", url: "/metrics", headers: { host: "localhost:9464" }, ...asked }, rules)?.status;
}

describe("who gets the metrics", () => {
  test.each(["127.0.0.1:9464", "127.0.0.1", "localhost", "LOCALHOST:80", "[::1]:9464", "[::1]"])(
    "a request to %s does",
    (host) => {
      expect(statusOf({ headers: { host } })).toBeUndefined();
    },
  );

  test.each([
    "evil.example",
    "evil.example:9464",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "",
    "::1",
    "[::1]x",
  ])("a request to another name does not: %j", (host) => {
    expect(statusOf({ headers: { host } })).toBe(421);
  });

  test("a request without a Host does not", () => {
    expect(statusOf({ headers: {} })).toBe(421);
  });

  test("with a token, the name does not matter and the token does", () => {
    const host = "metrics.example";
    expect(statusOf({ headers: { host, authorization: `Bearer ${TOKEN}` } }, TOKEN)).toBeUndefined();
    for (const authorization of [undefined, "", TOKEN, "Bearer ", `Bearer ${TOKEN}x`, `bearer ${TOKEN.toUpperCase()}`])
      expect(statusOf({ headers: { host, authorization } }, TOKEN)).toBe(401);
  });

  test("a wrong token is told before anything about paths", () => {
    expect(statusOf({ url: "/secret-place", headers: { host: "localhost" } }, TOKEN)).toBe(401);
  });

  test("another path is not found, a query does no harm", () => {
    expect(statusOf({ url: "/" })).toBe(404);
    expect(statusOf({ url: "/metrics/" })).toBe(404);
    expect(statusOf({ url: "/metrics?x=1" })).toBeUndefined();
  });

  test("GET and HEAD are taken, others refused with what is allowed", () => {
    expect(statusOf({ method: "HEAD" })).toBeUndefined();
    for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) expect(statusOf({ method })).toBe(405);
  });
});

test.each([
  ["gzip", true],
  ["gzip, deflate, br", true],
  ["GZIP;q=0.5", true],
  ["*", true],
  ["x-gzip", true],
  ["gzip;q=0", false],
  ["*, gzip;q=0", false],
  ["br", false],
  ["gzip;q=none", false],
  ["", false],
  [undefined, false],
])("an Accept-Encoding of %j takes gzip: %s", (header, expected) => {
  expect(takesGzip(header)).toBe(expected);
});
