import fc from "fast-check";
import { expect, test } from "vitest";
import { ErrorWindow } from "../../src/flow/error-window.ts";

test("judges exactly the calls of the last ten tenths of the window", () => {
  const call = fc.record({ afterMs: fc.integer({ min: 0, max: 40 }), hasFailed: fc.boolean() });
  fc.assert(
    fc.property(
      fc.array(call, { maxLength: 80, size: "max" }),
      fc.integer({ min: 1, max: 10 }),
      fc.constantFrom(0.1, 0.5, 1),
      (calls, minCalls, ratio) => {
        const window = new ErrorWindow({ ratio, minCalls, windowMs: 100 });
        const made: { tenth: number; hasFailed: boolean }[] = [];
        let nowMs = 0;
        for (const { afterMs, hasFailed } of calls) {
          nowMs += afterMs;
          window.record(nowMs * 1e6, hasFailed);
          made.push({ tenth: Math.floor(nowMs / 10), hasFailed });
          const recent = made.filter(({ tenth }) => tenth > Math.floor(nowMs / 10) - 10);
          const failures = recent.filter((each) => each.hasFailed).length;
          expect(window.isOver).toBe(recent.length >= minCalls && failures >= ratio * recent.length);
        }
      },
    ),
  );
});
