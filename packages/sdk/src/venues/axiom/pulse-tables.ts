import { ProtocolError } from "../../errors.ts";
import {
  changePulseRow,
  PULSE_TABLES,
  type PulseChange,
  type PulseRow,
  type PulseTable,
  parsePulseChanges,
  parsePulseRow,
} from "./wire/pulse.ts";
import type { MoreColumns } from "./wire/read.ts";

type Row = PulseRow & MoreColumns;

/** What a frame of the Pulse socket did to the tables. */
export type PulseUpdate =
  /** These tables are new as a whole: at the beginning, and after every reconnect. */
  | { readonly kind: "replaced"; readonly tables: readonly PulseTable[] }
  | {
      readonly kind: "changed";
      readonly table: PulseTable;
      readonly row: Row;
      readonly changes: readonly PulseChange[];
    }
  | { readonly kind: "added"; readonly table: PulseTable; readonly row: Row }
  /** `venue`: it said so; `full`: the table had more rows than it may. */
  | {
      readonly kind: "removed";
      readonly table: PulseTable;
      readonly pairAddress: string;
      readonly reason: "venue" | "full";
    }
  /** A token is no longer on the user's blacklist. */
  | { readonly kind: "unblocked"; readonly tokenAddress: string }
  /** A frame of a kind that is not known. */
  | { readonly kind: "unknown"; readonly frame: unknown };

interface Table {
  readonly rows: Map<string, Row>;
  sorted: readonly Row[] | undefined; // until the next change
}

/**
 * The Pulse tables as the frames of the socket build them. Pure but for what it holds: at most `mostRows` a table, of which the last
 * in order goes first.
 *
 * Source: the site's own Pulse worker, for the frames and the order of the rows. How many it keeps is not known.
 */
export class PulseTables {
  readonly #mostRows: number;
  readonly #tables: Readonly<Record<PulseTable, Table>> = {
    newPairs: { rows: new Map(), sorted: undefined },
    finalStretch: { rows: new Map(), sorted: undefined },
    migrated: { rows: new Map(), sorted: undefined },
  };
  /** Changes and removals of pairs that no table has: of rows that had to go, say. */
  unmatched = 0;

  constructor(mostRows: number) {
    this.#mostRows = mostRows;
  }

  /** Rows in the order of the site: the newest first, of `finalStretch` those first whose curve is nearest to its end. */
  rows(name: PulseTable): readonly Row[] {
    const table = this.#tables[name];
    table.sorted ??= [...table.rows.values()].sort((a, b) => rankOf(name, b) - rankOf(name, a));
    return table.sorted;
  }

  /** The row of a pair; undefined where the table has none. */
  row(name: PulseTable, pairAddress: string): Row | undefined {
    return this.#tables[name].rows.get(pairAddress);
  }

  clear(): void {
    for (const name of PULSE_TABLES) this.#replace(name, []);
  }

  /** Applies a frame; nothing is changed by one that cannot be read. @throws {ProtocolError} For such a frame. */
  apply(frame: unknown): readonly PulseUpdate[] {
    if (!Array.isArray(frame)) throw new ProtocolError("pulse: a frame must be a list");
    switch (frame[0]) {
      case 0:
        return this.#onTables(frame[1]);
      case 1:
        return this.#onChange(textOf("a changed pair", frame[1]), frame[2]);
      case 2:
        return this.#onAdd(frame[1]);
      case 3:
        return this.#onRemove(frame[1]);
      case 4:
        return [{ kind: "unblocked", tokenAddress: textOf("an unblocked token", frame[1]) }];
      default:
        return [{ kind: "unknown", frame }];
    }
  }

  #onTables(value: unknown): readonly PulseUpdate[] {
    if (typeof value !== "object" || value === null) throw new ProtocolError("pulse: the tables must be an object");
    const given = value as Readonly<Record<string, unknown>>;
    const read = PULSE_TABLES.filter((name) => given[name] !== undefined && given[name] !== null).map((name) => {
      const rows = given[name];
      if (!Array.isArray(rows)) throw new ProtocolError(`pulse: table ${name} must be a list`);
      return [name, rows.map(parsePulseRow)] as const;
    });
    for (const [name, rows] of read) this.#replace(name, rows);
    return [{ kind: "replaced", tables: read.map(([name]) => name) }];
  }

  #onChange(pairAddress: string, value: unknown): readonly PulseUpdate[] {
    const changes = parsePulseChanges(value);
    const updates: PulseUpdate[] = [];
    for (const table of PULSE_TABLES) {
      const before = this.row(table, pairAddress);
      if (before === undefined) continue;
      const row = changePulseRow(before, changes);
      if (row.pairAddress !== pairAddress) throw new ProtocolError("pulse change: a pair's address cannot change");
      updates.push({ kind: "changed", table, row, changes });
    }
    for (const update of updates) if (update.kind === "changed") this.#set(update.table, update.row);
    if (updates.length === 0) this.unmatched++;
    return updates;
  }

  #onAdd(value: unknown): readonly PulseUpdate[] {
    const [name, columns] = pairOf("an added row", value);
    const table = tableOf(name);
    const row = parsePulseRow(columns);
    this.#set(table, row);
    const updates: PulseUpdate[] = [{ kind: "added", table, row }];
    const { rows } = this.#tables[table];
    if (rows.size > this.#mostRows) {
      const last = this.rows(table).at(-1) as Row;
      this.#delete(table, last.pairAddress);
      updates.push({ kind: "removed", table, pairAddress: last.pairAddress, reason: "full" });
    }
    return updates;
  }

  #onRemove(value: unknown): readonly PulseUpdate[] {
    const [name, pair] = pairOf("a removed row", value);
    const table = tableOf(name);
    const pairAddress = textOf("a removed pair", pair);
    if (this.#delete(table, pairAddress)) return [{ kind: "removed", table, pairAddress, reason: "venue" }];
    this.unmatched++;
    return [];
  }

  #replace(name: PulseTable, rows: readonly Row[]): void {
    const table = this.#tables[name];
    table.rows.clear();
    for (const row of rows) table.rows.set(row.pairAddress, row);
    table.sorted = undefined;
    for (const { pairAddress } of this.rows(name).slice(this.#mostRows)) this.#delete(name, pairAddress);
  }

  #set(name: PulseTable, row: Row): void {
    const table = this.#tables[name];
    table.rows.set(row.pairAddress, row);
    table.sorted = undefined;
  }

  #delete(name: PulseTable, pairAddress: string): boolean {
    const table = this.#tables[name];
    table.sorted = undefined;
    return table.rows.delete(pairAddress);
  }
}

/** Rows without the column that orders them come last. */
function rankOf(name: PulseTable, row: Row): number {
  return (name === "finalStretch" ? row.bondingCurvePercent : row.createdAtUs) ?? Number.MIN_SAFE_INTEGER;
}

function tableOf(value: unknown): PulseTable {
  const table = PULSE_TABLES.find((name) => name === value);
  if (table === undefined) throw new ProtocolError(`pulse: a table must be one of ${PULSE_TABLES.join(", ")}`);
  return table;
}

function pairOf(what: string, value: unknown): readonly [unknown, unknown] {
  if (Array.isArray(value) && value.length >= 2) return [value[0], value[1]];
  throw new ProtocolError(`pulse: ${what} must be a list of the table and what it is about`);
}

function textOf(what: string, value: unknown): string {
  if (typeof value === "string") return value;
  throw new ProtocolError(`pulse: ${what} must be named by text`);
}
