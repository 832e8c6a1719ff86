import fc from "fast-check";
import { expect, test } from "vitest";
import { DoubleReleaseError, type Permit, QueueFullError, Semaphore } from "../../src/flow/index.ts";
import { InvalidInputError } from "../../src/index.ts";
import { settle } from "../support/promises.ts";

/** A semaphore, and `enter` that waits for a permit and notes who got one. */
function setUp(permits: number, maxWaiting?: number) {
  const gate = new Semaphore({ permits, ...(maxWaiting !== undefined && { maxWaiting }) });
  const inside: string[] = [];
  const enter = async (name: string, signal?: AbortSignal) => {
    const permit = await gate.acquire(signal);
    inside.push(name);
    return permit;
  };
  return { gate, inside, enter };
}

test("lets as many in as there are permits, and the others in the order they came", async () => {
  const { gate, inside, enter } = setUp(2);
  const entered = ["a", "b", "c", "d"].map((name) => enter(name));
  await settle();
  expect(inside).toEqual(["a", "b"]);
  expect(gate.waiting).toBe(2);
  (await entered[1])?.release();
  await settle();
  expect(inside).toEqual(["a", "b", "c"]);
  (await entered[0])?.release();
  await settle();
  expect(inside).toEqual(["a", "b", "c", "d"]);
});

test("nobody overtakes who waits", async () => {
  const { gate, inside, enter } = setUp(1);
  const first = gate.tryAcquire();
  const waiting = enter("waiting");
  first?.release();
  expect(gate.tryAcquire()).toBeUndefined(); // the permit is on its way to the one that waits
  (await waiting).release();
  expect(inside).toEqual(["waiting"]);
  expect(gate.free).toBe(1);
});

test("a permit given back twice is an error and frees nothing", () => {
  const { gate } = setUp(1);
  const permit = gate.tryAcquire();
  permit?.release();
  expect(() => permit?.release()).toThrow(DoubleReleaseError);
  expect(gate.free).toBe(1);
});

test("a caller that aborts leaves the queue, and the next one gets the permit", async () => {
  const { gate, inside, enter } = setUp(1);
  const permit = gate.tryAcquire();
  const abort = new AbortController();
  const gone = enter("gone", abort.signal);
  const next = enter("next");
  abort.abort(new Error("enough"));
  await expect(gone).rejects.toThrow("enough");
  expect(gate.waiting).toBe(1);
  permit?.release();
  await next;
  expect(inside).toEqual(["next"]);
});

test("refuses who would be one waiter too many", async () => {
  const { gate, enter } = setUp(1, 1);
  await gate.acquire();
  enter("waiting");
  await expect(enter("too many")).rejects.toThrow(QueueFullError);
  await expect(gate.use(async () => "too many")).rejects.toThrow(QueueFullError);
  expect(gate.waiting).toBe(1);
});

test("use gives the permit back however the function ends", async () => {
  const { gate } = setUp(1);
  expect(await gate.use(async () => "value")).toBe("value");
  await expect(gate.use(() => Promise.reject(new Error("down")))).rejects.toThrow("down");
  const thrown = gate.use(() => {
    throw new Error("at once");
  });
  await expect(thrown).rejects.toThrow("at once");
  expect(gate.free).toBe(1);
});

test("use does not call for a caller that aborted, not even when its permit was on its way", async () => {
  const { gate } = setUp(1);
  const permit = gate.tryAcquire();
  const abort = new AbortController();
  let calls = 0;
  const waiting = gate.use(async () => calls++, abort.signal);
  permit?.release(); // gives it the permit, of which it hears in a later microtask
  abort.abort(new Error("enough"));
  await expect(waiting).rejects.toThrow("enough");
  await expect(gate.use(async () => calls++, abort.signal)).rejects.toThrow("enough");
  expect(calls).toBe(0);
  expect(gate.free).toBe(1);
});

