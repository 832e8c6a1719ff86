import { describe, expect, test } from "vitest";
import type { Intent } from "../../src/orders/order.ts";
import { bars, coin, depth, fillsOf, ONE, run, SNAPSHOT, scripted, trades, WIDE, wanting } from "./setup.ts";

const FLAT = [100, 105, 95, 100, 1000] as const;
type Bar = readonly [open: number, high: number, low: number, close: number, volume: number];

const STOP = { side: "sell", type: "stop", triggerTicks: 90, sizeLots: 10 } as const satisfies Partial<Intent>;
const STATES = ({ orders }: { readonly orders: readonly { readonly state: string }[] }) =>
  orders.map(({ state }) => state);

describe("at bars", () => {
  test("a stop sells where the bar meets its trigger, and not at the open of the next", async () => {
    const { plugin, told } = wanting("bar", STOP);
    const result = await run(plugin, bars(FLAT, [100, 101, 91, 95, 1000], [95, 96, 85, 94, 1000]));
    expect(fillsOf(result)).toEqual(["sell 10@90 taker 180000"]);
    expect(STATES(told)).toEqual(["filled"]);
  });

  test("a stop that the open jumps over gets the open, and its slippage stays in the bar", async () => {
    const { plugin } = wanting("bar", STOP);
    const data = bars(FLAT, [86, 88, 84, 87, 1000]);
    const slipped = async (slippageTicks: number) =>
      fillsOf(await run(plugin, data, { fillModel: { bars: { slippageTicks } } }));
    expect(await slipped(0)).toEqual(["sell 10@86 taker 60000"]);
    expect(await slipped(1)).toEqual(["sell 10@85 taker 60000"]);
    expect(await slipped(9)).toEqual(["sell 10@84 taker 60000"]);
  });

  test("the extreme itself activates: it was traded", async () => {
    const { plugin } = wanting("bar", STOP, { ...STOP, type: "takeProfit", triggerTicks: 110 });
    const result = await run(plugin, bars(FLAT, [100, 101, 90, 95, 1000], [100, 110, 99, 100, 1000]));
    expect(fillsOf(result)).toEqual(["sell 10@90 taker 120000", "sell 10@110 taker 180000"]);
  });

  test("a stop with a limit takes at its trigger, or rests for what is left of the bar's way", async () => {
    const limit = { ...STOP, type: "stopLimit" } as const;
    const at = async (priceTicks: number, ...rows: readonly Bar[]) => {
      const { plugin, told } = wanting("bar", { ...limit, priceTicks });
      const result = await run(plugin, bars(FLAT, ...rows));
      return [...fillsOf(result), ...STATES(told)];
    };
    expect(await at(89, [100, 101, 85, 86, 1000])).toEqual(["sell 10@90 taker 120000", "filled"]);
    // 100, 101, 80, 86: it opens below its limit next, which the bar never comes back to.
    expect(await at(89, [85, 87, 80, 86, 1000])).toEqual(["cancelled"]);
    // 85, 80, 93, 86: it comes back to it. The limit at the high itself is not traded through.
    expect(await at(89, [85, 93, 80, 86, 1000])).toEqual(["sell 10@89 maker 120000", "filled"]);
    expect(await at(93, [85, 93, 80, 86, 1000])).toEqual(["cancelled"]);
    expect(await at(93, [85, 93, 80, 86, 1000], [86, 94, 86, 90, 1000])).toEqual(["sell 10@93 maker 180000", "filled"]);
  });

  test("what was traded before the trigger fills nothing", async () => {
    // 100, 104, 88, 89: the way back up ends below the limit of 95.
    const { plugin, told } = wanting("bar", { ...STOP, type: "stopLimit", priceTicks: 95 });
    expect(fillsOf(await run(plugin, bars(FLAT, [100, 104, 88, 89, 1000])))).toEqual([]);
    expect(STATES(told)).toEqual(["cancelled"]);
  });

  test("one with a time in force ends where it is activated", async () => {
    for (const timeInForce of ["IOC", "FOK"] as const) {
      const { plugin, told } = wanting("bar", { ...STOP, type: "stopLimit", timeInForce, priceTicks: 95 });
      await run(plugin, bars(FLAT, [100, 104, 88, 99, 1000]));
      expect([STATES(told), told.orders[0]?.filledLots]).toEqual([["expired"], 0]);
    }
  });

  test("its share of the volume is that of a market order: the rest expires", async () => {
    const { plugin, told } = wanting("bar", STOP);
    const result = await run(plugin, bars(FLAT, [100, 104, 88, 99, 60]));
    expect([fillsOf(result), STATES(told)]).toEqual([["sell 6@90 taker 120000"], ["expired"]]);
  });

  test("a trail follows the bars from the close at which it came", async () => {
    const { plugin } = wanting("bar", { side: "sell", type: "stop", trailingBps: 1000, sizeLots: 10 });
    const data = bars(FLAT, [100, 112, 99, 111, 1000], [111, 120, 110, 119, 1000], [118, 119, 100, 101, 1000]);
    expect(fillsOf(await run(plugin, data))).toEqual(["sell 10@108 taker 240000"]);
  });
});

