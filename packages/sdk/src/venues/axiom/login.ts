import { type Clock, InvalidInputError } from "@pitlane/perf";
import { base58 } from "@scure/base";
import { checkFlag } from "../../checks.ts";
import { ProtocolError } from "../../errors.ts";
import { createLogin, type Login, type OnOtp, type OtpChallenge } from "../../session/login.ts";
import type { Redactor } from "../../session/secrets.ts";
import { HttpCall, type HttpReply, type Send } from "../../transport/transport.ts";
import { checkAddress, checkText } from "./checks.ts";
import { hashPassword } from "./password.ts";
import { type AxiomSession, OTP_COOKIE, otpTokenOf, sessionOf } from "./tokens.ts";

/**
 * Logs in with a password and the code that the venue mails then.
 *
 * Since 2026-03 the live service demands a Turnstile token for it, which only a browser can get: there `session.login` ends in a
 * `TurnstileRequiredError`, and a call in a `SessionLostError` with that as its cause. Supply tokens of a browser's session instead.
 */
export interface PasswordCredentials {
  readonly email: string;
  readonly password: string;
  /** Brings the code of the mail. */
  readonly onOtp: OnOtp;
  /** How long `onOtp` may take, in milliseconds; 1,000 to 3,600,000, default 300,000. */
  readonly otpTimeoutMs?: number;
}

/** Logs in with the signature of a wallet. The key stays with the caller. */
export interface WalletCredentials {
  readonly walletAddress: string;
  /** Signs the bytes with the wallet's ed25519 key; 64 bytes. */
  readonly sign: (message: Uint8Array) => Uint8Array | Promise<Uint8Array>;
  /** A Turnstile token, each of which works once, or what brings one for each login. Default none. */
  readonly turnstileToken?: string | (() => string | Promise<string>);
  /** Whether a wallet that the venue does not know yet gets an account; default false. */
  readonly allowRegistration?: boolean;
}

export interface LoginParts {
  /** Sends to any of the REST hosts. */
  readonly send: Send;
  readonly redactor: Redactor;
  readonly clock: Pick<Clock, "nowUs" | "sleep">;
}

interface MailChallenge extends OtpChallenge {
  readonly otpToken: string;
  readonly b64Password: string;
}

/** @throws {InvalidInputError} When a credential breaks its rule, or `onOtp` is missing; before any I/O. */
export function passwordLogin(credentials: PasswordCredentials, parts: LoginParts): Login<AxiomSession> {
  const { password, onOtp, otpTimeoutMs } = credentials;
  const { redactor, clock } = parts;
  const email = checkText("credentials.email", credentials.email, 320);
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw new InvalidInputError("credentials.email must be a mail address");
  if (typeof password !== "string" || password === "" || password.length > 1_000) {
    throw new InvalidInputError("credentials.password must be text of 1 to 1,000 characters");
  }
  redactor.set("password", [password]);
  return createLogin<AxiomSession, MailChallenge>({
    onOtp,
    ...(otpTimeoutMs === undefined ? {} : { otpTimeoutMs }),
    clock,
    begin: async (signal) => {
      const b64Password = await hashPassword(password);
      redactor.set("password", [password, b64Password]);
      const askedAtUs = clock.nowUs();
      const what = "/login-password-v2";
      const reply = await post(parts, what, { email, b64Password }, signal);
      const otpToken = otpTokenOf(what, reply, clock.nowUs());
      redactor.set("otp", [otpToken]);
      return { askedAtUs, sentTo: email, otpToken, b64Password };
    },
    finish: async ({ otpToken, b64Password }, code, signal) => {
      redactor.set("otp", [otpToken, code]);
      const what = "/login-otp";
      const headers = { cookie: `${OTP_COOKIE}=${otpToken}` };
      const reply = await post(parts, what, { code, email, b64Password }, signal, headers);
      return sessionOf(what, reply, NOTHING, clock.nowUs());
    },
  });
}

/** @throws {InvalidInputError} When a credential breaks its rule; before any I/O. */
export function walletLogin(credentials: WalletCredentials, parts: LoginParts): Login<AxiomSession> {
  const { sign, turnstileToken, allowRegistration = false } = credentials;
  const { redactor, clock } = parts;
  const walletAddress = checkAddress("credentials.walletAddress", credentials.walletAddress);
  if (typeof sign !== "function") {
    throw new InvalidInputError("credentials.sign must be a function that signs bytes with the wallet's key");
  }
  checkFlag("credentials.allowRegistration", allowRegistration);
  if (typeof turnstileToken === "string") checkText("credentials.turnstileToken", turnstileToken, 4_096);
  else if (turnstileToken !== undefined && typeof turnstileToken !== "function") {
    throw new InvalidInputError("credentials.turnstileToken must be text or a function that brings it");
  }
  return async (signal) => {
    const asked = await post(parts, "/wallet-nonce", { walletAddress, v: nowMs(clock) }, signal);
    const nonce = toNonce(asked.body.toString("utf8"));
    const signature = await sign(loginMessage(nonce));
    if (!(signature instanceof Uint8Array) || signature.length !== 64) {
      throw new InvalidInputError("credentials.sign must give the 64 bytes of an ed25519 signature; nothing was sent");
    }
    const token = typeof turnstileToken === "function" ? await turnstileToken() : turnstileToken;
    const text = base58.encode(signature);
    redactor.set("wallet login", [text, nonce, ...(token === undefined ? [] : [token])]);
    const what = "/verify-wallet-v2";
    const reply = await post(
      parts,
      what,
      {
        ...{ walletAddress, nonce, signature: text },
        ...{ allowLinking: false, allowRegistration, forAddCredential: false, isVerify: false },
        ...{ referrer: null, turnstileToken: token ?? null, v: nowMs(clock) },
      },
      signal,
    );
    return sessionOf(what, reply, NOTHING, clock.nowUs());
  };
}

/** What a wallet signs to log in: two lines, with an empty one between them. Pure. */
export function loginMessage(nonce: string): Uint8Array {
  const terms = "By signing, you agree to Axiom's Terms of Use & Privacy Policy (axiom.trade/legal).";
  return new TextEncoder().encode(`${terms}\n\nNonce: ${nonce}`);
}

const NOTHING = { refreshToken: undefined, cookies: {} };

/** The nonce comes as plain text. One line of printable characters: nobody signs what he cannot see. */
function toNonce(body: string): string {
  const nonce = /^"[^"\\]*"$/.test(body.trim()) ? body.trim().slice(1, -1) : body.trim();
  if (/^[\x20-\x7e]{1,500}$/.test(nonce)) return nonce;
  throw new ProtocolError("/wallet-nonce: the answer is not a nonce of 1 to 500 printable characters");
}

function post(
  { send }: LoginParts,
  path: string,
  body: Readonly<Record<string, unknown>>,
  signal: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
): Promise<HttpReply> {
  // Not a read: each sends a mail, or uses up a code, a nonce or a Turnstile token.
  const options = { method: "POST", path, isRead: false, priority: "cancel", signal } as const;
  const type = { "content-type": "application/json" };
  return send(new HttpCall({ ...options, headers: { ...type, ...headers }, body: JSON.stringify(body) }));
}

function nowMs(clock: Pick<Clock, "nowUs">): number {
  return Math.floor(clock.nowUs() / 1000);
}
