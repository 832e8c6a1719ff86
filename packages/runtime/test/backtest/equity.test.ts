import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BarColumnsBuilder } from "../../src/backtest/columns-builder.ts";
import { runBacktest } from "../../src/backtest/run-backtest.ts";
import { definePlugin, type Plugin } from "../../src/plugins/define.ts";
import { testInstrument } from "../../src/testing/instrument.ts";
import { bars, coin, ONE, run, START_US, scripted, trades, WIDE, wanting } from "./setup.ts";

const MINUTE_US = 60_000_000;
const DAY_US = 86_400_000_000;
const other = testInstrument({ symbol: "BBB/USDT", base: "BBB", priceDecimals: 0, sizeDecimals: 0, minNotional: 0n });

/** Bars that open where the one before closed. */
function closes(intervalUs: number, ticks: readonly number[]) {
  const builder = new BarColumnsBuilder(intervalUs);
  for (const [i, close] of ticks.entries()) {
    const open = ticks[i - 1] ?? close;
    const startUs = START_US + i * intervalUs;
    builder.push(startUs, open, Math.max(open, close), Math.min(open, close), close, 1_000_000);
  }
  return builder.finish();
}

const CASH = { balances: new Map([["USDT", 10_000n * ONE]]) };
const lots = (sizeLots: number) => wanting("bar", { side: "buy", type: "market", sizeLots }).plugin;

