// Profiles half a second of work and draws it as a flame graph to open in a browser.
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { createSystemClock } from "@pitlane/perf";
import { createProfiler, flameGraphHtml } from "@pitlane/perf/monitor";

const clock = createSystemClock();
const folder = await mkdtemp(join(tmpdir(), "profiles-"));
const profiler = createProfiler({ folder, clock });

const makeOrders = () => Array.from({ length: 1_000 }, (_, i) => ({ id: `order-${i}`, priceTicks: 60_000 + i }));
const encode = (orders: object[]) => JSON.stringify(orders);
const decode = (text: string) => JSON.parse(text);

const profiling = profiler.cpu({ durationMs: 500 });
const untilNs = clock.monotonicNs() + 500e6;
while (clock.monotonicNs() < untilNs) {
  decode(encode(makeOrders()));
  await setImmediate(); // gives the profiler's timer a turn
}

const path = await profiling;
const page = join(folder, "flame.html");
await writeFile(page, flameGraphHtml(JSON.parse(await readFile(path, "utf8")), "Half a second of JSON"));
console.log(`profile: ${path}\nflame graph: ${page}`);
