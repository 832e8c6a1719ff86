import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { Ring } from "../../src/ring/index.ts";

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("push" as const), value: fc.integer() }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("shift" as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("drain" as const), max: fc.integer({ min: 0, max: 10 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("clear" as const) }) },
);

test("behaves as a bounded queue under any sequence of calls", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 200 }), (capacity, steps) => {
      const ring = new Ring<number>(capacity);
      const model: number[] = [];
      for (const { kind, ...step } of steps) {
        if (kind === "push") {
          const { value } = step as { value: number };
          expect(ring.tryPush(value)).toBe(model.length < capacity && model.push(value) > 0);
        } else if (kind === "shift") {
          expect(ring.shift()).toBe(model.shift());
        } else if (kind === "drain") {
          const { max } = step as { max: number };
          const taken: number[] = [];
          const expected = model.splice(0, max);
          expect(ring.drain((value) => taken.push(value), max)).toBe(expected.length);
          expect(taken).toEqual(expected);
        } else {
          ring.clear();
          model.length = 0;
        }
        expect(ring.size).toBe(model.length);
        expect(ring.peek()).toBe(model[0]);
        expect([...ring]).toEqual(model);
      }
    }),
  );
});

test("leaves what is pushed while draining for the next drain", () => {
  const ring = new Ring<number>(4);
  ring.tryPush(1);
  ring.tryPush(2);
  expect(ring.drain((value) => ring.tryPush(value * 10))).toBe(2);
  expect([...ring]).toEqual([10, 20]);
});

test("loses only the item whose handler threw", () => {
  const ring = new Ring<number>(4);
  for (const value of [1, 2, 3]) ring.tryPush(value);
  const failAt2 = (value: number) => {
    if (value === 2) throw new Error("no");
  };
  expect(() => ring.drain(failAt2)).toThrow("no");
  expect([...ring]).toEqual([3]);
});

test("refuses a capacity that is not a whole number from 1 to 2^24", () => {
  for (const capacity of [0, -1, 1.5, Number.NaN, 2 ** 24 + 1]) {
    expect(() => new Ring(capacity)).toThrow(InvalidInputError);
  }
});
