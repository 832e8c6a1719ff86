import { createRandom } from "@pitlane/perf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { LatencyWay } from "../../src/backtest/latency.ts";

test("what goes a way arrives in the order it left, never before, and the same seed draws the same", () => {
  const times = fc.array(fc.nat(1000), { minLength: 1 }).map((steps) => {
    let atUs = 0;
    return steps.map((step) => {
      atUs += step;
      return atUs;
    });
  });
  fc.assert(
    fc.property(times, fc.array(fc.nat(5000), { minLength: 1 }), fc.nat(), (leaves, recorded, seed) => {
      const arrivals = () => {
        const way = new LatencyWay("feedUs", recorded, createRandom(seed));
        return leaves.map((atUs) => way.arrivalUs(atUs));
      };
      const first = arrivals();
      expect(arrivals()).toEqual(first);
      for (const [i, atUs] of first.entries()) {
        expect(atUs).toBeGreaterThanOrEqual(Math.max(leaves[i]!, first[i - 1] ?? 0));
        expect(atUs).toBeLessThanOrEqual(leaves[i]! + 5000);
      }
    }),
  );
});

test("latencies that cannot be are refused by name", () => {
  expect(() => new LatencyWay("orderUs", [], createRandom(1))).toThrow("latency.orderUs is an empty list");
  expect(() => new LatencyWay("orderUs", -1, createRandom(1))).toThrow("latency.orderUs");
});
