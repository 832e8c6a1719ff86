import fc from "fast-check";
import { afterEach, describe, expect, test, vi } from "vitest";
import { BarColumnsBuilder, TradeColumnsBuilder } from "../../src/backtest/columns-builder.ts";
import type { BacktestOptions } from "../../src/backtest/options.ts";
import { runBacktest } from "../../src/backtest/run-backtest.ts";
import { Core } from "../../src/core/core.ts";
import { defineEvent, type Instrument, type Intent } from "../../src/index.ts";
import { definePlugin, type Plugin } from "../../src/plugins/define.ts";
import { anyIntent, coin, ONE, run, START_US, WIDE } from "./setup.ts";

afterEach(() => void vi.restoreAllMocks());

const other: Instrument = { ...coin, id: "paper:BBB/USDT", symbol: "BBB/USDT", venueSymbol: "BBBUSDT", base: "BBB" };
const INTERVALS = { "1m": 60_000_000, "1h": 3_600_000_000 } as const;

type Steps = readonly (readonly [gap: number, move: number, size: number])[];

const steps = fc.array(
  fc.tuple(
    fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(3)),
    fc.integer({ min: -6, max: 6 }),
    fc.nat(2000),
  ),
  { minLength: 60, maxLength: 200, size: "max" },
);

/** A price that comes back to 100, where the orders are. */
const near = (price: number, move: number): number => price + (Math.abs(price + move - 100) > 20 ? -move : move);

function toBars(rows: Steps, intervalUs: number) {
  const builder = new BarColumnsBuilder(intervalUs);
  let row = 0;
  let close = 100;
  for (const [gap, move, size] of rows) {
    const open = close;
    close = near(open, move);
    builder.push(START_US + (row + gap) * intervalUs, open, Math.max(open, close), Math.min(open, close), close, size);
    row += gap + 1;
  }
  return builder.finish();
}

/** Mostly some milliseconds apart, so that the losses are looked at at some trades alone; now and then a third of a day. */
function toTrades(rows: Steps) {
  const builder = new TradeColumnsBuilder();
  let atUs = START_US;
  let price = 100;
  for (const [i, [gap, move, size]] of rows.entries()) {
    atUs += [20_000, 90_000, 110_000, 28_800_000_000][gap]!;
    price = near(price, move);
    builder.push(atUs, price, 1 + (size % 60), move < 0, i + 1);
  }
  return builder.finish();
}

/** Seldom wants anything, so that most rows are quiet; all that it hears is written down. */
const seldom = (name: string, kind: "bar" | "trade", told: string[], rarity: number): Plugin =>
  definePlugin({
    name,
    setup(ctx) {
      const { random } = ctx;
      const act = (instrument: Instrument) => {
        const draw = random.next();
        const [open] = ctx.openOrders();
        if (open !== undefined && draw < 0.1) ctx.cancel(open);
        if (draw > rarity) return;
        ctx.submit({ instrument, ...anyIntent(random, [85, 115]) });
        if (draw < rarity / 4) ctx.publish({ kind: `${name}/low` } as never);
      };
      ctx.define(defineEvent(`${name}/low` as never, { lane: "low" }));
      ctx.on(`${name}/low` as never, () => void told.push(`${name} low ${ctx.nowUs()}`));
      ctx.on(kind, (event) => {
        told.push(`${name} ${ctx.nowUs()} ${JSON.stringify(event, text)}`);
        act(event.instrument);
      });
      if (kind === "bar" && name === "built")
        ctx.on("bar", { every: "1h" }, (bar) => {
          told.push(`${name} every ${ctx.nowUs()} ${bar.endUs} ${bar.closeTicks}`);
          act(bar.instrument);
        });
      if (kind === "bar" && name === "built")
        for (const hole of ["gap", "resync"] as const)
          ctx.on(hole, (event) => {
            told.push(`${name} ${ctx.nowUs()} ${JSON.stringify(event, text)}`);
            act(event.instrument);
          });
      ctx.on("order", ({ order }) => void told.push(`${name} ${order.state} ${ctx.nowUs()}`));
      ctx.on("fill", ({ fill }) => void told.push(`${name} ${fill.sizeLots}@${fill.priceTicks} ${ctx.nowUs()}`));
      const tick = () => {
        told.push(`${name} timer ${ctx.nowUs()}`);
        act(coin);
      };
      return name === "timed" ? { ready: () => void ctx.every(1_700_000, tick) } : {};
    },
  });

