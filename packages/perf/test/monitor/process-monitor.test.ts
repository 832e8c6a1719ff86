import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import fc from "fast-check";
import { afterEach, expect, test, vi } from "vitest";
import { createSystemClock, InvalidInputError } from "../../src/index.ts";
import { MetricsRegistry, prometheusText } from "../../src/metrics/index.ts";
import {
  cpuUse,
  createProcessMonitor,
  type GcPause,
  GcTally,
  memoryUse,
  ProcessMonitor,
  type ProcessSample,
  type ProcessSources,
  processMetrics,
  toGcKind,
  toLoopDelay,
} from "../../src/monitor/index.ts";
import { ManualClock } from "../../src/testing.ts";

const closing: (() => void)[] = [];

afterEach(() => {
  for (const close of closing.splice(0)) close();
});

test("CPU use is the share of one core, and above 100 for several threads", () => {
  const from = { userUs: 1_000, systemUs: 500, atNs: 7e9 };
  const to = { userUs: 1_501_000, systemUs: 250_500, atNs: 8e9 };
  expect(cpuUse(from, to)).toEqual({ userPercent: 150, systemPercent: 25, percent: 175 });
  expect(cpuUse(from, from).percent).toBe(0);
});

test("memory stands beside its limits", () => {
  expect(memoryUse({ heapUsed: 25, rss: 300, external: 7 }, 100, 200)).toEqual({
    heapUsedBytes: 25,
    heapLimitBytes: 100,
    heapPercent: 25,
    rssBytes: 300,
    rssLimitBytes: 200,
    rssPercent: 150,
    externalBytes: 7,
  });
});

test("the loop's lateness is what is beyond the probe's own interval", () => {
  const gaps = { count: 9, mean: 21e6, max: 150e6, percentile: (p: number) => (p === 50 ? 19.9e6 : 140e6) };
  expect(toLoopDelay(gaps, 20)).toEqual({ meanUs: 1_000, p50Us: 0, p99Us: 120_000, maxUs: 130_000 });
  const none = { count: 0, mean: Number.NaN, max: 0, percentile: () => 0 };
  expect(toLoopDelay(none, 20)).toEqual({ meanUs: 0, p50Us: 0, p99Us: 0, maxUs: 0 });
});

test("pauses add up by kind and a reading starts anew", () => {
  const pause = fc.record({ kind: fc.constantFrom(1, 4, 8, 16, 2), us: fc.integer({ min: 0, max: 1_000 }) });
  fc.assert(
    fc.property(fc.array(pause), (pauses) => {
      const tally = new GcTally();
      for (const { kind, us } of pauses) tally.add(toGcKind(kind), us);
      const reading = tally.take();
      for (const [kind, name] of [
        [1, "minor"],
        [4, "major"],
        [8, "incremental"],
        [16, "weakCallbacks"],
        [2, "other"],
      ] as const) {
        const own = pauses.filter((one) => one.kind === kind).map(({ us }) => us);
        expect(reading[name]).toEqual({
          count: own.length,
          totalUs: own.reduce((sum, us) => sum + us, 0),
          maxUs: Math.max(0, ...own),
        });
      }
      expect(Object.values(tally.take()).every(({ count, totalUs, maxUs }) => count + totalUs + maxUs === 0)).toBe(
        true,
      );
    }),
  );
});

test("each sample covers the time since the one before", () => {
  const { clock, monitor, readings } = setUp();
  clock.advance({ ms: 500 });
  readings.cpu.user += 250_000;
  readings.loop.active += 100;
  readings.loop.idle += 300;
  expect(monitor.sample()).toMatchObject({ atUs: clock.nowUs(), periodMs: 500, loopPercent: 25, cpu: { percent: 50 } });
  clock.advance({ ms: 1_000 });
  readings.cpu.system += 100_000;
  expect(monitor.sample()).toMatchObject({ periodMs: 1_000, loopPercent: 0, cpu: { userPercent: 0, percent: 10 } });
});

test("counts what keeps the process alive by type", () => {
  const { monitor } = setUp();
  expect(monitor.sample().activeResources).toEqual({ Timeout: 2, TCPSocketWrap: 1 });
});

test("samples at its interval until stopped, and can be started again", () => {
  const { monitor, timers } = setUp();
  const samples: ProcessSample[] = [];
  monitor.start(1_000, (sample) => samples.push(sample));
  expect(() => monitor.start(1_000, () => {})).toThrow("started already");
  expect(timers.map(({ intervalMs }) => intervalMs)).toEqual([1_000]);
  timers[0]!.run();
  timers[0]!.run();
  expect(samples.length).toBe(2);
  monitor.stop();
  monitor.stop();
  expect(timers.length).toBe(0);
  monitor.start(10, () => {});
  monitor.close();
  expect(timers.length).toBe(0);
});

test("refuses limits and intervals out of range, before it watches anything", () => {
  const { monitor, sources, timers } = setUp();
  for (const intervalMs of [9, 3_600_001, Number.NaN])
    expect(() => monitor.start(intervalMs, () => {})).toThrow(InvalidInputError);
  expect(timers.length).toBe(0);
  const clock = new ManualClock();
  for (const rssLimitBytes of [0, Number.NaN])
    expect(() => new ProcessMonitor({ clock, rssLimitBytes }, sources)).toThrow(InvalidInputError);
  expect(() => createProcessMonitor({ clock, delayResolutionMs: 0 })).toThrow(InvalidInputError);
});

