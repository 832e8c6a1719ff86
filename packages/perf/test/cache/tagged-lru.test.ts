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

test("an invalidation deletes exactly what a look at every entry would", () => {
  const keys = fc.constantFrom("a", "b", "c", "ab");
  const tags = fc.subarray(["x", "y", "z"]);
  const kinds = fc.constantFrom("key" as const, "tag" as const, "glob" as const);
  const texts = fc.constantFrom("a", "b", "x", "y", "a*", "*");
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.record({ key: keys, tags }), fc.record({ kind: kinds, text: texts })), { maxLength: 40 }),
      (steps) => {
        const lru = new TaggedLru<{ tags: string[] }>(10);
        const model = new Map<string, { tags: string[] }>();
        for (const step of steps) {
          if ("key" in step) {
            const entry = { tags: step.tags };
            lru.set(step.key, entry);
            model.set(step.key, entry);
          } else {
            lru.invalidate(step);
            for (const [key, entry] of [...model]) if (affects(step, key, entry.tags)) model.delete(key);
          }
          expect(lru.size).toBe(model.size);
          for (const [key, entry] of model) expect(lru.get(key)).toBe(entry);
        }
      },
    ),
  );
});
