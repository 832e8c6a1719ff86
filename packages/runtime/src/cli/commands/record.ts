import { join, resolve } from "node:path";
import { type Clock, createSystemClock, InvalidInputError } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import type { Command } from "commander";
import { EventRecorder, type EventTally } from "../../event-recorder.ts";
import { entriesIn } from "../../journal/entries.ts";
import { exportEventTables } from "../../journal/event-tables.ts";
import { EXPORT_FORMATS, type ExportFormat, exportEntries } from "../../journal/export.ts";
import { readRowsWithSegments } from "../../journal/read.ts";
import { Recorder, type RecordingTally } from "../../recorder.ts";
import type { MarketVenue } from "../../venue.ts";
import { EXIT } from "../exit.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import type { SettingsContext } from "../main.ts";
import { colors } from "../output.ts";
import { parseDuration, parseOrigin } from "../parse.ts";
import { AXIOM_STREAMS, openAxiom, parseAxiomSources, recordAxiom } from "../record-axiom.ts";
import { openMarket, VENUE_NAMES } from "../venues.ts";

interface RecordFlags {
  readonly symbols?: string;
  readonly rooms?: string;
  readonly streams?: string;
  readonly out: string;
  readonly duration?: string;
  readonly exchange?: string;
  readonly format?: string;
  readonly json?: string;
}

const STATUS_MS = 1000;

const HELP = `
  pitlane record binance --symbols BTC/USDT --out tape
  pitlane record axiom --rooms new_pairs,sol_price,t:PAIR --streams pulse --out tape
Axiom needs a session: secrets AXIOM_REFRESH_TOKEN, or AXIOM_COOKIES, or AXIOM_EMAIL and AXIOM_PASSWORD. A room that is not known is
recorded untouched. A journal is checked with "pitlane journal verify" and shown with "pitlane journal show".`;

/** `pitlane record VENUE`: what a venue says, as it comes, into a journal and tables that data tools read. */
export function addRecord(program: Command, context: SettingsContext): void {
  const { cwd } = context;
  program
    .command("record")
    .description("record a venue: books, quotes and trades, or rooms, with every hole named, into a journal and tables")
    .addHelpText("after", HELP)
    .argument(
      "<venue>",
      `${VENUE_NAMES.join(", ")}, axiom, paper (with --exchange), or a file that exports a venue of your own`,
    )
    .option("-s, --symbols <list>", "what to record of a market, such as BTC/USDT,ETH/USDT")
    .option("--rooms <list>", "what to record of axiom, such as new_pairs,sol_price")
    .option("--streams <list>", `more to record of axiom: ${AXIOM_STREAMS.join(", ")}`)
    .requiredOption("-o, --out <folder>", "folder for journal.db and market.parquet, or a table for each kind of event")
    .option("-d, --duration <time>", "stop after this time (default: run until stopped)")
    .option("--exchange <url>", "a paper exchange that runs already, such as http://127.0.0.1:8080")
    .option("--format <name>", `tables beside the journal: ${EXPORT_FORMATS.join(", ")} or none`, "parquet")
    .option("-j, --json <file>", "write what was recorded to this file")
    .action(async (venue: string, flags: RecordFlags) => {
      const jsonPath = flags.json === undefined ? undefined : checkWritable(resolve(cwd, flags.json));
      const durationMs = flags.duration === undefined ? undefined : parseDuration("--duration", flags.duration);
      const format = parseFormat(flags.format ?? "parquet");
      const exchange = flags.exchange === undefined ? undefined : parseOrigin("--exchange", flags.exchange);
      const job: Job = {
        venue,
        flags,
        format,
        exchange,
        durationMs,
        journalPath: join(resolve(cwd, flags.out), "journal.db"),
      };
      const result = venue === "axiom" ? await recordEvents(job, context) : await recordMarket(job, context);
      if (jsonPath !== undefined) writeJson(jsonPath, result);
      context.end(EXIT.done);
    });
}

interface Job {
  readonly venue: string;
  readonly flags: RecordFlags;
  readonly format: ExportFormat | undefined;
  readonly exchange: string | undefined;
  readonly durationMs: number | undefined;
  readonly journalPath: string;
}

