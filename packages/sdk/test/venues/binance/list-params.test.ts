import { describe, expect, test } from "vitest";
import { InvalidInputError } from "../../../src/index.ts";
import type { OcoRequest } from "../../../src/model/order-list.ts";
import { toListCall } from "../../../src/venues/binance/list-params.ts";
import { testInstrument } from "../../support/instruments.ts";

const instrument = testInstrument(); // price 2 decimals, size 5
const pair = { instrument, clientListId: "list-1" } as const;
const target = { type: "postOnly", clientOrderId: "target", priceTicks: 6_500_000 } as const;
const stop = {
  type: "stopLimit",
  clientOrderId: "stop",
  triggerTicks: 5_500_000,
  priceTicks: 5_490_000,
  timeInForce: "GTC",
} as const;
const oco: OcoRequest = { type: "oco", ...pair, side: "sell", sizeLots: 1_000, above: target, below: stop };

describe("an OCO pair", () => {
  test("gives side and size once, and each leg its own names", () => {
    expect(toListCall(oco)).toEqual({
      path: "/orderList/oco",
      method: "orderList.place.oco",
      params: {
        symbol: "BTCUSDT",
        listClientOrderId: "list-1",
        newOrderRespType: "RESULT",
        side: "SELL",
        quantity: "0.01",
        aboveType: "LIMIT_MAKER",
        aboveClientOrderId: "target",
        abovePrice: "65000",
        belowType: "STOP_LOSS_LIMIT",
        belowClientOrderId: "stop",
        belowPrice: "54900",
        belowTimeInForce: "GTC",
        belowStopPrice: "55000",
      },
    });
  });

  test("needs one leg that takes profit and one that stops", () => {
    for (const [above, below] of [
      [target, target],
      [stop, stop],
    ] as const) {
      expect(() => toListCall({ ...oco, above, below })).toThrow(/of above and below one must stop/);
    }
  });

  test("names the leg, the field and the rule that it breaks", () => {
    const below = { ...stop, triggerTicks: 1.5 };
    expect(() => toListCall({ ...oco, below })).toThrow(
      new InvalidInputError("below: triggerTicks must be a positive whole number, got 1.5"),
    );
    expect(() => toListCall({ ...oco, clientListId: "a b" })).toThrow(/clientListId must be 1 to 36/);
    expect(() => toListCall({ ...oco, sizeLots: 0 })).toThrow(/sizeLots must be a positive whole number/);
    expect(() => toListCall({ ...oco, side: "up" as "buy" })).toThrow(/side must be one of/);
  });
});

test("an order that is followed by another one carries both with their own sides and sizes", () => {
  const { path, params } = toListCall({
    type: "oto",
    ...pair,
    working: {
      type: "limit",
      clientOrderId: "in",
      side: "buy",
      sizeLots: 1_000,
      priceTicks: 6_000_000,
      timeInForce: "GTC",
    },
    pending: { type: "market", clientOrderId: "out", side: "sell", sizeLots: 500 },
  });
  expect(path).toBe("/orderList/oto");
  expect(params).toMatchObject({
    workingType: "LIMIT",
    workingSide: "BUY",
    workingQuantity: "0.01",
    workingPrice: "60000",
    workingTimeInForce: "GTC",
    workingClientOrderId: "in",
    pendingType: "MARKET",
    pendingSide: "SELL",
    pendingQuantity: "0.005",
    pendingClientOrderId: "out",
  });
});

test("an entry with target and stop gives the pair's side and size once", () => {
  const { path, params } = toListCall({
    type: "otoco",
    ...pair,
    working: { type: "postOnly", clientOrderId: "in", side: "buy", sizeLots: 1_000, priceTicks: 6_000_000 },
    pendingSide: "sell",
    pendingSizeLots: 1_000,
    pendingAbove: target,
    pendingBelow: { type: "stop", clientOrderId: "stop", trailingBps: 50 },
  });
  expect(path).toBe("/orderList/otoco");
  expect(params).toMatchObject({
    workingType: "LIMIT_MAKER",
    pendingSide: "SELL",
    pendingQuantity: "0.01",
    pendingAboveType: "LIMIT_MAKER",
    pendingBelowType: "STOP_LOSS",
    pendingBelowTrailingDelta: 50,
  });
  expect(params).not.toHaveProperty("pendingAboveQuantity");
});

test("a kind of list that there is none of is refused by name", () => {
  expect(() => toListCall({ ...oco, type: "opo" as "oco" })).toThrow(
    'type of a list must be "oco", "oto" or "otoco", got "opo"',
  );
});
