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

  load(side: Side, levels: Levels): void {
    this.#levels[side].clear();
    for (let i = levels.count - 1; i >= 0; i--) this.set(side, levels.ticksAt(i), levels.lotsAt(i));
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

type Step =
  | readonly ["set", side: Side, ticks: number, lots: number]
  | readonly ["load", side: Side, best: number, count: number]
  | readonly ["read", side: Side, depth: number]
  | readonly ["clear"];

const side = fc.constantFrom<Side>("bid", "ask");
const lots = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 9 }) },
);

/** Changes at `ticks`, with snapshots, reads in between and a fresh start now and then. */
function stepsAt(ticks: fc.Arbitrary<number>): fc.Arbitrary<Step[]> {
  const step = fc.oneof<fc.MaybeWeightedArbitrary<Step>[]>(
    { weight: 60, arbitrary: fc.tuple(fc.constant("set"), side, ticks, lots) },
    { weight: 10, arbitrary: fc.tuple(fc.constant("read"), side, fc.nat(40)) },
    { weight: 1, arbitrary: fc.tuple(fc.constant("load"), side, ticks, fc.nat(60)) },
    { weight: 1, arbitrary: fc.constant(["clear"]) },
  );
  return fc.array(step, { maxLength: 600, size: "max" });
}

/** A market that drifts by `stride` ticks from change to change, its prices spread over `width`. */
function drifting(width: number, stride: number): fc.Arbitrary<Step[]> {
  const start = 1_000_000;
  return fc.tuple(stepsAt(fc.nat(width)), fc.constantFrom(-1, 1)).map(([steps, way]) =>
    steps.map((step, i): Step => {
      const shift = start + way * stride * i;
      if (step[0] === "set") return ["set", step[1], step[2] + shift, step[3]];
      return step[0] === "load" ? ["load", step[1], step[2] + shift, step[3]] : step;
    }),
  );
}

function expectSame(book: OrderBook, reference: ReferenceBook): void {
  for (const side of ["bid", "ask"] as const) {
    const levels = reference.levels(side);
    expect(levelsOf(book, side)).toEqual(levels);
    expect(side === "bid" ? book.bidLevels : book.askLevels).toBe(levels.length);
    const [ticks, lots] = levels[0] ?? [Number.NaN, 0];
    expect(side === "bid" ? book.bestBidTicks : book.bestAskTicks).toBe(ticks);
    expect(side === "bid" ? book.bestBidLots : book.bestAskLots).toBe(lots);
    for (let depth = 0; depth <= levels.length; depth++) expectSameAt(book, levels, side, depth);
  }
}

function expectSameAt(book: OrderBook, levels: [number, number][], side: Side, depth: number): void {
  const [ticks, lots] = levels[depth] ?? [Number.NaN, 0];
  expect(side === "bid" ? book.bidTicksAt(depth) : book.askTicksAt(depth)).toBe(ticks);
  expect(side === "bid" ? book.bidLotsAt(depth) : book.askLotsAt(depth)).toBe(lots);
}

function play(steps: readonly Step[], windowTicks?: number): void {
  const book = new OrderBook(windowTicks === undefined ? {} : { windowTicks });
  const reference = new ReferenceBook();
  for (const step of steps) {
    if (step[0] === "clear") {
      book.clear();
      reference.clear();
    } else if (step[0] === "set") {
      book.set(step[1], step[2], step[3]);
      reference.set(step[1], step[2], step[3]);
    } else if (step[0] === "read") {
      expectSameAt(book, reference.levels(step[1]), step[1], step[2]);
    } else {
      const [, side, best, count] = step;
      const snapshot = new Levels();
      for (let i = 0; i < count; i++) {
        const ticks = side === "bid" ? best - i * 3 : best + i * 3;
        if (ticks >= 0) snapshot.push(ticks, i + 1);
      }
      book.load(side, snapshot);
      reference.load(side, snapshot);
    }
  }
  expectSame(book, reference);
}

test.each([
  ["in a narrow range", stepsAt(fc.nat(150)), undefined],
  ["far beyond the window", stepsAt(fc.nat(400)), 32],
  ["from one tick to 2^53 - 1", stepsAt(fc.oneof(fc.maxSafeNat(), fc.nat(100))), 64],
  [
    "at both ends of what there is",
    stepsAt(fc.nat(60).map((n) => (n % 2 === 0 ? n : Number.MAX_SAFE_INTEGER - n))),
    32,
  ],
  ["in a market that runs away", drifting(40, 3), 64],
  ["in a market that jumps", drifting(200, 70), 128],
])("holds what a plain map holds, best first, after any changes %s", (_, steps, windowTicks) => {
  fc.assert(fc.property(steps, (all) => play(all, windowTicks)));
});

test("a touch that wanders away keeps every level it left behind", () => {
  const book = new OrderBook({ windowTicks: 64 });
  const reference = new ReferenceBook();
  for (let i = 0; i < 5_000; i++) {
    for (const [side, ticks] of [
      ["bid", 10_000 + i],
      ["ask", 10_001 + i],
    ] as const) {
      book.set(side, ticks, 1 + (i % 7));
      reference.set(side, ticks, 1 + (i % 7));
    }
  }
  expectSame(book, reference);
  for (let i = 4_999; i >= 0; i -= 2) {
    book.set("bid", 10_000 + i, 0);
    reference.set("bid", 10_000 + i, 0);
  }
  expectSame(book, reference);
});

test.each([31, 16, 33, 0, -32, 2 ** 20 + 32, 64.5, Number.NaN])("refuses a window of %d ticks", (windowTicks) => {
  expect(() => new OrderBook({ windowTicks })).toThrow(/windowTicks must be/);
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
