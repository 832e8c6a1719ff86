import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { Clock } from "@pitlane/perf";
import { History } from "../../engine/history.ts";
import { signJwt, verifyJwt } from "./jwt.ts";

/** A mail as the venue sends it, which stays in the process. */
export interface AxiomMail {
  readonly to: string;
  /** `Your Axiom security code is 123456` */
  readonly subject: string;
  /** Six digits. */
  readonly code: string;
  /** Microseconds since the epoch. */
  readonly sentAtUs: number;
}

export interface MailCodesOptions {
  readonly clock: Pick<Clock, "nowUs">;
  readonly codeLifeMs: number;
  readonly onMail: (mail: AxiomMail) => void;
}

interface Challenge {
  readonly email: string;
  readonly code: string;
  readonly expiresUs: number;
  guesses: number;
}

const MOST_CHALLENGES = 1000;
const MOST_GUESSES = 5;
const MAILS_KEPT = 1000;

/**
 * Codes sent by mail for logins that wait for their second step.
 *
 * A code is good once, for its challenge, until it expires or was guessed wrong five times (the number is ours). At most 1,000 wait; the
 * oldest gives way. The newest 1,000 to 2,000 mails are kept.
 */
export class MailCodes {
  readonly #options: MailCodesOptions;
  readonly #key = randomBytes(32);
  readonly #challenges = new Map<string, Challenge>();
  readonly #mails = new History<AxiomMail>(MAILS_KEPT);

  constructor(options: MailCodesOptions) {
    this.#options = options;
  }

  /** Every mail still kept, oldest first. */
  get mails(): readonly AxiomMail[] {
    return this.#mails.items;
  }

  /** Sends a code to `email`. @returns The challenge it answers, as a token. */
  send(email: string): string {
    const { clock, codeLifeMs, onMail } = this.#options;
    const sentAtUs = clock.nowUs();
    const code = String(randomInt(1_000_000)).padStart(6, "0");
    const otpId = randomUUID();
    if (this.#challenges.size >= MOST_CHALLENGES) this.#challenges.delete(this.#challenges.keys().next().value!);
    this.#challenges.set(otpId, { email, code, expiresUs: sentAtUs + codeLifeMs * 1000, guesses: 0 });
    const mail: AxiomMail = { to: email, subject: `Your Axiom security code is ${code}`, code, sentAtUs };
    this.#mails.push(mail);
    onMail(mail);
    const iat = Math.floor(sentAtUs / 1e6);
    return signJwt({ otpId, email, iat, exp: iat + Math.ceil(codeLifeMs / 1000) }, this.#key);
  }

  /** True, once, when `code` is the one sent to `email` for the challenge of `token`. */
  redeem(token: string, email: string, code: string): boolean {
    const otpId = String(verifyJwt(token, this.#key)?.["otpId"]);
    const challenge = this.#challenges.get(otpId);
    if (challenge === undefined || challenge.email !== email) return false;
    const isRight = challenge.code === code && this.#options.clock.nowUs() < challenge.expiresUs;
    if (isRight || ++challenge.guesses >= MOST_GUESSES) this.#challenges.delete(otpId);
    return isRight;
  }
}
