import { expect, test } from "vitest";
import type { Clock } from "../../src/clock.ts";
import { ManualClock, seededRandom } from "../../src/testing.ts";
import {
  type AuditEntry,
  AutoOptimizer,
  type AutoOptimizerOptions,
  type Guard,
  type Knob,
  type Objective,
} from "../../src/tune/index.ts";
import { type ServiceOptions, simulateService } from "../support/simulated-service.ts";

/** Time that passes by itself: a sleep is over at once and moves the clock. */
function createFastClock(): Pick<Clock, "nowUs" | "sleep"> {
  const clock = new ManualClock();
  return {
    nowUs: () => clock.nowUs(),
    sleep: async (ms, signal) => {
      await Promise.resolve();
      signal?.throwIfAborted();
      clock.advance({ ms });
    },
  };
}

function createTrail() {
  const entries: AuditEntry[] = [];
  return { entries, append: (entry: AuditEntry) => void entries.push(JSON.parse(JSON.stringify(entry))) };
}

function setUp(service: Partial<ServiceOptions> = {}, options: Partial<AutoOptimizerOptions> = {}) {
  const simulated = simulateService({ optimum: 256, start: 8, seed: 1, ...service });
  const trail = createTrail();
  const create = (more: Partial<AutoOptimizerOptions> = {}) =>
    new AutoOptimizer({
      knobs: [simulated.knob],
      objective: simulated.objective,
      audit: trail,
      clock: createFastClock(),
      random: seededRandom((service.seed ?? 1) + 1_000_000),
      ...options,
      ...more,
    });
  return { ...simulated, trail, entries: trail.entries, create };
}

const SEEDS = Array.from({ length: 100 }, (_, i) => i + 1);

test("finds the planted optimum in at least 95 of 100 seeded runs, through noise, correlation and drift", async () => {
  let found = 0;
  for (const seed of SEEDS) {
    const start = seed % 2 === 0 ? 4 : 3000; // from either side
    const { create, trueFigure, current } = setUp({ seed, start });
    await create().run();
    const gained = (trueFigure(start) - trueFigure(current())) / (trueFigure(start) - 1000);
    if (gained >= 0.9) found++;
  }
  expect(found).toBeGreaterThanOrEqual(95);
});

test("takes a change of a knob that does nothing in at most 5 of 100 seeded runs", async () => {
  let accepted = 0;
  for (const seed of SEEDS) {
    const { create, entries } = setUp({ seed, optimum: null, start: 64 }, { minGain: 0 });
    await create().run();
    if (entries.some(({ event }) => event === "kept")) accepted++;
  }
  expect(accepted).toBeLessThanOrEqual(5);
});

test("reports what it kept, and leaves the knob at the values it reports", async () => {
  const { create, current, entries } = setUp();
  const report = await create().run();
  expect(report).toMatchObject({ campaign: 1, reason: "converged", values: { batchSize: current() } });
  expect(report.kept[0]).toMatchObject({ knob: "batchSize", from: 8 });
  expect(report.kept.at(-1)?.to).toBe(current());
  expect(report.trials).toBe(entries.filter(({ event }) => event === "trial").length);
  expect(entries.at(-1)).toMatchObject({ event: "end", reason: "converged" });
});

test("tunes several knobs, in turns", async () => {
  const one = simulateService({ optimum: 256, start: 8, seed: 1 });
  const other = simulateService({ optimum: 16, start: 1024, seed: 2 });
  const knobs: Knob[] = [one.knob, { ...other.knob, name: "flushMs" }];
  const objective: Objective = {
    name: "sum",
    goal: "min",
    measure: async (signal) => (await one.objective.measure(signal)) + (await other.objective.measure(signal)),
  };
  const { create, entries } = setUp({}, { knobs, objective });
  await create().run();
  expect(one.trueFigure(one.current())).toBeLessThan(1050);
  expect(other.trueFigure(other.current())).toBeLessThan(1050);
  const first = entries.filter(({ event }) => event === "trial").slice(0, 2);
  expect(first.map((entry) => "knob" in entry && entry.knob)).toEqual(["batchSize", "flushMs"]);
});

