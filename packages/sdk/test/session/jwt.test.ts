import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PitlaneError } from "../../src/errors.ts";
import { UnreadableTokenError } from "../../src/session/errors.ts";
import { readTokenClaims, readTokenTimes } from "../../src/session/jwt.ts";
import { tokenOf } from "./support.ts";

test("reads when a token was issued and ends", () => {
  const token = tokenOf({ scope: "web", iat: 1_767_225_600, exp: 1_767_226_560 });
  expect(readTokenTimes(token)).toEqual({ issuedAtUs: 1_767_225_600_000_000, expiresAtUs: 1_767_226_560_000_000 });
  expect(readTokenClaims(token)["scope"]).toBe("web");
});

test("a token without an end has none, and a fraction of a second counts", () => {
  expect(readTokenTimes(tokenOf({ iat: 12.5 }))).toEqual({ issuedAtUs: 12_500_000, expiresAtUs: undefined });
  expect(readTokenTimes(tokenOf({}))).toEqual({ issuedAtUs: undefined, expiresAtUs: undefined });
});

test("reads the example of RFC 7519, section 3.1", () => {
  const token =
    "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  expect(readTokenTimes(token).expiresAtUs).toBe(1_300_819_380_000_000);
});

test("takes an unsecured token, whose signature is empty", () => {
  expect(readTokenTimes(`${tokenOf({ exp: 5 }).split(".").slice(0, 2).join(".")}.`).expiresAtUs).toBe(5_000_000);
});

describe("an unreadable token", () => {
  const part = (text: string) => Buffer.from(text).toString("base64url");
  test.each([
    ["empty", ""],
    ["opaque", "opaque-SECRET-token"],
    ["two parts", `${part("{}")}.${part('{"SECRET":1}')}`],
    ["encrypted, five parts", [1, 2, 3, 4, 5].map(() => part("SECRET")).join(".")],
    ["claims that are no JSON", `${part("{}")}.${part("SECRET")}.x`],
    ["claims that are no object", `${part("{}")}.${part('["SECRET"]')}.x`],
    ["null claims", `${part("{}")}.${part("null")}.x`],
    ["other characters", `${part("{}")}.SECRET+.x`],
    ["an end in words", tokenOf({ exp: "SECRET" })],
    ["an end before time", tokenOf({ exp: -1 })],
    ["an end beyond numbers", tokenOf({ exp: 1e300 })],
    ["an issue that is null", tokenOf({ iat: null })],
    ["longer than any header", `${part("{}")}.${"A".repeat(17_000)}.x`],
  ])("is told by a typed error that does not show it: %s", (_, token) => {
    const error = (() => {
      try {
        return readTokenTimes(token, "tokens.accessToken");
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(UnreadableTokenError);
    expect(error).toBeInstanceOf(PitlaneError);
    expect(error).toMatchObject({ code: "TOKEN_UNREADABLE", retryable: false });
    expect((error as Error).message).toMatch(/^tokens\.accessToken /);
    expect(inspect(error, { showHidden: true, depth: null })).not.toMatch(/SECRET|U0VDUkVU/);
  });

  test("whatever is given, it is read or refused by that error", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.anything(),
          fc.json().map((json) => `e30.${part(json)}.x`),
        ),
        (token) => {
          try {
            readTokenTimes(token as string);
          } catch (error) {
            expect(error).toBeInstanceOf(UnreadableTokenError);
          }
        },
      ),
    );
  });
});
