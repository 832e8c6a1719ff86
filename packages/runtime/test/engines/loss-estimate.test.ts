import type { Instrument, QuoteEvent } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkConfig } from "../../src/config.ts";
import { MarketState } from "../../src/core/market-state.ts";
import { Portfolio } from "../../src/engines/portfolio.ts";
import { RiskDesk } from "../../src/engines/risk-desk.ts";
import { aaaUsdt, bbbUsdt, testFill } from "./portfolio-fills.ts";

const INSTRUMENTS = [aaaUsdt, bbbUsdt];

/** A desk with books, prices and a time of its own. */
function desk(maxDrawdown: string, maxDailyLoss: string) {
  let nowUs = 1_767_225_600_000_000;
  const portfolio = new Portfolio();
  const risk = new RiskDesk({
    config: { ...checkConfig({}, "the test").risk, maxDrawdown, maxDailyLoss },
    instruments: INSTRUMENTS,
    indexOf: (instrument) => INSTRUMENTS.indexOf(instrument),
    portfolio,
    market: new MarketState(INSTRUMENTS, () => undefined),
    nowUs: () => nowUs,
  });
  return {
    portfolio,
    risk,
    now: () => nowUs,
    quote(instrument: Instrument, ticks: number, stepUs: number) {
      nowUs += stepUs;
      const sizes = { bidLots: 1, askLots: 1, sequence: 0, venueAtUs: nowUs, receivedAtUs: nowUs, receivedNs: 0 };
      const event: QuoteEvent = { kind: "quote", instrument, bidTicks: ticks, askTicks: ticks + 1, ...sizes };
      risk.onMarket(event, INSTRUMENTS.indexOf(instrument));
    },
  };
}

const instrument = fc.constantFrom(...INSTRUMENTS);
const ticks = fc.integer({ min: 9_900, max: 10_100 });
const step = fc.oneof(
  { weight: 16, arbitrary: fc.record({ instrument, ticks, stepUs: fc.constantFrom(10_000, 100_000, 60_000_000) }) },
  { weight: 1, arbitrary: fc.record({ instrument, ticks, stepUs: fc.integer({ min: 0, max: 20 * 3_600_000_000 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      instrument,
      fillTicks: ticks,
      lots: fc.integer({ min: 1, max: 50_000 }),
      isBuy: fc.boolean(),
      fee: fc.bigInt({ min: 0n, max: 10n ** 7n }),
      isBaseFee: fc.boolean(),
    }),
  },
);

interface FillStep {
  readonly instrument: Instrument;
  readonly fillTicks: number;
  readonly lots: number;
  readonly isBuy: boolean;
  readonly fee: bigint;
  readonly isBaseFee: boolean;
}

/** Books a fill, after a look as the core has before news of fills is dispatched. */
function book({ risk, portfolio }: ReturnType<typeof desk>, step: FillStep): void {
  risk.checkLosses();
  const { fee, isBaseFee, isBuy, lots, fillTicks, instrument } = step;
  const feeAsset = isBaseFee ? instrument.base : instrument.quote;
  portfolio.apply(testFill(isBuy ? "buy" : "sell", fillTicks, lots, { fee, feeAsset, instrument }));
}

test("looks that are put off find every breach at the same event as looks at each, and leave the same record", () => {
  let putOff = 0;
  let breaches = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 150 }),
      fc.constantFrom("0", "0.5", "5", "40", "400"),
      fc.constantFrom("0", "0.4", "3", "30", "300"),
      (steps, maxDrawdown, maxDailyLoss) => {
        const sparing = desk(maxDrawdown, maxDailyLoss);
        const plain = desk(maxDrawdown, maxDailyLoss);
        for (const one of steps) {
          if ("ticks" in one) {
            for (const { quote } of [sparing, plain]) quote(one.instrument, one.ticks, one.stepUs);
            let found: unknown;
            if (sparing.risk.isLossCheckDue()) {
              if (sparing.risk.tryPutOffLosses()) putOff++;
              else found = sparing.risk.checkLosses();
            }
            const expected = plain.risk.checkLosses();
            expect(found).toEqual(expected);
            if (expected !== undefined) breaches++;
          } else {
            book(sparing, one);
            book(plain, one);
          }
          expect(sparing.risk.losses.breachOf("USDT")).toEqual(plain.risk.losses.breachOf("USDT"));
        }
        expect(sparing.risk.record()).toEqual(plain.risk.record());
      },
    ),
    { numRuns: 200 },
  );
  expect(putOff).toBeGreaterThan(200); // or nothing was shown
  expect(breaches).toBeGreaterThan(20);
});

test("prices that are compared with the quiet range find every breach at the same event too, and leave the same record", () => {
  let spared = 0;
  let breaches = 0;
  fc.assert(
    fc.property(
      fc.array(step, { minLength: 20, maxLength: 150 }),
      fc.constantFrom("0", "0.5", "5", "40", "400"),
      fc.constantFrom("0", "0.4", "3", "30", "300"),
      (steps, maxDrawdown, maxDailyLoss) => {
        const sparing = desk(maxDrawdown, maxDailyLoss);
        const plain = desk(maxDrawdown, maxDailyLoss);
        for (const one of steps) {
          if ("ticks" in one) {
            const index = INSTRUMENTS.indexOf(one.instrument);
            const { dueUs, endUs, twiceMids } = sparing.risk.quietLosses(index);
            const { lowest, highest } = twiceMids;
            for (const { quote } of [sparing, plain]) quote(one.instrument, one.ticks, one.stepUs);
            const twiceMid = 2 * one.ticks + 1;
            const isQuiet = twiceMid >= lowest && twiceMid <= highest && sparing.now() < endUs;
            let found: unknown;
            if (sparing.now() >= dueUs) {
              if (isQuiet) {
                spared++;
                sparing.risk.putOffLosses(sparing.now(), index, twiceMid);
              } else found = sparing.risk.checkLosses();
            }
            const expected = plain.risk.checkLosses();
            expect(found).toEqual(expected);
            if (expected !== undefined) breaches++;
          } else {
            book(sparing, one);
            book(plain, one);
          }
          expect(sparing.risk.losses.breachOf("USDT")).toEqual(plain.risk.losses.breachOf("USDT"));
        }
        expect(sparing.risk.record()).toEqual(plain.risk.record());
      },
    ),
    { numRuns: 100 },
  );
  expect(spared).toBeGreaterThan(100); // or nothing was shown
  expect(breaches).toBeGreaterThan(10);
});
