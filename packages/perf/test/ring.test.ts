import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../src/index.ts";
import { Ring } from "../src/ring/index.ts";

test("behaves as a bounded queue under any sequence of pushes and shifts", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 9 }),
      fc.array(fc.option(fc.integer(), { nil: undefined }), { maxLength: 200 }),
      (capacity, steps) => {
        const ring = new Ring<number>(capacity);
        const model: number[] = [];
        for (const step of steps) {
          if (step === undefined) expect(ring.shift()).toBe(model.shift());
          else expect(ring.tryPush(step)).toBe(model.length < capacity && model.push(step) > 0);
          expect(ring.size).toBe(model.length);
          expect(ring.peek()).toBe(model[0]);
        }
      },
    ),
  );
});

test("refuses a capacity that is not a whole number of at least one", () => {
  for (const capacity of [0, -1, 1.5, Number.NaN]) expect(() => new Ring(capacity)).toThrow(InvalidInputError);
});
