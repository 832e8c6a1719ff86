// The generator must be cheap, or it measures itself: what one call costs it, and how late it starts calls.
import { createSystemClock } from "@pitlane/perf";
import { type PhaseResult, runLoad } from "@pitlane/perf/load";
import type { Suite } from "../../../scripts/bench/suite.ts";

const clock = createSystemClock();

/** The load phase of two seconds of a target that answers at once. */
async function load(perSecond: number): Promise<PhaseResult> {
  const { phases } = await runLoad(async () => {}, {
    pattern: { kind: "constant", perSecond, durationMs: 2000 },
    probe: { perSecond: 10, durationMs: 100 },
    clock,
  });
  const [, phase] = phases;
  if (phase === undefined) throw new Error("the load phase is missing");
  return phase;
}

/** CPU time of the process in a load phase, per call, in nanoseconds. */
async function cpuPerCall(perSecond: number): Promise<number> {
  await load(perSecond); // warm-up
  const before = process.cpuUsage();
  const { started } = await load(perSecond);
  const { user, system } = process.cpuUsage(before);
  return ((user + system) * 1000) / started;
}

const suite: Suite = {
  name: "load",
  comparisons: [
    {
      name: "load generator, CPU per call at 20,000/s",
      unit: "ns/op",
      rounds: 2,
      ours: { value: () => cpuPerCall(20_000) },
      peers: {
        "20 awaits after each 1 ms timer (floor)": {
          case: {
            value: async () => {
              const run = async () => {
                let calls = 0;
                for (const endNs = clock.monotonicNs() + 2e9; clock.monotonicNs() < endNs; ) {
                  for (let i = 0; i < 20; i++, calls++) await undefined;
                  await clock.sleep(1);
                }
                return calls;
              };
              await run();
              const before = process.cpuUsage();
              const calls = await run();
              const { user, system } = process.cpuUsage(before);
              return ((user + system) * 1000) / calls;
            },
          },
          aim: null,
          note: "ours reads the clock twice, records four histograms and keeps the call in a set",
        },
      },
    },
    {
      name: "load generator, p99 lateness at 1,000/s",
      unit: "ms",
      rounds: 2,
      ours: { value: async () => (await load(1000)).lateness.p99 / 1000 },
      peers: {
        "sleep of 1 ms, p99 of its length (floor)": {
          case: {
            value: async () => {
              const lengths: number[] = [];
              for (let i = 0; i < 1500; i++) {
                const startNs = clock.monotonicNs();
                await clock.sleep(1);
                lengths.push((clock.monotonicNs() - startNs) / 1e6);
              }
              return lengths.sort((a, b) => a - b)[Math.floor(0.99 * lengths.length)] ?? 0;
            },
          },
          aim: null,
          note: "a call due just after a wake waits for the next timer; lateness is in the latency and reported beside it",
        },
      },
    },
  ],
};

export default suite;
