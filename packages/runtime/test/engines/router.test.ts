import { type Instrument, InvalidInputError, OrderBook } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { DEFAULT_WEIGHTS, routeOrder, toRouteRecord } from "../../src/engines/router.ts";
import type { RouteCandidate, RouteOptions, RouteRequest, RouteWeights } from "../../src/engines/router-types.ts";
import { bodyText } from "../../src/journal/body-text.ts";
import { testInstrument } from "../../src/testing.ts";

type Level = readonly [ticks: number, lots: number];

interface Place {
  readonly asks: readonly Level[];
  readonly feeBps?: number;
  readonly latencyMs?: number;
  readonly ailment?: string;
  readonly terms?: Partial<Instrument>;
}

/** A venue whose bids mirror its asks, so that sales are as purchases. */
function venue(name: string, { asks, feeBps = 10, latencyMs = 10, ailment = "", terms = {} }: Place): RouteCandidate {
  const book = new OrderBook();
  for (const [ticks, lots] of asks) {
    book.set("ask", ticks, lots);
    book.set("bid", 20_000 - ticks, lots);
  }
  const instrument = testInstrument({ venue: name, id: `${name}:AAA/USDT`, minNotional: 0n, ...terms });
  return { instrument, book, feeBps, latencyNs: latencyMs * 1e6, ailment };
}

const options: RouteOptions = { weights: DEFAULT_WEIGHTS, minSplitSavingBps: 1 };
const buy = (lots: number, more: Partial<RouteRequest> = {}): RouteRequest => ({
  symbol: "AAA/USDT",
  side: "buy",
  sizeUnits: BigInt(lots) * 100_000n, // lots of 0.001
  ...more,
});

function piecesOf(decision: ReturnType<typeof routeOrder>): readonly string[] {
  if (decision.outcome === "none") return [];
  return decision.pieces.map(({ instrument, sizeLots, limitTicks }) => `${instrument.venue} ${sizeLots}@${limitTicks}`);
}

test("goes whole to the venue with the best score, at the worst price that its book asks", () => {
  const near = venue("near", {
    asks: [
      [10_000, 50],
      [10_002, 100],
    ],
    latencyMs: 5,
  });
  const far = venue("far", { asks: [[10_000, 500]], latencyMs: 50 });
  const decision = routeOrder(buy(100), [far, near], { ...options, minSplitSavingBps: 5 });
  expect(decision.outcome).toBe("single");
  expect(piecesOf(decision)).toEqual(["near 100@10002"]);
  const [one, other] = decision.venues;
  expect(other?.score).toMatchObject({ latency: 1, fee: 0.8 });
  expect(other?.score?.liquidity).toBeCloseTo(1 - 1 / 20, 6); // a tick of 10,000 on the mean: 1 bp
  expect(one?.score).toMatchObject({ liquidity: 1, latency: 0.1 });
  expect(other?.score?.total).toBeCloseTo(0.4 * 0.95 + 0.4 + 0.2 * 0.8, 6);
});

test("weights say what counts", () => {
  const cheap = venue("cheap", { asks: [[10_010, 100]], feeBps: 0, latencyMs: 30 });
  const quick = venue("quick", { asks: [[10_011, 100]], feeBps: 20, latencyMs: 1 });
  const deep = venue("deep", { asks: [[10_000, 100]], feeBps: 20, latencyMs: 30 });
  const by = (weights: RouteWeights) =>
    piecesOf(routeOrder(buy(100), [cheap, quick, deep], { weights, minSplitSavingBps: 1000 }));
  expect(by({ liquidity: 1, latency: 0, fee: 0 })).toEqual(["deep 100@10000"]);
  expect(by({ liquidity: 0, latency: 1, fee: 0 })).toEqual(["quick 100@10011"]);
  expect(by({ liquidity: 0, latency: 0, fee: 1 })).toEqual(["cheap 100@10010"]);
});

test("splits when the books together cost less than one alone, fees counted", () => {
  const one = venue("one", {
    asks: [
      [10_000, 60],
      [10_100, 500],
    ],
  });
  const two = venue("two", {
    asks: [
      [10_000, 60],
      [10_100, 500],
    ],
  });
  const decision = routeOrder(buy(100), [one, two], options);
  expect(decision.outcome).toBe("split");
  expect(piecesOf(decision)).toEqual(["one 60@10000", "two 40@10000"]);
  if (decision.outcome === "none") return;
  expect(decision.costUnits).toBe(10_01000000n); // 10.00 and a fee of a thousandth
  expect(decision.best).toEqual({ instrument: "one:AAA/USDT", costUnits: 10_05004000n });
  const dear = venue("two", { asks: [[10_000, 60]], feeBps: 120 });
  expect(piecesOf(routeOrder(buy(100), [one, dear], options))).toEqual(["one 100@10100"]);
});

test("a split that saves too little is not worth its orders", () => {
  const one = venue("one", {
    asks: [
      [10_000, 60],
      [10_002, 500],
    ],
  });
  const two = venue("two", {
    asks: [
      [10_000, 60],
      [10_002, 500],
    ],
  });
  expect(routeOrder(buy(100), [one, two], options).outcome).toBe("single"); // 0.8 bp
  expect(routeOrder(buy(100), [one, two], { ...options, minSplitSavingBps: 0.5 }).outcome).toBe("split");
});

