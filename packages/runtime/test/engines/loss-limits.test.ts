import fc from "fast-check";
import { expect, test } from "vitest";
import { LossLimits } from "../../src/engines/loss-limits.ts";

const DAY_US = 86_400_000_000;
const usdt = (units: bigint) => new Map([["USDT", units]]);

test("a day's loss is a breach once, above its limit, and over with the day", () => {
  const losses = new LossLimits({ maxDrawdown: 0n, maxDailyLoss: 100n });
  expect(losses.update(1, usdt(0n))).toBeUndefined();
  expect(losses.update(2, usdt(-100n))).toBeUndefined();
  expect(losses.update(3, usdt(-101n))).toMatchObject({ code: "MAX_DAILY_LOSS", quote: "USDT" });
  expect(losses.update(4, usdt(-150n))).toBeUndefined(); // it was told
  expect(losses.breachOf("USDT")?.code).toBe("MAX_DAILY_LOSS");
  expect(losses.breachOf("BTC")).toBeUndefined();
  losses.update(DAY_US + 1, usdt(-150n));
  expect(losses.breachOf("USDT")).toBeUndefined();
});

test("a first trade that loses counts from nothing", () => {
  const losses = new LossLimits({ maxDrawdown: 100n, maxDailyLoss: 0n });
  expect(losses.update(1, usdt(-101n))?.code).toBe("MAX_DRAWDOWN");
});

test("a drawdown counts from the highest profit, over days", () => {
  const losses = new LossLimits({ maxDrawdown: 100n, maxDailyLoss: 0n });
  losses.update(1, usdt(500n));
  expect(losses.update(DAY_US + 1, usdt(400n))).toBeUndefined();
  expect(losses.update(DAY_US * 2, usdt(399n))?.code).toBe("MAX_DRAWDOWN");
  losses.update(DAY_US * 2 + 1, usdt(450n));
  expect(losses.breachOf("USDT")).toBeUndefined();
});

test("going on grants the limit once more from there, until the loss is made good", () => {
  const losses = new LossLimits({ maxDrawdown: 100n, maxDailyLoss: 0n });
  losses.update(1, usdt(0n));
  losses.update(2, usdt(-120n));
  losses.grant();
  expect(losses.breachOf("USDT")).toBeUndefined();
  expect(losses.update(3, usdt(-220n))).toBeUndefined();
  expect(losses.update(4, usdt(-221n))?.code).toBe("MAX_DRAWDOWN");
  losses.update(5, usdt(0n));
  expect(losses.update(6, usdt(-101n))?.code).toBe("MAX_DRAWDOWN"); // the grant is used up
});

test("what was recorded goes on as if nothing had happened", () => {
  const value = fc.bigInt({ min: -1000n, max: 1000n });
  const step = fc.oneof(value, fc.constant("grant" as const));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), fc.nat(40), (steps, restartAt) => {
      const options = { maxDrawdown: 300n, maxDailyLoss: 200n };
      const whole = new LossLimits(options);
      let parted = new LossLimits(options);
      for (const [i, happening] of steps.entries()) {
        if (i === restartAt) {
          const next = new LossLimits(options);
          next.restore(JSON.parse(JSON.stringify(parted.record())));
          parted = next;
        }
        const nowUs = i * (DAY_US / 7);
        const results = [whole, parted].map((losses) =>
          happening === "grant" ? losses.grant() : losses.update(nowUs, usdt(happening)),
        );
        expect(results[1]).toEqual(results[0]);
        expect(parted.breachOf("USDT")).toEqual(whole.breachOf("USDT"));
      }
    }),
  );
});
