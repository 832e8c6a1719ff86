/**
 * A worker thread that posts a message at every tick's time: a timer of Node is 80 us late, and two in a row merge; a futex is not.
 * Its `workerData` is `{ periodNs, ticks }`.
 */
import { parentPort, workerData } from "node:worker_threads";

const { periodNs, ticks } = workerData;
const never = new Int32Array(new SharedArrayBuffer(4));
const startedNs = process.hrtime.bigint();
for (let tick = 0; tick < ticks; tick++) {
  const waitNs = tick * periodNs - Number(process.hrtime.bigint() - startedNs);
  if (waitNs > 0) Atomics.wait(never, 0, 0, waitNs / 1e6);
  parentPort?.postMessage(tick);
}
