import fc from "fast-check";
import { expect, test } from "vitest";
import { editDistance, nearestName } from "../src/nearest-name.ts";

test("a name with a few wrong letters is found, another word is not", () => {
  const names = ["maxOrderNotional", "maxPositionNotional", "seed"];
  expect(nearestName("maxOrderNotonal", names)).toBe("maxOrderNotional");
  expect(nearestName("sede", names)).toBe("seed");
  expect(nearestName("SEED", names)).toBe("seed");
  expect(nearestName("workers", names)).toBeUndefined();
});

test("the distance is 0 only to itself, the same both ways, at most the longer one, and one swap costs 1", () => {
  const word = fc.string({ maxLength: 12 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      expect(distance === 0).toBe(a === b);
      expect(distance).toBe(editDistance(b, a));
      expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
    }),
  );
  expect(editDistance("sede", "seed")).toBe(1);
});
