import { type Clock, InvalidInputError, integerInRange, type Random } from "@pitlane/perf";
import { check, checkFlag, checkFunction, checkList, checkObject, checkText, shown } from "../../checks.ts";
import { isAddress } from "../../models/axiom-base58.ts";
import type { TokenMarketOptions } from "../../models/axiom-market.ts";
import { parseScaled } from "../../scale.ts";
import type { AxiomMail } from "./mail-codes.ts";

/** A wallet of a user, with what it is said to hold. */
export interface AxiomWalletSpec {
  /** Base58 of 32 bytes. */
  readonly address: string;
  /** Default "Main". */
  readonly name?: string;
  /** SOL, decimal text with at most 9 decimals. Default "10". */
  readonly sol?: string;
  /** Raw balance (millionths of a token) by token address, whole numbers as text. Default none. */
  readonly tokens?: Readonly<Record<string, string>>;
}

/** Somebody who can log in by password and mail code, or with a wallet. */
export interface AxiomUserSpec {
  readonly email: string;
  readonly password: string;
  readonly wallets?: readonly AxiomWalletSpec[];
}

/** How an Axiom paper venue is set up; everything but clock and randomness has a default. */
export interface AxiomVenueOptions {
  readonly clock: Clock;
  /** Of the market alone; tokens, codes and keys come from the host's randomness. */
  readonly random: Random;
  /** Who can log in. Default one demo user, `DEMO_AXIOM_EMAIL` with `DEMO_AXIOM_PASSWORD`, with one wallet of 10 SOL. */
  readonly users?: readonly AxiomUserSpec[];
  /** How lively the token market is. */
  readonly market?: TokenMarketOptions;
  /** Life of an access token, in seconds; 1 to 86,400. Default 960, the venue's. */
  readonly accessTokenLifeS?: number;
  /** True gives a new refresh token with every refresh, after which the old one is dead. Default false. */
  readonly rotatesRefreshTokens?: boolean;
  /** True ends a socket with close code 1008 when the token it came with has expired. Default false: the venue's way is unknown. */
  readonly closesSocketsAtExpiry?: boolean;
  /** Life of a mail code, in milliseconds; 1000 to 3,600,000. Default 300,000. */
  readonly codeLifeMs?: number;
  /** Where tokens are given: in cookies and the JSON answer, or one of them alone. Default "both". */
  readonly tokensIn?: "both" | "cookies" | "json";
  /** Domain of the cookies, `.axiom.trade` at the venue. Default none: a cookie jar takes it for a local address. */
  readonly cookieDomain?: string;
  /** True answers logins without a Turnstile token with its refusal. Default false. `AxiomVenue.turnstile` switches it. */
  readonly turnstile?: boolean;
  /** False refuses wallets nobody has, in the venue's words. Default true: a login with `allowRegistration` makes a user of it. */
  readonly registration?: boolean;
  /** Requests an address may send in any window of so many milliseconds; 429 with Retry-After above that. Default none. */
  readonly rateLimit?: { readonly requests: number; readonly windowMs: number };
  /** How `f:` and `t:` frames carry trades: one row, or a list of rows. Default "row"; the venue's form is uncertain. */
  readonly tradeFrames?: "row" | "list";
  /** Pulse frames: MessagePack in binary frames, or JSON in text frames. Default "msgpack". */
  readonly pulseFrames?: "msgpack" | "json";
  /** Told of every mail, when it is sent. They are also kept in `AxiomVenue.mails`. */
  readonly onMail?: (mail: AxiomMail) => void;
  /** Told of failures inside the venue; clients get 500. Default: such a failure is thrown, uncaught. */
  readonly onError?: (error: Error) => void;
}

/** E-mail of the default user. */
export const DEMO_AXIOM_EMAIL = "demo@paper.example";

/** Password of the default user; as worthless as everything here. */
export const DEMO_AXIOM_PASSWORD = "paper-demo-password";

/** The checked part of `AxiomVenueOptions`. */
export interface AxiomSetup {
  readonly users: readonly AxiomUserSpec[];
  readonly accessTokenLifeS: number;
  readonly codeLifeMs: number;
}

