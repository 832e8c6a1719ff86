import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { driveModels, makeDueSteps, type SteppedModel } from "../../src/models/driver.ts";

class Metronome implements SteppedModel {
  dueUs: number;
  readonly steps: number[] = [];
  readonly #periodUs: number;
  readonly #log: string[];
  readonly #name: string;

  constructor(name: string, dueUs: number, periodUs: number, log: string[] = []) {
    this.#name = name;
    this.dueUs = dueUs;
    this.#periodUs = periodUs;
    this.#log = log;
  }

  step(nowUs: number): void {
    this.steps.push(nowUs);
    this.#log.push(this.#name);
    this.dueUs += this.#periodUs;
  }

  skipTo(nowUs: number): void {
    this.dueUs = nowUs;
  }
}

test("makes due steps in order of time, over all models", () => {
  const log: string[] = [];
  const models = [new Metronome("a", 0, 10, log), new Metronome("b", 5, 20, log)];
  makeDueSteps(models, 30);
  expect(log).toEqual(["a", "b", "a", "a", "b", "a"]);
  makeDueSteps(models, 30);
  expect(log).toHaveLength(6);
});

test("catches up with one second of a stall and no more", () => {
  const model = new Metronome("a", 0, 100_000);
  makeDueSteps([model], 60_000_000);
  expect(model.steps).toHaveLength(11);
  expect(model.dueUs).toBe(60_100_000);
});

test("drives by the clock until it is told to stop", async () => {
  const clock = new ManualClock(0);
  const stop = new AbortController();
  const model = new Metronome("a", 2000, 2000);
  const driving = driveModels([model], clock, stop.signal);
  for (let ms = 0; ms < 20; ms++) {
    clock.advance({ ms: 1 });
    await Promise.resolve();
    await Promise.resolve();
  }
  expect(model.steps).toEqual([5000, 5000, 10_000, 10_000, 10_000, 15_000, 15_000, 20_000, 20_000, 20_000]);
  stop.abort(new Error("enough"));
  await expect(driving).rejects.toThrow("enough");
  expect(clock.sleeping).toBe(0);
});
