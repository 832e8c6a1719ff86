import { parentPort, workerData } from "node:worker_threads";
import { attachSharedMpmcRing, attachSharedSpscRing } from "../../src/ring/index.ts";
import { LAYOUT, type RingTask, stamp } from "./shared-ring.support.ts";

const task = workerData as RingTask;
const ring =
  task.kind === "spsc" ? attachSharedSpscRing(task.buffer, LAYOUT) : attachSharedMpmcRing(task.buffer, LAYOUT);
parentPort?.postMessage("ready");
Atomics.wait(new Int32Array(task.gate), 0, 0); // so that all start at once
if (task.role === "push") push();
else parentPort?.postMessage(take());

function push(): void {
  const record = LAYOUT.createRecord();
  const idle = new Int32Array(new SharedArrayBuffer(4));
  for (let number = 0; number < task.count; number++) {
    stamp(record, task.id, number);
    for (let tries = 1; !ring.tryPush(record); tries++) {
      if (ring.closed) return;
      if (tries % 100 === 0) Atomics.wait(idle, 0, 0, 0.01); // lets the takers have the core
    }
  }
}

/** Who pushed and the number, of each record in the order taken. */
function take(): Float64Array {
  const taken: number[] = [];
  const record = LAYOUT.createRecord();
  const keep = ({ id, number, check, exact }: Readonly<typeof record>) => {
    if (check !== id * 1e9 + number || exact !== -BigInt(number))
      throw new Error(`torn record: ${id} ${number} ${check}`);
    taken.push(id, number);
  };
  while (ring.takeBlocking(record)) {
    keep(record);
    if (task.role === "take and drain") ring.drain(keep);
  }
  return Float64Array.from(taken);
}
