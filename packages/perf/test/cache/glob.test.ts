import * as fc from "fast-check";
import { expect, test } from "vitest";
import { matchesGlob } from "../../src/cache/glob.ts";

test("a star is any run of characters, a question mark exactly one", () => {
  expect(matchesGlob("orders:*:open", "orders:binance:open")).toBe(true);
  expect(matchesGlob("orders:*", "orders:")).toBe(true);
  expect(matchesGlob("orders:?", "orders:")).toBe(false);
  expect(matchesGlob("orders:?", "orders:😀")).toBe(true);
  expect(matchesGlob("orders", "orders:1")).toBe(false);
});

test("everything else stands for itself", () => {
  expect(matchesGlob("a[bc].\\", "a[bc].\\")).toBe(true);
  expect(matchesGlob("a[bc]", "ab")).toBe(false);
  expect(matchesGlob("a.", "ab")).toBe(false);
});

test("agrees with the regular expression of the same meaning", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "[", ".", "😀"), maxLength: 12 });
  const pattern = fc.string({ unit: fc.constantFrom("a", "b", "[", ".", "😀", "*", "?"), maxLength: 8 });
  fc.assert(
    fc.property(pattern, text, (glob, candidate) => {
      const source = [...glob].map((c) => (c === "*" ? ".*" : c === "?" ? "." : c.replace(/[[.]/, "\\$&"))).join("");
      expect(matchesGlob(glob, candidate)).toBe(new RegExp(`^${source}$`, "su").test(candidate));
    }),
    { numRuns: 2_000 },
  );
});

test("a pattern of many stars takes no longer than pattern times text", () => {
  expect(matchesGlob("*a".repeat(200), `${"a".repeat(1_000)}b`)).toBe(false); // backtracking into every star would never end
});
