import { inRange, integerInRange } from "@pitlane/perf";
import { asError } from "../../as-error.ts";
import { type CollectedCall, type Collector, type CollectPlace, collector } from "../../batch/collect.ts";
import { type Outcome, settleAll, unwrap } from "../../batch/outcome.ts";
import { split } from "../../batch/split.ts";
import type { CallControl } from "../../calls.ts";
import { checkControl, checkObject } from "../../checks.ts";
import { ProtocolError } from "../../errors.ts";
import type { WalletBalance } from "../../model/order.ts";
import { waitWithin } from "../../transport/deadline.ts";
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
  readonly #place: CollectPlace;
  readonly #collector: Collector<string, CallControl, WalletBalance> | undefined;

  /** @throws {InvalidInputError} When `batching` is out of range. */
  constructor(rest: Rest, place: CollectPlace, batching: BatchingOptions | undefined) {
    this.#rest = rest;
    this.#place = place;
    if (batching === undefined) return;
    checkObject("batching", batching);
    integerInRange("batching.maxSize", batching.maxSize, 1, WALLETS_PER_CALL);
    inRange("batching.maxAgeMs", batching.maxAgeMs, 0, 60_000);
    this.#collector = collector(batching, place, (calls) => this.#together(calls));
  }

  async balanceOf(wallet: string, control: CallControl = {}): Promise<WalletBalance> {
    checkAddress("wallet", wallet);
    checkControl(control);
    const { signal, timeoutMs, retries, hedgeAfterMs } = control;
    // What is told of one call cannot hold for those that it would go with.
    const isPlain = timeoutMs === undefined && retries === undefined && hedgeAfterMs === undefined;
    if (this.#collector === undefined || !isPlain) return this.#one(wallet, control);
    signal?.throwIfAborted();
    try {
      return await this.#collector.call(`balanceOf ${wallet}`, wallet, control);
    } catch (error) {
      signal?.throwIfAborted(); // a read has no outcome to tell: its caller gets the reason back
      throw error;
    }
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

  /** Resolves when nothing is collected any more: all of it has ended with the client's `closing`. */
  async close(): Promise<void> {
    await this.#collector?.close();
  }

  async #one(wallet: string, control: CallControl): Promise<WalletBalance> {
    const [outcome] = await this.balancesOf([wallet], control);
    return unwrap(outcome as Outcome<WalletBalance>);
  }

  /** One request for all of them, which may take as long as the youngest; each ends by its own signal and time. */
  #together(calls: readonly CollectedCall<string, CallControl>[]): readonly Promise<WalletBalance>[] {
    const { clock } = this.#place;
    const lastNs = Math.max(...calls.map(({ deadlineNs }) => deadlineNs));
    const timeoutMs = (lastNs - clock.monotonicNs()) / 1e6;
    const wallets = calls.map(({ item }) => item);
    const all = this.balancesOf(wallets, { timeoutMs });
    return calls.map((call, i) =>
      waitWithin(call, "its batch's answer", { clock, outcome: "unknown" }, async () =>
        unwrap((await all)[i] as Outcome<WalletBalance>),
      ),
    );
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
