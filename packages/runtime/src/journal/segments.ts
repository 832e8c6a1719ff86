import { parquetMetadata, parquetRead } from "hyparquet";
import { type ColumnSource, parquetWriteBuffer } from "hyparquet-writer";
import { hashBody } from "./chain.ts";
import { JournalSegmentError } from "./errors.ts";
import { decodeInputs } from "./input-reader.ts";
import { encodeInputs } from "./input-writer.ts";
import type { InputLevel, InputRecord } from "./inputs.ts";
import { BODY_CODEC, COLUMN_CODEC, COMPRESSORS, DECOMPRESSORS, type SegmentCodecName } from "./segment-codec.ts";

/** What is to move into a segment: the body of one row. */
export interface SegmentBody {
  readonly seq: number;
  readonly kind: string;
  readonly body: string | Uint8Array;
  readonly bodyHash: string;
}

/** How much smaller bodies have become. */
export interface SegmentStats {
  readonly rawBytes: number;
  readonly storedBytes: number;
  /** rawBytes / storedBytes; 1 when there is nothing. */
  readonly ratio: number;
}

export function segmentStats(rawBytes: number, storedBytes: number): SegmentStats {
  return { rawBytes, storedBytes, ratio: storedBytes === 0 ? 1 : rawBytes / storedBytes };
}

// How each column of numbers is encoded before it is compressed, by measurement: what counts up as differences, the rest with the
// bytes of all values side by side, high ones with high ones.
const NUMBERS = {
  row: "DELTA_BINARY_PACKED",
  at_us: "DELTA_BINARY_PACKED",
  venue_at_us: "PLAIN",
  received_at_us: "DELTA_BINARY_PACKED",
  instrument: "DELTA_BINARY_PACKED",
  sequence: "DELTA_BINARY_PACKED",
  bid_ticks: "BYTE_STREAM_SPLIT",
  bid_lots: "BYTE_STREAM_SPLIT",
  ask_ticks: "BYTE_STREAM_SPLIT",
  ask_lots: "BYTE_STREAM_SPLIT",
  trade_id: "DELTA_BINARY_PACKED",
  price_ticks: "BYTE_STREAM_SPLIT",
  size_lots: "BYTE_STREAM_SPLIT",
} as const;

type NumberColumn = keyof typeof NUMBERS;
type Columns = Readonly<Record<NumberColumn, (number | bigint | null)[]>> & {
  readonly kind: string[];
  /** Side that took of a trade, side of the book of a level. */
  readonly side: (string | null)[];
  /** Of a trade: backfilled; of a book: a snapshot. */
  readonly flag: (boolean | null)[];
  /** A record of a rare kind, as JSON. */
  readonly other: (string | null)[];
  /** A block that cannot be told in columns. */
  readonly raw: (Uint8Array | null)[];
};

const NUMBER_COLUMNS = Object.keys(NUMBERS) as NumberColumn[];

/**
 * Packs blocks of inputs into one Parquet file: a row a record, and a row a level of a book after it. One table for all kinds, since
 * their order is what a replay needs. Numbers are 64-bit integers; a price of an empty side is null, and so is a time of receipt that is `at_us`.
 *
 * Read back, every block is to the byte what it was; one that would not be (of another layout, or with a number that is no integer)
 * goes in as it is.
 */
export function packInputs(rows: readonly SegmentBody[], codec: SegmentCodecName = COLUMN_CODEC): Uint8Array {
  const columns = newColumns();
  for (const row of rows) {
    const block = row.body as Uint8Array;
    const records = recordsOf(block, row.bodyHash);
    if (records === undefined) set(columns, columns.kind.push("raw") - 1, { row: row.seq }, null, null, null, block);
    else for (const record of records) append(columns, row.seq, record);
  }
  const numbers = NUMBER_COLUMNS.map((name): ColumnSource => {
    const data = columns[name];
    return { name, data: data.map(toInt64), type: "INT64", encoding: NUMBERS[name] };
  });
  return parquet(
    [
      ...numbers,
      { name: "kind", data: columns.kind, type: "STRING" },
      { name: "side", data: columns.side, type: "STRING" },
      { name: "flag", data: columns.flag, type: "BOOLEAN" },
      { name: "other", data: columns.other, type: "STRING" },
      { name: "raw", data: columns.raw, type: "BYTE_ARRAY" },
    ],
    codec,
  );
}

/**
 * Packs bodies of any kind, as they are, into one Parquet file: what the archive does. Blocks of inputs are differences already, and
 * columns of them are a third larger and take thirty times as long to make.
 */
