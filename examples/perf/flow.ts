// A price feed that fails now and then, asked politely: one request for all who ask at once, repeated after a failure, given
// up on while it is down. Orders go to it in batches.
import { createRandom, createSystemClock, PitlaneError } from "@pitlane/perf";
import { CircuitBreaker, MicroBatcher, mapConcurrent, retry, SingleFlight } from "@pitlane/perf/flow";

class FeedDownError extends PitlaneError {
  readonly code = "FEED_DOWN";
  readonly retryable = true;
}

const clock = createSystemClock();
const random = createRandom(1);
let requests = 0;

async function fetchPrice(symbol: string): Promise<string> {
  await clock.sleep(5);
  if (++requests === 1) throw new FeedDownError("the feed is restarting");
  return `${symbol} 67000.5`;
}

const breaker = new CircuitBreaker({ openMs: 1000, clock });
const flights = new SingleFlight<string, string>();
const price = (symbol: string) =>
  flights.run(symbol, (signal) =>
    retry(() => breaker.run(() => fetchPrice(symbol), signal), { clock, random }, signal),
  );

console.log(await Promise.all([price("BTC/USDT"), price("BTC/USDT")]), `by ${requests} requests`);

const cancels = new MicroBatcher({
  send: async (ids: readonly string[]) =>
    ids.map((id) => (id === "b" ? new Error(`no order ${id}`) : `${id} cancelled`)),
  clock,
});
const outcomes = await mapConcurrent(["a", "b", "c"], 8, (id) => cancels.submit(id));
for (const outcome of outcomes) console.log(outcome.status === "fulfilled" ? outcome.value : String(outcome.reason));
await cancels.close();