const LONGEST_EMAIL = 254;
const DOMAIN = /^[a-z0-9.-]{1,253}$/i;
const FLAGS = ["rotatesRefreshTokens", "closesSocketsAtExpiry", "turnstile", "registration"] as const;
type Choice = "tokensIn" | "tradeFrames" | "pulseFrames";
const CHOICES: readonly (readonly [name: Choice, allowed: readonly string[]])[] = [
  ["tokensIn", ["both", "cookies", "json"]],
  ["tradeFrames", ["row", "list"]],
  ["pulseFrames", ["msgpack", "json"]],
];

/** Checks options and fills in defaults. @throws {InvalidInputError} Naming the option and what it must be. */
export function checkAxiomOptions(options: AxiomVenueOptions): AxiomSetup {
  const { users = [{ email: DEMO_AXIOM_EMAIL, password: DEMO_AXIOM_PASSWORD }] } = options;
  const { accessTokenLifeS = 960, codeLifeMs = 300_000, rateLimit, cookieDomain, onMail } = options;
  checkUsers(users);
  for (const name of FLAGS) {
    const { [name]: flag = false } = options;
    checkFlag(`axiom.${name}`, flag);
  }
  for (const [name, allowed] of CHOICES) {
    const { [name]: choice = allowed[0] } = options;
    check(allowed.includes(choice!), `axiom.${name}`, `one of ${allowed.join(", ")}`, choice);
  }
  if (cookieDomain !== undefined) checkText("axiom.cookieDomain", DOMAIN, "a domain name", cookieDomain);
  if (onMail !== undefined) checkFunction("axiom.onMail", onMail);
  if (rateLimit !== undefined) {
    checkObject("axiom.rateLimit", rateLimit);
    integerInRange("axiom.rateLimit.requests", rateLimit.requests, 1, 1_000_000);
    integerInRange("axiom.rateLimit.windowMs", rateLimit.windowMs, 1, 86_400_000);
  }
  return {
    users,
    accessTokenLifeS: integerInRange("axiom.accessTokenLifeS", accessTokenLifeS, 1, 86_400),
    codeLifeMs: integerInRange("axiom.codeLifeMs", codeLifeMs, 1000, 3_600_000),
  };
}

function checkUsers(users: readonly AxiomUserSpec[]): void {
  const emails = new Set<string>();
  const addresses = new Set<string>();
  checkList("axiom.users", users);
  for (const [i, user] of users.entries()) {
    const at = `axiom.users[${i}]`;
    checkObject(at, user);
    const { email, password, wallets = [] } = user;
    const isNew = isEmail(email) && !emails.has(email.toLowerCase());
    check(isNew, `${at}.email`, "an e-mail address no other user has", email);
    emails.add(email.toLowerCase());
    if (typeof password !== "string") throw new InvalidInputError(`${at}.password must be text`); // and is not shown
    checkList(`${at}.wallets`, wallets);
    for (const [j, wallet] of wallets.entries()) checkWallet(`${at}.wallets[${j}]`, wallet, addresses);
  }
}

function isEmail(value: unknown): value is string {
  return typeof value === "string" && /^[^@\s]+@[^@\s]+$/.test(value) && value.length <= LONGEST_EMAIL;
}

function checkWallet(at: string, wallet: AxiomWalletSpec, addresses: Set<string>): void {
  checkObject(at, wallet);
  const { address, name = "", sol = "0", tokens = {} } = wallet;
  const isNew = isAddress(address) && !addresses.has(address);
  check(isNew, `${at}.address`, "the base58 of 32 bytes that no other wallet has", address);
  addresses.add(address);
  check(typeof name === "string", `${at}.name`, "text", name);
  parseScaled(`${at}.sol`, sol, 9);
  checkObject(`${at}.tokens`, tokens);
  for (const [token, raw] of Object.entries(tokens)) {
    if (isAddress(token) && typeof raw === "string" && /^[0-9]{1,20}$/.test(raw)) continue;
    throw new InvalidInputError(`${at}.tokens must be raw balances by token address, got ${token}: ${shown(raw)}`);
  }
}
