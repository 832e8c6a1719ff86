import { randomUUID } from "node:crypto";
import type { Clock } from "@pitlane/perf";
import { fromBase58 } from "../../models/axiom-base58.ts";
import { isSignedBy } from "./ed25519.ts";

const NONCE_LIFE_US = 300_000_000; // ours: the venue's is unknown
const MOST_NONCES = 1000;

/** The text a wallet signs to log in. */
function walletMessage(nonce: string): string {
  return `By signing, you agree to Axiom's Terms of Use & Privacy Policy (axiom.trade/legal).\n\nNonce: ${nonce}`;
}

/** True when `signature` (base58) is the wallet's over the message with `nonce`. */
export function isWalletSignature(wallet: string, nonce: string, signature: string): boolean {
  const key = fromBase58(wallet);
  const bytes = fromBase58(signature);
  return key !== undefined && bytes !== undefined && isSignedBy(key, Buffer.from(walletMessage(nonce)), bytes);
}

/** Nonces for wallet logins: good once, for one wallet, for five minutes. At most 1,000 wait; the oldest gives way. */
export class WalletNonces {
  readonly #clock: Pick<Clock, "nowUs">;
  readonly #given = new Map<string, { readonly wallet: string; readonly expiresUs: number }>();

  constructor(clock: Pick<Clock, "nowUs">) {
    this.#clock = clock;
  }

  give(wallet: string): string {
    const nonce = randomUUID();
    if (this.#given.size >= MOST_NONCES) this.#given.delete(this.#given.keys().next().value!);
    this.#given.set(nonce, { wallet, expiresUs: this.#clock.nowUs() + NONCE_LIFE_US });
    return nonce;
  }

  /** True, once, for a nonce given to `wallet` that has not expired. */
  redeem(nonce: string, wallet: string): boolean {
    const given = this.#given.get(nonce);
    if (given === undefined || given.wallet !== wallet) return false;
    this.#given.delete(nonce);
    return this.#clock.nowUs() < given.expiresUs;
  }
}
