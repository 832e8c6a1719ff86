import { expect, onTestFinished, test, vi } from "vitest";
import { ClosedError, QueueFullError } from "../../src/flow/index.ts";
import { createSystemClock, InvalidInputError } from "../../src/index.ts";
import {
  createWorkerPool,
  TaskTimeoutError,
  WorkerCrashedError,
  type WorkerPoolOptions,
} from "../../src/pool/index.ts";
import { TaskThread } from "../../src/pool/task-thread.ts";
import { ManualClock } from "../../src/testing.ts";

const TASKS = new URL("./tasks.mjs", import.meta.url);
const NO_START = new URL("./no-start.mjs", import.meta.url);

type Task = readonly [name: string, argument?: unknown];

async function setUp(options: Partial<WorkerPoolOptions> = {}) {
  const pool = await createWorkerPool<Task, unknown>({
    file: TASKS,
    workers: 1,
    clock: createSystemClock(),
    ...options,
  });
  onTestFinished(() => pool.close(AbortSignal.abort()));
  return { pool };
}

/** Counts the threads that are ended from here to the end of the test. */
function countEnds(): () => number {
  const end = vi.spyOn(TaskThread.prototype, "end");
  onTestFinished(() => end.mockRestore());
  return () => end.mock.calls.length;
}

/** Shared numbers for `hold`: `started(n)` resolves when n tasks hold, `letGo` ends them. */
function holding() {
  const flags = new Int32Array(new SharedArrayBuffer(8));
  return {
    flags,
    started: async (tasks: number) => {
      for (let seen = Atomics.load(flags, 1); seen < tasks; seen = Atomics.load(flags, 1)) await changed(flags, seen);
    },
    letGo: () => {
      Atomics.store(flags, 0, 1);
      Atomics.notify(flags, 0);
    },
  };
}

/** Turns the event loop until the second number is no longer `seen`. */
async function changed(flags: Int32Array, seen: number): Promise<void> {
  while (Atomics.load(flags, 1) === seen) await new Promise((resolve) => setImmediate(resolve));
}

test("runs tasks on other threads and gives their results", async () => {
  const { pool } = await setUp({ workers: 2 });
  expect(await Promise.all([1, 2, 3].map((value) => pool.run(["double", value])))).toEqual([2, 4, 6]);
  expect(await pool.run(["thread"])).toBeGreaterThan(0);
  expect(pool.stats()).toMatchObject({ queued: 0, running: 0, completed: 4, failed: 0 });
});

test("moves what is listed in `transfer`", async () => {
  const { pool } = await setUp();
  const values = Float64Array.of(1, 2, 3.5);
  expect(await pool.run(["sum", values], { transfer: [values.buffer] })).toBe(6.5);
  expect(values.length).toBe(0);
});

test("a task's error keeps its type, message and stack, and the thread", async () => {
  const { pool } = await setUp();
  const thread = await pool.run(["thread"]);
  const error = await pool.run(["fail", "no such column"]).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(RangeError);
  expect((error as Error).message).toBe("no such column");
  expect((error as Error).stack).toContain("tasks.mjs");
  expect(await pool.run(["thread"])).toBe(thread);
  expect(pool.stats()).toMatchObject({ completed: 2, failed: 1 });
});

test.each([
  { how: "exits", task: ["exit", 7], cause: "exited with code: 7" },
  { how: "throws where nobody catches", task: ["crash"], cause: "thrown where nobody catches" },
  { how: "gives what cannot be copied", task: ["uncloneable"], cause: "" },
] as const)("a task that $how fails alone, and the next gets a new thread", async ({ task, cause }) => {
  const { pool } = await setUp({ workers: 2 });
  const hold = holding();
  const other = pool.run(["hold", hold.flags]);
  await hold.started(1);
  const crashed = pool.run(task);
  const queued = pool.run(["double", 21]);
  const error = await crashed.catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(WorkerCrashedError);
  expect(String((error as Error).cause)).toContain(cause);
  expect(await queued).toBe(42);
  hold.letGo();
  await other;
});

test("a module that cannot be loaded fails every task with the reason, and holds up none", async () => {
  const { pool } = await setUp({ file: NO_START });
  const results = await Promise.allSettled([pool.run(["double", 1]), pool.run(["double", 2])]);
  for (const result of results) {
    expect(result).toMatchObject({ status: "rejected", reason: { code: "WORKER_CRASHED" } });
    expect(((result as PromiseRejectedResult).reason.cause as Error).message).toBe("missing configuration");
  }
});

