import { type Clock, inRange, integerInRange } from "@pitlane/perf";
import { MicroBatcher } from "@pitlane/perf/flow";
import { asError } from "../../as-error.ts";
import { type Outcome, settleAll } from "../../batch/outcome.ts";
import { split } from "../../batch/split.ts";
import type { CallControl } from "../../calls.ts";
import { checkControl, checkObject } from "../../checks.ts";
import { ProtocolError } from "../../errors.ts";
import type { WalletBalance } from "../../model/order.ts";
import { checkAddress, checkAll } from "./checks.ts";
import type { Rest } from "./rest.ts";
import { parseRecord, parseTokenAccounts, type TokenAccounts } from "./wire/account.ts";
import { parseJsonKeepingNumbers, SOL_DECIMALS, toLamports } from "./wire/balance.ts";
import type { MoreFields, OpenRecord } from "./wire/read.ts";

/** Single calls made within a short time go out together. */
export interface BatchingOptions {
  /** How long the first of them waits for others, in milliseconds; 0 to 60,000. */
  readonly maxAgeMs: number;
  /** How many fill a batch; 1 to 100. */
  readonly maxSize: number;
}

/** Wallets in one call of the venue. Its own limit is not known; 100 is what another client sends. */
const WALLETS_PER_CALL = 100;
const MOST_WALLETS = 10_000;

/**
 * What wallets hold, exactly: SOL as lamports read from the digits of the reply, tokens in their smallest unit.
 *
 * Which form the venue gives a SOL balance in is not settled, so all that were seen are read (see `toLamports`).
 */
export class Balances {
  readonly #rest: Rest;
  readonly #batcher: MicroBatcher<string, WalletBalance> | undefined;

  /** @throws {InvalidInputError} When `batching` is out of range. */
  constructor(rest: Rest, clock: Clock, batching: BatchingOptions | undefined) {
    this.#rest = rest;
    if (batching === undefined) return;
    checkObject("batching", batching);
    integerInRange("batching.maxSize", batching.maxSize, 1, WALLETS_PER_CALL);
    inRange("batching.maxAgeMs", batching.maxAgeMs, 0, 60_000);
    const send = async (wallets: readonly string[]) =>
      (await this.balancesOf(wallets)).map((outcome) => (outcome.ok ? outcome.value : outcome.error));
    this.#batcher = new MicroBatcher({ ...batching, send, concurrency: 4, clock });
  }

  async balanceOf(wallet: string, control: CallControl = {}): Promise<WalletBalance> {
    checkAddress("wallet", wallet);
    checkControl(control);
    // A call with a time limit of its own cannot share another one's.
    if (this.#batcher !== undefined && control.timeoutMs === undefined) {
      return this.#batcher.submit(wallet, control.signal);
    }
    const [outcome] = await this.balancesOf([wallet], control);
    if (outcome?.ok) return outcome.value;
    throw outcome?.error;
  }

  balancesOf(wallets: readonly string[], control?: CallControl): Promise<readonly Outcome<WalletBalance>[]> {
    return this.#each(wallets, control, {
      path: "/batched-sol-balance",
      parseText: (text) => parseJsonKeepingNumbers("batched-sol-balance", text),
      read: (entry, wallet) => ({ wallet, asset: "SOL", units: toLamports(entry, wallet), decimals: SOL_DECIMALS }),
    });
  }

  tokenAccountsOf(
    wallets: readonly string[],
    control?: CallControl,
  ): Promise<readonly Outcome<TokenAccounts & MoreFields>[]> {
    return this.#each(wallets, control, { path: "/batched-wallet-token-accounts", read: parseTokenAccounts });
  }

  /** Sends what waits for a batch. */
  async close(): Promise<void> {
    await this.#batcher?.close();
  }

  /** Calls for pieces of `wallets`, and reads each wallet's entry on its own: one that cannot be read, or is missing, costs itself. */
  async #each<T>(
    wallets: readonly string[],
    control: CallControl = {},
    of: {
      readonly path: string;
      readonly parseText?: (text: string) => unknown;
      readonly read: (entry: unknown, wallet: string) => T;
    },
  ): Promise<readonly Outcome<T>[]> {
    checkAll("wallets", wallets, MOST_WALLETS, checkAddress);
    checkControl(control); // here: what a call of a piece throws is an outcome
    const { path, parseText, read } = of;
    const pieces = split(wallets, WALLETS_PER_CALL);
    const ask = { service: "account", path, parse: parseRecord(path), ...(parseText && { parseText }) } as const;
    const replies = await settleAll(
      pieces.map((publicKeys) => this.#rest.read({ ...ask, body: { publicKeys } }, control)),
    );
    control.signal?.throwIfAborted();
    return replies.flatMap((reply, index) =>
      (pieces[index] ?? []).map((wallet): Outcome<T> => (reply.ok ? readOne(path, reply.value, wallet, read) : reply)),
    );
  }
}

function readOne<T>(
  path: string,
  entries: OpenRecord,
  wallet: string,
  read: (entry: unknown, wallet: string) => T,
): Outcome<T> {
  try {
    if (!Object.hasOwn(entries, wallet)) throw new ProtocolError(`${path}: there is no entry for ${wallet}`);
    return { ok: true, value: read(entries[wallet], wallet) };
  } catch (error) {
    return { ok: false, error: asError(error) };
  }
}
