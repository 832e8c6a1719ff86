import { expect, test } from "vitest";
import { STAGES } from "../../src/latency.ts";
import type { SessionSample } from "../../src/observe/sample.ts";
import { setUp } from "./support.ts";

test("before the first second is over there is no sample", () => {
  const { collector } = setUp();
  expect(collector.latest).toBeUndefined();
  expect(collector.recent).toEqual([]);
});

test("a sample counts what came since the one before, and what it makes a second", () => {
  const { counts, orders, second } = setUp();
  counts.events = 10_000;
  orders.submitted = 20;
  counts.fills = 5;
  const first = second();
  expect(first).toMatchObject({ seq: 1, periodMs: 1_000, uptimeMs: 1_000 });
  expect(first.events.nowPerSecond).toBe(10_000);
  counts.events = 14_000;
  const next = second();
  expect(next.seq).toBe(2);
  expect(next.events).toEqual({
    count: 14_000,
    nowPerSecond: 4_000,
    averagePerSecond: 7_000,
    peakPerSecond: 10_000,
  });
  expect(next.orders.nowPerSecond).toBe(0);
  expect(next.fills.averagePerSecond).toBe(2.5);
});

test("each stage has what came since the last sample, of the last minute and of all", () => {
  const { latencies, second } = setUp();
  latencies.execution.record(2_000_000);
  second();
  latencies.execution.record(4_000_000);
  const { execution, risk } = second().latency;
  expect(execution.now).toMatchObject({ count: 1, max: 4_000 });
  expect(execution.minute.count).toBe(2);
  expect(execution.total).toMatchObject({ count: 2, max: 4_000 });
  expect(risk.total.count).toBe(0);
  for (let i = 0; i < 61; i++) second();
  expect(second().latency.execution.minute.count).toBe(0);
});

test("a plugin has the time its hooks took of each second", () => {
  const { hookTimes, second } = setUp();
  for (let i = 0; i < 1_000; i++) hookTimes.record(20_000);
  const [maker] = second().plugins;
  expect(maker?.msPerSecond).toBeCloseTo(20, 1);
  expect(maker).not.toHaveProperty("hookTimes");
  expect(second().plugins[0]?.msPerSecond).toBe(0);
});

test("the share of orders filled is of those that ended, that of errors of the last minute's requests", () => {
  const { orders, second } = setUp();
  expect(second().flow).toMatchObject({ fillRatio: 0, errorRatio: 0 });
  Object.assign(orders, { submitted: 10, filled: 3, cancelled: 2, rejected: 1, denied: 50, unknown: 1, open: 4 });
  const { flow } = second();
  expect(flow.fillRatio).toBe(0.5);
  expect(flow.errorRatio).toBeCloseTo(0.2);
});

test("the last 60 are kept, oldest first", () => {
  const { collector, second } = setUp();
  for (let i = 0; i < 65; i++) second();
  expect(collector.recent).toHaveLength(60);
  expect(collector.recent[0]?.seq).toBe(6);
  expect(collector.latest?.seq).toBe(65);
});

test("a sample survives JSON", () => {
  const { latencies, second } = setUp();
  for (const stage of STAGES) latencies[stage].record(1_234_567);
  const sample = second();
  expect(JSON.parse(JSON.stringify(sample))).toEqual(sample);
});

test("what one listener throws is a fault, and the others are told", () => {
  const { collector, faults, second } = setUp();
  const told: number[] = [];
  collector.onSample(() => {
    throw new Error("page gone");
  });
  collector.onSample(({ seq }) => told.push(seq));
  second();
  expect(told).toEqual([1]);
  expect(faults).toEqual(["who listens to samples failed: Error: page gone"]);
});

test("a listener that leaves is told nothing more, also when it leaves while it is told", () => {
  const { collector, second } = setUp();
  const told: string[] = [];
  const listener = ({ seq }: SessionSample) => {
    told.push(`first ${seq}`);
    stop();
  };
  const stop = collector.onSample(listener);
  const stopTwin = collector.onSample(listener);
  second();
  stopTwin();
  second();
  expect(told).toEqual(["first 1", "first 1"]);
});

test("a source that fails is a fault, costs its sample, and the next one comes", () => {
  const { collector, sources, faults, second } = setUp();
  const { trading } = sources;
  sources.trading = () => {
    throw new Error("not now");
  };
  second();
  expect(collector.latest).toBeUndefined();
  expect(faults).toEqual(["no sample could be taken: Error: not now"]);
  sources.trading = trading;
  expect(second().seq).toBe(1);
});

test("the slowest orders are worked out once a sample, and only when somebody asks", () => {
  const { collector, slow, second } = setUp();
  expect(collector.slowest()).toEqual([]);
  slow.push({ clientOrderId: "pl-1" } as never);
  expect(collector.slowest()).toEqual([]);
  second();
  expect(collector.slowest()).toHaveLength(1);
});

test("a stage's histogram is the session's own", () => {
  const { collector, latencies } = setUp();
  expect(collector.histogram("ack")).toBe(latencies.ack);
});
