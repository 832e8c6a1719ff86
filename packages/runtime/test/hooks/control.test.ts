import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { type ControlHook, type ControlTiming, runControlHooks } from "../../src/hooks/control.ts";

function setUp() {
  const clock = new ManualClock();
  const order: string[] = [];
  const told: ControlTiming[] = [];
  const options = { clock, timeoutMs: 1000, onTimed: (timing: ControlTiming) => told.push(timing) };
  const hook = (plugin: string, run: ControlHook["run"] = () => {}): ControlHook => ({
    plugin,
    run: (signal) => {
      order.push(plugin);
      return run(signal);
    },
  });
  return { clock, order, told, options, hook };
}

test("run one after the other, each timed", async () => {
  const { clock, order, told, options, hook } = setUp();
  const slow = async () => {
    await Promise.resolve();
    clock.advance({ ms: 20 });
    order.push("a is done");
  };
  const timings = await runControlHooks("ready", [hook("a", slow), hook("b")], options);
  expect(order).toEqual(["a", "a is done", "b"]);
  expect(timings).toEqual([
    { plugin: "a", phase: "ready", elapsedNs: 20e6, error: undefined },
    { plugin: "b", phase: "ready", elapsedNs: 0, error: undefined },
  ]);
  expect(told).toEqual(timings);
  expect(clock.sleeping).toBe(0);
});

test.each([
  [
    "throws",
    () => {
      throw new Error("no connection");
    },
  ],
  ["rejects", () => Promise.reject(new Error("no connection"))],
])("one that %s ends the phase, and the error names it", async (_how, run) => {
  const { order, told, options, hook } = setUp();
  await expect(runControlHooks("setup", [hook("a"), hook("b", run), hook("c")], options)).rejects.toMatchObject({
    code: "CONTROL_HOOK_FAILED",
    plugin: "b",
    phase: "setup",
    message: "plugin b failed in setup: no connection",
    cause: expect.objectContaining({ message: "no connection" }),
  });
  expect(order).toEqual(["a", "b"]);
  expect(told.at(-1)?.error).toMatchObject({ plugin: "b" });
});

test("one that takes too long is told so by its signal, and named", async () => {
  const { clock, options, hook } = setUp();
  let reason: unknown;
  const never = (signal: AbortSignal) =>
    new Promise<void>((_resolve, reject) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
        reject(new Error("late")); // unheard: no unhandled rejection may come of it
      });
    });
  const running = runControlHooks("reconcile", [{ ...hook("a", never), timeoutMs: 50 }], options);
  const outcome = expect(running).rejects.toMatchObject({
    code: "CONTROL_HOOK_TIMEOUT",
    message: "plugin a did not finish reconcile within 50 ms",
  });
  await Promise.resolve();
  clock.advance({ ms: 50 });
  await outcome;
  expect(reason).toMatchObject({ code: "CONTROL_HOOK_TIMEOUT", plugin: "a" });
  expect(clock.sleeping).toBe(0);
});

test("close runs in reverse, and an error does not keep the others from closing", async () => {
  const { clock, order, options, hook } = setUp();
  const fail = () => {
    throw new Error("stuck");
  };
  const running = runControlHooks(
    "close",
    [hook("a"), hook("b", fail), hook("c", () => new Promise(() => {})), hook("d")],
    options,
  );
  while (clock.sleeping === 0 || !order.includes("c")) await Promise.resolve();
  clock.advance({ ms: 1000 });
  const timings = await running;
  expect(order).toEqual(["d", "c", "b", "a"]);
  expect(timings.map(({ plugin, error }) => `${plugin} ${error?.code ?? "ok"}`)).toEqual([
    "d ok",
    "c CONTROL_HOOK_TIMEOUT",
    "b CONTROL_HOOK_FAILED",
    "a ok",
  ]);
});
