import type { MetricsRegistry } from "../metrics/registry.ts";
import { GC_KINDS } from "./gc.ts";
import type { ProcessSample } from "./process-monitor.ts";

/**
 * Registers gauges and counters for the samples of one monitor and returns the function that fills them.
 *
 * Durations are in seconds and sizes in bytes, as Prometheus has it; CPU and loop use are ratios, 1 for a whole core.
 *
 * @throws {InvalidInputError} When one of the names is taken in `registry` by another metric.
 * @example
 * monitor.start(1_000, processMetrics(registry));
 */
export function processMetrics(registry: MetricsRegistry): (sample: ProcessSample) => void {
  const gauge = (name: string, help: string) => registry.gauge(name, { help });
  const loopDelay = registry.gauge("eventloop_delay_seconds", { help: "Lateness of the loop.", labels: ["stat"] });
  const delays = {
    meanUs: loopDelay.labels({ stat: "mean" }),
    p50Us: loopDelay.labels({ stat: "p50" }),
    p99Us: loopDelay.labels({ stat: "p99" }),
    maxUs: loopDelay.labels({ stat: "max" }),
  };
  const loopRatio = gauge("eventloop_busy_ratio", "Share of time that the event loop was busy.");
  const pauses = registry.counter("gc_pauses_total", { help: "Pauses of the collector.", labels: ["kind"] });
  const pauseSeconds = registry.counter("gc_pause_seconds_total", { help: "Time in pauses.", labels: ["kind"] });
  const gcKinds = GC_KINDS.map((kind) => ({
    kind,
    count: pauses.labels({ kind }),
    seconds: pauseSeconds.labels({ kind }),
  }));
  const heapUsed = gauge("process_heap_used_bytes", "Heap in use.");
  const heapLimit = gauge("process_heap_limit_bytes", "Where V8 gives up.");
  const rss = gauge("process_resident_memory_bytes", "Memory of the process in RAM.");
  const rssLimit = gauge("process_resident_memory_limit_bytes", "RSS that the monitor counts as full.");
  const cpu = registry.gauge("process_cpu_ratio", { help: "CPU use; 1 is a whole core.", labels: ["mode"] });
  const cpuUser = cpu.labels({ mode: "user" });
  const cpuSystem = cpu.labels({ mode: "system" });
  const active = gauge("process_active_resources", "Handles and requests that keep the process alive.");

  return (sample) => {
    delays.meanUs.set(sample.loopDelay.meanUs / 1e6);
    delays.p50Us.set(sample.loopDelay.p50Us / 1e6);
    delays.p99Us.set(sample.loopDelay.p99Us / 1e6);
    delays.maxUs.set(sample.loopDelay.maxUs / 1e6);
    loopRatio.set(sample.loopPercent / 100);
    for (const { kind, count, seconds } of gcKinds) {
      count.inc(sample.gc[kind].count);
      seconds.inc(sample.gc[kind].totalUs / 1e6);
    }
    heapUsed.set(sample.memory.heapUsedBytes);
    heapLimit.set(sample.memory.heapLimitBytes);
    rss.set(sample.memory.rssBytes);
    rssLimit.set(sample.memory.rssLimitBytes);
    cpuUser.set(sample.cpu.userPercent / 100);
    cpuSystem.set(sample.cpu.systemPercent / 100);
    let resources = 0;
    for (const count of Object.values(sample.activeResources)) resources += count;
    active.set(resources);
  };
}
