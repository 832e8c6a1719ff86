import { baseUnits, type Instrument, notionalUnits } from "@pitlane/sdk";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { BacktestResult } from "../../src/backtest/result.ts";
import { runBacktest } from "../../src/backtest/run-backtest.ts";
import { defineEvent } from "../../src/bus/events.ts";
import { definePlugin } from "../../src/plugins/define.ts";
import { testInstrument } from "../../src/testing/instrument.ts";
import {
  anyIntent,
  bars,
  coin,
  depth,
  fillsOf,
  ONE,
  run,
  SNAPSHOT,
  START_US,
  scripted,
  trades,
  WIDE,
  wanting,
} from "./setup.ts";

describe("time", () => {
  test("events come as late as the feed, orders arrive as late as the way, and fills are heard as late as the news", async () => {
    const { plugin, told } = wanting("trade", { side: "buy", type: "market", sizeLots: 10 });
    const result = await run(
      plugin,
      trades([0, 100, 1, "buy"], [10, 105, 1, "buy"], [30, 110, 1, "buy"], [90, 120, 1, "buy"]),
      { latency: { feedUs: 15_000, orderUs: 20_000 } },
    );
    // Heard at 15, with the venue at 35, where 110 traded at 30; the news is back at 50.
    expect(fillsOf(result)).toEqual(["buy 10@111 taker 35"]);
    expect(told.heard).toEqual(["trade 15", "trade 25", "trade 45", "fill 10@111 50", "filled 50", "trade 105"]);
    expect(result.latency.request.max).toBeCloseTo(20_000, -2);
    expect(result.latency.fill.max).toBeCloseTo(35_000, -2);
  });

  test("depth is heard when it was recorded to be, and news of orders takes as long", async () => {
    const { plugin, told } = wanting("book", { side: "buy", type: "limit", priceTicks: 101, sizeLots: 10 });
    const data = depth(
      [
        [0, ...SNAPSHOT],
        [10, ["ask", 101, 5], ["end"]],
        [20, ["bid", 99, 9], ["end"]],
      ],
      7,
    );
    const result = await run(plugin, data);
    // Wanted at 7, there at once, where the book is of 0; the news leaves with a message that takes 7.
    expect(fillsOf(result)).toEqual(["buy 10@101 taker 7"]);
    expect(told.heard).toEqual(["book 7", "fill 10@101 14", "filled 14", "book 17", "book 27"]);
    expect(result.latency.feed.count).toBeGreaterThan(0);
  });

  test("a cancel that arrives after the fill finds nothing to cancel", async () => {
    const { plugin, told } = scripted("trade", (n, ctx, orders) => {
      if (n === 0)
        orders.push(ctx.submit({ instrument: coin, side: "buy", type: "limit", priceTicks: 98, sizeLots: 5 }));
      if (n === 1) ctx.cancel(orders[0]!);
    });
    const data = trades([0, 100, 1, "buy"], [20, 100, 1, "buy"], [25, 97, 9, "sell"], [90, 97, 9, "sell"]);
    const result = await run(plugin, data, { latency: { orderUs: 10_000 } });
    expect(fillsOf(result)).toEqual(["buy 5@98 maker 25"]);
    expect(told.orders[0]?.state).toBe("filled");
    expect(result.faults).toEqual([]);
  });

  test("timers fire on simulated time, also where no event is", async () => {
    const fired: number[] = [];
    const plugin = definePlugin({
      name: "ticking",
      setup: (ctx) => {
        ctx.every(1000, () => void fired.push((ctx.nowUs() - START_US) / 1000));
        const gone = ctx.after(500, () => void fired.push(-1));
        ctx.on("trade", () => gone.clear());
      },
    });
    await run(plugin, trades([0, 100, 1, "buy"], [3500, 100, 1, "buy"]));
    expect(fired).toEqual([1000, 2000, 3000]);
  });

  test("several instruments are merged by time, in the order given where it is the same", async () => {
    const other: Instrument = testInstrument({ symbol: "BBB/USDT", base: "BBB", priceDecimals: 0, sizeDecimals: 0 });
    const heard: string[] = [];
    const plugin = definePlugin({
      name: "listening",
      setup: (ctx) =>
        ctx.on("trade", ({ instrument, receivedAtUs }) => {
          heard.push(`${instrument.base} ${(receivedAtUs - START_US) / 1000}`);
        }),
    });
    await runBacktest({
      plugins: [{ plugin }],
      data: [
        { instrument: coin, columns: trades([0, 100, 1, "buy"], [5, 100, 1, "buy"], [6, 100, 1, "buy"]) },
        { instrument: other, columns: trades([2, 7, 1, "buy"], [5, 7, 1, "buy"], [9, 7, 1, "buy"]) },
      ],
      fees: { makerBps: 0, takerBps: 0 },
      balances: new Map([["USDT", ONE]]),
      risk: WIDE,
    });
    expect(heard).toEqual(["AAA 0", "BBB 2", "AAA 5", "BBB 5", "AAA 6", "BBB 9"]);
  });
});

