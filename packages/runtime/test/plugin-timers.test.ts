import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PluginTimers } from "../src/plugin-timers.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] }));
afterEach(() => void vi.useRealTimers());

/** Timers on a session's time that goes on at `pace` of the real one. */
function setUp(pace: number) {
  const startMs = Date.now();
  const nowUs = () => 5_000_000 + Math.floor((Date.now() - startMs) * pace * 1000);
  const due: [id: number, atUs: number][] = [];
  const timers = new PluginTimers({ nowUs, onDue: (_owner, id) => due.push([id, nowUs()]) });
  return { timers, nowUs, due };
}

test("a timer waits for the session's time, also where that goes on more slowly than the real one", () => {
  const { timers, nowUs, due } = setUp(0.875);
  timers.start();
  timers.set(0, 1, nowUs() + 7_000_000);
  vi.advanceTimersByTime(7_990);
  expect(due).toEqual([]);
  vi.advanceTimersByTime(20);
  expect(due).toHaveLength(1);
  expect(due[0]![1]).toBeGreaterThanOrEqual(12_000_000 - 1_000);
});

test("timers that are set before the start fire after it; cleared ones never do", () => {
  const { timers, nowUs, due } = setUp(1);
  timers.set(0, 1, nowUs() - 1);
  timers.set(0, 2, nowUs() + 1_000);
  timers.set(0, 3, nowUs() + 5_000);
  vi.advanceTimersByTime(10);
  expect(due).toEqual([]);
  timers.start();
  timers.clear(0, 2);
  vi.advanceTimersByTime(10);
  expect(due.map(([id]) => id)).toEqual([1, 3]);
});
