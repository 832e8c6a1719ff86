// Tunes the batch size of a (simulated) writer whose p99 is best near 256, through noise, and prints what was kept and why.
import { createRandom, createSystemClock } from "@pitlane/perf";
import { type AuditEntry, AutoOptimizer, type Knob } from "@pitlane/perf/tune";

const random = createRandom(7);
let batchSize = 16;

const knob: Knob = {
  name: "batchSize",
  min: 1,
  max: 4096,
  step: 1,
  scale: "log",
  get: () => batchSize,
  set: (value) => {
    batchSize = value;
  },
};

const trail: AuditEntry[] = []; // openAuditFile("tuning.jsonl") keeps it on disk, so that a restart goes on
const optimizer = new AutoOptimizer({
  knobs: [knob],
  // A real one: latencyObjective({ histogram, percentile: 99, windowMs: 1000, clock })
  objective: {
    name: "p99",
    goal: "min",
    measure: async () => (1000 + 40 * Math.log2(batchSize / 256) ** 2) * (1 + 0.05 * random.normal()),
  },
  guards: [{ name: "batch fits a frame", max: 2048, read: () => batchSize }],
  audit: { append: (entry) => void trail.push(entry) },
  clock: createSystemClock(),
  random,
  settleMs: 0, // a real program needs a second to settle, and its knobs a rest
  coolDownMs: 0,
});

const { kept, values, trials } = await optimizer.run();
for (const { knob, from, to, gain } of kept)
  console.log(`${knob} ${from} -> ${to}: ${(100 * gain).toFixed(1)} % better`);
console.log(`in force after ${trials} trials, ${trail.length} audit entries:`, values);
