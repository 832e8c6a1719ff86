import { describe, expect, onTestFinished, test } from "vitest";
import { InvalidInputError } from "../../../src/errors.ts";
import { createAxiom, localUrls, pulseFilter } from "../../../src/venues/axiom/index.ts";
import { BAD_CONTROLS } from "../../support/bad-controls.ts";
import { rejectionOf } from "../../support/rejection.ts";
import { MINT, SIGNATURE, WALLET } from "./examples.ts";
import { fakeAxiom, token } from "./fake-axiom.ts";
import { createTransaction, createWallet } from "./wallets.ts";

// What plain JavaScript can pass where the types say otherwise: each is refused at the call, with nothing sent.

const transaction = createTransaction([createWallet()], "a");
const preset = {
  ...{ slippage: "20", priorityFeeSol: "0.001", bribeFeeSol: 0.01 },
  ...{ mevProtection: true, enhancedMevProtection: false },
};
const report = {
  ...{ signature: SIGNATURE, success: true, timeTakenMs: 412.5, provider: "0xslot", region: "EU" },
  preset,
};
const tracked = { walletAddress: WALLET, name: "n", emoji: "e" };
const holes = <T>(item: T) => {
  const list = [item, item];
  delete list[0];
  return list;
};

async function setUp() {
  const fake = await fakeAxiom({ answer: () => ({ json: {} }) });
  const client = createAxiom({
    ...{ urls: fake.urls, session: { accessToken: token("user", 900), refreshToken: "refresh" } },
    unverified: true,
  });
  onTestFinished(() => client.close());
  // biome-ignore lint/suspicious/noExplicitAny: it is what callers without types have
  return { ...fake, axiom: { ...client } as any };
}

// biome-ignore lint/suspicious/noExplicitAny: as above
const rows: readonly (readonly [what: string, call: (axiom: any) => Promise<unknown>, words: string])[] = [
  [
    "provider 5",
    (axiom) => axiom.transactions.submitMany([{ transaction, provider: 5 }]),
    "transactions[0].provider must be a name",
  ],
  ["no transaction", (axiom) => axiom.transactions.submitMany([undefined]), "transactions[0] must be an object"],
  ["a hole", (axiom) => axiom.transactions.submitMany(holes({ transaction })), "transactions[0] must be an object"],
  ["null protection", (axiom) => axiom.transactions.submitMany([{ transaction }], null), "control must be an object"],
  [
    "a signal that is none",
    (axiom) => axiom.transactions.submitMany([{ transaction }], { signal: {} }),
    "signal must be an AbortSignal",
  ],
  ["no report", (axiom) => axiom.transactions.reportTransactions([null]), "reports[0] must be an object"],
  [
    "a hole of reports",
    (axiom) => axiom.transactions.reportTransactions(holes(report)),
    "reports[0] must be an object",
  ],
  [
    "no preset",
    (axiom) => axiom.transactions.reportTransactions([{ ...report, preset: undefined }]),
    "reports[0].preset must be an object",
  ],
  [
    "a figure that is a list",
    (axiom) => axiom.transactions.reportTransactions([{ ...report, preset: { ...preset, slippage: ["20"] } }]),
    "reports[0].preset.slippage must be a number",
  ],
  [
    "a figure that is a bigint",
    (axiom) => axiom.transactions.reportTransactions([{ ...report, preset: { ...preset, slippage: 5n } }]),
    "reports[0].preset.slippage must be a number",
  ],
  ["no position", (axiom) => axiom.transactions.reportOpenedPosition(undefined), "position must be an object"],
  ["no tracked wallet", (axiom) => axiom.tracking.addWallet(undefined), "wallet must be an object"],
  ["a group of 5", (axiom) => axiom.tracking.addWallet({ ...tracked, groupId: 5 }), "groupId must be text"],
  [
    "an alert of text",
    (axiom) => axiom.tracking.addWallet({ ...tracked, alertsOnFeed: "yes" }),
    "alertsOnFeed must be true or false",
  ],
  [
    "types that are no list",
    (axiom) => axiom.tracking.listTransactions({ detailedTypes: "Sell All" }),
    "detailedTypes must be a list",
  ],
  ["wallets with a hole", (axiom) => axiom.account.balancesOf(holes(WALLET)), "wallets[0] must be a Solana address"],
  ["no nonce wallets", (axiom) => axiom.account.listNonceAccounts(undefined), "userWallets must be a list"],
  [
    "another's wallet as text",
    (axiom) =>
      axiom.account.getActivePortfolio({
        ...{ walletAddresses: [WALLET], isOtherWallet: "no", tokenAddressToAmountMap: {}, userSolBalance: 1 },
      }),
    "isOtherWallet must be true or false",
  ],
  ["no portfolio", (axiom) => axiom.account.getActivePortfolio(undefined), "request must be an object"],
  [
    "a balance as text",
    (axiom) =>
      axiom.account.getActivePortfolio({
        ...{ walletAddresses: [WALLET], tokenAddressToAmountMap: {}, userSolBalance: "1" },
      }),
    "userSolBalance must be a number",
  ],
  [
    "no amounts",
    (axiom) => axiom.account.getActivePortfolio({ walletAddresses: [WALLET], userSolBalance: 1 }),
    "tokenAddressToAmountMap must be an object",
  ],
  ["no turnkey request", (axiom) => axiom.account.turnkeyWhoami(undefined), "request must be an object"],
  [
    "a key in a list",
    (axiom) =>
      axiom.account.turnkeyWhoami({
        ...{ organizationId: "o", publicKey: [`02${"0".repeat(64)}`], sign: () => new Uint8Array(8) },
      }),
    "publicKey must be a compressed P-256 key",
  ],
  ["a token of nobody", (axiom) => axiom.market.analyzeToken(undefined), "request must be an object"],
  ["no chart", (axiom) => axiom.market.listChartBars(undefined), "request must be an object"],
  [
    "outliers of text",
    (axiom) =>
      axiom.market.listChartBars({
        ...{ pairAddress: MINT, interval: "1m", fromUs: 0, toUs: 1e9, showOutliers: "yes" },
      }),
    "showOutliers must be true or false",
  ],
  ["a period with a bigint", (axiom) => axiom.market.listTrending({ of: 1n }), "period must be one of"],
  ["no query", (axiom) => axiom.unverified.get("/path", null), "query must be an object"],
  ["a filter of text", (axiom) => axiom.market.listPulse("newPairs", { filter: "x" }), "filter must be an object"],
  ["a price of text", (axiom) => axiom.market.listPulse("newPairs", { usdPerSol: "9" }), "usdPerSol must be a number"],
  ["a read's control", (axiom) => axiom.market.getOnlineUsers({ signal: "x" }), "signal must be an AbortSignal"],
  ["a read's null", (axiom) => axiom.market.getOnlineUsers(null), "control must be an object"],
  ["a session's control", (axiom) => axiom.session.ensure({ signal: {} }), "signal must be an AbortSignal"],
  ["no tokens", (axiom) => axiom.session.use(undefined), "session must be an object"],
];

