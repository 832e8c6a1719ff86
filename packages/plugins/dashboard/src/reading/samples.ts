import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { parseSampleRow, type SampleRow } from "pitlane";
import type { Point, PointLatency, Stage } from "../protocol.ts";

/** Most points of an answer. */
const MOST_POINTS = 3600;

export interface SamplesQuery {
  /** The `samples.jsonl` of a run. */
  readonly path: string;
}

/**
 * Points of a run that is over, or of one that goes on, evenly thinned to 3,600 at most. A last line that is not whole yet is left out.
 *
 * @throws The file system's error when the file cannot be read.
 */
export async function readSamples({ path }: SamplesQuery): Promise<Point[]> {
  let points: Point[] = [];
  let every = 1;
  let count = 0;
  for await (const line of createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    const point = parsePoint(line);
    if (point === undefined || count++ % every !== 0) continue;
    points.push(point);
    if (points.length < 2 * MOST_POINTS) continue;
    points = points.filter((_, index) => index % 2 === 0);
    every *= 2;
  }
  return points.length <= MOST_POINTS ? points : points.filter((_, index) => index % 2 === 0);
}

/** Undefined of a line that is no sample, or was being written when a process ended. */
function parsePoint(line: string): Point | undefined {
  const row = parseSampleRow(line);
  return row?.k === "s" ? fromRow(row) : undefined;
}

const MB = 1e6;

/** Pure. */
function fromRow({ t, r: [events, orders, fills], l, m: [rss, heap, cpu], d: [gc, loop], p }: SampleRow): Point {
  const latency: Partial<Record<Stage, PointLatency>> = {};
  for (const [stage, [p50, p95, p99]] of Object.entries(l)) latency[stage as Stage] = [p50, p95, p99];
  return {
    atUs: t,
    latency,
    eventsPerSecond: events,
    ordersPerSecond: orders,
    fillsPerSecond: fills,
    errorRatio: null,
    openOrders: null,
    profit: p,
    heapBytes: heap * MB,
    rssBytes: rss * MB,
    cpuPercent: cpu,
    loopPercent: null,
    loopDelayP99Us: null,
    loopDelayMaxUs: loop,
    gcTotalUs: null,
    gcMaxUs: gc,
    journalLagMs: null,
    roundTripMs: null,
    limiterUsed: null,
  };
}