/** Books, quotes and trades of a venue with market streams. */
async function recordMarket(
  { venue, flags, format, exchange, durationMs, journalPath }: Job,
  context: SettingsContext,
) {
  const { cwd, output, stop } = context;
  if (flags.rooms !== undefined || flags.streams !== undefined)
    throw new InvalidInputError(`--rooms and --streams are of axiom: name what to record of ${venue} with --symbols`);
  if (flags.symbols === undefined)
    throw new InvalidInputError("--symbols is missing: name what to record, such as BTC/USDT,ETH/USDT");
  if (venue === "paper" && exchange === undefined)
    throw new InvalidInputError("the paper exchange is recorded where it runs: name it with --exchange");
  const clock = createSystemClock();
  const client = await openMarket(venue, exchange, cwd);
  try {
    const instruments = await find(client, flags.symbols);
    const onFault = (message: string) => output.line(colors.yellow(message));
    const recorder = new Recorder({ client, instruments, journalPath, clock, onFault });
    await recorder.open();
    output.line(`recording ${instruments.map(({ id }) => id).join(", ")} to ${journalPath}`);
    await record(recorder, durationMs, clock, context);
    const tally = await recorder.close(stop.aborted ? String(stop.reason) : "duration");
    sayTally(tally, context);
    if (format === undefined) return { ...tally, table: null };
    const table = join(resolve(cwd, flags.out), `market.${format}`);
    await exportEntries(entriesIn(readRowsWithSegments(journalPath), { kinds: new Set(["inputs"]) }), format, table);
    output.line(`table     ${table}`);
    return { ...tally, table };
  } finally {
    await client.close();
  }
}

/** Rooms and streams of Axiom. */
async function recordEvents(
  { venue, flags, format, exchange, durationMs, journalPath }: Job,
  context: SettingsContext,
) {
  const { cwd, output, stop } = context;
  if (flags.symbols !== undefined)
    throw new InvalidInputError("--symbols is of markets: name rooms of axiom with --rooms, such as t:PAIR");
  const sources = parseAxiomSources(flags.rooms, flags.streams);
  const clock = createSystemClock();
  const client = await openAxiom(exchange, context);
  const onFault = (message: string) => output.line(colors.yellow(message));
  const names = [...sources.rooms, ...sources.streams];
  const recorder = new EventRecorder({ journalPath, venue, sources: names, clock, onFault });
  let tally: EventTally;
  try {
    recorder.open();
    try {
      recordAxiom(client, sources, recorder);
      output.line(`recording ${names.join(", ")} of ${venue} to ${journalPath}`);
      await record(recorder, durationMs, clock, context);
    } finally {
      await client.close(); // and its streams: nothing is written to a journal that has ended
      tally = recorder.close(stop.aborted ? String(stop.reason) : "duration");
    }
  } finally {
    await client.close();
  }
  sayTally(tally, context);
  if (format === undefined) return { ...tally, tables: {} };
  const tables = await exportEventTables(journalPath, resolve(cwd, flags.out), format);
  for (const { path, rows } of Object.values(tables)) output.line(`table     ${path}, ${rows} rows`);
  return { ...tally, tables };
}

/** Waits until the time is over or the program is asked to stop, showing how it gets on. */
async function record(
  recorder: { readonly events: number },
  durationMs: number | undefined,
  clock: Clock,
  { output, stop }: SettingsContext,
): Promise<void> {
  const status = setInterval(() => output.status(`${recorder.events} events`), STATUS_MS);
  try {
    await clock.sleep(durationMs ?? Number.POSITIVE_INFINITY, stop).catch((error: unknown) => {
      if (!stop.aborted) throw error;
    });
  } finally {
    clearInterval(status);
    output.endStatus();
  }
}

function sayTally(
  { events, gaps, resyncs, bytes, headHash }: RecordingTally | EventTally,
  { output }: SettingsContext,
) {
  output.line(`${events} events, ${gaps} gaps, ${resyncs} resyncs, ${bytes} bytes, head ${headHash.slice(0, 16)}`);
}

/** @throws {InvalidInputError} Naming a symbol that the venue does not have. */
async function find({ market }: MarketVenue, symbols: string): Promise<readonly Instrument[]> {
  const wanted = [...new Set(symbols.split(",").map((symbol) => symbol.trim()))];
  const there = await market.listInstruments();
  return wanted.map((symbol) => {
    const found = there.find((instrument) => instrument.symbol === symbol);
    if (found !== undefined) return found;
    const some = there.slice(0, 8).map((instrument) => instrument.symbol);
    throw new InvalidInputError(
      `--symbols: the venue has no ${symbol}; it has ${some.join(", ")} ... (AAA/BBB, upper case)`,
    );
  });
}

function parseFormat(name: string): ExportFormat | undefined {
  if (name === "none") return undefined;
  const format = EXPORT_FORMATS.find((known) => known === name);
  if (format !== undefined) return format;
  throw new InvalidInputError(`--format must be ${EXPORT_FORMATS.join(", ")} or none; got "${name}"`);
}