export function packBodies(rows: readonly SegmentBody[], codec: SegmentCodecName = BODY_CODEC): Uint8Array {
  const bytes = (body: string | Uint8Array) => (typeof body === "string" ? new Uint8Array(Buffer.from(body)) : body);
  return parquet(
    [
      { name: "row", data: rows.map(({ seq }) => BigInt(seq)), type: "INT64", encoding: "DELTA_BINARY_PACKED" },
      { name: "kind", data: rows.map(({ kind }) => kind), type: "STRING" },
      { name: "is_text", data: rows.map(({ body }) => typeof body === "string"), type: "BOOLEAN" },
      { name: "body", data: rows.map(({ body }) => bytes(body)), type: "BYTE_ARRAY" },
    ],
    codec,
  );
}

/**
 * The bodies of a segment by their rows' seq.
 *
 * @throws {JournalSegmentError} When it is no segment, or damaged. Hashes are the caller's to compare.
 */
export async function unpackSegment(file: Uint8Array): Promise<ReadonlyMap<number, string | Uint8Array>> {
  const bodies = new Map<number, string | Uint8Array>();
  try {
    const columns = await readColumns(file);
    const seqs = columns["row"] ?? [];
    for (let from = 0; from < seqs.length; ) {
      let until = from + 1;
      while (until < seqs.length && seqs[until] === seqs[from]) until++;
      bodies.set(Number(seqs[from]), bodyOf(columns, from, until));
      from = until;
    }
    return bodies;
  } catch (error) {
    throw new JournalSegmentError(`it is no whole segment of a journal: ${(error as Error).message}`, { cause: error });
  }
}

function parquet(columnData: ColumnSource[], codec: SegmentCodecName): Uint8Array {
  const rowGroupSize = Math.max(1, columnData[0]?.data.length ?? 0);
  const options = {
    columnData,
    codec,
    compressors: COMPRESSORS,
    statistics: false,
    rowGroupSize,
    createdBy: "pitlane",
  };
  return new Uint8Array(parquetWriteBuffer(options));
}

type ReadColumns = Readonly<Record<string, readonly unknown[]>>;

async function readColumns(file: Uint8Array): Promise<ReadColumns> {
  const { buffer } = new Uint8Array(file); // of its own: a Buffer's is shared
  const rows = Number(parquetMetadata(buffer).num_rows);
  const columns: Record<string, unknown[]> = {};
  await parquetRead({
    file: buffer,
    compressors: DECOMPRESSORS,
    utf8: false,
    onChunk: ({ columnName, columnData, rowStart }) => {
      columns[columnName] ??= new Array<unknown>(rows);
      for (let i = 0; i < columnData.length; i++) columns[columnName][rowStart + i] = columnData[i];
    },
  });
  return columns;
}

function newColumns(): Columns {
  const numbers = Object.fromEntries(NUMBER_COLUMNS.map((name) => [name, []])) as unknown as Record<
    NumberColumn,
    number[]
  >;
  return { ...numbers, kind: [], side: [], flag: [], other: [], raw: [] };
}

/** The records of a block; undefined when columns would not give back the same bytes. */
function recordsOf(block: Uint8Array, bodyHash: string): InputRecord[] | undefined {
  const columns = newColumns();
  try {
    const records = [...decodeInputs(block)];
    for (const record of records) append(columns, 0, record);
    const isWhole = (value: unknown) => value === null || Number.isSafeInteger(value);
    if (!NUMBER_COLUMNS.every((name) => columns[name].every(isWhole))) return undefined;
    const again = bodyOf(columns as unknown as ReadColumns, 0, columns.kind.length);
    return hashBody(again) === bodyHash ? records : undefined;
  } catch {
    return undefined; // whatever is in it, it is kept as it is
  }
}

function toInt64(value: number | bigint | null): bigint | null {
  return typeof value === "number" ? BigInt(value) : value;
}

type Numbers = Partial<Record<NumberColumn, number>>;

function set(
  columns: Columns,
  at: number,
  numbers: Numbers,
  side: string | null,
  flag: boolean | null,
  other: string | null = null,
  raw: Uint8Array | null = null,
): void {
  for (const name of NUMBER_COLUMNS) {
    const value = numbers[name];
    columns[name][at] = value === undefined || Number.isNaN(value) ? null : value;
  }
  columns.side[at] = side;
  columns.flag[at] = flag;
  columns.other[at] = other;
  columns.raw[at] = raw;
}

