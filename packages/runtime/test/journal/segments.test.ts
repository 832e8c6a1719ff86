import { writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { expect, test } from "vitest";
import { hashBody } from "../../src/journal/chain.ts";
import { JournalSegmentError } from "../../src/journal/errors.ts";
import { decodeInputs } from "../../src/journal/input-reader.ts";
import { encodeInputs } from "../../src/journal/input-writer.ts";
import type { InputRecord } from "../../src/journal/inputs.ts";
import { loadSegment } from "../../src/journal/read.ts";
import { DECOMPRESSORS } from "../../src/journal/segment-codec.ts";
import { packBodies, packInputs, type SegmentBody, segmentStats, unpackSegment } from "../../src/journal/segments.ts";
import { inputRecord, newFolder } from "./support.ts";

const AT_US = 1_767_225_600_000_000;

function inputsRow(seq: number, records: readonly InputRecord[]): SegmentBody {
  const [body] = encodeInputs(records);
  return { seq, kind: "inputs", body: body!, bodyHash: hashBody(body!) };
}

const quote: InputRecord = {
  kind: "quote",
  atUs: AT_US,
  instrument: 1,
  venueAtUs: AT_US - 900,
  receivedAtUs: AT_US,
  sequence: 7,
  bidTicks: 100,
  bidLots: 5,
  askTicks: Number.NaN,
  askLots: 0,
};

test("blocks come back from columns to the byte, whatever is in them", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(inputRecord, { minLength: 1, maxLength: 15 }), { minLength: 1, maxLength: 5 }),
      fc.constantFrom("UNCOMPRESSED" as const, "SNAPPY" as const, "GZIP" as const, "BROTLI" as const),
      async (blocks, codec) => {
        const rows = blocks.map((records, index) => inputsRow(index * 2 + 1, records));
        const back = await unpackSegment(packInputs(rows, codec));
        expect([...back]).toStrictEqual(rows.map(({ seq, body }) => [seq, body]));
      },
    ),
    { numRuns: 100 },
  );
});

test("columns are a table that any reader of Parquet knows: a row a record, a row a level", async () => {
  const book: InputRecord = {
    kind: "book",
    atUs: AT_US + 5,
    instrument: 1,
    venueAtUs: AT_US,
    receivedAtUs: AT_US + 4,
    sequence: 8,
    isSnapshot: false,
    bids: [{ ticks: 99, lots: 3 }],
    asks: [{ ticks: 101, lots: 0 }],
  };
  const file = packInputs([inputsRow(4, [quote, book, { kind: "frameEnd", atUs: AT_US + 5 }])]);
  const rows = await parquetReadObjects({ file: file.slice().buffer, compressors: DECOMPRESSORS });
  expect(rows).toMatchObject([
    { row: 4n, kind: "quote", at_us: BigInt(AT_US), bid_ticks: 100n, ask_ticks: null, received_at_us: null },
    { row: 4n, kind: "book", sequence: 8n, flag: false, received_at_us: BigInt(AT_US + 4) },
    { row: 4n, kind: "level", side: "bid", price_ticks: 99n, size_lots: 3n },
    { row: 4n, kind: "level", side: "ask", price_ticks: 101n, size_lots: 0n },
    { row: 4n, kind: "frameEnd", at_us: BigInt(AT_US + 5) },
  ]);
});

test("a block that columns cannot tell is kept as it is", async () => {
  const strange = new Uint8Array([9, 1, 2, 3]);
  const rows = [
    { seq: 1, kind: "inputs", body: strange, bodyHash: hashBody(strange) },
    inputsRow(2, [{ ...quote, bidLots: 0.5 }]),
    inputsRow(3, [quote]),
  ];
  const back = await unpackSegment(packInputs(rows));
  expect([...back]).toStrictEqual(rows.map(({ seq, body }) => [seq, body]));
});

test("bodies of any kind come back as they are, text as text", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.string({ unit: "grapheme" }), fc.uint8Array({ maxLength: 50 })), { minLength: 1 }),
      async (bodies) => {
        const rows = bodies.map((body, index) => {
          const own = typeof body === "string" ? body : Uint8Array.from(body);
          return { seq: index + 1, kind: "any", body: own, bodyHash: hashBody(own) };
        });
        const back = await unpackSegment(packBodies(rows));
        expect([...back]).toStrictEqual(rows.map(({ seq, body }) => [seq, body]));
      },
    ),
  );
});

test("a damaged or missing segment is an error that names its file", async () => {
  const folder = newFolder();
  const file = packBodies([inputsRow(1, [quote])]);
  const entry = {
    id: 3,
    firstSeq: 1,
    lastSeq: 1,
    rows: 1,
    content: "inputs" as const,
    file: "a.parquet",
    fileHash: hashBody(file),
    rawBytes: 1,
    storedBytes: file.length,
  };
  const journal = join(folder, "journal.db");
  await expect(loadSegment(journal, entry)).rejects.toThrow(join(folder, "a.parquet"));
  writeFileSync(join(folder, "a.parquet"), file);
  const [body] = (await loadSegment(journal, entry)).values();
  expect([...decodeInputs(body as Uint8Array)]).toStrictEqual([quote]);
  writeFileSync(join(folder, "a.parquet"), file.slice(0, -1));
  await expect(loadSegment(journal, entry)).rejects.toThrow("is not as it was written");
  await expect(unpackSegment(file.slice(0, -9))).rejects.toBeInstanceOf(JournalSegmentError);
});

test("the ratio is of bytes before to bytes after", () => {
  expect(segmentStats(900, 300)).toEqual({ rawBytes: 900, storedBytes: 300, ratio: 3 });
  expect(segmentStats(0, 0).ratio).toBe(1);
});
