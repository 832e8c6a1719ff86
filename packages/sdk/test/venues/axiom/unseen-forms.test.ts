// Replies whose form no source shows: what comes must be handed over as it is, whatever it is, and never break a call.
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { ProtocolError } from "../../../src/errors.ts";
import { createAxiom, type RoomEvent, type UnverifiedAxiomClient } from "../../../src/venues/axiom/index.ts";
import { rejectionOf } from "../../support/rejection.ts";
import { MINT, PAIR, WALLET } from "./examples.ts";
import { fakeAxiom, token, until } from "./fake-axiom.ts";
import { createTransaction, createWallet } from "./wallets.ts";

const EVM = `0x${"ab".repeat(20)}`;
const PORTFOLIO = { walletAddresses: [WALLET], tokenAddressToAmountMap: { [MINT]: 5 }, userSolBalance: 1 };

async function setUpFake(answer: () => string) {
  const fake = await fakeAxiom({
    answer: () => ({ text: answer(), headers: { "content-type": "application/json" } }),
  });
  const axiom = createAxiom({
    urls: fake.urls,
    session: { accessToken: token("user", 900) },
    limit: { requests: 100_000 },
    unverified: true,
  });
  onTestFinished(() => axiom.close());
  return { ...fake, axiom };
}

type Call = readonly [name: string, call: (axiom: UnverifiedAxiomClient) => Promise<unknown>];

/** Each with the form that it asks of a reply: none, a list, an object. */
const ANYTHING: readonly Call[] = [
  ["user-data", (axiom) => axiom.account.getUserData()],
  ["sharing-config-v2", (axiom) => axiom.account.getSharingConfig()],
  ["total-account-value-v2", (axiom) => axiom.account.getTotalAccountValue()],
  ["get-notifications", (axiom) => axiom.account.listNotifications()],
  ["twitter-settings", (axiom) => axiom.account.getTwitterSettings()],
  ["meme-open-positions", (axiom) => axiom.account.listOpenPositionsOf(WALLET, { version: 1 })],
  ["meme-open-positions-v2", (axiom) => axiom.account.listOpenPositionsOf(WALLET)],
  ["meme-open-positions-v3", (axiom) => axiom.account.listOpenPositions([WALLET])],
  ["portfolio-fast-active-v2", (axiom) => axiom.account.getActivePortfolio(PORTFOLIO)],
  ["tracked-wallets-v3", (axiom) => axiom.tracking.listWallets()],
  ["add-tracked-wallet-v2", (axiom) => axiom.tracking.addWallet({ walletAddress: WALLET, name: "x", emoji: "x" })],
  ["tracked-wallet-transactions-v2", (axiom) => axiom.tracking.listBnbTransactions({ userId: "user" })],
  ["tracked-wallets-v2", (axiom) => axiom.tracking.listBnbWallets("user")],
  ["batch-pair-metadata", (axiom) => axiom.market.getPairMetadata([PAIR])],
  ["kol-transactions-v2", (axiom) => axiom.unverified.get("/kol-transactions-v2", { pairAddress: PAIR })],
  [
    "batched-send-tx-v2",
    async (axiom) => {
      const [outcome] = await axiom.transactions.submitMany([
        { transaction: createTransaction([createWallet()], "a") },
      ]);
      return outcome?.ok ? outcome.value.venueReply : outcome?.error;
    },
  ],
];
const LISTS: readonly Call[] = [
  ["watchlist-v2", (axiom) => axiom.account.listWatchlist()],
  ["user-nonce-accounts", (axiom) => axiom.account.listNonceAccounts([WALLET])],
];
const RECORDS: readonly Call[] = [
  ["user-friends-with-status", (axiom) => axiom.account.getFriends()],
  ["lobby", (axiom) => axiom.account.getLobby()],
  ["pair-info", (axiom) => axiom.market.getPairRecord(PAIR)],
  ["portfolio-v5", (axiom) => axiom.unverified.getPortfolio(PORTFOLIO)],
];
const MAPS: readonly Call[] = [
  ["batched-evm-balance", (axiom) => axiom.account.evmBalancesOf([EVM])],
  ["batched-evm-token-balances", (axiom) => axiom.account.evmTokenBalancesOf([EVM])],
  ["batched-bnb-nonces", (axiom) => axiom.account.bnbNoncesOf([EVM])],
];

/** A value as JSON has it: what a reply can say at all. */
const plain = (value: unknown) => JSON.stringify(JSON.parse(JSON.stringify(value)));

async function handsOver(
  call: Call[1],
  values: fc.Arbitrary<unknown>,
  toPlain: (result: unknown) => unknown = (result) => result,
) {
  let reply = "";
  const { axiom, requests } = await setUpFake(() => reply);
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(values, async (value) => {
      reply = JSON.stringify(value);
      expect(JSON.stringify(toPlain(await call(axiom)))).toBe(plain(value));
      asked++;
    }),
    { numRuns: 40 },
  );
  expect(requests).toHaveLength(asked);
}

