import { createSystemClock } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import { beforeAll, expect, test } from "vitest";
import { driveUpdates } from "../../src/observe/update-drive.ts";
import { createUpdateEngine } from "../../src/observe/update-engine.ts";
import { runUpdateTest } from "../../src/observe/update-test.ts";
import { buildWorker } from "../build-worker.ts";

let workerEntry: URL;

beforeAll(async () => {
  workerEntry = await buildWorker("update-test", "update-worker", "src/observe/update-worker.ts");
}, 60_000);

/** Updates that take the given times, milliseconds, one due each millisecond. */
function drive(tookMs: readonly number[]) {
  const clock = new ManualClock();
  return driveUpdates({
    updates: tookMs.length,
    perSecond: 1_000,
    clock,
    waitUntil: (atNs) => clock.advance({ ms: (atNs - clock.monotonicNs()) / 1e6 }),
    apply: (index) => clock.advance({ ms: tookMs[index] as number }),
  });
}

test("each update is timed from the moment it was due, so that a slow one counts for those it holds up", () => {
  const { latency, elapsedMs } = drive([0.1, 5, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1]);
  expect(elapsedMs).toBeCloseTo(7.1, 6);
  // Due at 2 ms and done at 6.1 ms, due at 3 ms and done at 6.2 ms, ...
  expect(latency.percentileNs(100) / 1e6).toBeCloseTo(5, 1);
  expect(latency.percentileNs(50) / 1e6).toBeGreaterThan(1);
  expect(drive([0.1, 0.1, 0.1]).latency.percentileNs(100) / 1e6).toBeCloseTo(0.1, 2);
});

test("every frame comes to the strategy's hook, with a book in sync", async () => {
  const engine = await createUpdateEngine(400, createSystemClock());
  for (let i = 0; i < 400; i++) {
    engine.apply(i);
    expect(engine.heard()).toBe(i + 1);
  }
  await engine.close();
});

test("the test runs in a thread of its own and says what it measured", async () => {
  const result = await runUpdateTest({ updates: 1_000, perSecond: 10_000, clock: createSystemClock(), workerEntry });
  const { elapsedMs, p50Us, p95Us, p99Us, maxUs, passed } = result;
  expect(result).toMatchObject({ updates: 1_000, perSecond: 10_000, limitUs: 1_000 });
  expect(elapsedMs).toBeGreaterThan(99);
  expect([p50Us, p95Us, p99Us, maxUs]).toEqual([p50Us, p95Us, p99Us, maxUs].toSorted((a, b) => a - b));
  expect(p50Us).toBeGreaterThan(0);
  expect(passed).toBe(p95Us < 1_000);
});

test("numbers out of range are refused, and a test that is not wanted any more ends", async () => {
  const clock = createSystemClock();
  await expect(runUpdateTest({ updates: 3, clock, workerEntry })).rejects.toThrow("updates must be");
  await expect(runUpdateTest({ perSecond: 0, clock, workerEntry })).rejects.toThrow("perSecond must be");
  const stop = new AbortController();
  const running = runUpdateTest({ updates: 100_000, clock, workerEntry, signal: stop.signal });
  stop.abort(new Error("not wanted"));
  await expect(running).rejects.toThrow("not wanted");
});
