// Computes on other threads, while this one stays free to trade. The function is in worker-pool-task.mjs:
//   export default function realisedVariance({ prices }) { ... }
import { createRandom, createSystemClock } from "@pitlane/perf";
import { createWorkerPool } from "@pitlane/perf/pool";

const clock = createSystemClock();
const pool = await createWorkerPool<{ prices: Float64Array }, number>({
  file: new URL("./worker-pool-task.mjs", import.meta.url),
  workers: 2,
  taskTimeoutMs: 5_000,
  clock,
});

const random = createRandom(7);
const days = Array.from({ length: 4 }, (_, day) => {
  let price = 100;
  return Float64Array.from({ length: 200_000 }, () => {
    price *= Math.exp((0.0001 + day * 0.0001) * random.normal());
    return price;
  });
});

const variances = await Promise.all(
  days.map((prices) => pool.run({ prices }, { transfer: [prices.buffer] }, AbortSignal.timeout(10_000))),
);
console.log(variances.map((variance) => `${(Math.sqrt(variance) * 1e4).toFixed(2)} bp`).join(", "));

const { completed, ran, waited, utilisation } = pool.stats();
console.log(
  `${completed} tasks, p50 ${ran.p50} us on a thread after ${waited.p50} us of wait; threads ${(100 * utilisation).toFixed(0)} % busy`,
);
await pool.close();
