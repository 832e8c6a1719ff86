import { createHash } from "node:crypto";
import { InvalidInputError } from "@pitlane/perf";
import { checkObject, checkText, shown } from "./checks.ts";
import { parseUnits, UNIT_DECIMALS } from "./scale.ts";

/** The demo account's key. It opens nothing but paper exchanges: it is printed here, and is the same in all of them. */
export const DEMO_API_KEY = "paperDemoKeyWithoutAnyValuePaperDemoKeyWithoutAnyValuePaperDemo1";

/** The secret of `DEMO_API_KEY`; as worthless. */
export const DEMO_API_SECRET = "paperDemoSecretWithoutAnyValuePaperDemoSecretWithoutAnyValueDem1";

/** An account of a paper exchange. What is left out is as `PaperOptions` says for all accounts. */
export interface AccountSpec {
  /** 1 to 40 letters, digits, `-` and `_`; each account's own. */
  readonly name: string;
  /** 64 letters and digits. Default: made from the name, the same everywhere, worthless. */
  readonly apiKey?: string;
  /** 64 letters and digits. Default: made from the name, as worthless. */
  readonly apiSecret?: string;
  /** Public key in PEM: the account's key then also takes its signatures. */
  readonly publicKey?: string;
  /** What it has, as decimal text by asset. */
  readonly balances?: Readonly<Record<string, string>>;
  /** Commissions, decimal text below 1. */
  readonly fees?: { readonly maker?: string; readonly taker?: string };
}

/** An account as the exchange opens it. */
export interface CheckedAccount {
  readonly name: string;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly publicKey: string | undefined;
  /** Units of 10^-8 by asset. */
  readonly balances: ReadonlyMap<string, bigint>;
  /** Parts of 10^8. */
  readonly makerRate: bigint;
  readonly takerRate: bigint;
}

/** What all accounts have unless theirs says otherwise. */
export interface AccountDefaults {
  readonly publicKey: string | undefined;
  readonly balances: ReadonlyMap<string, bigint>;
  /** Parts of 10^8. */
  readonly makerRate: bigint;
  readonly takerRate: bigint;
}

const NAME = /^[a-zA-Z0-9_-]{1,40}$/;
const KEY = /^[a-zA-Z0-9]{64}$/;
const MOST_ACCOUNTS = 1000;

/** Checks the accounts, of which there is at least one. @throws {InvalidInputError} Naming the option and what it must be. */
export function checkAccounts(specs: readonly AccountSpec[], defaults: AccountDefaults): CheckedAccount[] {
  if (specs.length < 1 || specs.length > MOST_ACCOUNTS) {
    throw new InvalidInputError(`accounts must be 1 to ${MOST_ACCOUNTS}, got ${specs.length}`);
  }
  const accounts = specs.map((spec, i) => checkAccount(`accounts[${i}]`, spec, defaults));
  for (const field of ["name", "apiKey"] as const) {
    const seen = new Set<string>();
    for (const [i, account] of accounts.entries()) {
      if (seen.has(account[field])) throw new InvalidInputError(`accounts[${i}].${field} is another account's too`);
      seen.add(account[field]);
    }
  }
  return accounts;
}

function checkAccount(at: string, spec: AccountSpec, defaults: AccountDefaults): CheckedAccount {
  const { name, balances, fees = {}, publicKey = defaults.publicKey } = spec;
  checkText(`${at}.name`, NAME, "1 to 40 letters, digits, - and _", name);
  const { apiKey = name === "demo" ? DEMO_API_KEY : derived("key", name) } = spec;
  const { apiSecret = name === "demo" ? DEMO_API_SECRET : derived("secret", name) } = spec;
  checkKey(`${at}.apiKey`, apiKey);
  checkKey(`${at}.apiSecret`, apiSecret);
  return {
    name,
    apiKey,
    apiSecret,
    publicKey,
    balances: balances === undefined ? defaults.balances : parseBalances(`${at}.balances`, balances),
    makerRate: fees.maker === undefined ? defaults.makerRate : parseRate(`${at}.fees.maker`, fees.maker),
    takerRate: fees.taker === undefined ? defaults.takerRate : parseRate(`${at}.fees.taker`, fees.taker),
  };
}

// Without a word of what was given: it may be somebody's real one.
function checkKey(name: string, key: unknown): void {
  if (typeof key !== "string" || !KEY.test(key)) throw new InvalidInputError(`${name} must be 64 letters and digits`);
}

/** Amounts by asset, from decimal text. @throws {InvalidInputError} Naming the asset that has none. */
export function parseBalances(name: string, balances: Readonly<Record<string, string>>): Map<string, bigint> {
  checkObject(name, balances, "an object of decimal text by asset");
  return new Map(Object.entries(balances).map(([asset, text]) => [asset, parseUnits(`${name}.${asset}`, text)]));
}

const ONE = 10n ** BigInt(UNIT_DECIMALS);

/** A commission in parts of 10^8. @throws {InvalidInputError} Naming `name`, unless it is decimal text below 1. */
export function parseRate(name: string, text: string): bigint {
  const rate = parseUnits(name, text);
  if (rate < ONE) return rate;
  throw new InvalidInputError(`${name} must be below 1 (0.001 is 0.1 %), got ${shown(text)}`);
}

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

// A demo key shows what it is: it begins with "paper" and the name. The rest keeps accounts of like names apart.
function derived(kind: "key" | "secret", name: string): string {
  const head = `paper${kind === "key" ? "Key" : "Secret"}${name.replace(/[^a-zA-Z0-9]/g, "").slice(0, 20)}`;
  const digest = createHash("sha512").update(`pitlane paper ${kind} of ${name}`).digest();
  let key = head;
  for (const byte of digest) if (key.length < 64) key += LETTERS[byte % LETTERS.length];
  return key;
}
