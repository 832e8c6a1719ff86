import { join, resolve } from "node:path";
import { createSystemClock, InvalidInputError } from "@pitlane/perf";
import type { Command } from "commander";
import { didYouMean } from "../../config/did-you-mean.ts";
import type { Config } from "../../config.ts";
import { archiveRuns, type RunArchive } from "../../journal/archive.ts";
import {
  ENTRY_KINDS,
  type EntryFilter,
  entriesIn,
  formatUs,
  type JournalEntry,
  toJson,
} from "../../journal/entries.ts";
import { EXPORT_FORMATS, type ExportFormat, exportEntries } from "../../journal/export.ts";
import { storyLines, tellOrder } from "../../journal/order-story.ts";
import { lastRow, type RowRange, readRowsWithSegments, rowKinds } from "../../journal/read.ts";
import { segmentStats } from "../../journal/segments.ts";
import { verifyWithSegments } from "../../journal/verify.ts";
import { EXIT } from "../exit.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import type { CommandContext, SettingsContext } from "../main.ts";
import { colors } from "../output.ts";
import { parseWhole } from "../parse.ts";
import { type SettingsFlags, settingsOf, withSettingsFlags } from "../settings-flags.ts";

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 24 * 3_600_000 };
const MOST_DAYS = 36_500;
const SHOWN = 20;

interface RangeFlags {
  readonly kind: readonly string[];
  readonly from?: string;
  readonly until?: string;
}

interface ShowFlags extends RangeFlags {
  readonly last?: string;
  readonly order?: string;
  readonly json?: string;
}

interface ExportFlags extends RangeFlags {
  readonly format: string;
  readonly out: string;
}

interface ArchiveFlags extends SettingsFlags {
  readonly runs: string;
  readonly archive?: string;
  readonly compressAfter?: string;
  readonly archiveAfter?: string;
  readonly batch?: string;
  readonly dryRun?: true;
  readonly json?: string;
}

const FROM_UNTIL = "a sequence number, or a time such as 2026-01-31T12:00:00Z";

/** `pitlane journal verify | show | export | archive`: what a run wrote down. */
export function addJournal(program: Command, context: SettingsContext): void {
  const journal = program.command("journal").description("look into runs' journals, and put old ones away");
  addVerify(journal, context);
  addShow(journal, context);
  addExport(journal, context);
  addArchive(journal, context);
}

function addVerify(journal: Command, { cwd, output, end }: CommandContext): void {
  journal
    .command("verify")
    .description("recompute the hash chain of journals, bodies in segments included")
    .argument("<file...>", "the journals, as the runs' reports name them")
    .option("--json <file>", "write the verdicts as JSON")
    .action(async (files: readonly string[], flags: { readonly json?: string }) => {
      const json = jsonPath(cwd, flags.json);
      const verdicts = [];
      for (const file of files) verdicts.push(await verifyWithSegments(resolve(cwd, file)));
      for (const [index, { events, headHash, fault }] of verdicts.entries()) {
        const name = files.length > 1 ? `${files[index]}: ` : "";
        if (fault === undefined) output.line(`${name}${colors.green("intact")}: ${events} events, head ${headHash}`);
        else output.line(`${name}${colors.red("broken")}: ${fault}; the ${events} events before it are intact`);
      }
      if (json !== undefined) writeJson(json, { journals: verdicts });
      end(verdicts.every(({ fault }) => fault === undefined) ? EXIT.done : EXIT.failed);
    });
}

function addShow(journal: Command, { cwd, output }: CommandContext): void {
  withRange(
    journal
      .command("show")
      .description("print events of a journal: the last ones, a range, some kinds, or all about one order")
      .argument("<file>", "the journal, as the run's report names it"),
  )
    .option("-n, --last <count>", `only the last events (default: ${SHOWN}, or all when --from or --until is given)`)
    .option("--order <clientOrderId>", "all about one order, from what it answered to its last report")
    .option("--json <file>", "write the events as JSON")
    .action(async (file: string, flags: ShowFlags) => {
      const path = resolve(cwd, file);
      const json = jsonPath(cwd, flags.json);
      if (flags.order !== undefined) {
        const story = await tellOrder(entriesOf(path, { kind: [] }), flags.order);
        if (story.entries.length === 0)
          throw new InvalidInputError(
            `${file} names no order ${flags.order}: "pitlane journal show ${file} --kind intent" lists the orders it has`,
          );
        for (const line of storyLines(story)) output.line(line);
        if (json !== undefined) writeJson(json, plain({ journal: path, ...story }));
        return;
      }
      const isWhole = flags.from !== undefined || flags.until !== undefined;
      const last =
        flags.last === undefined
          ? isWhole
            ? Number.POSITIVE_INFINITY
            : SHOWN
          : parseWhole("--last", flags.last, 1, 1e6);
      // All that is asked for goes by once; of a tail, only its length is kept.
      const kept: JournalEntry[] = [];
      const isTail = !isWhole && flags.kind.length === 0; // then as many rows hold enough
      const from = isTail ? { from: String(Math.max(1, (lastRow(path)?.seq ?? 0) - last + 1)) } : {};
      for await (const entry of entriesOf(path, { ...flags, ...from })) {
        if (last === Number.POSITIVE_INFINITY && json === undefined) output.line(lineOf(entry));
        else kept.push(entry);
        if (kept.length >= 2 * last) kept.splice(0, kept.length - last);
      }
      const shown = kept.slice(-last);
      for (const entry of shown) output.line(lineOf(entry));
      if (json !== undefined) writeJson(json, plain({ journal: path, events: shown }));
    });
}

