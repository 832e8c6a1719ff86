import { fileURLToPath } from "node:url";
import { createSystemClock } from "@pitlane/perf";
import { afterEach, beforeAll, expect, test } from "vitest";
import * as authoring from "../../src/plugins/authoring.ts";
import { definePlugin } from "../../src/plugins/define.ts";
import type { PluginEntry } from "../../src/plugins/host.ts";
import { loadPluginsWith } from "../../src/plugins/load-source.ts";
import { testInstrument } from "../../src/testing.ts";
import { Stage } from "./stage.ts";
import { buildWorkerEntry } from "./worker-entry.ts";

const cwd = fileURLToPath(new URL("./fixtures", import.meta.url));
const instrument = testInstrument();
const clock = createSystemClock();
const stages: Stage[] = [];
let workerEntry: URL;

beforeAll(async () => {
  workerEntry = await buildWorkerEntry("containment-test");
});
afterEach(async () => {
  for (const stage of stages.splice(0)) await stage.close();
});

const ROUNDS = 15;
const EVENTS = 2_000; // a round: its p99 is the 20th worst
const MOST_RATIO = 2;

/** A well-behaved strategy of some microseconds a quote, which notes when it is done. */
function innocent(done: { ns: number }): PluginEntry {
  const prices = new Float64Array(2_000);
  let at = 0;
  const plugin = definePlugin({
    name: "innocent",
    setup(ctx) {
      ctx.on("quote", ({ bidTicks }) => {
        prices[at++ % prices.length] = bidTicks;
        let sum = 0;
        for (let i = 0; i < prices.length; i++) sum += prices[i]!;
        if (sum < 0) throw new Error("prices are positive");
        done.ns = clock.monotonicNs();
      });
    },
  });
  // The runner of tests may be held up for longer than any budget, and nobody is to be blamed for that.
  return { plugin, budgets: { hookMs: 60_000, msPerSecond: 1000 } };
}

async function open(bad: readonly PluginEntry[]) {
  const done = { ns: 0 };
  const stage = await Stage.open([...bad, innocent(done)], [instrument], { workerEntry });
  stages.push(stage);
  const took = new Float64Array(EVENTS);
  /** p99 of the time from the event to the innocent plugin being done with it, whoever was called before. */
  const p99 = () => {
    for (let i = 0; i < EVENTS; i++) {
      const startedNs = clock.monotonicNs();
      stage.quote(100 + (i % 10));
      took[i] = done.ns - startedNs;
    }
    return took.slice().sort()[Math.floor(EVENTS * 0.99)]!;
  };
  return { stage, p99 };
}

const bad = async (how: string, worker: boolean): Promise<PluginEntry> => {
  const [plugin] = await loadPluginsWith("./misbehaving.ts", { cwd }, { pitlane: authoring });
  const source = { from: "./misbehaving.ts", cwd };
  return {
    plugin: plugin!,
    config: { how },
    worker,
    source,
    budgets: { workerMemoryMb: 32, hookMs: 60_000, msPerSecond: 1000 },
  };
};

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

test.each([
  ["throws", "throw", false],
  ["floods", "flood", false],
  ["loops for ever, in a worker", "loop", true],
  ["leaks, in a worker", "leak", true],
  ["throws, in a worker", "throw", true],
  ["floods, in a worker", "flood", true],
])("one that %s is contained: the others' p99 stays within 2x", { timeout: 120_000 }, async (_, how, isWorker) => {
  const alone = await open([]);
  const beside = await open([await bad(how, isWorker)]);
  // The same in turn, so that what else the machine does falls on both. The bad one begins to misbehave in the first round that counts.
  for (let i = 0; i < 3; i++) alone.p99();
  const ratios: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    ratios.push(beside.p99() / alone.p99());
    await new Promise((resolve) => setTimeout(resolve, 20)); // the host's own work has its turn, as in a session
  }
  expect(median(ratios)).toBeLessThan(MOST_RATIO);
  // It did misbehave, and something was done about it.
  await beside.stage.until(() => beside.stage.controls.some(({ kind }) => kind === "quarantine" || kind === "lost"));
  expect(alone.stage.controls).toEqual([]);
});
