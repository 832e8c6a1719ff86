import fc from "fast-check";
import { expect, onTestFinished, test, vi } from "vitest";
import { ClosedError, QueueFullError } from "../../src/flow/index.ts";
import { InvalidInputError } from "../../src/index.ts";
import {
  AcquireTimeoutError,
  DoubleReleaseError,
  type Lease,
  ResourcePool,
  type ResourcePoolOptions,
} from "../../src/pool/index.ts";
import { ManualClock } from "../../src/testing.ts";
import { type Deferred, deferred, settle } from "../support/promises.ts";

interface Connection {
  readonly id: number;
  isOpen: boolean;
  isBroken: boolean;
}

/** A pool of pretended connections; `open` has those open now, `errors` what was reported. */
function setUp(options: Partial<ResourcePoolOptions<Connection>> = {}) {
  const clock = new ManualClock();
  const open = new Set<Connection>();
  const errors: string[] = [];
  let made = 0;
  const create = async (_signal: AbortSignal) => {
    const connection = { id: ++made, isOpen: true, isBroken: false };
    open.add(connection);
    return connection;
  };
  const destroy = async (connection: Connection) => {
    connection.isOpen = false;
    open.delete(connection);
  };
  const pool = new ResourcePool<Connection>({
    create,
    destroy,
    onError: (error, during) => errors.push(`${during}: ${(error as Error).message}`),
    max: 2,
    overflow: 0,
    clock,
    ...options,
  });
  onTestFinished(() => pool.close(AbortSignal.abort()).catch(() => undefined)); // what a test has not given back is lost with it
  const ids = () => [...open].map(({ id }) => id);
  return { pool, clock, open, ids, errors, create, destroy };
}

test("opens one when none is idle, and lends the one used last when there is", async () => {
  const { pool, ids } = setUp();
  const [a, b] = [await pool.acquire(), await pool.acquire()];
  expect([a.resource.id, b.resource.id]).toEqual([1, 2]);
  a.release();
  b.release();
  const again = await pool.acquire();
  expect(again.resource).toBe(b.resource);
  expect(ids()).toEqual([1, 2]);
  expect(pool.stats()).toEqual({ open: 2, lent: 1, idle: 1, waiting: 0 });
});

test("many openings at once make Node warn of no leak", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  onTestFinished(() => warn.mockRestore());
  const { pool } = setUp({ max: 20 });
  await Promise.all(Array.from({ length: 20 }, () => pool.acquire()));
  expect(warn).not.toHaveBeenCalled();
});

test("callers beyond the limit get a resource in the order they came", async () => {
  const { pool } = setUp({ max: 1 });
  const first = await pool.acquire();
  const got: string[] = [];
  const enter = async (name: string) => {
    const lease = await pool.acquire();
    got.push(name);
    return lease;
  };
  const b = enter("b");
  const c = enter("c");
  await settle();
  expect(got).toEqual([]);
  first.release();
  const late = enter("late"); // b has been called by now, but has not gone in
  await settle();
  expect(got).toEqual(["b"]);
  (await b).release();
  (await c).release();
  await late;
  expect(got).toEqual(["b", "c", "late"]);
});

test("those above `max` are closed when given back, unless somebody waits", async () => {
  const { pool, ids } = setUp({ max: 1, overflow: 1 });
  const [a, b] = [await pool.acquire(), await pool.acquire()];
  const waiting = pool.acquire();
  b.release();
  const c = await waiting;
  expect(c.resource).toBe(b.resource);
  c.release();
  await settle();
  expect(ids()).toEqual([1]);
  a.release();
  await settle();
  expect(pool.stats()).toEqual({ open: 1, lent: 0, idle: 1, waiting: 0 });
});

test("keeps `max` when many are given back while the surplus is still closing", async () => {
  const closing = deferred<void>();
  const { pool } = setUp({ max: 2, overflow: 2, destroy: () => closing.promise });
  const leases = await Promise.all(Array.from({ length: 4 }, () => pool.acquire()));
  for (const lease of leases) lease.release();
  expect(pool.stats()).toMatchObject({ open: 4, idle: 2 });
  closing.resolve();
  await settle();
  expect(pool.stats()).toMatchObject({ open: 2, idle: 2 });
});

test("one that is still closing counts as open", async () => {
  const closing = deferred<void>();
  const { pool } = setUp({ max: 1, destroy: () => closing.promise });
  (await pool.acquire()).discard();
  const next = pool.acquire();
  await settle();
  expect(pool.stats()).toMatchObject({ open: 1, lent: 0, waiting: 1 });
  closing.resolve();
  expect((await next).resource.id).toBe(2);
});