function addExport(journal: Command, { cwd, output }: CommandContext): void {
  withRange(
    journal
      .command("export")
      .description("write events of a journal to a file, inputs as a row each")
      .argument("<file>", "the journal, as the run's report names it"),
  )
    .requiredOption("--out <file>", "file to write")
    .option("--format <name>", EXPORT_FORMATS.join(", "), "jsonl")
    .action(async (file: string, flags: ExportFlags) => {
      const format = EXPORT_FORMATS.find((name) => name === flags.format) as ExportFormat | undefined;
      if (format === undefined)
        throw new InvalidInputError(`--format must be one of ${EXPORT_FORMATS.join(", ")}; got "${flags.format}"`);
      const out = checkWritable(resolve(cwd, flags.out), "--out");
      const count = await exportEntries(entriesOf(resolve(cwd, file), flags), format, out);
      output.line(`${count} events written to ${flags.out}`);
    });
}

function addArchive(journal: Command, context: SettingsContext): void {
  const { cwd, output, end } = context;
  withSettingsFlags(
    journal
      .command("archive")
      .description(
        "compress the inputs of old runs, and move what is older to the archive; a run that is being written is left alone",
      ),
  )
    .option("--runs <dir>", "folder of the runs", join(".pitlane", "runs"))
    .option("--archive <dir>", "folder of the archive (default: archive, beside the runs)")
    .option(
      "--compress-after <age>",
      "age of a run's last event, such as 7d or 12h (default: the setting journal.retention.compressAfterDays, 7)",
    )
    .option(
      "--archive-after <age>",
      "age of a run's last event (default: the setting journal.retention.archiveAfterDays, 30)",
    )
    .option("--batch <rows>", "rows moved in one step (default: the setting journal.retention.batch, 1000)")
    .option("--dry-run", "say what would be done")
    .option("--json <file>", "write the report as JSON")
    .action(async (flags: ArchiveFlags) => {
      const json = jsonPath(cwd, flags.json);
      const runs = resolve(cwd, flags.runs);
      const { batchRows, compressAfterMs, archiveAfterMs } = await retentionOf(flags, context);
      const report = await archiveRuns({
        runs,
        archive: flags.archive === undefined ? join(runs, "..", "archive") : resolve(cwd, flags.archive),
        clock: createSystemClock(),
        batchRows,
        compressAfterMs,
        archiveAfterMs,
        dryRun: flags.dryRun === true,
      });
      const would = flags.dryRun === true ? "would be " : "";
      for (const run of report.runs) output.line(archiveLine(run, would));
      const { rawBytes, storedBytes, ratio } = report.stats;
      if (storedBytes > 0) output.line(`${rawBytes} bytes became ${storedBytes}, ${ratio.toFixed(1)} times smaller`);
      if (json !== undefined) writeJson(json, report);
      end(report.runs.some(({ action }) => action === "skipped") ? EXIT.failed : EXIT.done);
    });
}

interface Retention {
  readonly batchRows: number;
  readonly compressAfterMs: number;
  readonly archiveAfterMs: number;
}

/** The flags, and the settings for those that are left out. @throws {InvalidInputError} When one is wrong, or they contradict each other. */
async function retentionOf(flags: ArchiveFlags, context: SettingsContext): Promise<Retention> {
  const { compressAfter, archiveAfter, batch, config, profile, set } = flags;
  const isWhole = compressAfter !== undefined && archiveAfter !== undefined && batch !== undefined;
  // A session gives all three: a file of settings that is not its own must not keep its archive from being made.
  const isAsked = !isWhole || config !== undefined || profile !== undefined || set !== undefined;
  const retention = isAsked ? (await settingsOf(flags, context)).config.journal.retention : undefined;
  const compress = ageOf("--compress-after", compressAfter, "compressAfterDays", retention);
  const archive = ageOf("--archive-after", archiveAfter, "archiveAfterDays", retention);
  if (archive.ms < compress.ms)
    throw new InvalidInputError(`${compress.shown} must not be above ${archive.shown}: a run is compressed first`);
  return {
    batchRows: batch === undefined ? (retention?.batch ?? 1000) : parseWhole("--batch", batch, 1, 100_000),
    compressAfterMs: compress.ms,
    archiveAfterMs: archive.ms,
  };
}

