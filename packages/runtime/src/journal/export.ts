import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { InvalidInputError } from "@pitlane/perf";
import { ByteWriter, type ColumnSource, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import { type JournalEntry, toJson } from "./entries.ts";
import { COLUMN_CODEC, COMPRESSORS } from "./segment-codec.ts";

export type ExportFormat = "jsonl" | "csv" | "parquet";

export const EXPORT_FORMATS: readonly ExportFormat[] = ["jsonl", "csv", "parquet"];

/** Columns of a table of entries; numbers that a kind does not have are empty. What has no column is in `body`, as JSON. */
const NUMBER_COLUMNS = {
  instrument: "instrument",
  venue_at_us: "venueAtUs",
  received_at_us: "receivedAtUs",
  sequence: "sequence",
  bid_ticks: "bidTicks",
  bid_lots: "bidLots",
  ask_ticks: "askTicks",
  ask_lots: "askLots",
  trade_id: "tradeId",
  price_ticks: "priceTicks",
  size_lots: "sizeLots",
} as const;

const NUMBERS = Object.entries(NUMBER_COLUMNS);
const IN_COLUMNS = new Set<string>([...Object.values(NUMBER_COLUMNS), "aggressor"]);
const CHUNK_ROWS = 50_000;
const CHUNK_BYTES = 1024 * 1024;

/**
 * Writes entries to a file, in order and in pieces: memory does not grow with the journal. The file is there whole or not at all.
 *
 * @returns How many.
 * @throws {InvalidInputError} When the file cannot be made.
 */
export async function exportEntries(
  entries: AsyncIterable<JournalEntry>,
  format: ExportFormat,
  path: string,
): Promise<number> {
  const file = new WholeFile(path);
  try {
    const { descriptor } = file;
    const table = format === "parquet" ? new ParquetTable(descriptor) : new TextTable(descriptor, format);
    let count = 0;
    for await (const entry of entries) {
      table.add(entry);
      count++;
    }
    table.end();
    file.finish();
    return count;
  } finally {
    file.close();
  }
}

/** A file that is there whole or not at all: it has its name once it is finished. */
export class WholeFile {
  readonly path: string;
  readonly descriptor: number;
  readonly #partial: string;

  /** @throws {InvalidInputError} When the file cannot be made. */
  constructor(path: string) {
    this.path = path;
    this.#partial = `${path}.${process.pid}.partial`;
    this.descriptor = openToWrite(this.#partial, path);
  }

  write(text: string): void {
    writeAll(this.descriptor, Buffer.from(text));
  }

  finish(): void {
    renameSync(this.#partial, this.path);
  }

  /** What was not finished is gone. */
  close(): void {
    closeSync(this.descriptor);
    rmSync(this.#partial, { force: true });
  }
}

function openToWrite(partial: string, path: string): number {
  try {
    return openSync(partial, "w");
  } catch (error) {
    throw new InvalidInputError(
      `${path} cannot be written (${(error as Error).message}): name a file in a folder that exists and can be written`,
      { cause: error },
    );
  }
}

class TextTable {
  readonly #file: number;
  readonly #line: (entry: JournalEntry) => string;
  #text = "";

  constructor(file: number, format: "jsonl" | "csv") {
    this.#file = file;
    this.#line = format === "csv" ? csvLine : (entry) => toJson(entry);
    if (format === "csv") this.#text = `seq,record,at_us,kind,${NUMBERS.map(([name]) => name).join(",")},side,body\n`;
  }

  add(entry: JournalEntry): void {
    this.#text += `${this.#line(entry)}\n`;
    if (this.#text.length > CHUNK_BYTES) this.#flush();
  }

  end(): void {
    this.#flush();
  }

  #flush(): void {
    writeAll(this.#file, Buffer.from(this.#text));
    this.#text = "";
  }
}

function csvLine(entry: JournalEntry): string {
  const { seq, record, atUs, kind } = entry;
  const numbers = NUMBERS.map(([, field]) => numberOf(entry, field) ?? "");
  return [seq, record, atUs, quoted(kind), ...numbers, sideOf(entry) ?? "", quoted(restOf(entry) ?? "")].join(",");
}

/** A field of CSV. */
export function quoted(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function numberOf({ record, body }: JournalEntry, field: string): number | undefined {
  const value = record > 0 ? body[field] : undefined;
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function sideOf({ record, body }: JournalEntry): string | undefined {
  return record > 0 && typeof body["aggressor"] === "string" ? body["aggressor"] : undefined;
}

/** What no column has. */
function restOf({ record, body }: JournalEntry): string | undefined {
  if (record === 0) return toJson(body);
  const rest = Object.entries(body).filter(([name]) => !IN_COLUMNS.has(name));
  return rest.length === 0 ? undefined : toJson(Object.fromEntries(rest));
}

class ParquetTable {
  readonly #writer: ParquetWriter;
  #entries: JournalEntry[] = [];

  constructor(file: number) {
    this.#writer = new ParquetWriter({
      writer: new FileBytes(file),
      schema: schemaFromColumnData({ columnData: columnsOf([]) }),
      codec: COLUMN_CODEC,
      compressors: COMPRESSORS,
      createdBy: "pitlane",
    });
  }

  add(entry: JournalEntry): void {
    this.#entries.push(entry);
    if (this.#entries.length === CHUNK_ROWS) this.#flush();
  }

  end(): void {
    if (this.#entries.length > 0) this.#flush();
    this.#writer.finish();
  }

  #flush(): void {
    // The schema has the types; a column that brings its own again is refused.
    const columnData = columnsOf(this.#entries).map(({ name, data }) => ({ name, data }));
    this.#writer.write({ columnData, rowGroupSize: CHUNK_ROWS });
    this.#entries = [];
  }
}

/** Bytes that go to the file after every group of rows. */
export class FileBytes extends ByteWriter {
  readonly #file: number;

  constructor(file: number) {
    super();
    this.#file = file;
  }

  flush(): void {
    writeAll(this.#file, this.getBytes());
    this.index = 0;
  }

  override finish(): void {
    this.flush();
  }
}

function columnsOf(entries: readonly JournalEntry[]): ColumnSource[] {
  const int64 = (value: number | undefined) => (Number.isSafeInteger(value) ? BigInt(value as number) : null);
  return [
    { name: "seq", data: entries.map(({ seq }) => BigInt(seq)), type: "INT64" },
    { name: "record", data: entries.map(({ record }) => record), type: "INT32" },
    { name: "at_us", data: entries.map(({ atUs }) => BigInt(atUs)), type: "INT64" },
    { name: "kind", data: entries.map(({ kind }) => kind), type: "STRING" },
    ...NUMBERS.map(([name, field]): ColumnSource => {
      return { name, data: entries.map((entry) => int64(numberOf(entry, field))), type: "INT64" };
    }),
    { name: "side", data: entries.map((entry) => sideOf(entry) ?? null), type: "STRING" },
    { name: "body", data: entries.map((entry) => restOf(entry) ?? null), type: "STRING" },
  ];
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
