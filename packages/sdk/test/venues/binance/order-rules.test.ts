import { describe, expect, test } from "vitest";
import { InvalidInputError, type OrderRequest } from "../../../src/index.ts";
import { checkOrder, toOrderParams } from "../../../src/venues/binance/order-rules.ts";
import { testInstrument } from "../../support/instruments.ts";

const instrument = testInstrument({ tickIncrement: 5, lotIncrement: 10, minLots: 20, maxLots: 100_000 });
const limit = {
  type: "limit",
  instrument,
  clientOrderId: "a-1_B",
  side: "buy",
  sizeLots: 100,
  priceTicks: 6_000_000,
  timeInForce: "GTC",
} as const;

function problemOf(change: Readonly<Record<string, unknown>>): string {
  try {
    checkOrder({ ...limit, ...change } as OrderRequest);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInputError);
    return (error as Error).message;
  }
  return "none";
}

describe("checkOrder", () => {
  const rows: readonly [change: Readonly<Record<string, unknown>>, problem: string | RegExp][] = [
    [{}, "none"],
    [{ clientOrderId: "x".repeat(36) }, "none"],
    [{ clientOrderId: "" }, /^clientOrderId must be 1 to 36 of/],
    [{ clientOrderId: "x".repeat(37) }, /^clientOrderId must be/],
    [{ clientOrderId: "a b" }, /got "a b"$/],
    [{ clientOrderId: "ä" }, /^clientOrderId must be/],
    [{ side: "long" }, 'side must be "buy" or "sell", got "long"'],
    [{ sizeLots: 0 }, "sizeLots must be a positive whole number, got 0"],
    [{ sizeLots: -10 }, "sizeLots must be a positive whole number, got -10"],
    [{ sizeLots: 10.5 }, "sizeLots must be a positive whole number, got 10.5"],
    [{ sizeLots: Number.NaN }, "sizeLots must be a positive whole number, got NaN"],
    [{ sizeLots: 2 ** 53 }, /^sizeLots must be a positive whole number/],
    [{ sizeLots: 105 }, "sizeLots of binance:BTC/USDT must be a multiple of 10, got 105"],
    [{ sizeLots: 10 }, "sizeLots of binance:BTC/USDT must be from 20 to 100000, got 10"],
    [{ sizeLots: 100_010 }, /must be from 20 to 100000/],
    [{ priceTicks: 0 }, "priceTicks must be a positive whole number, got 0"],
    [{ priceTicks: 6_000_001 }, "priceTicks of binance:BTC/USDT must be a multiple of 5, got 6000001"],
    [{ priceTicks: 5 }, "price x size of an order of binance:BTC/USDT must be at least 5 USDT, got 0.00005"],
    [{ timeInForce: "GTX" }, 'timeInForce must be "GTC", "IOC" or "FOK", got "GTX"'],
    [{ type: "stop" }, 'type must be "limit", "postOnly" or "market", got "stop"'],
    [{ type: "market", priceTicks: undefined }, "none"],
    [{ type: "postOnly", timeInForce: undefined, priceTicks: 5 }, /^price x size/],
  ];
  for (const [change, problem] of rows) {
    test(`${JSON.stringify(change).slice(0, 60)}: ${String(problem)}`, () => {
      if (typeof problem === "string") expect(problemOf(change)).toBe(problem);
      else expect(problemOf(change)).toMatch(problem);
    });
  }
});

test("orders become the venue's parameters, numbers as plain decimal text", () => {
  const common = { symbol: "BTCUSDT", newClientOrderId: "a-1_B", newOrderRespType: "FULL", quantity: "0.001" };
  expect(toOrderParams({ ...limit, side: "sell", timeInForce: "IOC" })).toEqual({
    ...common,
    type: "LIMIT",
    side: "SELL",
    price: "60000",
    timeInForce: "IOC",
  });
  expect(toOrderParams({ ...limit, type: "postOnly" })).toEqual({
    ...common,
    type: "LIMIT_MAKER",
    side: "BUY",
    price: "60000",
  });
  expect(toOrderParams({ ...limit, type: "market" })).toEqual({ ...common, type: "MARKET", side: "BUY" });
});
