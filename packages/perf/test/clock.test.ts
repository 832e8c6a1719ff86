import { expect, onTestFinished, test, vi } from "vitest";
import { createSystemClock } from "../src/index.ts";
import { ManualClock } from "../src/testing.ts";

test("the system clock agrees with Date and never runs backwards", () => {
  const clock = createSystemClock();
  expect(Math.abs(clock.nowUs() / 1000 - Date.now())).toBeLessThan(1000);
  let lastNs = clock.monotonicNs();
  for (let i = 0; i < 10_000; i++) {
    const nowNs = clock.monotonicNs();
    expect(nowNs).toBeGreaterThanOrEqual(lastNs);
    lastNs = nowNs;
  }
});

test("the system clock follows the host's when that is set, a second later at most", () => {
  let hostMs = 1_767_225_600_000;
  let passedNs = 5e9;
  vi.spyOn(Date, "now").mockImplementation(() => hostMs);
  vi.spyOn(performance, "timeOrigin", "get").mockImplementation(() => hostMs - performance.now());
  vi.spyOn(process, "hrtime").mockImplementation(() => [Math.floor(passedNs / 1e9), passedNs % 1e9]);
  onTestFinished(() => void vi.restoreAllMocks());
  const clock = createSystemClock();
  const pass = (ms: number) => {
    passedNs += ms * 1e6;
    hostMs += ms;
  };
  pass(1500);
  expect(Math.abs(clock.nowUs() / 1000 - hostMs)).toBeLessThan(2);
  hostMs += 3_600_000; // summer time, set by hand
  pass(999);
  expect(clock.nowUs() / 1000 - hostMs).toBeLessThan(-3_599_000);
  pass(2);
  expect(Math.abs(clock.nowUs() / 1000 - hostMs)).toBeLessThan(2);
  hostMs -= 7_200_000;
  pass(1001);
  expect(Math.abs(clock.nowUs() / 1000 - hostMs)).toBeLessThan(2);
});

test("an aborted sleep rejects with the signal's reason", async () => {
  const stop = new AbortController();
  const slept = createSystemClock().sleep(60_000, stop.signal);
  stop.abort(new Error("enough"));
  await expect(slept).rejects.toThrow("enough");
  await expect(createSystemClock().sleep(1, stop.signal)).rejects.toThrow("enough");
});

test("sleeps longer than a timer of Node can, and can still be woken by its signal", async () => {
  vi.useFakeTimers();
  try {
    let isAwake = false;
    const month = createSystemClock()
      .sleep(30 * 86_400_000)
      .then(() => {
        isAwake = true;
      });
    await vi.advanceTimersByTimeAsync(30 * 86_400_000 - 1);
    expect(isAwake).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await month;
    const stop = new AbortController();
    const slept = createSystemClock().sleep(30 * 86_400_000, stop.signal);
    await vi.advanceTimersByTimeAsync(28 * 86_400_000);
    stop.abort(new Error("enough"));
    await expect(slept).rejects.toThrow("enough");
    expect(vi.getTimerCount()).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test("a manual clock wakes sleepers in order of their time, and only when it is due", async () => {
  const clock = new ManualClock();
  const woken: number[] = [];
  const sleeps = [30, 10, 20].map((ms) => clock.sleep(ms).then(() => woken.push(ms)));
  clock.advance({ ms: 9, us: 999 });
  await Promise.resolve();
  expect(woken).toEqual([]);
  clock.advance({ ms: 30 });
  await Promise.all(sleeps);
  expect(woken).toEqual([10, 20, 30]);
  expect(clock.sleeping).toBe(0);
});
