// Sends a million records to a worker thread and gets the answers back, both ways through shared memory.
import { Worker } from "node:worker_threads";
import { createSharedCounters, createSharedSpscRing, recordLayout } from "@pitlane/perf/ring";

const RECORDS = 1_000_000;
const trade = recordLayout({ priceTicks: "f64", sizeLots: "i32", side: "u8" });
const total = recordLayout({ notionalTicks: "f64", records: "u32" });

const trades = createSharedSpscRing({ layout: trade, capacity: 16_384 });
const totals = createSharedSpscRing({ layout: total, capacity: 2 });
const counters = createSharedCounters(["full"]);
const worker = new Worker(new URL("./shared-ring.worker.mjs", import.meta.url), {
  workerData: { trades: trades.buffer, totals: totals.buffer },
});
worker.once("exit", () => totals.close()); // lets the take below end, whatever became of the worker

const full = counters.counter("full");
const record = trade.createRecord();
for (let i = 0; i < RECORDS; i++) {
  record.priceTicks = 10_000 + (i % 100);
  record.sizeLots = 1 + (i % 5);
  record.side = i % 2;
  while (!trades.tryPush(record)) {
    full.increment();
    await new Promise(setImmediate); // the worker is behind: do something else
  }
}
trades.close();

const answer = total.createRecord();
while (await totals.take(answer)) console.log(answer.records, "records, notional", answer.notionalTicks, "ticks");
console.log("ring found full:", counters.values().full > 0 ? "at times" : "never");
