import { existsSync, realpathSync, rmSync, statSync } from "node:fs";
import { relative, resolve } from "node:path";
import { InvalidInputError } from "@pitlane/perf";
import type { Command } from "commander";
import { type Verification, verifyRecording } from "../../verification.ts";
import { EXIT } from "../exit.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import type { CommandContext } from "../main.ts";
import { colors, table } from "../output.ts";

interface VerifyFlags {
  readonly json?: string;
}

const HELP = `
Several files are the parts of one session, in order. Read are recordings of Binance spot, USD-M and COIN-M futures, plain or gzip,
as JSON records with a "t" or as lines of "<receive time> <frame>"; and session logs of Axiom, as such records.
With --json an earlier report of that name is removed first: afterwards the file is there with exit code 0 and 1, and not with 2.
Exit code: 0 right; 1 something cannot be decoded, is missing, out of order, or a book is wrong; 2 no readable recording.`;

/** `pitlane verify FILE...`: is a recorded session whole, and does our code read all of it? */
export function addVerify(program: Command, { cwd, output, stop, end }: CommandContext): void {
  program
    .command("verify")
    .description("check a recorded session with the venue's decoder and book code, without a connection")
    .argument("<file...>", "the recording; one session in parts when several")
    .option("-j, --json <file>", "write what was found to this file")
    .addHelpText("after", HELP)
    .action(async (files: readonly string[], { json }: VerifyFlags) => {
      const jsonPath = json === undefined ? undefined : checkWritable(resolve(cwd, json));
      const paths = files.map((file) => resolve(cwd, file));
      if (jsonPath !== undefined) removeEarlier(jsonPath, paths);
      const verification = await verifyRecording(paths, stop).catch((error: unknown) => {
        if (stop.aborted) return undefined;
        throw error;
      });
      if (verification === undefined) {
        output.line("stopped before the end: nothing is known");
        return end(EXIT.failed);
      }
      if (jsonPath !== undefined) writeJson(jsonPath, verification);
      for (const line of verificationLines(verification)) output.line(line);
      if (jsonPath !== undefined) output.line(`report     ${relative(cwd, jsonPath) || jsonPath}`);
      end(verification.right ? EXIT.done : EXIT.failed);
    });
}

/**
 * Removes the report of an earlier run, so that whoever reads the file afterwards, whatever becomes of this run, reads of this one.
 *
 * @throws {InvalidInputError} When it is one of the recordings, which a report would replace.
 */
function removeEarlier(jsonPath: string, recordings: readonly string[]): void {
  if (!existsSync(jsonPath)) return;
  const isRecording = (file: string) => existsSync(file) && realpathSync(file) === realpathSync(jsonPath);
  if (recordings.some(isRecording)) {
    throw new InvalidInputError(`--json ${jsonPath} is a recording to check: name another file`);
  }
  if (statSync(jsonPath).isFile()) rmSync(jsonPath);
}

/** What a person wants to know of a recording. Pure. */
function verificationLines(verification: Verification): readonly string[] {
  const { session, messages, decoded, snapshots, gaps, checksums, problems, notes, examples } = verification;
  const seconds = ((session.lastAtUs - session.firstAtUs) / 1e6).toFixed(1);
  const ignored = Object.entries(messages.ignored).map(([name, count]) => `${count} ${name}`);
  const lines = [
    `${colors.bold("pitlane verify")}  ${session.venue}, ${session.streams.length} streams, ${seconds} s`,
    `messages   ${messages.in} in = ${messages.decoded} decoded + ${messages.in - messages.decoded - messages.undecoded} ignored + ${messages.undecoded} undecoded`,
    `decoded    ${Object.entries(decoded)
      .map(([name, count]) => `${count} ${name}`)
      .join(", ")}`,
    ...(ignored.length === 0 ? [] : [`ignored    ${ignored.join(", ")}`]),
    `snapshots  ${snapshots.applied} applied, ${snapshots.unused} not needed, ${snapshots.stale} that fit no diffs`,
    `sequences  ${gaps} gaps, ${verification.sequenceFailures} out of order`,
    `checksums  ${checksums.matched} of ${checksums.checked} matched; ${verification.crossed} crossed books`,
    ...bookLines(verification).map((line) => `  ${line}`),
    ...notes.map((note) => colors.yellow(`note       ${note}`)),
  ];
  if (problems.length === 0) return [...lines, colors.green("right")];
  return [
    ...lines,
    ...examples.map((example) => `  ${example}`),
    ...problems.map((problem) => colors.red(`wrong      ${problem}`)),
  ];
}

function bookLines({ instruments }: Verification): readonly string[] {
  const header = ["book", "messages", "bids", "asks", "best bid", "best ask", "sha256"];
  const rows = Object.entries(instruments).map(([id, { messages, book }]) => [
    id,
    String(messages),
    book === null ? "-" : String(book.bidLevels),
    book === null ? "-" : String(book.askLevels),
    book?.bestBid?.[0] ?? "-",
    book?.bestAsk?.[0] ?? "-",
    book?.sha256 ?? "-",
  ]);
  return table([header, ...rows]);
}