test.each(ANYTHING)("%s: whatever JSON comes is handed over", async (name, call) => {
  await handsOver(call, fc.jsonValue());
  const { axiom, requests } = await setUpFake(() => "{}");
  await call(axiom);
  expect(requests[0]?.path).toBe(`/${name}`);
});

test.each(LISTS)("%s: items of whatever form are handed over", async (_, call) => {
  await handsOver(call, fc.array(fc.jsonValue(), { maxLength: 5 }));
});

test.each(RECORDS)("%s: fields of whatever form are handed over", async (_, call) => {
  await handsOver(call, fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5, noNullPrototype: true }));
});

test.each(MAPS)("%s: entries of whatever form are handed over, by their key", async (_, call) => {
  const values = fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 5, noNullPrototype: true });
  await handsOver(call, values, (map) => Object.fromEntries(map as ReadonlyMap<string, unknown>));
});

test.each([...LISTS, ...RECORDS, ...MAPS])(
  "%s: a reply of another kind is an error that shows none of it",
  async (_, call) => {
    const { axiom } = await setUpFake(() => '"planted-secret"');
    const error = await rejectionOf(call(axiom));
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.message).toMatch(/: must be (a list|an object), got string$/);
  },
);

test("a reply of the second call for held wallets that has another form shows nothing: it may hold the key", async () => {
  const { axiom, requests } = await setUpFake(
    () => '{"bundle":{"key":"planted-secret"},"wallets":[{"key":"planted-secret"}]}',
  );
  const error = await rejectionOf(axiom.account.getWallets({ version: 2 }));
  expect(error).toBeInstanceOf(ProtocolError);
  expect(`${error.message} ${error.stack}`).not.toContain("planted-secret");
  expect(requests).toMatchObject([{ method: "POST", path: "/bundle-key-and-wallets-v2" }]);
});

describe("rooms", () => {
  const NAMES_ONLY = [
    ...[`${PAIR}-dex-paid`, `${PAIR}-wallet_funding`, `${PAIR}_refresh`, `kol_tx:${PAIR}`, `pump-cto:${PAIR}`],
    ...[`e:${PAIR}`, `soc_bub:${MINT}`, `user-tx:${WALLET}`, "migrations", "migration-heaven", "announcement"],
    ...["force-refresh", "surge-updates", "trending-search-crypto", "twitter_active_list", "1h-meme-trending"],
    ...[
      "meme-trending-refresh-liquidities",
      "bnb|migrations",
      "bnb|gas_standard",
      "bnb|gas_fast",
      "bnb|gas_rapid",
      MINT,
    ],
  ];
  const KNOWN_PREFIX = /^(f:|t:|td:|b-|e-|s:|a:|v:|new-trending:)/;
  const KNOWN =
    /^(new_pairs|(sol|btc|eth|bnb)_price|sol-priority-fee|jito-bribe-fee|block_hash|connection_monitor|lighthouse|update_pulse_v2|twitter_feed_v2|pump-live-stream-tokens|thumbnail|token-thumbnails|twitter-preview)$/;
  const names = fc
    .stringMatching(/^[\x21-\x7e]{1,60}$/)
    .filter((room) => !KNOWN_PREFIX.test(room) && !KNOWN.test(room));

  test("of which only the name is known, and any other, may be joined, and what they say is handed over untouched", async () => {
    const joined: string[] = [];
    const fake = await fakeAxiom({
      onSocket: (socket) => socket.on("message", (data) => joined.push(JSON.parse(data.toString()).room)),
    });
    const axiom = createAxiom({ urls: fake.urls, session: { accessToken: token("user", 900) } });
    onTestFinished(() => axiom.close());
    const events: RoomEvent[] = [];
    const errors: Error[] = [];
    const stream = axiom.stream.rooms({
      rooms: NAMES_ONLY,
      onEvent: (event) => events.push(event),
      onError: (error) => errors.push(error),
    });
    await stream.ready;
    await until(() => joined.length === NAMES_ONLY.length);
    expect(joined).toEqual(NAMES_ONLY);

    const others = fc.sample(names, { numRuns: 100, seed: 3 });
    const rooms = [...NAMES_ONLY, ...others];
    const contents = fc.sample(fc.jsonValue(), { numRuns: rooms.length, seed: 4 });
    const sent = rooms.map((room, index) => ({ room, content: contents[index] }));
    for (const message of sent) fake.sockets[0]?.send(JSON.stringify(message));
    await until(() => events.length + errors.length === sent.length);
    expect(errors).toEqual([]);
    for (const [index, event] of events.entries()) {
      expect(event).toMatchObject({ kind: "unknown", room: rooms[index] });
      expect(event.kind === "unknown" && JSON.stringify(event.content)).toBe(plain(contents[index]));
    }
  });
});