test("splits also when no venue has the whole", () => {
  const one = venue("one", { asks: [[10_000, 60]] });
  const two = venue("two", { asks: [[10_050, 60]] });
  const decision = routeOrder(buy(100), [one, two], { ...options, minSplitSavingBps: 1000 });
  expect(piecesOf(decision)).toEqual(["one 60@10000", "two 40@10050"]);
  expect(decision.venues.map(({ reason }) => reason)).toEqual([
    "its book has 60 of 100 lots",
    "its book has 60 of 100 lots",
  ]);
});

test("pieces keep to each venue's step and smallest order, and rounding goes where it costs least", () => {
  const coarse = venue("coarse", { asks: [[10_000, 7]], terms: { sizeDecimals: 2 } }); // steps of 0.01
  const fine = venue("fine", { asks: [[10_001, 200]], terms: { sizeDecimals: 3, minLots: 20 } });
  // Of 0.085 the coarse venue would take 0.07: the rest of 0.015 is too small for the other one.
  expect(piecesOf(routeOrder(buy(85), [coarse, fine], { ...options, minSplitSavingBps: 0 }))).toEqual([
    "fine 85@10001",
  ]);
  expect(piecesOf(routeOrder(buy(95), [coarse, fine], { ...options, minSplitSavingBps: 0 }))).toEqual([
    "coarse 7@10000",
    "fine 25@10001",
  ]);
});

test("no suitable venue is an outcome, with what is wrong with each", () => {
  const decision = routeOrder(
    buy(100, { limitPrice: "99.99" }),
    [
      venue("sick", { asks: [[9_000, 500]], ailment: "its quote is 12000 ms old" }),
      venue("dear", { asks: [[10_000, 500]] }),
      venue("thin", { asks: [[9_999, 99]] }),
      venue("coarse", { asks: [[9_000, 500]], terms: { lotIncrement: 30 } }),
      venue("small", { asks: [[9_000, 500]], terms: { maxLots: 10 } }),
    ],
    { ...options, weights: { liquidity: 1, latency: 1, fee: 1 } },
  );
  expect(decision.venues.map(({ reason }) => reason)).toEqual([
    "its quote is 12000 ms old",
    "its market is beyond the limit",
    "its book has 99 of 100 lots",
    "the size is no multiple of its step",
    "the size is outside of its bounds",
  ]);
  expect(decision.outcome).toBe("split"); // 90 and 10, of which no single one is the whole
  const none = routeOrder(buy(100), [venue("sick", { asks: [[9_000, 500]], ailment: "gone" })], options);
  expect(none).toMatchObject({ outcome: "none", reason: expect.stringContaining("no venue can have all of it") });
  expect(routeOrder(buy(100), [], options)).toMatchObject({ reason: "no venue lists AAA/USDT" });
});

test("a sale goes where it brings most", () => {
  const one = venue("one", {
    asks: [
      [10_000, 60],
      [10_100, 500],
    ],
  });
  const two = venue("two", {
    asks: [
      [9_990, 60],
      [10_100, 500],
    ],
  }); // bids at 10,010
  const decision = routeOrder(buy(100, { side: "sell", limitPrice: "99" }), [one, two], options);
  expect(piecesOf(decision)).toEqual(["one 40@10000", "two 60@10010"]);
  if (decision.outcome === "none") return;
  expect(decision.costUnits).toBe(-((4_00000000n + 6_00600000n) * 999n) / 1000n);
});

test("refuses what cannot be", () => {
  const one = venue("one", { asks: [[10_000, 60]] });
  const refuses = (request: RouteRequest, more: Partial<RouteOptions> = {}) =>
    expect(() => routeOrder(request, [one], { ...options, ...more })).toThrow(InvalidInputError);
  refuses(buy(0));
  refuses(buy(1, { sizeUnits: 1 as never }));
  refuses(buy(1, { limitPrice: "cheap" }));
  refuses(buy(1), { weights: { liquidity: 0, latency: 0, fee: 0 } });
  refuses(buy(1), { weights: { liquidity: -1, latency: 1, fee: 1 } });
  refuses(buy(1), { minSplitSavingBps: 0.001 });
});

const place = fc.record({
  asks: fc.uniqueArray(fc.tuple(fc.integer({ min: 9_950, max: 10_050 }), fc.integer({ min: 1, max: 400 })), {
    minLength: 1,
    maxLength: 8,
    selector: ([ticks]) => ticks,
  }),
  feeBps: fc.integer({ min: 0, max: 40 }),
  latencyMs: fc.integer({ min: 0, max: 100 }),
  terms: fc.record({
    sizeDecimals: fc.constantFrom(2, 3, 4),
    lotIncrement: fc.constantFrom(1, 2, 5),
    minLots: fc.integer({ min: 1, max: 60 }),
    maxLots: fc.integer({ min: 100, max: 2_000 }),
    minNotional: fc.constantFrom(0n, 1_00000000n),
  }),
});
const weight = fc.integer({ min: 0, max: 10 });

