import type { Plugin } from "pitlane";
import { createTestHost, type PaperMarket } from "pitlane/testing";
import { expect, test } from "vitest";
import { marketMaker, momentum, pairArbitrage, triangularArbitrage, twap } from "../src/index.ts";

const spot = { tickSize: "0.01", lotSize: "0.001", minSize: "0.001", maxSize: "90000", minNotional: "5" };
const AAA = { ...spot, symbol: "AAAUSDT", base: "AAA", quote: "USDT", startPrice: "100" };
const BBB = { ...spot, symbol: "BBBUSDT", base: "BBB", quote: "USDT", startPrice: "50" };
const CROSS = {
  ...spot,
  symbol: "AAABBB",
  base: "AAA",
  quote: "BBB",
  tickSize: "0.0001",
  minNotional: "0.1",
  startPrice: "2.05",
};

interface Intended {
  readonly instrument: string;
  readonly side: "buy" | "sell";
  readonly sizeLots: number;
  readonly timeInForce?: string;
  readonly approved: boolean;
}

/** Lets a strategy trade on the paper exchange over real sockets, on a clock of its own. */
async function trade(plugin: Plugin, config: object, market: PaperMarket, seconds: number) {
  const host = await createTestHost({ plugin, config, seed: 7, market });
  try {
    await host.run({ seconds });
    return {
      intents: host.decisions.filter(({ kind }) => kind === "intent").map(({ body }): Intended => JSON.parse(body)),
      faults: [...host.faults],
      logged: [...host.logged],
      accepted: host.accepted(),
      open: host.openOrders().length,
      positions: host.instruments.map((instrument) => host.positionLots(instrument)),
    };
  } finally {
    await host.close();
  }
}

const LONG = { timeout: 180_000 };

test("market maker: quotes both sides, and its position keeps within its limit", LONG, async () => {
  const run = await trade(
    marketMaker,
    { halfSpreadBps: 1, maxQuotes: 2 },
    { model: "mean-reversion", instruments: [AAA] },
    20,
  );
  expect(run.faults).toEqual([]);
  expect(new Set(run.intents.map(({ side }) => side)).size).toBe(2);
  expect(run.accepted.length).toBeGreaterThan(20);
  const quoteLots = Math.max(...run.intents.map(({ sizeLots }) => sizeLots));
  expect(Math.abs(run.positions[0]!)).toBeLessThanOrEqual(3 * quoteLots); // the last quote is placed below the limit
});

test("momentum: takes and closes, one order at a time, none of which stays", LONG, async () => {
  const run = await trade(momentum, { lookbackMs: 300, entryBps: 2 }, { model: "random-walk", instruments: [AAA] }, 20);
  expect(run.faults).toEqual([]);
  expect(run.intents.length).toBeGreaterThan(3);
  expect(run.intents.every(({ timeInForce, approved }) => timeInForce === "IOC" && approved)).toBe(true);
  expect(run.open).toBe(0);
});

test("pair arbitrage: what it holds of one is against the other", LONG, async () => {
  const config = { sampleMs: 100, window: 30, entryZ: 1.5, holdMs: 2000 };
  const run = await trade(pairArbitrage, config, { model: "correlated-pairs", instruments: [AAA, BBB] }, 30);
  expect(run.faults).toEqual([]);
  expect(run.intents.length).toBeGreaterThan(8);
  expect(new Set(run.intents.map(({ instrument, side }) => `${side} ${instrument}`)).size).toBe(4);
  const [aaa = 0, bbb = 0] = run.positions;
  expect(aaa * bbb).toBeLessThanOrEqual(0);
});

test("triangular arbitrage: goes round, and what it buys it sells again", LONG, async () => {
  const run = await trade(triangularArbitrage, {}, { model: "random-walk", instruments: [AAA, BBB, CROSS] }, 30);
  expect(run.faults).toEqual([]);
  const round = ["buy paper:AAA/USDT", "sell paper:AAA/BBB", "sell paper:BBB/USDT"];
  expect(run.intents.slice(0, 3).map(({ side, instrument }) => `${side} ${instrument}`)).toEqual(round);
  expect(run.accepted.length).toBeGreaterThan(6);
  const largest = Math.max(...run.intents.map(({ sizeLots }) => sizeLots));
  const [aaa = 0, bbb = 0, cross = 0] = run.positions;
  expect(Math.abs(aaa + cross)).toBeLessThanOrEqual(largest); // one trip's at most is on its way
  expect(bbb).toBeLessThan(0); // what came over the cross was sold
});

test("twap: trades all of its size and not a lot more", LONG, async () => {
  const config = { size: "1.5", durationMs: 10_000, slices: 8 };
  const run = await trade(twap, config, { model: "random-walk", instruments: [AAA] }, 14);
  expect(run.faults).toEqual([]);
  expect(run.positions).toEqual([1500]);
  expect(run.intents.length).toBeGreaterThanOrEqual(8);
  expect(run.logged).toEqual([expect.stringMatching(/^ended: 1.5 of 1.5 at \d+(\.\d+)? on average$/)]);
});