describe("events", () => {
  test("are one object that changes, unless fresh ones are asked for", async () => {
    const distinct = async (events: "reused" | "fresh") => {
      const kept = new Set<object>();
      const plugin = definePlugin({
        name: "keeping",
        setup: (ctx) => ctx.on("trade", (trade) => void kept.add(trade)),
      });
      await run(plugin, trades([0, 100, 1, "buy"], [1, 101, 2, "sell"], [2, 102, 3, "buy"]), { events });
      return [...kept].map((trade) => (trade as { readonly priceTicks: number }).priceTicks);
    };
    expect(await distinct("reused")).toEqual([102]);
    expect(await distinct("fresh")).toEqual([100, 101, 102]);
  });

  test("a copy of a bar has all its fields", async () => {
    const copies: unknown[] = [];
    const plugin = definePlugin({
      name: "copying",
      setup: (ctx) => ctx.on("bar", (bar) => void copies.push({ ...bar })),
    });
    await run(plugin, bars([100, 105, 95, 102, 7]));
    expect(copies).toEqual([
      {
        kind: "bar",
        instrument: coin,
        interval: "1m",
        isClosed: true,
        startUs: START_US,
        venueAtUs: START_US + 60_000_000,
        receivedAtUs: START_US + 60_000_000,
        receivedNs: (START_US + 60_000_000) * 1000,
        openTicks: 100,
        highTicks: 105,
        lowTicks: 95,
        closeTicks: 102,
        volumeLots: 7,
        quoteVolume: notionalUnits(coin, 102, 7),
        trades: 0,
      },
    ]);
  });

  test("hooks that want bars made of trades hear of recorded bars of that length, and of others are told why not", async () => {
    const wants = (every: "1s" | "1m" | "5m", heard: number[] = []) =>
      run(
        definePlugin({
          name: "barring",
          setup: (ctx) => ctx.on("bar", { instrument: coin, every }, (bar) => void heard.push(bar.closeTicks)),
        }),
        bars([100, 105, 95, 102, 7], [102, 105, 95, 103, 7]),
      );
    const heard: number[] = [];
    await wants("1m", heard);
    expect(heard).toEqual([102, 103]);
    heard.length = 0;
    await wants("5m", heard); // of which the data hold two minutes alone
    expect(heard).toEqual([]);
    await expect(wants("1s")).rejects.toThrow('wants bars of "1s" of test:AAA/USDT, and the data are bars of 1m, of');
  });

  test("hooks that throw take their plugin out, as in a session, and the result says so", async () => {
    const plugin = definePlugin({
      name: "broken",
      budgets: { faults: 2 },
      setup: (ctx) =>
        ctx.on("trade", () => {
          throw new Error("out of fuel");
        }),
    });
    const { faults } = await run(
      plugin,
      trades([0, 1, 1, "buy"], [1, 1, 1, "buy"], [2, 1, 1, "buy"], [3, 1, 1, "buy"]),
    );
    expect(faults.filter((line) => line.includes("hook threw"))).toHaveLength(2);
    expect(faults.some((line) => line.includes("quarantined"))).toBe(true);
  });
});