/** An age, and what people call it. */
function ageOf(
  flag: string,
  text: string | undefined,
  setting: "compressAfterDays" | "archiveAfterDays",
  retention: Config["journal"]["retention"] | undefined,
): { readonly ms: number; readonly shown: string } {
  const days = retention?.[setting];
  if (text === undefined && days !== undefined)
    return { ms: parseAge(setting, `${days}d`), shown: `journal.retention.${setting} (${days}d)` };
  return { ms: parseAge(flag, text ?? ""), shown: `${flag} (${text})` };
}

function archiveLine({ journal, action, reason, rows, stats }: RunArchive, would: string): string {
  if (action === "kept") return `${journal}: kept as it is`;
  if (action === "skipped") return colors.yellow(`${journal}: skipped, ${reason}`);
  const { rawBytes, ratio } = segmentStats(stats.rawBytes, stats.storedBytes);
  const packed = stats.storedBytes === 0 ? "" : `, ${ratio.toFixed(1)} times smaller`;
  return `${journal}: ${would}${action}, ${rows} rows of ${rawBytes} bytes${packed}`;
}

function withRange(command: Command): Command {
  return command
    .option("--kind <kind>", "only events of this kind, such as intent, report or trade; may be repeated", collect, [])
    .option("--from <start>", FROM_UNTIL)
    .option("--until <end>", `${FROM_UNTIL}; included`);
}

function collect(text: string, before: readonly string[]): readonly string[] {
  return [...before, text];
}

function entriesOf(path: string, flags: RangeFlags): AsyncGenerator<JournalEntry> {
  const from = parseBound("--from", flags.from);
  const until = parseBound("--until", flags.until);
  const range: RowRange = { fromSeq: from.seq, untilSeq: until.seq };
  checkKinds(path, flags.kind);
  const kinds = flags.kind.length === 0 ? undefined : new Set(flags.kind);
  const filter: EntryFilter = { kinds, fromUs: from.us, untilUs: until.us };
  return entriesIn(readRowsWithSegments(path, range), filter);
}

/** A recorder's streams have kinds of their own, and so may a journal of another version: what the file has is never refused. */
function checkKinds(path: string, kinds: readonly string[]): void {
  const others = kinds.filter((kind) => !ENTRY_KINDS.includes(kind));
  if (others.length === 0) return;
  const known = new Set([...rowKinds(path), ...ENTRY_KINDS]);
  const unknown = others.find((kind) => !known.has(kind));
  if (unknown !== undefined)
    throw new InvalidInputError(
      `--kind: no event is of kind ${unknown}${didYouMean(unknown, [...known])}; there are ${[...known].sort().join(", ")}`,
    );
}

function parseBound(name: string, text: string | undefined): { readonly seq?: number; readonly us?: number } {
  if (text === undefined) return {};
  if (/^\d+$/.test(text)) return { seq: parseWhole(name, text, 0, Number.MAX_SAFE_INTEGER) };
  const ms = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return { us: ms * 1000 };
  throw new InvalidInputError(`${name} must be ${FROM_UNTIL}; got "${text}"`);
}

/** Milliseconds of an age such as `7d` or `12h`; `0` for any. @throws {InvalidInputError} When it has another form, or is above 36,500 days. */
function parseAge(name: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text === "0" ? "0d" : text);
  const ms = match === null ? Number.NaN : Number(match[1]) * UNIT_MS[match[2]!]!;
  if (ms <= MOST_DAYS * UNIT_MS["d"]!) return ms;
  throw new InvalidInputError(`${name} must be 0 or an age up to ${MOST_DAYS}d such as 7d, 12h or 30m; got "${text}"`);
}

function jsonPath(cwd: string, file: string | undefined): string | undefined {
  return file === undefined ? undefined : checkWritable(resolve(cwd, file));
}

/** What JSON can say of it. */
function plain(value: unknown): unknown {
  return JSON.parse(toJson(value)) as unknown;
}

function lineOf({ seq, record, atUs, kind, body }: JournalEntry): string {
  const place = record === 0 ? String(seq) : `${seq}.${record}`;
  return `${place.padStart(10)}  ${formatUs(atUs)}  ${kind.padEnd(10)} ${toJson(body)}`;
}
