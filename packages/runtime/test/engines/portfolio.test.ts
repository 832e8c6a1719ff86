import { baseUnits, notionalUnits } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Portfolio, toDecimals } from "../../src/engines/portfolio.ts";
import { Valuation } from "../../src/engines/portfolio-valuation.ts";
import { bodyText } from "../../src/journal/body-text.ts";
import { instrumentsById } from "../../src/orders/records.ts";
import { testInstrument } from "../../src/testing.ts";
import { aaaUsdt, arbitraryFills, elsewhere, instruments, type OwnedFill, testFill } from "./portfolio-fills.ts";

const bnbUsdt = testInstrument({ symbol: "BNB/USDT", base: "BNB" });
const instrumentOf = instrumentsById(instruments);

function started(fills: readonly OwnedFill[] = []): Portfolio {
  const portfolio = new Portfolio({ venue: "test" });
  portfolio.start(
    new Map([
      ["AAA", 5n],
      ["USDT", 7n],
    ]),
  );
  portfolio.start(new Map([["USDT", 11n]]), "other");
  for (const { owner, fill } of fills) portfolio.apply(fill, owner);
  return portfolio;
}

test("buying and selling again realises the difference at average cost, and at the oldest's cost", () => {
  const portfolio = new Portfolio();
  portfolio.start(new Map([["USDT", 1000_00000000n]]));
  portfolio.apply(testFill("buy", 1000, 1000)); // 1 AAA at 10
  portfolio.apply(testFill("buy", 2000, 1000)); // 1 AAA at 20
  portfolio.apply(testFill("sell", 1800, 1000)); // 1 AAA at 18, cost 15 or 10
  expect(toDecimals(portfolio.realized())).toEqual({ USDT: "3" });
  expect(toDecimals(portfolio.realized("fifo"))).toEqual({ USDT: "8" });
  expect(portfolio.position(aaaUsdt)).toMatchObject({
    lots: 1000,
    costUnits: 15_00000000n,
    fifoCostUnits: 20_00000000n,
    cashUnits: -12_00000000n,
  });
  expect(toDecimals(portfolio.balances)).toEqual({ AAA: "1", USDT: "988" });
});

test("selling through zero closes the long and opens a short at the new price", () => {
  const portfolio = new Portfolio();
  portfolio.apply(testFill("buy", 1000, 1000));
  portfolio.apply(testFill("sell", 1200, 3000));
  expect(portfolio.position(aaaUsdt)).toMatchObject({
    lots: -2000,
    costUnits: 24_00000000n,
    realizedUnits: 2_00000000n,
    fifoCostUnits: 24_00000000n,
    fifoRealizedUnits: 2_00000000n,
  });
  portfolio.apply(testFill("buy", 1100, 2000));
  expect(portfolio.position(aaaUsdt)).toMatchObject({ lots: 0, costUnits: 0n, realizedUnits: 4_00000000n });
});

test("profit marks the open position at the mid and takes fees off, in whichever asset they were paid", () => {
  const portfolio = new Portfolio();
  portfolio.apply(testFill("buy", 1000, 1000, { fee: 100000n, feeAsset: "AAA" })); // 0.001 AAA of 1 AAA bought at 10
  portfolio.apply(testFill("sell", 1200, 500, { fee: 600000n })); // 0.006 USDT of 6 USDT
  portfolio.apply(testFill("sell", 1200, 100, { fee: 10000n, feeAsset: "BNB" })); // 0.0001 BNB at 300
  const twiceMids = new Map([
    [aaaUsdt, 1200 + 1400],
    [bnbUsdt, 60_000],
  ]);
  const twiceMid = (one: typeof aaaUsdt) => twiceMids.get(one); // AAA 13, BNB 300
  const valuation = new Valuation([aaaUsdt, bnbUsdt], twiceMid);
  const profit = portfolio.profit(twiceMid, (units, from, to) => valuation.tryConvert(units, from, to));
  // realised 1.2, open 0.4 AAA worth 5.2 at cost 4, fees 0.001 AAA = 0.013, 0.006 and 0.0001 BNB = 0.03
  expect(toDecimals(profit)).toEqual({ USDT: "2.351" });
  expect(toDecimals(portfolio.profit(twiceMid))).toEqual({ USDT: "2.381" });
  expect(toDecimals(portfolio.fees)).toEqual({ AAA: "0.001", BNB: "0.0001", USDT: "0.006" });
});