test("a raised `max` calls in at once, in order, those for whom there is a place, before later callers", async () => {
  const { pool, ids } = setUp({ max: 1 });
  await pool.acquire();
  const got: string[] = [];
  const enter = (name: string) =>
    pool.acquire().then(
      () => got.push(name),
      () => undefined, // still in line when the test ends
    );
  for (const name of ["b", "c", "d"]) void enter(name);
  pool.max = 3;
  void enter("late");
  await settle();
  expect(pool.max).toBe(3);
  expect(got).toEqual(["b", "c"]);
  expect(ids()).toEqual([1, 2, 3]);
  expect(pool.stats()).toEqual({ open: 3, lent: 3, idle: 0, waiting: 2 });
});

test("a lowered `max` closes the idle above it, those used longest ago first", async () => {
  const { pool, ids } = setUp({ max: 4 });
  const leases = await Promise.all(Array.from({ length: 4 }, () => pool.acquire()));
  for (const lease of leases.slice(0, 3)) lease.release();
  pool.max = 2;
  await settle();
  expect(ids()).toEqual([3, 4]);
  leases[3]?.release();
  await settle();
  expect(pool.stats()).toEqual({ open: 2, lent: 0, idle: 2, waiting: 0 });
});

test("a lowered `max` takes none from its user: the surplus is closed when given back, though callers wait", async () => {
  const { pool, ids } = setUp({ max: 3, overflow: 1 });
  const leases = await Promise.all(Array.from({ length: 4 }, () => pool.acquire()));
  pool.max = 1;
  const waiting = pool.acquire();
  await settle();
  expect(ids()).toEqual([1, 2, 3, 4]);
  for (const lease of leases.slice(0, 2)) lease.release();
  await settle();
  expect(pool.stats()).toEqual({ open: 2, lent: 2, idle: 0, waiting: 1 });
  leases[2]?.release();
  expect((await waiting).resource.id).toBe(3);
  expect(ids()).toEqual([3, 4]);
});

test("callers take what is idle though a surplus is still closing, and open nothing before it is closed", async () => {
  const closing = deferred<void>();
  const { pool } = setUp({ max: 4, destroy: () => closing.promise });
  const leases = await Promise.all(Array.from({ length: 4 }, () => pool.acquire()));
  for (const lease of leases.slice(0, 3)) lease.release();
  pool.max = 2;
  expect((await pool.acquire()).resource.id).toBe(3);
  const third = pool.acquire();
  await settle();
  expect(pool.stats()).toEqual({ open: 4, lent: 2, idle: 0, waiting: 1 });
  leases[3]?.discard();
  closing.resolve();
  expect((await third).resource.id).toBe(5);
  expect(pool.stats()).toMatchObject({ open: 2, lent: 2 });
});

test("a lowered `max` leaves to a caller what was given back for it a moment before", async () => {
  const { pool, ids } = setUp({ max: 2 });
  const [a] = [await pool.acquire(), await pool.acquire()];
  const waiting = pool.acquire();
  a.release(); // calls it in, of which it hears in a later microtask
  pool.max = 1;
  expect(pool.stats()).toMatchObject({ open: 2, waiting: 0 });
  expect((await waiting).resource).toBe(a.resource);
  expect(ids()).toEqual([1, 2]);
});

test.each([0, 1, 2.5, 10_001, Number.NaN])(
  "refuses a `max` of %d, with a `min` of 2, and keeps what it had",
  async (max) => {
    const { pool } = setUp({ min: 2, max: 3 });
    expect(() => {
      pool.max = max;
    }).toThrow(InvalidInputError);
    expect(pool.max).toBe(3);
  },
);

test("a resource given back twice is an error, also when another has it by then", async () => {
  const { pool } = setUp({ max: 1 });
  const first = await pool.acquire();
  first.release();
  const second = await pool.acquire();
  expect(() => first.release()).toThrow(DoubleReleaseError);
  expect(() => first.discard()).toThrow(DoubleReleaseError);
  expect(pool.stats()).toMatchObject({ lent: 1, idle: 0 });
  second.release();
});

test("a discarded resource is closed and the next caller gets a new one", async () => {
  const { pool, ids } = setUp({ max: 1 });
  const lease = await pool.acquire();
  const waiting = pool.acquire();
  lease.discard();
  expect((await waiting).resource.id).toBe(2);
  expect(ids()).toEqual([2]);
});

