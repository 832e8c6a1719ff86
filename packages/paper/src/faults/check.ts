import { InvalidInputError, inRange, integerInRange } from "@pitlane/perf";
import { shown } from "../checks.ts";
import type { Fault, FaultKind } from "./fault.ts";

/** One option of a fault: what it must be. */
export type Option =
  | { readonly type: "number" | "integer"; readonly min: number; readonly max: number }
  | { readonly type: "boolean" }
  | { readonly type: "text"; readonly mostBytes: number }
  | { readonly type: "choice"; readonly of: readonly (string | number)[] };

type Options = Readonly<Record<string, Option>>;

const HOUR_MS = 3_600_000;
const WEEK_MS = 7 * 24 * HOUR_MS;
const TIME: Option = { type: "number", min: 0, max: HOUR_MS };

const START: Options = {
  region: { type: "text", mostBytes: 100 },
  venue: { type: "choice", of: ["binance", "axiom"] },
  afterMs: { type: "number", min: 0, max: WEEK_MS },
};
const SCOPE: Options = { ...START, forMs: { type: "number", min: 1, max: WEEK_MS } };
const TARGET: Options = {
  route: { type: "text", mostBytes: 300 },
  count: { type: "integer", min: 1, max: 1e9 },
  probability: { type: "number", min: Number.MIN_VALUE, max: 1 },
};
const AIM: Options = { ...TARGET, ...SCOPE };
const MARKET: Options = {
  symbol: { type: "text", mostBytes: 100 },
  afterMs: SCOPE["afterMs"]!,
  forMs: SCOPE["forMs"]!,
};

/** Every kind with all its options. */
export const FAULT_OPTIONS: Readonly<Record<FaultKind, Options>> = {
  delay: { ms: TIME, jitterMs: TIME, on: { type: "choice", of: ["answer", "request"] }, ...AIM },
  error: {
    status: { type: "integer", min: 400, max: 599 },
    code: { type: "integer", min: -1e6, max: 1e6 },
    msg: { type: "text", mostBytes: 1000 },
    acted: { type: "boolean" },
    ...AIM,
  },
  rateLimit: {
    status: { type: "choice", of: [429, 418] },
    retryAfterSeconds: { type: "integer", min: 1, max: 259_200 },
    ...AIM,
  },
  acceptThenTimeout: AIM,
  responseLost: AIM,
  resetBefore: AIM,
  drop: AIM,
  duplicate: AIM,
  reorder: { by: { type: "integer", min: 1, max: 100 }, ...AIM },
  corrupt: {
    mode: { type: "choice", of: ["flip", "truncate"] },
    bytes: { type: "integer", min: 1, max: 1000 },
    ...AIM,
  },
  silent: { pings: { type: "boolean" }, ...AIM },
  halfOpen: AIM,
  close: {
    code: { type: "integer", min: 1000, max: 4999 },
    reason: { type: "text", mostBytes: 123 },
    ...TARGET,
    ...START,
  },
  recycle: { noticeMs: TIME, ...TARGET, ...START },
  regionDown: SCOPE,
  regionSilent: SCOPE,
  clockSkew: { ms: { type: "number", min: -24 * HOUR_MS, max: 24 * HOUR_MS }, ...SCOPE },
  tokensExpired: { ...START, venue: { type: "choice", of: ["axiom"] } },
  turnstile: { ...SCOPE, venue: { type: "choice", of: ["axiom"] } },
  weightUsed: { weight: { type: "integer", min: 1, max: 1e9 }, ...AIM, venue: { type: "choice", of: ["binance"] } },
  priceMove: { by: { type: "number", min: -0.99, max: 10 }, overMs: TIME, ...MARKET },
  flood: { tradesPerSecond: { type: "number", min: 1, max: 10_000 }, count: TARGET["count"]!, ...MARKET },
};

/** What a kind cannot be without. */
const NEEDED: Readonly<Partial<Record<FaultKind, string>>> = {
  error: "status",
  clockSkew: "ms",
  weightUsed: "weight",
  priceMove: "by",
  flood: "tradesPerSecond",
};

