import { InvalidInputError } from "@pitlane/perf";
import { isCandles } from "./candles.ts";
import { CsvHeader, cellsOf } from "./csv-table.ts";
import { firstBytes, readTextLines } from "./text-lines.ts";
import { parseTimeUs } from "./time-text.ts";
import { isTrades } from "./trades-csv.ts";

/** What files of market data can be. */
export type DataFormat = "candles" | "trades" | "recording" | "journal";

export interface Detected {
  readonly format: DataFormat;
  /** Time of the first row that tells one, microseconds since the epoch; NaN when none of the first rows does. */
  readonly beginsAtUs: number;
}

/** A file is no market data in any of the forms that are read. */
export class UnknownFormatError extends InvalidInputError {}

/** A record of the jsonl form of recordings. */
const RECORD = /"t"\s*:\s*"(?:header|http|connect|send|recv)"/;

/**
 * What a file is, by its content.
 *
 * @throws {UnknownFormatError} When it is nothing that can be read, with what to do.
 * @throws {InvalidInputError} When it is damaged.
 */
export async function detectFormat(path: string): Promise<Detected> {
  const head = (await firstBytes(path, 16)).toString("latin1");
  if (head.startsWith("SQLite format 3")) return { format: "journal", beginsAtUs: Number.NaN };
  if (head.startsWith("PAR1"))
    throw new UnknownFormatError(
      `${path}: is a Parquet table: name the journal.db beside it, which holds the same and more`,
    );
  if (head.startsWith("PK"))
    throw new UnknownFormatError(`${path}: is a zip archive: unpack it and name the file in it`);
  for await (const { lines } of readTextLines(path)) {
    const at = lines.findIndex((one) => one.trim() !== "");
    if (at < 0) continue;
    const first = lines[at] as string;
    const rows = lines.slice(at + 1, at + 20);
    if (/^\d+ \{/.test(first))
      return { format: "recording", beginsAtUs: parseTimeUs(first.split(" ", 1)[0] as string) };
    if (first.startsWith("{") && RECORD.test(first.slice(0, 4096)))
      return { format: "recording", beginsAtUs: earliest(rows.map(recordUs)) };
    if (isCandles(first) || isTrades(first)) {
      const { time } = new CsvHeader(path, first);
      const beginsAtUs = earliest(rows.map((row) => parseTimeUs(cellsOf(row)[time]?.trim() ?? "")));
      return { format: isCandles(first) ? "candles" : "trades", beginsAtUs };
    }
    throw new UnknownFormatError(
      `${path}:1: is neither a header of candles (timestamp,open,high,low,close,volume) nor of trades (timestamp,price,amount,side), nor a recording: ${quoted(first.slice(0, 80))}`,
    );
  }
  throw new UnknownFormatError(`${path}: is empty: name a file with market data`);
}

/** Text in quotes without a character that a terminal would act on. */
function quoted(text: string): string {
  return JSON.stringify(text).replace(/\p{C}/gu, (one) => `\\u{${one.codePointAt(0)?.toString(16)}}`);
}

/** Receive time of a record of the jsonl form; NaN where it has none. */
function recordUs(line: string): number {
  const ts = /"ts"\s*:\s*(\d+(?:\.\d+)?)/.exec(line.slice(0, 200))?.[1];
  return ts === undefined ? Number.NaN : Number(ts) * 1e6;
}

function earliest(times: readonly number[]): number {
  return times.reduce((least, time) => (time < least || Number.isNaN(least) ? time : least), Number.NaN);
}
