import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Timeline } from "../src/timeline.ts";

function setUp() {
  const clock = new ManualClock();
  const errors: string[] = [];
  const timeline = new Timeline(clock, ({ message }) => errors.push(message));
  const done: (string | number)[] = [];
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const pass = async (ms: number) => {
    clock.advance({ ms });
    await turn();
  };
  return { clock, timeline, done, errors, pass, turn };
}

test("does things in order of their time, and those of one time in the order they were added", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 60 }), async (delays) => {
      const { timeline, done, pass } = setUp();
      for (const [i, ms] of delays.entries()) timeline.after(ms, () => done.push(i));
      expect(done).toEqual([]);
      for (let ms = 0; ms <= 20; ms++) await pass(1);
      const expected = delays.map((ms, i) => ({ ms, i })).sort((a, b) => a.ms - b.ms || a.i - b.i);
      expect(done).toEqual(expected.map(({ i }) => i));
    }),
    { numRuns: 50 },
  );
});

test("wakes for what was added earlier than what it waits for, with one timer in all", async () => {
  const { clock, timeline, done, pass, turn } = setUp();
  timeline.after(100, () => done.push("late"));
  await turn();
  timeline.after(10, () => done.push("early"));
  await turn();
  expect(clock.sleeping).toBe(1);
  await pass(10);
  expect(done).toEqual(["early"]);
  await pass(90);
  expect(done).toEqual(["early", "late"]);
  expect(clock.sleeping).toBe(0);
});

test("what is cancelled is not done, and what is done may add more", async () => {
  const { timeline, done, pass } = setUp();
  timeline.cancel(timeline.after(5, () => done.push("cancelled")));
  timeline.after(5, () => timeline.after(5, () => done.push("second")));
  await pass(5);
  await pass(5);
  expect(done).toEqual(["second"]);
});

test("a failure is told, and the rest goes on", async () => {
  const { timeline, done, errors, pass } = setUp();
  timeline.after(1, () => {
    throw new Error("broken");
  });
  timeline.after(1, () => done.push("after"));
  await pass(1);
  expect([errors, done]).toEqual([["broken"], ["after"]]);
});

test("close drops what is left and lets nothing in", async () => {
  const { clock, timeline, done, pass, turn } = setUp();
  timeline.after(5, () => done.push("dropped"));
  await turn();
  timeline.close();
  timeline.after(5, () => done.push("too late"));
  await pass(10);
  expect(done).toEqual([]);
  expect(clock.sleeping).toBe(0);
});
