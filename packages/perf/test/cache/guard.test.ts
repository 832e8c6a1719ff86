import { expect, test } from "vitest";
import { type CacheFault, TierTimeoutError } from "../../src/cache/errors.ts";
import { Guard } from "../../src/cache/guard.ts";
import { ManualClock } from "../../src/testing.ts";

function setUp() {
  const clock = new ManualClock();
  const faults: CacheFault[] = [];
  const onError = (fault: CacheFault) => void faults.push(fault);
  const guard = new Guard("store", { timeoutMs: 100, consecutiveErrors: 2, openMs: 1_000, clock, onError });
  const fail = () => guard.run("get", () => Promise.reject(new Error("down")), "k");
  return { clock, faults, guard, fail };
}

const never = () => new Promise<string>(() => {});

test("gives what the work gives", async () => {
  const { guard } = setUp();
  expect(await guard.run("get", async () => 7)).toBe(7);
});

test("a failure is reported, counted, and undefined to the caller", async () => {
  const { guard, faults, fail } = setUp();
  expect(await fail()).toBeUndefined();
  expect(faults).toMatchObject([{ operation: "get", at: "store", key: "k", error: { message: "down" } }]);
  expect(guard.failures).toBe(1);
});

test("work that throws before it waits is a failure too", async () => {
  const { guard } = setUp();
  const thrown = guard.run("get", () => {
    throw new Error("at once");
  });
  expect(await thrown).toBeUndefined();
  expect(guard.failures).toBe(1);
});

test("late work is no longer waited for, each by its own time", async () => {
  const { clock, guard, faults } = setUp();
  const first = guard.run("get", never);
  clock.advance({ ms: 60 });
  const second = guard.run("get", never);
  clock.advance({ ms: 40 });
  expect(await first).toBeUndefined();
  expect(faults[0]?.error).toBeInstanceOf(TierTimeoutError);
  expect(guard.failures).toBe(1);
  clock.advance({ ms: 60 });
  expect(await second).toBeUndefined();
});

test("one timer watches all work, and none is left when it is done", async () => {
  const { clock, guard } = setUp();
  await Promise.all([1, 2, 3].map((n) => guard.run("get", async () => n)));
  expect(clock.sleeping).toBe(1);
  clock.advance({ ms: 100 });
  for (let i = 0; i < 5; i++) await Promise.resolve();
  expect(clock.sleeping).toBe(0);
});

test("after too many failures in a row nothing is tried until the time has passed", async () => {
  const { clock, guard, fail } = setUp();
  await fail();
  await fail();
  expect(await guard.run("get", async () => 7)).toBeUndefined();
  expect(guard.refusals).toBe(1);
  clock.advance({ ms: 1_000 });
  expect(await guard.run("get", async () => 7)).toBe(7);
});

test("closing ends what is under way", async () => {
  const { clock, guard } = setUp();
  const pending = guard.run("get", never);
  guard.close();
  expect(await pending).toBeUndefined();
  for (let i = 0; i < 5; i++) await Promise.resolve();
  expect(clock.sleeping).toBe(0);
});