describe("bars", () => {
  test("value at risk is over days where bars are days, worked out by hand", async () => {
    const ticks = Array.from({ length: 400 }, (_, i) => 1000 + Math.round(60 * Math.sin(i) + 90 * Math.sin(i / 37)));
    const { performance } = await run(lots(5), closes(DAY_US, ticks), CASH);
    const equity = [10_000, 10_000, ...ticks.slice(1).map((close) => 10_000 + 5 * (close - ticks[0]!))];
    const returns = equity.slice(1).map((value, i) => value / equity[i]! - 1);
    const worst = returns.toSorted((a, b) => a - b)[20]!; // 20 of 400 lost more
    expect(performance).toMatchObject({ periodMs: DAY_US / 1000, periods: 400 });
    expect(Number(performance.valueAtRisk[0]?.amount)).toBeCloseTo(-worst * equity.at(-1)!, 6);
    const mean = returns.reduce((sum, one) => sum + one, 0) / 400;
    const deviation = Math.sqrt(returns.reduce((sum, one) => sum + (one - mean) ** 2, 0) / 399);
    expect(performance.sharpe).toBeCloseTo((mean / deviation) * Math.sqrt(365), 6);
  });

  test("returns of minutes are taken over a minute, though the curve could have a point each second", async () => {
    const { performance } = await run(
      lots(10),
      closes(MINUTE_US, [100, 100, 90, 95, 80, 85, 90, 70, 80, 75, 70]),
      CASH,
    );
    expect(performance).toMatchObject({ periodMs: 60_000, periods: 11 });
    expect(Number(performance.valueAtRisk[0]?.amount)).toBeGreaterThan(100);
  });

  test("the drawdown is of every close, and the curve begins at the first event with the capital", async () => {
    // 16 points for 1,000 bars: the fall at bar 500 lasts one bar.
    const ticks = Array.from({ length: 1000 }, (_, i) => (i === 500 ? 60 : i === 499 ? 130 : 100));
    const { performance, curve } = await run(lots(10), closes(MINUTE_US, ticks), { ...CASH, curvePoints: 16 });
    expect(performance).toMatchObject({ maxDrawdown: "700", capital: "10000" });
    expect([curve.atUs(0), curve.at(0)]).toEqual([START_US, 1_000_000_000_000]);
  });

  test("a limit order that is filled far from the last close makes no drawdown that no close has", async () => {
    const { plugin } = wanting("bar", { side: "buy", type: "limit", priceTicks: 80, sizeLots: 10 });
    const { fills, performance } = await run(
      plugin,
      bars([100, 100, 100, 100, 1000], [100, 100, 79, 80, 1000], [80, 80, 80, 80, 9]),
    );
    expect(fills).toHaveLength(1);
    expect(performance).toMatchObject({ maxDrawdown: "0", profit: "0" });
  });

  test("an account that has something of its own begins with what that was worth at its first price", async () => {
    const { curve, performance } = await run(scripted("bar", () => {}).plugin, closes(MINUTE_US, [50, 60, 70]));
    expect(performance.capital).toBe("1050000");
    expect([curve.atUs(0), curve.at(0)]).toEqual([START_US, 105_000_000_000_000]);
  });

  test("two instruments that move at one moment are looked at together", async () => {
    const plugin = definePlugin({
      name: "pair",
      setup(ctx) {
        let n = 0;
        ctx.on("bar", () => {
          if (n++ !== 1) return;
          ctx.submit({ instrument: coin, side: "buy", type: "market", sizeLots: 10 });
          ctx.submit({ instrument: other, side: "sell", type: "market", sizeLots: 10 });
        });
      },
    });
    const path = [100, 100, 150, 80, 140, 100];
    const { fills, performance } = await runBacktest({
      plugins: [{ plugin }],
      data: [coin, other].map((instrument) => ({ instrument, columns: closes(MINUTE_US, path) })),
      fees: { makerBps: 0, takerBps: 0 },
      balances: new Map([
        ["USDT", 10_000n * ONE],
        ["BBB", 100n * ONE],
      ]),
      risk: WIDE,
    });
    expect(fills).toHaveLength(2);
    expect(performance).toMatchObject({ maxDrawdown: "0", profit: "0" });
  });

  test("the largest drawdown is that of all closes, whatever is traded, row by row as in stretches", async () => {
    const step = fc.tuple(fc.integer({ min: -9, max: 9 }), fc.constantFrom("", "", "", "", "buy", "sell"));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 80 }), fc.boolean(), async (steps, isFresh) => {
        let price = 300;
        const ticks = steps.map(([move]) => (price += move));
        const { plugin } = scripted("bar", (n, ctx) => {
          const side = steps[n]![1];
          if (side === "buy" || side === "sell") ctx.submit({ instrument: coin, side, type: "market", sizeLots: 7 });
        });
        const result = await run(plugin, closes(MINUTE_US, ticks), {
          curvePoints: 16,
          events: isFresh ? "fresh" : "reused",
          fees: { makerBps: 0, takerBps: 10 },
        });
        let peak = 0;
        let most = 0;
        for (let i = 0; i < ticks.length; i++) {
          const untilUs = START_US + (i + 1) * MINUTE_US;
          let cash = 0;
          let lots = 0;
          for (const fill of result.fills.filter(({ atUs }) => atUs < untilUs)) {
            const sign = fill.side === "buy" ? 1 : -1;
            cash -= sign * fill.priceTicks * fill.sizeLots + (fill.feeAsset === "USDT" ? Number(fill.fee) / 1e8 : 0);
            lots += sign * fill.sizeLots - (fill.feeAsset === "AAA" ? Number(fill.fee) / 1e8 : 0);
          }
          const equity = cash + lots * ticks[i]!;
          peak = Math.max(peak, equity);
          most = Math.max(most, peak - equity);
        }
        // What a fee in the base asset leaves when the position is closed is looked at with the points alone.
        expect(Number(result.performance.maxDrawdown)).toBeGreaterThan(most - 0.5);
        expect(Number(result.performance.maxDrawdown)).toBeLessThan(most + 1e-6);
      }),
      { numRuns: 60 },
    );
  });

  test("what is valued over two instruments is looked at at every close too", async () => {
    const btc = testInstrument({ symbol: "BTC/USDT", base: "BTC", priceDecimals: 0, sizeDecimals: 0, minNotional: 0n });
    const eth = testInstrument({
      symbol: "ETH/BTC",
      base: "ETH",
      quote: "BTC",
      priceDecimals: 0,
      sizeDecimals: 0,
      minNotional: 0n,
    });
    const usd = testInstrument({ symbol: "SOL/USDT", base: "SOL", priceDecimals: 0, sizeDecimals: 0, minNotional: 0n });
    const plugin = definePlugin({
      name: "cross",
      setup(ctx) {
        let n = 0;
        ctx.on("bar", { instrument: eth }, () => {
          if (n++ === 0) ctx.submit({ instrument: eth, side: "buy", type: "market", sizeLots: 10 });
        });
      },
    });
    const flat = Array.from({ length: 200 }, () => 100);
    const dip = flat.map((ticks, i) => (i === 77 ? 40 : ticks));
    const { asset, performance, fills } = await runBacktest({
      plugins: [{ plugin }],
      data: [
        { instrument: btc, columns: closes(MINUTE_US, flat) },
        { instrument: usd, columns: closes(MINUTE_US, flat) },
        { instrument: eth, columns: closes(MINUTE_US, dip) },
      ],
      fees: { makerBps: 0, takerBps: 0 },
      balances: new Map([["BTC", 5_000n * ONE]]),
      risk: WIDE,
      curvePoints: 16,
    });
    expect([asset, fills.length]).toEqual(["USDT", 1]);
    expect(performance.maxDrawdown).toBe("60000"); // 10 x 60 BTC at 100 USDT
  });
});

