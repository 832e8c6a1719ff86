import { ManualClock, seededRandom } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import type { AlertMessage } from "../../../src/alerts/notify/message.ts";
import { Notifier } from "../../../src/alerts/notify/notifier.ts";
import { type AlertSink, DeliveryError } from "../../../src/alerts/notify/sink.ts";
import type { Alert, Severity } from "../../../src/alerts/rules.ts";
import { alertOf, resolvedOf } from "./alert.ts";

interface FakeSink extends AlertSink {
  readonly got: AlertMessage[];
  readonly closed: () => boolean;
}

/** @param fails What an attempt fails with; its number counts from 1. */
function fakeSink({
  name = "fake",
  least = "warning",
  isGrouped = true,
  fails = () => undefined,
}: {
  name?: string;
  least?: Severity;
  isGrouped?: boolean;
  fails?: (attempt: number, signal: AbortSignal) => Promise<never> | Error | undefined;
} = {}): FakeSink {
  const got: AlertMessage[] = [];
  let attempts = 0;
  let isClosed = false;
  return {
    name,
    least,
    isGrouped,
    got,
    closed: () => isClosed,
    send: async (message, signal) => {
      attempts++;
      const failure = fails(attempts, signal);
      if (failure instanceof Error) throw failure;
      await failure;
      got.push(message);
    },
    close: async () => {
      isClosed = true;
    },
  };
}

function setUp(sinks: readonly AlertSink[], { groupMs = 5000, repeatMs = 0 } = {}) {
  const clock = new ManualClock();
  const faults: string[] = [];
  const listeners = new Set<(alert: Alert) => void>();
  const active: Alert[] = [];
  const desk = {
    active,
    onChange: (listener: (alert: Alert) => void) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
  const notifier = new Notifier({
    desk,
    sinks,
    run: "run",
    groupMs,
    repeatMs,
    clock,
    random: seededRandom(),
    onFault: (message) => faults.push(message),
  });
  const change = (alert: Alert) => {
    for (const listener of listeners) listener(alert);
  };
  const pass = async (ms: number) => {
    clock.advance({ ms });
    await turns();
  };
  return { clock, notifier, change, pass, faults, active, listeners };
}

/** Lets promises that are due run. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

const said = ({ got }: FakeSink) => got.map(({ items }) => items.map(({ news, alert }) => `${news} ${alert.id}`));

test("alerts of one group come in one message, the next group in the next", async () => {
  const sink = fakeSink();
  const { change, pass } = setUp([sink]);
  change(alertOf({ id: "a" }));
  await pass(3000);
  change(alertOf({ id: "b" }));
  expect(said(sink)).toEqual([]);
  await pass(2000);
  expect(said(sink)).toEqual([["raised a", "raised b"]]);
  change(resolvedOf(alertOf({ id: "a" })));
  await pass(5000);
  expect(said(sink)[1]).toEqual(["resolved a"]);
  expect(sink.got.map(({ id }) => id)).toEqual(["run-0-1", "run-0-2"]);
});

test("a sink that is not grouped is told at once", async () => {
  const sink = fakeSink({ isGrouped: false });
  const { change } = setUp([sink]);
  change(alertOf());
  await turns();
  expect(said(sink)).toEqual([["raised order-latency-p99:1"]]);
});

test("what nobody acknowledges is repeated with its value by now, what somebody did is not", async () => {
  const sink = fakeSink();
  const { change, pass, active } = setUp([sink], { groupMs: 1000, repeatMs: 60_000 });
  change(alertOf());
  active.push(alertOf({ value: 0.09 }));
  await pass(1000);
  await pass(60_000);
  expect(said(sink)[1]).toEqual(["repeated order-latency-p99:1"]);
  expect(sink.got[1]?.items[0]?.alert.value).toBe(0.09);
  change(alertOf({ acknowledgedBy: "ann" }));
  await pass(1000);
  await pass(600_000);
  expect(sink.got).toHaveLength(2);
});

test("an attempt that could go better is repeated, the same message with the same id", async () => {
  const sink = fakeSink({
    fails: (attempt) => (attempt < 3 ? new DeliveryError("answered 503", { retryable: true }) : undefined),
  });
  const { change, pass, faults } = setUp([sink]);
  change(alertOf());
  for (let i = 0; i < 10; i++) await pass(5000);
  expect(sink.got.map(({ id }) => id)).toEqual(["run-0-1"]);
  expect(faults).toEqual([]);
});

test("an attempt that can not go better is given up and told, and the next message goes out", async () => {
  const sink = fakeSink({
    name: "webhook example.com",
    fails: (attempt) =>
      attempt === 1 ? new DeliveryError("the other side answered 404", { retryable: false }) : undefined,
  });
  const { change, pass, faults } = setUp([sink]);
  change(alertOf({ id: "a" }));
  await pass(5000);
  change(alertOf({ id: "b" }));
  await pass(5000);
  expect(faults).toEqual(["webhook example.com: a message is lost: the other side answered 404"]);
  expect(said(sink)).toEqual([["raised b"]]);
});

test("a sink that never answers holds up no other, and is given up after six attempts of 10 s", async () => {
  const hung = fakeSink({ name: "hung", fails: () => new Promise<never>(() => {}) });
  const well = fakeSink({ name: "well" });
  const { change, pass, faults } = setUp([hung, well]);
  change(alertOf({ id: "a" }));
  await pass(5000);
  expect(said(well)).toEqual([["raised a"]]);
  for (let i = 0; i < 60; i++) await pass(10_000);
  expect(faults).toEqual(["hung: a message is lost: gave up after 6 attempts: no answer within 10 s"]);
});

test("at most a hundred messages wait for a sink; beyond, the oldest are given up, and that is told", async () => {
  const hung = fakeSink({ name: "hung", isGrouped: false, fails: () => new Promise<never>(() => {}) });
  const { change, faults } = setUp([hung]);
  for (let i = 0; i < 150; i++) change(alertOf({ id: String(i) }));
  expect(new Set(faults)).toEqual(new Set(["hung: more than 100 messages wait, the oldest are given up"]));
});

test("the close sends what is gathered, closes the sinks and ends the timers", async () => {
  const sink = fakeSink();
  const { change, notifier, clock, listeners } = setUp([sink], { repeatMs: 60_000 });
  change(alertOf());
  await notifier.close();
  await notifier.close();
  expect(said(sink)).toEqual([["raised order-latency-p99:1"]]);
  expect(sink.closed()).toBe(true);
  expect(clock.sleeping).toBe(0);
  expect(listeners.size).toBe(0);
  change(alertOf({ id: "late" }));
  expect(sink.got).toHaveLength(1);
});

test("the close waits 5 s for a sink that does not answer, and tells what is lost", async () => {
  const hung = fakeSink({ name: "hung", fails: () => new Promise<never>(() => {}) });
  const { change, notifier, pass, faults, clock } = setUp([hung]);
  change(alertOf());
  const closed = notifier.close();
  await turns();
  await pass(5000);
  await closed;
  expect(faults).toEqual(["hung: a message is lost: the session closed before it was taken"]);
  expect(hung.closed()).toBe(true);
  expect(clock.sleeping).toBe(0);
});
