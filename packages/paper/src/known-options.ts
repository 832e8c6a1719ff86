import { InvalidInputError, nearestName } from "@pitlane/perf";
import type { AccountSpec } from "./accounts.ts";
import type { AxiomOptions } from "./axiom.ts";
import type { Kept } from "./engine/market.ts";
import type { PaperOptions } from "./options.ts";
import type { RegionSpec } from "./regions.ts";
import { DEFAULT_LIMITS } from "./wire/binance/limits.ts";

/** Each name there is: one that is added to the type and not here does not compile. */
type Names<T> = Readonly<Record<keyof T, true>>;

const PAPER: Names<PaperOptions> = {
  ...({ host: true, port: true, regions: true, seed: true, instruments: true, accounts: true } as const),
  ...({ balances: true, makerFee: true, takerFee: true, market: true, model: true, recording: true } as const),
  ...({ replaySpeed: true, publicKey: true, axiom: true, limits: true, kept: true, faults: true } as const),
  ...({ connectionLifeMs: true, clock: true, random: true, onError: true } as const),
};
const REGION: Names<RegionSpec> = { name: true, delayMs: true, jitterMs: true, port: true };
const ACCOUNT: Names<AccountSpec> = {
  ...({ name: true, apiKey: true, apiSecret: true, publicKey: true, balances: true, fees: true } as const),
};
const KEPT: Names<Kept> = { orders: true, trades: true };
const AXIOM: Names<AxiomOptions> = {
  ...({ port: true, users: true, market: true, accessTokenLifeS: true, rotatesRefreshTokens: true } as const),
  ...({ closesSocketsAtExpiry: true, codeLifeMs: true, tokensIn: true, cookieDomain: true, turnstile: true } as const),
  ...({ registration: true, rateLimit: true, tradeFrames: true, pulseFrames: true, onMail: true } as const),
};

/**
 * Checks that options are what they are taken for: an object, flags that are flags, and no name that nobody reads. What their values
 * must be is checked where they are used.
 *
 * @throws {InvalidInputError} Naming what is wrong, and the nearest name there is.
 */
export function checkNames(options: PaperOptions): void {
  checkObject("options", options);
  refuseUnknown("", options, PAPER);
  const { market = true, axiom = false, regions = [], accounts = [], kept = {}, limits = {} } = options;
  if (typeof market !== "boolean") {
    throw new InvalidInputError(`market must be true or false, got ${shown(market)}; its kind is the option model`);
  }
  checkItems("regions", regions, REGION);
  checkItems("accounts", accounts, ACCOUNT);
  checkObject("kept", kept);
  refuseUnknown("kept.", kept, KEPT);
  checkObject("limits", limits);
  refuseUnknown("limits.", limits, DEFAULT_LIMITS);
  if (typeof axiom === "boolean") return;
  if (typeof axiom !== "object" || axiom === null) {
    throw new InvalidInputError(`axiom must be true, false or an object, got ${shown(axiom)}`);
  }
  refuseUnknown("axiom.", axiom, AXIOM);
}

function checkItems(name: string, items: readonly object[], known: object): void {
  if (!Array.isArray(items)) throw new InvalidInputError(`${name} must be a list, got ${shown(items)}`);
  for (const [i, item] of items.entries()) {
    checkObject(`${name}[${i}]`, item);
    refuseUnknown(`${name}[${i}].`, item, known);
  }
}

function checkObject(name: string, value: unknown): void {
  if (typeof value === "object" && value !== null) return;
  throw new InvalidInputError(`${name} must be an object, got ${shown(value)}`);
}

function refuseUnknown(at: string, options: object, known: object): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const names = Object.keys(known);
  const near = nearestName(unknown, names);
  const hint = near === undefined ? `; there are ${names.join(", ")}` : `: did you mean ${at}${near}?`;
  throw new InvalidInputError(`there is no option ${at}${unknown} of createPaper${hint}`);
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return value === Object(value) ? typeof value : String(value);
}
