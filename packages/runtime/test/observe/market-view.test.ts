import { Levels, OrderBook, type QuoteEvent } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Position } from "../../src/engines/position.ts";
import { toMarketView } from "../../src/observe/market-view.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument = testInstrument();

function bookOf(levels: number): OrderBook {
  const book = new OrderBook();
  const side = (first: number, step: number) => {
    const list = new Levels();
    for (let i = 0; i < levels; i++) list.push(first + i * step, 10 + i);
    return list;
  };
  book.setAll("bid", side(1000, -1));
  book.setAll("ask", side(1001, 1));
  return book;
}

test("a market is shown best levels first, in decimals, as deep as was asked for", () => {
  const quote = { bidTicks: 1000, bidLots: 10, askTicks: 1001, askLots: 10 } as QuoteEvent;
  const view = toMarketView({ instrument, book: bookOf(5), quote, position: new Position() }, 2);
  expect(view).toMatchObject({ instrument: instrument.id, isSynced: true, positionSize: "0", entryPrice: null });
  expect([view.bids.length, view.asks.length]).toEqual([2, 2]);
  expect(Number(view.bids[0]![0])).toBeGreaterThan(Number(view.bids[1]![0]));
  expect(view.quote?.bid).toBe(view.bids[0]![0]);
});

test("a book with a hole is not shown", () => {
  const view = toMarketView({ instrument, book: undefined, quote: undefined, position: new Position() }, 20);
  expect(view).toMatchObject({ isSynced: false, bids: [], asks: [], quote: null });
});

test("the entry price is what the position cost, whatever its scale", () => {
  const decimals = fc.integer({ min: 0, max: 8 });
  fc.assert(
    fc.property(
      decimals,
      decimals,
      fc.integer({ min: 1, max: 10_000_000 }),
      fc.integer({ min: 1, max: 100_000 }),
      (price, size, ticks, lots) => {
        fc.pre(price + size <= 8);
        const costUnits = BigInt(ticks) * BigInt(lots) * 10n ** BigInt(8 - price - size);
        const scaled = { ...instrument, priceDecimals: price, sizeDecimals: size };
        const position = Object.assign(new Position(), { lots: -lots, costUnits });
        const { entryPrice } = toMarketView({ instrument: scaled, book: undefined, quote: undefined, position }, 1);
        expect(Math.round(Number(entryPrice) * 10 ** price)).toBe(ticks);
      },
    ),
  );
});
