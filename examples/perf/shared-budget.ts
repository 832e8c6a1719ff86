// One budget for several: the same code spends it within a process and across threads. RedisBudget fits in the same place.
import { createSystemClock } from "@pitlane/perf";
import { type SharedBudget, TakeQueue, TokenBucket, WorkerBudget } from "@pitlane/perf/limit";

const clock = createSystemClock();
const limit = { capacity: 5, tokensPerSecond: 100 };

// Each thread builds its own WorkerBudget on the memory it got as worker data; here two stand for two threads.
const memory = new SharedArrayBuffer(8);
const ofThread = () => new WorkerBudget({ ...limit, memory, nowNs: process.hrtime.bigint });

async function spendAll(name: string, budgets: readonly SharedBudget[]): Promise<void> {
  const sent = budgets.map(() => 0);
  for (let i = 0; i < 20; i++) {
    const turn = i % budgets.length;
    if (await budgets[turn]?.tryTake()) sent[turn] = (sent[turn] ?? 0) + 1;
  }
  console.log(`${name}: ${sent.join(" + ")} admitted of a burst of ${limit.capacity}`);
}

await spendAll("one process", [new TokenBucket({ ...limit, clock })]);
await spendAll("two threads", [ofThread(), ofThread()]);

// Waiting is in order within each of them.
const queue = new TakeQueue({ source: ofThread(), maxWaiting: 100, clock });
await Promise.all(Array.from({ length: 10 }, () => queue.take(1, AbortSignal.timeout(1000))));
console.log("ten more had their turn");
