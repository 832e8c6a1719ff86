import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/errors.ts";
import { PackedTrades, type TradeSide } from "../../src/simd/index.ts";

interface Trade {
  readonly timestampUs: number;
  readonly priceTicks: number;
  readonly volumeLots: number;
  readonly side: TradeSide;
}

const LARGEST = 2 ** 52;

/** A store of segments of 64, and the same trades as objects: all of them, also those the store has dropped. */
function setUp(trades: readonly Trade[], maxRows = 1000) {
  const store = new PackedTrades({ maxRows, rowsPerSegment: 64 });
  for (const { timestampUs, priceTicks, volumeLots, side } of trades)
    store.push(timestampUs, priceTicks, volumeLots, side);
  return { store, held: trades.slice(store.dropped) };
}

function trade(timestampUs: number, over: Partial<Trade> = {}): Trade {
  return { timestampUs, priceTicks: 50_000, volumeLots: 3, side: "buy", ...over };
}

function read(store: PackedTrades, fromUs = Number.NEGATIVE_INFINITY, toUs = Number.POSITIVE_INFINITY): Trade[] {
  const trades: Trade[] = [];
  store.forEach(fromUs, toUs, (timestampUs, priceTicks, volumeLots, side) => {
    trades.push({ timestampUs, priceTicks, volumeLots, side });
  });
  return trades;
}

const ticks = fc.oneof(
  fc.integer({ min: 49_000, max: 51_000 }),
  fc.integer({ min: -100, max: 100 }),
  fc.integer({ min: -LARGEST, max: LARGEST }),
  fc.constantFrom(-LARGEST, LARGEST),
);
const lots = fc.oneof(
  fc.integer({ min: 1, max: 1e9 }),
  fc.integer({ min: 1, max: LARGEST }),
  fc.constantFrom(1, LARGEST),
);
/** Trades whose times often repeat and always rise. */
const history = fc
  .array(
    fc.record({
      gapUs: fc.integer({ min: 0, max: 3 }),
      priceTicks: ticks,
      volumeLots: lots,
      side: fc.constantFrom<TradeSide>("buy", "sell"),
    }),
    { maxLength: 400, size: "max" },
  )
  .map((steps) => {
    let timestampUs = 1000;
    return steps.map(({ gapUs, ...rest }): Trade => {
      timestampUs += gapUs;
      return { timestampUs, ...rest };
    });
  });
const range = fc
  .tuple(fc.integer({ min: 900, max: 2300 }), fc.integer({ min: 0, max: 1400 }))
  .map(([fromUs, lengthUs]) => ({ fromUs, toUs: fromUs + lengthUs }));

test("gives back, sums and counts any range as a list of trades would, exactly", () => {
  fc.assert(
    fc.property(history, range, fc.integer({ min: 64, max: 500 }), (trades, { fromUs, toUs }, maxRows) => {
      const { store, held } = setUp(trades, maxRows);
      const expected = held.filter(({ timestampUs }) => timestampUs >= fromUs && timestampUs < toUs);
      const notional = expected.reduce((sum, t) => sum + BigInt(t.priceTicks) * BigInt(t.volumeLots), 0n);
      const volume = expected.reduce((sum, t) => sum + BigInt(t.volumeLots), 0n);
      expect(read(store, fromUs, toUs)).toEqual(expected);
      expect(store.count(fromUs, toUs)).toBe(expected.length);
      for (
        let again = 0;
        again < 2;
        again++ // the second time from sums kept
      )
        expect(store.vwap(fromUs, toUs)).toEqual({
          trades: expected.length,
          notionalTickLots: notional,
          volumeLots: volume,
          vwapTicks: Number(notional) / Number(volume),
        });
    }),
    { numRuns: 300 },
  );
});

test("keeps sums exact where doubles would round", () => {
  const { store } = setUp([
    trade(1, { priceTicks: LARGEST, volumeLots: LARGEST }),
    trade(2, { priceTicks: 1, volumeLots: 1 }),
    trade(3, { priceTicks: -LARGEST, volumeLots: LARGEST }),
  ]);
  expect(store.vwap(1, 4)).toEqual({
    trades: 3,
    notionalTickLots: 1n,
    volumeLots: 2n ** 53n + 1n,
    vwapTicks: 2 ** -53,
  });
});

