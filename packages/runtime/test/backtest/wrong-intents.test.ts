import { expect, test } from "vitest";
import { bars, coin, fillsOf, run, scripted, trades } from "./setup.ts";

test.each([
  [
    "bar",
    bars([100, 101, 99, 100, 1000], [100, 101, 99, 100, 1000], [100, 101, 99, 100, 1000], [100, 101, 99, 100, 1000]),
  ],
  ["trade", trades([0, 100, 5, "buy"], [10, 100, 5, "sell"], [20, 100, 5, "buy"], [30, 100, 5, "sell"])],
] as const)(
  "a side in capitals ends no backtest on %s data: it is told, and the next order trades",
  async (kind, data) => {
    const { plugin, told } = scripted(kind, (n, ctx, orders) => {
      const side = n === 0 ? "BUY" : "buy";
      if (n < 2) orders.push(ctx.submit({ instrument: coin, side: side as "buy", type: "market", sizeLots: 1 }));
    });
    const result = await run(plugin, data);
    expect(told.orders.map(({ state }) => state)).toEqual(["filled"]);
    expect(fillsOf(result)).toHaveLength(1);
    expect(result.faults).toEqual([
      expect.stringContaining('scripted: an intent\'s side must be "buy" or "sell", got "BUY"'),
    ]);
  },
);
