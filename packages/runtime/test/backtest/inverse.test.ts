import { expect, test } from "vitest";
import { checkData } from "../../src/backtest/check-data.ts";
import { testInstrument } from "../../src/testing/instrument.ts";
import { bars, coin, depth, ONE, run, SNAPSHOT, trades, WIDE, wanting } from "./setup.ts";

test("data of inverse contracts is refused, wherever it was read", () => {
  const instrument = testInstrument({ venue: "binance-coinm", id: "binance-coinm:BTC/USD-211231" });
  const columns = bars([100, 105, 95, 102, 7]);
  expect(() => checkData([{ instrument, columns }])).toThrow(
    "data of binance-coinm:BTC/USD-211231: is of COIN-M futures",
  );
  expect(() => checkData([{ instrument: { ...coin, venue: "binance-usdm" }, columns }])).not.toThrow();
});

test.each([
  ["bars", "bar", bars([100, 105, 95, 102, 7])],
  ["trades", "trade", trades([0, 1, 1, "buy"])],
  ["depth", "book", depth([[0, ...SNAPSHOT]])],
] as const)("tier %s says that the account is a spot one, once", async (_tier, kind, columns) => {
  const { ignores } = await run(wanting(kind).plugin, columns);
  expect(ignores.filter((line) => /Margin, leverage, funding and short positions/.test(line))).toHaveLength(1);
});

test("the venue refuses a sale of what is not held, also where risk lets it pass", async () => {
  const { plugin } = wanting("bar", { side: "sell", type: "market", sizeLots: 10 });
  const result = await run(plugin, bars([100, 105, 95, 102, 900], [100, 105, 95, 102, 900]), {
    balances: new Map([["USDT", 1_000n * ONE]]),
    risk: { ...WIDE, checkBalances: false },
  });
  expect(result.fills).toEqual([]);
  expect(result.orders).toMatchObject({ denied: 0, submitted: 1, rejected: 1 });
});
