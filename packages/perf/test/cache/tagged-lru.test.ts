import * as fc from "fast-check";
import { expect, test } from "vitest";
import { affects } from "../../src/cache/invalidation.ts";
import { TaggedLru } from "../../src/cache/tagged-lru.ts";

test("drops the entry used longest ago when full", () => {
  const lru = new TaggedLru<{ tags: string[] }>(2);
  lru.set("a", { tags: [] });
  lru.set("b", { tags: [] });
  lru.get("a");
  lru.set("c", { tags: [] });
  expect(lru.get("b")).toBeUndefined();
  expect(lru.get("a")).toBeDefined();
});

test("keeps the entries used last when it shrinks, and their order of use", () => {
  const lru = new TaggedLru<{ tags: string[] }>(4);
  for (const key of ["a", "b", "c", "d"]) lru.set(key, { tags: ["t"] });
  lru.get("b");
  lru.capacity = 3;
  expect([lru.size, lru.capacity]).toEqual([3, 3]);
  expect(lru.get("a")).toBeUndefined();
  lru.capacity = 4;
  for (const key of ["e", "f"]) lru.set(key, { tags: [] });
  expect(["b", "c", "d", "e", "f"].filter((key) => lru.get(key) !== undefined)).toEqual(["b", "d", "e", "f"]);
});

test("has exactly what a look at every entry leaves, whatever is set, invalidated and resized", () => {
  const keys = fc.constantFrom("a", "b", "c", "ab");
  const tags = fc.subarray(["x", "y", "z"]);
  const kinds = fc.constantFrom("key" as const, "tag" as const, "glob" as const);
  const texts = fc.constantFrom("a", "b", "x", "y", "a*", "*");
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          { weight: 3, arbitrary: fc.record({ key: keys, tags }) },
          { weight: 2, arbitrary: fc.record({ kind: kinds, text: texts }) },
          { weight: 1, arbitrary: fc.record({ capacity: fc.integer({ min: 0, max: 5 }) }) },
        ),
        { maxLength: 40, size: "max" },
      ),
      (steps) => {
        const lru = new TaggedLru<{ tags: string[] }>(10);
        const model = new Map<string, { tags: string[] }>(); // the entry used longest ago first
        for (const step of steps) {
          if ("key" in step) {
            const entry = { tags: step.tags };
            lru.set(step.key, entry);
            model.delete(step.key);
            model.set(step.key, entry);
          } else if ("capacity" in step) {
            lru.capacity = step.capacity;
          } else {
            lru.invalidate(step);
            for (const [key, entry] of [...model]) if (affects(step, key, entry.tags)) model.delete(key);
          }
          for (const key of [...model.keys()].slice(0, Math.max(0, model.size - lru.capacity))) model.delete(key);
          expect(lru.size).toBe(model.size);
          for (const [key, entry] of model) expect(lru.get(key)).toBe(entry);
        }
      },
    ),
  );
});
