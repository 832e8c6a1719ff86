import { type Instrument, OrderBook, type Side } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { feePartsOf, spentAsset, spentUnits } from "../../src/engines/reservations.ts";
import { DEFAULT_WEIGHTS, routeOrder } from "../../src/engines/router.ts";
import { wishedUnits } from "../../src/engines/router-funds.ts";
import type { RouteCandidate, RouteRequest } from "../../src/engines/router-types.ts";
import { isOrderSize } from "../../src/engines/trade-costs.ts";
import { testInstrument } from "../../src/testing.ts";

type Level = readonly [ticks: number, lots: number];

/** A tick is 0.01 and a lot 0.001: 100 lots at 10,000 ticks cost 10 USDT. */
function venue(name: string, asks: readonly Level[], freeUnits?: bigint, terms: Partial<Instrument> = {}) {
  const book = new OrderBook();
  for (const [ticks, lots] of asks) {
    book.set("ask", ticks, lots);
    book.set("bid", 20_000 - ticks, lots);
  }
  const instrument = testInstrument({ venue: name, id: `${name}:AAA/USDT`, minNotional: 0n, minLots: 1, ...terms });
  return { instrument, book, feeBps: 10, latencyNs: 1e6, ailment: "", freeUnits } satisfies RouteCandidate;
}

const request = (side: Side, lots: number): RouteRequest => ({
  symbol: "AAA/USDT",
  side,
  sizeUnits: BigInt(lots) * 100_000n,
});
const route = (lots: number, candidates: readonly RouteCandidate[], side: Side = "buy", reserveFeeBps = 0) =>
  routeOrder(request(side, lots), candidates, { weights: DEFAULT_WEIGHTS, minSplitSavingBps: 1, reserveFeeBps });
const piecesOf = (decision: ReturnType<typeof routeOrder>) =>
  decision.outcome === "none"
    ? []
    : decision.pieces.map(({ instrument, sizeLots, limitTicks }) => `${instrument.venue} ${sizeLots}@${limitTicks}`);
const usdt = (units: number) => BigInt(Math.round(units * 1e8));

test("goes to the venue that can pay for it, though another one is cheaper", () => {
  const poor = venue("poor", [[9_990, 500]], usdt(3));
  const rich = venue("rich", [[10_000, 500]], usdt(100));
  const decision = route(100, [poor, rich], "buy", 10);
  expect(piecesOf(decision)).toEqual(["poor 30@9990", "rich 70@10000"]);
  expect(decision.venues[0]).toMatchObject({
    reason: "its account can carry 30 of 100 lots: it has 3 USDT free",
    carriedUnits: 3_000_000n,
    availableUnits: 10_000_000n,
    score: { liquidity: 0.3 },
  });
  expect(decision.venues[1]).not.toHaveProperty("carriedUnits");
  const whole = routeOrder(request("buy", 100), [poor, rich], { weights: DEFAULT_WEIGHTS, minSplitSavingBps: 50 });
  expect(piecesOf(whole)).toEqual(["rich 100@10000"]);
});

test("a purchase that reaches deeper is dearer as a whole", () => {
  const asks: readonly Level[] = [
    [10_000, 50],
    [11_000, 50],
  ];
  expect(piecesOf(route(90, [venue("one", asks, usdt(9.9))]))).toEqual(["one 90@11000"]);
  const none = route(91, [venue("one", asks, usdt(9.9))]);
  expect(none.venues[0]?.carriedUnits).toBe(9_000_000n);
  // 5.2 pay for 52 lots at 100, of which there are 50, and for 47 at 110: the 50 are the most.
  expect(route(91, [venue("one", asks, usdt(5.2))]).venues[0]?.carriedUnits).toBe(5_000_000n);
  // The fee that risk puts aside for it is counted to the unit.
  expect(piecesOf(route(50, [venue("one", asks, usdt(5.005))], "buy", 10))).toEqual(["one 50@10000"]);
  expect(piecesOf(route(50, [venue("one", asks, usdt(5.005) - 1n)], "buy", 10))).toEqual([]);
});

test("a sale is bound by what is held, and a venue that can carry no order has nothing to do with it", () => {
  const bids: readonly Level[] = [[10_000, 500]];
  const empty = venue("empty", bids, 0n);
  const dust = venue("dust", bids, 4_000_000n, { minLots: 50 }); // 40 lots
  const some = venue("some", bids, 7_000_000n);
  const other = venue("other", bids, 5_000_000n);
  const decision = route(100, [empty, dust, some, other], "sell");
  expect(piecesOf(decision)).toEqual(["some 70@10000", "other 30@10000"]);
  expect(decision.venues.map(({ reason, score }) => [reason, score === undefined])).toEqual([
    ["its account has 0 AAA free, too little for an order", true],
    ["its account has 0.04 AAA free, too little for an order", true],
    ["its account can carry 70 of 100 lots: it has 0.07 AAA free", false],
    ["its account can carry 50 of 100 lots: it has 0.05 AAA free", false],
  ]);
});

test("no suitable venue is an outcome that says what is wrong with each", () => {
  const one = venue("one", [[10_000, 500]], -1n);
  const two = venue("two", [[10_000, 50]], usdt(1000));
  expect(route(100, [one, two])).toMatchObject({
    outcome: "none",
    reason:
      "no venue can have all of it, nor several of them together: one:AAA/USDT: its account has -0.00000001 USDT free, too little for an order; two:AAA/USDT: its book has 50 of 100 lots",
  });
});

