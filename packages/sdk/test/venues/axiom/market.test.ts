import { InvalidInputError } from "@pitlane/perf";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { ProtocolError, RateLimitError, RejectedError, VenueUnavailableError } from "../../../src/errors.ts";
import {
  type AxiomOptions,
  axiomVenue,
  createAxiom,
  type OpenRecord,
  pulseFilter,
} from "../../../src/venues/axiom/index.ts";
import { rejectionOf } from "../../support/rejection.ts";
import { MINT, PAIR, WALLET } from "./examples.ts";
import { type FakeAnswer, type FakeRequest, fakeAxiom, token } from "./fake-axiom.ts";
import { setUp } from "./paper-axiom.ts";

const SESSION = { accessToken: token("user", 900), refreshToken: "refresh" };

/** A venue that answers all calls as told, and a client of it. */
async function setUpFake(answer: (request: FakeRequest, count: number) => FakeAnswer, options: AxiomOptions = {}) {
  const fake = await fakeAxiom({ answer });
  const axiom = createAxiom({ urls: fake.urls, session: SESSION, ...options });
  onTestFinished(() => axiom.close());
  return { ...fake, axiom };
}

test("every call about markets is read from the paper venue, which has its shapes from the same captures", async () => {
  const { axiom, venue } = await setUp();
  const { market } = axiom;
  const pair = venue.pairAddresses[0] as string;
  const info = await market.getPairInfo(pair);
  const dev = info.deployerAddress as string;
  const ticker = info.tokenTicker as string;
  expect(info).toMatchObject({ pairAddress: pair, moreFields: {} });
  expect(Math.abs((await market.getServerTimeUs()) / 1000 - Date.now())).toBeLessThan(60_000);
  expect((await market.getAnnouncement()).message).toBe("");
  expect(await market.findPair(info.tokenAddress)).toMatchObject({ pairAddress: pair, tokenTicker: ticker });
  expect(await market.getTokenInfo(pair)).toMatchObject({ numHolders: expect.any(Number), moreFields: {} });
  expect(await market.getLastTransaction(pair)).toMatchObject({ pairAddress: pair, moreFields: {} });

  const trending = await market.listTrending("1h");
  expect(trending.length).toBeGreaterThan(0);
  for (const row of trending) {
    expect(row.moreColumns).toEqual([]);
    expect(row.transactions).toBe((row.buys ?? 0) + (row.sells ?? 0));
    expect(row.marketCapSol).toBeCloseTo((row.priceSol ?? 0) * (row.supply ?? 0), 6);
    expect(row.sparkline?.length).toBeGreaterThan(0);
  }

  // The market goes on between two calls: of one moment both give the same.
  await vi.waitFor(async () => {
    const [[pool, ...holders], named] = await Promise.all([market.listHolders(pair), market.listHoldersV3(pair)]);
    expect(pool?.walletAddress).toBe(pair);
    expect(holders.length).toBeGreaterThan(0);
    for (const holder of named) {
      const row = holders.find(({ walletAddress }) => walletAddress === holder.walletAddress);
      if (row === undefined) continue;
      expect([row.buyTransactions, row.likelyIsSniper]).toEqual([holder.buyTransactions, holder.isSniper]);
    }
  });
  await vi.waitFor(async () => {
    const [traders, tradersV3] = await Promise.all([market.listTopTraders(pair), market.listTopTradersV3(pair)]);
    const walletsOf = (list: readonly { readonly walletAddress: string }[]) => list.map((one) => one.walletAddress);
    expect(walletsOf(tradersV3)).toEqual(walletsOf(traders));
  });

  const minutes = await market.listPairMinutes(pair);
  expect(minutes.map(({ startUs }) => startUs)).toEqual(minutes.map(({ startUs }) => startUs).sort((a, b) => b - a));
  expect((await market.listTransactions(pair)).length).toBeGreaterThan(0);
  const [last] = await market.listTransactions(pair);
  const fromThen = (trades: readonly { readonly signature: string }[]) =>
    trades.slice(trades.findIndex(({ signature }) => signature === last?.signature)).map(({ signature }) => signature);
  // Whatever was traded meanwhile comes before.
  const older = fromThen(await market.listTransactions(pair, { version: 1 })).slice(0, 20);
  expect(older.length).toBeGreaterThan(0);
  expect(fromThen(await market.listTransactionsV3(pair)).slice(0, older.length)).toEqual(older);
  expect((await market.getPairRecord(pair))["pairAddress"]).toBe(pair);
  expect((await market.listDevTokens(dev)).tokens.map(({ pairAddress }) => pairAddress)).toContain(pair);
  expect((await market.search(ticker)).map(({ pairAddress }) => pairAddress)).toContain(pair);
  expect(await market.analyzeToken({ devAddress: dev, tokenTicker: ticker })).toMatchObject({
    creatorTokenCount: expect.any(Number),
  });
  const bars = await vi.waitFor(async () => {
    const toUs = Date.now() * 1000;
    const chart = { pairAddress: pair, interval: "1m", fromUs: toUs - 3_600e6, toUs } as const;
    const [first, ...others] = await Promise.all([
      market.listChartBars(chart),
      market.listChartBars({ ...chart, version: 1 }),
      market.listChartBars({ ...chart, version: 2 }),
    ]);
    const startsOf = (list: readonly { readonly startUs: number }[]) => list.map(({ startUs }) => startUs);
    for (const other of others) expect(startsOf(other)).toEqual(startsOf(first));
    return first;
  });
  expect(bars.length).toBeGreaterThan(0);
  expect(bars.map(({ startUs }) => startUs)).toEqual(bars.map(({ startUs }) => startUs).sort((a, b) => a - b));
  for (const { open, high, low, close } of bars) {
    expect(Math.max(open, close)).toBeLessThanOrEqual(high);
    expect(Math.min(open, close)).toBeGreaterThanOrEqual(low);
  }
  const lighthouse = await market.getLighthouse();
  expect([...lighthouse.keys()]).toEqual(["5m", "1h", "6h", "24h"]);
  expect(lighthouse.get("1h")?.get("All")?.totalTransactions).toBeGreaterThan(0);
  expect([...(await market.getCoinPrices())]).toEqual(
    ["BTC", "ETH", "SOL", "BNB"].map((coin) => [coin, expect.stringMatching(/^\d+(\.\d+)?$/)]),
  );
  const pulse = await market.listPulse("finalStretch");
  expect(pulse.every(({ moreColumns }) => moreColumns.length === 0)).toBe(true);
});

