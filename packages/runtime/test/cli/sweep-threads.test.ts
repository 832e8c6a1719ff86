import fc from "fast-check";
import { expect, test } from "vitest";
import { sweepThreads } from "../../src/cli/backtest-job.ts";

test("a flag is taken at its word; the settings ask for no more threads than there are cores", () => {
  expect(sweepThreads(8, 4, 2)).toBe(8);
  expect(sweepThreads(undefined, 4, 16)).toBe(4);
  expect(sweepThreads(undefined, 4, 2)).toBe(2);
  expect(sweepThreads(undefined, 0, 16)).toBe(16);
});

test("there is always a thread, and never more than 256", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 256 }), fc.integer({ min: 1, max: 1024 }), (setting, cores) => {
      const threads = sweepThreads(undefined, setting, cores);
      expect(threads).toBeGreaterThanOrEqual(1);
      expect(threads).toBeLessThanOrEqual(Math.min(256, cores));
      if (setting > 0) expect(threads).toBeLessThanOrEqual(setting);
    }),
  );
});
