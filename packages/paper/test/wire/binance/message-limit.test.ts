import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MessageLimit } from "../../../src/wire/binance/message-limit.ts";

test("admits five messages in any rolling second, whenever they come", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 60, size: "max" }), (gapsMs) => {
      const clock = new ManualClock();
      const limit = new MessageLimit(clock);
      const admittedMs: number[] = [];
      let nowMs = 0;
      for (const gapMs of gapsMs) {
        nowMs += gapMs;
        clock.advance({ ms: gapMs });
        const recent = admittedMs.filter((ms) => nowMs - ms < 1000).length;
        expect(limit.tryTake()).toBe(recent < 5);
        if (recent < 5) admittedMs.push(nowMs);
      }
    }),
  );
});