test("coin prices may be empty, as the venue has been seen to answer", async () => {
  const { axiom } = await setUpFake(() => ({ json: {} }));
  expect(await axiom.market.getCoinPrices()).toEqual(new Map());
});

test("a query carries the parameters of the site and the time, so that no cache answers", async () => {
  const { axiom, requests } = await setUpFake(() => ({ json: [] }));
  await axiom.market.listTopTraders(PAIR, { onlyTracked: true });
  expect(Object.fromEntries(requests.at(-1)?.query ?? [])).toEqual({
    pairAddress: PAIR,
    onlyTrackedWallets: "true",
    v: expect.stringMatching(/^\d{13}$/),
  });
  await axiom.market.listPulse("newPairs", { filter: pulseFilter({ searchKeywords: ["cat"] }), usdPerSol: 84 });
  const { table, filters, usdPerSol } = (requests.at(-1) as FakeRequest).body as OpenRecord;
  expect([table, usdPerSol]).toEqual(["newPairs", 84]);
  expect(filters).toMatchObject({
    searchKeywords: ["cat"],
    holders: { min: null, max: null },
    age: { unit: "minutes" },
  });
});

test("each version of a call is asked for by its own path, as its source has it", async () => {
  const { axiom, requests } = await setUpFake(({ path }) => ({
    json: path.startsWith("/pair-chart") ? { bars: [] } : [],
  }));
  const chart = { pairAddress: PAIR, interval: "1m", fromUs: 0, toUs: 1 } as const;
  const { market, account } = axiom;
  await market.listTransactions(PAIR, { version: 1, makerAddress: WALLET });
  await market.listTransactions(PAIR, { orderBy: "ASC" });
  await market.listTransactionsV3(PAIR, { orderBy: "ASC" });
  for (const version of [1, 2, 3] as const) await market.listChartBars({ ...chart, version });
  for (const version of [1, 2] as const) await account.listOpenPositionsOf(WALLET, { version });
  expect(requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    ...["GET /transactions-feed", "GET /transactions-feed-v2", "POST /transactions-feed-v3"],
    ...["GET /pair-chart", "GET /pair-chart-v2", "GET /pair-chart-v3"],
    ...["GET /meme-open-positions", "GET /meme-open-positions-v2"],
  ]);
  const v = expect.any(String);
  const asked = requests.map(({ query }) => Object.fromEntries(query));
  expect(asked[0]).toEqual({ pairAddress: PAIR, orderBy: "DESC", makerAddress: WALLET, v });
  expect(asked[1]).toEqual({ pairAddress: PAIR, orderBy: "ASC", v });
  expect(requests[2]?.body).toEqual({ pairAddress: PAIR, orderBy: "ASC", v: expect.any(Number) });
  expect(asked[6]).toEqual({ walletAddress: WALLET, v });
});

