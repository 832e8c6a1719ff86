import fc from "fast-check";
import { expect, test } from "vitest";
import { createTimeText } from "../../../src/venues/binance/time-text.ts";

test("is the decimal text of every whole number of milliseconds, in whatever order they come", () => {
  const near = fc.integer({ min: 1_763_800_000_000, max: 1_763_800_003_000 }); // of the same few seconds
  fc.assert(
    fc.property(fc.array(fc.oneof(near, fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }))), (times) => {
      const textOf = createTimeText();
      expect(times.map(textOf)).toEqual(times.map(String));
    }),
  );
});