describe("at trades", () => {
  const rows = trades([0, 100, 5, "buy"], [10, 91, 5, "sell"], [20, 88, 5, "sell"], [30, 95, 5, "buy"]);

  test("a stop acts at the first trade at its trigger or beyond, at that trade's price and half a spread", async () => {
    const { plugin, told } = wanting("trade", STOP);
    expect(fillsOf(await run(plugin, rows))).toEqual(["sell 10@87 taker 20"]);
    expect(told.heard).toEqual([
      "trade 0",
      "accepted 0",
      "trade 10",
      "fill 10@87 20",
      "filled 20",
      "trade 20",
      "trade 30",
    ]);
  });

  test("one with a limit that the trade has passed rests, and is filled by trades that come back", async () => {
    const { plugin } = wanting("trade", { ...STOP, type: "stopLimit", priceTicks: 90 });
    expect(fillsOf(await run(plugin, rows))).toEqual(["sell 5@90 maker 30"]);
  });

  test("one that the price has reached already is refused, in the venue's words, and costs nothing", async () => {
    const { plugin, told } = wanting("trade", { ...STOP, triggerTicks: 100 }, { ...STOP, type: "takeProfit" });
    const { orders } = await run(plugin, rows);
    expect(STATES(told)).toEqual(["rejected", "rejected"]);
    expect(orders.rejected).toBe(2);
    expect(told.orders[0]?.reason).toContain("Order would trigger immediately.");
  });

  test("it needs no round trip: it acts at once where a strategy would be late", async () => {
    const { plugin } = wanting("trade", STOP);
    const latency = { feedUs: 3_000, orderUs: 4_000 };
    expect(fillsOf(await run(plugin, rows, { latency }))).toEqual(["sell 10@87 taker 20"]);
  });

  test("it can be cancelled and made smaller while it waits", async () => {
    const { plugin, told } = scripted("trade", (n, ctx, orders) => {
      if (n === 0) for (const _ of [1, 2]) orders.push(ctx.submit({ instrument: coin, ...STOP }));
      if (n !== 1) return;
      expect(ctx.amend(orders[0]!, { sizeLots: 4 })).toEqual({ allowed: true });
      ctx.cancel(orders[1]!);
    });
    expect(fillsOf(await run(plugin, rows))).toEqual(["sell 4@87 taker 20"]);
    expect(STATES(told)).toEqual(["filled", "cancelled"]);
  });

  test("a buy holds what its trigger says, and expires where it cannot pay what it costs then", async () => {
    const buy = { side: "buy", type: "stop", triggerTicks: 105, sizeLots: 10 } as const;
    const balances = new Map([["USDT", 1_055n * ONE]]);
    const risk = { risk: { ...WIDE, checkBalances: false } };
    const data = (priceTicks: number) => trades([0, 100, 5, "buy"], [10, priceTicks, 5, "buy"]);
    const twice = wanting("trade", buy, { ...buy, sizeLots: 1 });
    await run(twice.plugin, data(104), { balances, ...risk });
    expect(STATES(twice.told)).toEqual(["cancelled", "rejected"]); // 1,050 are held for the first
    const { plugin, told } = wanting("trade", buy);
    const { portfolio } = await run(plugin, data(110), { balances, ...risk });
    expect(STATES(told)).toEqual(["expired"]);
    expect(portfolio.balance("USDT", "test")).toBe(1_055n * ONE);
  });
});

describe("at a recorded book", () => {
  test("a stop is activated by the last trade, not by the book, and walks the book as it is then", async () => {
    const { plugin } = wanting("book", { ...STOP, triggerTicks: 95, sizeLots: 60 });
    const data = depth([
      [0, ...SNAPSHOT],
      [10, ["bid", 99, 0], ["bid", 98, 0], ["bid", 97, 0], ["bid", 94, 50], ["bid", 93, 50], ["end"]],
      [20, ["sellTrade", 95, 1]],
      [30, ["sellTrade", 94, 1]],
    ]);
    expect(fillsOf(await run(plugin, data))).toEqual(["sell 50@94 taker 20", "sell 10@93 taker 20"]);
  });

  test("one that is activated in a gap acts when the book is whole again", async () => {
    const { plugin } = wanting("book", { ...STOP, triggerTicks: 95 });
    const data = depth([
      [0, ...SNAPSHOT],
      [10, ["gap"]],
      [20, ["sellTrade", 94, 1]],
      [30, ...SNAPSHOT],
    ]);
    expect(fillsOf(await run(plugin, data))).toEqual(["sell 10@99 taker 30"]);
  });

  test("one with a limit beyond the book rests behind what is shown there", async () => {
    const { plugin } = wanting("book", { ...STOP, type: "stopLimit", triggerTicks: 95, priceTicks: 101 });
    const data = depth([
      [0, ...SNAPSHOT],
      [10, ["sellTrade", 95, 1]],
      [20, ["buyTrade", 101, 55]],
    ]);
    expect(fillsOf(await run(plugin, data))).toEqual(["sell 5@101 maker 20"]);
  });
});
