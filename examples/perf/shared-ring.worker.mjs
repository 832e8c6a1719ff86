// The worker of shared-ring.ts, in plain JavaScript so that Node runs it as it is.
import { workerData } from "node:worker_threads";
import { attachSharedSpscRing, recordLayout } from "@pitlane/perf/ring";

// The same fields as in shared-ring.ts: attaching compares them.
const trades = attachSharedSpscRing(
  workerData.trades,
  recordLayout({ priceTicks: "f64", sizeLots: "i32", side: "u8" }),
);
const totals = attachSharedSpscRing(workerData.totals, recordLayout({ notionalTicks: "f64", records: "u32" }));

const sum = { notionalTicks: 0, records: 0 };
/** @param {Readonly<{ priceTicks: number, sizeLots: number }>} trade */
const add = ({ priceTicks, sizeLots }) => {
  sum.notionalTicks += priceTicks * sizeLots;
  sum.records += 1;
};

const trade = { priceTicks: 0, sizeLots: 0, side: 0 };
while (trades.takeBlocking(trade)) {
  add(trade); // the first after a sleep
  trades.drain(add); // and what has come with it
}
totals.tryPush(sum);