test("use gives the resource back however the function ends", async () => {
  const { pool } = setUp();
  expect(await pool.use(async ({ id }) => id)).toBe(1);
  await expect(pool.use(() => Promise.reject(new Error("query failed")))).rejects.toThrow("query failed");
  expect(pool.stats()).toMatchObject({ lent: 0, idle: 1 });
});

test("a caller waits for `acquireTimeoutMs`, and then no longer stands in line", async () => {
  const { pool, clock } = setUp({ max: 1, acquireTimeoutMs: 1_000 });
  const lease = await pool.acquire();
  const first = expect(pool.acquire()).rejects.toThrow(AcquireTimeoutError);
  clock.advance({ ms: 400 });
  const second = pool.acquire();
  clock.advance({ ms: 600 });
  await first;
  expect(pool.stats().waiting).toBe(1);
  clock.advance({ ms: 399 });
  await settle();
  lease.release();
  expect((await second).resource.id).toBe(1);
});

test("every caller in a long line times out at its own time", async () => {
  const { pool, clock } = setUp({ max: 1, acquireTimeoutMs: 100 });
  await pool.acquire();
  const ended: number[] = [];
  for (let i = 0; i < 5; i++) {
    const name = i;
    pool.acquire().catch(() => ended.push(name));
    clock.advance({ ms: 10 });
  }
  for (let i = 0; i < 5; i++) {
    clock.advance({ ms: i === 0 ? 50 : 10 });
    await settle();
    expect(ended).toHaveLength(i + 1);
  }
});

test("opening counts towards the timeout, and what comes too late goes to the next caller", async () => {
  const slow = deferred<Connection>();
  const { pool, clock, errors } = setUp({ max: 1, acquireTimeoutMs: 1_000, create: () => slow.promise });
  const gone = expect(pool.acquire()).rejects.toThrow(AcquireTimeoutError);
  await settle();
  clock.advance({ ms: 1_000 });
  await gone;
  const next = pool.acquire();
  expect(pool.stats()).toMatchObject({ open: 1, waiting: 1 }); // it may still come
  slow.resolve({ id: 7, isOpen: true, isBroken: false });
  expect((await next).resource.id).toBe(7);
  expect(errors).toEqual([]);
});

