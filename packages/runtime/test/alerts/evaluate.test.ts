import fc from "fast-check";
import { expect, test } from "vitest";
import { clearAtOf, evaluate, isBad, type Step, type Track } from "../../src/alerts/evaluate.ts";
import type { Alert, AlertLevel, AlertRule } from "../../src/alerts/rules.ts";

const NO_DATA_MS = 5000;

const RULE: AlertRule = {
  name: "slow",
  title: "something slow",
  signal: "execution-p99",
  bad: "above",
  warning: { threshold: 50 },
  critical: { threshold: 500 },
};

interface Taken extends Step {
  readonly ms: number;
  readonly value: number | undefined;
}

/** Feeds values, a second apart unless told. */
function feed(rule: AlertRule, values: readonly (number | undefined)[], everyMs = 1000): readonly Taken[] {
  let before: Track | undefined;
  return values.map((value, index) => {
    const ms = index * everyMs;
    const at = { us: ms * 1000, ms };
    const step = evaluate({ rule, unit: "s", subject: "", before, value, at, noDataMs: NO_DATA_MS });
    before = step.track;
    return { ...step, ms, value };
  });
}

const changes = (steps: readonly Taken[]) => steps.map(({ change }) => change ?? "-").join(" ");

test("a value at the threshold raises at once, one beyond clearAt resolves", () => {
  const steps = feed(RULE, [49, 50, 46, 45, 44]);
  expect(changes(steps)).toBe("- raised - resolved -");
  expect(steps[1]?.alert).toMatchObject({ id: "slow:1000000", severity: "warning", value: 50, threshold: 50 });
  expect(steps[3]?.alert).toMatchObject({
    id: "slow:1000000",
    state: "resolved",
    resolvedAtUs: 3e6,
    resolvedBy: "value",
    value: 45,
  });
});

test("below is bad under the threshold, and over at 10 % above it", () => {
  const rule: AlertRule = { ...RULE, bad: "below", warning: { threshold: 500 }, critical: { threshold: 100 } };
  expect(changes(feed(rule, [500, 499, 540, 550, 99, 120, 560]))).toBe("- raised - resolved raised better resolved");
});

test("with forMs it is raised when every value was bad for so long", () => {
  const rule: AlertRule = { ...RULE, warning: { threshold: 50, forMs: 3000 } };
  expect(changes(feed(rule, [60, 60, 60, 60]))).toBe("- - - raised");
  expect(changes(feed(rule, [60, 60, 49, 60, 60, 60]))).toBe("- - - - - -");
  expect(changes(feed(rule, [60, 60, undefined, 60, 60, 60, 60]))).toBe("- - - - - - raised");
});

test("the built-in durations of two minutes hold to the second", () => {
  const rule: AlertRule = { ...RULE, warning: { threshold: 0.1, forMs: 120_000 } };
  const steps = feed(rule, Array<number>(122).fill(0.2));
  expect(steps.findIndex(({ change }) => change === "raised")).toBe(120);
});

test("a warning gets worse and better under the same id, and is told of once each", () => {
  const steps = feed(RULE, [60, 600, 600, 460, 449, 449, 45]);
  expect(changes(steps)).toBe("raised worse - - better - resolved");
  expect(new Set(steps.flatMap(({ alert }) => alert?.id ?? [])).size).toBe(1);
  expect(steps[1]?.alert?.threshold).toBe(500);
});

test("a critical value that comes back half way goes on as a warning, whose own duration is not waited for", () => {
  const rule: AlertRule = { ...RULE, warning: { threshold: 50, forMs: 60_000 } };
  expect(changes(feed(rule, [600, 100, 46, 45]))).toBe("raised better - resolved");
});

test("who acknowledged a warning has not acknowledged that it became critical", () => {
  const at = (ms: number) => ({ us: ms * 1000, ms });
  const input = { rule: RULE, unit: "s", subject: "", noDataMs: NO_DATA_MS };
  const raised = evaluate({ ...input, before: undefined, value: 60, at: at(0) });
  const seen: Track = { ...raised.track!, alert: { ...raised.alert!, acknowledgedBy: "ann" } };
  const same = evaluate({ ...input, before: seen, value: 61, at: at(1000) });
  expect(same.alert?.acknowledgedBy).toBe("ann");
  const worse = evaluate({ ...input, before: same.track, value: 600, at: at(2000) });
  expect(worse.alert?.acknowledgedBy).toBeNull();
});

test("without values a raised alert waits, then is resolved for want of data and forgotten", () => {
  const steps = feed(RULE, [60, undefined, undefined, undefined, undefined, undefined, undefined]);
  expect(changes(steps)).toBe("raised - - - - resolved -");
  expect(steps[5]?.alert).toMatchObject({ resolvedBy: "noData", value: 60 });
  expect(steps[5]?.track).toBeUndefined();
});

