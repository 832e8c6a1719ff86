import type { Random } from "@pitlane/perf";
import {
  type LatencyFigures,
  type LatencySpans,
  ORDER_STAGES,
  type OrderStage,
  type SessionSample,
  type SlowOrder,
  STAGES,
  type Stage,
} from "pitlane";

/** Typical durations of the stages, microseconds. */
export const TYPICAL_US: Readonly<Record<Stage, number>> = {
  decode: 18,
  dispatch: 9,
  strategy: 14,
  risk: 7,
  journal: 95,
  queue: 180,
  send: 60,
  ack: 1900,
  tickToOrder: 260,
  processing: 190,
  execution: 2300,
};

function figures(typicalUs: number, count: number, random: Random): LatencyFigures {
  const p50 = typicalUs * (0.9 + 0.2 * random.next());
  const p95 = p50 * (1.8 + 0.4 * random.next());
  const p99 = p95 * (1.3 + 0.5 * random.next());
  const p999 = p99 * (1.4 + random.next());
  return { count, mean: p50 * 1.15, p50, p95, p99, p999, max: p999 * 1.5 };
}

function spans(typicalUs: number, perSecond: number, second: number, random: Random): LatencySpans {
  return {
    now: figures(typicalUs, perSecond, random),
    minute: figures(typicalUs, perSecond * Math.min(60, second), random),
    total: figures(typicalUs, perSecond * second, random),
  };
}

/** A session's sample number `seq`, as a paper session of two instruments looks like. The same arguments give the same sample. */
export function fakeSample(
  seq: number,
  atUs: number,
  startedAtUs: number,
  random: Random,
  trading: SessionSample["trading"],
  paused: ReadonlySet<string>,
): SessionSample {
  const wave = Math.sin(seq / 12);
  const eventsNow = 850 + 150 * wave + 40 * random.next();
  const ordersNow = Math.round(12 + 4 * wave + 3 * random.next());
  const submitted = 14 * seq;
  const filled = Math.floor(submitted * 0.58);
  const perSecond = (stage: Stage) => (TYPICAL_US[stage] < 50 ? Math.round(eventsNow) : ordersNow);
  const lane = (dispatched: number, depth: number) => ({
    depth,
    oldestAgeMs: depth * 0.2,
    dispatched,
    dropped: 0,
    conflated: Math.floor(dispatched / 500),
    refused: 0,
    overBound: 0,
    deadlineMisses: 0,
    maxDepth: 40,
  });
  const gc = (count: number, maxUs: number) => ({ count, totalUs: count * maxUs * 0.6, maxUs });
  const heapMb = 48 + 6 * ((seq % 20) / 20) + random.next();
  return {
    seq,
    atUs,
    periodMs: 1000 + random.next(),
    uptimeMs: (atUs - startedAtUs) / 1000,
    latency: Object.fromEntries(
      STAGES.map((stage) => [stage, spans(TYPICAL_US[stage] * (1 + 0.2 * wave), perSecond(stage), seq, random)]),
    ) as Record<Stage, LatencySpans>,
    events: { count: 860 * seq, nowPerSecond: eventsNow, averagePerSecond: 860, peakPerSecond: 1050 },
    orders: { count: submitted, nowPerSecond: ordersNow, averagePerSecond: 14, peakPerSecond: 21 },
    fills: { count: filled, nowPerSecond: ordersNow * 0.6, averagePerSecond: 8, peakPerSecond: 13 },
    flow: {
      intents: submitted + Math.floor(seq / 9),
      denied: Math.floor(seq / 9),
      submitted,
      accepted: submitted - 1,
      filled,
      cancelled: submitted - filled - 6,
      expired: 0,
      rejected: Math.floor(seq / 60),
      unknown: 0,
      open: 6,
      queued: seq % 3,
      inFlight: seq % 2,
      fillRatio: 0.58,
      errorRatio: 0.0004,
    },
    profit: [
      {
        asset: "USDT",
        profit: (12.5 * wave + seq * 0.05).toFixed(4),
        realized: (seq * 0.06).toFixed(4),
        fees: (seq * 0.012).toFixed(4),
        drawdown: (8 - 8 * wave).toFixed(4),
        drawdownUsed: 0.02 + 0.01 * (1 - wave),
      },
    ],
    trading,
    lanes: {
      critical: lane(3, 0),
      high: lane(submitted * 3, 0),
      normal: lane(860 * seq, Math.round(4 + 3 * wave)),
      low: lane(seq, 0),
    },
    journal: { events: 40 * seq, bytes: 90_000 * seq, queued: seq % 5, lagMs: 4 + 3 * wave },
    process: {
      atUs,
      periodMs: 1000,
      loopDelay: { meanUs: 90, p50Us: 60, p99Us: 900 + 300 * wave, maxUs: 2600 + 900 * random.next() },
      loopPercent: 21 + 5 * wave,
      gc: {
        minor: gc(3, 900),
        major: gc(seq % 30 === 0 ? 1 : 0, 5200),
        incremental: gc(0, 0),
        weakCallbacks: gc(0, 0),
        other: gc(0, 0),
      },
      memory: {
        heapUsedBytes: heapMb * 2 ** 20,
        heapLimitBytes: 2 ** 31,
        heapPercent: (heapMb / 2048) * 100,
        rssBytes: (142 + wave) * 2 ** 20,
        rssLimitBytes: 512 * 2 ** 20,
        rssPercent: (142 / 512) * 100,
        externalBytes: 6 * 2 ** 20,
      },
      cpu: { userPercent: 18 + 4 * wave, systemPercent: 5, percent: 23 + 4 * wave },
      activeResources: { TCPSocketWrap: 6, Timeout: 9 },
    },
    plugins: [
      plugin("spread-maker", "active", 24, 200, ordersNow, seq, random, paused),
      plugin("trend", "warned", 150 + 20 * wave, 200, 1, seq, random, paused),
    ],
    instruments: [
      { id: "paper:AAA/USDT", isSynced: true, gaps: 1, resyncs: 1, quietMs: 4 + 3 * random.next() },
      { id: "paper:BBB/USDT", isSynced: true, gaps: 0, resyncs: 0, quietMs: 11 + 9 * random.next() },
    ],
    network: {
      endpoints: [
        {
          venue: "paper",
          service: "rest",
          region: "near",
          url: "http://127.0.0.1:41001",
          isPresent: true,
          isDown: false,
          roundTripMs: 0.8 + 0.1 * wave,
          errorRatio: 0,
        },
        {
          venue: "paper",
          service: "rest",
          region: "far",
          url: "http://127.0.0.1:41002",
          isPresent: false,
          isDown: seq % 40 > 35,
          roundTripMs: 41 + 3 * wave,
          errorRatio: 0.01,
        },
        {
          venue: "paper",
          service: "stream",
          region: "near",
          url: "ws://127.0.0.1:41001",
          isPresent: true,
          isDown: false,
          roundTripMs: null,
          errorRatio: 0,
        },
      ],
      limits: [
        {
          venue: "paper",
          name: "weight",
          limit: 6000,
          used: Math.round(900 + 300 * wave),
          windowMs: 60_000,
          waiting: 0,
        },
        { venue: "paper", name: "orders", limit: 100, used: ordersNow, windowMs: 10_000, waiting: 0 },
      ],
      connections: [
        connection("market stream 1", "stream", startedAtUs),
        connection("user stream", "stream", startedAtUs),
        connection("order socket", "ws-api", startedAtUs),
      ],
      failuresPerMinute: 0,
      clockOffsetMs: 0.4,
    },
    caches: [{ name: "trend/bars", tier: "memory", hits: 990 * seq, misses: 10 * seq, entries: 420 }],
    pools: [{ name: "spread-maker/orders", free: 58, inUse: 6, created: 64 }],
    faults: 1,
  };
}