/** Buys 10 lots at its first bar, and wants a stop for them where one is given. */
function holding(stop?: Omit<Intent, "instrument">): Plugin {
  return definePlugin({
    name: "holding",
    setup(ctx) {
      let bars = 0;
      ctx.on("bar", () => {
        if (bars++ > 0) return;
        ctx.submit({ instrument: coin, side: "buy", type: "market", sizeLots: 10 });
        if (stop !== undefined) ctx.submit({ instrument: coin, ...stop });
      });
    },
  });
}

/** Throws now and then: it is taken out in the midst of things. */
const frail = (kind: "bar" | "trade"): Plugin =>
  definePlugin({
    name: "frail",
    budgets: { faults: 2 },
    setup(ctx) {
      ctx.on(kind, () => {
        if (ctx.random.next() < 0.03) throw new Error("out of fuel");
      });
    },
  });

const text = (_key: string, value: unknown) => (typeof value === "bigint" ? `${value}n` : value);

/** All that a run has told, decided and come to. */
async function story(options: Omit<BacktestOptions, "plugins">, kind: "bar" | "trade", names: readonly string[]) {
  const told: string[] = [];
  const plugins = names.map((name) => ({ plugin: name === "frail" ? frail(kind) : seldom(name, kind, told, 0.05) }));
  const {
    elapsedNs: _,
    curve,
    portfolio,
    ...rest
  } = await runBacktest({
    ...options,
    plugins,
    onDecision: (what, body, atUs) => void told.push(`${what} ${atUs} ${JSON.stringify(body, text)}`),
  });
  return JSON.stringify([told, rest, curve.record(), portfolio.record()], text);
}

const limits = fc.constantFrom(
  {},
  { maxDrawdown: "200", maxDailyLoss: "100" },
  { maxDrawdown: "1000", maxDailyLoss: "0" },
  { maxDrawdown: "30", onBreach: "reduceOnly" as const },
  { maxDailyLoss: "300", onBreach: "reduceOnly" as const },
  { maxDailyLoss: "800", onBreach: "reduceOnly" as const },
);
const ways = fc.record({
  feedUs: fc.constantFrom(0, 3_000, [0, 1_000, 40_000]),
  orderUs: fc.constantFrom(0, 3_000, [0, 40_000]),
});
const casts = fc.constantFrom(["one"], ["one", "timed"], ["timed", "frail", "two"], ["frail"]);

describe("quiet rows come to the same as rows that are played one by one", () => {
  const common = (seed: number, latency: BacktestOptions["latency"], risk: object) => ({
    seed,
    ...(latency !== undefined && { latency }),
    fees: { makerBps: 1.5, takerBps: 7.5 },
    balances: new Map([
      ["USDT", 100_000n * ONE],
      ["AAA", 1_000n * ONE],
      ["BBB", 1_000n * ONE],
    ]),
    risk: { ...WIDE, ...risk },
    curvePoints: 16, // a sample of the equity is due at each row otherwise, and none is quiet
    fillModel: { trades: { aheadLots: 20 }, bars: { volumeShare: 0.5, slippageTicks: 2 } },
  });

  test("with bars, of several lengths", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(steps, steps, fc.boolean()),
        fc.constantFrom("1m" as const, "1h" as const),
        fc.nat(1000),
        limits,
        ways,
        casts,
        async ([first, second, areTwo], interval, seed, risk, latency, cast) => {
          const intervalUs = INTERVALS[interval];
          const data = [
            { instrument: coin, columns: toBars(first, intervalUs) },
            ...(areTwo ? [{ instrument: other, columns: toBars(second, intervalUs) }] : []),
          ];
          const options = { ...common(seed, latency, risk), data };
          const names = [...cast, "built"]; // of an hour: these ones, or sixty of them
          const quiet = await story(options, "bar", names);
          expect(quiet).toBe(await story({ ...options, events: "fresh" }, "bar", names));
        },
      ),
      { numRuns: 12, endOnFailure: true },
    );
  });

  test("with trades", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.tuple(steps, steps, fc.boolean()),
        fc.nat(1000),
        limits,
        ways,
        casts,
        async ([first, second, areTwo], seed, risk, latency, cast) => {
          const data = [
            { instrument: coin, columns: toTrades(first) },
            ...(areTwo ? [{ instrument: other, columns: toTrades(second) }] : []),
          ];
          const options = { ...common(seed, latency, risk), data };
          const quiet = await story(options, "trade", cast);
          expect(quiet).toBe(await story({ ...options, events: "fresh" }, "trade", cast));
        },
      ),
      { numRuns: 20, endOnFailure: true },
    );
  });
});

