import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ProtocolError } from "../../../../src/errors.ts";
import { exactUnits, parseJsonKeepingNumbers, toLamports } from "../../../../src/venues/axiom/wire/balance.ts";

describe("balances of SOL", () => {
  test("are read exactly from every form that was seen", () => {
    const json = `{"a":{"balanceSol":1.5},"b":0.000000001,"c":{"sol":"2"},"d":{"solBalance":3e-7},"e":{"balance":12},"f":{"sol_balance":0.1}}`;
    const entries = parseJsonKeepingNumbers("test", json) as Record<string, unknown>;
    const lamports = Object.entries(entries).map(([wallet, entry]) => toLamports(entry, wallet));
    expect(lamports).toEqual([1_500_000_000n, 1n, 2_000_000_000n, 300n, 12_000_000_000n, 100_000_000n]);
  });

  test("do not go through a float", () => {
    const entries = parseJsonKeepingNumbers("test", `{"a":9007199254740993.123456789}`) as Record<string, unknown>;
    expect(toLamports(entries["a"], "a")).toBe(9007199254740993_123456789n);
  });

  test("that are no number of lamports are refused, not rounded", () => {
    expect(() => toLamports("0.30000000000000004", "w")).toThrow(
      "the balance of w is no exact number of lamports: 0.30000000000000004",
    );
    expect(() => toLamports("-1", "w")).toThrow(ProtocolError);
    expect(() => toLamports({ lamports: "1" }, "w")).toThrow("the entry of w has none of the known forms");
    expect(() => toLamports(null, "w")).toThrow(ProtocolError);
  });

  test("printed as JavaScript prints them are read back to the lamport", () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 999_999_999_999_999n), (lamports) => {
        const json = JSON.stringify({ w: { balanceSol: Number(lamports) / 1e9 } });
        const { w } = parseJsonKeepingNumbers("test", json) as Record<string, unknown>;
        expect(toLamports(w, "w")).toBe(lamports);
      }),
    );
  });
});

describe("JSON with its numbers as text", () => {
  test("is the same JSON, whatever is in its strings", () => {
    const asText = (value: unknown): unknown => {
      if (typeof value === "number") return JSON.stringify(value);
      if (Array.isArray(value)) return value.map(asText);
      if (typeof value !== "object" || value === null) return value;
      return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, asText(one)]));
    };
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
        expect(parseJsonKeepingNumbers("test", JSON.stringify(value))).toEqual(asText(value));
      }),
    );
  });

  test("that is no JSON is refused without its words", () => {
    expect(() => parseJsonKeepingNumbers("test", "<html>planted-secret")).toThrow(new ProtocolError("test: not JSON"));
  });
});

test("decimal text with an exponent is exact or nothing", () => {
  expect(exactUnits("1e-9", 9)).toBe(1n);
  expect(exactUnits("1e-10", 9)).toBeUndefined();
  expect(exactUnits("1.50e2", 9)).toBe(150_000_000_000n);
  expect(exactUnits("-0.5", 9)).toBe(-500_000_000n);
  expect(exactUnits("0.0000", 2)).toBe(0n);
  expect(exactUnits("", 9)).toBeUndefined();
  expect(exactUnits("0x10", 9)).toBeUndefined();
  expect(exactUnits("NaN", 9)).toBeUndefined();
});