test("a collection that happened shows under its kind", async () => {
  const monitor = realMonitor();
  monitor.sample();
  setFlagsFromString("--expose-gc");
  const collect: (options?: { type: "minor" }) => void = runInNewContext("gc");
  let major = 0;
  let minor = 0;
  collect();
  collect({ type: "minor" });
  await vi.waitFor(() => {
    const { gc } = monitor.sample();
    major += gc.major.count;
    minor += gc.minor.count;
    expect(Math.min(major, minor)).toBeGreaterThanOrEqual(1);
  });
});

test("allocating much shows as minor collections with their pauses", async () => {
  const monitor = realMonitor();
  const kept: unknown[] = [];
  for (let i = 0; i < 2_000_000; i++) kept[i % 1_000] = { i, text: `${i}` };
  let totalUs = 0;
  await vi.waitFor(() => {
    totalUs += monitor.sample().gc.minor.totalUs;
    expect(totalUs).toBeGreaterThan(0);
  });
});

test("a blocked loop is seen in its delay, its busy share and the CPU, even right before and right after a sample", async () => {
  const monitor = realMonitor();
  const clock = createSystemClock();
  const block = () => {
    const untilNs = clock.monotonicNs() + 150e6;
    while (clock.monotonicNs() < untilNs) Math.random();
  };
  await clock.sleep(30); // the loop must have started for its utilisation to count
  monitor.sample();
  block();
  const before = monitor.sample();
  expect(before.loopDelay.maxUs).toBeGreaterThan(100_000);
  expect(before.loopPercent).toBeGreaterThan(90);
  expect(before.cpu.percent).toBeGreaterThan(0);
  block();
  await clock.sleep(30);
  expect(monitor.sample().loopDelay.maxUs).toBeGreaterThan(100_000);
});

test("a closed monitor no longer watches the loop or the collector", async () => {
  const monitor = realMonitor();
  monitor.close();
  await createSystemClock().sleep(50);
  const { loopDelay, gc } = monitor.sample();
  expect(loopDelay).toEqual({ meanUs: 0, p50Us: 0, p99Us: 0, maxUs: 0 });
  expect(gc.minor.count + gc.major.count).toBe(0);
});

test("each pause of the collector is told of, with the time it began on the scale of performance.now", async () => {
  const told: GcPause[] = [];
  const beforeMs = performance.now();
  const monitor = createProcessMonitor({ clock: createSystemClock(), onGcPause: (pause) => told.push(pause) });
  closing.push(() => monitor.close());
  const kept: unknown[] = [];
  while (told.length === 0) {
    for (let i = 0; i < 100_000; i++) kept.push({ i });
    if (kept.length > 1_000_000) kept.length = 0;
    await new Promise(setImmediate);
  }
  const { startMs, durationMs } = told[0]!;
  expect(startMs).toBeGreaterThanOrEqual(beforeMs);
  expect(startMs + durationMs).toBeLessThanOrEqual(performance.now());
  expect(durationMs).toBeGreaterThan(0);
});

test("this process's memory is between nothing and its limits' order", () => {
  const { memory } = realMonitor().sample();
  expect(memory.heapUsedBytes).toBeGreaterThan(1e6);
  expect(memory.heapLimitBytes).toBeGreaterThan(memory.heapUsedBytes);
  expect(memory.rssBytes).toBeGreaterThan(1e7);
  expect(memory.rssLimitBytes).toBe(512 * 2 ** 20);
});

test("publishes a sample as gauges, and pauses as counters that add up over samples", () => {
  const { clock, monitor, readings, gc } = setUp();
  const registry = new MetricsRegistry({ clock });
  const publish = processMetrics(registry);
  for (let i = 0; i < 3; i++) {
    clock.advance({ ms: 1_000 });
    readings.cpu.user += 500_000;
    gc.add("major", 2_000_000);
    publish(monitor.sample());
  }
  const lines = prometheusText(registry.snapshot()).split("\n");
  expect(lines).toContain('gc_pauses_total{kind="major"} 3');
  expect(lines).toContain('gc_pause_seconds_total{kind="major"} 6');
  expect(lines).toContain('process_cpu_ratio{mode="user"} 0.5');
  expect(lines).toContain("process_resident_memory_bytes 1000");
  expect(lines).toContain("process_active_resources 3");
  expect(lines).toContain('eventloop_delay_seconds{stat="max"} 0.004');
});

function realMonitor() {
  const monitor = createProcessMonitor({ clock: createSystemClock() });
  closing.push(() => monitor.close());
  return monitor;
}

function setUp() {
  const clock = new ManualClock();
  const readings = { cpu: { user: 1_000, system: 2_000 }, loop: { idle: 10, active: 20 } };
  const timers: { intervalMs: number; run: () => void }[] = [];
  const gc = new GcTally();
  const sources: ProcessSources = {
    takeLoopDelay: () => ({ meanUs: 1_000, p50Us: 2_000, p99Us: 3_000, maxUs: 4_000 }),
    loopUtilization: () => ({ ...readings.loop }),
    takeGc: () => gc.take(),
    memoryUsage: () => ({ heapUsed: 100, rss: 1_000, external: 10 }),
    heapLimitBytes: () => 200,
    cpuUsage: () => ({ ...readings.cpu }),
    activeResources: () => ["Timeout", "TCPSocketWrap", "Timeout"],
    every: (intervalMs, run) => {
      const timer = { intervalMs, run };
      timers.push(timer);
      return () => timers.splice(timers.indexOf(timer), 1);
    },
    close: () => {},
  };
  return { clock, monitor: new ProcessMonitor({ clock }, sources), readings, timers, gc, sources };
}
