import { InvalidInputError } from "@pitlane/perf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decimalsOf, formatScaled, formatUnits, parseScaled, parseUnits, tryParseScaled } from "../src/scale.ts";

test.each([
  ["61.25", 2, 6125],
  ["61.250000", 2, 6125],
  ["61", 2, 6100],
  ["0.00000001", 8, 1],
  ["0", 3, 0],
  ["61.251", 2, undefined],
  ["90071992547409.91", 2, Number.MAX_SAFE_INTEGER],
  ["90071992547409.92", 2, undefined],
  ["1e3", 2, undefined],
  ["-1", 2, undefined],
  [".5", 2, undefined],
  ["5.", 2, undefined],
  ["1.2.3", 2, undefined],
  ["", 2, undefined],
])("%j with %i decimals is %j", (text, decimals, value) => {
  expect(tryParseScaled(text, decimals)).toBe(value);
});

test("text and integer say the same, both ways", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.integer({ min: 0, max: 8 }), (value, decimals) => {
      const text = formatScaled(value, decimals);
      expect(text).toMatch(/^\d+\.\d{8}$/);
      expect(parseScaled("price", text, decimals)).toBe(value);
      expect(parseUnits("price", text)).toBe(BigInt(value) * 10n ** BigInt(8 - decimals));
    }),
  );
  fc.assert(
    fc.property(fc.bigInt({ min: 0n }), (units) => {
      expect(parseUnits("free", formatUnits(units))).toBe(units);
    }),
  );
  expect(formatUnits(-150_000_000n)).toBe("-1.50000000");
});

test("decimals are counted without trailing zeros", () => {
  expect(["1", "0.00100", "10.0", "0.5"].map(decimalsOf)).toEqual([0, 3, 0, 1]);
});

test("a bad number is told with its name and its text", () => {
  expect(() => parseScaled("AAAUSDT tickSize", "0,5", 1)).toThrow(InvalidInputError);
  expect(() => parseScaled("AAAUSDT tickSize", "0,5", 1)).toThrow(
    'AAAUSDT tickSize must be decimal text with at most 1 decimals such as "61.25", got "0,5"',
  );
  expect(() => parseUnits("balances.USDT", "0.123456789")).toThrow("balances.USDT");
});
