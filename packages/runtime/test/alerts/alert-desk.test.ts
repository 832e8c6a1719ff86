import { InvalidInputError } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { type AlertEntry, SampledAlertDesk } from "../../src/alerts/alert-desk.ts";
import { builtInRules } from "../../src/alerts/built-in.ts";
import type { Alert, AlertRule } from "../../src/alerts/rules.ts";
import { type SampleParts, sampleOf } from "./sample.ts";

const BUILT_IN = builtInRules({ laneCapacity: 10_000, orderQueue: 10_000 });

const ON = BUILT_IN.filter(({ isOff }) => isOff !== true);

function setUp({
  rules = ON,
  noDataMs,
  warmUpMs = 0,
}: {
  rules?: readonly AlertRule[];
  noDataMs?: number;
  warmUpMs?: number;
} = {}) {
  const clock = new ManualClock();
  const entries: AlertEntry[] = [];
  const faults: string[] = [];
  const desk = new SampledAlertDesk({
    rules,
    ...(noDataMs === undefined ? {} : { noDataMs }),
    warmUpMs,
    clock,
    onEntry: (entry) => entries.push(entry),
    onFault: (message) => faults.push(message),
  });
  let uptimeMs = 0;
  /** A second on, with the sample of that moment. */
  const second = (parts: SampleParts = {}) => {
    uptimeMs += 1000;
    clock.advance({ ms: 1000 });
    desk.take(sampleOf({ ...parts, flow: { submitted: uptimeMs, ...parts.flow }, uptimeMs }));
  };
  const seconds = (count: number, parts: SampleParts = {}) => {
    for (let i = 0; i < count; i++) second(parts);
  };
  const told = () => entries.map(({ change, alert }) => `${change} ${alert.rule} ${alert.severity}`);
  return { desk, clock, entries, faults, second, seconds, told };
}

const SLOW = { latency: { execution: { p99: 60_000, mean: 5000 } } } as const;
const GOOD = { latency: { execution: { p99: 20_000, mean: 5000 } } } as const;

test("a quiet session raises nothing", () => {
  const { seconds, entries } = setUp();
  seconds(600);
  expect(entries).toEqual([]);
});

test("an alert is journaled, told, active, and resolved once the value is back", () => {
  const { desk, second, told } = setUp();
  const heard: Alert[] = [];
  desk.onChange((alert) => heard.push(alert));
  second(SLOW);
  expect(desk.active).toMatchObject([{ rule: "order-latency-p99", severity: "warning", value: 0.06, unit: "s" }]);
  second(GOOD);
  expect(desk.active).toEqual([]);
  expect(desk.resolved).toMatchObject([{ rule: "order-latency-p99", state: "resolved", value: 0.02 }]);
  expect(told()).toEqual(["raised order-latency-p99 warning", "resolved order-latency-p99 warning"]);
  expect(heard.map(({ state }) => state)).toEqual(["raised", "resolved"]);
});

test("an active alert shows the value of the last sample", () => {
  const { desk, second, entries } = setUp();
  second(SLOW);
  second({ latency: { execution: { p99: 80_000, mean: 5000 } } });
  expect(desk.active[0]?.value).toBe(0.08);
  expect(entries).toHaveLength(1);
});

test("each subject of a signal has its own alert; the worst is first, then the newest", () => {
  const { desk, second } = setUp();
  const limit = (name: string, used: number) => ({
    venue: "alpha",
    name,
    limit: 100,
    used,
    windowMs: 60_000,
    waiting: 0,
  });
  second({ network: { limits: [limit("weight", 95), limit("orders", 10)] } });
  second({ network: { limits: [limit("weight", 95), limit("orders", 92)] }, lagMs: 6000 });
  expect(desk.active.map(({ rule, subject }) => `${rule} ${subject}`)).toEqual([
    "journal-lag ",
    "limiter-used alpha/orders",
    "limiter-used alpha/weight",
  ]);
});

test("a subject that is gone stays raised for a minute, then is resolved for want of data", () => {
  const { desk, second, seconds, entries } = setUp();
  second(SLOW);
  seconds(59);
  expect(desk.active).toHaveLength(1);
  second();
  expect(desk.active).toEqual([]);
  expect(entries.at(-1)).toMatchObject({ change: "resolved", alert: { resolvedBy: "noData" } });
});

