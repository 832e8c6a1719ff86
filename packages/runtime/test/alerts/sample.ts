import type { LaneCounters } from "../../src/bus/counters.ts";
import { LANES, type LaneName } from "../../src/bus/events.ts";
import { STAGES, type Stage } from "../../src/latency.ts";
import type { LatencyFigures, LatencySpans, ProfitFigures, SessionSample } from "../../src/observe/sample.ts";

const NONE: LatencyFigures = { count: 0, mean: 0, p50: 0, p95: 0, p99: 0, p999: 0, max: 0 };
const QUIET: LatencySpans = { now: NONE, minute: NONE, total: NONE };
const EMPTY: LaneCounters = {
  depth: 0,
  oldestAgeMs: 0,
  dispatched: 0,
  dropped: 0,
  conflated: 0,
  refused: 0,
  overBound: 0,
  deadlineMisses: 0,
  maxDepth: 0,
};
const RATE = { count: 0, nowPerSecond: 0, averagePerSecond: 0, peakPerSecond: 0 };
const PAUSES = { count: 0, totalUs: 0, maxUs: 0 };

/** What a test says of a sample; all else is that of a session where nothing happens. */
export interface SampleParts {
  readonly uptimeMs?: number;
  /** Of the last minute, microseconds. */
  readonly latency?: Partial<Record<Stage, Partial<LatencyFigures>>>;
  readonly flow?: Partial<SessionSample["flow"]>;
  readonly lanes?: Partial<Record<LaneName, Partial<LaneCounters>>>;
  readonly network?: Partial<SessionSample["network"]>;
  readonly lagMs?: number;
  readonly rssBytes?: number;
  readonly eventsPerSecond?: number;
  readonly profit?: readonly ProfitFigures[];
  readonly faults?: number;
}

/** A sample of a quiet session, taken 2026-01-01 plus its uptime. */
export function sampleOf(parts: SampleParts = {}): SessionSample {
  const { uptimeMs = 1000, latency = {}, flow, lanes = {}, network, rssBytes = 200 * 2 ** 20 } = parts;
  const atUs = 1_767_225_600_000_000 + uptimeMs * 1000;
  const spans = STAGES.map((stage) => {
    const own = latency[stage];
    return [stage, own === undefined ? QUIET : { ...QUIET, minute: { ...NONE, count: 100, ...own } }] as const;
  });
  return {
    seq: uptimeMs / 1000,
    atUs,
    periodMs: 1000,
    uptimeMs,
    latency: Object.fromEntries(spans) as SessionSample["latency"],
    events: { ...RATE, nowPerSecond: parts.eventsPerSecond ?? 0 },
    orders: RATE,
    fills: RATE,
    flow: {
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
      fillRatio: 0,
      errorRatio: 0,
      ...flow,
    },
    profit: parts.profit ?? [],
    trading: { state: "active", reason: "", by: "", sinceUs: 0 },
    lanes: Object.fromEntries(LANES.map((lane) => [lane, { ...EMPTY, ...lanes[lane] }])) as SessionSample["lanes"],
    journal: { events: 0, bytes: 0, queued: 0, lagMs: parts.lagMs ?? 0 },
    process: {
      atUs,
      periodMs: 1000,
      loopDelay: { meanUs: 0, p50Us: 0, p99Us: 0, maxUs: 0 },
      loopPercent: 0,
      gc: { minor: PAUSES, incremental: PAUSES, major: PAUSES, weakCallbacks: PAUSES, other: PAUSES },
      memory: {
        heapUsedBytes: 50 * 2 ** 20,
        heapLimitBytes: 4 * 2 ** 30,
        heapPercent: 0,
        rssBytes,
        rssLimitBytes: 512 * 2 ** 20,
        rssPercent: 0,
        externalBytes: 0,
      },
      cpu: { userPercent: 0, systemPercent: 0, percent: 0 },
      activeResources: {},
    },
    plugins: [],
    instruments: [],
    network: { endpoints: [], limits: [], connections: [], failuresPerMinute: 0, clockOffsetMs: null, ...network },
    caches: [],
    pools: [],
    faults: parts.faults ?? 0,
  };
}
