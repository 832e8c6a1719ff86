import { ManualClock } from "@pitlane/perf/testing";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Budgets, DEFAULT_BUDGETS, Quarantine, type QuarantineAction } from "../../src/plugins/quarantine.ts";

function setUp(budgets: Partial<Budgets> = {}, plugins = 1) {
  const clock = new ManualClock();
  const actions: QuarantineAction[] = [];
  const quarantine = new Quarantine({
    budgets: Array.from({ length: plugins }, () => ({ ...DEFAULT_BUDGETS, ...budgets })),
    clock,
    onAction: (action) => actions.push(action),
  });
  const kinds = (owner = 0) => actions.filter((action) => action.owner === owner).map(({ kind }) => kind);
  /** Hooks of `ms` each, one after the other, with `pauseMs` between. */
  const run = (count: number, ms: number, pauseMs = 0) => {
    for (let i = 0; i < count && quarantine.standing(0) !== "quarantined"; i++) {
      clock.advance({ ms });
      quarantine.meter(0, "quote", ms * 1e6);
      clock.advance({ ms: pauseMs });
    }
  };
  return { clock, quarantine, actions, kinds, run };
}

test("within budget nothing is ever done", () => {
  const { kinds, run } = setUp();
  run(10_000, 1, 9); // 100 ms of each second
  expect(kinds()).toEqual([]);
});

test("one slow hook is a warning; a hundred calm seconds later another one is a warning again", () => {
  const { clock, quarantine, kinds, run } = setUp();
  run(1, 6);
  expect(quarantine.standing(0)).toBe("warned");
  clock.advance({ ms: 100_000 });
  quarantine.tick();
  expect(quarantine.standing(0)).toBe("active");
  run(1, 6);
  expect(kinds()).toEqual(["warn", "warn"]);
});

test("slow again and again: warned, shed, then out, each told once and with its reason", () => {
  const { actions, run } = setUp();
  run(100, 6, 94);
  expect(actions.map(({ kind }) => kind)).toEqual(["warn", "shed", "quarantine"]);
  expect(actions[2]!.reason).toBe("its quote hook took 6.0 ms, the budget is 5 ms");
});

test("a plugin that takes all of the thread is out within a second or two", () => {
  const { clock, quarantine, run } = setUp({ hookMs: 5 });
  const startedNs = clock.monotonicNs();
  run(10_000, 4);
  expect(quarantine.standing(0)).toBe("quarantined");
  expect(clock.monotonicNs() - startedNs).toBeLessThan(2e9);
});

test("one hook of seconds is shed at once, and the next one is the last", () => {
  const { kinds, run } = setUp();
  run(1, 3000);
  expect(kinds()).toEqual(["warn", "shed"]);
  run(1, 6);
  expect(kinds()).toEqual(["warn", "shed", "quarantine"]);
});

test("a shed plugin that is calm comes back; it is not metered meanwhile, so ticks bring it back", () => {
  const { clock, quarantine, kinds, run } = setUp();
  run(10, 6);
  expect(kinds()).toEqual(["warn", "shed"]);
  for (let i = 0; i < 9; i++) {
    clock.advance({ ms: 1000 });
    quarantine.tick();
  }
  expect(quarantine.standing(0)).toBe("shed");
  clock.advance({ ms: 10_000 });
  quarantine.tick();
  expect(kinds()).toEqual(["warn", "shed", "restore"]);
  expect(quarantine.standing(0)).toBe("active");
});

test("faults count whenever they come; the last one takes it out, with what it threw", () => {
  const { quarantine, actions } = setUp({ faults: 3 });
  for (let i = 0; i < 5; i++) quarantine.fault(0, "trade", `fault ${i}`);
  expect(actions).toEqual([
    { owner: 0, kind: "quarantine", reason: "3 of its hooks failed, the last (trade) with: fault 2" },
  ]);
});

test("a hook whose policy is to quarantine does so at its first fault", () => {
  const { quarantine, kinds } = setUp();
  quarantine.fault(0, "quote", "no", true);
  expect(kinds()).toEqual(["quarantine"]);
});

test("a flood of orders is warned of, shed, and taken out", () => {
  const { quarantine, kinds } = setUp();
  for (let i = 0; i < 30; i++) quarantine.flood(0);
  expect(kinds()).toEqual(["warn", "shed", "quarantine"]);
});

test("one plugin's excesses are not another's", () => {
  const { quarantine, kinds } = setUp({}, 2);
  for (let i = 0; i < 30; i++) quarantine.meter(1, "quote", 6e6);
  expect(kinds(0)).toEqual([]);
  expect(kinds(1)).toEqual(["warn", "shed", "quarantine"]);
});

test("new code starts with a clean record", () => {
  const { quarantine, run } = setUp();
  run(100, 6);
  quarantine.reset(0);
  expect(quarantine.standing(0)).toBe("active");
  run(1, 6);
  expect(quarantine.standing(0)).toBe("warned");
});

test("whatever happens, steps go up one at a time and nothing follows a quarantine", () => {
  const step = fc.oneof(
    fc.record({ what: fc.constant("hook" as const), ms: fc.double({ min: 0, max: 50, noNaN: true }) }),
    fc.record({ what: fc.constant("pause" as const), ms: fc.integer({ min: 0, max: 5000 }) }),
    fc.record({ what: fc.constantFrom("fault" as const, "flood" as const), ms: fc.constant(0) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const { clock, quarantine, kinds } = setUp();
      for (const { what, ms } of steps) {
        if (what === "hook") {
          clock.advance({ ns: Math.round(ms * 1e6) });
          quarantine.meter(0, "quote", ms * 1e6);
        } else if (what === "pause") {
          clock.advance({ ms });
          quarantine.tick();
        } else if (what === "fault") quarantine.fault(0, "quote", "x");
        else quarantine.flood(0);
      }
      const told = kinds();
      const end = told.indexOf("quarantine");
      if (end >= 0) expect(end).toBe(told.length - 1);
      let isShed = false;
      for (const kind of told) {
        if (kind === "restore") expect(isShed).toBe(true);
        if (kind === "shed") expect(isShed).toBe(false);
        isShed = kind === "shed" || (isShed && kind !== "restore");
      }
      expect(quarantine.standing(0) === "quarantined").toBe(end >= 0);
    }),
  );
});

test("a budget out of its range is refused by name", () => {
  expect(() => setUp({ msPerSecond: 1001 })).toThrow("budgets.msPerSecond must be a number from 0.1 to 1000");
});
