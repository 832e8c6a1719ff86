import { expect, test } from "vitest";
import { Candles, endOf, openOf } from "../../src/engine/candles.ts";
import { Tape } from "../../src/engine/tape.ts";
import { TradeSum } from "../../src/engine/trade-sum.ts";

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;
const at = (text: string) => Date.parse(text) * 1000;
const NOON = at("2026-03-04T12:00:00Z");

test.each([
  ["1s", "2026-03-04T12:34:56Z", "2026-03-04T12:34:57Z"],
  ["5m", "2026-03-04T12:30:00Z", "2026-03-04T12:35:00Z"],
  ["4h", "2026-03-04T12:00:00Z", "2026-03-04T16:00:00Z"],
  ["1d", "2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z"],
  ["1w", "2026-03-02T00:00:00Z", "2026-03-09T00:00:00Z"], // from Monday
  ["1M", "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"],
] as const)("the %s candle of 12:34:56.789 on a Wednesday is from %s to %s", (interval, open, end) => {
  const openUs = openOf(interval, at("2026-03-04T12:34:56.789Z"));
  expect(openUs).toBe(at(open));
  expect(endOf(interval, openUs)).toBe(at(end));
});

function trade(id: number, priceTicks: number, atUs: number, { lots = 1, buyerIsMaker = false } = {}) {
  return { id, priceTicks, lots, quoteUnits: BigInt(priceTicks * lots), buyerIsMaker, atUs };
}

function sumOf(...args: Parameters<typeof trade>): TradeSum {
  const sum = new TradeSum();
  sum.tryAdd(trade(...args));
  return sum;
}

test("adds up the trades of an interval, and fills quiet ones flat", () => {
  const candles = new Candles("1m", 100);
  candles.advance(NOON);
  expect(candles.list).toEqual([]);
  candles.add(sumOf(1, 100, NOON, { lots: 2 }));
  candles.add(sumOf(2, 130, NOON + SECOND));
  candles.add(sumOf(3, 90, NOON + 2 * SECOND, { buyerIsMaker: true }));
  candles.add(sumOf(4, 110, NOON + 2 * MINUTE + 59 * SECOND));
  candles.advance(NOON + 3 * MINUTE);
  expect(candles.list).toMatchObject([
    {
      openUs: NOON,
      openTicks: 100,
      highTicks: 130,
      lowTicks: 90,
      closeTicks: 90,
      lots: 4n,
      quoteUnits: 420n,
      trades: 3,
      firstTradeId: 1,
      lastTradeId: 3,
      takerBuyLots: 3n,
      takerBuyQuoteUnits: 330n,
    },
    {
      openUs: NOON + MINUTE,
      openTicks: 90,
      highTicks: 90,
      lowTicks: 90,
      closeTicks: 90,
      lots: 0n,
      trades: 0,
      firstTradeId: -1,
    },
    { openUs: NOON + 2 * MINUTE, openTicks: 110, highTicks: 110, lowTicks: 110, trades: 1, firstTradeId: 4 },
    { openUs: NOON + 3 * MINUTE, openTicks: 110, closeTicks: 110, trades: 0 },
  ]);
});

test("keeps a bounded number of candles, after a long silence too", () => {
  const candles = new Candles("1s", 50);
  candles.add(sumOf(1, 100, NOON));
  candles.advance(NOON + 1e6 * SECOND);
  expect(candles.list.length).toBeLessThanOrEqual(100);
  expect(candles.list.length).toBeGreaterThanOrEqual(50);
  expect(candles.list.at(-1)!.openUs).toBe(NOON + 1e6 * SECOND);
  for (let i = 0; i < 500; i++) candles.advance(NOON + (1e6 + i) * SECOND);
  expect(candles.list.length).toBeLessThanOrEqual(100);
  for (let i = 1; i < candles.list.length; i++) expect(candles.list[i]!.openUs).toBe(candles.list[i - 1]!.endUs);
});

test("the day forgets what is older than 24 hours", () => {
  const tape = new Tape(1000);
  expect(tape.day(NOON)).toBeUndefined();
  tape.add(500, 1, 500n, false, NOON);
  tape.add(100, 2, 200n, false, NOON + 2 * MINUTE);
  tape.add(120, 3, 360n, false, NOON + 3 * MINUTE);
  expect(tape.day(NOON + 4 * MINUTE)).toMatchObject({
    openTicks: 500,
    highTicks: 500,
    lowTicks: 100,
    lastTicks: 120,
    lots: 6n,
    trades: 3,
    firstTradeId: 1,
    lastTradeId: 3,
  });
  expect(tape.day(NOON + 24 * 60 * MINUTE + 2 * MINUTE)).toMatchObject({
    openTicks: 100,
    highTicks: 120,
    lots: 5n,
    trades: 2,
    firstTradeId: 2,
    lastTradeId: 3,
  });
  expect(tape.day(NOON + 48 * 60 * MINUTE)).toMatchObject({
    openTicks: 120,
    highTicks: 120,
    lots: 0n,
    trades: 0,
    firstTradeId: -1,
    lastTradeId: -1,
  });
});
