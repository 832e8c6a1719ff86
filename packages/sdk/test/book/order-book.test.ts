import fc from "fast-check";
import { expect, test } from "vitest";
import { bookDigest, Levels, OrderBook } from "../../src/index.ts";
import { testInstrument } from "../support/instruments.ts";

type Side = "bid" | "ask";

/** The same book, the plain way. */
class ReferenceBook {
  readonly #levels = { bid: new Map<number, number>(), ask: new Map<number, number>() };

  set(side: Side, ticks: number, lots: number): void {
    if (lots === 0) this.#levels[side].delete(ticks);
    else this.#levels[side].set(ticks, lots);
  }

  clear(): void {
    this.#levels.bid.clear();
    this.#levels.ask.clear();
  }

  levels(side: Side): [number, number][] {
    return [...this.#levels[side]].sort(([a], [b]) => (side === "bid" ? b - a : a - b));
  }
}

function levelsOf(book: OrderBook, side: Side): [number, number][] {
  const levels: [number, number][] = [];
  book.forEachLevel(side, (ticks, lots) => levels.push([ticks, lots]));
  return levels;
}

const step = fc.oneof(
  { weight: 60, arbitrary: fc.tuple(fc.constantFrom<Side>("bid", "ask"), fc.nat(150), fc.nat(3)) },
  { weight: 1, arbitrary: fc.constant("clear" as const) },
);

test("holds what a plain map holds, best first, after any sequence of changes", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const book = new OrderBook();
      const reference = new ReferenceBook();
      for (const each of steps) {
        if (each === "clear") {
          book.clear();
          reference.clear();
        } else {
          book.set(...each);
          reference.set(...each);
        }
      }
      for (const side of ["bid", "ask"] as const) {
        const levels = reference.levels(side);
        expect(levelsOf(book, side)).toEqual(levels);
        expect(side === "bid" ? book.bidLevels : book.askLevels).toBe(levels.length);
        const [ticks, lots] = levels[0] ?? [Number.NaN, 0];
        expect(side === "bid" ? book.bestBidTicks : book.bestAskTicks).toBe(ticks);
        expect(side === "bid" ? book.bestBidLots : book.bestAskLots).toBe(lots);
        for (let depth = 0; depth < levels.length; depth++) {
          expect(side === "bid" ? book.bidTicksAt(depth) : book.askTicksAt(depth)).toBe(levels[depth]![0]);
          expect(side === "bid" ? book.bidLotsAt(depth) : book.askLotsAt(depth)).toBe(levels[depth]![1]);
        }
      }
    }),
  );
});

test("grows beyond its first arrays, and loads a snapshot best first", () => {
  const snapshot = new Levels();
  for (let i = 0; i < 5_000; i++) snapshot.push(10_000 - i, i + 1);
  const book = new OrderBook();
  book.set("bid", 99_999, 1);
  book.load("bid", snapshot);
  expect(book.bidLevels).toBe(5_000);
  expect([book.bestBidTicks, book.bestBidLots]).toEqual([10_000, 1]);
  expect([book.bidTicksAt(4_999), book.bidLotsAt(4_999)]).toEqual([5_001, 5_000]);
});

test("an empty side, and a depth beyond the last level, have no price and no size", () => {
  const book = new OrderBook();
  book.set("ask", 101, 5);
  expect([book.bestBidTicks, book.bestBidLots]).toEqual([Number.NaN, 0]);
  expect([book.askTicksAt(1), book.askLotsAt(1), book.askTicksAt(-1), book.askLotsAt(-1)]).toEqual([NaN, 0, NaN, 0]);
});

test("removing a level that is not there changes nothing", () => {
  const book = new OrderBook();
  book.set("bid", 100, 2);
  book.set("bid", 99, 0);
  book.set("ask", 100, 0);
  expect([book.bidLevels, book.askLevels]).toEqual([1, 0]);
});

test("the digest is that of the documented text, and does not depend on the scale", () => {
  const fill = (priceScale: number, sizeScale: number) => {
    const book = new OrderBook();
    book.set("bid", 6_125 * priceScale, 40 * sizeScale);
    book.set("bid", 6_100 * priceScale, 5 * sizeScale);
    book.set("ask", 6_130 * priceScale, 1_000 * sizeScale);
    return book;
  };
  // printf 'b 61.25 0.4\nb 61 0.05\na 61.3 10' | sha256sum
  const digest = "3f22d2e4deb6e304ac85e72228ec27da6d4734e3932152257407972c83d9605d";
  const coarse = bookDigest(fill(1, 1), testInstrument({ priceDecimals: 2, sizeDecimals: 2 }));
  expect(coarse).toBe(digest);
  expect(bookDigest(fill(100, 10), testInstrument({ priceDecimals: 4, sizeDecimals: 3 }))).toBe(coarse);
});
