import { type Instrument, Levels, OrderBook } from "@pitlane/sdk";
import { expect, test } from "vitest";
import { MarketWriter } from "../../src/core/market-writer.ts";
import { ReplayedBooks } from "../../src/core/replayed-books.ts";
import { decodeInputs } from "../../src/journal/input-reader.ts";
import { InputWriter } from "../../src/journal/input-writer.ts";
import type { BookInput } from "../../src/journal/inputs.ts";
import { testInstrument } from "../../src/testing.ts";

const instrument: Instrument = testInstrument();

/** What is written of a book that is whole at first and changes at a level each second. */
function written(seconds: number, repeatEveryUs?: number): readonly BookInput[] {
  const inputs = new InputWriter(() => {});
  const writer = new MarketWriter(inputs, repeatEveryUs);
  const book = new OrderBook();
  for (let second = 0; second < seconds; second++) {
    const bids = new Levels();
    bids.push(1_000 - (second % 5), second + 1);
    book.setAll("bid", bids);
    const atUs = second * 1e6;
    const event = {
      kind: "book",
      instrument,
      book,
      sequence: second,
      venueAtUs: 0,
      receivedAtUs: atUs,
      receivedNs: 0,
    } as const;
    writer.write(event, second === 0 ? undefined : { bids, asks: new Levels() }, 0, atUs);
  }
  return [...decodeInputs(inputs.take()!)] as BookInput[];
}

test("a book is written whole again once its last whole is old, beside the change that came", () => {
  const records = written(25, 10e6);
  const repeats = records.filter(({ isRepeat }) => isRepeat);
  expect(repeats.map(({ atUs }) => atUs)).toEqual([10e6, 20e6]);
  expect(repeats.every(({ isSnapshot }) => isSnapshot)).toBe(true);
  expect(records).toHaveLength(25 + 2);
  expect(records.filter(({ isRepeat }) => !isRepeat)).toEqual(written(25));
});

test("who begins to read at a repeat comes to the same book", () => {
  const records = written(25, 10e6);
  const levelsFrom = (from: number) => {
    const books = new ReplayedBooks([instrument]);
    for (const record of records.slice(from)) books.toEvent(record);
    const levels: (readonly [number, number])[] = [];
    books.get(instrument)?.forEachLevel("bid", (ticks, lots) => levels.push([ticks, lots]));
    return levels;
  };
  const repeat = records.findLastIndex(({ isRepeat }) => isRepeat === true);
  expect(levelsFrom(repeat)).toEqual(levelsFrom(0));
  expect(levelsFrom(repeat)).toHaveLength(5);
});
