import { expect, test } from "vitest";
import { createWallet, setUp } from "./local-venue.ts";

const wallet = createWallet().address;
const mint = createWallet().address;
const users = [
  {
    email: "a@paper.example",
    password: "x",
    wallets: [{ address: wallet, name: "Hot", sol: "1.500000001", tokens: { [mint]: "123456789012345678" } }],
  },
];

test("balances of many wallets come by wallet, to the lamport", async () => {
  const { asUser, venue } = await setUp({ users });
  const trader = venue.market.traders[0]!;
  const unknown = createWallet().address;
  for (const path of ["/batched-sol-balance", "/wo/batched-sol-balance", "/api/batched-sol-balance-v2"]) {
    expect((await asUser(path, { publicKeys: [wallet, unknown, trader.address], v: 1 })).body).toEqual({
      [wallet]: { balanceSol: 1.500000001 },
      [unknown]: { balanceSol: 0 },
      [trader.address]: { balanceSol: trader.lamports / 1e9 },
    });
  }
  expect((await asUser("/batched-sol-balance", { publicKeys: [] })).body).toEqual({});
  expect((await asUser("/batched-sol-balance", { publicKeys: "x" })).status).toBe(400);
});

test("token accounts have raw balances as text, for users and for traders of the market", async () => {
  const { asUser, venue, pass } = await setUp({ users });
  pass(5000);
  const token = [...venue.market.tokens][0]!;
  const [trader, holding] = [...token.holdings].find(([, { raw }]) => raw > 0)!;
  const { body } = await asUser("/wo/batched-wallet-token-accounts", { publicKeys: [wallet, trader.address], v: 1 });
  expect(body[wallet].tokenAccounts).toMatchObject([{ tokenAddress: mint, balanceRaw: "123456789012345678" }]);
  expect(body[wallet].slot).toBe(venue.market.slot);
  expect(body[trader.address].tokenAccounts).toContainEqual(
    expect.objectContaining({ tokenAddress: token.facts.tokenAddress, balanceRaw: String(holding.raw) }),
  );
});

test("the key of wallet bundles is 32 bytes, another for every venue", async () => {
  const one = await setUp({ users });
  const other = await setUp({ users });
  const { body } = await one.asUser("/bundle-key-and-wallets", { v: 1 });
  expect(Buffer.from(body.bundleKey, "base64").length).toBe(32);
  expect(body.wallets).toMatchObject([
    { walletAddress: wallet, network: "sol", isPrimary: true, isArchived: false, name: "Hot" },
  ]);
  expect((await one.asUser("/bundle-key-and-wallets-v2", { v: 1 })).body).toEqual(body);
  expect((await other.asUser("/bundle-key-and-wallets", {})).body.bundleKey).not.toBe(body.bundleKey);
});

test("settings carry numbers as text, presets and filters", async () => {
  const { asUser } = await setUp({ users });
  const { body } = await asUser("/get-settings?v=1");
  expect(body.solPresets.preset1.sell).toEqual({
    autoFee: false,
    slippage: "40",
    maxFeeSol: "0.1",
    bribeFeeSol: "0.01",
    customRpcUrl: "",
    mevProtection: false,
    priorityFeeSol: "0.001",
    enhancedMevProtection: false,
  });
  expect(body.solWalletsAndGroups).toEqual([{ type: "wallet", address: wallet }]);
  expect(body.pulseFilters.newPairs.fees).toEqual({ min: null, max: null });
});

test("coin prices are decimal text", async () => {
  const { asUser } = await setUp();
  const { body } = await asUser("/coin-prices?v=1");
  expect(Object.keys(body.data)).toEqual(["BTC", "ETH", "SOL", "BNB"]);
  for (const price of Object.values(body.data)) expect(price).toMatch(/^[0-9]+\.[0-9]{2}$/);
});

test("the small ones answer as they were captured", async () => {
  const { asUser } = await setUp();
  expect((await asUser("/get-announcement?v=1")).body).toEqual({ message: "", link: null });
  expect((await asUser("/watchlist-v2?v=1")).body).toEqual([]);
  expect((await asUser("/user-nonce-accounts", { userWallets: [], v: 1 })).body).toEqual([]);
  expect((await asUser("/user-friends-with-status?v=3")).body).toEqual({});
  expect((await asUser("/batched-evm-balance", { publicKeys: [], v: 1 })).body).toEqual({});
  expect((await asUser("/get-alerts?v=1")).body).toEqual({
    alerts: [],
    userMetadata: { discordWebhookUrl: "", telegramChatId: "", telegramLinkedBotId: "" },
  });
  expect((await asUser("/online-users-count?v=1")).body).toEqual({ count: 9000 });
});
