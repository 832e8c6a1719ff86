import fc from "fast-check";
import { expect, test } from "vitest";
import { equityGrid } from "../../src/backtest/equity-grid.ts";

const MINUTE_US = 60_000_000;
const HOUR_US = 60 * MINUTE_US;
const DAY_US = 24 * HOUR_US;

test.each([
  ["400 daily bars", { spanUs: 400 * DAY_US, barUs: DAY_US }, DAY_US, DAY_US],
  ["11 one-minute bars", { spanUs: 11 * MINUTE_US, barUs: MINUTE_US }, MINUTE_US, MINUTE_US],
  ["90 days of minutes", { spanUs: 90 * DAY_US, barUs: MINUTE_US }, 72 * MINUTE_US, DAY_US],
  ["29 days of minutes", { spanUs: 29 * DAY_US, barUs: MINUTE_US }, 30 * MINUTE_US, HOUR_US],
  ["a year of weeks", { spanUs: 364 * DAY_US, barUs: 7 * DAY_US }, 7 * DAY_US, 7 * DAY_US],
  ["40 days of 3 days", { spanUs: 39 * DAY_US, barUs: 3 * DAY_US }, 3 * DAY_US, 3 * DAY_US],
  ["ten minutes of ticks", { spanUs: 10 * MINUTE_US, barUs: 0 }, 1e6, 1e6],
  ["ten years of days", { spanUs: 3650 * DAY_US, barUs: DAY_US }, 2 * DAY_US, 2 * DAY_US],
])("%s", (_, span, intervalUs, periodUs) => {
  expect(equityGrid({ ...span, points: 2000 })).toEqual({ intervalUs, periodUs });
});

test("a period is a whole number of intervals and of bars, and the points are never too many", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 5000 * DAY_US }),
      fc.constantFrom(0, 1e6, MINUTE_US, 3 * MINUTE_US, HOUR_US, 8 * HOUR_US, DAY_US, 3 * DAY_US, 7 * DAY_US),
      fc.integer({ min: 16, max: 5000 }),
      (spanUs, barUs, points) => {
        const { intervalUs, periodUs } = equityGrid({ spanUs, barUs, points });
        expect(periodUs % intervalUs).toBe(0);
        expect(intervalUs % (barUs === 0 ? 1e6 : barUs)).toBe(0);
        expect(Math.ceil(spanUs / intervalUs)).toBeLessThanOrEqual(points);
      },
    ),
  );
});
