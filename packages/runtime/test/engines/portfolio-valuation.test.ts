import { expect, test } from "vitest";
import { accountingAsset, Valuation } from "../../src/engines/portfolio-valuation.ts";
import { testInstrument } from "../../src/testing.ts";
import { aaaBbb, aaaUsdt, bbbUsdt } from "./portfolio-fills.ts";

const twiceMids = new Map([
  [aaaBbb, 5_000_000], // 2.5 BBB
  [bbbUsdt, 40_001], // 200.005 USDT
]);

test("values an amount over one instrument or over two, either way, rounded towards zero", () => {
  const valuation = new Valuation([aaaUsdt, aaaBbb, bbbUsdt], (instrument) => twiceMids.get(instrument));
  expect(valuation.tryConvert(1_00000000n, "BBB", "USDT")).toBe(200_00500000n);
  expect(valuation.tryConvert(-2_00000000n, "AAA", "USDT")).toBe(-1000_02500000n); // AAA/USDT has no price
  expect(valuation.tryConvert(400_01000000n, "USDT", "BBB")).toBe(2_00000000n);
  expect(valuation.tryConvert(1n, "USDT", "BBB")).toBe(0n);
  expect(valuation.tryConvert(9n, "USDT", "USDT")).toBe(9n);
});

test("says what it cannot know: no price yet, or no way at all", () => {
  const valuation = new Valuation([aaaUsdt], () => undefined);
  expect(valuation.tryConvert(1n, "AAA", "USDT")).toBeUndefined();
  expect(valuation.hasRoute("AAA", "USDT")).toBe(true);
  expect(valuation.tryConvert(1n, "BNB", "USDT")).toBeUndefined();
  expect(valuation.hasRoute("BNB", "USDT")).toBe(false);
});

test("counts in the asset that most instruments are priced in, the first of equals", () => {
  expect(accountingAsset([aaaBbb, aaaUsdt, bbbUsdt])).toBe("USDT");
  expect(accountingAsset([aaaBbb, testInstrument({ quote: "EUR" })])).toBe("BBB");
});