test("a day opens with the last value of the day before, also where that was at a quiet row", async () => {
  const plugin = holding();
  const closes = [100, 100, 120, 90, ...Array.from({ length: 18 }, () => 100), 115, 105, 100, 100];
  const builder = new BarColumnsBuilder(INTERVALS["1h"]);
  for (const [i, close] of closes.entries()) {
    const open = closes[i - 1] ?? 100;
    const startUs = START_US + i * INTERVALS["1h"];
    builder.push(startUs, open, Math.max(open, close), Math.min(open, close), close, 1000);
  }
  const breaches: string[] = [];
  await run(plugin, builder.finish(), {
    risk: { ...WIDE, maxDailyLoss: "140" },
    curvePoints: 16,
    onDecision: (what, body, atUs) =>
      void (what === "risk.breach" && breaches.push(`${(body as { code: string }).code} ${(atUs - START_US) / 3.6e9}`)),
  });
  expect(breaches).toEqual(["MAX_DAILY_LOSS 25"]); // 10 lots at 115 to 100; the day began at 24
});

test("rows are quiet while a stop waits, up to the one that reaches its trigger", async () => {
  const byRow = vi.spyOn(Core.prototype, "deliverRow");
  const moves = Array.from({ length: 1000 }, (_, i) => (i === 800 ? -30 : i % 2 === 0 ? 1 : -1));
  const rows = moves.map((move) => [0, move, 1000] as const);
  const stop = { side: "sell", type: "stop", triggerTicks: 85, sizeLots: 10 } as const;
  const builder = new BarColumnsBuilder(INTERVALS["1m"]);
  let close = 100;
  for (const [row, [, move]] of rows.entries()) {
    const open = close;
    close += move;
    builder.push(START_US + row * INTERVALS["1m"], open, Math.max(open, close), Math.min(open, close), close, 1000);
  }
  const { fills } = await run(holding(stop), builder.finish(), { curvePoints: 16 });
  expect(fills.map(({ side, priceTicks }) => `${side} ${priceTicks}`)).toEqual(["buy 101", "sell 85"]);
  expect(byRow.mock.calls.length).toBeLessThan(60);
});

test("rows without an order are quiet, with the limits on losses that the config has by default too", async () => {
  const byRow = vi.spyOn(Core.prototype, "deliverRow");
  // Wide at first: what is between two extremes that were seen is nothing new.
  const moves = [0, 0, 6, -12, 6, ...Array.from({ length: 995 }, (_, i) => (i % 2 === 0 ? 1 : -1))];
  const rows = moves.map((move) => [0, move, 1000] as const);
  const { fills } = await run(holding(), toBars(rows, INTERVALS["1m"]), {
    risk: { ...WIDE, maxDrawdown: "1000", maxDailyLoss: "500" },
    curvePoints: 16,
  });
  expect(fills).toHaveLength(1);
  expect(byRow.mock.calls.length).toBeGreaterThan(0);
  expect(byRow.mock.calls.length).toBeLessThan(60);
});
