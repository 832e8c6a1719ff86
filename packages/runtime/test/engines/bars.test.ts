import { InvalidInputError } from "@pitlane/perf";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type BarEvery, barLengthUs, barStartUs } from "../../src/engines/bar-every.ts";
import { BarBuilder, type BuiltBar, MOST_EMPTY_BARS } from "../../src/engines/bars.ts";
import { tickLotsToUnits } from "../../src/engines/tick-lots.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();
const MINUTE_US = 60_000_000;
const START_US = Date.UTC(2026, 0, 1) * 1000;

function setUp(every: BarEvery, graceMs?: number) {
  const bars: BuiltBar[] = [];
  const onBar = (bar: BuiltBar) => void bars.push(bar);
  const builder = new BarBuilder({ instrument, every, onBar, ...(graceMs === undefined ? {} : { graceMs }) });
  return { builder, bars };
}

interface Trade {
  readonly atUs: number;
  readonly ticks: number;
  readonly lots: number;
}

const trades: fc.Arbitrary<readonly Trade[]> = fc
  .array(
    fc.record({
      afterUs: fc.integer({ min: 0, max: 3 * MINUTE_US }),
      ticks: fc.oneof(fc.integer({ min: 900, max: 1100 }), fc.integer({ min: 1, max: 2 ** 40 })),
      lots: fc.integer({ min: 1, max: 2 ** 20 }),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((steps) => {
    let atUs = START_US;
    return steps.map(({ afterUs, ticks, lots }) => {
      atUs += afterUs;
      return { atUs, ticks, lots };
    });
  });

/** What a bar of these trades says, worked out anew. */
function plain(group: readonly Trade[]) {
  const ticks = group.map((trade) => trade.ticks);
  const tickLots = group.reduce((sum, trade) => sum + BigInt(trade.ticks) * BigInt(trade.lots), 0n);
  return {
    openTicks: ticks[0],
    highTicks: Math.max(...ticks),
    lowTicks: Math.min(...ticks),
    closeTicks: ticks.at(-1),
    volumeLots: group.reduce((sum, { lots }) => sum + lots, 0),
    quoteVolume: tickLotsToUnits(instrument, tickLots),
    trades: group.length,
    isClosed: true,
  };
}

test("time bars are the trades of each whole interval, and flat where there is none", () => {
  fc.assert(
    fc.property(trades, (all) => {
      const { builder, bars } = setUp("1m");
      for (const { atUs, ticks, lots } of all) builder.trade(atUs, ticks, lots);
      const startOf = ({ atUs }: Trade) => barStartUs("1m", atUs);
      const untilUs = startOf(all.at(-1)!); // the last one is open
      let closeTicks = 0;
      let at = 0;
      for (let startUs = startOf(all[0]!); startUs < untilUs; startUs += MINUTE_US) {
        const group = all.filter((trade) => startOf(trade) === startUs);
        const bar = bars[at++];
        expect(bar).toMatchObject({
          interval: "1m",
          startUs,
          endUs: startUs + MINUTE_US,
          lateTrades: 0,
          hasGap: at === 1,
        });
        if (group.length > 0) expect(bar).toMatchObject(plain(group));
        else {
          const flat = { openTicks: closeTicks, highTicks: closeTicks, lowTicks: closeTicks, closeTicks };
          expect(bar).toMatchObject({ ...flat, volumeLots: 0, quoteVolume: 0n, trades: 0 });
        }
        closeTicks = bar!.closeTicks;
      }
      expect(bars).toHaveLength(at);
    }),
  );
});

const counted = fc.oneof(
  fc.integer({ min: 1, max: 7 }).map((ticks) => ({ ticks })),
  fc.integer({ min: 1, max: 2 ** 22 }).map((volumeLots) => ({ volumeLots })),
  fc.bigInt({ min: 1n, max: 10n ** 22n }).map((notional) => ({ notional })),
);

test("counted bars end with the trade that reaches the number, which stays whole, and the next begins from nothing", () => {
  fc.assert(
    fc.property(trades, counted, (all, every) => {
      const { builder, bars } = setUp(every);
      const isFull = (group: readonly Trade[]) => {
        const { trades: count, volumeLots, quoteVolume } = plain(group);
        if ("ticks" in every) return count >= every.ticks;
        return "volumeLots" in every ? volumeLots >= every.volumeLots : quoteVolume >= every.notional;
      };
      const expected: readonly Trade[][] = all.reduce<Trade[][]>(
        (groups, trade) => {
          groups.at(-1)!.push(trade);
          if (isFull(groups.at(-1)!)) groups.push([]);
          return groups;
        },
        [[]],
      );
      for (const { atUs, ticks, lots } of all) builder.trade(atUs, ticks, lots);
      const closed = expected.slice(0, -1);
      expect(bars).toHaveLength(closed.length);
      for (const [i, group] of closed.entries()) {
        const times = { startUs: group[0]!.atUs, endUs: group.at(-1)!.atUs, hasGap: false };
        expect(bars[i]).toMatchObject({ ...plain(group), ...times });
      }
      expect(builder.openTrades).toBe(expected.at(-1)!.length);
    }),
  );
});

test("time bars begin on whole intervals of UTC, weeks on Monday", () => {
  const atUs = Date.UTC(2026, 0, 1, 13, 47, 31) * 1000; // a Thursday
  const startOf = (interval: Parameters<typeof barStartUs>[0]) =>
    new Date(barStartUs(interval, atUs) / 1000).toISOString();
  expect(startOf("15m")).toBe("2026-01-01T13:45:00.000Z");
  expect(startOf("4h")).toBe("2026-01-01T12:00:00.000Z");
  expect(startOf("1d")).toBe("2026-01-01T00:00:00.000Z");
  expect(startOf("1w")).toBe("2025-12-29T00:00:00.000Z");
  expect(barStartUs("3d", atUs) % barLengthUs("3d")).toBe(0);
});

test("time closes a bar once its end and the grace have passed, and one a second of silence from then on", () => {
  const { builder, bars } = setUp("1s", 200);
  expect(builder.closesAtUs).toBe(Number.POSITIVE_INFINITY);
  builder.trade(START_US + 100_000, 1000, 5);
  expect(builder.closesAtUs).toBe(START_US + 1_200_000);
  builder.advance(START_US + 1_199_999);
  expect(bars).toEqual([]);
  builder.advance(START_US + 1_200_000);
  expect(bars).toMatchObject([{ startUs: START_US, closeTicks: 1000, trades: 1 }]);
  builder.advance(START_US + 3_300_000);
  expect(bars.slice(1)).toMatchObject([
    { startUs: START_US + 1_000_000, openTicks: 1000, trades: 0, hasGap: false },
    { startUs: START_US + 2_000_000, openTicks: 1000, trades: 0, hasGap: false },
  ]);
  builder.trade(START_US + 3_350_000, 1001, 1);
  builder.trade(START_US + 4_000_000, 1002, 1);
  expect(bars.at(-1)).toMatchObject({ startUs: START_US + 3_000_000, openTicks: 1001, trades: 1 });
});

test("a trade whose bar is closed is in no bar, and the next one says how many there were", () => {
  const { builder, bars } = setUp("1s", 0);
  builder.trade(START_US, 1000, 5);
  builder.advance(START_US + 1_000_000);
  builder.trade(START_US + 999_999, 900, 7);
  builder.trade(START_US + 1_500_000, 1001, 1);
  builder.trade(START_US + 2_000_000, 1002, 1);
  builder.trade(START_US + 3_000_000, 1002, 1);
  expect(bars).toMatchObject([
    { lateTrades: 0, volumeLots: 5 },
    { lateTrades: 1, volumeLots: 1, lowTicks: 1001 },
    { lateTrades: 0, volumeLots: 1 },
  ]);
});

test("a silence longer than it gives empty bars for counts as a hole", () => {
  const { builder, bars } = setUp("1s");
  builder.trade(START_US, 1000, 5);
  builder.trade(START_US + (MOST_EMPTY_BARS + 1) * 1_000_000, 1000, 5);
  expect(bars).toHaveLength(MOST_EMPTY_BARS + 1);
  builder.trade(START_US + 3 * MOST_EMPTY_BARS * 1_000_000, 1001, 5);
  expect(bars).toHaveLength(MOST_EMPTY_BARS + 2);
  expect(bars.at(-1)?.hasGap).toBe(false);
  builder.trade(START_US + (3 * MOST_EMPTY_BARS + 1) * 1_000_000, 1001, 5);
  expect(bars.at(-1)).toMatchObject({ startUs: START_US + 3 * MOST_EMPTY_BARS * 1_000_000, hasGap: true, trades: 1 });
});

test("bars of a hole are held back: whole when its trades came afterwards, marked when some stay missing", () => {
  for (const missing of [0, 3, undefined]) {
    const { builder, bars } = setUp("1s", 0);
    builder.trade(START_US, 1000, 5);
    builder.trade(START_US + 1_000_000, 1001, 5);
    builder.gap();
    expect(builder.closesAtUs).toBe(Number.POSITIVE_INFINITY);
    builder.advance(START_US + 9_000_000);
    builder.trade(START_US + 2_000_000, 1002, 5); // backfilled
    builder.trade(START_US + 3_000_000, 1003, 5);
    expect(bars).toHaveLength(1);
    builder.resync(missing);
    const hasGap = missing !== 0;
    expect(bars.slice(1)).toMatchObject([
      { startUs: START_US + 1_000_000, hasGap },
      { startUs: START_US + 2_000_000, hasGap },
    ]);
    builder.advance(START_US + 5_000_000);
    expect(bars.slice(3)).toMatchObject([
      { startUs: START_US + 3_000_000, closeTicks: 1003, hasGap },
      { startUs: START_US + 4_000_000, trades: 0, hasGap: false },
    ]);
  }
});

test("a counted bar that a hole fell into says so, and only that one", () => {
  const { builder, bars } = setUp({ ticks: 2 });
  builder.trade(START_US, 1000, 5);
  builder.gap();
  builder.resync(1);
  for (let i = 1; i <= 3; i++) builder.trade(START_US + i, 1000, 5);
  expect(bars.map(({ hasGap }) => hasGap)).toEqual([true, false]);
});

test("a hole that does not end gives its oldest bars in the end, marked", () => {
  const { builder, bars } = setUp({ ticks: 1 });
  builder.gap();
  for (let i = 0; i < 1500; i++) builder.trade(START_US + i, 1000, 5);
  expect(bars).toHaveLength(500);
  expect(bars.every(({ hasGap }) => hasGap)).toBe(true);
  builder.resync(0);
  expect(bars).toHaveLength(1500);
  expect(bars.slice(500).some(({ hasGap }) => hasGap)).toBe(false);
});

test("bars that cannot be are refused, naming what there is", () => {
  const making = (every: unknown) => () => setUp(every as BarEvery);
  expect(making("1M")).toThrow(/"1M" is no length of a bar; there are 1s, 1m/);
  expect(making({ ticks: 0 })).toThrow(/every\.ticks must be a number from 1/);
  expect(making({ volumeLots: 1.5 })).toThrow(/every\.volumeLots must be a whole number/);
  expect(making({ notional: 5 })).toThrow(/every\.notional must be a bigint above 0n/);
  expect(making({ seconds: 5 })).toThrow(/every must be a length such as "1m", or one of/);
  expect(making(undefined)).toThrow(InvalidInputError);
  expect(() => setUp("1s", -1)).toThrow(/graceMs must be a number from 0/);
});
