import fc from "fast-check";
import { expect, test } from "vitest";
import { RealizedVolatility } from "../../src/engines/realized-volatility.ts";

const START_US = Date.UTC(2026, 0, 1) * 1000;
const SECONDS_PER_YEAR = 365 * 86_400;

const prices = fc.array(
  fc.record({ afterUs: fc.integer({ min: 0, max: 4_000_000 }), price: fc.integer({ min: 90_000, max: 110_000 }) }),
  { minLength: 1, maxLength: 80 },
);

/** Looks at the price on every whole second, and takes all returns. */
function plain(seen: readonly { readonly atUs: number; readonly price: number }[], length: number): number {
  const second = (us: number) => Math.floor(us / 1_000_000);
  const priceAt = (untilSecond: number) => seen.findLast(({ atUs }) => second(atUs) < untilSecond)?.price;
  const squares: number[] = [];
  let last = seen[0]!.price;
  for (let at = second(seen[0]!.atUs) + 1; at <= second(seen.at(-1)!.atUs); at++) {
    const price = priceAt(at)!;
    squares.push(Math.log(price / last) ** 2);
    last = price;
  }
  const latest = squares.slice(-length);
  return Math.sqrt((latest.reduce((sum, one) => sum + one, 0) / latest.length) * SECONDS_PER_YEAR);
}

test("it is what all one-second returns of the window give, worked out anew", () => {
  fc.assert(
    fc.property(prices, fc.integer({ min: 2, max: 20 }), (steps, length) => {
      const volatility = new RealizedVolatility(length);
      const seen: { atUs: number; price: number }[] = [];
      let atUs = START_US;
      for (const { afterUs, price } of steps) {
        atUs += afterUs;
        seen.push({ atUs, price });
        volatility.price(atUs, price);
        const expected = plain(seen, length);
        if (Number.isNaN(expected)) expect(volatility.perYear).toBeNaN();
        else expect(volatility.perYear).toBeCloseTo(expected, 4);
      }
    }),
  );
});

test("a walk of one basis point a second has the volatility of one, a year long", () => {
  const volatility = new RealizedVolatility();
  for (let i = 0; i <= 300; i++) volatility.price(START_US + i * 1_000_000, i % 2 === 0 ? 10_000 : 10_001);
  expect(volatility.count).toBe(300);
  expect(volatility.perYear).toBeCloseTo(Math.log(10_001 / 10_000) * Math.sqrt((299 / 300) * SECONDS_PER_YEAR), 6);
});
