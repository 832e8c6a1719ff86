// Spends a venue's weight per minute so that cancels always find some left, and believes the venue's own count.
import { createSystemClock } from "@pitlane/perf";
import { PRIORITIES, TakeQueue, WeightedBudget } from "@pitlane/perf/limit";

const clock = createSystemClock();
const budget = new WeightedBudget({ limit: 6000, windowMs: 60_000, clock });

let reads = 0;
while (budget.tryTake(50, "read")) reads += 1;
console.log(`${reads} reads of weight 50, then only what matters more:`);
console.log("read", budget.tryTake(50, "read"), "· cancel", budget.tryTake(1, "cancel"));

// The reply to that cancel says 4,500 are used: somebody else trades with the same key.
budget.observe(4500, budget.taken);
console.log(`${budget.usedWeight()} used by all`);

// Too many requests, try again in 200 ms. Whoever waits is served by priority then.
budget.blockUntil(clock.nowUs() + 200_000);
const queue = new TakeQueue({ source: budget, priorities: PRIORITIES, maxWaiting: 100, clock });
const order: string[] = [];
await Promise.all(
  (["new", "amend", "cancel"] as const).map(async (priority) => {
    await queue.takeAs(priority, 1, AbortSignal.timeout(1500));
    order.push(priority);
  }),
);
console.log(`sent after the block: ${order.join(", ")}`);
