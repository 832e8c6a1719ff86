// Watches this process while it blocks the event loop on purpose.
import { createSystemClock } from "@pitlane/perf";
import { createProcessMonitor } from "@pitlane/perf/monitor";

const clock = createSystemClock();
const monitor = createProcessMonitor({ clock, rssLimitBytes: 256 * 2 ** 20 });

monitor.start(250, ({ loopDelay, loopPercent, cpu, memory, gc }) => {
  const rssMb = (memory.rssBytes / 2 ** 20).toFixed(0);
  console.log(
    `loop up to ${(loopDelay.maxUs / 1000).toFixed(1)} ms late, ${loopPercent.toFixed(0)} % busy;`,
    `CPU ${cpu.percent.toFixed(0)} %; RSS ${rssMb} MB, ${memory.rssPercent.toFixed(0)} % of its limit;`,
    `${gc.minor.count} minor and ${gc.major.count} major collections`,
  );
});

await clock.sleep(300);
const untilNs = clock.monotonicNs() + 100e6;
while (clock.monotonicNs() < untilNs) JSON.parse('{"a":[1,2,3]}');
await clock.sleep(500);

monitor.close();
