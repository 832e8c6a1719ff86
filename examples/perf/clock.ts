// A minute of trades on an instrument, the same for the same seed, and what a clock passed in is good for.
import { createRandom, createSystemClock, logNormal, pareto, studentT, weightedChoice } from "@pitlane/perf";
import { ManualClock } from "@pitlane/perf/testing";

const random = createRandom(42).fork("AAA/USDT"); // a stream of its own: another instrument would not change these draws
let atMs = 0;
let price = 100;
let trades = 0;
while (atMs < 60_000) {
  atMs += random.exponential(250); // four a second on average
  price *= 1 + 0.0002 * studentT(random, 4); // mostly small moves, now and then a jump
  const kind = weightedChoice(random, ["usual", "whale"], [99, 1]);
  const lots = Math.ceil(kind === "usual" ? logNormal(random, 40, 0.8) : pareto(random, 1000, 1.5));
  if (trades++ < 3) console.log(`${Math.round(atMs)} ms: ${lots} lots at ${price.toFixed(3)}`);
}
console.log(`${trades} trades, the last at ${price.toFixed(3)}`);

// Waiting code takes a clock: the host's in production, one that a test moves by hand in a test.
const clock = new ManualClock();
const slept = clock.sleep(60_000);
clock.advance({ ms: 60_000 });
await slept;
console.log(`a minute later after no time at all: ${new Date(clock.nowUs() / 1000).toISOString()}`);

const system = createSystemClock();
const startedNs = system.monotonicNs();
await system.sleep(5);
console.log(`slept ${((system.monotonicNs() - startedNs) / 1e6).toFixed(1)} ms`);
