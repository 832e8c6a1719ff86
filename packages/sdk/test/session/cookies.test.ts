import { inspect } from "node:util";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../src/errors.ts";
import { CookieJar, parseSetCookie } from "../../src/session/cookies.ts";

const nowUs = Date.parse("2026-01-01T00:00:00Z") * 1000;

describe("a Set-Cookie header", () => {
  test.each([
    ["a=b", "a", "b", Number.POSITIVE_INFINITY],
    [" a = b ; Path=/; HttpOnly; Secure; SameSite=Lax", "a", "b", Number.POSITIVE_INFINITY],
    ["a=b=c==; Domain=.axiom.trade", "a", "b=c==", Number.POSITIVE_INFINITY],
    ['a="b"', "a", "b", Number.POSITIVE_INFINITY],
    ["a=", "a", "", Number.POSITIVE_INFINITY],
    ["a=b; Max-Age=960", "a", "b", nowUs + 960e6],
    ["a=b; max-age=0", "a", "b", nowUs],
    ["a=b; Max-Age=-5", "a", "b", nowUs - 5e6],
    ["a=b; Max-Age=10; Max-Age=20", "a", "b", nowUs + 20e6],
    ["a=b; Max-Age=soon", "a", "b", Number.POSITIVE_INFINITY],
    ["a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "a", "b", 0],
    ["a=b; expires=Thu, 01-Jan-1970 00:00:01 GMT", "a", "b", 1e6],
    ["a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60", "a", "b", nowUs + 60e6],
    ["a=b; Expires=never", "a", "b", Number.POSITIVE_INFINITY],
  ])("is read: %s", (header, name, value, expiresAtUs) => {
    expect(parseSetCookie(header, nowUs)).toEqual({ name, value, expiresAtUs });
  });

  test.each(["", "a", "=b", "; a=b", "a b=c", "a=b\u0001c", "a=b\r\nX: y", `a=${"x".repeat(5000)}`])(
    "that describes no cookie is ignored: %j",
    (header) => {
      expect(parseSetCookie(header, nowUs)).toBeUndefined();
    },
  );
});

describe("a jar", () => {
  test("merges what replies set: adds, replaces, deletes", () => {
    const jar = new CookieJar({ access: "old", refresh: "kept", otp: "step" });
    expect(jar.merge(["access=new; Path=/", "otp=; Max-Age=0", "cf=1", "nonsense"], nowUs)).toEqual([
      "access",
      "otp",
      "cf",
    ]);
    expect(jar.header(nowUs)).toBe("refresh=kept; access=new; cf=1");
    expect(jar.toRecord(nowUs)).toEqual({ refresh: "kept", access: "new", cf: "1" });
    expect([jar.get("otp"), jar.toJSON()]).toEqual([undefined, ["refresh", "access", "cf"]]);
    expect(jar.merge(undefined, nowUs)).toEqual([]);
    expect(jar.merge("cf=2", nowUs)).toEqual(["cf"]);
    expect(jar.get("cf")).toBe("2");
  });

  test("sends nothing that has ended", () => {
    const jar = new CookieJar();
    jar.merge(["short=1; Max-Age=60", "long=2; Max-Age=120"], nowUs);
    expect(jar.header(nowUs + 59e6)).toBe("short=1; long=2");
    expect(jar.header(nowUs + 60e6)).toBe("long=2");
    expect(jar.get("short", nowUs + 60e6)).toBeUndefined();
    expect(jar.toRecord(nowUs + 60e6)).toEqual({ long: "2" });
    expect(jar.header(nowUs + 200e6)).toBe("");
  });

  test("sends the named ones alone, in the order asked for", () => {
    const jar = new CookieJar("a=1; b=2; c=3");
    expect(jar.header(nowUs, ["c", "missing", "a"])).toBe("c=3; a=1");
  });

  test("begins with a header as a browser shows it", () => {
    expect(new CookieJar('  a=1;b=x=y ; c="q"; ').header(nowUs)).toBe("a=1; b=x=y; c=q");
  });

  test("keeps 50, of which the one set longest ago gives way", () => {
    const jar = new CookieJar();
    for (let i = 0; i < 50; i++) jar.set(`c${i}`, "x");
    jar.set("c0", "again");
    jar.set("one-more", "x");
    expect(jar.get("c1")).toBeUndefined();
    expect(jar.get("c0")).toBe("again");
    expect(jar.header(nowUs).split("; ")).toHaveLength(50);
  });

  test.each([
    { "a b": "c" },
    { a: "SECRET;x" },
    { a: "SECRET\r\nX: y" },
    { a: "SECRET x" },
    { a: `SECRET${"x".repeat(5000)}` },
    { a: 5 as unknown as string },
    "SECRET",
  ])("refuses what no header can carry, without showing a value: %#", (cookies) => {
    const error = (() => {
      try {
        return new CookieJar(cookies as Record<string, string>);
      } catch (thrown) {
        return thrown;
      }
    })();
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(inspect(error)).not.toContain("SECRET");
  });

  test("shows names and no values when it is printed", () => {
    const jar = new CookieJar({ access: "SECRET" });
    expect(inspect(jar, { showHidden: true, depth: null })).toBe("CookieJar(access)");
    expect(JSON.stringify(jar)).toBe('["access"]');
  });

  test("whatever a server sends, the header stays one line of pairs", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary" })), (headers) => {
        const jar = new CookieJar();
        jar.merge(headers, nowUs);
        expect(jar.header(nowUs)).toMatch(/^([^\s;,"]+=[^\s;,"]*(; |$))*$/);
      }),
    );
  });
});