test("drops in a lane that never drops alert from the first one, and are over a minute later", () => {
  const { seconds, second, told } = setUp();
  seconds(3);
  second({ lanes: { critical: { dropped: 1 } } });
  seconds(59, { lanes: { critical: { dropped: 1 } } });
  expect(told()).toEqual(["raised kept-lane-overflow critical"]);
  second({ lanes: { critical: { dropped: 1 } } });
  expect(told()).toEqual(["raised kept-lane-overflow critical", "resolved kept-lane-overflow critical"]);
});

test("an acknowledgement is journaled once, with who it was; one of an alert that is not raised is refused", () => {
  const { desk, second, told } = setUp();
  second(SLOW);
  const { id } = desk.active[0]!;
  expect(desk.acknowledge(id, "ann")).toBe(true);
  expect(desk.acknowledge(id, "bob")).toBe(true);
  expect(desk.active[0]?.acknowledgedBy).toBe("ann");
  expect(told()).toEqual(["raised order-latency-p99 warning", "acknowledged order-latency-p99 warning"]);
  second(GOOD);
  expect(desk.acknowledge(id, "ann")).toBe(false);
  expect(desk.acknowledge("nothing", "ann")).toBe(false);
});

test("a listener that throws is a fault, and the others are told", () => {
  const { desk, second, faults } = setUp();
  const heard: string[] = [];
  desk.onChange(() => {
    throw new Error("broken");
  });
  const stop = desk.onChange(({ rule }) => heard.push(rule));
  second(SLOW);
  expect(faults).toEqual(["a listener of alerts threw: broken"]);
  expect(heard).toEqual(["order-latency-p99"]);
  stop();
  second(GOOD);
  expect(heard).toHaveLength(1);
});

test("the last hundred that were resolved are kept, newest first", () => {
  const { desk, second } = setUp();
  for (let i = 0; i < 105; i++) {
    second(SLOW);
    second(GOOD);
  }
  expect(desk.resolved).toHaveLength(100);
  expect(desk.resolved[0]!.raisedAtUs).toBeGreaterThan(desk.resolved[1]!.raisedAtUs);
});

test("latencies are looked at after the warm-up, all else from the first sample on", () => {
  const { desk, seconds, second } = setUp({ warmUpMs: 90_000 });
  seconds(89, { ...SLOW, lagMs: 2000 });
  expect(desk.active.map(({ rule }) => rule)).toEqual(["journal-lag"]);
  second({ ...SLOW, lagMs: 2000 });
  expect(desk.active.map(({ rule }) => rule)).toEqual(["order-latency-p99", "journal-lag"]);
});

test("a single failure of few requests is no rate; three of them are", () => {
  const { desk, second } = setUp();
  second({ flow: { submitted: 10, errorRatio: 0.2 } });
  expect(desk.active).toEqual([]);
  second({ flow: { submitted: 10, errorRatio: 0.3 } });
  expect(desk.active).toMatchObject([{ rule: "order-errors", value: 0.3 }]);
  second({ flow: { submitted: 12, errorRatio: 1 / 6 } });
  expect(desk.active).toEqual([]);
});

test("a value that is no number is no value", () => {
  const { desk, second } = setUp({ noDataMs: 1000 });
  second({ lagMs: 6000 });
  second({ lagMs: Number.NaN });
  expect(desk.active).toEqual([]);
});

test("a rule of a signal that there is not is refused", () => {
  const rule: AlertRule = { name: "odd", title: "odd", signal: "mood", bad: "above", warning: { threshold: 1 } };
  expect(() => setUp({ rules: [rule] })).toThrow(InvalidInputError);
});

