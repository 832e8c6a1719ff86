import fc from "fast-check";
import { expect, test } from "vitest";
import { EquityTracker } from "../../src/engines/equity.ts";

const DAY_US = 86_400_000_000;

test("follows the highest value, the fall below it, and the present day", () => {
  const equity = new EquityTracker();
  expect([equity.isStarted, equity.drawdownUnits, equity.dayProfitUnits]).toEqual([false, 0n, 0n]);
  equity.update(10, 100n);
  equity.update(20, 130n);
  equity.update(30, 90n);
  expect([equity.peakUnits, equity.drawdownUnits, equity.dayProfitUnits]).toEqual([130n, 40n, -10n]);
  equity.update(DAY_US, 95n); // the day opened with what the last one left
  expect([equity.drawdownUnits, equity.maxDrawdownUnits, equity.dayProfitUnits]).toEqual([35n, 40n, 5n]);
});

const largest = (values: readonly bigint[]) => [...values].sort((a, b) => (a < b ? -1 : 1)).at(-1)!;

test("equals a plain recomputation, and goes on from its record", () => {
  const step = fc.record({
    afterUs: fc.integer({ min: 0, max: DAY_US }),
    units: fc.bigInt({ min: -1000n, max: 1000n }),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), fc.nat(), (steps, cut) => {
      let equity = new EquityTracker();
      let nowUs = 0;
      const seen: { day: number; units: bigint }[] = [];
      for (const [index, { afterUs, units }] of steps.entries()) {
        nowUs += afterUs;
        equity.update(nowUs, units);
        seen.push({ day: Math.floor(nowUs / DAY_US), units });
        if (index === cut % steps.length) {
          const restored = new EquityTracker();
          restored.restore(JSON.parse(JSON.stringify(equity.record())));
          equity = restored;
        }
        const peaks = seen.map((_, i) => largest(seen.slice(0, i + 1).map((one) => one.units)));
        const falls = seen.map(({ units: one }, i) => peaks[i]! - one);
        const before = seen.filter(({ day }) => day < seen.at(-1)!.day).at(-1) ?? seen[0]!;
        expect(equity.peakUnits).toBe(peaks.at(-1));
        expect(equity.drawdownUnits).toBe(falls.at(-1));
        expect(equity.maxDrawdownUnits).toBe(largest(falls));
        expect(equity.dayProfitUnits).toBe(units - before.units);
      }
    }),
  );
});