test("sums a segment anew after more trades have filled it", () => {
  const { store } = setUp(Array.from({ length: 63 }, () => trade(1)));
  expect(store.vwap(0, 2).trades).toBe(63);
  store.push(1, 50_000, 3, "sell");
  store.push(1, 50_000, 3, "sell");
  expect(store.vwap(0, 2)).toMatchObject({ trades: 65, volumeLots: 195n, vwapTicks: 50_000 });
});

test("drops the oldest segment when the next would pass the bound, and counts its trades", () => {
  const trades = Array.from({ length: 300 }, (_, i) => trade(i, { priceTicks: i }));
  const { store, held } = setUp(trades, 200);
  expect(store.dropped).toBe(128);
  expect(store.size).toBe(172);
  expect(store.bytes).toBe(3 * 64 * 25);
  expect(read(store)).toEqual(held);
  expect(store.count(0, 128)).toBe(0);
});

test("never holds more than the bound, nor less than two segments below it once full", () => {
  fc.assert(
    fc.property(fc.integer({ min: 64, max: 400 }), fc.integer({ min: 0, max: 900 }), (maxRows, pushed) => {
      const { store } = setUp(
        Array.from({ length: pushed }, (_, i) => trade(i)),
        maxRows,
      );
      expect(store.size).toBeLessThanOrEqual(maxRows);
      expect(store.size + store.dropped).toBe(pushed);
      if (pushed > maxRows) expect(store.size).toBeGreaterThanOrEqual(Math.max(1, maxRows - 2 * 64 + 2));
    }),
  );
});

test("gives columns that are views of its own arrays and outlive their segment", () => {
  const trades = Array.from({ length: 100 }, (_, i) => trade(i, { priceTicks: i, side: i % 2 === 0 ? "buy" : "sell" }));
  const { store } = setUp(trades, 128);
  const parts = store.columns(60, 70);
  expect(parts.map(({ pricesTicks }) => [...pricesTicks])).toEqual([
    [60, 61, 62, 63],
    [64, 65, 66, 67, 68, 69],
  ]);
  expect([...(parts[0]?.sides ?? [])]).toEqual([0, 1, 0, 1]);
  expect(store.columns(60, 61)[0]?.volumesLots.buffer).toBe(parts[0]?.volumesLots.buffer);
  for (let i = 100; i < 400; i++) store.push(i, i, 1, "buy");
  expect(store.count(60, 70)).toBe(0);
  expect([...(parts[0]?.timestampsUs ?? [])]).toEqual([60, 61, 62, 63]);
});

test("has no average price for a range without trades", () => {
  const { store } = setUp([trade(5)]);
  expect(store.vwap(5, 5)).toEqual({ trades: 0, notionalTickLots: 0n, volumeLots: 0n, vwapTicks: Number.NaN });
  expect(store.vwap(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY).trades).toBe(1);
  expect(new PackedTrades().vwap(0, 1).trades).toBe(0);
  expect(new PackedTrades().columns(0, 1)).toEqual([]);
});

test("refuses what is not whole, out of range or back in time, and stores nothing of it", () => {
  const { store, held } = setUp([trade(10)]);
  const refused: [number, number, number, string][] = [
    [10.5, 1, 1, "buy"],
    [11, 1.5, 1, "buy"],
    [11, LARGEST + 2, 1, "buy"],
    [11, 1, 0, "buy"],
    [11, 1, -1, "buy"],
    [11, 1, LARGEST + 2, "buy"],
    [11, Number.NaN, 1, "buy"],
    [11, 1, 1, "Buy"],
    [9, 1, 1, "buy"],
  ];
  for (const [timestampUs, priceTicks, volumeLots, side] of refused)
    expect(() => store.push(timestampUs, priceTicks, volumeLots, side as TradeSide)).toThrow(InvalidInputError);
  expect(() => store.push(9, 1, 1, "sell")).toThrow("timestampUs must not go back: 9 after 10");
  expect(read(store)).toEqual(held);
});

test("refuses ranges that end before they start, and options out of range", () => {
  const { store } = setUp([]);
  expect(() => store.count(2, 1)).toThrow("fromUs must be a number from -Infinity to 1, got 2");
  expect(() => store.vwap(0, Number.NaN)).toThrow(InvalidInputError);
  expect(() => new PackedTrades({ rowsPerSegment: 63 })).toThrow("rowsPerSegment must be");
  expect(() => new PackedTrades({ maxRows: 100, rowsPerSegment: 128 })).toThrow("maxRows must be");
});
