import fc from "fast-check";
import { baseUnits, type Instrument, notionalUnits } from "pitlane";
import { createTestHost, testInstrument } from "pitlane/testing";
import { expect, test } from "vitest";
import { convert, endOf, triangularArbitrage, walk, waysRound } from "../src/index.ts";

const aaaUsdt = testInstrument();
const bbbUsdt = testInstrument({ symbol: "BBB/USDT", base: "BBB" });
const aaaBbb = testInstrument({ symbol: "AAA/BBB", quote: "BBB", priceDecimals: 6, minNotional: 1_000_000n });
const instruments = [aaaUsdt, bbbUsdt, aaaBbb];

type Market = Readonly<Record<string, readonly [bidTicks: number, askTicks: number]>>;
// AAA at 100 USDT and BBB at 50: AAA should be at 2 BBB.
const FAIR: Market = { "AAA/USDT": [9999, 10_001], "BBB/USDT": [4999, 5001], "AAA/BBB": [1_999_000, 2_001_000] };
const RICH: Market = { ...FAIR, "AAA/BBB": [2_020_000, 2_022_000] }; // buy AAA, sell it for BBB, sell those

async function setUp(config: object = {}) {
  const host = await createTestHost({
    plugin: triangularArbitrage,
    instruments,
    config: { pauseMs: 1000, sizeMultiple: 8, ...config },
  });
  const show = (market: Market) => {
    for (const instrument of instruments) {
      const [bidTicks, askTicks] = market[instrument.symbol]!;
      host.quote({ bidTicks, askTicks, instrument });
    }
  };
  const wanted = () =>
    host.orders.map(
      ({ intent }) => `${intent.side} ${intent.sizeLots} ${intent.instrument.symbol} ${intent.priceTicks}`,
    );
  return { host, show, wanted };
}

test("finds both ways round, in whichever way the instruments are written, and says when there is none", () => {
  const text = (legs: ReturnType<typeof waysRound>) =>
    legs?.map((way) => way.map(({ side, instrument }) => `${side} ${instrument.symbol}`).join(", "));
  expect(text(waysRound(instruments, "USDT"))).toEqual([
    "buy AAA/USDT, sell AAA/BBB, sell BBB/USDT",
    "buy BBB/USDT, buy AAA/BBB, sell AAA/USDT",
  ]);
  expect(text(waysRound(instruments, "AAA"))).toHaveLength(2);
  expect(waysRound([aaaUsdt, bbbUsdt, testInstrument({ symbol: "CCC/USDT", base: "CCC" })], "USDT")).toBeUndefined();
});

test("does nothing while fees eat the difference", async () => {
  const { host, show } = await setUp();
  show(FAIR);
  show({ ...FAIR, "AAA/BBB": [2_005_000, 2_007_000] }); // 25 bp, and three fees of 10
  expect(host.orders).toHaveLength(0);
});

test("goes round when it pays: each leg is all that the last one gave, at the touch, immediate or cancel", async () => {
  const { host, show, wanted } = await setUp();
  show(RICH);
  expect(wanted()).toEqual(["buy 399 AAA/USDT 10001"]); // eight orders of 5 USDT
  host.fill(host.orders[0]!);
  expect(wanted()[1]).toBe("sell 399 AAA/BBB 2020000");
  host.fill(host.orders[1]!); // 0.80598 BBB
  expect(wanted()[2]).toBe("sell 805 BBB/USDT 4999");
  host.fill(host.orders[2]!);
  expect(host.orders.every(({ intent }) => intent.timeInForce === "IOC")).toBe(true);
  expect(host.orders).toHaveLength(3); // the rest of 0.00098 BBB is no order
  show(RICH);
  expect(host.orders).toHaveLength(3); // it rests
  host.advance({ ms: 1001 });
  show(RICH);
  expect(host.orders).toHaveLength(4);
});

test("a leg that fails goes home by the better way, with what it has", async () => {
  const { host, show, wanted } = await setUp();
  show(RICH);
  host.fill(host.orders[0]!, undefined, 300);
  host.expire(host.orders[0]!);
  expect(wanted()[1]).toBe("sell 300 AAA/BBB 2020000");
  show(FAIR); // the difference is gone before the second leg is
  host.expire(host.orders[1]!);
  expect(wanted()[2]).toBe("sell 300 AAA/USDT 9999");
  host.fill(host.orders[2]!, undefined, 100);
  host.expire(host.orders[2]!);
  expect(wanted()[3]).toBe("sell 200 AAA/USDT 9999");
  host.fill(host.orders[3]!);
  expect(host.orders).toHaveLength(4);
});

