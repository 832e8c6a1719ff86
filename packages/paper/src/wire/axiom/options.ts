import { type Clock, InvalidInputError, integerInRange, type Random } from "@pitlane/perf";
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

/** Checks options and fills in defaults. @throws {InvalidInputError} Naming the option and what it must be. */
export function checkAxiomOptions(options: AxiomVenueOptions): AxiomSetup {
  const users = options.users ?? [{ email: DEMO_AXIOM_EMAIL, password: DEMO_AXIOM_PASSWORD }];
  const emails = new Set<string>();
  const wallets = new Set<string>();
  for (const [i, user] of users.entries()) checkUser(user, `axiom.users[${i}]`, emails, wallets);
  oneOf("axiom.tokensIn", options.tokensIn ?? "both", ["both", "cookies", "json"]);
  oneOf("axiom.tradeFrames", options.tradeFrames ?? "row", ["row", "list"]);
  oneOf("axiom.pulseFrames", options.pulseFrames ?? "msgpack", ["msgpack", "json"]);
  if (options.cookieDomain !== undefined && !/^[a-z0-9.-]{1,253}$/i.test(options.cookieDomain)) {
    throw new InvalidInputError(
      `axiom.cookieDomain must be a domain name, got ${JSON.stringify(options.cookieDomain)}`,
    );
  }
  if (options.rateLimit !== undefined) {
    integerInRange("axiom.rateLimit.requests", options.rateLimit.requests, 1, 1_000_000);
    integerInRange("axiom.rateLimit.windowMs", options.rateLimit.windowMs, 1, 86_400_000);
  }
  return {
    users,
    accessTokenLifeS: integerInRange("axiom.accessTokenLifeS", options.accessTokenLifeS ?? 960, 1, 86_400),
    codeLifeMs: integerInRange("axiom.codeLifeMs", options.codeLifeMs ?? 300_000, 1000, 3_600_000),
  };
}

function checkUser(user: AxiomUserSpec, name: string, emails: Set<string>, wallets: Set<string>): void {
  const { email, password } = user;
  if (!/^[^@\s]+@[^@\s]+$/.test(email) || email.length > LONGEST_EMAIL || emails.has(email.toLowerCase())) {
    throw new InvalidInputError(
      `${name}.email must be an e-mail address no other user has, got ${JSON.stringify(email)}`,
    );
  }
  emails.add(email.toLowerCase());
  if (typeof password !== "string") throw new InvalidInputError(`${name}.password must be text`);
  for (const [i, { address, sol, tokens }] of (user.wallets ?? []).entries()) {
    const of = `${name}.wallets[${i}]`;
    if (!isAddress(address) || wallets.has(address)) {
      throw new InvalidInputError(
        `${of}.address must be the base58 of 32 bytes that no other wallet has, got ${JSON.stringify(address)}`,
      );
    }
    wallets.add(address);
    if (sol !== undefined) parseScaled(`${of}.sol`, sol, 9);
    for (const [token, raw] of Object.entries(tokens ?? {})) {
      if (isAddress(token) && /^[0-9]{1,20}$/.test(raw)) continue;
      throw new InvalidInputError(`${of}.tokens must be raw balances by token address, got ${token}: ${raw}`);
    }
  }
}

function oneOf(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  throw new InvalidInputError(`${name} must be one of ${allowed.join(", ")}, got ${JSON.stringify(value)}`);
}
