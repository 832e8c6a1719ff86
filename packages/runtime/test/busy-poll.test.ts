import { performance } from "node:perf_hooks";
import { setTimeout as wait } from "node:timers/promises";
import { expect, test } from "vitest";
import { pollBusily } from "../src/busy-poll.ts";

/** Milliseconds that the event loop slept while a timer ran. */
async function sleptMs(): Promise<number> {
  const before = performance.eventLoopUtilization();
  await wait(20);
  return performance.eventLoopUtilization(before).idle;
}

test("the event loop sleeps no more, and does again when it is over", async () => {
  expect(await sleptMs()).toBeGreaterThan(0);
  const stop = pollBusily();
  await new Promise(setImmediate); // the sleep under way is over
  expect(await sleptMs()).toBe(0);
  stop();
  expect(await sleptMs()).toBeGreaterThan(0);
});