test("a trade is what a fill closed, less that part's fees of both sides", () => {
  const portfolio = new Portfolio({ convert: (units, from) => (from === "BNB" ? units * 300n : undefined) });
  portfolio.apply(testFill("buy", 1000, 1000, { fee: 10000n, feeAsset: "BNB" }), 2); // 10, fee 0.03
  portfolio.apply(testFill("sell", 1100, 400, { fee: 1000000n }), 2); // won 0.4 less 0.012 and 0.01
  portfolio.apply(testFill("sell", 1000, 600, { fee: 1000000n }), 2); // even, less 0.018 and 0.01
  const tally = portfolio.ledger(2).trades.get("USDT");
  expect(tally).toMatchObject({ wins: 1, losses: 1, wonUnits: 37800000n, lostUnits: 2800000n });
  expect(portfolio.ledger(0).trades.size).toBe(0);
  expect(portfolio.total.openPositions).toBe(0);
});

test("the sum of fills and fees equals the balances, by venue and in total", () => {
  fc.assert(
    fc.property(arbitraryFills, (fills) => {
      const wanted = new Map<string, bigint>();
      const add = (key: string, units: bigint) => wanted.set(key, (wanted.get(key) ?? 0n) + units);
      for (const [key, units] of [
        ["test AAA", 5n],
        ["test USDT", 7n],
        ["other USDT", 11n],
      ] as const)
        add(key, units);
      for (const { fill } of fills) {
        const { instrument, side, priceTicks, sizeLots, fee, feeAsset } = fill;
        const sign = side === "buy" ? 1n : -1n;
        add(`${instrument.venue} ${instrument.base}`, sign * baseUnits(instrument, sizeLots));
        add(`${instrument.venue} ${instrument.quote}`, -sign * notionalUnits(instrument, priceTicks, sizeLots));
        add(`${instrument.venue} ${feeAsset}`, -fee);
      }
      const portfolio = started(fills);
      for (const [key, units] of wanted) {
        const [venue = "", asset = ""] = key.split(" ");
        expect(portfolio.balance(asset, venue)).toBe(units);
      }
      for (const asset of ["AAA", "BBB", "USDT", "BNB"])
        expect(portfolio.balance(asset)).toBe(portfolio.balance(asset, "test") + portfolio.balance(asset, "other"));
      expect(portfolio.check()).toEqual([]);
    }),
  );
});

test("strategies' books sum to those of the run", () => {
  fc.assert(
    fc.property(arbitraryFills, (fills) => {
      const portfolio = started(fills);
      const owners = [0, 1, 2].map((owner) => portfolio.ledger(owner));
      const sum = (of: (ledger: (typeof owners)[number]) => bigint) =>
        owners.reduce((total, one) => total + of(one), 0n);
      for (const asset of ["AAA", "BBB", "USDT", "BNB"]) {
        expect(sum(({ flows }) => flows.get(asset) ?? 0n)).toBe(portfolio.total.flows.get(asset) ?? 0n);
        expect(sum(({ fees }) => fees.get(asset) ?? 0n)).toBe(portfolio.fees.get(asset) ?? 0n);
      }
      for (const instrument of instruments)
        expect(sum((ledger) => BigInt(ledger.position(instrument).lots))).toBe(
          BigInt(portfolio.position(instrument).lots),
        );
    }),
  );
});

test("first in, first out equals a plain list of lots, and both methods agree once all is closed", () => {
  const one = fc.record({
    side: fc.constantFrom("buy" as const, "sell" as const),
    priceTicks: fc.integer({ min: 1, max: 1000 }),
    sizeLots: fc.integer({ min: 1, max: 1000 }),
  });
  fc.assert(
    fc.property(fc.array(one, { maxLength: 60 }), (fills) => {
      const portfolio = new Portfolio();
      let realized = 0n;
      let open: { lots: number; ticks: number }[] = []; // signed
      for (const { side, priceTicks, sizeLots } of fills) {
        portfolio.apply(testFill(side, priceTicks, sizeLots));
        let left = side === "buy" ? sizeLots : -sizeLots;
        while (left !== 0 && open.length > 0 && open[0]!.lots > 0 !== left > 0) {
          const oldest = open[0]!;
          const closed = Math.min(Math.abs(left), Math.abs(oldest.lots));
          const sign = Math.sign(oldest.lots);
          realized += notionalUnits(aaaUsdt, sign * (priceTicks - oldest.ticks), closed);
          oldest.lots -= sign * closed;
          left += sign * closed;
          open = open.filter(({ lots }) => lots !== 0);
        }
        if (left !== 0) open.push({ lots: left, ticks: priceTicks });
        expect(portfolio.position(aaaUsdt).fifoRealizedUnits).toBe(realized);
      }
      const { lots } = portfolio.position(aaaUsdt);
      if (lots !== 0) portfolio.apply(testFill(lots > 0 ? "sell" : "buy", 500, Math.abs(lots)));
      const closed = portfolio.position(aaaUsdt);
      expect(closed.fifoRealizedUnits).toBe(closed.realizedUnits);
      expect([closed.costUnits, closed.fifoCostUnits]).toEqual([0n, 0n]);
    }),
  );
});

