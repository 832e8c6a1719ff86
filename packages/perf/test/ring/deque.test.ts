import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { Deque } from "../../src/ring/index.ts";

const step = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constantFrom("push" as const, "unshift" as const), value: fc.integer() }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constantFrom("pop" as const, "shift" as const), value: fc.constant(0) }),
  },
);

test("behaves as a bounded array with two ends under any sequence of calls, also while it grows", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 70 }),
      fc.array(step, { maxLength: 300 }),
      fc.integer({ min: -80, max: 80 }),
      (capacity, steps, index) => {
        const deque = new Deque<number>(capacity);
        const model: number[] = [];
        for (const { kind, value } of steps) {
          const fits = model.length < capacity;
          if (kind === "push") expect(deque.tryPush(value)).toBe(fits && model.push(value) > 0);
          else if (kind === "unshift") expect(deque.tryUnshift(value)).toBe(fits && model.unshift(value) > 0);
          else if (kind === "pop") expect(deque.pop()).toBe(model.pop());
          else expect(deque.shift()).toBe(model.shift());
          expect(deque.size).toBe(model.length);
          expect(deque.at(index)).toBe(model.at(index));
        }
        expect([...deque]).toEqual(model);
      },
    ),
  );
});

test("holds its capacity exactly, whether that is a power of two or not", () => {
  for (const capacity of [1, 15, 16, 17, 1000, 1024]) {
    const deque = new Deque<number>(capacity);
    for (let i = 0; i < capacity; i++) expect(deque.tryPush(i)).toBe(true);
    expect(deque.tryPush(-1)).toBe(false);
    expect(deque.tryUnshift(-1)).toBe(false);
    expect([...deque]).toEqual(Array.from({ length: capacity }, (_, i) => i));
  }
});

test("is empty and usable after clear", () => {
  const deque = new Deque<number>(100);
  for (let i = 0; i < 100; i++) deque.tryPush(i);
  deque.clear();
  expect([deque.size, deque.shift(), deque.at(0)]).toEqual([0, undefined, undefined]);
  deque.tryUnshift(7);
  expect([...deque]).toEqual([7]);
});

test("refuses a capacity that is not a whole number from 1 to 2^24", () => {
  for (const capacity of [0, 1.5, Number.NaN, 2 ** 24 + 1])
    expect(() => new Deque(capacity)).toThrow(InvalidInputError);
});
