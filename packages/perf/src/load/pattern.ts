import { InvalidInputError, inRange } from "../errors.ts";

/** The same rate all the time. */
export interface ConstantLoad {
  readonly kind: "constant";
  readonly perSecond: number;
  readonly durationMs: number;
}

/** A rate that rises, or falls, evenly. */
export interface RampLoad {
  readonly kind: "ramp";
  readonly fromPerSecond: number;
  readonly toPerSecond: number;
  readonly durationMs: number;
}

/** A calm rate, and for the last `burstMs` of every `everyMs` a high one. */
export interface BurstLoad {
  readonly kind: "burst";
  readonly perSecond: number;
  readonly burstPerSecond: number;
  readonly burstMs: number;
  readonly everyMs: number;
  readonly durationMs: number;
}

/** The same rate for long: the report also says how latency and gauges drifted. */
export interface SoakLoad {
  readonly kind: "soak";
  readonly perSecond: number;
  readonly durationMs: number;
}

/** Higher and higher rates, each for `stepMs`, until one is too much or `toPerSecond` is passed. */
export interface StepLoad {
  readonly kind: "step-until-failure";
  readonly fromPerSecond: number;
  readonly stepPerSecond: number;
  readonly toPerSecond: number;
  readonly stepMs: number;
  readonly until: FailureCriterion;
}

/** A step fails when either is exceeded. */
export interface FailureCriterion {
  /** Highest 99th percentile of the latency from the intended start, in milliseconds; not judged unless told. */
  readonly p99Ms?: number;
  /** Highest share of arrivals that failed, did not end or could not start; 0 to 1, 0.01 unless told. */
  readonly errorRatio?: number;
}

/** Rates are arrivals a second, up to 1e6; durations milliseconds, 1 to 604,800,000 (a week). */
export type LoadPattern = ConstantLoad | RampLoad | BurstLoad | SoakLoad | StepLoad;

/** A stretch of time in which the rate goes evenly from one value to another. */
export interface Segment {
  readonly fromPerSecond: number;
  readonly toPerSecond: number;
  readonly durationMs: number;
}

const MOST_PER_SECOND = 1e6;
const LONGEST_MS = 604_800_000;
const MOST_PARTS = 10_000; // bursts or steps: more are a mistake in a unit

/**
 * A pattern as the phases to run, each a list of segments; only steps make more than one phase.
 *
 * @throws {InvalidInputError} When a number is out of range.
 */
export function toPhases(pattern: LoadPattern): readonly (readonly Segment[])[] {
  switch (pattern.kind) {
    case "constant":
    case "soak":
      return [[level("perSecond", pattern.perSecond, "durationMs", pattern.durationMs)]];
    case "ramp":
      return [[ramp(pattern)]];
    case "burst":
      return [bursts(pattern)];
    case "step-until-failure":
      return steps(pattern).map((perSecond) => [level("perSecond", perSecond, "stepMs", pattern.stepMs)]);
  }
}

/** One rate for a time, checked; the names are those of the options, for the error. */
export function level(rateName: string, perSecond: number, durationName: string, durationMs: number): Segment {
  const rate = rateOf(rateName, perSecond, 0.001);
  return { fromPerSecond: rate, toPerSecond: rate, durationMs: msOf(durationName, durationMs) };
}

function ramp({ fromPerSecond, toPerSecond, durationMs }: RampLoad): Segment {
  return {
    fromPerSecond: rateOf("fromPerSecond", fromPerSecond, 0),
    toPerSecond: rateOf("toPerSecond", toPerSecond, 0),
    durationMs: msOf("durationMs", durationMs),
  };
}

function bursts({ perSecond, burstPerSecond, burstMs, everyMs, durationMs }: BurstLoad): readonly Segment[] {
  const calm = rateOf("perSecond", perSecond, 0);
  const high = rateOf("burstPerSecond", burstPerSecond, 0.001);
  msOf("everyMs", everyMs);
  inRange("burstMs", burstMs, 1, everyMs);
  atMostParts("bursts", msOf("durationMs", durationMs) / everyMs);
  const segments: Segment[] = [];
  for (let atMs = 0; atMs < durationMs; atMs += everyMs) {
    const leftMs = durationMs - atMs;
    const calmMs = Math.min(everyMs - burstMs, leftMs);
    segments.push({ fromPerSecond: calm, toPerSecond: calm, durationMs: calmMs });
    segments.push({ fromPerSecond: high, toPerSecond: high, durationMs: Math.min(burstMs, leftMs - calmMs) });
  }
  return segments;
}

function steps({ fromPerSecond, stepPerSecond, toPerSecond, until }: StepLoad): readonly number[] {
  rateOf("fromPerSecond", fromPerSecond, 0.001);
  rateOf("stepPerSecond", stepPerSecond, 0.001);
  inRange("toPerSecond", toPerSecond, fromPerSecond, MOST_PER_SECOND);
  if (until.p99Ms !== undefined) inRange("until.p99Ms", until.p99Ms, 0.001, LONGEST_MS);
  if (until.errorRatio !== undefined) inRange("until.errorRatio", until.errorRatio, 0, 1);
  const count = Math.floor((toPerSecond - fromPerSecond) / stepPerSecond) + 1;
  atMostParts("steps", count);
  return Array.from({ length: count }, (_, i) => fromPerSecond + i * stepPerSecond);
}

function rateOf(name: string, perSecond: number, least: number): number {
  return inRange(name, perSecond, least, MOST_PER_SECOND);
}

function msOf(name: string, ms: number): number {
  return inRange(name, ms, 1, LONGEST_MS);
}

function atMostParts(what: string, count: number): void {
  if (count > MOST_PARTS) throw new InvalidInputError(`a load may have ${MOST_PARTS} ${what}, got ${Math.ceil(count)}`);
}
