import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { type Clock, createSystemClock } from "@pitlane/perf";
import { describe, expect, test } from "vitest";
import { type BusyPoll, PollRule, pollBusily } from "../src/busy-poll.ts";

/** Milliseconds that the event loop slept while a timer ran. */
async function sleptMs(): Promise<number> {
  const before = performance.eventLoopUtilization();
  await wait(20);
  return performance.eventLoopUtilization(before).idle;
}

const system = createSystemClock();

/** As `pollBusily`, over a market of which ten events come whenever it is looked at; the sleep under way is over when it resolves. */
async function polling(
  when: BusyPoll,
  cores: number,
  events: () => number,
  clock: Pick<Clock, "monotonicNs"> = system,
): Promise<() => void> {
  const stop = pollBusily(when, { cores, events, clock });
  await new Promise(setImmediate);
  return stop;
}

test("the event loop sleeps no more, and does again when it is over", async () => {
  await expect.poll(sleptMs).toBeGreaterThan(0);
  const stop = await polling("always", 1, () => 0);
  expect(await sleptMs()).toBe(0);
  stop();
  await expect.poll(sleptMs).toBeGreaterThan(0);
});

test("a busy market keeps it awake where there are two cores, until it is over", async () => {
  let events = 0;
  const stop = await polling("auto", 2, () => (events += 1e6));
  await expect.poll(sleptMs).toBe(0);
  stop();
  await expect.poll(sleptMs).toBeGreaterThan(0);
});

test("under a clock that stands still the event loop turns on", async () => {
  const stop = await polling("always", 2, () => 0, { monotonicNs: () => 1e9 });
  expect(await sleptMs()).toBe(0);
  stop();
});

test.each([
  ["never", 2],
  ["auto", 1],
  ["auto", 1.5],
] as const)("%s with %d cores never does", async (when, cores) => {
  let looks = 0;
  const stop = await polling(when, cores, () => (looks += 1e6));
  await expect.poll(sleptMs).toBeGreaterThan(0);
  stop();
  expect(looks).toBe(0);
});

describe("the rule", () => {
  /** Looks each 100 ms: events since the last one, and the share of a core that was used. */
  const looks = (...seen: readonly (readonly [events: number, share: number])[]): readonly boolean[] => {
    const at = { nowNs: 5e9, events: 7, cpuUs: 3e6 };
    const rule = new PollRule({ ...at });
    return seen.map(([events, share]) => {
      at.nowNs += 100e6;
      at.events += events;
      at.cpuUs += share * 100e3;
      return rule.look({ ...at });
    });
  };

  test("800 events a second wake it, and fewer than 400 let it sleep", () => {
    expect(looks([0, 0.1], [79, 0.3], [80, 0.3], [79, 1], [40, 1], [39, 1], [79, 0.3], [80, 0.3])).toEqual([
      ...[false, false, true, true, true, false, false, true],
    ]);
  });

  test("a core that others want is given back for ten seconds", () => {
    const busy = Array.from({ length: 100 }, () => [1000, 0.5] as const);
    const answers = looks([1000, 0.5], [1000, 0.76], [1000, 0.74], ...busy);
    expect(answers.slice(0, 3)).toEqual([true, true, false]);
    expect(answers.slice(3, 102)).toEqual(Array.from({ length: 99 }, () => false));
    expect(answers[102]).toBe(true);
  });

  test("two looks at one moment tell nothing", () => {
    const rule = new PollRule({ nowNs: 5e9, events: 0, cpuUs: 0 });
    expect(rule.look({ nowNs: 5e9, events: 1000, cpuUs: 0 })).toBe(false);
    expect(rule.look({ nowNs: 5.1e9, events: 1000, cpuUs: 0 })).toBe(true);
  });

  test("what it uses while it sleeps says nothing of others", () => {
    expect(looks([10, 0.01], [1000, 0.01], [1000, 1])).toEqual([false, true, true]);
  });
});
