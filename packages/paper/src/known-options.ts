import { InvalidInputError, nearestName } from "@pitlane/perf";
import type { AccountSpec } from "./accounts.ts";
import type { AxiomOptions } from "./axiom.ts";
import { checkList, checkObject, shown } from "./checks.ts";
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
const FEES: Names<NonNullable<AccountSpec["fees"]>> = { maker: true, taker: true };
const KEPT: Names<Kept> = { orders: true, trades: true };
const AXIOM: Names<AxiomOptions> = {
  ...({ port: true, users: true, market: true, accessTokenLifeS: true, rotatesRefreshTokens: true } as const),
  ...({ closesSocketsAtExpiry: true, codeLifeMs: true, tokensIn: true, cookieDomain: true, turnstile: true } as const),
  ...({ registration: true, rateLimit: true, tradeFrames: true, pulseFrames: true, onMail: true } as const),
};
const AXIOM_MARKET: Names<NonNullable<AxiomOptions["market"]>> = {
  ...({ pairs: true, tradesPerSecond: true, pairsPerMinute: true, historyS: true } as const),
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
  for (const [i, { fees = {} }] of accounts.entries()) checkFields(`accounts[${i}].fees`, fees, FEES);
  checkFields("kept", kept, KEPT);
  checkFields("limits", limits, DEFAULT_LIMITS);
  if (typeof axiom === "boolean") return;
  checkObject("axiom", axiom, "true, false or an object");
  refuseUnknown("axiom.", axiom, AXIOM);
  const { market: liveliness = {} } = axiom;
  checkFields("axiom.market", liveliness, AXIOM_MARKET);
}

function checkItems(name: string, items: readonly object[], known: object): void {
  checkList(name, items);
  for (const [i, item] of items.entries()) checkFields(`${name}[${i}]`, item, known);
}

function checkFields(name: string, value: object, known: object): void {
  checkObject(name, value);
  refuseUnknown(`${name}.`, value, known);
}

function refuseUnknown(at: string, options: object, known: object): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  const names = Object.keys(known);
  const near = nearestName(unknown, names);
  const hint = near === undefined ? `; there are ${names.join(", ")}` : `: did you mean ${at}${near}?`;
  throw new InvalidInputError(`there is no option ${at}${unknown} of createPaper${hint}`);
}