test("a value that comes back in time finds the alert as it was", () => {
  expect(changes(feed(RULE, [60, undefined, undefined, 48, 44]))).toBe("raised - - - resolved");
});

test("without values nothing is kept of a subject that is not raised", () => {
  expect(feed(RULE, [10, undefined])[1]?.track).toBeUndefined();
});

const levelArb = (threshold: number): fc.Arbitrary<AlertLevel> =>
  fc.record(
    { threshold: fc.constant(threshold), forMs: fc.integer({ min: 0, max: 5000 }) },
    { requiredKeys: ["threshold"] },
  );

const ruleArb: fc.Arbitrary<AlertRule> = fc
  .record({
    bad: fc.constantFrom("above", "below"),
    levels: fc.constantFrom("both", "warning", "critical"),
    mild: levelArb(100),
    severeAbove: levelArb(200),
    severeBelow: levelArb(40),
  })
  .map(({ bad, levels, mild, severeAbove, severeBelow }) => ({
    name: "any",
    title: "any",
    signal: "cpu",
    bad,
    ...(levels === "critical" ? {} : { warning: mild }),
    ...(levels === "warning" ? {} : { critical: bad === "above" ? severeAbove : severeBelow }),
  }));

const valuesArb = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.constantFrom(0, 35, 39, 40, 42, 44, 50, 89, 90, 95, 99, 100, 105, 110, 180, 190, 199, 200, 300),
    },
    { weight: 1, arbitrary: fc.constant(undefined) },
  ),
  { maxLength: 60 },
);

/** The levels of a rule, severest last. */
const levelsOf = ({ warning, critical }: AlertRule) => [warning, critical].filter((level) => level !== undefined);

test("it is raised only after forMs of uninterrupted bad values of one of its levels", () => {
  fc.assert(
    fc.property(ruleArb, valuesArb, (rule, values) => {
      const steps = feed(rule, values);
      for (const [index, { change, ms }] of steps.entries()) {
        if (change !== "raised") continue;
        const earned = levelsOf(rule).some(({ threshold, forMs = 0 }) => {
          const span = steps.slice(0, index + 1).filter((step) => step.ms >= ms - forMs);
          const isCovered = steps[0]!.ms <= ms - forMs || forMs === 0;
          return isCovered && span.every(({ value }) => value !== undefined && isBad(rule.bad, threshold, value));
        });
        expect(earned).toBe(true);
      }
    }),
  );
});

test("every alert is raised once and resolved at most once, the one before it is over first, and its times are in order", () => {
  fc.assert(
    fc.property(ruleArb, valuesArb, (rule, values) => {
      let open: Alert | undefined;
      const ids = new Set<string>();
      for (const { change, alert, track } of feed(rule, values)) {
        if (change === "raised") {
          expect(open).toBeUndefined();
          expect(ids.has(alert!.id)).toBe(false);
          ids.add(alert!.id);
          open = alert;
        } else if (change !== undefined) {
          expect(alert?.id).toBe(open?.id);
          expect(alert!.changedAtUs).toBeGreaterThanOrEqual(alert!.raisedAtUs);
          open = change === "resolved" ? undefined : alert;
        }
        expect(track?.alert?.id).toBe(open?.id);
      }
    }),
  );
});

test("inside the hysteresis bands nothing changes, however the value moves there", () => {
  fc.assert(
    fc.property(ruleArb, valuesArb, (rule, values) => {
      let hasAlert = false;
      for (const { change, value, track } of feed(rule, values)) {
        const inBand =
          value !== undefined &&
          levelsOf(rule).every((level) => {
            const clearAt = clearAtOf(rule.bad, level);
            const isOver = rule.bad === "above" ? value <= clearAt : value >= clearAt;
            return !isBad(rule.bad, level.threshold, value) && !isOver;
          });
        if (inBand) expect(change).toBeUndefined();
        if (inBand) expect(track?.alert !== undefined).toBe(hasAlert);
        hasAlert = track?.alert !== undefined;
      }
    }),
  );
});

test("it is resolved only by a value beyond every clearAt that held it, or for want of data", () => {
  fc.assert(
    fc.property(ruleArb, valuesArb, (rule, values) => {
      for (const { change, alert, value } of feed(rule, values)) {
        if (change !== "resolved") continue;
        if (alert?.resolvedBy === "noData") expect(value).toBeUndefined();
        else expect(levelsOf(rule).some((level) => isBad(rule.bad, level.threshold, value!))).toBe(false);
      }
    }),
  );
});
