import { type Outcome, settleAll } from "../../batch/outcome.ts";
import { split } from "../../batch/split.ts";
import type { CallControl, WriteControl } from "../../calls.ts";
import { checkControl, checkFlag, checkList, checkObject } from "../../checks.ts";
import { checkAddress, checkAll, checkText, oneOf } from "./checks.ts";
import type { PulseRange } from "./pulse-filter.ts";
import { jsonOrText, type Rest } from "./rest.ts";
import type { MoreColumns } from "./wire/read.ts";
import { parseTrackedTransactions } from "./wire/tracked.ts";
import { type PairTransaction, parseTransactionRows } from "./wire/transactions.ts";

export const TRACKED_TYPES = [
  ...(["Buy More", "First Buy", "Sell Partial", "Sell All", "Add Liquidity", "Remove Liquidity", "Unknown"] as const),
] as const;
export type TrackedType = (typeof TRACKED_TYPES)[number];

/** Which trades of tracked wallets. What is left out is open. */
export interface TrackedFilter {
  readonly detailedTypes?: readonly TrackedType[];
  readonly tokenMinsAgoCreated?: PulseRange;
  readonly marketCap?: PulseRange;
  readonly totalSol?: PulseRange;
}

/** As `TrackedFilter`, on the BNB chain. */
export interface BnbTrackedFilter extends Omit<TrackedFilter, "totalSol"> {
  readonly totalBnb?: PulseRange;
  readonly userId: string;
}

export interface TrackedWallet {
  readonly walletAddress: string;
  readonly name: string;
  readonly emoji: string;
  /** Default none. */
  readonly groupId?: string | null;
  readonly alertsOnToast?: boolean;
  readonly alertsOnBubble?: boolean;
  readonly alertsOnFeed?: boolean;
}

const WALLETS_PER_CALL = 100; // the only practised figure; the venue's own limit is not known
const MOST_WALLETS = 10_000;
const OPEN: PulseRange = { min: null, max: null };
const asItComes = (value: unknown): unknown => value;

/** Calls about wallets that the user watches. They need a session; all but `addWallet` read. */
export function trackingCalls(rest: Rest) {
  const filterBody = (filter: TrackedFilter | BnbTrackedFilter) => {
    checkObject("filter", filter);
    const { detailedTypes = TRACKED_TYPES, tokenMinsAgoCreated, marketCap } = filter;
    checkList("detailedTypes", detailedTypes);
    return {
      detailedTypes: Array.from(detailedTypes, (type) => oneOf("detailedTypes", type, TRACKED_TYPES)),
      tokenMinsAgoCreated: tokenMinsAgoCreated ?? OPEN,
      marketCap: marketCap ?? OPEN,
    };
  };

  return {
    /** What tracked wallets did, newest first, at most 50. */
    async listTransactions(filter: TrackedFilter = {}, control?: CallControl) {
      const body = { ...filterBody(filter), totalSol: filter.totalSol ?? OPEN };
      return rest.read({ path: "/tracked-wallet-transactions-v3", body, parse: parseTrackedTransactions }, control);
    },
    /**
     * What wallets did in a pair, newest first: a call for each hundred of them, an outcome for each call.
     */
    async listTransactionsOf(
      pairAddress: string,
      wallets: readonly string[],
      control: CallControl = {},
    ): Promise<readonly WalletTransactions[]> {
      checkAddress("pairAddress", pairAddress);
      checkControl(control); // here: what a call of a piece throws is an outcome
      const pieces = split(checkAll("wallets", wallets, MOST_WALLETS, checkAddress), WALLETS_PER_CALL);
      const path = "/transactions-feed-v4";
      const outcomes = await settleAll(
        pieces.map((piece) => {
          const body = { pairAddress, orderBy: "DESC", makerAddress: piece.join(",") };
          return rest.read({ path, body, parse: parseTransactionRows }, control);
        }),
      );
      control.signal?.throwIfAborted();
      return outcomes.map((outcome, index) => ({ wallets: pieces[index] ?? [], outcome }));
    },
    /** The tracked wallets; their form is not known. */
    async listWallets(control?: CallControl) {
      return rest.read({ path: "/tracked-wallets-v3", parse: asItComes }, control);
    },
    /** Adds a wallet. A write: it goes out once. The form of its reply is not known: handed over as it comes. */
    async addWallet(wallet: TrackedWallet, control?: WriteControl) {
      checkObject("wallet", wallet);
      const { walletAddress, name, emoji, groupId = null, ...alerts } = wallet;
      const { alertsOnToast = false, alertsOnBubble = false, alertsOnFeed = false } = alerts;
      const body = {
        trackedWalletAddress: checkAddress("walletAddress", walletAddress),
        name: checkText("name", name, 100),
        emoji: checkText("emoji", emoji, 40),
        groupId: groupId === null ? null : checkText("groupId", groupId, 100),
        alertsOnToast: checkFlag("alertsOnToast", alertsOnToast),
        alertsOnBubble: checkFlag("alertsOnBubble", alertsOnBubble),
        alertsOnFeed: checkFlag("alertsOnFeed", alertsOnFeed),
      };
      return rest.write({ path: "/add-tracked-wallet-v2", body, parseText: jsonOrText, parse: asItComes }, control);
    },
    /** What tracked wallets did on the BNB chain; the form of the answer is not known. */
    async listBnbTransactions(filter: BnbTrackedFilter, control?: CallControl) {
      const body = {
        ...filterBody(filter),
        totalBnb: filter.totalBnb ?? OPEN,
        userId: checkText("userId", filter.userId, 100),
      };
      return rest.read({ service: "bnb", path: "/tracked-wallet-transactions-v2", body, parse: asItComes }, control);
    },
    async listBnbWallets(userId: string, control?: CallControl) {
      const query = { userId: checkText("userId", userId, 100) };
      return rest.read({ service: "bnb", path: "/tracked-wallets-v2", query, parse: asItComes }, control);
    },
  };
}

/** What one call of `listTransactionsOf` gave, and for whom. */
export interface WalletTransactions {
  readonly wallets: readonly string[];
  readonly outcome: Outcome<readonly (PairTransaction & MoreColumns)[]>;
}

export type AxiomTrackingCalls = ReturnType<typeof trackingCalls>;
