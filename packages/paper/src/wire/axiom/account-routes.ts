import { createHash } from "node:crypto";
import { isAddress, toBase58 } from "../../models/axiom-base58.ts";
import { isoOf, toSol } from "./figures.ts";
import { lighthouse } from "./lighthouse.ts";
import { refuse } from "./refusal.ts";
import { closed, open, type Route, text, texts, type UserCall } from "./route.ts";
import { settingsOf } from "./settings.ts";
import type { AxiomVenue } from "./venue.ts";

const TOKEN_PROGRAM = "TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA";

/** Service, settings, wallets and balances. Shapes nobody has seen are not made up: those routes are not there. */
export function accountRoutes(venue: AxiomVenue): Route[] {
  const { market, users } = venue;

  const solBalances = (call: UserCall) => {
    const balances: Record<string, unknown> = {};
    for (const address of texts(call, "publicKeys")) {
      const traderLamports = venue.traderAt(address)?.lamports;
      balances[address] = { balanceSol: toSol(users.walletAt(address)?.lamports ?? traderLamports ?? 0) };
    }
    return balances;
  };

  const tokenAccounts = (call: UserCall) => {
    const answer: Record<string, unknown> = {};
    for (const address of texts(call, "publicKeys")) {
      const held = tokensOf(venue, address).map(([tokenAddress, raw]) => ({
        tokenAddress,
        tokenAccountAddress: accountAddress(address, tokenAddress),
        tokenProgram: TOKEN_PROGRAM,
        balanceRaw: String(raw),
      }));
      answer[address] = { tokenAccounts: held, slot: market.slot };
    }
    return answer;
  };

  const walletBundle = ({ user }: UserCall) => ({
    bundleKey: user.bundleKey,
    wallets: user.wallets.map(({ address, name, createdAtMs }, i) => ({
      walletAddress: address,
      network: "sol",
      isPrimary: i === 0,
      isArchived: false,
      createdAt: isoOf(createdAtMs),
      name,
    })),
  });

  const track = (call: UserCall) => {
    const wallet = text(call, "trackedWalletAddress");
    if (!isAddress(wallet)) throw refuse.malformed("trackedWalletAddress must be the base58 of 32 bytes");
    users.track(call.user, wallet);
    return {};
  };

  const coinPrices = () => {
    const { BTC, ETH, SOL, BNB } = market.coins;
    return { data: { BTC: BTC.toFixed(2), ETH: ETH.toFixed(2), SOL: SOL.toFixed(2), BNB: BNB.toFixed(2) } };
  };

  const none = () => ({});
  const noEntries = (call: UserCall) => {
    texts(call, "publicKeys");
    return {};
  };
  const alerts = () => ({
    alerts: [],
    userMetadata: { discordWebhookUrl: "", telegramChatId: "", telegramLinkedBotId: "" },
  });

  return [
    open("GET /server-time", ({ nowMs, skewMs }) => ({ serverTime: nowMs + skewMs })),
    closed("GET /online-users-count", () => ({ count: 9000 + venue.sockets })),
    closed("GET /get-announcement", () => ({ message: "", link: null })),
    closed("GET /get-alerts", alerts),
    closed("GET /watchlist-v2", () => []),
    closed("POST /user-nonce-accounts", () => []),
    closed("POST /bundle-key-and-wallets", walletBundle),
    closed("POST /bundle-key-and-wallets-v2", walletBundle),
    closed("GET /get-settings", ({ user, nowMs }) => settingsOf(user, nowMs)),
    closed("GET /lighthouse", () => lighthouse(market)),
    closed("GET /user-friends-with-status", none),
    closed("GET /lobby", none),
    closed("POST /add-tracked-wallet-v2", track),
    closed("POST /batched-sol-balance", solBalances),
    closed("POST /batched-sol-balance-v2", solBalances),
    closed("POST /batched-wallet-token-accounts", tokenAccounts),
    // Only the answer to an empty list was ever seen of these three.
    closed("POST /batched-evm-balance", noEntries),
    closed("POST /batched-evm-token-balances", noEntries),
    closed("POST /batched-bnb-nonces", noEntries),
    closed("GET /coin-prices", coinPrices),
  ];
}

function tokensOf(venue: AxiomVenue, address: string): [tokenAddress: string, raw: bigint | number][] {
  const wallet = venue.users.walletAt(address);
  if (wallet !== undefined) return [...wallet.tokens];
  const trader = venue.traderAt(address);
  if (trader === undefined) return [];
  return [...venue.market.tokens].flatMap((token): [string, number][] => {
    const raw = token.holdings.get(trader)?.raw ?? 0;
    return raw > 0 ? [[token.facts.tokenAddress, raw]] : [];
  });
}

// An address that is the same every time; the chain derives it in another way.
function accountAddress(wallet: string, token: string): string {
  return toBase58(createHash("sha256").update(`${wallet} ${token}`).digest());
}
