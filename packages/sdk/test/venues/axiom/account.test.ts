import { createHash, createVerify, generateKeyPairSync, sign } from "node:crypto";
import { inspect } from "node:util";
import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, onTestFinished, test } from "vitest";
import { ProtocolError } from "../../../src/errors.ts";
import { type AxiomOptions, createAxiom, TRACKED_TYPES } from "../../../src/venues/axiom/index.ts";
import { rejectionOf } from "../../support/rejection.ts";
import { MINT, PAIR, WALLET } from "./examples.ts";
import { type FakeAnswer, type FakeRequest, fakeAxiom, token } from "./fake-axiom.ts";
import { setUp } from "./paper-axiom.ts";
import { createWallet } from "./wallets.ts";

async function setUpFake(answer: (request: FakeRequest, count: number) => FakeAnswer, options: AxiomOptions = {}) {
  const fake = await fakeAxiom({ answer });
  const session = { accessToken: token("user", 900), refreshToken: "refresh" };
  const axiom = createAxiom({ urls: fake.urls, session, ...options });
  onTestFinished(() => axiom.close());
  return { ...fake, axiom };
}

const wallets = (count: number) => Array.from({ length: count }, () => createWallet().address);

test("what the paper venue holds for a user is read exactly", async () => {
  const address = createWallet().address;
  const users = [
    {
      email: "a@example.org",
      password: "x",
      wallets: [{ address, sol: "123.000000001", tokens: { [MINT]: "18446744073709551615" } }],
    },
  ];
  const { axiom } = await setUp({ users });
  const held = await axiom.account.getWallets();
  expect(held.wallets).toMatchObject([{ walletAddress: address, network: "sol", isPrimary: true, moreFields: {} }]);
  expect(Buffer.from(held.bundleKey?.reveal() ?? "", "base64")).toHaveLength(32);
  expect(inspect(held, { depth: null, showHidden: true })).not.toContain(held.bundleKey?.reveal());
  const later = await axiom.account.getWallets({ version: 2 });
  expect([later.bundleKey?.reveal(), later.wallets]).toEqual([held.bundleKey?.reveal(), held.wallets]);
  expect(inspect(later, { depth: null, showHidden: true })).not.toContain(held.bundleKey?.reveal());
  expect(await axiom.account.balanceOf(address)).toEqual({
    wallet: address,
    asset: "SOL",
    units: 123_000_000_001n,
    decimals: 9,
  });
  const [accounts] = await axiom.account.tokenAccountsOf([address]);
  expect(accounts).toMatchObject({
    ok: true,
    value: { tokenAccounts: [{ tokenAddress: MINT, balanceRaw: 18446744073709551615n }] },
  });
  const settings = await axiom.account.getSettings();
  expect(settings.solPresets?.get("preset1")?.sell).toMatchObject({ slippage: "40", autoFee: expect.any(Boolean) });
  expect(Object.keys(settings.moreFields).length).toBeGreaterThan(0);
  expect(await axiom.account.getAlerts()).toMatchObject({ alerts: [] });
  expect(await axiom.account.listWatchlist()).toEqual([]);
  expect(await axiom.account.listNonceAccounts([])).toEqual([]);
  expect([await axiom.account.getFriends(), await axiom.account.getLobby()]).toEqual([{}, {}]);
  expect(await axiom.account.evmBalancesOf([`0x${"ab".repeat(20)}`])).toEqual(new Map());
});

describe("balances", () => {
  test("of many wallets are asked for a hundred at a time, and come back in their order", async () => {
    const asked = wallets(250);
    const sol = new Map(asked.map((wallet, index) => [wallet, index / 8]));
    const { axiom, requests } = await setUpFake(({ body }) => ({
      json: Object.fromEntries(body.publicKeys.map((wallet: string) => [wallet, { balanceSol: sol.get(wallet) }])),
    }));
    const outcomes = await axiom.account.balancesOf(asked);
    expect(requests.map(({ body }) => body.publicKeys.length).sort((a, b) => b - a)).toEqual([100, 100, 50]);
    expect(outcomes.map((outcome) => outcome.ok && outcome.value.units)).toEqual(
      asked.map((_, index) => BigInt(index) * 125_000_000n),
    );
  });

  test("that cannot be read, or are missing, cost their own wallet alone", async () => {
    const [good, inexact, missing] = wallets(3) as [string, string, string];
    const { axiom } = await setUpFake(() => ({ text: `{"${good}":2,"${inexact}":{"balanceSol":0.1234567891}}` }));
    const outcomes = await axiom.account.balancesOf([missing, inexact, good]);
    expect(outcomes.map((outcome) => outcome.ok)).toEqual([false, false, true]);
    expect((outcomes[0] as { error: Error }).error.message).toBe(
      `/batched-sol-balance: there is no entry for ${missing}`,
    );
    expect((outcomes[1] as { error: Error }).error).toBeInstanceOf(ProtocolError);
    await expect(axiom.account.balanceOf(inexact)).rejects.toThrow("is no exact number of lamports: 0.1234567891");
  });

  test("of a call that fails are that error, those of the others stay", async () => {
    const asked = wallets(101);
    const { axiom } = await setUpFake(({ body }) =>
      body.publicKeys.length === 1
        ? { status: 400, json: { error: "no" } }
        : { json: Object.fromEntries(body.publicKeys.map((wallet: string) => [wallet, 1])) },
    );
    const outcomes = await axiom.account.balancesOf(asked);
    expect(outcomes.filter((outcome) => outcome.ok)).toHaveLength(100);
    expect(outcomes[100]).toMatchObject({ ok: false, error: { message: "POST /batched-sol-balance: no (HTTP 400)" } });
  });

  test("asked for one by one become one call where batching is on", async () => {
    const asked = wallets(30);
    const { axiom, requests } = await setUpFake(
      ({ body }) => ({ json: Object.fromEntries(body.publicKeys.map((wallet: string) => [wallet, 1])) }),
      { batching: { maxAgeMs: 5, maxSize: 100 } },
    );
    const balances = await Promise.all(asked.map((wallet) => axiom.account.balanceOf(wallet)));
    expect(balances.map(({ wallet }) => wallet)).toEqual(asked);
    expect(requests).toHaveLength(1);
  });
});

