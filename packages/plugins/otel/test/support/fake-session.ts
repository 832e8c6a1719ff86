import { LatencyHistogram, MetricsRegistry } from "@pitlane/perf/metrics";
import { ManualClock } from "@pitlane/perf/testing";
import { type AnsweredOrder, type SlowOrder, STAGES, type Stage } from "pitlane";
import type { ExportedSession } from "../../src/observer.ts";

/** A session whose clock, metrics and orders a test moves. */
export function createFakeSession() {
  const clock = new ManualClock();
  const registry = new MetricsRegistry({ clock });
  const latencies = Object.fromEntries(STAGES.map((stage) => [stage, new LatencyHistogram()])) as Record<
    Stage,
    LatencyHistogram
  >;
  const slowest: SlowOrder[] = [];
  const said: string[] = [];
  const listeners = new Set<(order: AnsweredOrder) => void>();
  const session: ExportedSession = {
    run: {
      id: "20261121-063031-k3f9",
      mode: "paper",
      startedAtUs: clock.nowUs(),
      strategies: ["maker"],
      version: "0.1.0",
      node: "v20.19.0",
      pid: 4711,
    },
    clock,
    samples: {
      latest: undefined,
      recent: [],
      onSample: () => () => {},
      slowest: () => slowest,
      histogram: (stage) => latencies[stage],
      metrics: () => registry.snapshot(),
      onOrder(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    log: (source, message) => void said.push(`${source}: ${message}`),
    redact: (text) => text.replaceAll("s3cret", "[secret]"),
  };
  const answer = (order: AnsweredOrder) => {
    for (const listener of listeners) listener(order);
  };
  return { session, clock, registry, latencies, slowest, said, listeners, answer };
}

/** An order that was answered at `atUs`, 1,010.5 µs after what caused it. */
export function orderOf(clientOrderId: string, atUs: number): AnsweredOrder {
  return {
    clientOrderId,
    instrument: "binance:AAA/USDT",
    strategy: "maker",
    atUs,
    totalUs: 1010.5,
    stages: { decide: 3.25, check: 4, queue: 0.25, send: 3, venue: 1000 },
  };
}