function append(columns: Columns, row: number, record: InputRecord): void {
  const at = columns.kind.push(record.kind) - 1;
  const base: Numbers = { row, at_us: record.atUs };
  if ("instrument" in record) {
    base.instrument = record.instrument;
    base.venue_at_us = record.venueAtUs;
    if (record.receivedAtUs !== record.atUs) base.received_at_us = record.receivedAtUs;
  }
  switch (record.kind) {
    case "quote":
      base.sequence = record.sequence;
      base.bid_ticks = record.bidTicks;
      base.bid_lots = record.bidLots;
      base.ask_ticks = record.askTicks;
      base.ask_lots = record.askLots;
      return set(columns, at, base, null, null);
    case "trade":
      base.trade_id = record.tradeId;
      base.price_ticks = record.priceTicks;
      base.size_lots = record.sizeLots;
      return set(columns, at, base, record.aggressor, record.isBackfilled);
    case "book":
      base.sequence = record.sequence;
      set(columns, at, base, null, record.isSnapshot);
      appendLevels(columns, row, "bid", record.bids);
      return appendLevels(columns, row, "ask", record.asks);
    case "frameEnd":
    case "continue":
    case "flushLow":
      return set(columns, at, base, null, null);
    default:
      return set(columns, at, base, null, null, JSON.stringify(record, bigintToText));
  }
}

function appendLevels(columns: Columns, row: number, side: string, levels: readonly InputLevel[]): void {
  for (const { ticks, lots } of levels)
    set(columns, columns.kind.push("level") - 1, { row, price_ticks: ticks, size_lots: lots }, side, null);
}

function bigintToText(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}

/** The body that rows `from` to `until` were made from. */
function bodyOf(columns: ReadColumns, from: number, until: number): string | Uint8Array {
  const body = columns["body"]?.[from];
  if (body !== undefined)
    return columns["is_text"]?.[from] === true ? Buffer.from(body as Uint8Array).toString() : own(body);
  if (columns["kind"]?.[from] === "raw") return own(columns["raw"]?.[from]);
  const records: InputRecord[] = [];
  let bids: InputLevel[] = [];
  let asks: InputLevel[] = [];
  for (let at = from; at < until; at++) {
    if (columns["kind"]![at] === "level") {
      const level = { ticks: numberAt(columns, "price_ticks", at), lots: numberAt(columns, "size_lots", at) };
      (columns["side"]![at] === "bid" ? bids : asks).push(level);
      continue;
    }
    bids = [];
    asks = [];
    records.push(recordAt(columns, at, bids, asks));
  }
  const blocks = encodeInputs(records);
  if (blocks.length !== 1) throw new JournalSegmentError(`rows ${from} to ${until} make no block`);
  return blocks[0]!;
}

// A copy: what a reader gives can be a window on the whole file.
function own(bytes: unknown): Uint8Array {
  return Uint8Array.from(bytes as Uint8Array);
}

function numberAt(columns: ReadColumns, name: NumberColumn, at: number): number {
  const value = columns[name]?.[at];
  return value === null || value === undefined ? Number.NaN : Number(value);
}

function recordAt(columns: ReadColumns, at: number, bids: InputLevel[], asks: InputLevel[]): InputRecord {
  const number = (name: NumberColumn) => numberAt(columns, name, at);
  const kind = columns["kind"]![at] as InputRecord["kind"];
  const atUs = number("at_us");
  const market = () => ({
    atUs,
    instrument: number("instrument"),
    venueAtUs: number("venue_at_us"),
    receivedAtUs: columns["received_at_us"]![at] === null ? atUs : number("received_at_us"),
  });
  switch (kind) {
    case "quote":
      return {
        kind,
        ...market(),
        sequence: number("sequence"),
        bidTicks: number("bid_ticks"),
        bidLots: number("bid_lots"),
        askTicks: number("ask_ticks"),
        askLots: number("ask_lots"),
      };
    case "trade":
      return {
        kind,
        ...market(),
        tradeId: number("trade_id"),
        priceTicks: number("price_ticks"),
        sizeLots: number("size_lots"),
        aggressor: columns["side"]![at] === "buy" ? "buy" : "sell",
        isBackfilled: columns["flag"]![at] === true,
      };
    case "book":
      return { kind, ...market(), sequence: number("sequence"), isSnapshot: columns["flag"]![at] === true, bids, asks };
    case "frameEnd":
    case "continue":
    case "flushLow":
      return { kind, atUs };
    default: {
      const record = JSON.parse(String(columns["other"]![at])) as InputRecord;
      if (record.kind === "resync") return { ...record, missing: record.missing };
      return record.kind === "bar" ? { ...record, quoteVolume: BigInt(record.quoteVolume) } : record;
    }
  }
}
