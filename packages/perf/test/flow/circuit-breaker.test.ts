import { expect, test } from "vitest";
import { CircuitBreaker, type CircuitBreakerOptions, CircuitOpenError } from "../../src/flow/index.ts";
import { InvalidInputError } from "../../src/index.ts";
import { ManualClock } from "../../src/testing.ts";

function setUp(options: Partial<CircuitBreakerOptions> = {}) {
  const clock = new ManualClock();
  const changes: string[] = [];
  const breaker = new CircuitBreaker({
    clock,
    openMs: 1000,
    onChange: (to, from) => changes.push(`${from} -> ${to}`),
    ...options,
  });
  const fail = () => breaker.run(() => Promise.reject(new Error("down"))).catch((error: unknown) => error);
  const succeed = () => breaker.run(() => Promise.resolve("up"));
  return { clock, breaker, changes, fail, succeed };
}

test("opens after the given number of failures in a row, and says when to come back", async () => {
  const { clock, breaker, fail, succeed } = setUp({ consecutiveErrors: 2 });
  await fail();
  await succeed();
  await fail();
  expect(breaker.state).toBe("closed");
  await fail();
  expect(breaker.state).toBe("open");
  clock.advance({ ms: 400 });
  const refusal = await succeed().catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(CircuitOpenError);
  expect(refusal).toMatchObject({ code: "CIRCUIT_OPEN", retryable: true, retryAfterMs: 600 });
});

test("does not call the target while open", async () => {
  const { breaker, fail } = setUp({ consecutiveErrors: 1 });
  await fail();
  let calls = 0;
  await expect(breaker.run(async () => calls++)).rejects.toThrow(CircuitOpenError);
  expect(calls).toBe(0);
});

test("lets exactly the given number of probes through after openMs, and closes when all have succeeded", () => {
  const { clock, breaker, changes } = setUp({ consecutiveErrors: 1, halfOpenCalls: 2 });
  breaker.failed(breaker.tryEnter());
  clock.advance({ ms: 999 });
  expect(breaker.tryEnter()).toBe(0);
  clock.advance({ ms: 1 });
  const probes = [breaker.tryEnter(), breaker.tryEnter()] as const;
  expect(breaker.tryEnter()).toBe(0);
  breaker.succeeded(probes[0]);
  expect(breaker.state).toBe("half-open");
  expect(breaker.tryEnter()).toBe(0);
  breaker.succeeded(probes[1]);
  expect(changes).toEqual(["closed -> open", "open -> half-open", "half-open -> closed"]);
});

test("opens again for openMs when a probe fails", () => {
  const { clock, breaker } = setUp({ consecutiveErrors: 1 });
  breaker.failed(breaker.tryEnter());
  clock.advance({ ms: 1000 });
  breaker.failed(breaker.tryEnter());
  expect(breaker.state).toBe("open");
  expect(breaker.retryAfterMs).toBe(1000);
});

test("ignores the results of calls that began before the opening", () => {
  const { clock, breaker } = setUp({ consecutiveErrors: 1 });
  const [slow, slower, first] = [breaker.tryEnter(), breaker.tryEnter(), breaker.tryEnter()] as const;
  breaker.failed(first);
  clock.advance({ ms: 900 });
  breaker.succeeded(slow);
  breaker.failed(slower);
  expect(breaker.state).toBe("open");
  expect(breaker.retryAfterMs).toBe(100);
});

test("gives an abandoned probe's place to the next call, and replaces a probe that never ends after openMs", () => {
  const { clock, breaker } = setUp({ consecutiveErrors: 1 });
  breaker.failed(breaker.tryEnter());
  clock.advance({ ms: 1000 });
  breaker.abandoned(breaker.tryEnter());
  const hung = breaker.tryEnter();
  expect(hung).toBeGreaterThan(0);
  expect(breaker.tryEnter()).toBe(0);
  clock.advance({ ms: 1000 });
  const fresh = breaker.tryEnter();
  breaker.failed(hung);
  expect(breaker.state).toBe("half-open");
  breaker.succeeded(fresh);
  expect(breaker.state).toBe("closed");
});

test("opens by error rate once enough calls were made, and forgets calls older than the window", () => {
  const { clock, breaker } = setUp({
    consecutiveErrors: 1000,
    errorRate: { ratio: 0.5, minCalls: 10, windowMs: 1000 },
  });
  for (let i = 0; i < 4; i++) breaker.failed(breaker.tryEnter());
  clock.advance({ ms: 1000 });
  for (let i = 0; i < 5; i++) breaker.succeeded(breaker.tryEnter());
  for (let i = 0; i < 4; i++) breaker.failed(breaker.tryEnter());
  expect(breaker.state).toBe("closed");
  breaker.failed(breaker.tryEnter());
  expect(breaker.state).toBe("open");
});

test("starts a new rate after an outage", () => {
  const { clock, breaker } = setUp({ errorRate: { ratio: 0.5, minCalls: 4, windowMs: 3_600_000 } });
  for (let i = 0; i < 4; i++) breaker.failed(breaker.tryEnter());
  clock.advance({ ms: 1000 });
  breaker.succeeded(breaker.tryEnter());
  breaker.failed(breaker.tryEnter());
  expect(breaker.state).toBe("closed");
});

test("counts neither the caller's own abort nor errors that do not speak against the target", async () => {
  const { breaker } = setUp({ consecutiveErrors: 1, isFailure: (error) => !(error instanceof InvalidInputError) });
  const abort = new AbortController();
  const aborted = breaker.run(async (signal) => {
    abort.abort(new Error("gave up"));
    signal?.throwIfAborted();
  }, abort.signal);
  await expect(aborted).rejects.toThrow("gave up");
  await expect(breaker.run(() => Promise.reject(new InvalidInputError("400")))).rejects.toThrow("400");
  expect(breaker.state).toBe("closed");
});

test("counts a function that throws before it returns a promise", async () => {
  const { breaker } = setUp({ consecutiveErrors: 1 });
  const call = breaker.run(() => {
    throw new Error("at once");
  });
  await expect(call).rejects.toThrow("at once");
  expect(breaker.state).toBe("open");
});

test("refuses options out of range", () => {
  const clock = new ManualClock();
  for (const wrong of [
    { openMs: 0 },
    { openMs: 1, consecutiveErrors: 0 },
    { openMs: 1, halfOpenCalls: 1.5 },
    { openMs: 1, errorRate: { ratio: 0, minCalls: 1, windowMs: 1000 } },
    { openMs: 1, errorRate: { ratio: 1, minCalls: 0, windowMs: 1000 } },
    { openMs: 1, errorRate: { ratio: 1, minCalls: 1, windowMs: 9 } },
  ])
    expect(() => new CircuitBreaker({ clock, ...wrong })).toThrow(InvalidInputError);
});
