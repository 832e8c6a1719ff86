import { parentPort, workerData } from "node:worker_threads";
import { WorkerBudget, type WorkerBudgetOptions } from "../../src/limit/index.ts";

export interface Job extends Omit<WorkerBudgetOptions, "nowNs"> {
  readonly forMs: number;
  /** One cell, which threads count up to start together. */
  readonly ready: SharedArrayBuffer;
  readonly threads: number;
}

// Takes as fast as it can, and reports when: the time read just before and the time the budget itself read.
const { forMs, ready, threads, ...options } = workerData as Job;
let readNs = 0n;
const budget = new WorkerBudget({
  ...options,
  nowNs: () => {
    readNs = process.hrtime.bigint();
    return readNs;
  },
});
const cell = new Int32Array(ready);
Atomics.add(cell, 0, 1);
while (Atomics.load(cell, 0) < threads);
const endNs = process.hrtime.bigint() + BigInt(forMs) * 1_000_000n;
const takenAtNs: bigint[] = [];
while (process.hrtime.bigint() < endNs) if (budget.tryTake()) takenAtNs.push(readNs);
parentPort?.postMessage(takenAtNs);
