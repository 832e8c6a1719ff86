import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  baseUnits,
  formatScaled,
  formatUnits,
  InvalidInputError,
  notionalUnits,
  parseScaled,
  parseUnits,
} from "../../src/index.ts";
import { testInstrument } from "../support/instruments.ts";

describe("parseScaled", () => {
  test("reads decimal text exactly", () => {
    const rows: readonly [text: string, decimals: number, value: number][] = [
      ["61.250", 2, 6_125],
      ["61", 2, 6_100],
      ["0.00000001", 8, 1],
      ["00.10", 1, 1],
      ["90071992547409.91", 2, Number.MAX_SAFE_INTEGER],
      ["5.000", 0, 5],
    ];
    for (const [text, decimals, value] of rows) expect([text, parseScaled(text, decimals)]).toEqual([text, value]);
  });

  test("refuses what is not plain decimal text, does not fit, or is finer", () => {
    for (const text of ["", ".", "1.", ".5", "1..2", "1.2.3", "-1", "+1", "1e5", " 1", "0x1", "1,5", "Infinity"]) {
      expect(() => parseScaled(text, 2)).toThrow(InvalidInputError);
    }
    expect(() => parseScaled("61.251", 2)).toThrow('"61.251" has more than 2 decimals');
    expect(() => parseScaled("90071992547409.92", 2)).toThrow("does not fit 2 decimals exactly");
    expect(() => parseScaled("9".repeat(400), 0)).toThrow("does not fit 0 decimals exactly");
  });

  test("undoes formatScaled for every value and scale", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 0, max: 12 }), (value, decimals) => {
        const text = formatScaled(value, decimals);
        expect(text).toMatch(/^\d+(\.\d*[1-9])?$/);
        expect(parseScaled(text, decimals)).toBe(value);
        expect(parseUnits(text, decimals)).toBe(BigInt(value));
      }),
    );
  });
});

describe("formatScaled", () => {
  test("refuses a number that is not whole, or not exact", () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, 1.5, 2 ** 53, -(2 ** 60), 1e21]) {
      expect(() => formatScaled(value, 2)).toThrow(InvalidInputError);
      expect(() => formatScaled(value, 2)).toThrow(
        `value must be a whole number up to 2^53 - 1, or a bigint, got ${value}`,
      );
    }
    expect(() => formatScaled("5" as never, 2)).toThrow(InvalidInputError);
    expect(formatScaled(2n ** 60n, 2)).toBe("11529215046068469.76");
    expect(formatScaled(-0, 2)).toBe("0");
    expect(formatScaled(-Number.MAX_SAFE_INTEGER, 0)).toBe("-9007199254740991");
  });

  test("refuses decimals that are none, as the readers do", () => {
    for (const decimals of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 101, "2" as never]) {
      for (const use of [
        () => formatScaled(5, decimals),
        () => formatScaled(5n, decimals),
        () => parseScaled("5", decimals),
        () => parseUnits("5", decimals),
      ]) {
        expect(use).toThrow(InvalidInputError);
        expect(use).toThrow(/^decimals must be a (whole )?number from 0 to 100, got /);
      }
    }
  });

  test("readers refuse what is no text", () => {
    for (const text of [undefined, null, 5, {}, ["a"], ["5"], Symbol(), 5n, Object.create(null), new String("5")]) {
      expect(() => parseScaled(text as never, 2)).toThrow(InvalidInputError);
      expect(() => parseUnits(text as never, 2)).toThrow(InvalidInputError);
    }
    expect(() => formatScaled(Object.create(null), 2)).toThrow("value must be a whole number up to 2^53 - 1");
  });
});

test("amounts have any size and sign", () => {
  fc.assert(
    fc.property(fc.bigInt(), (units) => {
      expect(parseUnits(formatUnits(units))).toBe(units);
    }),
  );
  expect(formatUnits(-12_345n)).toBe("-0.00012345");
  expect(() => parseUnits("0.000000001")).toThrow('"0.000000001" has more than 8 decimals');
  expect(() => parseUnits("1e3")).toThrow(InvalidInputError);
});

test("notionals and sizes are exact in the smallest unit, a part below it is dropped", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 12 }),
      fc.integer({ min: 0, max: 12 }),
      fc.maxSafeNat(),
      fc.maxSafeNat(),
      (priceDecimals, sizeDecimals, ticks, lots) => {
        const instrument = testInstrument({ priceDecimals, sizeDecimals });
        const product = BigInt(ticks) * BigInt(lots) * 10n ** 8n;
        expect(notionalUnits(instrument, ticks, lots)).toBe(product / 10n ** BigInt(priceDecimals + sizeDecimals));
        expect(baseUnits(instrument, lots)).toBe((BigInt(lots) * 10n ** 8n) / 10n ** BigInt(sizeDecimals));
      },
    ),
  );
});

test("notionals and sizes of what is no whole number, or no instrument, are refused", () => {
  const instrument = testInstrument();
  const bad = [Number.NaN, 1.5, 2 ** 53, Number.POSITIVE_INFINITY, "x", "", "5", true, null, undefined, new Date(), 5n];
  for (const value of [...bad, Object.create(null), Symbol()] as never[]) {
    for (const [use, field] of [
      [() => notionalUnits(instrument, value, 1), "priceTicks"],
      [() => notionalUnits(instrument, 1, value), "sizeLots"],
      [() => baseUnits(instrument, value), "sizeLots"],
    ] as const) {
      expect(use).toThrow(InvalidInputError);
      expect(use).toThrow(new RegExp(`^${field} must be a (whole )?number`));
    }
  }
  for (const none of [undefined, null, {}, "x", { priceDecimals: "2", sizeDecimals: 3 }] as never[]) {
    expect(() => notionalUnits(none, 1, 1)).toThrow("the instrument's decimals must be a whole number");
  }
  expect(() => baseUnits({} as never, 1)).toThrow("the instrument's decimals must be a whole number");
  expect(notionalUnits(instrument, -5, 3)).toBe(-notionalUnits(instrument, 5, 3));
});
