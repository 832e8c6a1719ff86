import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedLevels } from "../../src/book/sorted-levels.ts";

type Step =
  | readonly ["set", key: number, lots: number]
  | readonly ["read", index: number]
  | readonly ["push"]
  | readonly ["pop"]
  | readonly ["clear"];

const key = fc.integer({ min: -60, max: 60 });
const lots = fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 9 }));
const step = fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
  { weight: 60, arbitrary: fc.tuple(fc.constant("set"), key, lots) },
  { weight: 6, arbitrary: fc.tuple(fc.constant("read"), fc.nat(60)) },
  { weight: 3, arbitrary: fc.constant(["push"]) },
  { weight: 3, arbitrary: fc.constant(["pop"]) },
  { weight: 1, arbitrary: fc.constant(["clear"]) },
);

test("property: it is a map in the order of its keys", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: "max" }), (steps) => {
      const levels = new SortedLevels();
      const plain = new Map<number, number>();
      const sorted = () => [...plain].sort(([a], [b]) => a - b);
      for (const [what, first, second] of steps) {
        if (what === "set") {
          levels.set(first, second);
          if (second === 0) plain.delete(first);
          else plain.set(first, second);
        } else if (what === "read" && first < plain.size) {
          expect([levels.keyAt(first), levels.lotsAt(first)]).toEqual(sorted()[first]);
        } else if (what === "push") {
          const greatest = (sorted().at(-1)?.[0] ?? 0) + 1;
          levels.push(greatest, 5);
          plain.set(greatest, 5);
        } else if (what === "pop" && plain.size > 0) {
          levels.pop();
          plain.delete(sorted().at(-1)?.[0] as number);
        } else if (what === "clear") {
          levels.clear();
          plain.clear();
        }
        expect(levels.count).toBe(plain.size);
        if (plain.size > 0) expect(levels.keyAt(plain.size - 1)).toBe(sorted().at(-1)?.[0]);
      }
      const all = Array.from({ length: levels.count }, (_, i) => [levels.keyAt(i), levels.lotsAt(i)]);
      expect(all).toEqual(sorted());
    }),
    { numRuns: 300 },
  );
});

test("levels that come and go for long leave nothing behind but what is there", () => {
  const levels = new SortedLevels();
  for (let i = 0; i < 100_000; i++) {
    levels.set(i, 1);
    if (i >= 10) levels.set(i - 10, 0);
  }
  expect(levels.count).toBe(10);
  expect(Array.from({ length: 10 }, (_, i) => levels.keyAt(i))).toEqual(
    Array.from({ length: 10 }, (_, i) => 99_990 + i),
  );
});
