import { baseUnits, type Fill, notionalUnits } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Portfolio, toDecimals } from "../../src/engines/portfolio.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();

const fill = (side: "buy" | "sell", priceTicks: number, sizeLots: number, fee = 0n, feeAsset = "USDT"): Fill => ({
  instrument,
  clientOrderId: "a",
  venueOrderId: "1",
  tradeId: "1",
  side,
  priceTicks,
  sizeLots,
  fee,
  feeAsset,
  isMaker: false,
  atUs: 0,
});

test("buying and selling again realises the difference at average cost", () => {
  const portfolio = new Portfolio();
  portfolio.start(new Map([["USDT", 1000_00000000n]]));
  portfolio.apply(fill("buy", 1000, 1000)); // 1 AAA at 10
  portfolio.apply(fill("buy", 2000, 1000)); // 1 AAA at 20
  portfolio.apply(fill("sell", 1800, 1000)); // 1 AAA at 18, cost 15
  expect(toDecimals(portfolio.realized())).toEqual({ USDT: "3" });
  expect(portfolio.position(instrument)).toMatchObject({ lots: 1000, costUnits: 15_00000000n });
  expect(toDecimals(portfolio.balances)).toEqual({ AAA: "1", USDT: "988" });
});

test("selling through zero closes the long and opens a short at the new price", () => {
  const portfolio = new Portfolio();
  portfolio.apply(fill("buy", 1000, 1000));
  portfolio.apply(fill("sell", 1200, 3000));
  expect(portfolio.position(instrument)).toMatchObject({
    lots: -2000,
    costUnits: 24_00000000n,
    realizedUnits: 2_00000000n,
  });
  portfolio.apply(fill("buy", 1100, 2000));
  expect(portfolio.position(instrument)).toMatchObject({ lots: 0, costUnits: 0n, realizedUnits: 4_00000000n });
});

test("profit marks the open position at the mid and takes fees off, in whichever asset they were paid", () => {
  const portfolio = new Portfolio();
  portfolio.apply(fill("buy", 1000, 1000, 100000n, "AAA")); // 0.001 AAA of 1 AAA bought at 10
  portfolio.apply(fill("sell", 1200, 500, 600000n, "USDT")); // 0.006 USDT of 6 USDT
  const profit = portfolio.profit(() => 1200 + 1400); // mid 13
  // realised 1, open 0.5 AAA worth 6.5 at cost 5, fees 0.001 AAA = 0.013 and 0.006
  expect(toDecimals(profit)).toEqual({ USDT: "2.481" });
  expect(toDecimals(portfolio.fees)).toEqual({ AAA: "0.001", USDT: "0.006" });
});

test("the sum of fills and fees equals the balances, and profit equals what the account gained", () => {
  const one = fc.record({
    side: fc.constantFrom("buy" as const, "sell" as const),
    priceTicks: fc.integer({ min: 1, max: 5_000_000 }),
    sizeLots: fc.integer({ min: 1, max: 5_000_000 }),
    fee: fc.bigInt({ min: 0n, max: 10n ** 12n }),
    feeInBase: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 60 }), fc.integer({ min: 1, max: 5_000_000 }), (fills, midTicks) => {
      const portfolio = new Portfolio();
      portfolio.start(
        new Map([
          ["AAA", 5n],
          ["USDT", 7n],
        ]),
      );
      let aaa = 5n;
      let usdt = 7n;
      for (const { side, priceTicks, sizeLots, fee, feeInBase } of fills) {
        portfolio.apply(fill(side, priceTicks, sizeLots, fee, feeInBase ? "AAA" : "USDT"));
        const sign = side === "buy" ? 1n : -1n;
        aaa += sign * baseUnits(instrument, sizeLots) - (feeInBase ? fee : 0n);
        usdt -= sign * notionalUnits(instrument, priceTicks, sizeLots) + (feeInBase ? 0n : fee);
      }
      expect(portfolio.balances.get("AAA")).toBe(aaa);
      expect(portfolio.balances.get("USDT")).toBe(usdt);
      // Marked at one price, the account gained exactly the profit, but for rounding of one unit per base fee valued.
      const gained = usdt - 7n + ((aaa - 5n) * BigInt(midTicks)) / 100n;
      const profit = portfolio.profit(() => 2 * midTicks).get("USDT") ?? 0n;
      expect(Number(profit - gained)).toBeLessThanOrEqual(2);
      expect(Number(profit - gained)).toBeGreaterThanOrEqual(-2);
    }),
  );
});