describe("calls", () => {
  test.each(rows)("refuse %s, before anything is sent", async (_, call, words) => {
    const { axiom, requests } = await setUp();
    const error = await rejectionOf(call(axiom));
    expect(error.message).toContain(words);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(requests).toEqual([]);
  });
});

describe("a control that is none", () => {
  const key = { organizationId: "o", publicKey: `02${"0".repeat(64)}` };
  const portfolio = { walletAddresses: [WALLET], tokenAddressToAmountMap: {}, userSolBalance: 1 };
  const chart = { pairAddress: MINT, interval: "1m", fromUs: 0, toUs: 1e9 };
  const position = { walletAddresses: [WALLET], tokenAddress: MINT, subOrgId: "o" };
  const evm = `0x${"a".repeat(40)}`;
  const signed: unknown[] = [];
  const sign = (body: unknown) => signed.push(body);
  // What comes before the control, of every call of each group.
  const given: Readonly<Record<string, Readonly<Record<string, readonly unknown[]>>>> = {
    market: {
      ...{ getServerTimeUs: [], getOnlineUsers: [], getAnnouncement: [], getLighthouse: [], getCoinPrices: [] },
      ...{ listTrending: ["1h"], getTokenInfo: [MINT], getPairInfo: [MINT], getPairRecord: [MINT], findPair: [MINT] },
      ...{ getLastTransaction: [MINT], listPairMinutes: [MINT], listHolders: [MINT], listHoldersV3: [MINT] },
      ...{ listTopTraders: [MINT], listTopTradersV3: [MINT], listTransactions: [MINT], listTransactionsV3: [MINT] },
      ...{ listDevTokens: [MINT], analyzeToken: [{ devAddress: WALLET, tokenTicker: "T" }], search: ["a"] },
      ...{ listChartBars: [chart], listPulse: ["newPairs"], getPairMetadata: [[MINT]] },
    },
    account: {
      ...{ balanceOf: [WALLET], balancesOf: [[WALLET]], tokenAccountsOf: [[WALLET]], getSettings: [], getWallets: [] },
      ...{ getAlerts: [], listWatchlist: [], listNonceAccounts: [[WALLET]], getUserData: [], getSharingConfig: [] },
      ...{ getTotalAccountValue: [], listNotifications: [], getTwitterSettings: [], getFriends: [], getLobby: [] },
      ...{ listOpenPositions: [[WALLET]], listOpenPositionsOf: [WALLET], getActivePortfolio: [portfolio] },
      ...{ evmBalancesOf: [[evm]], evmTokenBalancesOf: [[evm]], bnbNoncesOf: [[evm]] },
      turnkeyWhoami: [{ ...key, sign }],
    },
    tracking: {
      ...{ listTransactions: [{}], listTransactionsOf: [MINT, [WALLET]], listWallets: [], addWallet: [tracked] },
      ...{ listBnbTransactions: [{ userId: "u" }], listBnbWallets: ["u"] },
    },
    transactions: {
      ...{ submitMany: [[{ transaction }]], reportTransactions: [[report]] },
      ...{ reportOpenedPosition: [position], reportClosedPosition: [position] },
    },
    session: { ensure: [], login: [], refresh: [] },
    unverified: { getPortfolio: [portfolio], get: ["/path", {}] },
  };

  test("is refused by every call, before anything is sent", async () => {
    const { axiom, requests } = await setUp();
    for (const [group, calls] of Object.entries(given)) {
      const others = ["getInfo", "use", "clear"]; // without one
      expect(
        Object.keys(axiom[group])
          .filter((name) => !others.includes(name))
          .sort(),
      ).toEqual(Object.keys(calls).sort());
      for (const [name, before] of Object.entries(calls)) {
        for (const [control, words] of BAD_CONTROLS) {
          const error = await rejectionOf(axiom[group][name](...before, control));
          expect(error.message, `${group}.${name}`).toBe(words);
          expect(error, `${group}.${name}`).toBeInstanceOf(InvalidInputError);
        }
      }
    }
    expect(signed).toEqual([]);
    expect(requests).toEqual([]);
  });
});

