// Times the stages of handling a message, and reads the figures in the four forms there are.
import { createSystemClock } from "@pitlane/perf";
import {
  decodeHistogram,
  encodeHistogram,
  LatencyWindow,
  StageTimer,
  WindowedPercentiles,
} from "@pitlane/perf/metrics";

const clock = createSystemClock();
const timer = new StageTimer(["decode", "decide"], clock);
const lastSamples = new LatencyWindow(); // the last 10,000, exact
const lastSeconds = new WindowedPercentiles({ windowMs: 10_000, clock }); // what an alert should see
const { decode, decide } = timer.stages;

let bids = 0;
for (let i = 0; i < 20_000; i++) {
  const frame = JSON.stringify({ symbol: "AAA/USDT", bid: 100 + (i % 7), ask: 108 });
  const startedNs = clock.monotonicNs();
  timer.start();
  const quote = JSON.parse(frame) as { bid: number; ask: number };
  timer.mark(decode);
  if (quote.ask - quote.bid < 4) bids++;
  timer.mark(decide);
  timer.stop();
  const nowNs = clock.monotonicNs();
  lastSamples.record(nowNs - startedNs);
  lastSeconds.record(nowNs - startedNs, nowNs);
}

console.log("decode, us", timer.summary().decode);
console.log("last 10,000, us", lastSamples.summary());
console.log(`p99 of the last 10 s: ${lastSeconds.summary().p99} us; ${bids} bids`);

// What another process sends is added up here; any HdrHistogram tool reads the text as well.
const fromWorker = await decodeHistogram(await encodeHistogram(timer.total));
fromWorker.merge(timer.total);
console.log(`both processes: ${fromWorker.count} messages, p99.9 ${fromWorker.percentileNs(99.9) / 1000} us`);
