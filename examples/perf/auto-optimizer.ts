// Tunes the batch size of a running MicroBatcher by what a call really costs, and prints what was kept and why.
import { createHash } from "node:crypto";
import { createRandom, createSystemClock } from "@pitlane/perf";
import { MicroBatcher } from "@pitlane/perf/flow";
import { type AuditEntry, AutoOptimizer, knobOn } from "@pitlane/perf/tune";

const clock = createSystemClock();
const header = Buffer.alloc(16_384);

// Each batch hashes a header, which small batches pay too often, and looks for duplicates, which is slow in large ones.
const batcher = new MicroBatcher({
  maxSize: 2,
  send: async (records: readonly number[]) => {
    createHash("sha256").update(header).digest();
    const seen: number[] = [];
    return records.map((record) => {
      if (!seen.includes(record)) seen.push(record);
      return seen.length;
    });
  },
  clock,
});

const trail: AuditEntry[] = []; // openAuditFile("tuning.jsonl") keeps it on disk, so that a restart goes on
const optimizer = new AutoOptimizer({
  knobs: [knobOn(batcher, "maxSize", { min: 1, max: 1024, step: 1, scale: "log" })],
  objective: {
    name: "time of 256 calls",
    goal: "min",
    measure: async () => {
      const startedNs = clock.monotonicNs();
      await Promise.all(Array.from({ length: 256 }, (_, i) => batcher.submit(i)));
      return clock.monotonicNs() - startedNs;
    },
  },
  guards: [{ name: "heap MB", max: 500, read: () => process.memoryUsage().heapUsed / 1e6 }],
  audit: { append: (entry) => void trail.push(entry) },
  clock,
  random: createRandom(7),
  settleMs: 0, // a server needs a second to settle after a change, and its knobs a rest
  coolDownMs: 0,
});

const { kept, values, trials } = await optimizer.run();
for (const { knob, from, to, gain } of kept)
  console.log(`${knob} ${from} -> ${to}: ${(100 * gain).toFixed(1)} % better`);
console.log(`in force after ${trials} trials, ${trail.length} audit entries:`, values);
await batcher.close();
