import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  checkConfig,
  DepthColumnsBuilder,
  DepthOp,
  type Instrument,
  type MarketData,
  type Plugin,
  readMarketData,
  runBacktest,
} from "pitlane";
import { testInstrument } from "pitlane/testing";
import { beforeAll, describe, expect, test } from "vitest";
import { marketMaker, momentum, pairArbitrage, triangularArbitrage, twap } from "../src/index.ts";

const DATA = process.env["PITLANE_DATA"] ?? fileURLToPath(new URL("../../../../../shared/data", import.meta.url));
const SPOT = `${DATA}/binance-raw/spot-btcusdt-20240808.gz`; // 345 s each, at the same time
const PERPETUAL = `${DATA}/binance-raw/usdm-btcusdt-20240808.gz`;
const isThere = existsSync(SPOT) && existsSync(PERPETUAL);
const named = (name: string) => (isThere ? name : `${name} (skipped: no recordings; set PITLANE_DATA)`);

/** A recorded market under a base of its own, all at one venue and on one account. */
async function recorded(path: string, base: string): Promise<MarketData> {
  const { data } = await readMarketData([path], { clock: { monotonicNs: () => performance.now() * 1e6 } });
  const { instrument, columns } = data[0]!;
  const symbol = `${base}/USDT`;
  return { instrument: { ...instrument, id: `binance:${symbol}`, venue: "binance", symbol, base }, columns };
}

/** The one market that no recording has: the perpetual priced in the coin, somewhat dear, at the same price all the time. */
function writtenCross({ columns }: MarketData): MarketData {
  const fromUs = columns.kind === "depth" ? columns.atUs[0]! : 0;
  const instrument: Instrument = testInstrument({
    id: "binance:PERP/BTC",
    venue: "binance",
    symbol: "PERP/BTC",
    base: "PERP",
    quote: "BTC",
    priceDecimals: 4,
    sizeDecimals: 6,
    minNotional: 10_000n,
  });
  const builder = new DepthColumnsBuilder();
  for (let second = 0; second < 345; second++) {
    const atUs = fromUs + second * 1_000_000;
    builder.push(atUs, atUs, DepthOp.clear);
    builder.push(atUs, atUs, DepthOp.bid, 10_040, 1_000_000);
    builder.push(atUs, atUs, DepthOp.ask, 10_041, 1_000_000);
    builder.push(atUs, atUs, DepthOp.end);
  }
  return { instrument, columns: builder.finish() };
}

async function backtest(plugin: Plugin, config: object, data: readonly MarketData[]) {
  const coins = 100_000_000n;
  const result = await runBacktest({
    plugins: [{ plugin, config }],
    data,
    fees: { makerBps: 1, takerBps: 1 },
    latency: { orderUs: 2000 },
    balances: new Map([
      ["USDT", 100_000n * coins],
      ["BTC", coins],
      ["PERP", coins],
    ]),
    // Positions are of single instruments: those of a triangle grow with every trip, though all together are flat.
    risk: checkConfig({ risk: { maxPositionNotional: "1000000" } }, "the test").risk,
  });
  expect(result.faults).toEqual([]);
  expect(result.portfolio.check()).toEqual([]);
  expect(result.performance.trades).toBe(result.performance.wins + result.performance.losses);
  return result;
}

describe.skipIf(!isThere)("on recorded markets", { timeout: 120_000 }, () => {
  let spot: MarketData;
  let perpetual: MarketData;

  beforeAll(async () => {
    spot = await recorded(SPOT, "BTC");
    perpetual = await recorded(PERPETUAL, "PERP");
  }, 120_000);

  test(named("market maker: rests, is filled as a maker, and keeps within its limit"), async () => {
    const { fills, portfolio } = await backtest(marketMaker, { halfSpreadBps: 0.5, maxQuotes: 3 }, [spot]);
    expect(fills.length).toBeGreaterThan(10);
    expect(fills.every(({ isMaker }) => isMaker)).toBe(true);
    const largest = Math.max(...fills.map(({ sizeLots }) => sizeLots));
    expect(Math.abs(portfolio.position(spot.instrument).lots)).toBeLessThanOrEqual(5 * largest);
  });

  test(named("momentum: takes moves, and closes what it opened"), async () => {
    const { fills, performance } = await backtest(momentum, { lookbackMs: 2000, entryBps: 2 }, [spot]);
    expect(fills.length).toBeGreaterThan(4);
    expect(fills.every(({ isMaker }) => !isMaker)).toBe(true);
    expect(performance.trades).toBeGreaterThan(1);
  });

  test(named("pair arbitrage: trades the coin against its perpetual, both ways"), async () => {
    const config = { sampleMs: 250, window: 120, entryZ: 2, holdMs: 20_000 };
    const { fills, portfolio } = await backtest(pairArbitrage, config, [spot, perpetual]);
    expect(new Set(fills.map(({ instrument, side }) => `${side} ${instrument}`)).size).toBe(4);
    const [one, other] = [spot, perpetual].map(({ instrument }) => portfolio.position(instrument).lots);
    expect(one! * other!).toBeLessThanOrEqual(0);
  });

  test(named("triangular arbitrage: two recorded legs and one that is written, all the way round"), async () => {
    const data = [spot, perpetual, writtenCross(spot)];
    const { fills, portfolio, performance } = await backtest(
      triangularArbitrage,
      { takerBps: 1, sizeMultiple: 100 },
      data,
    );
    expect(new Set(fills.map(({ instrument }) => instrument)).size).toBe(3);
    expect(Number(performance.profit)).toBeGreaterThan(0); // it was made to pay
    expect(portfolio.total.openPositions).toBeGreaterThan(0); // coins by one market, spent by another
  });

  test(named("twap: buys what it was told in the time it was told"), async () => {
    const config = { symbol: "BTC/USDT", size: "0.05", durationMs: 60_000, slices: 20 };
    const { fills, portfolio } = await backtest(twap, config, [spot]);
    expect(portfolio.position(spot.instrument).lots).toBe(50_000);
    expect(fills.length).toBeGreaterThanOrEqual(20);
    expect(fills.at(-1)!.atUs - fills[0]!.atUs).toBeLessThanOrEqual(60_000_000);
  });
});
