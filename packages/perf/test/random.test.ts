import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandom, InvalidInputError } from "../src/index.ts";

const draws = (seed: number, count: number) => {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => random.next());
};

test("the same seed gives the same draws, another seed others", () => {
  expect(draws(7, 100)).toEqual(draws(7, 100));
  expect(draws(7, 100)).not.toEqual(draws(8, 100));
});

test("a fork depends on seed and label alone, not on what was drawn before", () => {
  const untouched = createRandom(3).fork("AAA");
  const used = createRandom(3);
  for (let i = 0; i < 10; i++) used.next();
  expect(used.fork("AAA").next()).toBe(untouched.next());
  expect(createRandom(3).fork("BBB").next()).not.toBe(createRandom(3).fork("AAA").next());
});

test("integers stay in their range and reach both ends", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffffffff }), fc.integer({ min: -50, max: 50 }), (seed, min) => {
      const random = createRandom(seed);
      const seen = new Set(Array.from({ length: 200 }, () => random.integer(min, min + 3)));
      expect([...seen].sort((a, b) => a - b)).toEqual([min, min + 1, min + 2, min + 3]);
    }),
  );
});

test("normal and exponential draws have their moments", () => {
  const random = createRandom(11);
  const count = 200_000;
  let sum = 0;
  let squares = 0;
  let gaps = 0;
  for (let i = 0; i < count; i++) {
    const x = random.normal();
    sum += x;
    squares += x * x;
    gaps += random.exponential(25);
  }
  expect(Math.abs(sum / count)).toBeLessThan(0.01);
  expect(Math.abs(squares / count - 1)).toBeLessThan(0.02);
  expect(Math.abs(gaps / count - 25)).toBeLessThan(0.3);
});

test("refuses a seed that is not a 32-bit whole number", () => {
  expect(() => createRandom(1.5)).toThrow(InvalidInputError);
  expect(() => createRandom(-1)).toThrow("seed must be a number from 0 to 4294967295, got -1");
});
