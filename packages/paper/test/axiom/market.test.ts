import { ManualClock, seededRandom } from "@pitlane/perf/testing";
import { describe, expect, test } from "vitest";
import { isAddress } from "../../src/models/axiom-base58.ts";
import { bondingPercent } from "../../src/models/axiom-births.ts";
import { TokenMarket, type TokenMarketOptions } from "../../src/models/axiom-market.ts";
import { SUPPLY_RAW, type Token, type TokenTrade } from "../../src/models/axiom-token.ts";

const LIVELY: TokenMarketOptions = { pairs: 12, tradesPerSecond: 20, pairsPerMinute: 6, historyS: 60 };

function setUp(options: TokenMarketOptions = {}, seed = 1) {
  const clock = new ManualClock();
  const market = new TokenMarket({ ...LIVELY, ...options }, seededRandom(seed), clock);
  const trades: TokenTrade[] = [];
  const pairs: Token[] = [];
  const retired: Token[] = [];
  const tape: string[] = [];
  const lineOf = (made: TokenTrade) =>
    `${made.atMs} ${made.signature} ${made.type} ${made.lamports} ${made.raw} ${made.pool.lamports} ${made.solUsd}`;
  market.watch({
    onTrade: (made) => {
      trades.push(made);
      tape.push(lineOf(made));
    },
    onPair: (token) => {
      pairs.push(token);
      tape.push(`pair ${token.facts.pairAddress} ${token.facts.tokenName}`);
    },
    onRetired: (token) => {
      retired.push(token);
      tape.push(`retired ${token.facts.pairAddress}`);
    },
    onBeat: (nowMs) => tape.push(`beat ${nowMs} ${market.coins.SOL} ${market.blockHash}`),
  });
  const pass = (ms: number, stepMs = ms) => {
    for (let passed = 0; passed < ms; passed += stepMs) {
      clock.advance({ ms: Math.min(stepMs, ms - passed) });
      market.advance(clock.nowUs());
    }
  };
  return { clock, market, trades, pairs, retired, tape, pass };
}

describe("the same seed", () => {
  test("gives the same tape, however often it is asked", () => {
    const whole = setUp();
    const pieces = setUp();
    whole.pass(60_000);
    pieces.pass(60_000, 7);
    expect(whole.tape.length).toBeGreaterThan(1000);
    expect(pieces.tape).toEqual(whole.tape);
  });

  test("gives another tape than any other seed", () => {
    const one = setUp({}, 1);
    const other = setUp({}, 2);
    one.pass(5000);
    other.pass(5000);
    expect(one.tape.some((line) => other.tape.includes(line))).toBe(false);
  });
});

test("what the holders and the pool of a token have is always its supply", () => {
  const { market, pairs, pass } = setUp({ tradesPerSecond: 100 });
  for (let half = 0; half < 4; half++) {
    pass(30_000);
    for (const token of market.tokens) {
      const held = [...token.holdings.values()].reduce((sum, { raw }) => sum + raw, 0);
      expect(held + token.poolRaw).toBe(SUPPLY_RAW);
      expect([...token.holdings.values()].every(({ raw }) => raw >= 0)).toBe(true);
    }
  }
  expect(pairs.some(({ facts }) => facts.migratedFrom !== null)).toBe(true); // a migration was among it
});

test("a bonding curve fills to the last unit, and goes on as a pool of the same token at the same price", () => {
  const { pairs, retired, pass } = setUp({ tradesPerSecond: 100 });
  pass(120_000);
  const migrated = pairs.filter(({ facts }) => facts.migratedFrom !== null);
  expect(migrated.length).toBeGreaterThan(0);
  for (const { facts } of migrated) {
    const curve = retired.find((token) => token.facts.pairAddress === facts.migratedFrom);
    expect(curve && bondingPercent(curve)).toBe(100);
    expect(curve?.facts.tokenAddress).toBe(facts.tokenAddress);
    expect(facts.initial.lamports / facts.initial.raw).toBeCloseTo(curve!.pool.lamports / curve!.pool.raw, 6);
  }
});

test("trades come as often as told, and in bursts", () => {
  const { trades, pass } = setUp({ tradesPerSecond: 20, pairsPerMinute: 0 });
  pass(600_000);
  expect(trades.length / 600).toBeGreaterThan(16);
  expect(trades.length / 600).toBeLessThan(24);
  // Of one pair, counts in 5 s would have a variance like their mean without bursts.
  const pair = trades[0]!.token;
  const counts = new Array<number>(120).fill(0);
  for (const { token, atMs } of trades) if (token === pair) counts[Math.floor((atMs - trades[0]!.atMs) / 5000)]!++;
  const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
  expect(variance / mean).toBeGreaterThan(1.5);
});

test("addresses and signatures are base58 of the right length", () => {
  const { market, trades, pass } = setUp();
  pass(10_000);
  for (const { facts } of market.tokens) {
    const { pairAddress, tokenAddress, pairSolAccount } = facts;
    expect([pairAddress, tokenAddress, pairSolAccount, facts.dev.address].every(isAddress)).toBe(true);
  }
  expect(new Set(trades.map(({ signature }) => signature)).size).toBe(trades.length);
});

test("keeps no more than its bounds over thousands of trades", () => {
  const { market, trades, pass } = setUp();
  pass(600_000);
  expect(trades.length).toBeGreaterThan(8000);
  expect([...market.tokens].length).toBe(12);
  expect(market.tape.items.length).toBeLessThan(4000);
  for (const token of market.tokens) {
    expect(token.trades.items.length).toBeLessThan(400);
    expect(token.holdings.size).toBeLessThanOrEqual(256);
  }
});

test("a stall of more than an hour leaves out what is older than that hour", () => {
  const { market, tape, pass } = setUp({ tradesPerSecond: 1 });
  pass(10 * 3_600_000);
  const beats = tape.filter((line) => line.startsWith("beat"));
  expect(beats.length).toBe(3600);
  expect(market.nowMs).toBeGreaterThan(0);
});

test("a first buy is a trader's first of a token, and a complete sale shows what was before it", () => {
  const { trades, pairs, pass } = setUp({ tradesPerSecond: 50 });
  pass(120_000);
  const born = new Set(pairs.filter(({ isCurve }) => isCurve)); // whose every trade was seen
  const flows = new Map<string, number>(); // as of the last trade, by pair and trader
  let sales = 0;
  for (const { token, trader, type, detailedType, flowSol } of trades) {
    if (!born.has(token) || type === "add") continue;
    const key = `${token.facts.pairAddress} ${trader.address}`;
    const before = flows.get(key);
    if (type === "buy") expect(detailedType).toBe(before === undefined ? "First Buy" : "Buy More");
    if (detailedType === "Sell All") {
      expect(flowSol).toBe(before);
      sales++;
      flows.set(key, Number.NaN); // the next shows that sale's too
    } else if (before !== undefined && !Number.isNaN(before)) expect(flowSol).not.toBe(before);
    if (detailedType !== "Sell All") flows.set(key, flowSol);
  }
  expect(sales).toBeGreaterThan(10);
});

test.each([
  [{ pairs: 3 }, "pairs"],
  [{ tradesPerSecond: Number.NaN }, "tradesPerSecond"],
  [{ pairsPerMinute: -1 }, "pairsPerMinute"],
  [{ historyS: 1.5 }, "historyS"],
])("refuses %j, naming the option", (options, name) => {
  expect(() => setUp(options)).toThrow(`axiom.market.${name} `);
});
