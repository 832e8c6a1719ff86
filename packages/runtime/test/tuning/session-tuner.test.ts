import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom } from "@pitlane/perf";
import { LatencyHistogram } from "@pitlane/perf/metrics";
import { ManualClock } from "@pitlane/perf/testing";
import { parseAudit } from "@pitlane/perf/tune";
import { afterAll, expect, test } from "vitest";
import { checkConfig } from "../../src/config.ts";
import type { SessionSample } from "../../src/observe/sample.ts";
import { OPTIMIZER_FILE, startTuner } from "../../src/tuning/session-tuner.ts";

const folder = mkdtempSync(join(tmpdir(), "pitlane-tuner-"));
afterAll(() => rmSync(folder, { recursive: true }));

const settings = checkConfig({ optimizer: { enabled: true, windowMs: 100 } }, "test").optimizer;

/** A session whose latency grows with how far its knob is from 8, on a clock of its own. */
function setUp(name: string, latest: () => SessionSample | undefined, hasLoad = true) {
  const clock = new ManualClock();
  const histogram = new LatencyHistogram();
  const knob = { name: "runtime/commit-rows", min: 1, max: 64, step: 1, scale: "log" as const, value: 32 };
  const faults: string[] = [];
  const runFolder = mkdtempSync(join(folder, name));
  const close = startTuner({
    settings,
    knobs: [
      {
        ...knob,
        get: () => knob.value,
        set: (value) => {
          knob.value = value;
        },
      },
    ],
    histogram,
    latest,
    folder: runFolder,
    clock,
    random: createRandom(3),
    onFault: (message) => faults.push(message),
  });
  const audit = () => parseAudit(readFileSync(join(runFolder, OPTIMIZER_FILE), "utf8"));
  const run = async (seconds: number) => {
    for (let step = 0; step < seconds * 20; step++) {
      if (hasLoad)
        for (let i = 0; i < 20; i++) histogram.record(10_000 + 2_000 * Math.abs(Math.log2(knob.value / 8)) * 10 + i);
      clock.advance({ ms: 50 });
      for (let turn = 0; turn < 8; turn++) await Promise.resolve();
    }
  };
  return { knob, audit, run, close, faults };
}

const healthy = { flow: { errorRatio: 0 }, process: { memory: { rssBytes: 100 * 2 ** 20 } } } as SessionSample;

test("a knob moves to where the stage is faster, and each step is in the audit trail", async () => {
  const { knob, audit, run, close, faults } = setUp("gain-", () => healthy);
  await run(600);
  await close();
  expect(knob.value).toBeLessThan(32);
  expect(audit().map(({ event }) => event)).toEqual(expect.arrayContaining(["campaign", "trial", "pair", "kept"]));
  expect(faults).toEqual([]);
});

test("where errors pass their guard nothing is kept", async () => {
  const failing = { ...healthy, flow: { errorRatio: 0.5 } } as SessionSample;
  const { knob, audit, run, close } = setUp("guard-", () => failing);
  await run(120);
  await close();
  expect(knob.value).toBe(32);
  expect(audit().some(({ event }) => event === "kept")).toBe(false);
});

test("without load it waits, and changes nothing", async () => {
  const { knob, run, close, faults } = setUp("idle-", () => healthy, false);
  await run(60);
  await close();
  expect([knob.value, faults]).toEqual([32, []]);
});
