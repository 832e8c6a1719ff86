import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import type { Disturbance } from "../../src/observe/sample.ts";
import { toDisturbance, watchStalls } from "../../src/observe/stalls.ts";

function setUp() {
  const clock = new ManualClock();
  const stalls: Disturbance[] = [];
  let tick = () => {};
  let stopped = 0;
  const stop = watchStalls({
    clock,
    onStall: (stall) => stalls.push(stall),
    every: (_ms, run) => {
      tick = run;
      return () => stopped++;
    },
  });
  const after = (ms: number) => {
    clock.advance({ ms });
    tick();
  };
  return { stalls, after, stop, stopped: () => stopped };
}

test("a timer that is 10 ms late or more is a stall, from when it was due", () => {
  const { stalls, after } = setUp();
  after(20);
  after(29.9);
  expect(stalls).toEqual([]);
  after(30);
  expect(stalls).toEqual([{ kind: "loopStall", what: "event loop", startNs: 69.9e6, endNs: 79.9e6 }]);
});

test("what comes after a stall is measured from its end", () => {
  const { stalls, after } = setUp();
  after(500);
  after(20);
  after(21);
  expect(stalls).toHaveLength(1);
});

test("it ends when told to", () => {
  const { stop, stopped } = setUp();
  stop();
  expect(stopped()).toBe(1);
});

test("a pause of the collector lies on the session's own clock; one under 0.1 ms explains nothing", () => {
  expect(toDisturbance({ kind: "major", startMs: 100, durationMs: 7.5 }, 5e9)).toEqual({
    kind: "gc",
    what: "major",
    startNs: 5.1e9,
    endNs: 5.1075e9,
  });
  expect(toDisturbance({ kind: "minor", startMs: 100, durationMs: 0.05 }, 0)).toBeUndefined();
});
