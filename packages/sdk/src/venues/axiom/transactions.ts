import { InvalidInputError } from "@pitlane/perf";
import { type Outcome, settleAll } from "../../batch/outcome.ts";
import { checkBatch, split } from "../../batch/split.ts";
import type { WriteControl } from "../../calls.ts";
import { checkFlag, checkObject, checkWriteControl } from "../../checks.ts";
import { OutcomeUnknownError, RequestError } from "../../errors.ts";
import { reportCalls } from "./reports.ts";
import { jsonOrText, type Rest } from "./rest.ts";
import { readTransaction, type TransactionFacts } from "./solana-transaction.ts";

/** A transaction that its wallet has signed. */
export interface SignedTransaction {
  /** A signed version 0 transaction: its bytes, or their base64. It pays for what it wants: priority fee and tip are inside. */
  readonly transaction: Uint8Array | string;
  /** The relay that takes it. The only one ever seen is `0xslot`, the default. */
  readonly provider?: string;
}

export interface SubmitControl extends WriteControl {
  /** Default false. What these do exactly is described nowhere. */
  readonly mevProtection?: boolean;
  readonly enhancedMevProtection?: boolean;
}

/**
 * A transaction that was handed to the venue, which answered with a success status.
 *
 * That is all it means. What the answer says is known from no source, so it is not read: whether the chain took the transaction is
 * found by asking the chain about `signature`.
 */
export interface SubmittedTransaction {
  /** Base58; the transaction's id on the chain, which takes it once only. */
  readonly signature: string;
  readonly feePayer: string;
  /** What the venue answered to the call that this transaction went out with: JSON where it was that, else text. Untouched. */
  readonly venueReply: unknown;
  /** Always false: the form of the answer is not known. */
  readonly isReplyUnderstood: false;
}

const PER_CALL = 10; // ours: the venue's limit is not known
const MOST = 100;
const PATH = "/batched-send-tx-v2";

/** The one call that writes to the chain, and what the site tells the venue after a trade. All of them need a session. */
export function transactionCalls(rest: Rest) {
  return {
    /**
     * Hands signed transactions to the venue's relay, ten at a time; an outcome for each, in their order.
     *
     * Each goes out once. Where the venue may have taken it and did not say so, its outcome is an `OutcomeUnknownError` whose
     * `clientOrderId` is the transaction's signature: ask the chain about that. Sending one again is harmless to the chain, which takes
     * a signature once, and is still left to the caller. There are no limit orders: no source shows how the site makes them.
     *
     * @throws {InvalidInputError} Before anything is sent: when there are none, more than 100, two with one signature, or one is no
     * signed version 0 transaction.
     * @example
     * const [outcome] = await axiom.transactions.submitMany([{ transaction: signedBytes }], { mevProtection: true });
     * if (outcome.ok) console.log("handed over:", outcome.value.signature);
     */
    async submitMany(
      transactions: readonly SignedTransaction[],
      control: SubmitControl = {},
    ): Promise<readonly Outcome<SubmittedTransaction>[]> {
      checkBatch("transactions", transactions, MOST);
      checkWriteControl(control);
      const { mevProtection = false, enhancedMevProtection = false, ...rules } = control;
      checkFlag("mevProtection", mevProtection);
      checkFlag("enhancedMevProtection", enhancedMevProtection);
      const items = Array.from(transactions, read);
      checkUnique(items);
      const pieces = await settleAll(
        split(items, PER_CALL).map((piece) => send(rest, piece, { mevProtection, enhancedMevProtection }, rules)),
      );
      return pieces.flatMap((piece, index) => {
        const asked = items.slice(index * PER_CALL, (index + 1) * PER_CALL);
        return asked.map(
          (item): Outcome<SubmittedTransaction> =>
            piece.ok
              ? { ok: true, value: submitted(item, piece.value) }
              : { ok: false, error: afterSubmit(piece.error, item.signature) },
        );
      });
    },
    ...reportCalls(rest),
  };
}

export type AxiomTransactionCalls = ReturnType<typeof transactionCalls>;

interface Item extends TransactionFacts {
  readonly provider: string;
}

function read(item: SignedTransaction, index: number): Item {
  checkObject(`transactions[${index}]`, item);
  const { transaction, provider = "0xslot" } = item;
  if (typeof provider !== "string" || !/^[\x21-\x7e]{1,40}$/.test(provider)) {
    throw new InvalidInputError(`transactions[${index}].provider must be a name of 1 to 40 visible characters`);
  }
  return { ...readTransaction(`transactions[${index}].transaction`, transaction), provider };
}

function send(
  rest: Rest,
  items: readonly Item[],
  protection: { readonly mevProtection: boolean; readonly enhancedMevProtection: boolean },
  rules: WriteControl,
): Promise<unknown> {
  const byWallet = new Map<string, { base64Tx: string; provider: string }[]>();
  for (const { feePayer, base64, provider } of items) {
    const own = byWallet.get(feePayer) ?? [];
    byWallet.set(feePayer, own);
    own.push({ base64Tx: base64, provider });
  }
  const wallets = Array.from(byWallet.values(), (transactions) => ({ transactions }));
  const text = JSON.stringify({ ...protection, wallets });
  const ask = { service: "transactions", path: PATH, text, parseText: jsonOrText } as const;
  return rest.write({ ...ask, parse: (value: unknown) => value }, rules);
}

function submitted({ signature, feePayer }: Item, venueReply: unknown): SubmittedTransaction {
  return { signature, feePayer, venueReply, isReplyUnderstood: false };
}

function afterSubmit(error: Error, signature: string): Error {
  const mayHaveActed = error instanceof RequestError && error.outcome === "unknown";
  return mayHaveActed ? new OutcomeUnknownError(signature, { cause: error }) : error;
}

function checkUnique(items: readonly Item[]): void {
  const seen = new Map<string, number>();
  for (const [index, { signature }] of items.entries()) {
    const other = seen.get(signature);
    if (other !== undefined) throw new InvalidInputError(`transactions[${index}] is transactions[${other}] again`);
    seen.set(signature, index);
  }
}