describe("accounts", () => {
  /** Wants anything, at random but by the seed, at each event. */
  const restless = (kind: "bar" | "trade" | "quote") =>
    definePlugin({
      name: "restless",
      setup(ctx) {
        const { random } = ctx;
        ctx.on(kind, () => {
          const open = ctx.openOrders();
          if (open.length > 3 || (open.length > 0 && random.next() < 0.2)) ctx.cancel(open[0]!);
          ctx.submit({ instrument: coin, ...anyIntent(random, [95, 105]) });
        });
      },
    });

  const tick = fc.integer({ min: 95, max: 105 });
  const tradeRows = fc
    .array(
      fc.tuple(fc.nat(50), tick, fc.integer({ min: 1, max: 80 }), fc.constantFrom("buy" as const, "sell" as const)),
      {
        minLength: 1,
        maxLength: 60,
      },
    )
    .map((rows) => {
      let ms = 0;
      const timed = rows.map(([step, price, size, side]) => {
        ms += step;
        return [ms, price, size, side] as const;
      });
      return trades(...timed);
    });
  const barRows = fc
    .array(fc.tuple(tick, tick, tick, tick, fc.nat(2000)), { minLength: 1, maxLength: 40 })
    .map((rows) =>
      bars(...rows.map(([a, b, c, d, volume]) => [a, Math.max(a, b, c, d), Math.min(a, b, c, d), d, volume] as const)),
    );
  const depthRows = fc
    .array(
      fc.tuple(
        fc.nat(50),
        fc.constantFrom("bid" as const, "ask" as const, "buyTrade" as const, "sellTrade" as const),
        fc.integer({ min: 1, max: 4 }),
        fc.nat(80),
      ),
      { maxLength: 60 },
    )
    .map((rows) => {
      let ms = 0;
      return depth([
        [0, ...SNAPSHOT],
        ...rows.map(([step, op, distance, size]) => {
          ms += step;
          const price = op === "bid" || op === "sellTrade" ? 100 - distance : 100 + distance;
          const isLevel = op === "bid" || op === "ask";
          return [ms, [op, price, isLevel ? size : size + 1], ...(isLevel ? [["end"] as const] : [])] as const;
        }),
      ]);
    });
  const data = fc.oneof(tradeRows, barRows, depthRows);
  const latency = fc.record({
    feedUs: fc.constantFrom(0, 3_000, [0, 1_000, 40_000]),
    orderUs: fc.constantFrom(0, 3_000, [0, 1_000, 40_000]),
  });
  const kinds = { bars: "bar", trades: "trade", depth: "quote" } as const;
  const options = (seed: number, ways: object) => ({
    seed,
    latency: ways,
    fees: { makerBps: 1.5, takerBps: 7.5 },
    fillModel: { trades: { aheadLots: 20 }, bars: { volumeShare: 0.5 } },
  });

  /** What must be the same when the same is run again: all but the wall time. */
  const digest = ({ elapsedNs: _, curve, portfolio, ...rest }: BacktestResult) =>
    JSON.stringify([rest, curve.record(), portfolio.record()], (_key, value) =>
      typeof value === "bigint" ? `${value}n` : value,
    );

  test("start + fills - fees is what is held in the end, whatever is wanted; the same options give the same result byte for byte", async () => {
    await fc.assert(
      fc.asyncProperty(data, fc.nat(1000), latency, async (columns, seed, ways) => {
        const once = () => run(restless(kinds[columns.kind]), columns, options(seed, ways));
        const result = await once();
        const sums = new Map([
          ["USDT", 1_000_000n * ONE],
          ["AAA", 1_000n * ONE],
        ]);
        const add = (asset: string, units: bigint) => sums.set(asset, (sums.get(asset) ?? 0n) + units);
        for (const { side, priceTicks, sizeLots, fee, feeAsset } of result.fills) {
          const sign = side === "buy" ? 1n : -1n;
          add("AAA", sign * baseUnits(coin, sizeLots));
          add("USDT", -sign * notionalUnits(coin, priceTicks, sizeLots));
          add(feeAsset, -fee);
        }
        expect(new Map(result.portfolio.balances)).toEqual(sums);
        expect(digest(await once())).toBe(digest(result));
      }),
      { numRuns: 40 },
    );
  });

  test("no order gets more than its size, and none a price that the market did not have", async () => {
    await fc.assert(
      fc.asyncProperty(data, fc.nat(1000), latency, async (columns, seed, ways) => {
        const wanted = new Map<string, number>();
        const inner = restless(kinds[columns.kind]);
        const plugin = definePlugin({
          name: "restless",
          setup: (ctx) =>
            inner.setup({
              ...ctx,
              submit: (intent) => {
                const order = ctx.submit(intent);
                wanted.set(order.clientOrderId, intent.sizeLots);
                return order;
              },
            }),
        });
        const result = await run(plugin, columns, options(seed, ways));
        const filled = new Map<string, number>();
        for (const { clientOrderId, sizeLots, priceTicks, isMaker } of result.fills) {
          filled.set(clientOrderId, (filled.get(clientOrderId) ?? 0) + sizeLots);
          // A maker gets its own price, 95 to 105; a taker of trades pays half a spread of one tick beyond the last.
          expect(priceTicks).toBeGreaterThanOrEqual(isMaker ? 95 : 94);
          expect(priceTicks).toBeLessThanOrEqual(isMaker ? 105 : 106);
        }
        for (const [id, lots] of filled) expect(lots).toBeLessThanOrEqual(wanted.get(id)!);
        expect(result.orders.duplicated).toBe(0);
      }),
      { numRuns: 40 },
    );
  });
});

