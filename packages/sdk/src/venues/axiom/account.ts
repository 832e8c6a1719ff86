import { inRange } from "@pitlane/perf";
import type { CallControl } from "../../calls.ts";
import { checkFlag, checkList, checkObject } from "../../checks.ts";
import type { Redactor } from "../../session/secrets.ts";
import { Secret } from "../../session/secrets.ts";
import type { Balances } from "./balances.ts";
import { checkAddress, checkAll, checkEvmAddress, pathOf } from "./checks.ts";
import type { Rest } from "./rest.ts";
import { type TurnkeyRequest, turnkeyWhoami } from "./turnkey.ts";
import {
  type HeldWallet,
  parseAlerts,
  parseBundle,
  parseRecord,
  parseUnknownList,
  parseUnknownMap,
} from "./wire/account.ts";
import type { MoreFields } from "./wire/read.ts";
import { parseSettings } from "./wire/settings.ts";

/** The wallets that Axiom holds for the user. */
export interface Wallets {
  /** 32 bytes, in base64; what it is for is not known. Shows itself to `reveal` alone. */
  readonly bundleKey: Secret | null;
  readonly wallets: readonly (HeldWallet & MoreFields)[];
}

/** What is asked about a portfolio: the site sends what it knows of the wallets along. */
export interface PortfolioRequest {
  readonly walletAddresses: readonly string[];
  /** Default false. */
  readonly isOtherWallet?: boolean;
  /** Raw balances of all these wallets together, by token. */
  readonly tokenAddressToAmountMap: Readonly<Record<string, number>>;
  /** SOL of all these wallets together. */
  readonly userSolBalance: number;
}

const MOST_WALLETS = 100;
const asItComes = (value: unknown): unknown => value;

/**
 * Calls about the user and what wallets hold. All of them read, and need a session.
 *
 * What has no known form is handed over as it comes, as `unknown`.
 */