function plugin(
  name: string,
  standing: SessionSample["plugins"][number]["standing"],
  msPerSecond: number,
  budgetMsPerSecond: number,
  orders: number,
  second: number,
  random: Random,
  paused: ReadonlySet<string>,
): SessionSample["plugins"][number] {
  const isPaused = paused.has(name);
  return {
    name,
    standing,
    isPaused,
    hooks: spans(14, 850, second, random),
    msPerSecond: isPaused ? 0 : msPerSecond,
    budgetMsPerSecond,
    budgetHookMs: 5,
    faults: standing === "warned" ? 1 : 0,
    orders: orders * second,
    openOrders: isPaused ? 0 : 3,
  };
}

function connection(name: string, path: string, sinceUs: number): SessionSample["network"]["connections"][number] {
  const url = `ws://127.0.0.1:41001/${path}`;
  return { venue: "paper", name, state: "open", region: "near", url, reconnects: 0, sinceUs };
}

/** Ten slow orders, slowest first. */
export function fakeSlowOrders(atUs: number): SlowOrder[] {
  return Array.from({ length: 10 }, (_, index) => {
    const scale = 1 + (10 - index) / 4;
    const stages: Record<OrderStage, number | null> = {
      decide: index === 3 ? null : 220 * scale,
      check: 130 * scale,
      queue: 400 * scale,
      send: 70 * scale,
      venue: 2100 * scale * (index === 0 ? 4 : 1),
    };
    const totalUs = ORDER_STAGES.reduce((sum, stage) => sum + (stages[stage] ?? 0), 0);
    return {
      clientOrderId: `pl-fake0001-0-${index + 1}`,
      instrument: index % 2 === 0 ? "paper:AAA/USDT" : "paper:BBB/USDT",
      strategy: "spread-maker",
      atUs: atUs - index * 7_000_000,
      totalUs,
      stages,
      slowest: "venue" as const,
      overlaps: index === 0 ? [{ kind: "gc" as const, what: "major", us: 5200 }] : [],
    };
  }).sort((a, b) => b.totalUs - a.totalUs);
}
