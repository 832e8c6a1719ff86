import { Histogram, LatencyHistogram, prometheusText } from "@pitlane/perf/metrics";
import fc from "fast-check";
import { expect, test } from "vitest";
import { stageHistogram } from "../../src/observe/stage-histogram.ts";

const STAGE_METRIC = "pitlane_stage_duration_seconds";

function histogramOf(...durationsNs: readonly number[]) {
  const latency = new LatencyHistogram();
  for (const ns of durationsNs) latency.record(ns);
  const snapshot = stageHistogram({ histogram: (stage) => (stage === "send" ? latency : new LatencyHistogram()) });
  const series = snapshot.series.find(({ labels }) => labels["stage"] === "send")!;
  return { bounds: snapshot.bounds, series, snapshot };
}

test("counts each duration below the first bound that it does not exceed", () => {
  const { bounds, series } = histogramOf(100, 101, 1_000, 4_999_000_000, 6_000_000_000);
  expect(bounds[0]).toBe(1e-7);
  expect(series.counts[0]).toBe(1); // 100 ns belongs below 100 ns
  expect(series.counts[1]).toBe(1);
  expect(series.counts[bounds.indexOf(1e-6)]).toBe(1);
  expect(series.counts[bounds.indexOf(5)]).toBe(1);
  expect(series.counts.at(-1)).toBe(1);
  expect(series.count).toBe(5);
});

test("an empty stage has all buckets at nothing", () => {
  const { series } = histogramOf();
  expect(series).toMatchObject({ labels: { stage: "send" }, sum: 0, count: 0 });
  expect(series.counts.every((count) => count === 0)).toBe(true);
});

test("is written with cumulative buckets that end in the count", () => {
  const text = prometheusText({ atUs: 0, metrics: [histogramOf(1_500, 2_500_000).snapshot] });
  expect(text).toContain(`# TYPE ${STAGE_METRIC} histogram`);
  expect(text).toContain(`${STAGE_METRIC}_bucket{stage="send",le="0.000002"} 1`);
  expect(text).toContain(`${STAGE_METRIC}_bucket{stage="send",le="0.005"} 2`);
  expect(text).toContain(`${STAGE_METRIC}_bucket{stage="send",le="+Inf"} 2`);
  expect(text).toContain(`${STAGE_METRIC}_count{stage="send"} 2`);
});

const DURATION_NS = fc.oneof(
  fc.integer({ min: 1, max: 10_000 }),
  fc.integer({ min: 1, max: 10_000_000 }),
  fc.integer({ min: 1, max: 20_000_000_000 }),
);

test("never counts a duration as shorter than it was, nor as more than a thousandth longer", () => {
  fc.assert(
    fc.property(fc.array(DURATION_NS, { maxLength: 50 }), (durationsNs) => {
      const { bounds, series } = histogramOf(...durationsNs);
      const exact = new Histogram(bounds);
      const longer = new Histogram(bounds);
      for (const ns of durationsNs) {
        exact.observe(ns / 1e9);
        longer.observe((ns * 1.001) / 1e9);
      }
      let [told, least, most] = [0, 0, 0];
      for (const [i, count] of series.counts.entries()) {
        told += count;
        most += exact.read().counts[i]!;
        least += longer.read().counts[i]!;
        expect(told).toBeLessThanOrEqual(most);
        expect(told).toBeGreaterThanOrEqual(least);
      }
      expect(series.count).toBe(durationsNs.length);
      const sum = durationsNs.reduce((total, ns) => total + ns, 0) / 1e9;
      expect(Math.abs(Number(series.sum) - sum)).toBeLessThanOrEqual(sum / 1000);
    }),
  );
});

test("what is told over time only grows, as a counter must", () => {
  fc.assert(
    fc.property(fc.array(DURATION_NS, { minLength: 1, maxLength: 30 }), (durationsNs) => {
      const latency = new LatencyHistogram();
      const read = () => stageHistogram({ histogram: () => latency }).series[0]!;
      let before = read();
      for (const ns of durationsNs) {
        latency.record(ns);
        const now = read();
        expect(Number(now.sum)).toBeGreaterThanOrEqual(Number(before.sum));
        for (const [i, count] of now.counts.entries()) expect(count).toBeGreaterThanOrEqual(before.counts[i]!);
        before = now;
      }
    }),
  );
});
