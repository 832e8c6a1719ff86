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

test("never lets more in than permits, loses none, and keeps the order, under any sequence", async () => {
  const step = fc.record({
    does: fc.constantFrom("enter", "enter", "try", "leave", "abort"),
    nth: fc.nat({ max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 3 }),
      fc.array(step, { maxLength: 60, size: "max" }),
      async (permits, steps) => {
        const gate = new Semaphore({ permits });
        const held: Permit[] = [];
        const waiting: { number: number; abort: AbortController }[] = []; // the model: those who wait, oldest first
        const entered: number[] = [];
        for (const [number, { does, nth }] of steps.entries()) {
          if (does === "enter") {
            const caller = { number, abort: new AbortController() };
            if (held.length === permits) waiting.push(caller);
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
          } else if (does === "leave") held.splice(nth % Math.max(1, held.length), 1)[0]?.release();
          else waiting[nth % Math.max(1, waiting.length)]?.abort.abort();
          await settle();
          expect(held.length).toBeLessThanOrEqual(permits);
          expect(gate.free).toBe(permits - held.length);
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
});
