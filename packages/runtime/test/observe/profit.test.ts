import fc from "fast-check";
import { expect, test } from "vitest";
import { Portfolio } from "../../src/engines/portfolio.ts";
import { feesInQuote, ProfitWatch, shareUsed } from "../../src/observe/profit.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const ONE = 100_000_000n;
const amounts = (units: bigint) => ({
  profit: new Map([["USDT", units]]),
  realized: new Map([["USDT", units + ONE]]),
  fees: new Map([["USDT", ONE]]),
});
const lookAt = (watch: ProfitWatch, units: bigint, second: number, isValued = true) =>
  watch.look(amounts(units), isValued, second * 1e6)[0]!;

test("a drawdown is the fall below the highest profit, which a run begins at nothing", () => {
  const watch = new ProfitWatch(10n * ONE, () => undefined);
  expect(lookAt(watch, -2n * ONE, 1)).toEqual({
    asset: "USDT",
    profit: "-2",
    realized: "-1",
    fees: "1",
    drawdown: "2",
    drawdownUsed: 0.2,
  });
  expect(lookAt(watch, 5n * ONE, 2)).toMatchObject({ drawdown: "0", drawdownUsed: 0 });
  expect(lookAt(watch, 1n * ONE, 3)).toMatchObject({ drawdown: "4", drawdownUsed: 0.4 });
});

test("while something held has no price the drawdown stays as it was", () => {
  const watch = new ProfitWatch(0n, () => undefined);
  lookAt(watch, 5n * ONE, 1);
  expect(lookAt(watch, -90n * ONE, 2, false)).toMatchObject({ profit: "-90", drawdown: "0", drawdownUsed: null });
});

test("what the limits on losses know goes first, and what an operator has granted does not count", () => {
  const watch = new ProfitWatch(10n * ONE, () => ({ units: 9n * ONE, granted: 4n * ONE }));
  expect(lookAt(watch, 0n, 1)).toMatchObject({ drawdown: "9", drawdownUsed: 0.5 });
});

test("the share used is 1 at the limit and above it beyond, whatever was granted", () => {
  fc.assert(
    fc.property(
      fc.bigInt(1n, 10n ** 20n),
      fc.bigInt(0n, 10n ** 20n),
      fc.bigInt(0n, 10n ** 20n),
      (limit, granted, more) => {
        const used = shareUsed({ units: granted + more, granted }, limit);
        const exact = Number(more) / Number(limit);
        expect(used).not.toBeNull();
        expect(Math.abs(Number(used) - exact)).toBeLessThanOrEqual(1e-4 + exact * 1e-12);
        if (more === limit) expect(used).toBe(1);
      },
    ),
  );
  expect(shareUsed({ units: 25n, granted: 5n }, 20n)).toBe(1);
  expect(shareUsed({ units: 0n, granted: 5n }, 10n)).toBe(0);
});

test("fees agree with the profit: realised less fees is the profit of what is closed", () => {
  const portfolio = new Portfolio();
  const book = (side: "buy" | "sell", tradeId: string, fee: bigint, feeAsset: string) =>
    portfolio.apply({
      instrument,
      clientOrderId: "pl-1",
      venueOrderId: "1",
      tradeId,
      side,
      priceTicks: 10_000,
      sizeLots: 1_000,
      fee,
      feeAsset,
      isMaker: false,
      atUs: 1,
    });
  book("buy", "1", 1_000n, instrument.base);
  book("sell", "2", 7_000n, instrument.quote);
  book("buy", "3", 50n, "BNB");
  book("sell", "4", 0n, instrument.quote);
  const twiceMid = () => 20_000;
  const convert = (units: bigint, from: string) => (from === "BNB" ? units * 300n : undefined);
  const fees = feesInQuote(portfolio.positions, twiceMid, convert);
  const { quote } = instrument;
  const profit = portfolio.profit(twiceMid, convert).get(quote) ?? 0n;
  expect(fees.get(quote)).toBeGreaterThan(7_000n + 15_000n);
  expect((portfolio.realized().get(quote) ?? 0n) - (fees.get(quote) ?? 0n)).toBe(profit);
});
