import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { PriorityLanes } from "../../src/ring/index.ts";

test("serves the most urgent lane first and each lane in order, under any sequence of calls", () => {
  const capacities = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 32 });
  const steps = fc.array(fc.tuple(fc.constantFrom("push", "push", "shift", "shiftFrom"), fc.nat(31), fc.integer()), {
    maxLength: 200,
  });
  fc.assert(
    fc.property(capacities, steps, (capacities, steps) => {
      const lanes = new PriorityLanes<number>(capacities);
      const model: number[][] = capacities.map(() => []);
      for (const [kind, number, item] of steps) {
        const lane = number % capacities.length;
        const urgent = model.find((items) => items.length > 0);
        if (kind === "push") {
          const fits = model[lane]!.length < capacities[lane]!;
          expect(lanes.tryPush(lane, item)).toBe(fits);
          if (fits) model[lane]!.push(item);
        } else if (kind === "shift") expect(lanes.shift()).toBe(urgent?.shift());
        else expect(lanes.shiftFrom(lane)).toBe(model[lane]!.shift());
        expect(lanes.size).toBe(model.flat().length);
        expect(lanes.sizeOf(lane)).toBe(model[lane]!.length);
        expect(lanes.peek()).toBe(model.flat()[0]);
      }
    }),
  );
});

test("a full lane refuses and leaves the others as they are", () => {
  const lanes = new PriorityLanes<string>([1, 1]);
  expect(lanes.tryPush(1, "a")).toBe(true);
  expect(lanes.tryPush(1, "b")).toBe(false);
  expect(lanes.tryPush(0, "c")).toBe(true);
  expect([lanes.shift(), lanes.shift(), lanes.shift()]).toEqual(["c", "a", undefined]);
});

test("refuses a lane that does not exist, and lanes that cannot be", () => {
  const lanes = new PriorityLanes<number>([1, 1]);
  for (const lane of [-1, 2, 0.5, Number.NaN]) {
    expect(() => lanes.tryPush(lane, 1)).toThrow(InvalidInputError);
    expect(() => lanes.shiftFrom(lane)).toThrow(InvalidInputError);
    expect(() => lanes.sizeOf(lane)).toThrow(InvalidInputError);
  }
  for (const capacities of [[], new Array<number>(33).fill(1), [0]]) {
    expect(() => new PriorityLanes(capacities)).toThrow(InvalidInputError);
  }
});
