import { toJson } from "./entries.ts";

/** A row of a table, by the names of its columns; what it does not have is left out. */
export type FlatRow = Readonly<Record<string, Cell>>;

export type Cell = string | number | boolean;

export type ColumnType = "INT64" | "DOUBLE" | "BOOLEAN" | "STRING";

/**
 * Rows of a table for an event. Pure.
 *
 *     { room, pairAddress, trade: { priceSol } }   one row: room, pair_address, trade_price_sol
 *     { room, period, rows: [{ ... }, { ... }] }   one row for each: room, period, row (its place, from 0), row_...
 *
 * Objects within an object are JSON; so are lists other than `rows`.
 */
export function flattenEvent({ rows, ...fields }: Readonly<Record<string, unknown>>): readonly FlatRow[] {
  const common = flatten(fields, "", 1);
  if (!Array.isArray(rows)) return [{ ...common, ...(rows === undefined ? {} : flatten({ rows }, "", 0)) }];
  return rows.map((row, i) => ({ ...common, row: i, ...flatten({ row }, "", 1) }));
}

/** The one row for an event of unknown form: JSON of what it says, untouched. Pure. */
export function flattenUnknown({ receivedAtUs, room, ...said }: Readonly<Record<string, unknown>>): readonly FlatRow[] {
  const untouched = Object.entries(said).map(([name, value]) => [name, toJson(value)]);
  return [flatten({ receivedAtUs, room, ...Object.fromEntries(untouched) }, "", 0)];
}

function flatten(fields: Readonly<Record<string, unknown>>, prefix: string, levels: number): Record<string, Cell> {
  const row: Record<string, Cell> = {};
  for (const [name, value] of Object.entries(fields)) {
    const column = prefix + toSnake(name);
    if (value === null || value === undefined) continue;
    if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") row[column] = value;
    else if (levels > 0 && typeof value === "object" && !Array.isArray(value))
      Object.assign(row, flatten(value as Readonly<Record<string, unknown>>, `${column}_`, levels - 1));
    else row[column] = toJson(value);
  }
  return row;
}

function toSnake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** Types of the columns of one table, found by looking at every row: a column of several types is text. */
export class ColumnTypes {
  readonly #types = new Map<string, ColumnType>();

  see(row: FlatRow): void {
    for (const [column, cell] of Object.entries(row)) {
      const known = this.#types.get(column);
      const type = typeOf(cell);
      this.#types.set(column, known === undefined ? type : wider(known, type));
    }
  }

  /** In the order in which the columns were first seen. */
  get all(): ReadonlyMap<string, ColumnType> {
    return this.#types;
  }
}

function typeOf(cell: Cell): ColumnType {
  if (typeof cell === "string") return "STRING";
  if (typeof cell === "boolean") return "BOOLEAN";
  return Number.isSafeInteger(cell) ? "INT64" : "DOUBLE";
}

function wider(one: ColumnType, other: ColumnType): ColumnType {
  if (one === other) return one;
  const areNumbers = [one, other].every((type) => type === "INT64" || type === "DOUBLE");
  return areNumbers ? "DOUBLE" : "STRING";
}

/** A cell as its column has it. Pure. */
export function toColumn(cell: Cell | undefined, type: ColumnType): bigint | number | boolean | string | null {
  if (cell === undefined) return null;
  if (type === "STRING") return String(cell);
  return type === "INT64" ? BigInt(cell as number) : (cell as number | boolean);
}
