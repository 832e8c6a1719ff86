import { Levels } from "@pitlane/sdk";
import fc from "fast-check";
import { expect, test } from "vitest";
import { JournalError } from "../../src/journal/errors.ts";
import { countInputs, decodeInputs } from "../../src/journal/input-reader.ts";
import { encodeInputs, InputWriter } from "../../src/journal/input-writer.ts";
import { BLOCK_BYTES, type InputRecord, type QuoteInput, type TradeInput } from "../../src/journal/inputs.ts";
import { inputRecord } from "./support.ts";

const AT_US = 1_767_225_600_000_000;

function decodeAll(blocks: readonly Uint8Array[]): InputRecord[] {
  return blocks.flatMap((block) => [...decodeInputs(block)]);
}

function quote(number: number): QuoteInput {
  const atUs = AT_US + number * 250;
  return {
    kind: "quote",
    atUs,
    instrument: number % 3,
    venueAtUs: atUs - 1500,
    receivedAtUs: atUs,
    bidTicks: 6_000_000 + (number % 7),
    bidLots: 500 + (number % 11),
    askTicks: 6_000_010 + (number % 5),
    askLots: 700,
    sequence: 48_000_000_000 + number,
  };
}

test("any records come back as they were, whatever they are and wherever blocks are cut", () => {
  fc.assert(
    fc.property(fc.array(inputRecord, { maxLength: 60 }), fc.nat(60), (records, cutAt) => {
      expect(decodeAll(encodeInputs(records))).toStrictEqual(records);
      const parts = [...encodeInputs(records.slice(0, cutAt)), ...encodeInputs(records.slice(cutAt))];
      expect(decodeAll(parts)).toStrictEqual(records);
    }),
    { numRuns: 300 },
  );
});

test("the same records make the same bytes, in a writer that has been used and in a new one", () => {
  fc.assert(
    fc.property(fc.array(inputRecord, { minLength: 1, maxLength: 20 }), fc.array(inputRecord), (records, before) => {
      const writer = new InputWriter(() => writer.take());
      for (const record of before) writer.record(record);
      writer.take();
      for (const record of records) writer.record(record);
      expect(writer.take()).toStrictEqual(encodeInputs(records)[0]);
    }),
  );
});

test("blocks are full at 64 KiB, stand alone, and say how many records they have", () => {
  const records = Array.from({ length: 20_000 }, (_, number) => quote(number));
  const blocks = encodeInputs(records);
  expect(blocks.length).toBeGreaterThan(1);
  for (const block of blocks) expect(block.length).toBeLessThanOrEqual(BLOCK_BYTES);
  expect(blocks.map(countInputs).reduce((sum, count) => sum + count)).toBe(20_000);
  const second = [...decodeInputs(blocks[1]!)];
  expect(second).toStrictEqual(records.slice(countInputs(blocks[0]!), countInputs(blocks[0]!) + second.length));
});

test("a book larger than a block gets one of its own", () => {
  const snapshot: InputRecord = {
    kind: "book",
    atUs: AT_US,
    instrument: 0,
    venueAtUs: 0,
    receivedAtUs: AT_US,
    sequence: 7,
    isSnapshot: true,
    bids: Array.from({ length: 30_000 }, (_, i) => ({ ticks: 1e9 - i, lots: 1e12 + i })),
    asks: Array.from({ length: 30_000 }, (_, i) => ({ ticks: 1e9 + 1 + i, lots: 1e12 + i })),
  };
  const blocks = encodeInputs([quote(0), snapshot, quote(1)]);
  expect(blocks.map(countInputs)).toEqual([1, 1, 1]);
  expect(decodeAll(blocks)).toStrictEqual([quote(0), snapshot, quote(1)]);
});

test("events of the SDK go in as they are, levels of a book from its own lists", () => {
  const writer = new InputWriter(() => {});
  const bids = new Levels();
  bids.push(100, 5);
  bids.push(99, 0);
  writer.trade(AT_US + 1, 2, {
    tradeId: 9,
    priceTicks: 101,
    sizeLots: 3,
    aggressor: "sell",
    isBackfilled: true,
    venueAtUs: 0,
    receivedAtUs: AT_US,
  });
  writer.book(AT_US + 2, 2, { sequence: 11, venueAtUs: AT_US - 5, receivedAtUs: AT_US }, bids, new Levels());
  writer.timer(AT_US + 3, 1, 42);
  writer.frameEnd(AT_US + 4);
  const trade: TradeInput = {
    kind: "trade",
    atUs: AT_US + 1,
    instrument: 2,
    venueAtUs: 0,
    receivedAtUs: AT_US,
    tradeId: 9,
    priceTicks: 101,
    sizeLots: 3,
    aggressor: "sell",
    isBackfilled: true,
  };
  expect(writer.count).toBe(4);
  expect(writer.lastAtUs).toBe(AT_US + 4);
  expect([...decodeInputs(writer.take()!)]).toStrictEqual([
    trade,
    {
      kind: "book",
      atUs: AT_US + 2,
      instrument: 2,
      venueAtUs: AT_US - 5,
      receivedAtUs: AT_US,
      sequence: 11,
      isSnapshot: false,
      bids: [
        { ticks: 100, lots: 5 },
        { ticks: 99, lots: 0 },
      ],
      asks: [],
    },
    { kind: "timer", atUs: AT_US + 3, plugin: 1, id: 42 },
    { kind: "frameEnd", atUs: AT_US + 4 },
  ]);
  expect(writer.take()).toBeUndefined();
});

test("a block that is cut short, or of a newer layout, is an error and never wrong records", () => {
  const [block] = encodeInputs(Array.from({ length: 50 }, (_, number) => quote(number)));
  for (let length = 13; length < block!.length; length += 7)
    expect(() => [...decodeInputs(block!.subarray(0, length))]).toThrow(JournalError);
  const newer = Uint8Array.from(block!);
  newer[0] = 9;
  expect(() => [...decodeInputs(newer)]).toThrow("layout 9");
});

test("a damaged block never hangs and throws nothing but its own error", () => {
  fc.assert(
    fc.property(
      fc.array(inputRecord, { minLength: 1, maxLength: 20 }),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 5 }),
      (records, changes) => {
        const [block] = encodeInputs(records);
        for (const [at, value] of changes) block![5 + (at % (block!.length - 5))] = value;
        try {
          for (const _ of decodeInputs(block!));
        } catch (error) {
          expect(error).toBeInstanceOf(JournalError);
        }
      },
    ),
    { numRuns: 300 },
  );
});
