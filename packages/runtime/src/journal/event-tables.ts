import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import { entriesIn, type JournalEntry } from "./entries.ts";
import { type ColumnType, ColumnTypes, type FlatRow, flattenEvent, flattenUnknown, toColumn } from "./event-columns.ts";
import { type ExportFormat, FileBytes, quoted, WholeFile } from "./export.ts";
import { readRowsWithSegments } from "./read.ts";
import { COLUMN_CODEC, COMPRESSORS } from "./segment-codec.ts";

/** A table of events of one stream and kind. */
export interface EventTable {
  readonly path: string;
  readonly rows: number;
  /** By name. */
  readonly columns: Readonly<Record<string, ColumnType>>;
}

const CHUNK_ROWS = 10_000; // of each table: memory does not grow with the journal
const KINDS = /^[a-z][\w-]*\.[A-Za-z]+$/;

/**
 * Writes what `EventRecorder` recorded to a table for each stream and kind, `STREAM.KIND.FORMAT`, with a column for each field;
 * what is of kind `unknown` stays JSON. The journal is read twice: columns and their types are those of all its events. Each file is there whole or not at all.
 *
 * @returns The tables by stream and kind.
 * @throws {InvalidInputError} When a file cannot be made.
 */
export async function exportEventTables(
  journalPath: string,
  folder: string,
  format: ExportFormat,
): Promise<Readonly<Record<string, EventTable>>> {
  const types = new Map<string, ColumnTypes>();
  for await (const { kind, rows } of eventsIn(journalPath)) {
    const columns = types.get(kind) ?? new ColumnTypes();
    types.set(kind, columns);
    for (const row of rows) columns.see(row);
  }
  mkdirSync(folder, { recursive: true });
  const tables = new Map([...types].sort().map(([kind, { all }]) => [kind, new Table(folder, kind, format, all)]));
  try {
    for await (const { kind, rows } of eventsIn(journalPath)) for (const row of rows) tables.get(kind)?.add(row);
    return Object.fromEntries([...tables].map(([kind, table]) => [kind, table.end()]));
  } finally {
    for (const table of tables.values()) table.close();
  }
}

async function* eventsIn(path: string): AsyncGenerator<{ readonly kind: string; readonly rows: readonly FlatRow[] }> {
  for await (const entry of entriesIn(readRowsWithSegments(path), {})) {
    const { kind, body } = entry;
    if (isEvent(entry)) yield { kind, rows: kind.endsWith(".unknown") ? flattenUnknown(body) : flattenEvent(body) };
  }
}

function isEvent({ record, kind }: JournalEntry): boolean {
  return record === 0 && KINDS.test(kind) && !kind.startsWith("record.");
}

class Table {
  readonly #file: WholeFile;
  readonly #columns: ReadonlyMap<string, ColumnType>;
  readonly #format: ExportFormat;
  readonly #parquet: ParquetWriter | undefined;
  #rows: FlatRow[] = [];
  #count = 0;

  constructor(folder: string, kind: string, format: ExportFormat, columns: ReadonlyMap<string, ColumnType>) {
    this.#file = new WholeFile(join(folder, `${kind}.${format}`));
    this.#columns = columns;
    this.#format = format;
    if (format === "parquet") {
      const columnData = [...columns].map(([name, type]) => ({ name, type, data: [] }));
      this.#parquet = new ParquetWriter({
        writer: new FileBytes(this.#file.descriptor),
        schema: schemaFromColumnData({ columnData }),
        codec: COLUMN_CODEC,
        compressors: COMPRESSORS,
        createdBy: "pitlane",
      });
    }
    if (format === "csv") this.#file.write(`${[...columns.keys()].join(",")}\n`);
  }

  add(row: FlatRow): void {
    this.#count++;
    this.#rows.push(row);
    if (this.#rows.length === CHUNK_ROWS) this.#flush();
  }

  end(): EventTable {
    this.#flush();
    this.#parquet?.finish();
    this.#file.finish();
    return { path: this.#file.path, rows: this.#count, columns: Object.fromEntries(this.#columns) };
  }

  /** Without `end` before it, nothing is left of the file. */
  close(): void {
    this.#file.close();
  }

  #flush(): void {
    const rows = this.#rows;
    this.#rows = [];
    if (rows.length === 0) return;
    if (this.#parquet !== undefined) {
      const columnData = [...this.#columns].map(([name, type]) => ({
        name,
        data: rows.map((row) => toColumn(row[name], type)),
      }));
      this.#parquet.write({ columnData, rowGroupSize: CHUNK_ROWS });
    } else this.#file.write(rows.map((row) => `${this.#line(row)}\n`).join(""));
  }

  #line(row: FlatRow): string {
    if (this.#format === "jsonl") return JSON.stringify(row);
    return [...this.#columns.keys()].map((name) => quoted(String(row[name] ?? ""))).join(",");
  }
}
