import { basename } from "node:path";
import { type Clock, InvalidInputError } from "@pitlane/perf";
import { firstUs, lastUs, type MarketData } from "../columns.ts";
import { refuseInverse } from "../inverse.ts";
import type { Tier } from "../result.ts";
import { readCandles } from "./candles.ts";
import { assetsInName, type InstrumentHints } from "./data-instrument.ts";
import { tradesOf } from "./depth-session.ts";
import type { DataFormat } from "./detect.ts";
import { findDataFiles } from "./find-files.ts";
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
 * What else lies in a folder is left out, and named in `notes`.
 *
 * Files are streamed: in memory are the columns and a chunk of the text.
 *
 * @throws {InvalidInputError} When a file is none of these, damaged, without a row in the span, or of COIN-M futures, which a backtest
 * cannot value: names the file, the line and what to do.
 * @example
 * const { data } = await readMarketData(["./btcusdt-2024.csv.gz"], { clock });
 */
export async function readMarketData(paths: readonly string[], options: ReadDataOptions): Promise<LoadedData> {
  const { clock, fromUs = Number.NEGATIVE_INFINITY, toUs = Number.POSITIVE_INFINITY, signal } = options;
  if (!(fromUs < toUs)) throw emptySpan(fromUs, toUs);
  const startedNs = clock.monotonicNs();
  const { format, files, notes: leftOut } = await findDataFiles(paths);
  const hints: InstrumentHints = options;
  const { data, rows, notes } = await read(format, files, { hints, fromUs, toUs, signal });
  if (rows === 0 && (format === "candles" || format === "trades"))
    throw new InvalidInputError(`${files[0]}: has no rows below its header of ${format}: get the file again`);
  for (const { instrument } of data) refuseInverse(files[0] ?? "the data", instrument); // a journal says it in its rows
  const atTiers = data.map((one) => atTier(one, options.tier));
  const wanted = atTiers.filter(({ columns }) => columns.length > 0);
  const silent = atTiers.filter(({ columns }) => columns.length === 0);
  const [first] = wanted;
  if (first === undefined) throw new InvalidInputError(`${files[0]}: ${nothingIn(fromUs, toUs)}`);
  return {
    data: wanted,
    format,
    tier: TIERS[first.columns.kind],
    files,
    rows,
    elapsedNs: clock.monotonicNs() - startedNs,
    fromUs: Math.min(...wanted.map(({ columns }) => firstUs(columns))),
    toUs: Math.max(...wanted.map(({ columns }) => lastUs(columns))),
    notes: [...leftOut, ...silent.map(({ instrument }) => `${instrument.id} has no event, and is left out`), ...notes],
  };
}

function emptySpan(fromUs: number, toUs: number): InvalidInputError {
  const span = `--from ${shown(fromUs)} is ${fromUs === toUs ? "the same as" : "after"} --to ${shown(toUs)}`;
  return new InvalidInputError(
    `${span}: ${fromUs === toUs ? "end later than you begin" : "they are swapped; give the earlier one to --from"}`,
  );
}

/** Why there is no event although there are rows. */
function nothingIn(fromUs: number, toUs: number): string {
  const limits = [
    ...(Number.isFinite(fromUs) ? [`--from ${shown(fromUs)}`] : []),
    ...(Number.isFinite(toUs) ? [`--to ${shown(toUs)}`] : []),
  ];
  return limits.length === 0
    ? "has no book and no trade that could be played: see what is in it with pitlane verify"
    : `has no event in the span asked for (${limits.join(" ")}): leave ${limits.length === 1 ? "it" : "--from and --to"} out to see what there is`;
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
  return new Date(us / 1000).toISOString();
}
