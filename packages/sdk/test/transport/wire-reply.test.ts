import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { headerOf, WireReply } from "../../src/transport/wire-reply.ts";
import { replyOf } from "./support.ts";

function received(...headers: readonly (readonly [string, string])[]): WireReply {
  const raw = headers.flat().map((text) => Buffer.from(text, "latin1"));
  return new WireReply(200, raw, Buffer.alloc(0));
}

describe("headers", () => {
  test("have names in lower case, and a list of values where there are several", () => {
    const { headers } = received(["Content-Type", "a"], ["Set-Cookie", "1"], ["set-cookie", "2"], ["SET-COOKIE", "3"]);
    expect(headers).toEqual({ "content-type": "a", "set-cookie": ["1", "2", "3"] });
  });

  test("are made once", () => {
    const reply = received(["a", "1"]);
    expect(reply.headers).toBe(reply.headers);
  });

  test("may have any name", () => {
    const { headers } = received(["__proto__", "1"], ["constructor", "2"]);
    expect(Object.entries(headers)).toEqual([
      ["__proto__", "1"],
      ["constructor", "2"],
    ]);
    expect(headers["toString"]).toBeUndefined();
  });
});

describe("headerOf", () => {
  test("finds what the headers hold, the first value of several", () => {
    const name = fc.stringMatching(/^[a-zA-Z0-9_-]{1,6}$/);
    fc.assert(
      fc.property(fc.array(fc.tuple(name, fc.stringMatching(/^[ -~]{0,5}$/))), name, (headers, asked) => {
        const reply = received(...headers);
        for (const wanted of [asked.toLowerCase(), ...headers.map(([given]) => given.toLowerCase())]) {
          const value = reply.headers[wanted];
          expect(headerOf(reply, wanted)).toBe(typeof value === "object" ? value[0] : value);
        }
      }),
    );
  });

  test("works on any other reply", () => {
    const reply = replyOf(200, "", { "retry-after": "3", "set-cookie": ["1", "2"] });
    expect(headerOf(reply, "retry-after")).toBe("3");
    expect(headerOf(reply, "set-cookie")).toBe("1");
    expect(headerOf(reply, "date")).toBeUndefined();
  });
});