describe("bad input is refused before any I/O", () => {
  const cases: readonly (readonly [
    name: string,
    rule: string,
    call: (axiom: ReturnType<typeof createAxiom>) => Promise<unknown>,
  ])[] = [
    ["a period", "period must be one of 5m, 1h, 6h, 24h, 7d", (axiom) => axiom.market.listTrending("2h" as never)],
    ["an address", "pairAddress must be a Solana address", (axiom) => axiom.market.getPairInfo("O0Il")],
    ["a short address", "base58 of 32 bytes", (axiom) => axiom.market.getTokenInfo(PAIR.slice(2))],
    [
      "an interval",
      "interval must be one of",
      (axiom) => axiom.market.listChartBars({ pairAddress: PAIR, interval: "2m" as never, fromUs: 0, toUs: 1 }),
    ],
    [
      "a time range",
      "fromUs must be before toUs",
      (axiom) => axiom.market.listChartBars({ pairAddress: PAIR, interval: "1m", fromUs: 1, toUs: 1 }),
    ],
    [
      "a table",
      "table must be one of newPairs, finalStretch, migrated",
      (axiom) => axiom.market.listPulse("constructor" as never),
    ],
    [
      "a version",
      "version must be a number from 1 to 2, got 3",
      (axiom) => axiom.market.listTransactions(PAIR, { version: 3 as never }),
    ],
    [
      "a version of a chart",
      "version must be a number from 1 to 3, got 4",
      (axiom) =>
        axiom.market.listChartBars({ pairAddress: PAIR, interval: "1m", fromUs: 0, toUs: 1, version: 4 as never }),
    ],
    [
      "an order",
      "orderBy must be one of",
      (axiom) => axiom.market.listTransactionsV3(PAIR, { orderBy: "UP" as never }),
    ],
    ["a search", "searchQuery must be text of 1 to 200", (axiom) => axiom.market.search("")],
    ["a limit", "limit must be a number from 1 to 1000, got 0", (axiom) => axiom.market.search("x", { limit: 0 })],
    [
      "too many pairs",
      "pairAddresses must have 1 to 100 items, got 101",
      (axiom) => axiom.market.getPairMetadata(Array.from({ length: 101 }, () => PAIR)),
    ],
    ["no wallets", "wallets must have 1 to 10000 items, got 0", (axiom) => axiom.account.balancesOf([])],
    [
      "a wallet among others",
      "wallets[1] must be a Solana address",
      (axiom) => axiom.account.balancesOf([WALLET, "0x12"]),
    ],
    ["an EVM address", "addresses[0] must be an EVM address", (axiom) => axiom.account.evmBalancesOf([WALLET])],
    [
      "a kind of trade",
      "detailedTypes must be one of",
      (axiom) => axiom.tracking.listTransactions({ detailedTypes: ["Buy" as never] }),
    ],
    [
      "a time limit",
      "timeoutMs must be a number from 1 to 600000",
      (axiom) => axiom.market.getOnlineUsers({ timeoutMs: 0 }),
    ],
  ];
  test.each(cases)("%s: %s", async (_, rule, call) => {
    const { axiom, requests } = await setUpFake(() => ({ json: {} }));
    const error = await rejectionOf(call(axiom));
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error.message).toContain(rule);
    expect(requests).toEqual([]);
  });

  test.each([
    [{ venue: "Axiom" }, "venue must be lower-case"],
    [{ region: "mars" as never }, "region must be one of us-west"],
    [{ limit: { requests: 0 } }, "limit.requests must be a number from 1 to 100000, got 0"],
    [{ userAgent: "a\r\nb" }, "userAgent must be text"],
    [{ credentials: { email: "x" } as never }, "credentials must have email and password, or walletAddress and sign"],
    [{ batching: { maxAgeMs: -1, maxSize: 10 } }, "batching.maxAgeMs must be a number from 0 to 60000, got -1"],
    [{ batching: { maxAgeMs: 1, maxSize: 101 } }, "batching.maxSize must be a number from 1 to 100, got 101"],
    [{ retries: -1 }, "retries must be a number from 0 to 100, got -1"],
  ])("an option: %j", (options: AxiomOptions, rule) => {
    expect(() => createAxiom(options)).toThrow(InvalidInputError);
    expect(() => createAxiom(options)).toThrow(rule);
  });
});

