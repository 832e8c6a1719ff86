import { LatencyHistogram, MetricsRegistry } from "@pitlane/perf/metrics";
import { ManualClock } from "@pitlane/perf/testing";
import { type Alert, type SampleFeed, type SessionSample, STAGES, type Stage } from "pitlane";
import type { ExportedSession } from "../../src/observer.ts";

export interface FakeSession extends ExportedSession {
  readonly registry: MetricsRegistry;
  readonly latencies: Readonly<Record<Stage, LatencyHistogram>>;
  readonly said: string[];
  readonly active: Alert[];
  /** How often the metrics were asked for. */
  renderings: number;
  /** Goes on to the next sample. */
  next(): void;
}

/** A session whose metrics a test sets by itself. */
export function createFakeSession(): FakeSession {
  const registry = new MetricsRegistry({ clock: new ManualClock() });
  const latencies = Object.fromEntries(STAGES.map((stage) => [stage, new LatencyHistogram()])) as Record<
    Stage,
    LatencyHistogram
  >;
  const active: Alert[] = [];
  const said: string[] = [];
  let seq = 1;
  const samples: SampleFeed = {
    get latest() {
      return { seq } as SessionSample; // the exporter reads nothing else of it
    },
    recent: [],
    onSample: () => () => {},
    slowest: () => [],
    histogram: (stage) => latencies[stage],
    metrics: () => {
      fake.renderings++;
      return registry.snapshot();
    },
  };
  const fake: FakeSession = {
    samples,
    alerts: { rules: [], active, resolved: [], acknowledge: () => false, onChange: () => () => {} },
    log: (source, message) => void said.push(`${source}: ${message}`),
    registry,
    latencies,
    said,
    active,
    renderings: 0,
    next: () => void seq++,
  };
  return fake;
}
