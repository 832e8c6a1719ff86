import { expect, test } from "vitest";
import { LatencyHistogram } from "../../src/metrics/index.ts";
import { ManualClock } from "../../src/testing.ts";
import { latencyObjective } from "../../src/tune/index.ts";

function setUp() {
  const clock = new ManualClock();
  const histogram = new LatencyHistogram();
  const objective = latencyObjective({ histogram, percentile: 50, windowMs: 1000, clock });
  return { clock, histogram, objective };
}

test("gives the percentile of the window's samples alone", async () => {
  const { clock, histogram, objective } = setUp();
  histogram.record(5);
  const figure = objective.measure(new AbortController().signal);
  histogram.record(1000);
  clock.advance({ ms: 1000 });
  expect(await figure).toBe(1000);
});

test("a window without samples is an error: no latency is not a low one", async () => {
  const { clock, objective } = setUp();
  const figure = objective.measure(new AbortController().signal);
  clock.advance({ ms: 1000 });
  await expect(figure).rejects.toThrow("nothing was recorded in 1000 ms: is there load?");
});

test("stops with its signal", async () => {
  const { objective } = setUp();
  await expect(objective.measure(AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
});
