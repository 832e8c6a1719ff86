import fc from "fast-check";
import { expect, test } from "vitest";
import { RateOf, ShareOfMinute } from "../../src/observe/rates.ts";

test("a rate is of the time since the look before, its average since the start, its peak of the highest look", () => {
  const rate = new RateOf(100);
  expect(rate.look(150, 1_000, 1_000)).toEqual({
    count: 50,
    nowPerSecond: 50,
    averagePerSecond: 50,
    peakPerSecond: 50,
  });
  expect(rate.look(160, 2_000, 3_000)).toEqual({
    count: 60,
    nowPerSecond: 5,
    averagePerSecond: 20,
    peakPerSecond: 50,
  });
});

test("a look right after another makes no peak and divides by nothing", () => {
  const rate = new RateOf(0);
  expect(rate.look(1, 0, 0)).toEqual({ count: 1, nowPerSecond: 0, averagePerSecond: 0, peakPerSecond: 0 });
  expect(rate.look(11, 1, 1).peakPerSecond).toBe(0);
});

test("the share of a minute's requests forgets what is older", () => {
  const share = new ShareOfMinute(0, 0, 0);
  expect(share.look(1, 4, 1e9)).toBe(0.25);
  for (let second = 2; second <= 60; second++) share.look(1, 4, second * 1e9);
  expect(share.look(1, 6, 61e9)).toBe(0);
  expect(share.look(1, 6, 200e9)).toBe(0);
});

test("without a request there is no share, and what is unknown now counts once", () => {
  const share = new ShareOfMinute(3, 10, 0);
  expect(share.look(4, 10, 1e9)).toBe(0);
  expect(share.look(4, 20, 2e9, 2)).toBeCloseTo(0.3);
  expect(share.look(4, 20, 3e9)).toBeCloseTo(0.1);
});

test("a share is never outside 0 to 1, however late answers come", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(5), fc.nat(5), fc.nat(5)), { maxLength: 100 }), (steps) => {
      const share = new ShareOfMinute(0, 0, 0);
      let [part, whole] = [0, 0];
      for (const [i, [failed, made, unknown]] of steps.entries()) {
        part += failed;
        whole += made;
        const ratio = share.look(part, whole, (i + 1) * 1e9, unknown);
        expect(ratio).toBeGreaterThanOrEqual(0);
        expect(ratio).toBeLessThanOrEqual(1);
      }
    }),
  );
});
