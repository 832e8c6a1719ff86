import { describe, expect, test } from "vitest";
import { setUp } from "./local-venue.ts";

// Every answer here is one that was captured, or that working clients read.

async function withPair() {
  const local = await setUp();
  local.pass(20_000);
  // The pair traded most: everything about it is filled in.
  const [row] = (await local.asUser("/new-trending-v2?timePeriod=5m&v=1")).body;
  const pairAddress = row[0] as string;
  const get = async (path: string) => (await local.asUser(`${path}pairAddress=${pairAddress}&v=1`)).body;
  return { ...local, pairAddress, tokenAddress: row[1] as string, get };
}

describe("trending", () => {
  test.each(["5m", "1h", "6h", "24h", "7d"])("over %s comes in rows of 52 columns that add up", async (period) => {
    const { asUser, pass } = await setUp();
    pass(10_000);
    const rows = (await asUser(`/new-trending-v2?timePeriod=${period}&v=1`)).body;
    expect(rows.length).toBe(12);
    for (const row of rows) {
      expect(row.length).toBe(52);
      expect(row[22]).toBe(row[25] + row[26]);
      expect(row[24]).toBe(row[29] * row[18]);
      expect(row[27] / row[28] / row[29]).toBeCloseTo(1, 6);
      expect(row[48] <= row[9]).toBe(true);
      expect(JSON.parse(row[8])).toHaveProperty("creator");
      expect(row[21] === null || typeof JSON.parse(row[21]).migratedFrom === "string").toBe(true);
      expect(JSON.parse(row[42]).length).toBe(40);
      expect(row[34] > 0).toBe(["Pump V1", "Bonk", "Moonshot"].includes(row[7]) && row[34] !== 0);
    }
    expect(new Set(rows.map((row: unknown[]) => typeof row[45]))).toEqual(new Set(["number", "string"]));
    expect(rows.map((row: number[]) => row[23])).toEqual(
      rows.map((row: number[]) => row[23]).sort((a: number, b: number) => b - a),
    );
  });

  test("refuses a period the venue does not have", async () => {
    const { asUser } = await setUp();
    expect((await asUser("/new-trending-v2?timePeriod=2h")).status).toBe(400);
    expect((await asUser("/new-trending-v2")).body).toEqual({ error: "timePeriod is required" });
  });
});

test("/token-info has percents, counts and fees", async () => {
  const { get } = await withPair();
  const info = await get("/token-info?");
  expect(Object.keys(info)).toEqual([
    "top10HoldersPercent",
    "devHoldsPercent",
    "snipersHoldPercent",
    "insidersHoldPercent",
    "bundlersHoldPercent",
    "dexPaid",
    "dexPaidTime",
    "numHolders",
    "numBotUsers",
    "totalPairFeesPaid",
  ]);
  expect(info.top10HoldersPercent).toBeGreaterThan(0);
  expect(info.top10HoldersPercent).toBeLessThanOrEqual(100);
  expect(info.numHolders).toBeGreaterThan(info.numBotUsers);
});

