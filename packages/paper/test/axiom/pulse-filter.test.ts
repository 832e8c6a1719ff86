import { ManualClock, seededRandom } from "@pitlane/perf/testing";
import { describe, expect, test } from "vitest";
import { TokenMarket } from "../../src/models/axiom-market.ts";
import { type PulseFilter, passes } from "../../src/wire/axiom/pulse-filter.ts";
import { PULSE_COLUMNS, pulseRow } from "../../src/wire/axiom/pulse-rows.ts";
import { openFilter } from "../../src/wire/axiom/settings.ts";

const SOL_USD = 100;

function setUp() {
  const clock = new ManualClock();
  const options = { pairs: 4, tradesPerSecond: 20, pairsPerMinute: 0, historyS: 60 };
  const market = new TokenMarket(options, seededRandom(), clock);
  const row = pulseRow([...market.tokens][0]!, market);
  const of = (name: string) => row[PULSE_COLUMNS.indexOf(name)];
  /** The row with some columns changed. */
  const rowWith = (changes: Record<string, unknown>) =>
    PULSE_COLUMNS.map((name, i) => (name in changes ? changes[name] : row[i]));
  return {
    market,
    row,
    of,
    rowWith,
    try: (filter: PulseFilter, given = row) => passes(filter, given, market.nowMs, SOL_USD),
  };
}

test("an open filter, and none, let everything pass", () => {
  const { try: attempt } = setUp();
  expect(attempt({})).toBe(true);
  expect(attempt(openFilter())).toBe(true);
});

describe("a range", () => {
  test.each([
    ["fees", "feesSol"],
    ["txns", "numTxns"],
    ["holders", "numHolders"],
    ["numBuys", "numBuys"],
    ["numSells", "numSells"],
    ["userCount", "userCount"],
    ["bondingCurve", "bondingCurvePercent"],
    ["top10Holders", "top10HoldersPercent"],
    ["numMigrations", "migrationCount"],
    ["numDevPairs", "devPairCount"],
    ["botUsers", "numTradingBotUsers"],
    ["bundle", "bundlersHoldPercent"],
    ["insiders", "insidersHoldPercent"],
    ["snipers", "snipersHoldPercent"],
    ["devHolding", "devHoldsPercent"],
  ])("%s is of column %s, with both ends in it", (name, column) => {
    const { rowWith, try: attempt } = setUp();
    const row = rowWith({ [column]: 50 });
    expect(attempt({ [name]: { min: 50, max: 50 } }, row)).toBe(true);
    expect(attempt({ [name]: { min: "50", max: null } }, row)).toBe(true);
    expect(attempt({ [name]: { min: 50.1, max: null } }, row)).toBe(false);
    expect(attempt({ [name]: { min: null, max: 49.9 } }, row)).toBe(false);
  });

  test.each([
    ["marketCap", "marketCapSol"],
    ["liquidity", "liquiditySol"],
    ["volume", "volumeSol"],
  ])("%s is in USD", (name, column) => {
    const { rowWith, try: attempt } = setUp();
    const row = rowWith({ [column]: 3 });
    expect(attempt({ [name]: { min: 300, max: 300 } }, row)).toBe(true);
    expect(attempt({ [name]: { min: 301, max: null } }, row)).toBe(false);
  });

  test("of a column that says nothing lets nothing pass, unless it is open", () => {
    const { rowWith, try: attempt } = setUp();
    const row = rowWith({ twitterFollowers: null });
    expect(attempt({ twitterFollowers: { min: 0, max: null } }, row)).toBe(false);
    expect(attempt({ twitterFollowers: { min: null, max: null } }, row)).toBe(true);
  });

  test("of age is in minutes", () => {
    const { market, rowWith, try: attempt } = setUp();
    const row = rowWith({ createdAt: new Date(market.nowMs - 10 * 60_000).toISOString() });
    expect(attempt({ age: { min: 10, max: 10, unit: "minutes" } }, row)).toBe(true);
    expect(attempt({ age: { min: null, max: 9, unit: "minutes" } }, row)).toBe(false);
  });
});

describe("a demand", () => {
  const bare = { dexPaid: false, website: null, twitter: null, telegram: null, tokenAddress: "x" };
  test.each([
    ["dexPaid", { dexPaid: true }],
    ["website", { website: "https://x.example" }],
    ["telegram", { telegram: "https://x.example" }],
    ["twitterExists", { twitter: "https://x.example" }],
    ["atLeastOneSocial", { twitter: "https://x.example" }],
    ["mustEndInPump", { tokenAddress: "abcpump" }],
  ])("%s asks for what it says", (name, having) => {
    const { rowWith, try: attempt } = setUp();
    expect(attempt({ [name]: true }, rowWith(bare))).toBe(false);
    expect(attempt({ [name]: true }, rowWith({ ...bare, ...having }))).toBe(true);
    expect(attempt({ [name]: false }, rowWith(bare))).toBe(true);
  });

  test("of words looks at name and ticker, whatever their case", () => {
    const { rowWith, try: attempt } = setUp();
    const row = rowWith({ tokenName: "Lucky Otter", tokenTicker: "LUOTT1" });
    expect(attempt({ searchKeywords: ["nothing", "OTTER"] }, row)).toBe(true);
    expect(attempt({ searchKeywords: ["nothing"] }, row)).toBe(false);
    expect(attempt({ excludeKeywords: ["luott"] }, row)).toBe(false);
  });

  test("of protocols leaves out those set to false", () => {
    const { rowWith, try: attempt } = setUp();
    const row = rowWith({ protocol: "Pump V1" });
    expect(attempt({ protocols: { pump: false, bonk: true } }, row)).toBe(false);
    expect(attempt({ protocols: { pump: true, bonk: false } }, row)).toBe(true);
    expect(attempt({ protocols: { heaven: true } }, row)).toBe(true);
  });
});