describe("a failed read", () => {
  test("is repeated where the venue had a bad moment", async () => {
    const { axiom, of } = await setUpFake((_, count) =>
      count < 3 ? { status: 503, text: "<h1>busy</h1>" } : { json: { count: 7 } },
    );
    expect(await axiom.market.getOnlineUsers()).toBe(7);
    expect(of("/online-users-count")).toHaveLength(3);
  });

  test("ends with the words of the venue's page, without its markup", async () => {
    const text = "<html><style>p{}</style><h1>Bad gateway</h1><script>alert()</script></html>";
    const { axiom } = await setUpFake(() => ({ status: 502, text }), { retries: 0 });
    const error = await rejectionOf(axiom.market.getOnlineUsers());
    expect(error).toBeInstanceOf(VenueUnavailableError);
    expect(error.message).toBe("GET /online-users-count: Bad gateway (HTTP 502)");
  });

  test("of a route that no host has is not repeated", async () => {
    const { axiom, requests } = await setUpFake(() => ({ status: 404, text: "<h1>File Not Found</h1>" }));
    expect(await rejectionOf(axiom.account.getUserData())).toBeInstanceOf(RejectedError);
    expect(requests).toHaveLength(1);
  });

  test("that Cloudflare kept out says what may help", async () => {
    const { axiom } = await setUpFake(() => ({ status: 403, text: "<title>Just a moment...</title>" }));
    const error = await rejectionOf(axiom.market.getOnlineUsers());
    expect(error).toMatchObject({ outcome: "refused", retryable: false });
    expect(error.message).toContain(
      "Just a moment... (HTTP 403): Cloudflare may keep this client out: supply the cookie cf_clearance",
    );
  });

  test("whose reply is no JSON shows none of it", async () => {
    const { axiom } = await setUpFake(() => ({ text: "planted-secret" }));
    const error = await rejectionOf(axiom.account.getWallets());
    expect(error).toBeInstanceOf(ProtocolError);
    expect(error.message).toBe("POST /bundle-key-and-wallets: the reply is no JSON, 14 characters");
  });

  test("moves to another host when one is dead, and stays there", async () => {
    const dead = await fakeAxiom({ answer: () => "reset" });
    const { axiom: _, ...alive } = await setUpFake(({ path }) => ({
      json: path === "/server-time" ? { serverTime: 1 } : { count: 7 },
    }));
    const rest = [dead.urls.rest[0] as string, alive.urls.rest[0] as string];
    const axiom = createAxiom({ urls: { ...alive.urls, rest }, session: SESSION });
    onTestFinished(() => axiom.close());
    const down: string[] = [];
    axiom.events.on("endpointDown", ({ url }) => down.push(url));
    for (let i = 0; i < 5; i++) expect(await axiom.market.getOnlineUsers()).toBe(7);
    expect(down).toEqual([rest[0]]);
    expect(alive.of("/online-users-count")).toHaveLength(5);
  });

  test("ends with the caller's reason when he aborts", async () => {
    const { axiom } = await setUpFake(() => undefined);
    const stop = new AbortController();
    const call = rejectionOf(axiom.market.getOnlineUsers({ signal: stop.signal }));
    stop.abort(new Error("enough"));
    expect((await call).message).toBe("enough");
  });
});

