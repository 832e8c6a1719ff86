import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import fc from "fast-check";
import { beforeAll, describe, expect, test, vi } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import {
  attachSharedMpmcRing,
  attachSharedSpscRing,
  createSharedMpmcRing,
  createSharedSpscRing,
  recordLayout,
  type SharedRing,
} from "../../src/ring/index.ts";
import { bundleWorker, startWorker } from "../support/worker.ts";
import { type FIELDS, LAYOUT, type RingTask, stamp } from "./shared-ring.support.ts";

const KINDS = {
  spsc: { create: createSharedSpscRing, attach: attachSharedSpscRing },
  mpmc: { create: createSharedMpmcRing, attach: attachSharedMpmcRing },
} as const;
const layout = recordLayout({ id: "i32" });

let bundle: URL;
beforeAll(async () => {
  bundle = await bundleWorker(new URL("./shared-ring.worker.ts", import.meta.url));
});

function setUp(kind: keyof typeof KINDS, capacity: number) {
  const ring = KINDS[kind].create({ layout: LAYOUT, capacity });
  const gate = new Int32Array(new SharedArrayBuffer(4));
  /** Starts a worker that waits at the gate. */
  const start = async (role: RingTask["role"], id = 0, count = 0): Promise<Worker> => {
    const task: RingTask = { kind, buffer: ring.buffer, gate: gate.buffer, role, id, count };
    const worker = startWorker(bundle, task);
    await once(worker, "message");
    return worker;
  };
  const openGate = () => {
    Atomics.store(gate, 0, 1);
    Atomics.notify(gate, 0);
  };
  const closeGate = () => Atomics.store(gate, 0, 0);
  return { ring, start, openGate, closeGate, record: LAYOUT.createRecord() };
}

/** What a taker got: for each pusher, the numbers in the order taken. */
async function numbersOf(taker: Worker, pushers: number): Promise<number[][]> {
  const [pairs] = (await once(taker, "message")) as [Float64Array];
  const numbers: number[][] = Array.from({ length: pushers }, () => []);
  for (let i = 0; i < pairs.length; i += 2) numbers[pairs[i]!]!.push(pairs[i + 1]!);
  return numbers;
}