describe("options", () => {
  const store = { load: async () => undefined, save: async () => {}, clear: async () => {} };
  const wallet = { walletAddress: WALLET, sign: () => new Uint8Array(64) };
  test.each<[object, string]>([
    [null as never, "options must be an object, got null"],
    [{ sessionStore: {} }, "sessionStore.load must be a function, got undefined"],
    [{ sessionStore: { ...store, clear: 5 } }, "sessionStore.clear must be a function, got 5"],
    [{ sessionStore: "file" }, 'sessionStore must be an object, got "file"'],
    [{ batching: true }, "batching must be an object, got true"],
    [{ venue: 5 }, "venue must be lower-case letters"],
    [{ venue: ["a"] }, "venue must be lower-case letters, digits and -, got object"],
    [{ clock: {} }, "clock.nowUs must be a function, got undefined"],
    [{ clock: 5 }, "clock must be an object, got 5"],
    [{ random: {} }, "random.next must be a function, got undefined"],
    [{ backoff: 5 }, "backoff must be an object, got 5"],
    [{ backoff: { base: 5 } }, 'a field of backoff must be one of baseMs, capMs, factor, got "base"'],
    [{ http: "x" }, 'http must be an object, got "x"'],
    [{ http: { lookup: 5 } }, "http.lookup must be a function, got 5"],
    [{ bogus: 1 }, "there is no option bogus of createAxiom; there are venue, urls, region,"],
    [{ sesion: {} }, "there is no option sesion of createAxiom: did you mean session?"],
    [{ limit: 5 }, "limit must be an object, got 5"],
    [{ limit: { rate: 5 } }, 'a field of limit must be one of requests, windowMs, got "rate"'],
    [{ limit: { requests: "5" } }, "limit.requests must be a whole number from 1 to 100000, got 5"],
    [{ keepSessionAlive: "no" }, 'keepSessionAlive must be true or false, got "no"'],
    [{ unverified: 1 }, "unverified must be true or false, got 1"],
    [{ metrics: {} }, "metrics must be a MetricsRegistry, got object"],
    [{ region: 5n }, "region must be one of us-west"],
    [{ region: Symbol() }, "region must be one of us-west"],
    [{ urls: {} }, "urls.cluster must be an object, got undefined"],
    [{ urls: "x" }, 'urls must be an object, got "x"'],
    [{ urls: { cluster: { global: 5 } } }, "urls.cluster.global must be a list of at least one URL"],
    [{ session: 5 }, "session must be an object, got 5"],
    [{ credentials: "x" }, "credentials must be an object"],
    [{ credentials: { ...wallet, turnstileToken: 5 } }, "credentials.turnstileToken must be text or a function"],
    [{ credentials: { ...wallet, allowRegistration: "no" } }, "credentials.allowRegistration must be true or false"],
  ])("refuse %o", (options, words) => {
    expect(() => createAxiom(options)).toThrow(InvalidInputError);
    expect(() => createAxiom(options)).toThrow(words);
  });
});

