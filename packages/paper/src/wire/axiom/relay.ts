import type { Clock } from "@pitlane/perf";
import { refuse } from "./refusal.ts";
import { closed, type Route, recordOf, type UserCall } from "./route.ts";
import { readTransaction, type SignedTransaction, TransactionFormError } from "./solana-transaction.ts";
import type { Users } from "./users.ts";

/** One transaction that was ever accepted, as the ledger shows it. */
export interface RelayedTransaction {
  /** Base58; by which the chain would know it. */
  readonly signature: string;
  readonly feePayer: string;
  readonly provider: string;
  readonly userId: string;
  /** Microseconds since the epoch. */
  readonly acceptedAtUs: number;
  /** How often it came: 1, or it was sent more than once. */
  readonly timesReceived: number;
}

/** What became of one transaction of a call, in the order of the call. */
export interface RelayResult {
  /** Index in `wallets`, and in that wallet's `transactions`. */
  readonly wallet: number;
  readonly transaction: number;
  readonly status: "accepted" | "duplicate" | "refused";
  /** Base58; null when it could not be read. */
  readonly signature: string | null;
  /** Why it was refused; null otherwise. */
  readonly reason: string | null;
}

const PROVIDERS: ReadonlySet<string> = new Set(["0xslot"]);
const LAMPORTS_PER_SIGNATURE = 5000;

/**
 * Takes signed transactions as the venue's relay does, and writes down every one it accepts. Nothing is executed: no chain is asked, no
 * token moves. Where a user's wallet pays, its SOL balance falls by the chain's base fee of 5,000 lamports a signature, and a wallet
 * without that much is refused.
 *
 * The ledger is never cut (about 400 bytes an entry): it is the judge of "sent twice".
 */
export class Relay {
  readonly #clock: Pick<Clock, "nowUs">;
  readonly #users: Users;
  readonly #bySignature = new Map<string, { readonly first: RelayedTransaction; timesReceived: number }>();

  constructor(clock: Pick<Clock, "nowUs">, users: Users) {
    this.#clock = clock;
    this.#users = users;
  }

  /** Every transaction ever accepted, in order. */
  get accepted(): readonly RelayedTransaction[] {
    return [...this.#bySignature.values()].map(({ first, timesReceived }) => ({ ...first, timesReceived }));
  }

  /** Takes one transaction, or says why not. A duplicate is counted and changes nothing else. */
  submit(item: unknown, userId: string): Pick<RelayResult, "status" | "signature" | "reason"> {
    const { base64Tx, provider } = recordOf(item);
    if (typeof base64Tx !== "string" || typeof provider !== "string")
      return refused("base64Tx and provider are required");
    const bytes = Buffer.from(base64Tx, "base64");
    if (base64Tx === "" || bytes.toString("base64") !== base64Tx) return refused("base64Tx is not base64");
    let signed: SignedTransaction;
    try {
      signed = readTransaction(bytes);
    } catch (error) {
      if (!(error instanceof TransactionFormError)) throw error;
      return refused(`not a signed v0 transaction: ${error.message}`);
    }
    const { signature, feePayer, signatures } = signed;
    if (!PROVIDERS.has(provider)) return refused(`unknown provider`, signature);
    const known = this.#bySignature.get(signature);
    if (known !== undefined) {
      known.timesReceived++;
      return { status: "duplicate", signature, reason: null };
    }
    const wallet = this.#users.walletAt(feePayer);
    const fee = signatures * LAMPORTS_PER_SIGNATURE;
    if (wallet !== undefined && wallet.lamports < fee) return refused("insufficient SOL for the fee", signature);
    if (wallet !== undefined) wallet.lamports -= fee;
    const acceptedAtUs = this.#clock.nowUs();
    const first = { signature, feePayer, provider, userId, acceptedAtUs, timesReceived: 1 };
    this.#bySignature.set(signature, { first, timesReceived: 1 });
    return { status: "accepted", signature, reason: null };
  }
}

/**
 * `POST /batched-send-tx-v2`, in the signed form alone.
 *
 * What the venue answers is unknown. This answer's form is the paper exchange's own and says so: `{"form": "pitlane-paper", "results"}`,
 * a result for each transaction in the order of the call. A body of another form is refused with 400 and nothing in it is looked at.
 */
export function relayRoutes(relay: Relay): Route[] {
  const send = ({ body, user }: UserCall) => {
    const { wallets } = body;
    const flags = [body["mevProtection"], body["enhancedMevProtection"]];
    if (!Array.isArray(wallets) || wallets.length === 0 || flags.some((flag) => typeof flag !== "boolean")) {
      throw refuse.malformed("mevProtection, enhancedMevProtection and wallets are required");
    }
    const lists = wallets.map((wallet) => recordOf(wallet)["transactions"]);
    if (!lists.every((list): list is unknown[] => Array.isArray(list) && list.length > 0)) {
      throw refuse.malformed("every wallet must have transactions");
    }
    const results = lists.flatMap((list, wallet) =>
      list.map((item, transaction): RelayResult => ({ wallet, transaction, ...relay.submit(item, user.id) })),
    );
    return { form: "pitlane-paper", results };
  };
  return [closed("POST /batched-send-tx-v2", send)];
}

function refused(reason: string, signature: string | null = null) {
  return { status: "refused", signature, reason } as const;
}
