import type { Clock } from "@pitlane/perf";
import { LatencyHistogram } from "@pitlane/perf/metrics";
import { createProcessMonitor, type ProcessMonitor } from "@pitlane/perf/monitor";
import { SampleCollector } from "./collector.ts";
import type { Disturbance } from "./sample.ts";
import { type SampledParts, sourcesOf } from "./session-sources.ts";
import { SlowOrders } from "./slow-orders.ts";
import { toDisturbance, watchStalls } from "./stalls.ts";

const SAMPLE_MS = 1_000;

export interface ObservationOptions {
  readonly clock: Clock;
  /** How many there are. */
  readonly plugins: number;
  /** Something that should not be; the session goes on. */
  readonly onFault: (message: string) => void;
  /** False takes no samples, records no hooks and watches nothing: what it costs is the difference. Default true. */
  readonly isOn?: boolean;
}

/**
 * What of a session is measured beyond the stages' latencies, from before its parts are made until they are gone.
 *
 * `slowOrders` and `hookTimes` are for the gateway and the core, which are given them when they are made; `begin` then takes a sample each
 * second and watches the garbage collector and the loop.
 *
 * @example
 * const observation = new Observation({ clock, plugins: plugins.length, onFault });
 * const gateway = new OrderGateway({ ...options, timer: observation.slowOrders });
 * const core = await Core.create({ ...parts, hookTimes: observation.hookTimes });
 * const samples = observation.begin({ core, data, gateway, journal, ...rest });
 * samples.onSample((sample) => console.log(sample.latency.execution.minute.p99));
 * observation.close();
 */
export class Observation {
  /** For `GatewayOptions.timer`. */
  readonly slowOrders: SlowOrders;
  readonly #options: ObservationOptions;
  readonly #hookTimes: readonly LatencyHistogram[];
  readonly #isOn: boolean;
  readonly #closers: (() => void)[] = [];

  constructor(options: ObservationOptions) {
    this.#options = options;
    this.slowOrders = new SlowOrders(options.clock);
    this.#isOn = options.isOn ?? true;
    this.#hookTimes = Array.from({ length: options.plugins }, () => new LatencyHistogram());
  }

  /** For `CoreOptions.hookTimes`. */
  get hookTimes(): readonly LatencyHistogram[] {
    return this.#isOn ? this.#hookTimes : [];
  }

  /** Something held the process or the wire up: a wait for a limiter, a connection that was made anew. */
  note(disturbance: Disturbance): void {
    this.slowOrders.note(disturbance);
  }

  /** Begins to sample; the first one comes in a second. Once. */
  begin(parts: Omit<SampledParts, "clock" | "hookTimes" | "monitor">): SampleCollector {
    const { clock, onFault } = this.#options;
    const monitor = this.#isOn ? this.#watchProcess() : createProcessMonitor({ clock });
    const collector = new SampleCollector({
      sources: sourcesOf({ ...parts, clock, hookTimes: this.#hookTimes, monitor }),
      slowOrders: this.slowOrders,
      onFault,
    });
    if (!this.#isOn) {
      monitor.close();
      return collector;
    }
    const timer = setInterval(() => collector.take(), SAMPLE_MS);
    this.#closers.push(() => clearInterval(timer));
    return collector;
  }

  /** Ends it all; the samples so far stay. Harmless the second time. */
  close(): void {
    for (const close of this.#closers.splice(0).reverse()) close();
  }

  #watchProcess(): ProcessMonitor {
    const { clock } = this.#options;
    const originNs = clock.monotonicNs() - performance.now() * 1e6;
    const monitor = createProcessMonitor({
      clock,
      onGcPause: (pause) => {
        const disturbance = toDisturbance(pause, originNs);
        if (disturbance !== undefined) this.note(disturbance);
      },
    });
    this.#closers.push(() => monitor.close());
    this.#closers.push(watchStalls({ clock, onStall: (stall) => this.note(stall) }));
    return monitor;
  }
}