test("marked at one price, the account gained exactly the profit, but for rounding", () => {
  fc.assert(
    fc.property(arbitraryFills, fc.integer({ min: 1, max: 5_000_000 }), (all, midTicks) => {
      const fills = all.filter(({ fill }) => fill.instrument === aaaUsdt && fill.feeAsset !== "BNB");
      const portfolio = started(fills);
      const gained = portfolio.balance("USDT") - 18n + ((portfolio.balance("AAA") - 5n) * BigInt(midTicks)) / 100n;
      const profit = portfolio.profit(() => 2 * midTicks).get("USDT") ?? 0n;
      expect(Number(profit - gained)).toBeLessThanOrEqual(2);
      expect(Number(profit - gained)).toBeGreaterThanOrEqual(-2);
    }),
  );
});

test("a portfolio taken back from its record goes on as if it had never been away", () => {
  fc.assert(
    fc.property(arbitraryFills, arbitraryFills, (before, after) => {
      const straight = started([...before, ...after]);
      const restored = new Portfolio({ venue: "test" });
      restored.restore(JSON.parse(bodyText(started(before).record())), instrumentOf);
      for (const { owner, fill } of after) restored.apply(fill, owner);
      expect(restored.check()).toEqual([]);
      expect(bodyText(restored.record())).toBe(bodyText(straight.record()));
    }),
  );
});

test("a record of the first versions is taken back, and its accounts hold from there on", () => {
  const position = { lots: -1000, costUnits: "1000000000", realizedUnits: "5", baseFeeUnits: "3", quoteFeeUnits: "0" };
  const old = {
    balances: { AAA: "7", USDT: "90" },
    fees: { AAA: "3" },
    positions: { [aaaUsdt.id]: position },
    fills: 2,
  };
  const portfolio = new Portfolio({ venue: "test" });
  portfolio.restore(old, instrumentOf);
  expect(portfolio.check()).toEqual([]);
  portfolio.apply(testFill("buy", 900, 1000, { fee: 2n }), 1);
  portfolio.apply(testFill("buy", 1, 1, { instrument: elsewhere }), 1);
  expect(portfolio.check()).toEqual([]);
  expect(portfolio.balance("USDT", "test")).toBe(90n - 9_00000000n - 2n);
  expect(portfolio.position(aaaUsdt)).toMatchObject({
    lots: 0,
    realizedUnits: 100000005n,
    fifoRealizedUnits: 100000005n,
  });
  expect(portfolio.startBalances().get("AAA")).toBe(7n + 1_00000000n + 3n); // one coin was sold short, and a fee paid
});

test.each([
  ["a balance at a venue", (record: Changed) => (record.venues["test"]!["USDT"] = "1"), "USDT at test"],
  ["a balance in total", (record: Changed) => (record.balances["USDT"] = "1"), "USDT over all venues"],
  ["a position", (record: Changed) => (record.positions[aaaUsdt.id]!.lots = 1), `lots of ${aaaUsdt.id}`],
  ["a cost", (record: Changed) => (record.positions[aaaUsdt.id]!.costUnits = "1"), `cash of ${aaaUsdt.id}`],
  [
    "a strategy's lots",
    (record: Changed) => (record.owners["0"]!.positions[aaaUsdt.id]!.lots = 1),
    "of the strategies",
  ],
])("%s that is not the sum of the fills is told", (_, change, told) => {
  const honest = started([{ owner: 0, fill: testFill("buy", 1000, 1000) }]);
  const record = JSON.parse(bodyText(honest.record()));
  change(record);
  const changed = new Portfolio({ venue: "test" });
  changed.restore(record, instrumentOf);
  expect(changed.check().join("\n")).toContain(told);
  expect(changed.check()).toEqual([]); // told once
});

interface Changed {
  readonly balances: Record<string, string>;
  readonly venues: Record<string, Record<string, string>>;
  readonly positions: Record<string, { lots: number; costUnits: string }>;
  readonly owners: Record<string, Changed>;
}
