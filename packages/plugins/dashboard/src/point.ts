import type { Point, PointLatency, SessionSample, Stage } from "./protocol.ts";

/** What a chart keeps of a sample. Pure, and free of anything that a browser lacks: the page makes its points with it as well. */
export function toPoint(sample: SessionSample): Point {
  const { process, network } = sample;
  const latency: Partial<Record<Stage, PointLatency>> = {};
  for (const stage of Object.keys(sample.latency) as Stage[]) {
    const { count, p50, p95, p99 } = sample.latency[stage].now;
    latency[stage] = count === 0 ? null : [tenths(p50), tenths(p95), tenths(p99)];
  }
  const trips = network.endpoints.flatMap(({ isDown, roundTripMs }) =>
    isDown || roundTripMs === null ? [] : roundTripMs,
  );
  const gc = Object.values(process.gc);
  return {
    atUs: sample.atUs,
    latency,
    eventsPerSecond: sample.events.nowPerSecond,
    ordersPerSecond: sample.orders.nowPerSecond,
    fillsPerSecond: sample.fills.nowPerSecond,
    errorRatio: sample.flow.errorRatio,
    openOrders: sample.flow.open,
    profit: Object.fromEntries(sample.profit.map(({ asset, profit }) => [asset, profit])),
    heapBytes: process.memory.heapUsedBytes,
    rssBytes: process.memory.rssBytes,
    cpuPercent: tenths(process.cpu.percent),
    loopPercent: tenths(process.loopPercent),
    loopDelayP99Us: tenths(process.loopDelay.p99Us),
    loopDelayMaxUs: tenths(process.loopDelay.maxUs),
    gcTotalUs: tenths(gc.reduce((sum, { totalUs }) => sum + totalUs, 0)),
    gcMaxUs: tenths(gc.reduce((most, { maxUs }) => Math.max(most, maxUs), 0)),
    journalLagMs: tenths(sample.journal.lagMs),
    roundTripMs: trips.length === 0 ? null : Math.min(...trips),
    limiterUsed: network.limits.reduce((most, { used, limit }) => Math.max(most, limit === 0 ? 0 : used / limit), 0),
  };
}

/** Digits beyond are noise, and 900 points of them half of what is sent. */
function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}
