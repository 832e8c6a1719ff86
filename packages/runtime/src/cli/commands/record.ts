import { join, resolve } from "node:path";
import { createSystemClock, InvalidInputError } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import type { Command } from "commander";
import { entriesIn } from "../../journal/entries.ts";
import { EXPORT_FORMATS, type ExportFormat, exportEntries } from "../../journal/export.ts";
import { readRowsWithSegments } from "../../journal/read.ts";
import { Recorder } from "../../recorder.ts";
import type { MarketVenue } from "../../venue.ts";
import { EXIT } from "../exit.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import type { CommandContext } from "../main.ts";
import { colors } from "../output.ts";
import { parseDuration, parseOrigin } from "../parse.ts";
import { openMarket, VENUE_NAMES } from "../venues.ts";

interface RecordFlags {
  readonly symbols: string;
  readonly out: string;
  readonly duration?: string;
  readonly exchange?: string;
  readonly format?: string;
  readonly json?: string;
}

const STATUS_MS = 1000;

/** `pitlane record VENUE`: a market, as it comes, into a journal and a file that data tools read. */
export function addRecord(program: Command, { cwd, output, stop, end }: CommandContext): void {
  program
    .command("record")
    .description("record a market: books, quotes and trades with every hole named, into a journal and a table")
    .argument(
      "<venue>",
      `${VENUE_NAMES.join(", ")}, paper (with --exchange), or a file that exports a venue of your own`,
    )
    .requiredOption("-s, --symbols <list>", "what to record, such as BTC/USDT,ETH/USDT")
    .requiredOption("-o, --out <folder>", "folder for journal.db and market.parquet")
    .option("-d, --duration <time>", "stop after this time (default: run until stopped)")
    .option("--exchange <url>", "a paper exchange that runs already, such as http://127.0.0.1:8080")
    .option("--format <name>", `table beside the journal: ${EXPORT_FORMATS.join(", ")} or none`, "parquet")
    .option("-j, --json <file>", "write what was recorded to this file")
    .action(async (venue: string, flags: RecordFlags) => {
      const jsonPath = flags.json === undefined ? undefined : checkWritable(resolve(cwd, flags.json));
      const durationMs = flags.duration === undefined ? undefined : parseDuration("--duration", flags.duration);
      const format = parseFormat(flags.format ?? "parquet");
      const exchange = flags.exchange === undefined ? undefined : parseOrigin("--exchange", flags.exchange);
      if (venue === "paper" && exchange === undefined)
        throw new InvalidInputError("the paper exchange is recorded where it runs: name it with --exchange");
      const clock = createSystemClock();
      const client = await openMarket(venue, exchange, cwd);
      try {
        const instruments = await find(client, flags.symbols);
        const journalPath = join(resolve(cwd, flags.out), "journal.db");
        const onFault = (message: string) => output.line(colors.yellow(message));
        const recorder = new Recorder({ client, instruments, journalPath, clock, onFault });
        await recorder.open();
        output.line(`recording ${instruments.map(({ id }) => id).join(", ")} to ${journalPath}`);
        const status = setInterval(() => output.status(`${recorder.events} events`), STATUS_MS);
        await clock.sleep(durationMs ?? Number.POSITIVE_INFINITY, stop).catch((error: unknown) => {
          if (!stop.aborted) throw error;
        });
        clearInterval(status);
        output.endStatus();
        const tally = await recorder.close(stop.aborted ? String(stop.reason) : "duration");
        const { events, gaps, resyncs, bytes, headHash } = tally;
        output.line(
          `${events} events, ${gaps} gaps, ${resyncs} resyncs, ${bytes} bytes, head ${headHash.slice(0, 16)}`,
        );
        const table = format === undefined ? undefined : join(resolve(cwd, flags.out), `market.${format}`);
        if (format !== undefined && table !== undefined) {
          await exportEntries(
            entriesIn(readRowsWithSegments(journalPath), { kinds: new Set(["inputs"]) }),
            format,
            table,
          );
          output.line(`table     ${table}`);
        }
        if (jsonPath !== undefined) writeJson(jsonPath, { ...tally, table: table ?? null });
        end(EXIT.done);
      } finally {
        await client.close();
      }
    });
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
