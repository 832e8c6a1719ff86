import fc from "fast-check";
import { expect, test } from "vitest";
import { SimAccount } from "../../src/backtest/sim-account.ts";

const account = (makerBps: number, takerBps: number) =>
  new SimAccount(new Map([["USDT", 1_000n]]), { makerBps, takerBps });

test("commission is on what is received, rounded down to the smallest unit, and a rebate too", () => {
  expect(account(10, 7.5).receive("AAA", 1_999n, true)).toBe(1n); // of 1.999
  expect(account(10, 7.5).receive("AAA", 10_000n, false)).toBe(7n); // of 7.5
  expect(account(-1, 7.5).receive("AAA", 19_999n, true)).toBe(-1n); // of -1.9999
});

test("nothing can be held or paid that is not free", () => {
  const own = account(0, 0);
  expect(own.tryHold("USDT", 600n)).toBe(true);
  expect(own.tryHold("USDT", 401n)).toBe(false);
  expect(own.tryPay("USDT", 401n)).toBe(false);
  own.release("USDT", 600n);
  expect(own.tryPay("USDT", 1_000n)).toBe(true);
});

test("holding and releasing leave the total as it is", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 0n, max: 400n }), { maxLength: 20 }), (amounts) => {
      const own = account(0, 0);
      const held = amounts.filter((units) => own.tryHold("USDT", units));
      expect(own.totals().get("USDT")).toBe(1_000n);
      for (const units of held) own.release("USDT", units);
      expect(own.tryPay("USDT", 1_000n)).toBe(true);
    }),
  );
});

test("rates finer than a hundredth of a basis point, or out of range, are refused by name", () => {
  expect(() => account(0.001, 0)).toThrow("fees.makerBps");
  expect(() => account(0, 10_001)).toThrow("fees.takerBps");
});
