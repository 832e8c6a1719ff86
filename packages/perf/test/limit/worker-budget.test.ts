import { once } from "node:events";
import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { WorkerBudget } from "../../src/limit/index.ts";
import { bundleWorker, startWorker } from "../support/worker.ts";
import { type Admitted, expectWithinRate } from "./admitted.ts";
import type { Job } from "./worker-budget.worker.ts";

function setUp({ capacity = 3, tokensPerSecond = 10 } = {}) {
  let nowNs = 1_000_000_000n;
  const memory = new SharedArrayBuffer(8);
  const create = () => new WorkerBudget({ memory, capacity, tokensPerSecond, nowNs: () => nowNs });
  const advance = (us: number) => {
    nowNs += BigInt(us) * 1000n;
  };
  return { create, advance, nowNs: () => Number(nowNs) };
}

test("all who share the memory spend one bucket", () => {
  const { create, advance } = setUp();
  const [a, b] = [create(), create()];
  expect([a.tryTake(), b.tryTake(), a.tryTake(), b.tryTake()]).toEqual([true, true, true, false]);
  expect(a.waitMs()).toBe(100);
  expect(b.waitMs(3)).toBe(300);
  advance(99_999);
  expect(a.waitMs()).toBe(1);
  advance(1);
  expect([a.tryTake(), b.tryTake()]).toEqual([true, false]);
});

test("never admits more than its capacity and rate in any stretch of time", () => {
  const takes = fc.array(
    fc.record({
      gapUs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3000 })),
      cost: fc.constantFrom(0, 1, 2, 0.4),
    }),
    { maxLength: 300 },
  );
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 9 }),
      fc.constantFrom(3, 700, 9999),
      takes,
      (capacity, tokensPerSecond, all) => {
        const { create, advance, nowNs } = setUp({ capacity, tokensPerSecond });
        const budgets = [create(), create()];
        const admitted: Admitted[] = [];
        for (const [i, { gapUs, cost }] of all.entries()) {
          advance(gapUs);
          if (budgets[i % 2]?.tryTake(cost)) admitted.push({ atNs: nowNs(), cost });
        }
        expectWithinRate(admitted, { capacity, tokensPerSecond });
      },
    ),
  );
});

test("threads that race for it admit together what one would, no more and no less", async () => {
  const limit = { capacity: 50, tokensPerSecond: 100_000 };
  const threads = 3;
  const job: Job = {
    ...limit,
    memory: new SharedArrayBuffer(8),
    forMs: 200,
    ready: new SharedArrayBuffer(4),
    threads,
  };
  const bundle = await bundleWorker(new URL("./worker-budget.worker.ts", import.meta.url));
  const workers = Array.from({ length: threads }, () => startWorker(bundle, job));
  const reports = (await Promise.all(workers.map((worker) => once(worker, "message")))) as [bigint[]][];
  await Promise.all(workers.map((worker) => worker.terminate()));
  const takenAtNs = reports.flatMap(([times]) => times).sort((a, b) => (a < b ? -1 : 1));
  const firstNs = takenAtNs[0] as bigint;
  const admitted = takenAtNs.map((atNs) => ({ atNs: Number(atNs - firstNs), cost: 1 }));
  expectWithinRate(admitted, limit);
  expect(reports.every(([times]) => times.length > 0)).toBe(true);
  expect(admitted.length).toBeGreaterThan(limit.capacity + 100);
});

test("refuses options and costs outside their ranges", () => {
  const options = { memory: new SharedArrayBuffer(8), capacity: 3, tokensPerSecond: 1, nowNs: () => 0n };
  expect(() => new WorkerBudget({ ...options, memory: new SharedArrayBuffer(4) })).toThrow(InvalidInputError);
  expect(() => new WorkerBudget({ ...options, capacity: 0.5 })).toThrow(InvalidInputError);
  expect(() => new WorkerBudget({ ...options, tokensPerSecond: 0 })).toThrow(InvalidInputError);
  for (const cost of [-1, 4, Number.NaN])
    expect(() => new WorkerBudget(options).tryTake(cost)).toThrow(InvalidInputError);
});
