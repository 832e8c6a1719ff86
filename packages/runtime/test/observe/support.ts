import { LatencyHistogram } from "@pitlane/perf/metrics";
import type { ProcessSample } from "@pitlane/perf/monitor";
import { ManualClock } from "@pitlane/perf/testing";
import type { LaneCounters } from "../../src/bus/counters.ts";
import { INITIAL_TRADING } from "../../src/engines/trading-state.ts";
import { createStageLatencies } from "../../src/latency.ts";
import { SampleCollector } from "../../src/observe/collector.ts";
import type { NetworkFigures, SlowOrder } from "../../src/observe/sample.ts";
import type { OrderCounts, SampleSources } from "../../src/observe/sources.ts";

const LANE: LaneCounters = {
  depth: 2,
  maxDepth: 5,
  oldestAgeMs: 1,
  dispatched: 10,
  dropped: 3,
  conflated: 4,
  refused: 0,
  overBound: 6,
  deadlineMisses: 0,
};

const PAUSES = { count: 2, totalUs: 900, maxUs: 600 };
const USE = { userPercent: 20, systemPercent: 5, percent: 25 };

const PROCESS: ProcessSample = {
  atUs: 1,
  periodMs: 1_000,
  loopDelay: { meanUs: 100, p50Us: 90, p99Us: 900, maxUs: 2_000 },
  loopPercent: 40,
  gc: { minor: PAUSES, major: PAUSES, incremental: PAUSES, weakCallbacks: PAUSES, other: PAUSES },
  memory: {
    heapUsedBytes: 50e6,
    heapLimitBytes: 4e9,
    heapPercent: 1.25,
    rssBytes: 120e6,
    rssLimitBytes: 512 * 2 ** 20,
    rssPercent: 22,
    externalBytes: 1e6,
  },
  cpu: USE,
  activeResources: { Timeout: 2, TCPSocketWrap: 3 },
};

const NETWORK: NetworkFigures = {
  endpoints: [
    {
      venue: "binance",
      service: "rest",
      region: "tokyo",
      url: "https://api.example",
      isPresent: true,
      isDown: false,
      roundTripMs: 12.5,
      errorRatio: 0,
    },
    {
      venue: "binance",
      service: "rest",
      region: "frankfurt",
      url: "https://api2.example",
      isPresent: false,
      isDown: true,
      roundTripMs: null,
      errorRatio: 1,
    },
  ],
  limits: [{ venue: "binance", name: "weight", limit: 6_000, used: 1_500, windowMs: 60_000, waiting: 0 }],
  connections: [
    {
      venue: "binance",
      name: 'market "1"\\',
      state: "open",
      region: "tokyo",
      url: "wss://stream.example",
      reconnects: 1,
      sinceUs: 5,
    },
    { venue: "binance", name: "user stream", state: "waiting", region: "tokyo", url: "", reconnects: 3, sinceUs: 5 },
  ],
  failuresPerMinute: 4,
  clockOffsetMs: -7.5,
};

/** A collector of a made-up session, whose figures the test moves. */
export function setUp() {
  const clock = new ManualClock();
  const latencies = createStageLatencies();
  const hookTimes = new LatencyHistogram();
  const counts = { events: 0, fills: 0, faults: 0 };
  const orders: { -readonly [K in keyof OrderCounts]: number } = {
    intents: 0,
    denied: 0,
    submitted: 0,
    accepted: 0,
    filled: 0,
    cancelled: 0,
    expired: 0,
    rejected: 0,
    unknown: 0,
    open: 0,
    queued: 0,
    inFlight: 0,
  };
  const sources: { -readonly [K in keyof SampleSources]: SampleSources[K] } = {
    clock,
    latencies,
    events: () => counts.events,
    fills: () => counts.fills,
    faults: () => counts.faults,
    orders: () => ({ ...orders }),
    failures: () => orders.rejected,
    profit: () => [
      {
        asset: "USDT",
        profit: "-12.5",
        realized: "-10",
        fees: "2.5",
        drawdown: "12.5",
        drawdownUsed: 0.25,
      },
      { asset: "BTC", profit: "0.1", realized: "0", fees: "0", drawdown: "0", drawdownUsed: null },
    ],
    trading: () => INITIAL_TRADING,
    lanes: () => ({ critical: LANE, high: LANE, normal: LANE, low: LANE }),
    journal: () => ({ events: 10, bytes: 4_096, queued: 3, lagMs: 25 }),
    process: () => PROCESS,
    plugins: () => [
      {
        name: "maker",
        standing: "active",
        isPaused: false,
        hookTimes,
        budgetMsPerSecond: 200,
        budgetHookMs: 5,
        faults: 1,
        orders: 4,
        openOrders: 1,
      },
    ],
    instruments: () => [{ id: "paper:BTC/USDT", isSynced: true, gaps: 0, resyncs: 0, quietMs: 3 }],
    network: () => NETWORK,
    caches: () => [],
    pools: () => [],
    pluginMetrics: () => ({
      atUs: 0,
      metrics: [
        {
          kind: "counter",
          name: "plugin_maker_quotes_total",
          help: "Quotes made.",
          overflowed: 0,
          series: [{ labels: {}, value: 7 }],
        },
      ],
    }),
  };
  const faults: string[] = [];
  const slow: SlowOrder[] = [];
  const collector = new SampleCollector({
    sources,
    slowOrders: { slowest: () => [...slow] },
    onFault: (message) => faults.push(message),
  });
  const second = () => {
    clock.advance({ ms: 1_000 });
    collector.take();
    return collector.latest!;
  };
  return { clock, latencies, hookTimes, counts, orders, sources, faults, slow, collector, second };
}
