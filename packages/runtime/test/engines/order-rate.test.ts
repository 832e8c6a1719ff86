import { expect, test } from "vitest";
import { OrderRate } from "../../src/engines/order-rate.ts";

test("as many orders fit into any second and any minute as the limits say, and asking counts nothing", () => {
  let nowUs = 1_700_000_000_000_000;
  const rate = new OrderRate({ perSecond: 2, perMinute: 3, nowUs: () => nowUs });
  for (let i = 0; i < 100; i++) expect(rate.passed()).toBeUndefined();
  rate.count();
  nowUs += 400_000;
  rate.count();
  expect(rate.passed()).toBe("2 orders a second");
  nowUs += 599_000;
  expect(rate.passed()).toBe("2 orders a second");
  nowUs += 1000;
  expect(rate.passed()).toBeUndefined();
  rate.count();
  nowUs += 2_000_000;
  expect(rate.passed()).toBe("3 orders a minute");
  nowUs += 57_000_000;
  expect(rate.passed()).toBeUndefined();
});

test("0 is no limit", () => {
  const rate = new OrderRate({ perSecond: 0, perMinute: 0, nowUs: () => 1 });
  for (let i = 0; i < 10_000; i++) rate.count();
  expect(rate.passed()).toBeUndefined();
});
