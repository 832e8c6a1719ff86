import { existsSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { createSystemClock, InvalidInputError } from "@pitlane/perf";
import type { Command } from "commander";
import type { Decision, Divergence } from "../../core/replay.ts";
import { JournalCorruptError } from "../../journal/errors.ts";
import { loadStrategies } from "../../plugins/load-strategies.ts";
import { type ReplayReport, replayRun } from "../../replay-run.ts";
import { readStartWithSegments } from "../../run-record.ts";
import { EXIT } from "../exit.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import { loadChecked } from "../load-checked.ts";
import type { SettingsContext } from "../main.ts";
import { colors } from "../output.ts";
import { parseWhole } from "../parse.ts";
import { withSecrets } from "../secrets.ts";
import { settingsOf } from "../settings-flags.ts";

interface ReplayFlags {
  readonly from?: string;
  readonly until?: string;
  readonly with?: string;
  readonly json?: string;
}

/** `pitlane replay RUN`: does the same code decide the same on what the run saw? */
export function addReplay(program: Command, context: SettingsContext): void {
  const { cwd, output, stop, end } = context;
  program
    .command("replay")
    .description("run a session's journal through the same strategies again and compare every decision")
    .argument("<run>", "the run's id, its folder, or its journal")
    .option("--from <seq>", "compare decisions from this event on (default: from the first)")
    .option("--until <seq>", "stop after this event (default: the last)")
    .option(
      "--with <config>",
      "what if: take risk limits, execution, router, bus and strategies from this config, and count what differs",
    )
    .option("-j, --json <file>", "write what was found to this file")
    .action(async (run: string, flags: ReplayFlags) => {
      const jsonPath = flags.json === undefined ? undefined : checkWritable(resolve(cwd, flags.json));
      const fromSeq = flags.from === undefined ? 1 : parseWhole("--from", flags.from, 1, Number.MAX_SAFE_INTEGER);
      const untilSeq =
        flags.until === undefined ? undefined : parseWhole("--until", flags.until, fromSeq, Number.MAX_SAFE_INTEGER);
      const journalPath = findJournal(run, cwd);
      const whatIf = flags.with === undefined ? undefined : (await settingsOf({ config: flags.with }, context)).config;
      const { strategies } = whatIf ?? (await readStartWithSegments(journalPath)).config;
      const known = await withSecrets(strategies, context);
      // A journal's own were checked when it began, perhaps by a version that knew other names.
      const plugins = await (whatIf === undefined ? loadStrategies(known, cwd) : loadChecked(known, cwd));
      const report = await replayRun({
        journalPath,
        plugins,
        ...(whatIf === undefined ? {} : { whatIf }),
        fromSeq,
        ...(untilSeq === undefined ? {} : { untilSeq }),
        clock: createSystemClock(),
        log: () => {}, // what strategies said was said in the run
        signal: stop,
      }).catch((error: unknown) => {
        if (!(error instanceof JournalCorruptError)) throw error;
        output.line(colors.red(error.message)); // a verdict, as of pitlane journal verify
        end(EXIT.failed);
      });
      if (report === undefined) return;
      if (jsonPath !== undefined) writeJson(jsonPath, report);
      for (const line of replayLines(report)) output.line(line);
      end(report.divergences === 0 || report.isWhatIf ? EXIT.done : EXIT.failed);
    });
}

/** What a person wants to know of a replay. Pure. */
function replayLines({
  run,
  isWhatIf,
  rows,
  inputs,
  decisions,
  divergences,
  first,
  elapsedMs,
}: ReplayReport): readonly string[] {
  const what = `${inputs} inputs of ${rows} events, ${decisions} decisions equal, in ${(elapsedMs / 1000).toFixed(1)} s`;
  if (first === null) return [`${colors.green("identical")}: run ${run.id}, ${what}`];
  const verdict = isWhatIf ? colors.yellow(`${divergences} decisions differ`) : colors.red("different");
  return [`${verdict}: run ${run.id}, ${what}`, ...divergenceLines(first)];
}

function divergenceLines({ seq, atUs, recorded, replayed }: Divergence): readonly string[] {
  const show = (decision: Decision | undefined) =>
    decision === undefined ? "nothing" : `${decision.kind} ${decision.body}`;
  return [
    `first at event ${seq}, ${new Date(atUs / 1000).toISOString()}`,
    `  the run decided     ${show(recorded)}`,
    `  the replay decided  ${show(replayed)}`,
  ];
}

/** The journal that a person means. @throws {InvalidInputError} When there is none, naming where it was looked for. */
export function findJournal(run: string, cwd: string): string {
  const candidates = [
    resolve(cwd, run),
    resolve(cwd, run, "journal.db"),
    join(cwd, ".pitlane", "runs", run, "journal.db"),
  ];
  const found = candidates.find((path) => existsSync(path) && statSync(path).isFile());
  if (found !== undefined) return found;
  throw new InvalidInputError(
    `there is no run ${run}: looked for ${candidates.join(", ")}; a run's report names its journal`,
  );
}
