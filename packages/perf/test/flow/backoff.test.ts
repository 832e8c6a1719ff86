import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs } from "../../src/flow/index.ts";
import { seededRandom } from "../../src/testing.ts";

test("stays between zero and the doubled base, capped", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2000 }), fc.integer({ min: 0, max: 1000 }), (attempt, seed) => {
      const delayMs = backoffMs(attempt, { baseMs: 250, capMs: 30_000, random: seededRandom(seed) });
      expect(delayMs).toBeGreaterThanOrEqual(0);
      expect(delayMs).toBeLessThanOrEqual(Math.min(30_000, 250 * 2 ** attempt));
    }),
  );
});
