import { createRandom, createSystemClock } from "@pitlane/perf";
import { beforeAll, expect, test, vi } from "vitest";
import { monteCarlo } from "../../src/backtest/monte-carlo.ts";
import { monteCarloOnThreads } from "../../src/backtest/monte-carlo-threads.ts";
import { buildTrialWorker } from "./files.ts";

vi.setConfig({ testTimeout: 120_000 }); // threads start slowly on a busy machine

const clock = createSystemClock();
const random = createRandom(1);
const profits = Array.from({ length: 10_000 }, () => random.integer(-1_000_000, 1_100_000));
const RUNS = 2_400; // enough trades for threads to be asked
let file: URL;

beforeAll(async () => {
  file = await buildTrialWorker("draws");
}, 120_000);

test("any number of threads gives the answer of one", async () => {
  const here = monteCarlo(profits, RUNS, 7);
  for (const workers of [1, 2, 3]) {
    const told: number[] = [];
    const onDone = (draws: number) => void told.push(draws);
    expect(await monteCarloOnThreads(profits, RUNS, 7, { workers, clock, file, onDone })).toEqual(here);
    expect(told.at(-1)).toBe(RUNS);
    expect(told).toEqual(told.toSorted((a, b) => a - b));
  }
});

test("few draws are made here: no thread is started for them", async () => {
  const none = new URL("file:///none.js");
  expect(await monteCarloOnThreads([5, -3, 4], 1_000, 7, { workers: 2, clock, file: none })).toEqual(
    monteCarlo([5, -3, 4], 1_000, 7),
  );
  expect(await monteCarloOnThreads([5], 1_000, 7, { workers: 2, clock, file: none })).toBeUndefined();
});

test("it ends when it is stopped, and when a thread cannot run", async () => {
  const stop = new AbortController();
  const onDone = () => stop.abort(new Error("stopped"));
  const running = monteCarloOnThreads(profits, 1_000_000, 7, { workers: 2, clock, file, onDone }, stop.signal);
  await expect(running).rejects.toThrow("stopped");
  const none = new URL("file:///none.js");
  await expect(monteCarloOnThreads(profits, RUNS, 7, { workers: 2, clock, file: none })).rejects.toThrow(
    "thread ended",
  );
});
