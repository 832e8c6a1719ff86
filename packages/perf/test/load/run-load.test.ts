import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { type LoadOptions, type LoadTarget, runLoad, toTable } from "../../src/load/index.ts";
import { ManualClock, seededRandom } from "../../src/testing.ts";
import { settle } from "../support/promises.ts";

const PROBE = { perSecond: 10, durationMs: 1000 };
const CONSTANT = { kind: "constant", perSecond: 100, durationMs: 1000 } as const;

/** Runs a load with time moved millisecond by millisecond until it ends. */
async function run(
  makeTarget: (clock: ManualClock) => LoadTarget,
  options: Partial<LoadOptions> = {},
  signal?: AbortSignal,
) {
  const clock = new ManualClock();
  let isOver = false;
  const running = runLoad(makeTarget(clock), { pattern: CONSTANT, probe: PROBE, clock, ...options }, signal);
  const mark = () => {
    isOver = true;
  };
  running.then(mark, mark);
  for (let ms = 0; !isOver && ms < 60_000; ms++) {
    await settle();
    if (clock.sleeping > 0) clock.advance({ ms: 1 });
  }
  const report = await running;
  const [baseline, load, after] = report.phases;
  return { clock, report, baseline, load, after };
}

const takes = (ms: number) => (clock: ManualClock) => () => clock.sleep(ms);

test("measures before, under and after the load, at the planned rates", async () => {
  const { report, baseline, load, after } = await run(takes(5));
  expect(report.phases.map(({ name }) => name)).toEqual(["baseline", "load", "after"]);
  expect(baseline).toMatchObject({ offeredPerSecond: 10, arrivals: 10, started: 10, succeeded: 10, elapsedMs: 1000 });
  expect(load).toMatchObject({ offeredPerSecond: 100, achievedPerSecond: 100, succeeded: 100, failed: 0, dropped: 0 });
  expect(load?.latency.p50).toBeCloseTo(5000, -1);
  expect(after?.succeeded).toBe(10);
  expect(report.recovery?.p99Ratio).toBeCloseTo(1, 2);
});

test("a target that stalls shows the stall in every call that was due in it", async () => {
  // The target answers one call at a time in 1 ms, and once stops for 500 ms: 50 calls come due meanwhile. A client that waits
  // for each answer would have seen a single slow call.
  const { load } = await run((clock) => {
    let line: Promise<void> = Promise.resolve();
    return (index) => {
      line = line.then(() => clock.sleep(index === 30 ? 500 : 1));
      return line;
    };
  });
  expect(load).toMatchObject({ started: 100, succeeded: 100, dropped: 0 });
  expect(load?.latency.max).toBeGreaterThan(499_000);
  expect(load?.latency.p50).toBeGreaterThan(50_000);
  expect(load?.lateness.max).toBeLessThan(1000);
});

test("a stall of the generator itself counts from the intended start too", async () => {
  // The call blocks the process for 300 ms: the 30 calls due meanwhile start late, and their latency says by how much.
  const { load } = await run((clock) => async (index) => {
    if (index === 30) clock.advance({ ms: 300 });
  });
  expect(load?.started).toBe(100);
  expect(load?.service.p50).toBeLessThan(1);
  expect(load?.latency.p90).toBeGreaterThan(150_000);
  expect(load?.lateness.max).toBeGreaterThan(280_000);
});

test("a call due while as many run as may is counted as dropped, not started late", async () => {
  const { load } = await run(takes(100), { maxInFlight: 5 });
  expect(load).toMatchObject({ arrivals: 100, started: 50, dropped: 50, succeeded: 50, errorRatio: 0.5 });
  expect(load?.lateness.max).toBeLessThan(1000);
});

test("counts failures by code, at most 32 kinds, and those that never end as unfinished", async () => {
  const { load } = await run(
    (clock) => async (index) => {
      if (index < 10) return; // the baseline
      if (index < 20) await clock.sleep(Number.POSITIVE_INFINITY);
      if (index < 30) throw new InvalidInputError("no");
      throw Object.assign(new Error("no"), { code: `CODE_${index}` });
    },
    { drainMs: 200 },
  );
  expect(load).toMatchObject({ started: 100, failed: 100, errorRatio: 1, elapsedMs: 1200 });
  expect(load?.errors).toMatchObject({ INVALID_INPUT: 10, UNFINISHED: 10 });
  expect(Object.keys(load?.errors ?? {}).length).toBeLessThanOrEqual(34);
  expect(Object.values(load?.errors ?? {}).reduce((a, b) => a + b)).toBe(100);
  expect(load?.latency.max).toBeGreaterThan(1_190_000);
});

test("finds the highest rate that passes: 200/s for a target that answers 250 calls a second", async () => {
  const { report } = await run(
    (clock) => {
      let line: Promise<void> = Promise.resolve();
      return () => {
        line = line.then(() => clock.sleep(4));
        return line;
      };
    },
    {
      pattern: {
        kind: "step-until-failure",
        fromPerSecond: 100,
        stepPerSecond: 100,
        toPerSecond: 1000,
        stepMs: 1000,
        until: { p99Ms: 50 },
      },
    },
  );
  expect(report.highestPassingPerSecond).toBe(200);
  expect(report.phases.map(({ name, offeredPerSecond }) => [name, offeredPerSecond])).toEqual([
    ["baseline", 10],
    ["load", 100],
    ["load", 200],
    ["load", 300],
    ["after", 10],
  ]);
});