test("waits for prices to go home by, and is silent for a second after a refusal", async () => {
  const { host, show, wanted } = await setUp();
  show(RICH);
  host.fill(host.orders[0]!);
  host.gap({ instrument: aaaBbb });
  host.reject(host.orders[1]!);
  host.advance({ ms: 900 });
  show(FAIR);
  expect(host.orders).toHaveLength(2);
  host.advance({ ms: 200 });
  host.gap({ instrument: aaaBbb });
  host.quote({ bidTicks: 9999, askTicks: 10_001, instrument: aaaUsdt });
  expect(host.orders).toHaveLength(2);
  show(FAIR);
  expect(wanted()[2]).toBe("sell 399 AAA/USDT 9999");
});

test("needs a triangle, and says which instruments it has instead", async () => {
  await expect(createTestHost({ plugin: triangularArbitrage, instruments: [aaaUsdt, bbbUsdt] })).rejects.toThrow(
    /three instruments .* it has AAA\/USDT, BBB\/USDT/,
  );
});

const touches = fc.record({
  bidTicks: fc.integer({ min: 1, max: 5_000_000 }),
  spread: fc.integer({ min: 1, max: 1000 }),
  bidLots: fc.integer({ min: 1, max: 1_000_000 }),
  askLots: fc.integer({ min: 1, max: 1_000_000 }),
});

test("a leg never spends more than there is nor takes more than the touch has, and pays its fee", () => {
  const instrument = fc.record({
    priceDecimals: fc.integer({ min: 0, max: 8 }),
    sizeDecimals: fc.integer({ min: 0, max: 10 }),
    lotIncrement: fc.constantFrom(1, 5, 10),
  });
  fc.assert(
    fc.property(
      instrument,
      fc.constantFrom("buy" as const, "sell" as const),
      fc.bigInt({ min: 1n, max: 10n ** 14n }),
      touches,
      fc.double({ min: 0, max: 100, noNaN: true }),
      (about, side, units, { bidTicks, spread, bidLots, askLots }, takerBps) => {
        const one: Instrument = testInstrument({ ...about, minNotional: 1n });
        const touch = { bidTicks, bidLots, askTicks: bidTicks + spread, askLots };
        const step = convert({ instrument: one, side }, units, touch, takerBps);
        if (step === undefined) return;
        const notional = notionalUnits(one, step.priceTicks, step.sizeLots);
        expect(step.spentUnits <= units).toBe(true);
        expect(step.sizeLots % one.lotIncrement).toBe(0);
        expect(step.sizeLots).toBeLessThanOrEqual(side === "buy" ? askLots : bidLots);
        const [spent, gross] =
          side === "buy" ? [notional, baseUnits(one, step.sizeLots)] : [baseUnits(one, step.sizeLots), notional];
        expect(step.spentUnits).toBe(spent);
        expect(step.gotUnits <= gross).toBe(true);
        const rate = BigInt(Math.round(takerBps * 100)); // parts of a million
        expect((gross - step.gotUnits + 1n) * 1_000_000n >= gross * rate).toBe(true);
      },
    ),
  );
});

test("each step of a way spends no more than the one before gave, also where a later touch is thin", () => {
  fc.assert(
    fc.property(
      fc.array(touches, { minLength: 3, maxLength: 3 }),
      fc.bigInt({ min: 1n, max: 10n ** 13n }),
      (all, units) => {
        const touchOf = (instrument: Instrument) => {
          const { bidTicks, spread, bidLots, askLots } = all[instruments.indexOf(instrument)]!;
          return { bidTicks, bidLots, askTicks: bidTicks + spread, askLots };
        };
        for (const way of waysRound(instruments, "USDT")!) {
          const steps = walk(way, units, touchOf, 10);
          if (steps === undefined) continue;
          let have = units;
          for (const { spentUnits, gotUnits } of steps) {
            expect(spentUnits <= have).toBe(true);
            have = gotUnits;
          }
          expect(endOf(steps)).toBe(have);
        }
      },
    ),
  );
});
