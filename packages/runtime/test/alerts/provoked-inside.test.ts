import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { Bus } from "../../src/bus/bus.ts";
import { defineEvent } from "../../src/bus/events.ts";
import { defineStrategy, type PluginContext } from "../../src/index.ts";
import { Journal } from "../../src/journal/journal.ts";
import { openAlerted, SOON } from "./alerted-session.ts";

// The built-in alerts that no exchange can cause, caused within the session: by a plugin, by memory that is held, by a database that does
// not take its rows, and, since a lane that never drops does not, by a count that says it did.

const LONG = { timeout: 150_000 };
const UNBOUNDED = { budgets: { hookMs: 60_000, msPerSecond: 1000 } } as const;
const WORK = "test/work" as never;

/** Runs `step` once a second with what publishes events of the test's own kind, which `work` then hears. */
function working(lane: "normal" | "low", step: (publish: (count: number) => void) => void, work: () => void) {
  return defineStrategy({
    name: "working",
    setup(ctx: PluginContext) {
      ctx.define(defineEvent(WORK, { lane }));
      ctx.on(WORK, work);
      ctx.every(1000, () =>
        step((count) => {
          for (let i = 0; i < count; i++) ctx.publish({ kind: WORK } as never);
        }),
      );
    },
  });
}

test("a plugin that works for long holds other events up: event-latency-p99", LONG, async ({ onTestFinished }) => {
  let isBusy = true;
  const slow = working(
    "normal",
    (publish) => publish(isBusy ? 12 : 1),
    () => {
      const untilMs = performance.now() + 60;
      while (isBusy && performance.now() < untilMs);
    },
  );
  const { raised, over } = await openAlerted({
    onTestFinished,
    plugin: slow,
    config: { ...UNBOUNDED, alerts: { rules: { "event-latency-p99": { warning: { threshold: 0.3 } } } } },
  });
  await raised("event-latency-p99");
  isBusy = false;
  await over("event-latency-p99");
});

test("events that nobody takes out of a lane: lane-depth", LONG, async ({ onTestFinished }) => {
  let next = 60;
  const waiting = working(
    "low",
    (publish) => {
      publish(next);
      next = 0;
    },
    () => {},
  );
  const { raised, over } = await openAlerted({
    onTestFinished,
    plugin: waiting,
    config: { bus: { capacity: 100, batch: 80, flushMs: 60_000 } },
  });
  await raised("lane-depth");
  next = 20; // makes the batch complete
  await over("lane-depth");
});

test("a database that does not take its rows: journal-lag", LONG, async ({ onTestFinished }) => {
  const { raised, over } = await openAlerted({ onTestFinished });
  const commit = vi.spyOn(Journal.prototype, "commit").mockImplementation(() => {});
  onTestFinished(async () => commit.mockRestore());
  await raised("journal-lag");
  commit.mockRestore();
  await over("journal-lag");
});

test("a count of drops in a lane that never drops: kept-lane-drops", LONG, async ({ onTestFinished }) => {
  const { raised, over, samples } = await openAlerted({ onTestFinished });
  await vi.waitFor(() => expect(samples.latest).toBeDefined(), SOON);
  const { counters } = Bus.prototype;
  const spied = vi.spyOn(Bus.prototype, "counters").mockImplementation(function (this: Bus, nowNs) {
    const { lanes, kinds } = counters.call(this, nowNs);
    return { kinds, lanes: { ...lanes, critical: { ...lanes.critical, dropped: 1 } } };
  });
  onTestFinished(async () => spied.mockRestore());
  await raised("kept-lane-drops", "critical");
  await over("kept-lane-drops"); // none came in the minute after
});

test("memory that is held: memory and memory-limit, until it is given back", LONG, async ({ onTestFinished }) => {
  const held = 300 * 2 ** 20;
  collect();
  const nowBytes = process.memoryUsage.rss();
  const limitBytes = 512 * 2 ** 20;
  const at = nowBytes + held / 2;
  const { raised, over } = await openAlerted({
    onTestFinished,
    config: {
      alerts: {
        rules: {
          memory: { warning: { threshold: at }, critical: { threshold: at + held / 4 } },
          "memory-limit": {
            warning: { threshold: at / limitBytes },
            critical: { threshold: (at + held / 4) / limitBytes, forMs: 1000 },
          },
        },
      },
    },
  });
  let buffer: Buffer | undefined = Buffer.alloc(held, 1); // written to: pages that nobody touches are no memory
  await raised("memory", "critical");
  await raised("memory-limit", "critical");
  expect(buffer.length).toBe(held);
  buffer = undefined;
  collect();
  await over("memory", "memory-limit");
});

function collect(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