test("pieces add up, fit their venues, and never cost more than the venue with the best score alone", () => {
  const seen = { single: 0, split: 0, none: 0 };
  fc.assert(
    fc.property(
      fc.array(place, { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 900 }),
      fc.constantFrom("buy" as const, "sell" as const),
      fc.tuple(weight, weight, weight).filter(([a, b, c]) => a + b + c > 0),
      fc.option(fc.integer({ min: 9_940, max: 10_060 }), { nil: undefined }),
      (places, lots, side, [liquidity, latency, fee], limit) => {
        const candidates = places.map((one, i) => venue(`v${i}`, one));
        const limitTicks = limit === undefined ? undefined : side === "buy" ? limit : 20_000 - limit;
        const request = buy(lots, { side, ...(limitTicks === undefined ? {} : { limitPrice: `${limitTicks / 100}` }) });
        const decision = routeOrder(request, candidates, {
          weights: { liquidity, latency, fee },
          minSplitSavingBps: 0,
        });
        seen[decision.outcome]++;
        expect(JSON.parse(bodyText(toRouteRecord(decision)))).toMatchObject({ outcome: decision.outcome });
        const wholes = decision.venues.filter(({ costUnits }) => costUnits !== undefined);
        if (decision.outcome === "none") return void expect(wholes).toEqual([]);
        const { pieces, costUnits, best } = decision;
        expect(pieces.reduce((sum, piece) => sum + piece.sizeUnits, 0n)).toBe(request.sizeUnits);
        expect(pieces.reduce((sum, piece) => sum + piece.costUnits, 0n)).toBe(costUnits);
        expect(new Set(pieces.map(({ instrument }) => instrument.id)).size).toBe(pieces.length);
        for (const { instrument, sizeLots, limitTicks: sent } of pieces) {
          expect(sizeLots % instrument.lotIncrement).toBe(0);
          expect(sizeLots).toBeGreaterThanOrEqual(instrument.minLots);
          expect(sizeLots).toBeLessThanOrEqual(instrument.maxLots);
          if (limitTicks !== undefined) expect(side === "buy" ? sent <= limitTicks : sent >= limitTicks).toBe(true);
        }
        if (best === undefined) return void expect(wholes).toEqual([]);
        expect(costUnits).toBeLessThanOrEqual(best.costUnits);
        const most = Math.max(...wholes.map(({ score }) => score!.total));
        expect(wholes.find(({ instrument }) => instrument === best.instrument)?.score?.total).toBe(most);
      },
    ),
    { numRuns: 300, seed: 3 },
  );
  expect(Math.min(seen.single, seen.split, seen.none)).toBeGreaterThan(15);
});

test("takes the split that brute force finds to be the cheapest, where steps are alike", () => {
  fc.assert(
    fc.property(fc.tuple(place, place), fc.integer({ min: 2, max: 60 }), ([first, second], lots) => {
      const terms = { sizeDecimals: 3, lotIncrement: 1, minLots: 1, minNotional: 0n };
      const candidates = [venue("one", { ...first, terms }), venue("two", { ...second, terms })];
      const decision = routeOrder(buy(lots), candidates, { ...options, minSplitSavingBps: 0 });
      const costs = Array.from({ length: lots + 1 }, (_, ours) => {
        const parts = [ours, lots - ours].map((size, i) => costOf([first, second][i]!, size));
        return parts.includes(undefined) ? Number.POSITIVE_INFINITY : parts[0]! + parts[1]!;
      });
      const least = Math.min(...costs);
      // In 10^-8: each of two pieces is rounded up to the next unit.
      if (decision.outcome === "split") expect(Math.abs(Number(decision.costUnits) - least)).toBeLessThanOrEqual(2);
      else if (decision.outcome === "none") expect(least).toBe(Number.POSITIVE_INFINITY);
      // One venue alone is the cheapest: which one it is to be is a matter of scores.
      else expect(Math.min(costs[0]!, costs[lots]!)).toBeLessThanOrEqual(Math.min(...costs.slice(1, -1)) + 2);
    }),
  );
});

/** Cost of a purchase by a plain walk, in 10^-8; undefined when the book has not enough. */
function costOf({ asks, feeBps = 0 }: Place, lots: number): number | undefined {
  let left = lots;
  let sum = 0;
  for (const [ticks, size] of [...asks].sort(([a], [b]) => a - b)) {
    const taken = Math.min(left, size);
    sum += ticks * taken * 1000 * (1 + feeBps / 10_000);
    left -= taken;
  }
  return left > 0 ? undefined : sum;
}

test("a size beyond all books is told as that, however large", () => {
  const place = venue("one", { asks: [[10_000, 60]] });
  for (const sizeUnits of [10n ** 40n, 10n ** 400n]) {
    const decision = routeOrder({ symbol: "AAA/USDT", side: "buy", sizeUnits }, [place], options);
    const [view] = decision.venues;
    expect(decision.outcome).toBe("none");
    expect(view).toMatchObject({ availableUnits: 60n * 100_000n });
    expect(view?.reason).toBe("its book has 60 of more than 2^53 lots");
  }
});