test("a caller that aborts leaves the line, and the opening made for it is told", async () => {
  const opening: AbortSignal[] = [];
  const create = (signal: AbortSignal) => {
    opening.push(signal);
    return new Promise<Connection>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  const { pool, errors } = setUp({ max: 1, create });
  const [first, second] = [new AbortController(), new AbortController()];
  const opened = expect(pool.acquire(first.signal)).rejects.toThrow("enough");
  const waiting = expect(pool.acquire(second.signal)).rejects.toThrow("also enough");
  second.abort(new Error("also enough"));
  await waiting;
  first.abort(new Error("enough"));
  await opened;
  expect(opening.map(({ aborted }) => aborted)).toEqual([true]);
  await settle();
  expect(pool.stats()).toEqual({ open: 0, lent: 0, idle: 0, waiting: 0 });
  expect(errors).toEqual([]);
  await expect(pool.acquire(first.signal)).rejects.toThrow("enough");
});

test("a caller that aborts when its turn has come hands it on", async () => {
  const { pool } = setUp({ max: 1 });
  const lease = await pool.acquire();
  const abort = new AbortController();
  const gone = expect(pool.acquire(abort.signal)).rejects.toThrow("enough");
  const next = pool.acquire();
  lease.release(); // wakes it, of which it hears in a later microtask
  abort.abort(new Error("enough"));
  await gone;
  expect((await next).resource.id).toBe(1);
});

test.each([0, 1, 2, 3, 4, 5, 6])(
  "and to the next in line, not to who comes %d microtasks later",
  async (microtasks) => {
    const { pool } = setUp({ max: 1 });
    const lease = await pool.acquire();
    const abort = new AbortController();
    const got: string[] = [];
    const enter = (name: string, signal?: AbortSignal) =>
      pool.use(async () => got.push(name), signal).catch(() => undefined);
    const entered = [enter("gone", abort.signal), enter("next")];
    lease.release();
    abort.abort();
    for (let i = 0; i < microtasks; i++) await undefined;
    await Promise.all([...entered, enter("late")]);
    expect(got).toEqual(["next", "late"]);
  },
);

test("refuses who would be one waiter too many", async () => {
  const { pool } = setUp({ max: 1, maxWaiting: 1 });
  await pool.acquire();
  pool.acquire().catch(() => undefined);
  await expect(pool.acquire()).rejects.toThrow(QueueFullError);
});

test("a failed opening is thrown to its caller and lets the next one try", async () => {
  let isDown = true;
  const { pool, create, errors } = setUp({
    max: 1,
    create: (signal) => (isDown ? Promise.reject(new Error("refused")) : create(signal)),
  });
  const first = pool.acquire();
  const second = pool.acquire();
  await expect(first).rejects.toThrow("refused");
  await expect(second).rejects.toThrow("refused");
  isDown = false;
  expect((await pool.acquire()).resource.id).toBe(1);
  expect(errors).toEqual([]);
});

test("an idle one that does not pass its check is closed and another is taken", async () => {
  const check = async ({ isBroken }: Connection) => !isBroken;
  const { pool, ids } = setUp({ check });
  const [a, b] = [await pool.acquire(), await pool.acquire()];
  a.release();
  b.release();
  b.resource.isBroken = true;
  expect((await pool.acquire()).resource).toBe(a.resource);
  expect(ids()).toEqual([1]);
});

test("a check that throws counts as not passed and is reported", async () => {
  const check = () => Promise.reject(new Error("reset by peer"));
  const { pool, ids, errors } = setUp({ check });
  (await pool.acquire()).release();
  expect((await pool.acquire()).resource.id).toBe(2);
  expect(ids()).toEqual([2]);
  expect(errors).toEqual(["check: reset by peer"]);
});

test("a caller that gives up during a check costs the pool that one resource and no other", async () => {
  const checks: Deferred<boolean>[] = [];
  const check = () => {
    checks.push(deferred());
    return checks.at(-1)?.promise ?? Promise.resolve(true);
  };
  const { pool } = setUp({ check });
  const leases = [await pool.acquire(), await pool.acquire()];
  for (const lease of leases) lease.release();
  const abort = new AbortController();
  const gone = expect(pool.acquire(abort.signal)).rejects.toThrow("enough");
  await settle();
  abort.abort(new Error("enough"));
  await gone;
  checks[0]?.resolve(false);
  await settle();
  expect(checks).toHaveLength(1);
  expect(pool.stats()).toEqual({ open: 1, lent: 0, idle: 1, waiting: 0 });
});

test("recycles what is older than `recycleAfterMs`: at its next use, its release, or while idle", async () => {
  const { pool, clock, ids } = setUp({ recycleAfterMs: 60_000, idleTimeoutMs: 40_000, min: 2 });
  const [a, b] = [await pool.acquire(), await pool.acquire()];
  a.release();
  clock.advance({ ms: 60_000 });
  b.release();
  await settle();
  await settle();
  expect(ids()).toEqual([3, 4]); // both closed, and `min` kept
  const next = await pool.acquire();
  expect(next.resource.id).toBeGreaterThan(2);
});

test("an expired one is not lent even if nobody has looked after the pool since", async () => {
  const { pool, clock, ids } = setUp({ recycleAfterMs: 1_000, max: 1 });
  (await pool.acquire()).release();
  clock.advance({ ms: 1_000 });
  expect((await pool.acquire()).resource.id).toBe(2);
  expect(ids()).toEqual([2]);
});

test("closes the longest idle above `min` after `idleTimeoutMs`", async () => {
  const { pool, clock, ids } = setUp({ max: 3, min: 1, idleTimeoutMs: 10_000 });
  const leases = [await pool.acquire(), await pool.acquire(), await pool.acquire()];
  for (const lease of leases) lease.release();
  clock.advance({ ms: 9_999 });
  await settle();
  expect(ids()).toEqual([1, 2, 3]);
  clock.advance({ ms: 1 });
  await settle();
  expect(ids()).toEqual([3]);
  clock.advance({ ms: 10_000 });
  await settle();
  expect(ids()).toEqual([3]);
});

test("warmUp opens `min`, and throws when one cannot be opened", async () => {
  const { pool, ids } = setUp({ max: 3, min: 2 });
  await pool.warmUp();
  expect(ids()).toEqual([1, 2]);
  expect(pool.stats()).toMatchObject({ idle: 2, lent: 0 });
  const down = setUp({ min: 1, create: () => Promise.reject(new Error("refused")) });
  await expect(down.pool.warmUp()).rejects.toThrow("refused");
});

test("replaces what is missing of `min`; a failure is reported and tried again at the next look", async () => {
  let isDown = false;
  const { pool, clock, create, ids, errors } = setUp({
    min: 1,
    idleTimeoutMs: 1_000,
    create: (signal) => (isDown ? Promise.reject(new Error("refused")) : create(signal)),
  });
  await pool.warmUp();
  isDown = true;
  (await pool.acquire()).discard();
  await settle();
  expect(ids()).toEqual([]);
  expect(errors).toEqual(["create: refused"]);
  isDown = false;
  clock.advance({ ms: 1_000 });
  await settle();
  expect(ids()).toEqual([2]);
});

test("a failed closing is reported and the place is free again", async () => {
  const { pool, errors } = setUp({ max: 1, destroy: () => Promise.reject(new Error("already gone")) });
  (await pool.acquire()).discard();
  expect((await pool.acquire()).resource.id).toBe(2);
  expect(errors).toEqual(["destroy: already gone"]);
});

test("close refuses callers, also those in line, closes what is idle, and waits for the rest", async () => {
  const { pool, clock, ids } = setUp();
  const [a, b] = [await pool.acquire(), await pool.acquire()];
  const waiting = expect(pool.acquire()).rejects.toThrow(ClosedError);
  let isClosed = false;
  const closed = pool.close().then(() => {
    isClosed = true;
  });
  await waiting;
  await expect(pool.acquire()).rejects.toThrow(ClosedError);
  a.release();
  await settle();
  expect(ids()).toEqual([2]);
  expect(isClosed).toBe(false);
  b.release();
  await closed;
  expect(ids()).toEqual([]);
  expect(clock.sleeping).toBe(0); // no timer is left
});

test("close of an idle pool leaves nothing open; so does one that was never used", async () => {
  const { pool, ids } = setUp();
  (await pool.acquire()).release();
  await pool.close();
  await pool.close();
  expect(ids()).toEqual([]);
  await setUp().pool.close();
});

test("close stops waiting when its signal aborts; what comes back later is still closed", async () => {
  const { pool, ids } = setUp();
  const lease = await pool.acquire();
  const drain = new AbortController();
  const closed = expect(pool.close(drain.signal)).rejects.toThrow("10 s are over");
  drain.abort(new Error("10 s are over"));
  await closed;
  expect(ids()).toEqual([1]);
  lease.release();
  await pool.close();
  expect(ids()).toEqual([]);
});

test("close calls off what is being opened, and closes it when it comes nevertheless", async () => {
  const slow = deferred<Connection>();
  const closedOnes: number[] = [];
  const destroy = async ({ id }: Connection) => void closedOnes.push(id);
  const { pool, errors } = setUp({ create: () => slow.promise, destroy });
  const refused = expect(pool.acquire()).rejects.toThrow(ClosedError);
  await settle();
  const closed = pool.close();
  await refused;
  slow.resolve({ id: 7, isOpen: true, isBroken: false });
  await closed;
  expect(closedOnes).toEqual([7]);
  expect(errors).toEqual([]);
});

test.each([
  { max: 0 },
  { max: 2, min: 3 },
  { overflow: -1 },
  { maxWaiting: 0.5 },
  { acquireTimeoutMs: 0 },
  { recycleAfterMs: Number.NaN },
  { idleTimeoutMs: Number.POSITIVE_INFINITY },
])("refuses the options %o", (options) => {
  expect(() => setUp(options)).toThrow(InvalidInputError);
});

const STEPS = [
  "acquire",
  "acquire",
  "acquire",
  "acquire",
  "release",
  "discard",
  "abort",
  "break",
  "toggle",
  "resize",
  "settleOpening",
  "wait",
] as const;

test("under any sequence: never too many open, none lent twice or broken, callers in order, nothing left behind", async () => {
  const step = fc.record({ does: fc.constantFrom(...STEPS), nth: fc.nat({ max: 20 }) });
  const sizes = fc.record({
    max: fc.integer({ min: 2, max: 3 }),
    overflow: fc.nat({ max: 2 }),
    min: fc.nat({ max: 2 }),
  });
  const paces = fc.constantFrom("slow opening", "hasty", "patient");
  const steps = fc.array(step, { maxLength: 60, size: "max" });
  const runs = fc.asyncProperty(sizes, paces, steps, async (size, pace, steps) => {
    const world = simulate(size, pace);
    for (const { does, nth } of steps) {
      world[does](nth);
      if (pace === "hasty" && nth % 2 === 0) continue;
      await settle();
      world.look();
    }
    await world.end();
  });
  await fc.assert(runs, { numRuns: 500 });
});

/** A pool, callers and connections. What must never be is noted, for the pool would report a failed `expect` as a failed resource. */
function simulate(size: { max: number; overflow: number; min: number }, pace: string) {
  const clock = new ManualClock();
  const openings: Deferred<void>[] = []; // under way, when they are slow
  const open = new Set<Connection>();
  const lent: Lease<Connection>[] = [];
  const waiting: { readonly number: number; readonly abort: AbortController }[] = [];
  const wrong: string[] = [];
  const never = (isSo: boolean, what: string) => isSo && wrong.push(what);
  let [opening, callers, isDown] = [0, 0, false];
  let ceiling = size.max + size.overflow; // the limit, or what was open when it was lowered and has not been closed since
  const isLent = (connection: Connection) => lent.some(({ resource }) => resource === connection);
  const create = async () => {
    opening++;
    never(open.size + opening > ceiling, "too many open");
    const answer = deferred<void>();
    if (pace === "slow opening") openings.push(answer);
    else answer.resolve();
    await answer.promise.finally(() => opening--);
    if (isDown) throw new Error("refused");
    const connection = { id: 0, isOpen: true, isBroken: false };
    open.add(connection);
    return connection;
  };
  const destroy = async (connection: Connection) => {
    never(isLent(connection), "closed while lent");
    never(!open.has(connection), "closed twice");
    await undefined;
    open.delete(connection);
    if (connection.isBroken) throw new Error("already gone");
  };
  const check = async ({ isBroken }: Connection) => !isBroken;
  const times = { recycleAfterMs: 5_000, idleTimeoutMs: 1_000, acquireTimeoutMs: 3_000 };
  const pool = new ResourcePool<Connection>({ ...size, ...times, create, destroy, check, onError: () => {}, clock });

  const leave = (number: number) => {
    const place = waiting.findIndex((caller) => caller.number === number);
    return waiting.splice(place, 1).length === 1 ? place : -1;
  };
  const end = (nth: number, how: "release" | "discard") => {
    for (const lease of lent.splice(nth % Math.max(1, lent.length), 1)) lease[how]();
  };
  return {
    acquire: () => {
      const caller = { number: callers++, abort: new AbortController() };
      waiting.push(caller);
      pool.acquire(caller.abort.signal).then(
        (lease) => {
          const place = leave(caller.number);
          never(pace === "patient" && place > 0, "overtaken"); // an opening may be overtaken by an idle resource
          never(pace !== "hasty" && lease.resource.isBroken, "lent broken"); // it may break after its check
          never(isLent(lease.resource), "lent twice");
          never(!open.has(lease.resource), "lent closed");
          lent.push(lease);
        },
        () => leave(caller.number),
      );
    },
    release: (nth: number) => end(nth, "release"),
    discard: (nth: number) => end(nth, "discard"),
    abort: (nth: number) => waiting[nth % Math.max(1, waiting.length)]?.abort.abort(new Error("enough")),
    break: (nth: number) => {
      const connection = [...open][nth % Math.max(1, open.size)];
      if (connection !== undefined) connection.isBroken = true;
    },
    toggle: () => {
      isDown = !isDown;
    },
    resize: (nth: number) => {
      pool.max = 2 + (nth % 4);
      ceiling = Math.max(pool.max + size.overflow, pool.stats().open);
    },
    /** What holds whenever nothing is about to happen. */
    look: () => {
      const stats = pool.stats();
      const limit = pool.max + size.overflow;
      ceiling = Math.max(limit, Math.min(ceiling, stats.open));
      never(stats.open > ceiling, "more open than there were");
      never(stats.open < open.size + opening, "more open than is told");
      never(stats.idle > 0 && stats.open > pool.max, "idle above `max`");
      never(stats.waiting > 0 && (stats.idle > 0 || stats.open < limit), "waiting for nothing");
    },
    settleOpening: () => openings.shift()?.resolve(),
    wait: (nth: number) => clock.advance({ ms: 100 * nth }),
    end: async () => {
      const closed = pool.close();
      while (lent.length > 0) end(0, "release");
      for (; openings.length > 0; await settle()) openings.shift()?.resolve();
      await closed;
      expect(wrong).toEqual([]);
      expect(waiting).toEqual([]);
      expect(open.size).toBe(0);
      expect(pool.stats()).toEqual({ open: 0, lent: 0, idle: 0, waiting: 0 });
      expect(clock.sleeping).toBe(0);
    },
  };
}
