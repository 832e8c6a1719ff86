import { OrderBook } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { marketImpactBps, walkTheBook } from "../../src/engines/impact.ts";

test("impact is 10 basis points times the share of the mean trade, and no more than 10", () => {
  expect(marketImpactBps(50, 200)).toBe(2.5);
  expect(marketImpactBps(200, 200)).toBe(10);
  expect(marketImpactBps(900, 200)).toBe(10);
  expect(marketImpactBps(50, Number.NaN)).toBeNaN();
});

const levels = fc.uniqueArray(
  fc.record({ ticks: fc.integer({ min: 1, max: 500 }), lots: fc.integer({ min: 1, max: 90 }) }),
  {
    selector: ({ ticks }) => ticks,
    maxLength: 30,
  },
);

test("a walk takes lot by lot from the best prices on, as an order would", () => {
  fc.assert(
    fc.property(
      levels,
      fc.constantFrom("buy" as const, "sell" as const),
      fc.integer({ min: 1, max: 500 }),
      fc.option(fc.integer({ min: 1, max: 500 }), { nil: undefined }),
      (side, taker, sizeLots, limitTicks) => {
        const book = new OrderBook();
        for (const { ticks, lots } of side) book.set(taker === "buy" ? "ask" : "bid", ticks, lots);
        const limit = limitTicks ?? (taker === "buy" ? 1000 : 0);
        const lots = side
          .toSorted((a, b) => (taker === "buy" ? a.ticks - b.ticks : b.ticks - a.ticks))
          .filter(({ ticks }) => (taker === "buy" ? ticks <= limit : ticks >= limit))
          .flatMap((level) => new Array<number>(level.lots).fill(level.ticks))
          .slice(0, sizeLots);
        const walk = walkTheBook(book, taker, sizeLots, limitTicks);
        const notional = lots.reduce((sum, ticks) => sum + ticks, 0);
        expect(walk.filledLots).toBe(lots.length);
        expect(walk.notional).toBe(BigInt(notional));
        expect(walk.worstTicks).toBe(lots.at(-1) ?? Number.NaN);
        expect(walk.averageTicks).toBe(lots.length === 0 ? Number.NaN : notional / lots.length);
      },
    ),
  );
});

test("a walk finds all that a book has for a size that no number can hold exactly", () => {
  const book = new OrderBook();
  book.set("ask", 100, 7);
  book.set("ask", 101, 5);
  for (const sizeLots of [1e35, Number.POSITIVE_INFINITY])
    expect(walkTheBook(book, "buy", sizeLots)).toMatchObject({ filledLots: 12, notional: 1205n, worstTicks: 101 });
});
