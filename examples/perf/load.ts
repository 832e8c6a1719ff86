// How much can this service take? It answers one request at a time, in about 4 ms: some 250 a second.
import { createRandom, createSystemClock } from "@pitlane/perf";
import { Semaphore } from "@pitlane/perf/flow";
import { runLoad, toTable } from "@pitlane/perf/load";

const clock = createSystemClock();
const counter = new Semaphore({ permits: 1 });
const service = (signal?: AbortSignal) => counter.use(() => clock.sleep(3, signal), signal);

const report = await runLoad((_index, signal) => service(signal), {
  pattern: {
    kind: "step-until-failure",
    fromPerSecond: 50,
    stepPerSecond: 100,
    toPerSecond: 1000,
    stepMs: 300,
    until: { p99Ms: 50, errorRatio: 0.01 },
  },
  probe: { perSecond: 50, durationMs: 200 },
  clock,
  random: createRandom(1), // arrivals as of independent users; left out, they are even
});
console.log(toTable(report));
