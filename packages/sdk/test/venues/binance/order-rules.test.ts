import { inspect } from "node:util";
import { describe, expect, test } from "vitest";
import { InvalidInputError, type OrderRequest } from "../../../src/index.ts";
import { toAmendParams, toOrderParams, toReplaceParams } from "../../../src/venues/binance/order-params.ts";
import { checkAmend, checkOrder } from "../../../src/venues/binance/order-rules.ts";
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

const sizeAlone = { priceTicks: undefined, timeInForce: undefined } as const;
const nothing = { ...sizeAlone, sizeLots: undefined } as const;

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
    [{ clientOrderId: undefined }, /^clientOrderId must be .*, got undefined$/],
    [{ clientOrderId: null }, /got null$/],
    [{ clientOrderId: 12_345 }, /got 12345$/],
    [{ clientOrderId: 5n }, /got 5$/],
    [{ clientOrderId: ["a"] }, /got object$/],
    [{ clientOrderId: { toString: () => "a" } }, /got object$/],
    [{ side: 5n }, 'side must be one of "buy", "sell", got 5'],
    [{ side: "long" }, 'side must be one of "buy", "sell", got "long"'],
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
    [{ timeInForce: "GTX" }, 'timeInForce must be one of "GTC", "IOC", "FOK", got "GTX"'],
    [{ type: "twap" }, /^type must be one of "limit", .*, got "twap"$/],
    [{ selfTradePrevention: "both" }, /^selfTradePrevention must be one of .*, got "both"$/],
    [{ icebergLots: 10 }, "none"],
    [{ icebergLots: 15 }, "icebergLots of binance:BTC/USDT must be a multiple of 10, got 15"],
    [{ icebergLots: 100 }, "icebergLots must be below sizeLots 100, got 100"],
    [{ icebergLots: 10, timeInForce: "IOC" }, 'an order with icebergLots must have timeInForce "GTC", got "IOC"'],
    [
      { triggerTicks: 5 },
      'an order of type "limit" has no triggerTicks: leave it out, or take one of stop, stopLimit, takeProfit, takeProfitLimit',
    ],
    [{ type: "stop", ...sizeAlone }, 'an order of type "stop" needs triggerTicks, trailingBps or both'],
    [{ type: "stop", ...sizeAlone, triggerTicks: 6_000_000 }, "none"],
    [
      { type: "stop", ...sizeAlone, triggerTicks: 6_000_000, priceTicks: 5 },
      /^an order of type "stop" has no priceTicks/,
    ],
    [{ type: "takeProfit", ...sizeAlone, triggerTicks: 6_000_001 }, /^triggerTicks of .* must be a multiple of 5/],
    [{ type: "stop", ...sizeAlone, trailingBps: 0.5 }, "trailingBps must be a whole number from 1 to 1000000, got 0.5"],
    [{ type: "stopLimit", trailingBps: 50, priceTicks: 5 }, /^price x size/],
    [{ type: "marketByQuote", ...nothing, quoteAmount: 10n }, "none"],
    [
      { type: "marketByQuote", ...nothing, quoteAmount: 0n },
      "quoteAmount must be a positive bigint in units of 10^-8, got 0",
    ],
    [{ type: "marketByQuote", ...nothing, quoteAmount: 10 }, /^quoteAmount must be a positive bigint/],
    [{ type: "marketByQuote", ...sizeAlone, quoteAmount: 10n }, /^an order of type "marketByQuote" has no sizeLots/],
    [{ type: "market", ...sizeAlone }, "none"],
    [{ type: "market" }, /^an order of type "market" has no priceTicks: .*, or take one of limit, postOnly, stopLimit/],
    [{ type: "market", ...sizeAlone, icebergLots: Number.NaN }, /^an order of type "market" has no icebergLots/],
    [{ type: "postOnly" }, "none"], // GTC is what it is
    [{ type: "postOnly", timeInForce: "IOC" }, /^an order of type "postOnly" has no timeInForce/],
    [{ type: "postOnly", timeInForce: undefined, priceTicks: 5 }, /^price x size/],
  ];
  for (const [change, problem] of rows) {
    test(`${inspect(change).slice(0, 60)}: ${String(problem)}`, () => {
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

test("each kind carries its own fields and no others, whatever else the object has", () => {
  const all = { ...limit, triggerTicks: 5_900_000, trailingBps: 50, icebergLots: 10, quoteAmount: 12_50000000n };
  const fieldsOf = (type: OrderRequest["type"]) => {
    const {
      symbol: _1,
      side: _2,
      newClientOrderId: _3,
      newOrderRespType: _4,
      ...rest
    } = toOrderParams({
      ...all,
      type,
    } as OrderRequest);
    return rest;
  };
  const priced = { quantity: "0.001", price: "60000", icebergQty: "0.0001" };
  const triggered = { stopPrice: "59000", trailingDelta: 50 };
  expect(fieldsOf("limit")).toEqual({ type: "LIMIT", ...priced, timeInForce: "GTC" });
  expect(fieldsOf("postOnly")).toEqual({ type: "LIMIT_MAKER", ...priced });
  expect(fieldsOf("market")).toEqual({ type: "MARKET", quantity: "0.001" });
  expect(fieldsOf("marketByQuote")).toEqual({ type: "MARKET", quoteOrderQty: "12.5" });
  expect(fieldsOf("stop")).toEqual({ type: "STOP_LOSS", quantity: "0.001", ...triggered });
  expect(fieldsOf("takeProfit")).toEqual({ type: "TAKE_PROFIT", quantity: "0.001", ...triggered });
  expect(fieldsOf("stopLimit")).toEqual({ type: "STOP_LOSS_LIMIT", ...priced, ...triggered, timeInForce: "GTC" });
  expect(fieldsOf("takeProfitLimit")).toEqual({
    type: "TAKE_PROFIT_LIMIT",
    ...priced,
    ...triggered,
    timeInForce: "GTC",
  });
  expect(toOrderParams({ ...limit, selfTradePrevention: "expireBoth" })).toMatchObject({
    selfTradePreventionMode: "EXPIRE_BOTH",
  });
});

test("an amended order keeps its client order id, and a size that breaks a rule is refused", () => {
  const amend = { instrument, clientOrderId: "a-1_B", sizeLots: 50 };
  expect(toAmendParams(amend)).toEqual({
    symbol: "BTCUSDT",
    origClientOrderId: "a-1_B",
    newClientOrderId: "a-1_B",
    newQty: "0.0005",
  });
  expect(() => checkAmend({ ...amend, sizeLots: 10 })).toThrow(/must be from 20 to 100000/);
  expect(() => checkAmend({ ...amend, clientOrderId: "" })).toThrow(/clientOrderId/);
});

test("a replacement sends nothing new when the cancel fails", () => {
  expect(toReplaceParams({ instrument, clientOrderId: "old" }, limit)).toMatchObject({
    cancelReplaceMode: "STOP_ON_FAILURE",
    cancelOrigClientOrderId: "old",
    newClientOrderId: "a-1_B",
  });
});