/** Runs so many pushers and takers to the end; for each taker, what it got. */
async function run(
  kind: keyof typeof KINDS,
  shape: { capacity: number; pushers: number; takers: number; count: number; how: RingTask["role"] },
): Promise<number[][][]> {
  const { ring, start, openGate } = setUp(kind, shape.capacity);
  const pushers = await Promise.all(upTo(shape.pushers).map((id) => start("push", id, shape.count)));
  const takers = await Promise.all(upTo(shape.takers).map(() => start(shape.how)));
  const taken = takers.map((taker) => numbersOf(taker, shape.pushers));
  const pushed = pushers.map((pusher) => once(pusher, "exit"));
  openGate();
  await Promise.all(pushed);
  ring.close();
  return Promise.all(taken);
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
const isRising = (numbers: readonly number[]) => numbers.every((number, i) => i === 0 || number > numbers[i - 1]!);

describe.each(Object.keys(KINDS) as (keyof typeof KINDS)[])("%s", (kind) => {
  const { create, attach } = KINDS[kind];

  test.each([
    { capacity: 2, how: "take" as const },
    { capacity: 2, how: "take and drain" as const },
    { capacity: 256, how: "take and drain" as const },
  ])("one thread gets all that another pushes, in order: $how, capacity $capacity", async ({ capacity, how }) => {
    const count = capacity * 50 + 20_000;
    const [[numbers] = []] = await run(kind, { capacity, pushers: 1, takers: 1, count, how });
    expect(numbers).toEqual(upTo(count));
  });

  test("behaves as a bounded queue under any sequence of calls, across the wrap of its positions", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("push", "push", "take", "drain"), fc.nat(9)), { maxLength: 400 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), steps, (bits, steps) => {
        const ring = create({ layout, capacity: 2 ** bits });
        const other = attach(ring.buffer, layout); // takes, as another thread would
        const record = layout.createRecord();
        const model: number[] = [];
        for (const [i, [kind, max]] of steps.entries()) {
          if (kind === "push") {
            record.id = i;
            expect(ring.tryPush(record)).toBe(model.length < ring.capacity && model.push(i) > 0);
          } else if (kind === "take") {
            const expected = model.shift();
            expect(other.tryTake(record)).toBe(expected !== undefined);
            if (expected !== undefined) expect(record.id).toBe(expected);
          } else {
            const taken: number[] = [];
            const expected = model.splice(0, max);
            expect(other.drain(({ id }) => taken.push(id), max)).toBe(expected.length);
            expect(taken).toEqual(expected);
          }
          expect(other.size).toBe(model.length);
        }
      }),
    );
  });

  test("keeps count where its 32-bit positions change sign", () => {
    const ring = create({ layout, capacity: 8 });
    const record = layout.createRecord();
    for (let id = 0; id < 300; id++) {
      ring.tryPush({ id });
      ring.tryPush({ id: id + 1 });
      expect(ring.size).toBe(2);
      expect([ring.tryTake(record) && record.id, ring.tryTake(record) && record.id]).toEqual([id, id + 1]);
    }
  });

  test("a handler may take from the ring it is handed records of", () => {
    const { ring, record } = setUp(kind, 8);
    for (const number of upTo(6)) {
      stamp(record, 0, number);
      ring.tryPush(record);
    }
    const seen: number[] = [];
    const own = LAYOUT.createRecord();
    ring.drain(({ number }) => {
      seen.push(number);
      if (ring.tryTake(own)) seen.push(own.number);
    });
    expect(seen).toEqual(upTo(6));
    expect(ring.size).toBe(0);
  });

  test("loses only the record whose handler threw", () => {
    const { ring, record } = setUp(kind, 4);
    for (const number of upTo(3)) {
      stamp(record, 0, number);
      ring.tryPush(record);
    }
    expect(() =>
      ring.drain(({ number }) => {
        if (number === 1) throw new Error("no");
      }),
    ).toThrow("no");
    expect(ring.size).toBe(1);
    expect(ring.tryTake(record) && record.number).toBe(2);
  });

  test("a blocking take returns false when its time is over, and what comes later stays", () => {
    const { ring, record } = setUp(kind, 4);
    expect(ring.takeBlocking(record, 1)).toBe(false);
    stamp(record, 1, 7);
    expect(ring.tryPush(record)).toBe(true);
    expect(ring.takeBlocking(record, 1)).toBe(true);
    for (const timeoutMs of [-1, Number.NaN])
      expect(() => ring.takeBlocking(record, timeoutMs)).toThrow(InvalidInputError);
  });

  test("a sleeping worker is woken by a push, and by close", async () => {
    const { ring, start, openGate, record } = setUp(kind, 4);
    const taken = numbersOf(await start("take"), 1);
    openGate();
    for (const number of upTo(3)) {
      stamp(record, 0, number);
      ring.tryPush(record);
      while (ring.size > 0) await new Promise(setImmediate); // then it looks in vain, and sleeps
    }
    ring.close();
    expect(await taken).toEqual([upTo(3)]);
  });

  test("a blocking take misses neither a record nor the close, whenever they come", () => {
    const { ring: empty, record } = setUp(kind, 4);
    const looks = vi.spyOn(empty, "tryTake");
    empty.takeBlocking(record, 0);
    for (let look = 1; look <= looks.mock.calls.length; look++) {
      const { ring } = setUp(kind, 4);
      pushAndCloseAfter(ring, look);
      expect([ring.takeBlocking(record, 5_000), record.number]).toEqual([true, 77]);
      expect(ring.takeBlocking(record)).toBe(false);
    }
  });

  test("an awaited take misses neither a record nor the close, whenever they come", async () => {
    for (let look = 1; look <= 2; look++) {
      const { ring, record } = setUp(kind, 4);
      pushAndCloseAfter(ring, look);
      expect([await ring.take(record), record.number]).toEqual([true, 77]);
      expect(await ring.take(record)).toBe(false);
    }
  });

  test("refuses pushes once closed, by whichever side", () => {
    const { ring, record } = setUp(kind, 4);
    const other = attach(ring.buffer, LAYOUT);
    other.close();
    expect([ring.closed, ring.tryPush(record), other.size]).toEqual([true, false, 0]);
  });

  test("an awaited take gets what a worker pushes, and ends when the ring is closed and empty", async () => {
    const { ring, start, openGate, record } = setUp(kind, 4);
    const pusher = await start("push", 0, 500);
    pusher.once("exit", () => ring.close());
    openGate();
    const numbers: number[] = [];
    while (await ring.take(record)) numbers.push(record.number);
    expect(numbers).toEqual(upTo(500));
  });

  test("an aborted take rejects with the reason and takes nothing; others wait on", async () => {
    const { ring, record } = setUp(kind, 4);
    const abort = new AbortController();
    const aborted = ring.take(LAYOUT.createRecord(), abort.signal);
    const waiting = ring.take(record);
    abort.abort(new Error("enough"));
    await expect(aborted).rejects.toThrow("enough");
    const pushed = LAYOUT.createRecord();
    stamp(pushed, 0, 9);
    ring.tryPush(pushed);
    expect(await waiting).toBe(true);
    expect(record.number).toBe(9);
    expect(() => abort.signal.throwIfAborted()).toThrow("enough");
    await expect(ring.take(record, abort.signal)).rejects.toThrow("enough");
  });

  test("refuses capacities that are no power of two, and memory that is another ring's", () => {
    for (const capacity of [0, 1, 3, 1000, 2 ** 25]) {
      expect(() => create({ layout, capacity })).toThrow(InvalidInputError);
    }
    const { buffer } = create({ layout, capacity: 2 });
    const { buffer: ofOtherKind } = KINDS[kind === "spsc" ? "mpmc" : "spsc"].create({ layout, capacity: 2 });
    expect(() => attach(buffer, recordLayout({ id: "u32" }))).toThrow("layout");
    expect(() => attach(ofOtherKind, layout)).toThrow("kind");
    expect(() => attach(new SharedArrayBuffer(8), layout)).toThrow(InvalidInputError);
  });
});