// The built-in thresholds and durations, each with the worst value that is still good.
const MINUTE = 60;
const cases: readonly (readonly [string, "warning" | "critical", number, SampleParts, SampleParts])[] = [
  ["order-latency-p99", "warning", 0, SLOW, { latency: { execution: { p99: 49_999 } } }],
  ["order-latency-p99", "critical", 0, { latency: { execution: { p99: 500_000 } } }, SLOW],
  ["order-latency-mean", "warning", 0, { latency: { execution: { mean: 10_000 } } }, GOOD],
  [
    "transaction-p95",
    "warning",
    2 * MINUTE,
    { latency: { ack: { p95: 100_000 } } },
    { latency: { ack: { p95: 99_000 } } },
  ],
  [
    "event-latency-p99",
    "warning",
    0,
    { latency: { dispatch: { p99: 100_000 } } },
    { latency: { dispatch: { p99: 99_000 } } },
  ],
  [
    "event-latency-p99",
    "critical",
    0,
    { latency: { dispatch: { p99: 500_000 } } },
    { latency: { dispatch: { p99: 499_000 } } },
  ],
  ["order-errors", "warning", 0, { flow: { errorRatio: 0.01 } }, { flow: { errorRatio: 0.009 } }],
  ["order-errors", "critical", 2 * MINUTE, { flow: { errorRatio: 0.05 } }, { flow: { errorRatio: 0.049 } }],
  ["memory-limit", "warning", 0, { rssBytes: 0.8 * 512 * 2 ** 20 }, { rssBytes: 0.79 * 512 * 2 ** 20 }],
  ["memory-limit", "critical", 5 * MINUTE, { rssBytes: 512 * 2 ** 20 }, { rssBytes: 511 * 2 ** 20 }],
  ["memory", "warning", 0, { rssBytes: 2 ** 30 }, { rssBytes: 2 ** 30 - 1 }],
  ["memory", "critical", 0, { rssBytes: 2 ** 31 }, { rssBytes: 2 ** 31 - 1 }],
  ["connection-failures", "warning", 0, { network: { failuresPerMinute: 5 } }, { network: { failuresPerMinute: 4 } }],
  ["lane-depth", "warning", 0, { lanes: { normal: { depth: 5000 } } }, { lanes: { normal: { depth: 4999 } } }],
  ["lane-depth", "critical", 0, { lanes: { normal: { depth: 9000 } } }, { lanes: { normal: { depth: 8999 } } }],
  ["order-queue", "warning", 0, { flow: { queued: 5000 } }, { flow: { queued: 4999 } }],
  ["order-queue", "critical", 0, { flow: { queued: 9000 } }, { flow: { queued: 8999 } }],
  ["kept-lane-overflow", "critical", 0, { lanes: { high: { dropped: 1 } } }, { lanes: { low: { dropped: 1 } } }],
  ["kept-lane-overflow", "critical", 0, { lanes: { high: { overBound: 1 } } }, { lanes: { normal: { overBound: 1 } } }],
  ["journal-lag", "warning", 0, { lagMs: 1000 }, { lagMs: 999 }],
  ["journal-lag", "critical", 0, { lagMs: 5000 }, { lagMs: 4999 }],
  ["clock-offset", "warning", 0, { network: { clockOffsetMs: -500 } }, { network: { clockOffsetMs: 499 } }],
  ["clock-offset", "critical", 0, { network: { clockOffsetMs: 2500 } }, { network: { clockOffsetMs: -2499 } }],
  ["drawdown", "warning", 0, { profit: [drawdown(0.5)] }, { profit: [drawdown(0.49)] }],
  ["drawdown", "critical", 0, { profit: [drawdown(0.8)] }, { profit: [drawdown(0.79)] }],
  ["event-rate", "warning", 10, { eventsPerSecond: 499 }, { eventsPerSecond: 500 }],
  ["event-rate", "critical", 10, { eventsPerSecond: 99 }, { eventsPerSecond: 100 }],
];

function drawdown(drawdownUsed: number) {
  return { asset: "USDT", profit: "0", realized: "0", fees: "0", drawdown: "0", drawdownUsed };
}

test.each(cases)(
  "%s is raised as %s after %i s, by its value and by none that is good",
  (name, severity, afterSeconds, bad, good) => {
    const rules = BUILT_IN.filter((rule) => rule.name === name);
    const quiet = setUp({ rules });
    quiet.seconds(6 * MINUTE, good);
    expect(quiet.entries.filter(({ alert }) => alert.severity === severity)).toEqual([]);

    const { desk, seconds, second } = setUp({ rules });
    const levelOf = () => desk.active[0]?.severity;
    seconds(afterSeconds, bad);
    if (afterSeconds > 0) expect(levelOf()).not.toBe(severity);
    second(bad);
    expect(levelOf()).toBe(severity);
  },
);

test("limiter-used is raised from 90 % of a budget", () => {
  const { desk, second } = setUp();
  const limits = (used: number) => ({
    network: { limits: [{ venue: "a", name: "weight", limit: 6000, used, windowMs: 60_000, waiting: 0 }] },
  });
  second(limits(5399));
  expect(desk.active).toEqual([]);
  second(limits(5400));
  expect(desk.active).toMatchObject([{ rule: "limiter-used", subject: "a/weight", value: 0.9 }]);
});
