import fc from "fast-check";
import { expect, test } from "vitest";
import { CALM_WEATHER } from "../../src/models/climate.ts";
import { MovedWeather } from "../../src/models/moved-weather.ts";

test("goes there in a straight line, stays, and goes back as fast", () => {
  const weather = new MovedWeather(CALM_WEATHER);
  weather.at(10);
  const end = weather.move(-0.4, 2);
  expect([10, 10.5, 11, 12, 50].map((seconds) => weather.at(seconds).shift)).toEqual([0, -0.1, -0.2, -0.4, -0.4]);
  end();
  end();
  expect([51, 51.5, 52, 60].map((seconds) => weather.at(seconds).shift)).toEqual(
    [-0.2, -0.1, 0, 0].map((x) => expect.closeTo(x, 12)),
  );
});

test("a move that ends on its way goes back from where it is", () => {
  const weather = new MovedWeather(CALM_WEATHER);
  const end = weather.move(0.4, 4);
  expect(weather.at(1).shift).toBeCloseTo(0.1, 12);
  end();
  expect(weather.at(1.5).shift).toBeCloseTo(0.05, 12);
  expect(weather.at(2).shift).toBeCloseTo(0, 12);
});

test("a move that takes no time is there at once", () => {
  const weather = new MovedWeather(CALM_WEATHER);
  const end = weather.move(1, 0);
  expect(weather.at(0).shift).toBe(1);
  end();
  expect(weather.at(0)).toEqual(CALM_WEATHER.at(0));
});

test("whatever moves come and go, the shift is between their sums, and the weather's own when all are over", () => {
  const step = fc.record({
    shift: fc.double({ min: -2, max: 2, noNaN: true }),
    overSeconds: fc.double({ min: 0, max: 20, noNaN: true }),
    waitSeconds: fc.double({ min: 0, max: 10, noNaN: true }),
    ends: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const own = { shift: 0.5, liquidity: 2, pace: 3, selling: 0.1 };
      const weather = new MovedWeather({ ...CALM_WEATHER, at: () => own });
      const ends: (() => void)[] = [];
      let seconds = 0;
      let [least, most] = [own.shift, own.shift];
      for (const { shift, overSeconds, waitSeconds, ends: isLastOver } of steps) {
        ends.push(weather.move(shift, overSeconds));
        least += Math.min(0, shift);
        most += Math.max(0, shift);
        seconds += waitSeconds;
        const climate = weather.at(seconds);
        expect({ ...climate, shift: 0 }).toEqual({ ...own, shift: 0 });
        expect(climate.shift).toBeGreaterThanOrEqual(least - 1e-9);
        expect(climate.shift).toBeLessThanOrEqual(most + 1e-9);
        if (isLastOver) ends.at(-1)!();
      }
      for (const end of ends) end();
      weather.at(seconds + 21);
      expect(weather.at(seconds + 22)).toBe(own);
    }),
  );
});