test("limits deny as in a session, and the drawdown limit halts trading", async () => {
  const small = wanting("trade", { side: "buy", type: "market", sizeLots: 11 });
  const denied = await run(small.plugin, trades([0, 100, 1, "buy"]), { risk: { ...WIDE, maxOrderNotional: "1000" } });
  expect([denied.orders.denied, small.told.orders[0]?.state]).toEqual([1, "denied"]);

  const { plugin, told } = scripted("trade", (n, ctx, orders) => {
    if (n !== 1) orders.push(ctx.submit({ instrument: coin, side: "buy", type: "market", sizeLots: 10 }));
  });
  await run(plugin, trades([0, 100, 1, "buy"], [500, 100, 1, "buy"], [1000, 50, 1, "sell"], [1500, 50, 1, "sell"]), {
    risk: { ...WIDE, maxDrawdown: "100" },
  });
  expect(told.orders.map(({ state }) => state)).toEqual(["filled", "denied", "denied"]);
});

test.each([
  ["bar", bars([100, 101, 99, 100, 1000], [100, 101, 80, 85, 1000])],
  ["trade", trades([0, 100, 5, "buy"], [10, 85, 5, "sell"])],
  ["book", depth([[0, ...SNAPSHOT]])],
] as const)(
  "a kind of order that sessions do not have is denied at %s data too, and not taken for another",
  async (kind, data) => {
    const stop = { side: "sell", type: "trailingStopMarket", triggerTicks: 90, priceTicks: 89, sizeLots: 5 };
    const { plugin, told } = wanting(kind, stop as unknown as Parameters<typeof wanting>[1]);
    const { fills } = await run(plugin, data);
    expect(fills).toEqual([]);
    expect(told.orders.map(({ state }) => state)).toEqual(["denied"]);
    expect(told.orders[0]?.reason).toMatch(/PERMISSION_ORDER_KIND/);
  },
);

test("the result says what was run and what its fills leave out", async () => {
  const { plugin } = wanting("bar", { side: "buy", type: "market", sizeLots: 10 });
  const result = await run(plugin, bars([100, 105, 95, 100, 1000], [100, 105, 95, 104, 1000]), {
    fees: { makerBps: 10, takerBps: 10 },
  });
  expect(result).toMatchObject({
    tier: "bars",
    fromUs: START_US,
    toUs: START_US + 120_000_000,
    events: 2,
    asset: "USDT",
  });
  expect(result.ignores.length).toBeGreaterThan(0);
  expect(result.fills[0]).toMatchObject({
    strategy: "scripted",
    fee: 1_000_000n,
    feeAsset: "AAA",
    wantedAtUs: START_US + 60_000_000,
  });
  // 10 coins bought at 100 are worth 104 each, less a hundredth of a coin of commission.
  expect(Number(result.performance.profit)).toBeCloseTo(40 - 1.04, 8);
  expect(result.strategies["scripted"]?.profit).toBe(result.performance.profit);
});

test("options that cannot be are refused before anything runs", async () => {
  const { plugin } = wanting("bar");
  const data = bars([100, 105, 95, 100, 1000]);
  await expect(run(plugin, data, { fillModel: { bars: { volumeShare: 2 } } })).rejects.toThrow(
    "fillModel.bars.volumeShare",
  );
  await expect(run(plugin, data, { runKey: "NO" })).rejects.toThrow("runKey");
  await expect(run(plugin, { ...data, intervalUs: 61_000_000 })).rejects.toThrow("must be of 1s, 1m");
});

test("events of plugins' own are heard in their lanes' time, those of the low lane too", async () => {
  const heard: string[] = [];
  const plugin = definePlugin({
    name: "publishing",
    setup(ctx) {
      const kinds = ["backtest-test/high", "backtest-test/low"] as const;
      for (const kind of kinds) {
        ctx.define(defineEvent(kind as never, { lane: kind === "backtest-test/high" ? "high" : "low" }));
        ctx.on(kind as never, () => void heard.push(`${kind} ${(ctx.nowUs() - START_US) / 1000}`));
      }
      ctx.on("trade", ({ tradeId }) => {
        if (tradeId === 1) for (const kind of kinds) ctx.publish({ kind } as never);
      });
    },
  });
  await run(plugin, trades([0, 100, 1, "buy"], [1000, 100, 1, "buy"]));
  expect(heard).toEqual(["backtest-test/high 0", "backtest-test/low 100"]);
});

test("an amended order keeps its place and its price, and trades its new size", async () => {
  const { plugin } = scripted("book", (n, ctx, orders) => {
    if (n === 0)
      orders.push(ctx.submit({ instrument: coin, side: "buy", type: "limit", priceTicks: 99, sizeLots: 10 }));
    if (n === 1) ctx.amend(orders[0]!, { sizeLots: 4 });
  });
  const result = await run(
    plugin,
    depth([
      [0, ...SNAPSHOT],
      [10, ["bid", 98, 40], ["end"]],
      [20, ["sellTrade", 99, 70]],
    ]),
  );
  expect(fillsOf(result)).toEqual(["buy 4@99 maker 20"]);
  expect(result.orders.filled).toBe(1);
});