test("/last-transaction is the newest of the feeds, and its amounts agree", async () => {
  const { get, asUser, pairAddress } = await withPair();
  const last = await get("/last-transaction?");
  expect(last.priceSol * last.tokenAmount).toBeCloseTo(last.totalSol, 9);
  expect(last.totalUsd / last.priceUsd).toBeCloseTo(last.tokenAmount, 3);
  expect(last.createdAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  expect((await get("/transactions-feed?orderBy=DESC&"))[0]).toEqual(last);
  expect((await get("/transactions-feed-v2?orderBy=ASC&")).at(-1)).toEqual(last);
  expect((await asUser("/transactions-feed-v3", { pairAddress, orderBy: "DESC" })).body[0]).toEqual(last);
  const [row] = (await asUser("/transactions-feed-v4", { pairAddress, orderBy: "DESC", makerAddress: "", v: 1 })).body;
  expect(row).toEqual([
    last.signature,
    last.pairAddress,
    last.type,
    last.createdAt,
    last.liquiditySol,
    last.liquidityToken,
    last.makerAddress,
    last.priceSol,
    last.priceUsd,
    last.tokenAmount,
    last.totalSol,
    last.totalUsd,
  ]);
});

test("/transactions-feed-v4 finds the trades of many makers over all pairs", async () => {
  const { asUser, get } = await withPair();
  const makers = [
    ...new Set((await get("/transactions-feed?")).map(({ makerAddress }: { makerAddress: string }) => makerAddress)),
  ].slice(0, 5);
  const rows = (await asUser("/transactions-feed-v4", { makerAddress: makers.join(","), orderBy: "DESC" })).body;
  expect(rows.length).toBeGreaterThanOrEqual(5);
  expect(rows.every((row: string[]) => makers.includes(row[6]!))).toBe(true);
  expect(new Set(rows.map((row: string[]) => row[1])).size).toBeGreaterThan(1);
  expect((await asUser("/transactions-feed-v4", {})).status).toBe(400);
});

test("/pair-info and /clipboard-pair-info say the same of a pair; the latter finds it by its token too", async () => {
  const { get, asUser, pairAddress, tokenAddress } = await withPair();
  const info = await get("/pair-info?");
  expect(info).toMatchObject({
    pairAddress,
    tokenAddress,
    tokenDecimals: 6,
    supply: 1_000_000_000,
    twitterHandleHistory: [],
  });
  const byToken = (await asUser(`/clipboard-pair-info?address=${tokenAddress}`)).body;
  const byPair = (await asUser(`/clipboard-pair-info?address=${pairAddress}`)).body;
  expect(byToken).toEqual(byPair);
  for (const name of [
    "pairAddress",
    "tokenAddress",
    "tokenTicker",
    "protocol",
    "protocolDetails",
    "createdAt",
    "extra",
  ]) {
    expect(byPair[name]).toEqual(info[name]);
  }
});

test("/pair-stats has one element a minute with trades, the newest first", async () => {
  const { get } = await withPair();
  const stats = await get("/pair-stats?");
  expect(stats.length).toBeGreaterThan(1);
  const starts = stats.map(({ createdAt }: { createdAt: string }) => createdAt);
  expect(starts).toEqual([...starts].sort().reverse());
  expect(starts.every((start: string) => start.endsWith(":00.000Z"))).toBe(true);
  expect(Object.keys(stats[0])).toEqual([
    "buyCount",
    "sellCount",
    "buyVolumeSol",
    "sellVolumeSol",
    "priceSol",
    "createdAt",
  ]);
});

test("/holder-data-v4 starts with the pool, and all of it is the supply", async () => {
  const { get, pairAddress } = await withPair();
  const rows = await get("/holder-data-v4?");
  expect(rows.every((row: unknown[]) => row.length === 20)).toBe(true);
  expect(rows[0][0]).toBe(pairAddress);
  if (rows.length < 100) expect(rows.reduce((sum: number, row: number[]) => sum + row[1]!, 0)).toBeCloseTo(1e9, 0);
  const [, holder] = rows;
  expect(holder[12] / holder[11]).toBeLessThanOrEqual(1);
  expect(holder[13] / holder[9]).toBeGreaterThan(50); // USD of a SOL
  const [object] = await get("/holder-data-v3?onlyTrackedWallets=false&");
  expect(object).toMatchObject({
    walletAddress: holder[0],
    tokenBalance: holder[1],
    buyTransactions: holder[7],
    solInvested: holder[9],
  });
  expect(object.walletFunding).toEqual({
    fundingWalletAddress: holder[16],
    amountSol: holder[18],
    fundedAt: holder[19],
  });
});

test("/top-traders-v4 has who made most first, and v3 the same as objects", async () => {
  const { get } = await withPair();
  const rows = await get("/top-traders-v4?onlyTrackedWallets=false&");
  expect(rows.every((row: unknown[]) => row.length === 20)).toBe(true);
  const gains = rows.map((row: number[]) => Math.round((row[6]! - row[5]!) * 1e9));
  expect(gains).toEqual([...gains].sort((a, b) => b - a));
  const objects = await get("/top-traders-v3?");
  expect(objects[0]).toMatchObject({ makerAddress: rows[0][0], tokensBought: rows[0][3], solSold: rows[0][6] });
});

test("/dev-tokens-v2, /token-analysis and /search-v3 find the pair again", async () => {
  const { get, asUser, pairAddress, tokenAddress } = await withPair();
  const { deployerAddress, tokenTicker, tokenName } = await get("/pair-info?");
  const dev = (await asUser(`/dev-tokens-v2?devAddress=${deployerAddress}`)).body;
  expect(dev.tokens.map((token: { pairAddress: string }) => token.pairAddress)).toContain(pairAddress);
  expect(dev.counts.totalCount).toBe(dev.tokens.length);
  const analysis = (await asUser(`/token-analysis?devAddress=${deployerAddress}&tokenTicker=${tokenTicker}`)).body;
  expect(analysis.creatorTokenCount).toBe(dev.tokens.length);
  expect(analysis.topMarketCapCoins[0].tokenTicker).toBe(tokenTicker);
  for (const searchQuery of [tokenTicker.toLowerCase(), tokenName, tokenAddress]) {
    const found = (await asUser(`/search-v3?searchQuery=${encodeURIComponent(searchQuery)}&limit=5`)).body;
    expect(found.map((token: { pairAddress: string }) => token.pairAddress)).toContain(pairAddress);
    expect(found.length).toBeLessThanOrEqual(5);
  }
});

test("/pair-chart has bars whose volume is that of the trades, in SOL or USD", async () => {
  const { get, asUser, pairAddress } = await withPair();
  const stats = await get("/pair-stats?");
  const chart = async (query: string) => (await asUser(`/pair-chart-v2?pairAddress=${pairAddress}&${query}`)).body.bars;
  const minutes = await chart("interval=1m&currency=SOL");
  expect(minutes.map((bar: number[]) => new Date(bar[0]!).toISOString())).toEqual(
    stats.map(({ createdAt }: { createdAt: string }) => createdAt).reverse(),
  );
  expect(minutes.at(-1)[5]).toBeCloseTo(stats[0].buyVolumeSol + stats[0].sellVolumeSol, 9);
  const volume = (bars: number[][]) => bars.reduce((sum, bar) => sum + bar[5]!, 0);
  const hours = await chart("interval=1h&currency=SOL");
  expect(hours.length).toBe(2); // the clock starts at midnight, with some trading before
  expect(volume(hours)).toBeCloseTo(volume(minutes), 6);
  for (const [, open, high, low, close] of minutes) {
    expect(high).toBeGreaterThanOrEqual(Math.max(open, close));
    expect(low).toBeLessThanOrEqual(Math.min(open, close));
  }
  const [seconds] = await chart("interval=1s&currency=USD&countBars=1");
  expect(seconds[4]).toBeGreaterThan(minutes.at(-1)[3] * 50);
  expect((await asUser(`/pair-chart?pairAddress=${pairAddress}&interval=2m`)).status).toBe(400);
});

test("a pair nobody knows has empty lists, and the rest is refused", async () => {
  const { asUser } = await setUp();
  for (const path of ["holder-data-v4", "holder-data-v3", "top-traders-v4", "pair-stats", "transactions-feed"]) {
    expect((await asUser(`/${path}?pairAddress=11111111111111111111111111111111`)).body).toEqual([]);
  }
  for (const path of ["token-info", "pair-info", "last-transaction"]) {
    expect((await asUser(`/${path}?pairAddress=x`)).status).toBe(404);
    expect((await asUser(`/${path}`)).body).toEqual({ error: "pairAddress is required" });
  }
});

test("/lighthouse has four periods, and protocols that add up to all", async () => {
  const { asUser, pass } = await setUp();
  pass(70_000);
  const { body } = await asUser("/lighthouse?v=1");
  expect(Object.keys(body)).toEqual(["5m", "1h", "6h", "24h"]);
  const { All, ...protocols } = body["5m"];
  const sum = (name: string) =>
    Object.values<Record<string, number>>(protocols).reduce((total, group) => total + group[name]!, 0);
  expect(All.totalTransactions).toBe(sum("totalTransactions"));
  expect(All.totalTransactions).toBe(All.totalBuyTransactions + All.totalSellTransactions);
  expect(All.totalVolume).toBeCloseTo(All.totalBuyVolume + All.totalSellVolume, 6);
  expect(All.totalTraders).toBeGreaterThan(10);
  expect(Object.keys(All).filter((name) => name.endsWith("Pct")).length).toBe(5);
});

describe("Pulse over REST", () => {
  test("has the tables as objects, filtered", async () => {
    const { asUser, pass } = await setUp();
    pass(10_000);
    const table = async (filters: unknown) =>
      (await asUser("/pulse", { table: "newPairs", filters, usdPerSol: null })).body;
    const all = await table({});
    expect(all.length).toBeGreaterThan(1);
    expect(Object.keys(all[0]).length).toBe(49);
    const least = all[0].numTxns;
    const busy = await table({ txns: { min: least, max: null } });
    expect(busy.every(({ numTxns }: { numTxns: number }) => numTxns >= least)).toBe(true);
    expect(busy.length).toBe(all.filter(({ numTxns }: { numTxns: number }) => numTxns >= least).length);
    expect(await table({ searchKeywords: ["no such name"] })).toEqual([]);
    expect((await asUser("/pulse", { table: "old" })).status).toBe(400);
  });
});

describe("tracked wallets", () => {
  const filters = { detailedTypes: ["Buy More", "First Buy", "Sell Partial", "Sell All", "Add Liquidity"], v: 1 };

  test("show their trades, newest first, in rows of 25 columns with the averages the venue works out", async () => {
    const { asUser, pass } = await setUp();
    pass(60_000);
    const rows = (await asUser("/tracked-wallet-transactions-v3", filters)).body;
    expect(rows.length).toBe(50);
    const times = rows.map((row: string[]) => row[0]);
    expect(times).toEqual([...times].sort().reverse());
    for (const row of rows) expect(row.length).toBe(25);
    const firstBuys = rows.filter((row: unknown[]) => row[10] === "First Buy");
    expect(firstBuys.length).toBeGreaterThan(0);
    for (const row of firstBuys) {
      expect(row[13]).toBeCloseTo(((row[6] + row[8]) / row[5]) * row[21], 6);
      expect(row[14]).toBeNull();
      expect(row[15]).toBeCloseTo(-(row[6] + row[8]), 9);
    }
  });

  test("show what is asked for alone", async () => {
    const { asUser, pass } = await setUp();
    pass(60_000);
    const ask = async (body: unknown) => (await asUser("/tracked-wallet-transactions-v3", body)).body;
    const sales = await ask({ detailedTypes: ["Sell All"], totalSol: { min: null, max: 1 } });
    expect(sales.length).toBeGreaterThan(0);
    expect(sales.every((row: unknown[]) => row[10] === "Sell All" && (row[6] as number) <= 1)).toBe(true);
    expect(await ask({ ...filters, totalSol: { min: 1e6, max: null } })).toEqual([]);
    expect(await ask({ ...filters, tokenMinsAgoCreated: { min: null, max: 0 } })).toEqual([]);
  });

  test("can be more", async () => {
    const { asUser, ask, venue, pass } = await setUp();
    const wallet = venue.market.traders[200]!.address;
    const other = { cookie: venue.openSession().cookie };
    expect(
      (await asUser("/add-tracked-wallet-v2", { trackedWalletAddress: wallet, name: "x", emoji: "y" })).status,
    ).toBe(200);
    pass(120_000);
    const rows = (await ask("/tracked-wallet-transactions-v3", { ...other, body: filters })).body;
    expect(venue.market.tape.items.some(({ trader }) => trader.address === wallet)).toBe(true);
    expect(
      rows.every(
        (row: string[]) =>
          row[1] === wallet || venue.market.traders.slice(0, 12).some(({ address }) => address === row[1]),
      ),
    ).toBe(true);
    expect((await asUser("/add-tracked-wallet-v2", { trackedWalletAddress: "nobody" })).status).toBe(400);
  });
});
