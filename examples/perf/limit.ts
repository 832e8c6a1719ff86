// Stays within the limits of an API: a rate with bursts, a strict window, a default per endpoint, and waiting in line.
import { createSystemClock } from "@pitlane/perf";
import { KeyedLimiter, SlidingWindow, TakeQueue, TokenBucket } from "@pitlane/perf/limit";

const clock = createSystemClock();

const bucket = new TokenBucket({ capacity: 5, tokensPerSecond: 50, clock });
let sent = 0;
while (bucket.tryTake()) sent += 1;
console.log(`a burst of ${sent}, the next in ${bucket.waitMs()} ms`);

// Who would rather wait than be refused asks a queue: first come, first served, until the signal aborts.
const queue = new TakeQueue({ source: bucket, maxWaiting: 100, clock });
const startedNs = clock.monotonicNs();
await Promise.all(Array.from({ length: 10 }, () => queue.take(1, AbortSignal.timeout(1000))));
console.log(`ten more took ${Math.round((clock.monotonicNs() - startedNs) / 1e6)} ms at 50 a second`);

const limits = new KeyedLimiter({
  limiters: { "POST /order": () => new SlidingWindow({ limit: 2, windowMs: 10_000, clock }) },
  createDefault: () => new TokenBucket({ capacity: 20, tokensPerSecond: 10, clock }),
  maxKeys: 1000,
});
for (const endpoint of ["POST /order", "POST /order", "POST /order", "GET /depth"]) {
  console.log(endpoint, limits.tryTake(endpoint) ? "may go" : `waits ${limits.waitMs(endpoint)} ms`);
}
