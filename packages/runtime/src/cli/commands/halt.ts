import { randomUUID } from "node:crypto";
import { join, relative } from "node:path";
import { createSystemClock, InvalidInputError } from "@pitlane/perf";
import type { Command } from "commander";
import {
  HALT_FILE,
  isLeft,
  type KillSwitchOrder,
  leaveOrder,
  RESUME_FILE,
  takeBackOrder,
  takeFlatAnswer,
} from "../../kill-switch.ts";
import { EXIT } from "../exit.ts";
import { findLiveFolder, findRunFolder, isLiveFolder, liveRunFolders } from "../find-run.ts";
import type { CommandContext } from "../main.ts";
import { colors, type Output } from "../output.ts";

interface HaltFlags {
  readonly reason?: string;
  readonly flatten?: true;
  readonly reduceOnly?: true;
  readonly all?: true;
}

const RUN = "the run's id, its folder, its journal, or the process that runs it (default: the one that lives here)";
const ALL = "all sessions that live here, in place of one";
const SEVERAL = "name the one that is meant, or say --all";

const WAIT_MS = 5000;
const FLAT_WITHIN_MS = 70_000; // the longest `closeTimeoutMs`, and some
const LOOK_EVERY_MS = 20;

const HELP = `
A halt denies every new order and cancels all that are open; by default the session then closes with exit code 4 (risk.afterHalt).
The same is done by a file named "halt" in the run's folder, and by the signal SIGUSR2.
With --flatten this command waits until the session says whether it is flat.
Exit code: 0 the session has heard it, and is flat if it was to be; 1 its session has ended, and no file is left behind, or it is not flat, or did
not take it within 5 s: the word then stays, and is taken as soon as it looks; 2 no run is named, and none lives here, or several do.`;

/** `pitlane halt [RUN]`: the kill switch of a session on this machine. */
export function addHalt(program: Command, context: CommandContext): void {
  program
    .command("halt")
    .description("stop a running session's trading: deny new orders, cancel all open ones")
    .argument("[run]", RUN)
    .option("--all", ALL)
    .option("--flatten", "close what it holds at the market as well")
    .option("--reduce-only", "let orders pass that can only shrink a position, in place of a full stop")
    .option("--reason <text>", "why, for the journal and the report")
    .addHelpText("after", HELP)
    .action(async (run: string | undefined, { reason = "", flatten, reduceOnly, all }: HaltFlags) => {
      if (flatten === true && reduceOnly === true)
        throw new InvalidInputError("--flatten halts, and --reduce-only does not: leave one out");
      const order: KillSwitchOrder = {
        reason,
        by: "cli",
        ...(flatten === true ? { flatten, answerTo: randomUUID() } : {}),
        ...(reduceOnly === true ? { state: "reduceOnly" } : {}),
      };
      await tellAll(run, all, HALT_FILE, order, reduceOnly === true ? "reduce-only" : "halted", context);
    });
}

/** `pitlane resume-trading [RUN]`: lets a halted or reduce-only session trade again. */
export function addResumeTrading(program: Command, context: CommandContext): void {
  program
    .command("resume-trading")
    .description("let a session trade again that was halted or made reduce-only")
    .argument("[run]", RUN)
    .option("--all", ALL)
    .option("--reason <text>", "why, for the journal and the report")
    .action(async (run: string | undefined, { reason = "", all }: Pick<HaltFlags, "reason" | "all">) => {
      await tellAll(run, all, RESUME_FILE, { reason, by: "cli" }, "active", context);
    });
}

/** Tells those that are meant, all at once. @throws {InvalidInputError} When nobody can tell which are. */
async function tellAll(
  run: string | undefined,
  all: true | undefined,
  file: string,
  order: KillSwitchOrder,
  outcome: string,
  context: CommandContext,
): Promise<void> {
  const { cwd } = context;
  if (run !== undefined && all === true)
    throw new InvalidInputError("--all is of all sessions here: leave the run out, or --all");
  const live = all === true ? liveRunFolders(cwd) : [];
  const folders = live.length > 0 ? live : [run === undefined ? findLiveFolder(cwd, SEVERAL) : findRunFolder(run, cwd)];
  const isTaken = await Promise.all(folders.map((folder) => tell(folder, file, order, outcome, context)));
  if (isTaken.includes(false)) context.end(EXIT.failed);
}

/** Leaves the word in the run's folder and waits until the session has taken it; false when it has not. */
async function tell(
  folder: string,
  file: string,
  order: KillSwitchOrder,
  outcome: string,
  { cwd, output, stop }: CommandContext,
): Promise<boolean> {
  const name = relative(cwd, folder) || folder;
  const clock = createSystemClock();
  const deadlineNs = clock.monotonicNs() + WAIT_MS * 1e6;
  if (!isLiveFolder(folder)) return hasEnded(name, cwd, output);
  leaveOrder(folder, file, order);
  while (isLeft(folder, file)) {
    if (!isLiveFolder(folder) && takeBackOrder(folder, file)) return hasEnded(name, cwd, output);
    if (stop.aborted || clock.monotonicNs() > deadlineNs) {
      output.line(
        colors.yellow(
          `the session of ${name} has not taken it yet: ${join(name, file)} stays, and is taken as soon as it looks`,
        ),
      );
      return false;
    }
    await clock.sleep(LOOK_EVERY_MS);
  }
  output.line(`${colors.green(outcome)}: the session of ${name} has heard it`);
  return order.answerTo === undefined || (await showFlat(folder, name, order.answerTo, output, stop));
}

/** Waits for how the flattening ended, and says it; false unless all is closed. */
async function showFlat(
  folder: string,
  name: string,
  answerTo: string,
  output: Output,
  stop: AbortSignal,
): Promise<boolean> {
  const clock = createSystemClock();
  const deadlineNs = clock.monotonicNs() + FLAT_WITHIN_MS * 1e6;
  for (;;) {
    const isLive = isLiveFolder(folder); // asked before the answer is looked for: what it says at its end is heard
    const isFlat = takeFlatAnswer(folder, answerTo);
    if (isFlat === true) output.line(`${colors.green("flat")}: nothing is held that the venue's steps let us close`);
    if (isFlat === false)
      output.line(colors.red("not flat: positions could not be closed in time; its report has them"));
    if (isFlat !== undefined) return isFlat;
    if (!isLive || stop.aborted || clock.monotonicNs() > deadlineNs) {
      output.line(colors.yellow(`the session of ${name} has not said whether it is flat: look at its report`));
      return false;
    }
    await clock.sleep(LOOK_EVERY_MS);
  }
}

function hasEnded(name: string, cwd: string, output: Output): false {
  const live = liveRunFolders(cwd).map((folder) => relative(cwd, folder) || ".");
  const others = live.length === 0 ? "no session lives here" : `those that live here: ${live.join(", ")}`;
  output.line(colors.red(`the session of ${name} has ended: nobody was told anything; ${others}`));
  return false;
}