test("reports a soak part by part, with gauges, and how both drifted", async () => {
  let heldBytes = 0;
  const { report, load } = await run(
    (clock) => async () => {
      heldBytes += 100;
      await clock.sleep(heldBytes < 10_000 ? 10 : 20);
    },
    {
      pattern: { kind: "soak", perSecond: 100, durationMs: 2000 },
      slices: 8,
      gauges: () => ({ heldBytes }),
    },
  );
  expect(load?.slices.map(({ endMs }) => endMs)).toEqual([250, 500, 750, 1000, 1250, 1500, 1750, 2000]);
  expect(load?.slices.reduce((sum, { succeeded }) => sum + succeeded, 0)).toBe(200);
  expect(report.drift?.p50).toBeCloseTo(2, 1);
  expect(report.drift?.gauges["heldBytes"]).toBeGreaterThan(2);
});

test("an abort ends the run early and keeps what was measured", async () => {
  const abort = new AbortController();
  let running = 0;
  const { clock, report, load } = await run(
    (its) => async (index, signal) => {
      running++;
      if (index === 50) abort.abort(new Error("enough"));
      await its.sleep(5, signal).finally(() => running--);
    },
    {},
    abort.signal,
  );
  expect(report).toMatchObject({ wasStopped: true, recovery: null });
  expect(report.phases).toHaveLength(2);
  expect(load).toMatchObject({ started: 41, wasStopped: true });
  expect(running).toBe(0);
  expect(clock.sleeping).toBe(0);
});

test("a signal that has aborted before calls nothing", async () => {
  let calls = 0;
  const { report } = await run(() => async () => calls++, {}, AbortSignal.abort());
  expect(report.phases).toEqual([]);
  expect(calls).toBe(0);
});

test("every arrival is accounted for, whatever target, cap and pattern", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        ms: fc.nat({ max: 40 }),
        failsEvery: fc.integer({ min: 1, max: 5 }),
        maxInFlight: fc.integer({ min: 1, max: 8 }),
      }),
      fc.option(fc.nat(1000), { nil: undefined }),
      async ({ ms, failsEvery, maxInFlight }, seed) => {
        let calls = 0;
        const { report } = await run(
          (clock) => async (index) => {
            expect(index).toBe(calls++);
            await clock.sleep(ms);
            if (index % failsEvery === 0) throw new Error("no");
          },
          {
            pattern: { kind: "burst", perSecond: 50, burstPerSecond: 500, burstMs: 20, everyMs: 100, durationMs: 250 },
            probe: { perSecond: 20, durationMs: 100 },
            maxInFlight,
            ...(seed !== undefined && { random: seededRandom(seed) }),
          },
        );
        for (const phase of report.phases) {
          expect(phase.arrivals).toBe(phase.started + phase.dropped);
          expect(phase.started).toBe(phase.succeeded + phase.failed);
          expect(phase.latency.count).toBe(phase.started);
        }
        expect(report.phases.reduce((sum, { started }) => sum + started, 0)).toBe(calls);
        const load = report.phases[1];
        const inSlices = load?.slices.reduce((sum, slice) => sum + slice.succeeded + slice.failed + slice.dropped, 0);
        expect(inSlices).toBe(load?.arrivals);
        if (seed === undefined) expect(load?.arrivals).toBe(31); // 30.5: twice 80 ms at 50/s and 20 ms at 500/s, then 50 ms at 50/s
      },
    ),
    { numRuns: 15 },
  );
});

test("writes a report as JSON and as a table", async () => {
  const { report } = await run(takes(5));
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  const lines = toTable(report).split("\n");
  expect(lines[0]).toMatch(/^phase +offered\/s +done\/s +ok +failed +dropped +p50 ms/);
  expect(lines[2]).toMatch(/^load +100\.0 +100\.0 +100 +0 +0 +5\.0/);
  expect(lines[4]).toMatch(/^after \/ baseline: p50 x1\.00/);
});

test("refuses options out of range before it calls anything", async () => {
  const clock = new ManualClock();
  let calls = 0;
  const target = async () => calls++;
  const wrong: Partial<LoadOptions>[] = [
    { maxInFlight: 0 },
    { drainMs: 0 },
    { slices: 0 },
    { probe: { perSecond: 0, durationMs: 100 } },
    { pattern: { kind: "constant", perSecond: 2e6, durationMs: 1000 } },
    { pattern: { kind: "ramp", fromPerSecond: -1, toPerSecond: 1, durationMs: 1000 } },
    { pattern: { kind: "burst", perSecond: 1, burstPerSecond: 2, burstMs: 20, everyMs: 10, durationMs: 100 } },
    { pattern: { kind: "burst", perSecond: 1, burstPerSecond: 2, burstMs: 1, everyMs: 1, durationMs: 1e6 } },
  ];
  for (const options of wrong)
    await expect(runLoad(target, { pattern: CONSTANT, clock, ...options })).rejects.toThrow(InvalidInputError);
  expect(calls).toBe(0);
});
