// Tuning costs nothing on the hot path; what matters is that noise is not taken for a gain. Both judge the same correlated windows of
// a setting that does nothing, at a level of 2 %: ours by pairs of windows, the peer by its samples, as if they were independent.
import { createRandom, type Random } from "@pitlane/perf";
import { decide, type Pair } from "@pitlane/perf/tune";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";

const ALPHA = 0.02;
const TRIALS = 500;
const PAIRS = 24;
const SAMPLES = 100;
const ONE_SIDED_Z = 2.054; // of a normal at 2 %; with thousands of samples Student's t is no different

/** One window's latencies: AR(1) around 1,000 us, so that a sample resembles the one before, as queueing makes it. */
function fillWindow(window: Float64Array, random: Random, before: number): number {
  let noise = before;
  for (let i = 0; i < window.length; i++) {
    noise = 0.95 * noise + random.normal();
    window[i] = 1000 + 10 * noise;
  }
  return noise;
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

function variance(values: Float64Array): number {
  const centre = mean(values);
  let sum = 0;
  for (const value of values) sum += (value - centre) ** 2;
  return sum / (values.length - 1);
}

function percentKept(keeps: (random: Random) => boolean): Case {
  return {
    value: () => {
      const random = createRandom(1);
      let kept = 0;
      for (let trial = 0; trial < TRIALS; trial++) if (keeps(random)) kept++;
      return (100 * kept) / TRIALS;
    },
  };
}

const byPairs = percentKept((random) => {
  const window = new Float64Array(SAMPLES);
  const pairs: Pair[] = [];
  let noise = 0;
  for (let i = 0; i < PAIRS; i++) {
    noise = fillWindow(window, random, noise);
    const first = mean(window);
    noise = fillWindow(window, random, noise);
    const second = mean(window);
    pairs.push(random.next() < 0.5 ? { incumbent: first, candidate: second } : { incumbent: second, candidate: first });
  }
  return decide(pairs, { goal: "min", minGain: 0, alpha: ALPHA, looks: [PAIRS] }).verdict === "keep";
});

const bySamples = percentKept((random) => {
  const before = new Float64Array(PAIRS * SAMPLES);
  const after = new Float64Array(PAIRS * SAMPLES);
  fillWindow(after, random, fillWindow(before, random, 0));
  const error = Math.sqrt((variance(before) + variance(after)) / before.length);
  return (mean(before) - mean(after)) / error > ONE_SIDED_Z;
});

const suite: Suite = {
  name: "auto-optimizer",
  comparisons: [
    {
      name: "changes kept of a setting that does nothing",
      unit: "%",
      rounds: 1,
      ours: byPairs,
      peers: {
        "Welch's t-test over samples, before and after": {
          case: bySamples,
          note: "both at a level of 2 %; the t-test takes correlated samples for independent ones",
        },
      },
    },
  ],
};

export default suite;
