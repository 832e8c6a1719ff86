import fc from "fast-check";
import { expect, test } from "vitest";
import { roundDecimal } from "../../src/engines/portfolio-amounts.ts";

test.each([
  ["1.1158", 2, "1.12"],
  ["-0.3158", 2, "-0.32"],
  ["-0.002", 2, "0.00"],
  ["0.005", 2, "0.01"],
  ["-0.005", 2, "-0.01"],
  ["999.995", 2, "1000.00"],
  ["-3.63999999", 2, "-3.64"],
  ["12", 2, "12.00"],
  ["0.5", 0, "1"],
  ["90071992547409931.125", 2, "90071992547409931.13"],
])("%s with %i digits is %s", (text, digits, rounded) => {
  expect(roundDecimal(text, digits)).toBe(rounded);
});

test("is never further off than half of the last digit", () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: 0, max: 8 }), (units, digits) => {
      const sign = units < 0n ? "-" : "";
      const all = String(units < 0n ? -units : units).padStart(9, "0");
      const rounded = roundDecimal(`${sign}${all.slice(0, -8)}.${all.slice(-8)}`, digits);
      const back = BigInt(rounded.replace(".", "")) * 10n ** BigInt(8 - digits);
      const off = back > units ? back - units : units - back;
      expect(2n * off).toBeLessThanOrEqual(10n ** BigInt(8 - digits));
    }),
  );
});
