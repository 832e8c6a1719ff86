// A monitor runs for as long as the program does, so its whole cost counts: what a sample takes of the event loop, and what
// probing the loop and counting collections take between samples. The budget of the issue is 0.5 % of a core at 1 Hz.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { MetricsRegistry, prometheusText } from "@pitlane/perf/metrics";
import { createProcessMonitor, processMetrics } from "@pitlane/perf/monitor";
import * as promClient from "prom-client";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";

const BUDGET_PERCENT = 0.5;
const IDLE_MS = 4_000;

const budget = (figure: number): Case => ({ value: () => figure });

/** CPU of this process in percent of a core while it does nothing but what `start` began. */
async function idleCpuPercent(start: () => () => void): Promise<number> {
  const clock = createSystemClock();
  const stop = start();
  await clock.sleep(500); // the first samples run before the compiler has seen them
  const before = process.cpuUsage();
  const startedNs = clock.monotonicNs();
  await clock.sleep(IDLE_MS);
  const { user, system } = process.cpuUsage(before);
  const elapsedUs = (clock.monotonicNs() - startedNs) / 1000;
  stop();
  return ((user + system) / elapsedUs) * 100;
}

/** What a heap snapshot of 50,000 small linked orders costs a process of its own to look at; the parser of JSON is the floor. */
const look = (how: string, figure: "cpuMsPerMiB" | "memoryPercent"): Case => ({
  value: () => {
    const folder = mkdtempSync(join(tmpdir(), "pitlane-bench-heap-"));
    const file = join(folder, "orders.heapsnapshot");
    const node = (script: string) =>
      execFileSync(process.execPath, ["--max-old-space-size=4096", "--input-type=module", "-e", script], {
        encoding: "utf8",
      });
    try {
      node(`import { writeHeapSnapshot } from "node:v8";
        let last;
        for (let i = 0; i < 50_000; i++) last = globalThis.head = { id: "o" + i, last, fills: [{ at: i + 0.5 }, { at: i }] };
        writeHeapSnapshot(${JSON.stringify(file)});`);
      const [cpuUs, bytes] = JSON.parse(
        node(`${how}
          const rss = process.resourceUsage().maxRSS, cpu = process.cpuUsage();
          const found = look(${JSON.stringify(file)});
          const { user, system } = process.cpuUsage(cpu);
          console.log(JSON.stringify([user + system, (process.resourceUsage().maxRSS - rss) * 1024, found === undefined]));`),
      ) as [number, number];
      const fileBytes = statSync(file).size;
      return figure === "cpuMsPerMiB" ? cpuUs / 1000 / (fileBytes / 2 ** 20) : (100 * bytes) / fileBytes;
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});

const SUMMARY = `import { readHeapSummary as look } from ${JSON.stringify(import.meta.resolve("@pitlane/perf/monitor"))};`;
const PARSE = `import { readFileSync } from "node:fs"; const look = (file) => JSON.parse(readFileSync(file, "utf8"));`;

const suite: Suite = {
  name: "monitor",
  comparisons: [
    {
      name: "process monitor, one sample",
      unit: "us/op",
      ours: {
        loop: () => {
          const monitor = createProcessMonitor({ clock: createSystemClock() });
          return (n) => {
            let bytes = 0;
            for (let i = 0; i < n; i++) bytes += monitor.sample().memory.rssBytes;
            return bytes;
          };
        },
      },
      peers: { "budget of a sample at 1 Hz": { case: budget(5_000), note: "0.5 % of a second" } },
    },
    {
      name: "process monitor at 1 Hz, CPU of an idle process",
      unit: "%",
      rounds: 2,
      ours: {
        value: () =>
          idleCpuPercent(() => {
            const clock = createSystemClock();
            const publish = processMetrics(new MetricsRegistry({ clock }));
            const monitor = createProcessMonitor({ clock });
            monitor.start(1_000, publish);
            return () => monitor.close();
          }),
      },
      peers: {
        "budget, 0.5 % of a core": { case: budget(BUDGET_PERCENT), note: "what waking up costs is included" },
        "idle process without it (floor)": { case: { value: () => idleCpuPercent(() => () => {}) }, aim: null },
      },
    },
    {
      name: "heap snapshot, CPU of its summary, a MiB of file",
      unit: "ms",
      rounds: 2,
      ours: look(SUMMARY, "cpuMsPerMiB"),
      peers: { "JSON.parse of the file (floor)": { case: look(PARSE, "cpuMsPerMiB"), aim: null } },
    },
    {
      name: "heap snapshot, memory of its summary, of the file's length",
      unit: "%",
      rounds: 2,
      ours: look(SUMMARY, "memoryPercent"),
      peers: {
        "JSON.parse of the file (floor)": { case: look(PARSE, "memoryPercent"), aim: null, note: "numbers alone" },
      },
    },
    {
      name: "process metrics, sampled and written as text",
      unit: "us/op",
      ours: {
        loop: () => {
          const clock = createSystemClock();
          const registry = new MetricsRegistry({ clock });
          const publish = processMetrics(registry);
          const monitor = createProcessMonitor({ clock });
          return (n) => {
            let length = 0;
            for (let i = 0; i < n; i++) {
              publish(monitor.sample());
              length += prometheusText(registry.snapshot()).length;
            }
            return length;
          };
        },
      },
      peers: {
        "prom-client 15 collectDefaultMetrics": {
          case: {
            loop: () => {
              const register = new promClient.Registry();
              promClient.collectDefaultMetrics({ register });
              return async (n) => {
                let length = 0;
                for (let i = 0; i < n; i++) length += (await register.metrics()).length;
                return length;
              };
            },
          },
          note: "theirs also reads open file descriptors and heap spaces, ours loop utilisation and limits",
        },
      },
    },
  ],
};

export default suite;