test("with trades, equity is looked at at fills, at the price of that moment, and each second while something is held", async () => {
  const { plugin } = wanting("trade", { side: "buy", type: "market", sizeLots: 10 });
  const rows = trades(
    [0, 100, 1, "buy"],
    [1_000, 100, 1, "buy"],
    [5_400_000, 150, 1, "buy"],
    [5_402_000, 60, 1, "sell"],
    [5_404_000, 150, 1, "buy"],
    [9_000_000, 150, 1, "buy"],
  );
  const { performance } = await run(plugin, rows, { ...CASH, curvePoints: 16 });
  expect(performance.maxDrawdown).toBe("900");
});

describe("halts", () => {
  const fall = closes(MINUTE_US, [100, 100, 97, 94, 90, 95, 80]);

  test("a limit on losses that is passed is told with its time, code and value", async () => {
    const told: string[] = [];
    const { halts } = await run(lots(10), fall, {
      risk: { ...WIDE, maxDrawdown: "50" },
      onDecision: (kind, _, atUs) => void (kind === "risk.breach" && told.push(String(atUs))),
    });
    expect(halts).toEqual([
      {
        atUs: START_US + 4 * MINUTE_US,
        code: "MAX_DRAWDOWN",
        state: "halted",
        asset: "USDT",
        lossUnits: 60n * ONE,
        reason: "the drawdown of 60 USDT is above the limit of 50",
      },
    ]);
    expect(told[0]).toBe(String(halts[0]!.atUs)); // passed once more at the last bar, which changes nothing
  });

  test("so is a day's loss that leaves reducing orders alone, and nothing where no limit is passed", async () => {
    const risk = { ...WIDE, maxDailyLoss: "70", onBreach: "reduceOnly" as const };
    const { halts } = await run(lots(10), fall, { risk });
    expect(halts).toMatchObject([{ code: "MAX_DAILY_LOSS", state: "reduceOnly", lossUnits: 100n * ONE }]);
    expect((await run(lots(10), fall)).halts).toEqual([]);
  });
});

/** Buys and sells in turns, at every n-th bar. */
function inTurns(name: string, every: number): Plugin {
  return definePlugin({
    name,
    setup(ctx) {
      let n = 0;
      ctx.on("bar", () => {
        if (n++ % every !== 0) return;
        const side = (n / every) % 2 < 1 ? "buy" : "sell";
        ctx.submit({ instrument: coin, side, type: "market", sizeLots: 7 });
      });
    },
  });
}

test("fees count with what they were worth at their fills: those of the strategies sum to the headline's", async () => {
  const ticks = Array.from({ length: 300 }, (_, i) => 100 + 3 * i);
  const { performance, strategies, fills } = await runBacktest({
    plugins: [{ plugin: inTurns("one", 3) }, { plugin: inTurns("two", 7) }],
    data: [{ instrument: coin, columns: closes(MINUTE_US, ticks) }],
    fees: { makerBps: 10, takerBps: 10 },
    balances: new Map([
      ["USDT", 1_000_000n * ONE],
      ["AAA", 1_000n * ONE],
    ]),
    risk: WIDE,
  });
  const byHand = fills.reduce((sum, { priceTicks, sizeLots }) => sum + (priceTicks * sizeLots) / 1000, 0);
  expect(new Set(fills.map(({ feeAsset }) => feeAsset))).toEqual(new Set(["AAA", "USDT"]));
  expect(Number(performance.fees)).toBeCloseTo(byHand, 6);
  const parts = Object.values(strategies).map(({ fees }) => Math.round(Number(fees) * 1e8));
  expect(parts.reduce((sum, units) => sum + units, 0)).toBe(Math.round(Number(performance.fees) * 1e8));
});
