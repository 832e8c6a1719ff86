import { expect, test } from "vitest";
import { Accounts } from "../../../src/engine/accounts.ts";
import type { Fill, Order } from "../../../src/engine/order.ts";
import { DEFAULT_LIMITS, OrderLimit, WeightLimit } from "../../../src/wire/binance/limits.ts";

const MINUTE = 60_000_000;
const SECOND = 1_000_000;

test("weight is counted per address in whole minutes", () => {
  const limit = new WeightLimit({ ...DEFAULT_LIMITS, requestWeightPerMinute: 100 });
  limit.take("a", 60, 10 * MINUTE + 59 * SECOND);
  limit.take("a", 40, 10 * MINUTE + 59 * SECOND);
  limit.take("b", 100, 10 * MINUTE + 59 * SECOND);
  expect(() => limit.take("a", 1, 10 * MINUTE + 30 * SECOND)).toThrow(
    expect.objectContaining({ status: 429, venueCode: -1003, retryAfterSeconds: 30 }),
  );
  limit.take("a", 100, 11 * MINUTE);
  expect(limit.used("a", 11 * MINUTE)).toBe(100);
  limit.giveBack("a", 30, 11 * MINUTE);
  expect(limit.used("a", 11 * MINUTE)).toBe(70);
  expect(limit.used("a", 12 * MINUTE)).toBe(0);
});

function setUp(ordersPer10Seconds: number, ordersPerDay: number) {
  const account = new Accounts().open({ makerRate: 0n, takerRate: 0n });
  const limit = new OrderLimit({ ordersPer10Seconds, ordersPerDay });
  const fill = (isMaker: boolean, atUs: number): Fill => {
    const order = { account, fills: [] as Fill[] } as unknown as Order;
    const made = { order, isMaker, atUs } as Fill;
    order.fills.push(made);
    return made;
  };
  return { account, limit, fill };
}

test("orders are counted per 10 seconds and per day", () => {
  const { account, limit } = setUp(2, 3);
  limit.take(account, 0);
  limit.take(account, 1);
  expect(() => limit.take(account, 4 * SECOND)).toThrow(
    expect.objectContaining({
      status: 429,
      venueCode: -1015,
      retryAfterSeconds: 6,
      message: "Too many new orders; current limit is 2 orders per 10 SECOND.",
    }),
  );
  limit.take(account, 10 * SECOND);
  expect(() => limit.take(account, 20 * SECOND)).toThrow("3 orders per 1 DAY");
  expect([limit.shortCount(account, 20 * SECOND), limit.dayCount(account, 20 * SECOND)]).toEqual([0, 3]);
});

test("the first fill gives back 1 as taker and 5 as maker, and never below 0", () => {
  const { account, limit, fill } = setUp(100, 100);
  for (let i = 0; i < 8; i++) limit.take(account, 0);
  limit.onFill(fill(false, 1));
  expect(limit.dayCount(account, 1)).toBe(7);
  limit.onFill(fill(true, 2));
  expect(limit.dayCount(account, 2)).toBe(2);
  const second = fill(true, 3);
  limit.onFill({ ...second, tradeId: 9 } as Fill); // not the order's first fill
  expect(limit.dayCount(account, 3)).toBe(2);
  limit.onFill(second);
  expect(limit.dayCount(account, 4)).toBe(0);
});
