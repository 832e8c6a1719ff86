import fc from "fast-check";
import { expect, test } from "vitest";
import { parseRunTime } from "../../src/cli/run-time.ts";

const START_US = 1_767_225_600_000_000; // 2026-01-01T00:00:00Z

test.each([
  ["+12.5s", START_US + 12_500_000],
  ["+3m", START_US + 180_000_000],
  ["+250ms", START_US + 250_000],
  ["2026-01-01T00:00:01Z", START_US + 1_000_000],
  ["2026-01-01T00:00:01.000123Z", START_US + 1_000_123],
  ["2026-01-01T00:00:01.5", START_US + 1_500_000],
  ["2026-01-01T01:00:00+01:00", START_US],
  ["2026-01-02", START_US + 86_400_000_000],
  ["1767225600000007us", START_US + 7],
  ["1767225600000007", START_US + 7],
])("%s is a moment", (text, atUs) => {
  expect(parseRunTime("--at", text, START_US)).toBe(atUs);
});

test.each(["", "12.5s", "+s", "+5d", "yesterday", "2026-13-01T00:00:00Z", "5us", "-3s"])("%s is none", (text) => {
  expect(() => parseRunTime("--at", text, START_US)).toThrow("--at must be a time such as");
});

test("what is printed is understood again", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e15 }), (atUs) => {
      const text = `${new Date(Math.floor(atUs / 1e6) * 1000).toISOString().slice(0, 19)}.${String(atUs % 1e6).padStart(6, "0")}Z`;
      expect(parseRunTime("--at", text, START_US)).toBe(atUs);
    }),
  );
});
