import { expect, test } from "vitest";
import { closedTrades } from "../../src/backtest/closed-trades.ts";
import type { SimFill } from "../../src/backtest/result.ts";
import { feeInQuote } from "../../src/engines/fee-value.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const instruments = new Map([[instrument.id, instrument]]);
const unit = 10n ** BigInt(8 - instrument.priceDecimals - instrument.sizeDecimals);

const fill = (side: SimFill["side"], priceTicks: number, sizeLots: number, fields: Partial<SimFill> = {}): SimFill => ({
  clientOrderId: "pl-sim-0-1",
  strategy: "one",
  instrument: instrument.id,
  side,
  priceTicks,
  sizeLots,
  fee: 0n,
  feeAsset: instrument.quote,
  isMaker: true,
  atUs: 1,
  wantedAtUs: 0,
  ...fields,
});

test("a trade is what a fill closes, at average cost, less its share of the fees", () => {
  const fills = [
    fill("buy", 100, 10, { fee: 4n }),
    fill("buy", 110, 10, { fee: 4n }),
    fill("sell", 120, 5, { fee: 2n }),
    fill("sell", 100, 15),
  ];
  expect(closedTrades(fills, instruments).map(({ profitUnits }) => profitUnits)).toEqual([
    15n * 5n * unit - 2n - 2n, // 120 against 105, a quarter of the fees of 8 and its own
    -5n * 15n * unit - 6n,
  ]);
});

test("strategies have positions of their own", () => {
  const fills = [fill("buy", 100, 10), fill("sell", 120, 10, { strategy: "two" })];
  expect(closedTrades(fills, instruments)).toEqual([]);
});

test("a fee in the base asset counts at the price of its fill", () => {
  expect(feeInQuote({ fee: 100_000_000n, feeAsset: instrument.base, priceTicks: 250 }, instrument)).toBe(
    250n * 10n ** BigInt(8 - instrument.priceDecimals),
  );
  expect(feeInQuote({ fee: 7n, feeAsset: instrument.quote, priceTicks: 250 }, instrument)).toBe(7n);
  expect(feeInQuote({ fee: 7n, feeAsset: "BNB", priceTicks: 250 }, instrument)).toBeUndefined();
});