test("never sets a value outside the bounds", async () => {
  const { create, knob } = setUp({ optimum: 4096, start: 2000 });
  const set: number[] = [];
  const watched = {
    ...knob,
    set: (value: number) => {
      set.push(value);
      return knob.set(value);
    },
  };
  await create({ knobs: [watched] }).run();
  expect(set.every((value) => Number.isInteger(value) && value >= 1 && value <= 4096)).toBe(true);
  expect(set).toContain(4096);
});

function guardOn(current: () => number, above: number): Guard {
  return { name: "errorRate", max: 0.01, read: () => (current() > above ? 0.5 : 0) };
}

test("a guard that trips on the candidate puts the value in force back and refuses the change", async () => {
  const { create, current, entries } = setUp({ optimum: 4096, start: 64 });
  await create({ guards: [guardOn(current, 200)] }).run();
  const refused = entries.filter((entry) => entry.event === "rejected" && entry.reason.startsWith("guard"));
  expect(refused[0]).toMatchObject({
    to: 512,
    pairs: 0,
    p: null,
    reason: 'guard "errorRate" read 0.5, above 0.01',
  });
  expect(current()).toBeLessThanOrEqual(200);
});

test("a guard ends a window while it is being measured", async () => {
  const { create, current, knob } = setUp({ start: 64 });
  const clock = new ManualClock();
  const waiting: Objective = {
    name: "slow",
    goal: "min",
    measure: (signal) => clock.sleep(60_000, signal).then(() => 1),
  };
  const running = create({
    objective: waiting,
    clock,
    settleMs: 0,
    guards: [guardOn(current, 64)],
    maxTrials: 1,
    looks: [12],
  });
  const report = running.run();
  while (current() === 64) await turn(clock, 60_000); // incumbent windows, if the coin chose them first
  expect(knob.get()).toBe(512);
  while (current() !== 64) await turn(clock, 100);
  expect((await report).kept).toEqual([]);
});

async function turn(clock: ManualClock, ms: number) {
  for (let i = 0; i < 20; i++) await Promise.resolve();
  if (clock.sleeping > 0) clock.advance({ ms });
}

test("a guard that cannot be read counts as tripped", async () => {
  const { create, current, entries } = setUp({ start: 64 });
  const read = () => {
    if (current() !== 64) throw new Error("metrics are gone");
    return 0;
  };
  await create({ guards: [{ name: "errorRate", max: 1, read }] }).run();
  expect(entries.find(({ event }) => event === "rejected")).toMatchObject({
    reason: 'guard "errorRate" failed: metrics are gone',
  });
  expect(current()).toBe(64);
});

test("a guard that trips under the value in force blames no candidate: the trial is given up and made again", async () => {
  const { create, windows, current, entries } = setUp();
  let trips = 0;
  const read = () => (windows() >= 3 && current() === 8 && trips++ === 0 ? 2 : 0);
  await create({ guards: [{ name: "load", max: 1, read }] }).run();
  const [first, second] = entries.filter(({ event }) => event === "trial");
  expect(entries.find(({ event }) => event === "rolled-back")).toMatchObject({
    to: 8,
    reason: expect.stringMatching(/guard "load" read 2, above 1 under the value in force$/),
  });
  expect(second).toMatchObject({ to: (first as { to: number }).to });
});

test("a value just kept that trips a guard on probation is rolled back", async () => {
  const { create, entries, current } = setUp();
  const isKept = () => entries.some(({ event }) => event === "kept");
  await create({ guards: [{ name: "memory", max: 1, read: () => (isKept() && current() !== 8 ? 2 : 0) }] }).run();
  const keptAt = entries.findIndex(({ event }) => event === "kept");
  expect(entries[keptAt + 1]).toMatchObject({
    event: "rolled-back",
    to: 8,
    reason: 'guard "memory" read 2, above 1 on probation',
  });
  expect(current()).toBe(8);
});