describe("the request limit", () => {
  test("lets no more than its number out in a window, whatever the call", async () => {
    const { axiom, requests } = await setUpFake(({ path }) => ({ json: path.includes("count") ? { count: 7 } : [] }), {
      limit: { requests: 4, windowMs: 60_000 }, // of which reads get 95 %, in whole ones
    });
    await Promise.all([axiom.market.getOnlineUsers(), axiom.market.search("x"), axiom.account.listWatchlist()]);
    const error = await rejectionOf(axiom.market.getOnlineUsers({ timeoutMs: 50 }));
    expect(error).toMatchObject({ code: "BUDGET_EXHAUSTED", outcome: "unsent" });
    expect(requests).toHaveLength(3);
  });

  test("of the venue is heeded: nothing goes out before Retry-After is over", async () => {
    const { axiom, requests } = await setUpFake(() => ({
      status: 429,
      json: { error: "Too many" },
      headers: { "retry-after": "20" },
    }));
    const pauses: number[] = [];
    axiom.events.on("rateLimited", ({ retryAfterMs }) => pauses.push(retryAfterMs));
    const error = await rejectionOf(axiom.market.getOnlineUsers({ timeoutMs: 1_000 }));
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ outcome: "refused", retryAfterMs: 20_000 });
    expect(pauses).toEqual([20_000]);
    const next = await rejectionOf(axiom.market.getAnnouncement({ timeoutMs: 1_000 }));
    expect(next).toMatchObject({ code: "BUDGET_EXHAUSTED" });
    expect(requests).toHaveLength(1);
  });

  test("of the paper venue is one", async () => {
    const { axiom } = await setUp({ rateLimit: { requests: 2, windowMs: 60_000 } });
    await axiom.market.getOnlineUsers();
    await axiom.market.getOnlineUsers();
    expect(await rejectionOf(axiom.market.getOnlineUsers({ timeoutMs: 500 }))).toBeInstanceOf(RateLimitError);
  });
});

test("a client that is closed refuses calls and streams", async () => {
  const { axiom } = await setUpFake(() => ({ json: { count: 7 } }));
  await axiom.market.getOnlineUsers();
  await axiom.close();
  await rejectionOf(axiom.market.getOnlineUsers());
  expect(() => axiom.stream.rooms({ onError: () => {} })).toThrow("the client is closed");
});

test("the venue's definition makes the same client", async () => {
  const { urls } = await setUpFake(() => undefined);
  const axiom = axiomVenue.create({ urls });
  onTestFinished(() => axiom.close());
  expect(axiomVenue.name).toBe("axiom");
  expect(Object.keys(axiom)).toEqual(Object.keys(createAxiom({ urls })));
});

describe("calls that nothing confirms", () => {
  test("are there when they were asked for, and only then", async () => {
    const { axiom: verified, urls, requests } = await setUpFake(() => ({ json: { anything: 1 } }));
    // @ts-expect-error without the flag there is no such group
    expect(verified.unverified).toBeUndefined();
    const axiom = createAxiom({ urls, session: SESSION, unverified: true });
    onTestFinished(() => axiom.close());
    expect(await axiom.unverified.get("/kol-transactions-v2", { pairAddress: PAIR })).toEqual({ anything: 1 });
    await axiom.unverified.getPortfolio({
      walletAddresses: [WALLET, MINT].sort().reverse(),
      tokenAddressToAmountMap: { [MINT]: 5 },
      userSolBalance: 1.5,
      timeOffset: -480,
    });
    expect(requests.at(-1)?.body).toMatchObject({
      walletAddressRaw: [WALLET, MINT].sort().join(","),
      isOtherWallet: false,
      totalSolBalance: 1.5,
      tokenAddressToAmountMap: { [MINT]: 5 },
      timeOffset: -480,
    });
    for (const path of ["no-slash", "/a?b=1", "//evil.example", "/../x"]) {
      expect((await rejectionOf(axiom.unverified.get(path))).message).toContain("path must begin with /");
    }
  });
});
