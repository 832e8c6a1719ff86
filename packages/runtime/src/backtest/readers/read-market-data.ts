import { existsSync, readdirSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { type Clock, InvalidInputError } from "@pitlane/perf";
import { firstUs, lastUs, type MarketData } from "../columns.ts";
import type { Tier } from "../result.ts";
import { readCandles } from "./candles.ts";
import { assetsInName, type InstrumentHints } from "./data-instrument.ts";
import { tradesOf } from "./depth-session.ts";
import { type DataFormat, detectFormat } from "./detect.ts";
import { readJournalMarket } from "./journal.ts";
import { readRecording } from "./recording.ts";
import type { ReadSession } from "./session.ts";
import { readTradesCsv } from "./trades-csv.ts";

export interface ReadDataOptions extends InstrumentHints {
  /** First moment, microseconds since the epoch; the beginning of the data unless told. */
  readonly fromUs?: number | undefined;
  /** End, not included; that of the data unless told. */
  readonly toUs?: number | undefined;
  /** `trades` passes over recorded books; the richest of the data unless told. */
  readonly tier?: Tier | undefined;
  readonly clock: Pick<Clock, "monotonicNs">;
  readonly signal?: AbortSignal | undefined;
}

/** Market data in columns, and what reading them took. */
export interface LoadedData {
  readonly data: readonly MarketData[];
  readonly format: DataFormat;
  readonly tier: Tier;
  readonly files: readonly string[];
  /** Rows, frames or records that were read. */
  readonly rows: number;
  readonly elapsedNs: number;
  /** First and last event, microseconds since the epoch. */
  readonly fromUs: number;
  readonly toUs: number;
  /** What one should know of the data, a sentence each. */
  readonly notes: readonly string[];
}

const TIERS: Readonly<Record<MarketData["columns"]["kind"], Tier>> = { bars: "bars", trades: "trades", depth: "depth" };

/**
 * Reads market data for a backtest: candles or trades as CSV, a recording of Binance streams, or the journal of a session or of `pitlane
 * record`, each plain or gzip. What a file is, is told by its content. Several files, or those of a
 * folder, are parts of one session, in the order of their first times; tables of several instruments are told apart by the files' names.
 *
 * Files are streamed: in memory are the columns and a chunk of the text.
 *
 * @throws {InvalidInputError} When a file is none of these, or damaged: names the file, the line and what to do.
 * @example
 * const { data } = await readMarketData(["./btcusdt-2024.csv.gz"], { clock });
 */
export async function readMarketData(paths: readonly string[], options: ReadDataOptions): Promise<LoadedData> {
  const { clock, fromUs = Number.NEGATIVE_INFINITY, toUs = Number.POSITIVE_INFINITY, signal } = options;
  const startedNs = clock.monotonicNs();
  const { format, files } = await inOrder(paths.flatMap(filesOf));
  const hints: InstrumentHints = options;
  const { data, rows, notes } = await read(format, files, { hints, fromUs, toUs, signal });
  const wanted = data.map((one) => atTier(one, options.tier)).filter(({ columns }) => columns.length > 0);
  const [first] = wanted;
  if (first === undefined)
    throw new InvalidInputError(
      `${files[0]}: has no event in the span asked for (--from ${shown(fromUs)} --to ${shown(toUs)}): leave --from and --to out to see what there is`,
    );
  return {
    data: wanted,
    format,
    tier: TIERS[first.columns.kind],
    files,
    rows,
    elapsedNs: clock.monotonicNs() - startedNs,
    fromUs: Math.min(...wanted.map(({ columns }) => firstUs(columns))),
    toUs: Math.max(...wanted.map(({ columns }) => lastUs(columns))),
    notes,
  };
}

function read(
  format: DataFormat,
  files: readonly string[],
  options: Parameters<typeof readCandles>[1],
): Promise<ReadSession> {
  switch (format) {
    case "candles":
      return readTables(readCandles, files, options);
    case "trades":
      return readTables(readTradesCsv, files, options);
    case "recording":
      return readRecording(files, options);
    case "journal": {
      const [path = "", another] = files;
      if (another !== undefined)
        throw new InvalidInputError(`${another}: a journal is a session of its own: name one of ${files.length}`);
      return readJournalMarket(path, options);
    }
  }
}

/** @throws {InvalidInputError} When the data does not have what the tier needs. */
function atTier(data: MarketData, tier: Tier | undefined): MarketData {
  const { columns, instrument } = data;
  const own = TIERS[columns.kind];
  if (tier === undefined || tier === own) return data;
  if (tier === "trades" && columns.kind === "depth") return { instrument, columns: tradesOf(columns) };
  throw new InvalidInputError(
    `--tier ${tier} needs ${tier}, and the data of ${instrument.id} has ${own}: use --tier ${own}`,
  );
}

function filesOf(path: string): readonly string[] {
  if (!existsSync(path)) throw new InvalidInputError(`there is no ${path}: check --data`);
  if (!statSync(path).isDirectory()) return [resolve(path)];
  const journal = join(path, "journal.db");
  if (existsSync(journal)) return [resolve(journal)];
  const files = readdirSync(path)
    .filter((name) => !name.startsWith("."))
    .sort()
    .map((name) => join(path, name))
    .filter((one) => statSync(one).isFile());
  if (files.length === 0) throw new InvalidInputError(`${path} is a folder without a file: name one with market data`);
  return files.map((one) => resolve(one));
}

/** The files in order of time, and what all of them are. */
async function inOrder(
  files: readonly string[],
): Promise<{ readonly format: DataFormat; readonly files: readonly string[] }> {
  const found = await Promise.all(files.map(async (file) => ({ file, ...(await detectFormat(file)) })));
  const [first] = found;
  if (first === undefined)
    throw new InvalidInputError("a backtest needs at least one file of data: name it with --data");
  const other = found.find(({ format }) => format !== first.format);
  if (other !== undefined)
    throw new InvalidInputError(
      `${other.file}: is ${other.format}, ${first.file} is ${first.format}: name files of one kind`,
    );
  // Node's sort is stable: files that do not tell their time keep their order.
  const sorted = found.sort((a, b) => (a.beginsAtUs < b.beginsAtUs ? -1 : a.beginsAtUs > b.beginsAtUs ? 1 : 0));
  return { format: first.format, files: sorted.map(({ file }) => file) };
}

/** Tables of one instrument each: files whose names tell different instruments are different ones. */
async function readTables(
  reader: typeof readCandles,
  files: readonly string[],
  options: Parameters<typeof readCandles>[1],
): Promise<ReadSession> {
  const groups = new Map<string, string[]>();
  for (const file of files) {
    const assets = options.hints.symbol === undefined ? assetsInName(basename(file)) : undefined;
    const name = assets === undefined ? "" : `${assets.base}/${assets.quote}`;
    groups.set(name, [...(groups.get(name) ?? []), file]);
  }
  const sessions: ReadSession[] = [];
  for (const group of groups.values()) sessions.push(await reader(group, options));
  return {
    data: sessions.flatMap(({ data }) => data),
    rows: sessions.reduce((sum, { rows }) => sum + rows, 0),
    notes: sessions.flatMap(({ notes }) => notes),
  };
}

function shown(us: number): string {
  return Number.isFinite(us) ? new Date(us / 1000).toISOString() : "(not given)";
}
