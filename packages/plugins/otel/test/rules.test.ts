import { MetricsRegistry } from "@pitlane/perf/metrics";
import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { toMetricData } from "../src/metric-data.ts";
import { toOtelName } from "../src/metric-name.ts";
import { isSampled, OrderPool } from "../src/order-pool.ts";
import { otelSettings } from "../src/settings.ts";
import { hrTime } from "../src/time.ts";
import { orderOf } from "./support/fake-session.ts";

describe("names", () => {
  test.each([
    ["pitlane_events_total", "pitlane.events", ""],
    ["pitlane_events_per_second", "pitlane.events_per_second", "1/s"],
    ["pitlane_stage_duration_seconds", "pitlane.stage_duration", "s"],
    ["pitlane_gc_pause_seconds_total", "pitlane.gc_pause", "s"],
    ["pitlane_journal_size_bytes", "pitlane.journal_size", "By"],
    ["pitlane_limiter_used_ratio", "pitlane.limiter_used", "1"],
    ["pitlane_failures_per_minute", "pitlane.failures_per_minute", ""],
    ["plugin_maker_quotes_total", "plugin.maker_quotes", ""],
    ["_seconds", ".seconds", ""],
  ])("%s is %s in %j", (prometheus, name, unit) => {
    expect(toOtelName(prometheus)).toEqual({ name, unit });
  });
});

test("a meter is a sum and three rates, a summary its quantiles, a count and a sum", () => {
  const registry = new MetricsRegistry({ clock: new ManualClock() });
  registry.meter("pitlane_frames", { help: "Frames." }).mark(5);
  registry.summary("pitlane_hook_seconds", { help: "Hooks." }).record(2_000_000);
  const data = toMetricData(registry.snapshot(), 0);
  expect(data.map(({ descriptor: { name, unit }, dataPoints }) => [name, unit, dataPoints.length])).toEqual([
    ["pitlane.frames", "", 1],
    ["pitlane.frames_current_per_second", "1/s", 1],
    ["pitlane.frames_average_per_second", "1/s", 1],
    ["pitlane.frames_peak_per_second", "1/s", 1],
    ["pitlane.hook", "s", 4],
    ["pitlane.hook_count", "", 1],
    ["pitlane.hook_sum", "s", 1],
  ]);
});

test("a moment keeps its nanoseconds", () => {
  expect(hrTime(1_795_300_000_123_456, 0.25)).toEqual([1_795_300_000, 123_456_250]);
  expect(hrTime(1_999_999, 1.5)).toEqual([2, 500]);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4e15 }), fc.integer({ min: 0, max: 1e9 }), (atUs, laterNs) => {
      const [seconds, ns] = hrTime(atUs, laterNs / 1000);
      expect(ns).toBeGreaterThanOrEqual(0);
      expect(ns).toBeLessThan(1e9);
      expect(BigInt(seconds) * 1_000_000_000n + BigInt(ns)).toBe(BigInt(atUs) * 1000n + BigInt(laterNs));
    }),
  );
});

describe("which orders are traced", () => {
  test("none at 0, all at 1, and the same ones each time", () => {
    fc.assert(
      fc.property(fc.string(), fc.double({ min: 0, max: 1, noNaN: true }), (id, ratio) => {
        expect(isSampled(id, 0)).toBe(false);
        expect(isSampled(id, 1)).toBe(true);
        expect(isSampled(id, ratio)).toBe(isSampled(id, ratio));
        if (isSampled(id, ratio)) expect(isSampled(id, Math.min(1, ratio * 1.1))).toBe(true);
      }),
    );
  });

  test.each([0.01, 0.1, 0.5])("ids that count up are taken at about the ratio, %d", (ratio) => {
    let taken = 0;
    for (let i = 0; i < 100_000; i++) if (isSampled(`t8x1k3f9-${i.toString(36)}`, ratio)) taken++;
    const deviation = Math.sqrt(100_000 * ratio * (1 - ratio));
    expect(Math.abs(taken - 100_000 * ratio)).toBeLessThan(5 * deviation);
  });

  test("no more wait than there is room for, and the others are counted", () => {
    const pool = new OrderPool({ ratio: 1, most: 3 });
    for (let i = 0; i < 5; i++) pool.add(orderOf(`x${i}`, i));
    expect(pool.take([], 0)).toMatchObject({ orders: [{}, {}, {}], lost: 2 });
    expect(pool.take([], 0)).toEqual({ orders: [], lost: 0 });
  });
});

test("settings: what is wrong is refused", () => {
  expect(v.parse(otelSettings, {})).toEqual({
    endpoint: "http://127.0.0.1:4318",
    headers: {},
    intervalMs: 10_000,
    traces: true,
    sampleRatio: 0.1,
    serviceName: "pitlane",
  });
  for (const bad of [
    { endpoint: "127.0.0.1:4318" },
    { endpoint: "grpc://127.0.0.1:4317" },
    { endpoint: "http://user:password@127.0.0.1" },
    { endpoint: "http://127.0.0.1/?key=1" },
    { headers: { "a b": "c" } },
    { headers: { a: "b\r\nc: d" } },
    { intervalMs: 10 },
    { sampleRatio: 2 },
    { serviceName: "" },
    { url: "x" },
  ])
    expect(v.safeParse(otelSettings, bad).success).toBe(false);
});