test("raised permits let in at once who waits longest, and what nobody waits for is free", async () => {
  const { gate, inside, enter } = setUp(1);
  for (const name of ["a", "b", "c"]) enter(name);
  gate.permits = 2;
  expect(gate.tryAcquire()).toBeUndefined(); // it is on its way to the one that waits
  await settle();
  expect(inside).toEqual(["a", "b"]);
  gate.permits = 5;
  await settle();
  expect(inside).toEqual(["a", "b", "c"]);
  expect(gate.free).toBe(2);
});

test("lowered permits are reached as permits come back, and nobody enters before", async () => {
  const { gate, inside, enter } = setUp(3);
  const held = await Promise.all(["a", "b", "c"].map((name) => enter(name)));
  enter("d");
  gate.permits = 1;
  expect(gate.permits).toBe(1);
  for (const permit of held.slice(0, 2)) {
    permit.release();
    await settle();
    expect(inside).toEqual(["a", "b", "c"]);
    expect(gate.free).toBe(0);
    expect(gate.tryAcquire()).toBeUndefined();
  }
  held[2]?.release();
  await settle();
  expect(inside).toEqual(["a", "b", "c", "d"]);
});

test("use waits while more are inside than permits, which have been lowered", async () => {
  const { gate } = setUp(2);
  const held = [gate.tryAcquire(), gate.tryAcquire()];
  gate.permits = 1;
  let calls = 0;
  const used = gate.use(async () => calls++);
  held[0]?.release();
  await settle();
  expect(calls).toBe(0);
  held[1]?.release();
  await used;
  expect(gate.free).toBe(1);
});

test("never lets more in than permits, loses none, and keeps the order, under any sequence", async () => {
  const step = fc.record({
    does: fc.constantFrom("enter", "enter", "try", "leave", "abort", "permits"),
    nth: fc.nat({ max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(step, { maxLength: 60, size: "max" }),
      async (initialPermits, steps) => {
        let permits = initialPermits;
        const gate = new Semaphore({ permits });
        const held: Permit[] = [];
        const waiting: { number: number; abort: AbortController }[] = []; // the model: those who wait, oldest first
        const entered: number[] = [];
        for (const [number, { does, nth }] of steps.entries()) {
          const before = { held: held.length, entered: entered.length };
          if (does === "enter") {
            const caller = { number, abort: new AbortController() };
            if (held.length >= permits) waiting.push(caller);
            gate.acquire(caller.abort.signal).then(
              (permit) => {
                held.push(permit);
                entered.push(number);
                if (waiting[0] === caller) waiting.shift();
              },
              () => waiting.splice(waiting.indexOf(caller), 1),
            );
          } else if (does === "try") {
            const permit = gate.tryAcquire();
            expect(permit !== undefined).toBe(held.length < permits);
            if (permit !== undefined) held.push(permit);
          } else if (does === "permits") {
            permits = 1 + (nth % 4);
            gate.permits = permits;
          } else if (does === "leave") held.splice(nth % Math.max(1, held.length), 1)[0]?.release();
          else waiting[nth % Math.max(1, waiting.length)]?.abort.abort();
          await settle();
          // Lowered permits are taken from nobody, so more may be inside; but then nobody enters.
          const mayHold = entered.length > before.entered ? permits : Math.max(permits, before.held);
          expect(held.length).toBeLessThanOrEqual(mayHold);
          expect(gate.free).toBe(Math.max(0, permits - held.length));
          expect(gate.waiting).toBe(waiting.length);
          expect(gate.waiting === 0 || gate.free === 0).toBe(true);
          expect(entered).toEqual([...entered].sort((a, b) => a - b));
        }
      },
    ),
    { numRuns: 60 },
  );
});

test("refuses numbers out of range", () => {
  expect(() => new Semaphore({ permits: 0 })).toThrow(InvalidInputError);
  expect(() => new Semaphore({ permits: 1, maxWaiting: -1 })).toThrow(InvalidInputError);
  const { gate } = setUp(2);
  for (const wrong of [0, 1.5, Number.NaN, 1e9 + 1])
    expect(() => {
      gate.permits = wrong;
    }).toThrow(InvalidInputError);
  expect([gate.permits, gate.free]).toEqual([2, 2]);
});
