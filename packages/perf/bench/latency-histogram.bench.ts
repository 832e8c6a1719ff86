// Every stage of every order records once. The floor is reading the clock, which whoever records has done twice.
import { createHistogram } from "node:perf_hooks";
import { bench, do_not_optimize, run, summary } from "mitata";
import { createSystemClock } from "../src/index.ts";
import { LatencyHistogram } from "../src/metrics/index.ts";

const clock = createSystemClock();
const latency = new LatencyHistogram();
const native = createHistogram();
let sample = 1;
const nextSample = () => {
  sample = (sample * 16_807) % 2_147_483_647;
  return sample;
};

summary(() => {
  bench("clock only", () => do_not_optimize(clock.monotonicNs()));
  bench("LatencyHistogram.record", () => {
    latency.record(nextSample());
  });
  bench("perf_hooks histogram.record", () => {
    native.record(nextSample());
  });
});

summary(() => {
  bench("LatencyHistogram.summary", () => do_not_optimize(latency.summary()));
});

await run();
