import { createRandom, InvalidInputError, inRange, integerInRange, type Random } from "@pitlane/perf";
import { check } from "../checks.ts";
import type { Option } from "./check.ts";
import type { Fault, FaultKind } from "./fault.ts";

/** Faults at random, by a seed: the same seed, regions and options give the same plan. */
export interface ChaosPlan {
  readonly plan: "chaos";
  /** 0 to 2^32 - 1. Default: the exchange's seed. */
  readonly seed?: number;
  /** Faults started a minute, on average; 0.1 to 600. Default 10. */
  readonly rate?: number;
  /** How long new ones start, 1 s to 24 h. Default 10 minutes. At most 10,000 faults, so a high rate ends sooner. */
  readonly forMs?: number;
}

/** Options of a plan, as text gives them. */
export const PLAN_OPTIONS: Readonly<Record<string, Option>> = {
  seed: { type: "integer", min: 0, max: 0xffffffff },
  rate: { type: "number", min: 0.1, max: 600 },
  forMs: { type: "number", min: 1000, max: 86_400_000 },
};

const MOST_FAULTS = 10_000;
const DEFAULT_RATE = 10;
const DEFAULT_MS = 600_000;

/** Checks a plan. @throws {InvalidInputError} Naming the option and its range. */
export function checkPlan(value: { readonly plan: unknown }): ChaosPlan {
  const plan = value as ChaosPlan;
  check(plan.plan === "chaos", "faults.plan", '"chaos"', plan.plan);
  for (const name of Object.keys(plan)) {
    if (name === "plan" || Object.hasOwn(PLAN_OPTIONS, name)) continue;
    throw new InvalidInputError(
      `faults.${name} is unknown: a plan has the options ${Object.keys(PLAN_OPTIONS).join(", ")}`,
    );
  }
  if (plan.seed !== undefined) integerInRange("faults.seed", plan.seed, 0, 0xffffffff);
  if (plan.rate !== undefined) inRange("faults.rate", plan.rate, 0.1, 600);
  if (plan.forMs !== undefined) inRange("faults.forMs", plan.forMs, 1000, 86_400_000);
  return plan;
}

/**
 * The faults of a plan, in order of their start; each with its region and everything else fixed. Pure.
 *
 * They start as a Poisson process does, on a random region, and last 100 ms to 10 s: long enough to hurt, short enough to recover before many more.
 *
 * @param seed Of the exchange; the plan's own goes before it.
 */
export function chaosFaults(
  { seed, rate = DEFAULT_RATE, forMs = DEFAULT_MS }: ChaosPlan,
  regions: readonly string[],
  ofExchange: number,
): Fault[] {
  const random = createRandom(seed ?? ofExchange).fork("chaos");
  const faults: Fault[] = [];
  for (let atMs = 0; faults.length < MOST_FAULTS; ) {
    atMs += random.exponential(60_000 / rate);
    if (atMs >= forMs) break;
    const region = regions[random.integer(0, regions.length - 1)]!;
    faults.push(oneOf(random, region, Math.round(atMs)));
  }
  return faults;
}

const KINDS = [
  "delay",
  "error",
  "rateLimit",
  "acceptThenTimeout",
  "responseLost",
  "resetBefore",
  "drop",
  "duplicate",
  "reorder",
  "corrupt",
  "silent",
  "halfOpen",
  "close",
  "recycle",
  "regionDown",
  "regionSilent",
  "clockSkew",
] as const satisfies readonly FaultKind[];
const STATUSES = [500, 502, 503, 504];
const CLOSE_CODES = [1001, 1011, 1012, 1008];

function oneOf(random: Random, region: string, afterMs: number): Fault {
  const kind = KINDS[random.integer(0, KINDS.length - 1)]!;
  const start = { region, afterMs };
  const aim = { ...start, forMs: Math.min(10_000, Math.round(100 + random.exponential(1500))) };
  const some = { ...aim, probability: random.integer(1, 10) / 10 };
  switch (kind) {
    case "delay":
      return { kind, ms: random.integer(10, 1000), jitterMs: random.integer(0, 500), ...some };
    case "error":
      return { kind, status: STATUSES[random.integer(0, STATUSES.length - 1)]!, acted: random.next() < 0.5, ...some };
    case "rateLimit":
      return { kind, status: 429, retryAfterSeconds: random.integer(1, 3), ...some };
    case "corrupt":
      return { kind, mode: random.next() < 0.5 ? "flip" : "truncate", ...some };
    case "reorder":
      return { kind, by: random.integer(1, 5), ...some };
    case "close":
      return { kind, code: CLOSE_CODES[random.integer(0, CLOSE_CODES.length - 1)]!, ...start };
    case "recycle":
      return { kind, noticeMs: random.integer(0, 2000), ...start };
    case "silent":
      return { kind, pings: random.next() < 0.5, ...some };
    case "clockSkew":
      return { kind, ms: random.integer(1, 8000) * (random.next() < 0.5 ? -1 : 1), ...aim };
    case "regionDown":
    case "regionSilent":
      return { kind, ...aim };
    case "acceptThenTimeout":
    case "responseLost":
    case "resetBefore":
    case "drop":
    case "duplicate":
    case "halfOpen":
      return { kind, ...some };
  }
}