test("tasks beyond the threads wait in order, and those beyond the queue are refused", async () => {
  const { pool } = await setUp({ maxQueue: 2 });
  const hold = holding();
  const running = pool.run(["hold", hold.flags]);
  await hold.started(1);
  const ended: number[] = [];
  const queued = [1, 2].map((value) => pool.run(["double", value]).then(() => ended.push(value)));
  expect(pool.stats()).toMatchObject({ queued: 2, running: 1 });
  await expect(pool.run(["double", 3])).rejects.toThrow(QueueFullError);
  hold.letGo();
  await Promise.all([running, ...queued]);
  expect(ended).toEqual([1, 2]);
});

test("with more `workers` queued tasks start at once", async () => {
  const { pool } = await setUp();
  const hold = holding();
  const tasks = [1, 2, 3].map(() => pool.run(["hold", hold.flags]));
  await hold.started(1);
  pool.workers = 2;
  await hold.started(2);
  expect(pool.workers).toBe(2);
  expect(pool.stats()).toMatchObject({ queued: 1, running: 2 });
  hold.letGo();
  expect(new Set(await Promise.all(tasks)).size).toBe(2);
});

test("with fewer `workers` no task is cut off, and surplus threads end after theirs", async () => {
  const ends = countEnds();
  const { pool } = await setUp({ workers: 3 });
  const hold = holding();
  const held = [1, 2, 3].map(() => pool.run(["hold", hold.flags]));
  await hold.started(3);
  pool.workers = 1;
  const later = [1, 2, 3].map(() => pool.run(["thread"]));
  expect(pool.stats()).toMatchObject({ queued: 3, running: 3 });
  expect(ends()).toBe(0);
  hold.letGo();
  const heldOn = await Promise.all(held);
  const threads = new Set(await Promise.all(later));
  expect(threads.size).toBe(1);
  expect(heldOn).toContain([...threads][0]);
  expect(ends()).toBe(2);
  expect(pool.stats()).toMatchObject({ completed: 6, failed: 0 });
});

test("with fewer `workers` surplus idle threads end at once, and the one used last stays", async () => {
  const ends = countEnds();
  const { pool } = await setUp({ workers: 2 });
  const hold = holding();
  const held = [1, 2].map(() => pool.run(["hold", hold.flags]));
  await hold.started(2);
  hold.letGo();
  await Promise.all(held);
  const usedLast = await pool.run(["thread"]);
  pool.workers = 1;
  expect(ends()).toBe(1);
  expect(await pool.run(["thread"])).toBe(usedLast);
});

test("`youngGenerationMb` is of new threads: idle ones end at once, a busy one after its task", async () => {
  const ends = countEnds();
  const { pool } = await setUp({ workers: 2, resourceLimits: { maxYoungGenerationSizeMb: 12 } });
  const hold = holding();
  const held = pool.run(["hold", hold.flags]);
  await hold.started(1);
  expect(await pool.run(["youngGenerationMb"])).toBe(12);
  pool.youngGenerationMb = 24;
  expect(ends()).toBe(1);
  expect(await pool.run(["youngGenerationMb"])).toBe(24);
  hold.letGo();
  const heldOn = await held;
  expect(ends()).toBe(2);
  const both = holding();
  const tasks = [1, 2].map(() => pool.run(["hold", both.flags]));
  await both.started(2);
  both.letGo();
  expect(await Promise.all(tasks)).not.toContain(heldOn);
  pool.youngGenerationMb = 24;
  expect(ends()).toBe(2); // nothing has changed
  await pool.close();
});

test("a `youngGenerationMb` of 0, as from the start unless told, leaves it to V8", async () => {
  const { pool } = await setUp();
  const byV8 = await pool.run(["youngGenerationMb"]);
  expect(pool.youngGenerationMb).toBe(0);
  pool.youngGenerationMb = 12;
  expect(await pool.run(["youngGenerationMb"])).toBe(12);
  pool.youngGenerationMb = 0;
  expect(await pool.run(["youngGenerationMb"])).toBe(byV8);
  expect(byV8).toBeGreaterThan(12);
});

test("close waits for threads that were ending already", async () => {
  const { pool } = await setUp();
  await pool.run(["double", 1]);
  const ended = vi.fn();
  const { end } = TaskThread.prototype;
  const spy = vi.spyOn(TaskThread.prototype, "end").mockImplementation(function (this: TaskThread<unknown, unknown>) {
    return end.call(this).then(ended);
  });
  onTestFinished(() => spy.mockRestore());
  pool.youngGenerationMb = 12;
  await pool.close();
  expect(ended).toHaveBeenCalledTimes(1);
});

test.each([0, 1.5, 257])("refuses %d `workers` and keeps those it has", async (workers) => {
  const { pool } = await setUp();
  expect(() => {
    pool.workers = workers;
  }).toThrow(InvalidInputError);
  expect(pool.workers).toBe(1);
});