test("an abort puts the value in force back, says so, and rejects with the signal's reason", async () => {
  const { create, current, objective, windows, entries } = setUp({ start: 64 });
  const controller = new AbortController();
  const measure: Objective["measure"] = (signal) => {
    if (windows() > 5 && current() !== 64) controller.abort(new Error("stop"));
    return objective.measure(signal);
  };
  await expect(create({ objective: { ...objective, measure } }).run(controller.signal)).rejects.toThrow("stop");
  expect(current()).toBe(64);
  expect(entries.at(-1)).toMatchObject({ event: "rolled-back", to: 64, reason: "Error: stop" });
});

test("an objective that fails under the candidate refuses it; under the value in force it ends the run", async () => {
  const { create, current, objective, entries } = setUp({ start: 64 });
  const failing = (when: () => boolean): Objective => ({
    ...objective,
    measure: async (signal) => (when() ? Number.NaN : objective.measure(signal)),
  });
  await create({ objective: failing(() => current() !== 64) }).run();
  expect(entries.find(({ event }) => event === "rejected")).toMatchObject({
    reason: expect.stringMatching(/no finite/),
  });
  await expect(create({ objective: failing(() => current() === 64) }).run()).rejects.toMatchObject({
    code: "OBJECTIVE_FAILED",
    message: expect.stringMatching(/gave NaN, which is no finite number, under batchSize = 64$/),
  });
  expect(current()).toBe(64);
});

test("a knob that cannot be put back stops the optimizer with an error that names it", async () => {
  const { create, knob } = setUp();
  let sets = 0;
  const stuck = {
    ...knob,
    set: (value: number) => {
      if (++sets > 30) throw new Error("read-only");
      return knob.set(value);
    },
  };
  await expect(create({ knobs: [stuck] }).run()).rejects.toMatchObject({
    code: "ROLLBACK_FAILED",
    message: expect.stringMatching(/^knob "batchSize" could not be set to \d+: set it by hand$/),
  });
});

test("killed after any entry, a new optimizer goes on from the trail and ends at the same place as good", async () => {
  const whole = setUp();
  await whole.create().run();
  for (let cut = 1; cut < whole.entries.length; cut += 7) {
    const history = whole.entries.slice(0, cut);
    const open = history.findLast(({ event }) => event !== "pair");
    const again = setUp({ start: open?.event === "trial" ? open.to : 8, seed: cut });
    const report = await again.create({ history }).run();
    expect(again.trueFigure(again.current())).toBeLessThan(1050);
    expect(report.campaign).toBe(1);
    if (open?.event === "trial")
      expect(again.entries[0]).toMatchObject({ event: "rolled-back", to: open.from, reason: /the run ended/ as never });
  }
});

test("knobs rest between trials", async () => {
  const { create, entries } = setUp({}, { coolDownMs: 60_000, settleMs: 0 });
  await create().run();
  const decisions = entries.flatMap((entry, i) => (entry.event === "rejected" ? [i] : []));
  for (const i of decisions) {
    const next = entries[i + 1];
    if (next?.event === "trial") expect(next.atUs - (entries[i] as AuditEntry).atUs).toBeGreaterThanOrEqual(60_000_000);
  }
  expect(decisions.length).toBeGreaterThan(1);
});

test("spends at most maxTrials", async () => {
  const { create } = setUp({ start: 1 }, { maxTrials: 3, looks: [24] });
  expect(await create().run()).toMatchObject({ trials: 3, reason: "trials-spent" });
});

test.each<[Partial<AutoOptimizerOptions>, string]>([
  [{ knobs: [] }, "knobs must have at least one knob"],
  [{ looks: [4] }, "looks end at 4 pairs, too few to ever keep a change at alpha 0.02 over 24 trials"],
  [{ looks: [12, 12] }, "looks[1] must be a number from 13 to 1000, got 12"],
  [{ alpha: 0 }, "alpha must be a number from"],
  [{ minGain: 2 }, "minGain must be a number from 0 to 1, got 2"],
])("refuses %o", (options, message) => {
  expect(() => setUp().create(options)).toThrow(message);
});

test("refuses two knobs of one name", () => {
  const { knob, create } = setUp();
  expect(() => create({ knobs: [knob, knob] })).toThrow('two knobs are called "batchSize"');
});