describe("tracked wallets", () => {
  test("have their trades read from the paper venue", async () => {
    const { axiom, venue } = await setUp();
    const trades = await axiom.tracking.listTransactions({ detailedTypes: ["First Buy", "Buy More"] });
    expect(trades.length).toBeGreaterThan(0);
    expect(new Set(trades.map(({ type }) => type))).toEqual(new Set(["buy"]));
    for (const { detailedType, averageEntryMarketCapSol, totalSol, feeSol, tokenAmount, supply } of trades) {
      if (detailedType !== "First Buy") continue;
      // As the captures have it: what was paid, fee included, for the whole supply.
      const cap = (((totalSol ?? 0) + (feeSol ?? 0)) / (tokenAmount ?? 1)) * (supply ?? 0);
      expect(averageEntryMarketCapSol).toBeCloseTo(cap, 3);
    }
    const pair = venue.pairAddresses[0] as string;
    const [holder] = (await axiom.market.listHolders(pair)).slice(1);
    const [feed] = await axiom.tracking.listTransactionsOf(pair, [holder?.walletAddress as string]);
    expect(feed?.outcome.ok && feed.outcome.value.every((trade) => trade.makerAddress === holder?.walletAddress)).toBe(
      true,
    );
    await axiom.tracking.addWallet({ walletAddress: createWallet().address, name: "New", emoji: "👀" });
  });

  test("are asked about a hundred at a time", async () => {
    const asked = wallets(120);
    const { axiom, requests } = await setUpFake(({ body }) =>
      body.makerAddress.split(",").length === 20 ? { status: 400, json: { error: "no" } } : { json: [] },
    );
    const feeds = await axiom.tracking.listTransactionsOf(PAIR, asked);
    expect(feeds.map((feed) => [feed.wallets.length, feed.outcome.ok])).toEqual([
      [100, true],
      [20, false],
    ]);
    expect(requests.map(({ body }) => [body.pairAddress, body.orderBy])).toEqual([
      [PAIR, "DESC"],
      [PAIR, "DESC"],
    ]);
  });

  test("are filtered by what is asked, everything else open", async () => {
    const { axiom, requests } = await setUpFake(() => ({ json: [] }));
    await axiom.tracking.listTransactions({ totalSol: { min: 1, max: null } });
    const open = { min: null, max: null };
    expect(requests[0]?.body).toEqual({
      detailedTypes: [...TRACKED_TYPES],
      ...{ tokenMinsAgoCreated: open, marketCap: open, totalSol: { min: 1, max: null }, v: expect.any(Number) },
    });
    await axiom.tracking.listBnbTransactions({ userId: "user" });
    expect(requests[1]).toMatchObject({
      path: "/tracked-wallet-transactions-v2",
      body: { userId: "user", totalBnb: open },
    });
  });

  test("are added once: a reply that is lost is not made up for", async () => {
    const { axiom, requests } = await setUpFake(() => "reset");
    const error = await rejectionOf(axiom.tracking.addWallet({ walletAddress: WALLET, name: "x", emoji: "x" }));
    expect(error).toMatchObject({ outcome: "unknown" });
    expect(requests).toHaveLength(1);
  });
});

describe("Turnkey", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "prime256v1" });
  const point = publicKey.export({ format: "der", type: "spki" }).subarray(-65);
  const compressed = Buffer.concat([Buffer.of(2 + ((point[64] as number) & 1)), point.subarray(1, 33)]).toString("hex");
  const request = {
    organizationId: "org",
    publicKey: compressed,
    sign: (body: Uint8Array) => sign("sha256", body, privateKey),
  };

  test("is asked with a stamp over the exact body, and gets no cookie of Axiom", async () => {
    const { axiom, requests } = await setUpFake(() => ({ json: { userId: "u", username: "n" } }));
    expect(await axiom.account.turnkeyWhoami(request)).toEqual({ userId: "u", username: "n" });
    const { headers, path, body } = requests[0] as FakeRequest;
    expect(path).toBe("/public/v1/query/whoami");
    expect(headers.cookie).toBeUndefined();
    expect(headers).toMatchObject({
      "content-type": "text/plain;charset=UTF-8",
      "x-client-version": "@turnkey/sdk-server@1.7.3",
      origin: "https://axiom.trade",
    });
    const stamp = JSON.parse(Buffer.from(String(headers["x-stamp"]), "base64").toString("utf8"));
    expect(stamp).toMatchObject({ publicKey: compressed, scheme: "SIGNATURE_SCHEME_TK_API_P256" });
    const verify = createVerify("sha256").update(JSON.stringify(body));
    expect(verify.verify(publicKey, Buffer.from(stamp.signature, "hex"))).toBe(true);
  });

  test("is not asked when key or signature cannot be one", async () => {
    const { axiom, requests } = await setUpFake(() => ({ json: {} }));
    const bad = [
      { ...request, publicKey: "04" },
      { ...request, organizationId: "" },
      { ...request, sign: () => createHash("sha256").digest() },
    ];
    for (const one of bad)
      expect(await rejectionOf(axiom.account.turnkeyWhoami(one))).toBeInstanceOf(InvalidInputError);
    expect(requests).toEqual([]);
  });
});