test.each([-1, 4097, Number.NaN])("refuses a `youngGenerationMb` of %d and keeps what it has", async (megabytes) => {
  const { pool } = await setUp();
  expect(() => {
    pool.youngGenerationMb = megabytes;
  }).toThrow(InvalidInputError);
  expect(pool.youngGenerationMb).toBe(0);
});

test("aborting takes a task out of the queue, or ends the thread it runs on", async () => {
  const { pool } = await setUp();
  const [first, second] = [new AbortController(), new AbortController()];
  const hold = holding();
  const running = pool.run(["hold", hold.flags], {}, first.signal);
  await hold.started(1);
  const queued = pool.run(["double", 1], {}, second.signal);
  second.abort(new Error("not needed"));
  await expect(queued).rejects.toThrow("not needed");
  expect(pool.stats()).toMatchObject({ queued: 0, running: 1 });
  first.abort(new Error("shutting down"));
  await expect(running).rejects.toThrow("shutting down");
  expect(await pool.run(["double", 4])).toBe(8);
  await expect(pool.run(["double", 5], {}, first.signal)).rejects.toThrow("shutting down");
});

test("a task that runs too long is ended, even one that never yields; the wait before does not count", async () => {
  const clock = new ManualClock();
  const { pool } = await setUp({ taskTimeoutMs: 50, clock });
  const spinning = expect(pool.run(["spin"])).rejects.toThrow(TaskTimeoutError);
  const next = pool.run(["double", 2]);
  clock.advance({ ms: 50 });
  await spinning;
  expect(await next).toBe(4);
  expect(pool.stats()).toMatchObject({ completed: 1, failed: 1 });
  expect(pool.stats().ran.max).toBe(50_000);
  expect(clock.sleeping).toBe(0);
});

test("an idle thread ends after `idleTimeoutMs` and is started again when needed", async () => {
  const { pool } = await setUp({ idleTimeoutMs: 1 });
  const first = await pool.run(["thread"]);
  let last = first;
  while (last === first) {
    await new Promise((resolve) => setTimeout(resolve, 5)); // until piscina's own timer has come
    last = await pool.run(["thread"]);
  }
  expect(last).not.toBe(first);
});

test("measures the wait, the run and how busy the threads were", async () => {
  const { pool } = await setUp({ workers: 2 });
  const hold = holding();
  const running = pool.run(["hold", hold.flags]);
  await hold.started(1);
  const { utilisation, running: now } = pool.stats();
  expect(now).toBe(1);
  expect(utilisation).toBeGreaterThan(0);
  expect(utilisation).toBeLessThanOrEqual(0.5); // one of two threads
  hold.letGo();
  await running;
  const { waited, ran } = pool.stats();
  expect([waited.count, ran.count]).toEqual([1, 1]);
  expect(ran.max).toBeGreaterThan(0);
});

test("utilisation counts the threads there were at each time", async () => {
  const clock = new ManualClock();
  const { pool } = await setUp({ clock });
  const hold = holding();
  const running = pool.run(["hold", hold.flags]);
  await hold.started(1);
  clock.advance({ ms: 100 });
  pool.workers = 3;
  clock.advance({ ms: 100 });
  expect(pool.stats().utilisation).toBe(0.5); // 200 ms of 100 + 300
  hold.letGo();
  await running;
});

test("close finishes the tasks it has, refuses others, and ends the threads", async () => {
  const { pool } = await setUp();
  const results = [1, 2].map((value) => pool.run(["double", value]));
  const closed = pool.close();
  await expect(pool.run(["double", 3])).rejects.toThrow(ClosedError);
  await closed;
  expect(await Promise.all(results)).toEqual([2, 4]);
  await pool.close();
});

test("close cuts off what is unfinished when its signal aborts", async () => {
  const { pool } = await setUp();
  const hold = holding();
  const tasks = [pool.run(["hold", hold.flags]), pool.run(["double", 1])];
  const ends = Promise.allSettled(tasks);
  await hold.started(1);
  const patience = new AbortController();
  const closed = pool.close(patience.signal);
  patience.abort();
  await closed;
  for (const end of await ends) expect(end).toMatchObject({ status: "rejected", reason: { code: "CLOSED" } });
});

test.each([
  { workers: 0 },
  { workers: 257 },
  { maxQueue: -1 },
  { idleTimeoutMs: Number.NaN },
  { taskTimeoutMs: 0 },
  { resourceLimits: { maxYoungGenerationSizeMb: -1 } },
])("refuses the options %o", async (options) => {
  await expect(setUp(options)).rejects.toThrow(InvalidInputError);
});