/** Another thread's worst moment: right after the taker has looked in vain for the `look`th time. */
function pushAndCloseAfter(ring: SharedRing<typeof FIELDS>, look: number): void {
  const tryTake = ring.tryTake.bind(ring);
  const pushed = LAYOUT.createRecord();
  stamp(pushed, 0, 77);
  let looks = 0;
  vi.spyOn(ring, "tryTake").mockImplementation((into) => {
    const taken = tryTake(into);
    if (++looks === look) {
      ring.tryPush(pushed);
      ring.close();
    }
    return taken;
  });
}

test("spsc: what a killed pusher had pushed can be taken, whole and in order", async () => {
  const { ring, start, openGate } = setUp("spsc", 1024);
  const pusher = await start("push", 0, 1e9);
  openGate();
  const numbers: number[] = [];
  while (numbers.length < 5_000) {
    ring.drain(({ number }) => numbers.push(number));
    await new Promise(setImmediate);
  }
  await pusher.terminate();
  ring.drain(({ number }) => numbers.push(number));
  expect(numbers).toEqual(upTo(numbers.length));
  expect(ring.size).toBe(0);
});

test("spsc: a role passes to another thread without losing or repeating a record", async () => {
  const { ring, start, openGate, record } = setUp("spsc", 8);
  for (const number of upTo(5)) {
    stamp(record, 0, number);
    ring.tryPush(record);
  }
  ring.tryTake(record);
  const successor = attachSharedSpscRing(ring.buffer, LAYOUT);
  expect(successor.tryTake(record) && record.number).toBe(1);
  expect(ring.tryTake(record) && record.number).toBe(2);
  const pusherEnded = once(await start("push", 0, 20), "exit");
  openGate();
  const numbers: number[] = [];
  while (numbers.length < 22) {
    successor.drain(({ number }) => numbers.push(number));
    await new Promise(setImmediate);
  }
  await pusherEnded;
  expect(numbers).toEqual([3, 4, ...upTo(20)]);
});

test.each([
  { pushers: 2, takers: 2, capacity: 2 },
  { pushers: 3, takers: 1, capacity: 4 },
  { pushers: 1, takers: 3, capacity: 8 },
  { pushers: 3, takers: 3, capacity: 256 },
])(
  "mpmc: $pushers pushers to $takers takers lose nothing, repeat nothing and keep each pusher's order (capacity $capacity)",
  async (shape) => {
    const count = 10_000;
    const byTaker = await run("mpmc", { ...shape, count, how: "take and drain" });
    for (const id of upTo(shape.pushers)) {
      const parts = byTaker.map((numbers) => numbers[id]!);
      for (const part of parts) expect(isRising(part)).toBe(true);
      expect(parts.flat().sort((a, b) => a - b)).toEqual(upTo(count));
    }
  },
);

test("mpmc: threads that push, and then take, at the same moment each get their own place", async () => {
  const { ring, start, openGate, closeGate } = setUp("mpmc", 2 ** 18);
  const count = 2 ** 17;
  const pushed = (await Promise.all([0, 1].map((id) => start("push", id, count)))).map((pusher) =>
    once(pusher, "exit"),
  );
  openGate();
  await Promise.all(pushed);
  expect(ring.size).toBe(2 * count);
  ring.close();
  closeGate();
  const taken = (await Promise.all([0, 1].map(() => start("take")))).map((taker) => numbersOf(taker, 2));
  openGate();
  const byTaker = await Promise.all(taken);
  for (const id of [0, 1]) {
    const all = byTaker.flatMap((numbers) => numbers[id]!);
    expect(all.length).toBe(count);
    expect(new Set(all).size).toBe(count);
  }
});