test("streams refuse signals and pages that are none", async () => {
  const { axiom } = await setUp();
  for (const open of [axiom.stream.rooms, axiom.stream.trackedTrades, axiom.stream.friends]) {
    const bad = { onError() {}, signal: {} };
    expect(() => open(bad)).toThrow(InvalidInputError);
    expect(() => open(bad)).toThrow("signal must be an AbortSignal");
    expect(() => open(undefined)).toThrow(InvalidInputError);
  }
  expect(() => axiom.stream.rooms({ onError() {}, rooms: "new_pairs" })).toThrow("rooms must be a list");
  expect(() => axiom.stream.friends({ onError() {}, page: null })).toThrow("page must be an object");
});

test("streams refuse an overflow and a state that are none", async () => {
  const { axiom } = await setUp();
  const { rooms, pulse, trackedTrades, friends } = axiom.stream;
  for (const open of [rooms, pulse, trackedTrades, friends]) {
    for (const [overflow, words] of [
      [null, "overflow must be an object, got null"],
      ["close", 'overflow must be an object, got "close"'],
      [{ policy: 5n }, "overflow.policy must be dropOldest or close, got 5"],
      [{ capacity: Symbol() }, "overflow.capacity must be a whole number from 1 to 1000000, got Symbol()"],
    ] as const) {
      expect(() => open({ onError() {}, overflow })).toThrow(InvalidInputError);
      expect(() => open({ onError() {}, overflow })).toThrow(words);
    }
    expect(() => open({ onError: null })).toThrow("onError must be a function, got null");
  }
  const stream = pulse({ onError() {} });
  for (const [state, words] of [
    [null, "state must be an object, got null"],
    ["x", 'state must be an object, got "x"'],
    [{ tables: null }, "state.tables must be an object, got null"],
    [{ filters: 5 }, "state.filters must be an object, got 5"],
    [{ blacklist: null }, "state.blacklist must be an object, got null"],
    [{ unhideMigrated: "no" }, 'state.unhideMigrated must be true or false, got "no"'],
  ] as const) {
    for (const use of [() => pulse({ onError() {}, state }), () => stream.setState(state)]) {
      expect(use).toThrow(InvalidInputError);
      expect(use).toThrow(words);
    }
  }
  expect(() => pulseFilter(null as never)).toThrow("parts must be an object, got null");
});

test("localUrls takes text alone", () => {
  const [rest, socket] = ["http://127.0.0.1:1", "ws://127.0.0.1:1"];
  for (const [given, words] of [
    [[rest, socket, null], "paths must be an object, got null"],
    [[rest, socket, { pulse: 5 }], "pulse must be text, got 5"],
    [[rest, socket, { friendsSocket: Symbol() }], "friendsSocket must be text, got Symbol()"],
    [[rest, Symbol()], "socket must be text, got Symbol()"],
    [[5, socket], "rest must be text, got 5"],
  ] as const) {
    const use = () => localUrls(...(given as unknown as Parameters<typeof localUrls>));
    expect(use).toThrow(InvalidInputError);
    expect(use).toThrow(words);
  }
  expect(localUrls(rest, socket, { pulse: undefined } as never).pulse).toEqual([`${socket}/ws`]);
});

test("its events are listened to by their names, with functions", async () => {
  const { axiom } = await setUp();
  for (const verb of ["on", "once", "off"]) {
    expect(() => axiom.events[verb]("nope", () => {})).toThrow(InvalidInputError);
    expect(() => axiom.events[verb]("sessionLost", null)).toThrow("listener must be a function, got null");
  }
});