export function accountCalls(rest: Rest, balances: Balances, redactor: Redactor) {
  const wallets = (name: string, values: readonly string[]) => checkAll(name, values, MOST_WALLETS, checkAddress);
  const evm = (values: readonly string[]) => checkAll("addresses", values, MOST_WALLETS, checkEvmAddress);
  const unknownMap = (path: string, publicKeys: readonly string[], control: CallControl | undefined) =>
    rest.read({ service: "account", path, body: { publicKeys }, parse: parseUnknownMap(path) }, control);

  return {
    /** SOL of a wallet, in lamports. With `batching`, several such calls become one. */
    balanceOf: (wallet: string, control?: CallControl) => balances.balanceOf(wallet, control),
    /** SOL of each wallet, in lamports; an outcome for each, in their order. */
    balancesOf: (list: readonly string[], control?: CallControl) => balances.balancesOf(list, control),
    /** Tokens of each wallet, in their smallest unit; an outcome for each, in their order. */
    tokenAccountsOf: (list: readonly string[], control?: CallControl) => balances.tokenAccountsOf(list, control),
    /** Presets of slippage and fees, and all other settings of the site. */
    async getSettings(control?: CallControl) {
      return rest.read({ path: "/get-settings", parse: parseSettings }, control);
    },
    /**
     * The wallets that Axiom holds, and the key that comes with them.
     *
     * `version: 2` asks `/bundle-key-and-wallets-v2`, known from working code alone. No reply of it was seen; it is read as that of
     * version 1, which was captured, and one of another form is a `ProtocolError` that shows none of it, as it may hold the key.
     */
    async getWallets(control?: CallControl & { readonly version?: 1 | 2 }): Promise<Wallets> {
      const version = control?.version ?? 1;
      const path = pathOf("/bundle-key-and-wallets", version, 2);
      const service = version === 1 ? "rest" : "account"; // the only host that the later one was seen on
      const { bundleKey, wallets: list } = await rest.read({ service, path, body: {}, parse: parseBundle }, control);
      if (bundleKey !== null) redactor.set("bundle key", [bundleKey]);
      return { bundleKey: bundleKey === null ? null : new Secret(bundleKey), wallets: list };
    },
    /** Alerts, and where they go: a webhook, a chat. Those addresses let who knows them write there. */
    async getAlerts(control?: CallControl) {
      return rest.read({ path: "/get-alerts", parse: parseAlerts }, control);
    },
    /** Items of unknown form. */
    async listWatchlist(control?: CallControl) {
      return rest.read({ path: "/watchlist-v2", parse: parseUnknownList("watchlist-v2") }, control);
    },
    /** Presumably durable nonce accounts of Solana; their form is not known. */
    async listNonceAccounts(userWallets: readonly string[], control?: CallControl) {
      checkList("userWallets", userWallets);
      const body = { userWallets: userWallets.length === 0 ? [] : wallets("userWallets", userWallets) };
      return rest.read({ path: "/user-nonce-accounts", body, parse: parseUnknownList("user-nonce-accounts") }, control);
    },
    async getUserData(control?: CallControl) {
      return rest.read({ path: "/user-data", parse: asItComes }, control);
    },
    async getSharingConfig(control?: CallControl) {
      return rest.read({ path: "/sharing-config-v2", parse: asItComes }, control);
    },
    async getTotalAccountValue(control?: CallControl) {
      return rest.read({ path: "/total-account-value-v2", parse: asItComes }, control);
    },
    async listNotifications(control?: CallControl) {
      return rest.read({ path: "/get-notifications", parse: asItComes }, control);
    },
    async getTwitterSettings(control?: CallControl) {
      return rest.read({ path: "/twitter-settings", parse: asItComes }, control);
    },
    /** Friends and what they do; seen empty only. */
    async getFriends(control?: CallControl) {
      const path = "/user-friends-with-status";
      return rest.read({ service: "friends", path, parse: parseRecord(path) }, control);
    },
    async getLobby(control?: CallControl) {
      return rest.read({ service: "friends", path: "/lobby", parse: parseRecord("/lobby") }, control);
    },
    /** Open positions of wallets; their form is not known. */
    async listOpenPositions(walletAddresses: readonly string[], control?: CallControl) {
      const body = { walletAddresses: wallets("walletAddresses", walletAddresses) };
      return rest.read({ path: "/meme-open-positions-v3", body, parse: asItComes }, control);
    },
    /**
     * Open positions of one wallet, by the older calls `/meme-open-positions` and its `-v2`, the default; their form is not known.
     */
    async listOpenPositionsOf(walletAddress: string, control?: CallControl & { readonly version?: 1 | 2 }) {
      const query = { walletAddress: checkAddress("walletAddress", walletAddress) };
      const path = pathOf("/meme-open-positions", control?.version ?? 2, 2);
      return rest.read({ path, query, parse: asItComes }, control);
    },
    /** What wallets hold, as the site's portfolio page asks for it; the form of the answer is not known. */
    async getActivePortfolio(request: PortfolioRequest, control?: CallControl) {
      checkPortfolio(request);
      const { walletAddresses, isOtherWallet = false, tokenAddressToAmountMap, userSolBalance } = request;
      const walletAddressRaw = [...wallets("walletAddresses", walletAddresses)].sort().join(",");
      const body = { walletAddressRaw, isOtherWallet, tokenAddressToAmountMap, userSolBalance };
      return rest.read({ path: "/portfolio-fast-active-v2", body, parse: asItComes }, control);
    },
    /** Balances on EVM chains, by address; the form of an entry is not known. */
    evmBalancesOf: async (addresses: readonly string[], control?: CallControl) =>
      unknownMap("/batched-evm-balance", evm(addresses), control),
    evmTokenBalancesOf: async (addresses: readonly string[], control?: CallControl) =>
      unknownMap("/batched-evm-token-balances", evm(addresses), control),
    bnbNoncesOf: async (addresses: readonly string[], control?: CallControl) =>
      unknownMap("/batched-bnb-nonces", evm(addresses), control),
    /** Asks Turnkey, who keeps the keys, whose API key stamps the request. The form of its answer is not certain. */
    turnkeyWhoami: async (request: TurnkeyRequest, control?: CallControl) => turnkeyWhoami(rest, request, control),
  };
}

/** What of a request goes out as it is. @throws {InvalidInputError} Naming the field and its rule. */
export function checkPortfolio(request: PortfolioRequest): void {
  checkObject("request", request);
  const { isOtherWallet = false, tokenAddressToAmountMap, userSolBalance } = request;
  checkFlag("isOtherWallet", isOtherWallet);
  checkObject("tokenAddressToAmountMap", tokenAddressToAmountMap);
  inRange("userSolBalance", userSolBalance, 0, Number.MAX_VALUE);
}

export type AxiomAccountCalls = ReturnType<typeof accountCalls>;
