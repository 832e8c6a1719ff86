import { workerData } from "node:worker_threads";
import { attachSharedCounters } from "../../src/ring/index.ts";

const { buffer, names, count } = workerData as { buffer: SharedArrayBuffer; names: readonly string[]; count: number };
const counters = attachSharedCounters(buffer, names);
for (const [i, name] of names.entries()) {
  const counter = counters.counter(name);
  for (let n = 0; n < count; n++) {
    counter.increment();
    counter.add(i);
  }
}
