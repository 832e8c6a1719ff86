import fc from "fast-check";
import { expect, test } from "vitest";
import { PerformanceMonitor } from "../../src/engines/performance-monitor.ts";
import { Portfolio, toDecimals } from "../../src/engines/portfolio.ts";
import { Valuation } from "../../src/engines/portfolio-valuation.ts";
import { aaaUsdt, bbbUsdt, testFill } from "./portfolio-fills.ts";

const COIN = 100_000_000n;
const SECOND_US = 1_000_000;

function setUp(balances: Record<string, bigint> = { USDT: 1000n * COIN, AAA: 10n * COIN, GOLD: 5n }) {
  const twiceMids = new Map<object, number>();
  const valuation = new Valuation([aaaUsdt, bbbUsdt], (instrument) => twiceMids.get(instrument));
  let nowUs = 0;
  const portfolio: Portfolio = new Portfolio({
    venue: "test",
    onFill: (fill, owner) => monitor.onFill(nowUs, owner, fill),
  });
  const monitor: PerformanceMonitor = new PerformanceMonitor({
    portfolio,
    valuation,
    asset: "USDT",
    owners: ["one", "two"],
  });
  portfolio.start(new Map(Object.entries(balances)));
  return {
    portfolio,
    monitor,
    price: (midTicks: number) => void twiceMids.set(aaaUsdt, 2 * midTicks),
    noPrice: () => void twiceMids.delete(aaaUsdt),
    mark: (seconds: number) => {
      nowUs = seconds * SECOND_US;
      monitor.mark(nowUs);
    },
    at: (seconds: number) => {
      nowUs = seconds * SECOND_US;
    },
  };
}

test("capital is what can be valued, once it has prices; what is held and not traded does not move the curve", () => {
  const { monitor, price, mark } = setUp();
  mark(1);
  expect(monitor.equity.isStarted).toBe(false);
  price(1000); // 10 USDT
  mark(2);
  price(2000);
  mark(3);
  expect([monitor.equity.equityUnits, monitor.nextMarkUs]).toEqual([1100n * COIN, 4 * SECOND_US]);
});

test("what has no price for ten seconds is not waited for", () => {
  const { monitor, mark } = setUp();
  mark(1);
  mark(10);
  expect(monitor.equity.isStarted).toBe(false);
  mark(11);
  expect(monitor.equity.equityUnits).toBe(1000n * COIN);
});

test("each strategy's curve has its own profit, the total all of it", () => {
  const { monitor, portfolio, price, mark, at } = setUp();
  price(1000);
  mark(1);
  at(2);
  portfolio.apply(testFill("buy", 1000, 1000), 0);
  portfolio.apply(testFill("sell", 1000, 2000, { fee: COIN }), 1);
  price(1100); // 11 USDT
  mark(3);
  at(4);
  portfolio.apply(testFill("sell", 1100, 1000), 0);
  mark(5);
  const { total, strategies } = monitor.report();
  expect(total).toMatchObject({
    capital: "1100",
    profit: "-2",
    volume: "41",
    fees: "1",
    trades: 1,
    wins: 1,
    exposure: 0.75,
  });
  expect(strategies["one"]).toMatchObject({ profit: "1", trades: 1, averageWin: "1", exposure: 0.5, maxDrawdown: "0" });
  expect(strategies["two"]).toMatchObject({ profit: "-3", trades: 0, exposure: 0.75, maxDrawdown: "3" });
  expect(monitor.curve.at(monitor.curve.length - 1)).toBe(Number(1098n * COIN));
  expect(() => monitor.curveOf(2)).toThrow(RangeError);
});

test("a moment without a price is left out, an asset without any way to one is told apart", () => {
  const { monitor, portfolio, price, noPrice, mark } = setUp();
  price(1000);
  mark(1);
  portfolio.apply(testFill("buy", 1000, 1000, { fee: 7n, feeAsset: "GOLD" }), 0);
  noPrice();
  mark(2);
  mark(3);
  expect(monitor.curve.lastUs).toBe(SECOND_US);
  price(1200);
  mark(4);
  expect(monitor.equity.equityUnits).toBe(1102n * COIN);
  expect(monitor.report().unvalued).toEqual({ GOLD: "-0.00000007" });
});

test("a burst of fills is looked at once, ten milliseconds later", () => {
  const { monitor, portfolio, price, mark, at } = setUp();
  price(1000);
  mark(1);
  at(1.5);
  for (let i = 0; i < 3; i++) portfolio.apply(testFill("buy", 1100, 1000), 0); // 11 USDT, worth 10
  expect(monitor.equity.drawdownUnits).toBe(COIN);
  expect(monitor.nextMarkUs).toBe(1_510_000);
  mark(1.51);
  expect(monitor.equity.drawdownUnits).toBe(3n * COIN);
  expect(monitor.nextMarkUs).toBe(2_510_000);
});

test("goes on from its record", () => {
  const first = setUp();
  first.price(1000);
  first.mark(1);
  first.portfolio.apply(testFill("buy", 1000, 1000), 0);
  const second = setUp();
  second.portfolio.restore(first.portfolio.record(), () => aaaUsdt);
  second.monitor.restore(JSON.parse(JSON.stringify(first.monitor.record())));
  for (const { price, mark, at, portfolio } of [first, second]) {
    price(900);
    mark(2);
    at(3);
    portfolio.apply(testFill("sell", 900, 1000), 0);
  }
  expect(second.monitor.report()).toEqual(first.monitor.report());
  expect(second.monitor.record()).toEqual(first.monitor.record());
  expect(first.monitor.report().total).toMatchObject({ profit: "-1", losses: 1, exposure: 1 });
});

test("the portfolio's profit is the same to the unit, with fees in the base asset and odd prices too", () => {
  const fills = fc.array(
    fc.tuple(fc.constantFrom("buy" as const, "sell" as const), fc.integer({ min: 1, max: 9999 }), fc.nat(12_345_678)),
    { minLength: 1, maxLength: 20 },
  );
  fc.assert(
    fc.property(fills, fc.integer({ min: 1, max: 99_999 }), (some, midTicks) => {
      const { portfolio, monitor, price, mark } = setUp();
      price(1000);
      mark(1);
      for (const [side, ticks, fee] of some)
        portfolio.apply(testFill(side, ticks, 7, { fee: BigInt(fee), feeAsset: side === "buy" ? "AAA" : "USDT" }), 0);
      price(midTicks);
      mark(2);
      const profit = toDecimals(portfolio.profit(() => 2 * midTicks));
      expect(monitor.report().total.profit).toBe(profit["USDT"]);
    }),
  );
});
