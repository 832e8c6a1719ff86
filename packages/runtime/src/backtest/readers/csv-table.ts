import { InvalidInputError } from "@pitlane/perf";
import { parseTimeUs } from "./time-text.ts";

/** A column by the names that files give it, the usual one first. */
export type ColumnNames = readonly [string, ...string[]];

/** Names are compared without case, spaces, `_` and `-`. */
const TIME: ColumnNames = [
  "timestamp",
  "time",
  "date",
  "datetime",
  "opentime",
  "start",
  "ts",
  "unix",
  "startat",
  "tstime",
];

/** What every table has: a header, and rows of cells at known places. */
export class CsvHeader {
  readonly #path: string;
  readonly #names: readonly string[];

  constructor(path: string, line: string) {
    this.#path = path;
    this.#names = cellsOf(line).map(plain);
  }

  /** Place of a column; -1 when there is none. */
  find(names: ColumnNames): number {
    for (const name of names) {
      const at = this.#names.indexOf(name);
      if (at >= 0) return at;
    }
    return -1;
  }

  /** Place of a column. @throws {InvalidInputError} When there is none, naming what was looked for. */
  need(names: ColumnNames): number {
    const at = this.find(names);
    if (at >= 0) return at;
    throw new InvalidInputError(
      `${this.#path}:1: has no column "${names[0]}" among ${this.#names.join(", ")}: name it so (${names.join(", ")} will do)`,
    );
  }

  get time(): number {
    return this.need(TIME);
  }

  static hasTime(line: string): boolean {
    return cellsOf(line).some((cell) => TIME.includes(plain(cell)));
  }

  /** Whether a first line names these columns. */
  static has(line: string, columns: readonly ColumnNames[]): boolean {
    const names = cellsOf(line).map(plain);
    return columns.every((column) => column.some((name) => names.includes(name)));
  }
}

/** The cells of a line, without quotes around them. */
export function cellsOf(line: string): readonly string[] {
  const cells = line.split(",");
  if (!line.includes('"')) return cells;
  return cells.map((cell) => cell.replace(/^\s*"|"\s*$/g, ""));
}

/** A cell that must be there. @throws {InvalidInputError} When the line is too short or the cell empty. */
export function cellAt(cells: readonly string[], at: number, name: string): string {
  const cell = cells[at]?.trim();
  if (cell === undefined || cell === "") throw new InvalidInputError(`has no ${name}`);
  return cell;
}

/** @throws {InvalidInputError} When the text is no time. */
export function timeAt(cells: readonly string[], at: number): number {
  const text = cellAt(cells, at, "time");
  const us = parseTimeUs(text);
  if (Number.isFinite(us)) return us;
  throw new InvalidInputError(`the time "${text}" is neither Unix time (s, ms, us, ns) nor ISO 8601`);
}

/** Does something with a row; an error of it names the file and the line. */
export function atLine<T>(path: string, line: number, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof InvalidInputError)) throw error;
    throw new InvalidInputError(`${path}:${line}: ${error.message}; repair that line, or leave it out`, {
      cause: error,
    });
  }
}

function plain(name: string): string {
  return name
    .trim()
    .toLowerCase()
    .replace(/[\s_-]/g, "");
}