/**
 * Checks what came as a fault, from whatever side.
 *
 * @param name How the message calls it.
 * @throws {InvalidInputError} Naming the option, what it must be and what it was.
 */
export function checkFault(value: unknown, name = "fault"): Fault {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new InvalidInputError(`${name} must be an object with a kind, got ${shown(value)}`);
  }
  const fault = { ...value } as Record<string, unknown>;
  const kind = checkKind(fault["kind"], name);
  const options = FAULT_OPTIONS[kind];
  for (const [option, given] of Object.entries(fault)) {
    if (option === "kind") continue;
    if (given === undefined) delete fault[option];
    else checkOption(`${name}.${option}`, kind, options, option, given);
  }
  const needed = NEEDED[kind];
  if (needed !== undefined && fault[needed] === undefined) {
    throw new InvalidInputError(`${name}.${needed} is missing: a fault of kind ${kind} needs it`);
  }
  const checked = fault as unknown as Fault;
  checkSense(checked, name);
  return Object.freeze(checked);
}

/** @throws {InvalidInputError} Naming the kinds there are. */
export function checkKind(kind: unknown, name = "fault"): FaultKind {
  if (typeof kind === "string" && Object.hasOwn(FAULT_OPTIONS, kind)) return kind as FaultKind;
  throw new InvalidInputError(
    `${name}.kind must be one of ${Object.keys(FAULT_OPTIONS).join(", ")}; got ${shown(kind)}`,
  );
}

function checkOption(name: string, kind: FaultKind, options: Options, option: string, given: unknown): void {
  const rule = Object.hasOwn(options, option) ? options[option] : undefined;
  if (rule === undefined) {
    throw new InvalidInputError(
      `${name} is unknown: a fault of kind ${kind} has the options ${Object.keys(options).join(", ")}`,
    );
  }
  switch (rule.type) {
    case "number":
      inRange(name, given as number, rule.min, rule.max);
      return;
    case "integer":
      integerInRange(name, given as number, rule.min, rule.max);
      return;
    case "boolean":
      if (typeof given === "boolean") return;
      throw new InvalidInputError(`${name} must be true or false, got ${shown(given)}`);
    case "choice":
      if (rule.of.includes(given as string)) return;
      throw new InvalidInputError(`${name} must be ${rule.of.join(" or ")}, got ${shown(given)}`);
    case "text":
      if (typeof given === "string" && Buffer.byteLength(given) <= rule.mostBytes) return;
      throw new InvalidInputError(`${name} must be text of at most ${rule.mostBytes} bytes, got ${shown(given)}`);
  }
}

// What no single option shows.
function checkSense(fault: Fault, name: string): void {
  switch (fault.kind) {
    case "delay":
      if ((fault.ms ?? 0) > 0 || (fault.jitterMs ?? 0) > 0) return;
      throw new InvalidInputError(`${name}.ms or ${name}.jitterMs must be above 0`);
    case "clockSkew":
      if (fault.ms !== 0) return;
      throw new InvalidInputError(`${name}.ms must not be 0: that is no skew`);
    case "priceMove":
      if (fault.by !== 0) return;
      throw new InvalidInputError(`${name}.by must not be 0: that is no move`);
    case "close": {
      const { code = 1001 } = fault;
      if ((code <= 1014 && (code < 1004 || code > 1006)) || code >= 3000) break;
      throw new InvalidInputError(`${name}.code must be 1000 to 1003, 1007 to 1014 or 3000 to 4999, got ${code}`);
    }
    case "recycle":
    case "halfOpen":
      break;
    default:
      return;
  }
  if (fault.route === undefined || fault.route.startsWith("/")) return;
  throw new InvalidInputError(
    `${name}.route of kind ${fault.kind} must be the path of a WebSocket, such as /ws-api/v3; got "${fault.route}"`,
  );
}