test("a limit below the venue's step is no price to pay", () => {
  const one = venue("one", [[2, 500]], usdt(1), { tickIncrement: 5 });
  const options = { weights: DEFAULT_WEIGHTS, minSplitSavingBps: 1 };
  expect(routeOrder({ ...request("buy", 100), limitPrice: "0.03" }, [one], options).outcome).toBe("none");
});

test("what the same hook has wanted already is counted, each at what it may cost", () => {
  const { instrument } = venue("one", []);
  const { instrument: elsewhere } = venue("two", []);
  const buy = { instrument, side: "buy", type: "limit", priceTicks: 10_000, sizeLots: 100 } as const;
  const wishes = [
    buy,
    { ...buy, type: "market", priceTicks: undefined } as const,
    { ...buy, sizeLots: 0.5 },
    { ...buy, instrument: elsewhere },
    { ...buy, side: "sell" } as const,
  ];
  const wished = (asset: string, marketTicks?: number) =>
    wishedUnits(wishes as never, "one", asset, feePartsOf(10), ({ priceTicks }) => priceTicks ?? marketTicks);
  expect(wished("USDT")).toBe(usdt(10.01));
  expect(wished("USDT", 20_000)).toBe(usdt(30.03));
  expect(wished("AAA")).toBe(10_000_000n);
});

const levels = fc
  .uniqueArray(fc.tuple(fc.integer({ min: 9_950, max: 10_050 }), fc.integer({ min: 1, max: 300 })), {
    selector: ([ticks]) => ticks,
    minLength: 1,
    maxLength: 6,
  })
  .map((all) => all.sort(([a], [b]) => a - b));
const place = fc.record({
  asks: levels,
  // From nothing to more than any order here costs.
  share: fc.integer({ min: -2, max: 150 }),
  terms: fc.record({
    sizeDecimals: fc.constantFrom(2, 3, 4),
    priceDecimals: fc.constantFrom(2, 6),
    lotIncrement: fc.constantFrom(1, 2, 5),
    tickIncrement: fc.constantFrom(1, 3),
    minLots: fc.integer({ min: 1, max: 60 }),
    maxLots: fc.integer({ min: 100, max: 2_000 }),
    minNotional: fc.constantFrom(0n, 1_00000000n),
  }),
});

test("no piece is more than its account can carry, all of them are what was wanted, and what is said of an account is exact", () => {
  const seen = { single: 0, split: 0, none: 0, short: 0, unsuitable: 0 };
  fc.assert(
    fc.property(
      fc.array(place, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 600 }),
      fc.constantFrom("buy" as const, "sell" as const),
      fc.constantFrom(0, 7.5, 100),
      (places, lots, side, reserveFeeBps) => {
        const candidates = places.map(({ asks, share, terms }, i) => {
          const free = side === "buy" ? usdt((lots * share) / 1000) : BigInt(lots * share) * 1_000n;
          return venue(`v${i}`, asks, free, terms);
        });
        const feeParts = feePartsOf(reserveFeeBps);
        const decision = route(lots, candidates, side, reserveFeeBps);
        seen[decision.outcome]++;
        for (const [i, { reason, carriedUnits, score }] of decision.venues.entries()) {
          const { instrument, freeUnits } = candidates[i]!;
          if (reason.includes("too little")) {
            seen.unsuitable++;
            expect(score).toBeUndefined();
          }
          if (carriedUnits === undefined) continue;
          seen.short++;
          if (side === "buy") continue;
          const step = BigInt(instrument.lotIncrement) * 10n ** BigInt(8 - instrument.sizeDecimals);
          expect(carriedUnits).toBe((freeUnits! / step) * step);
        }
        if (decision.outcome === "none") return;
        let sum = 0n;
        for (const { instrument, sizeLots, sizeUnits, limitTicks } of decision.pieces) {
          sum += sizeUnits;
          const free = candidates.find((one) => one.instrument === instrument)!.freeUnits!;
          expect(spentUnits(instrument, side, limitTicks, sizeLots, feeParts)).toBeLessThanOrEqual(free);
          expect(isOrderSize(instrument, limitTicks, sizeLots)).toBe(true);
          expect(spentAsset({ instrument, side })).toBe(side === "buy" ? "USDT" : "AAA");
        }
        expect(sum).toBe(request(side, lots).sizeUnits);
      },
    ),
    { numRuns: 600, seed: 7 },
  );
  expect(Math.min(...Object.values(seen))).toBeGreaterThan(20);
});

test("one venue alone takes exactly the sizes that its account can pay for", () => {
  fc.assert(
    fc.property(levels, fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 200 }), (asks, lots, share) => {
      const free = usdt((lots * share) / 1000);
      const inBook = asks.reduce((sum, [, size]) => sum + size, 0);
      const decision = route(lots, [venue("one", asks, free)], "buy", 10);
      let left = lots;
      const worst = asks.find(([, size]) => {
        left -= size;
        return left <= 0;
      });
      const { instrument } = venue("one", asks);
      const isPaid = worst !== undefined && spentUnits(instrument, "buy", worst[0], lots, feePartsOf(10)) <= free;
      expect(decision.outcome).toBe(isPaid ? "single" : "none");
      if (lots > inBook) expect(decision.outcome).toBe("none");
    }),
    { numRuns: 300, seed: 8 },
  );
});
