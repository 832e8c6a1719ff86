import { dirname, join, relative } from "node:path";
import { createSystemClock, InvalidInputError } from "@pitlane/perf";
import type { Command } from "commander";
import { HALT_FILE, isLeft, type KillSwitchOrder, leaveOrder, RESUME_FILE } from "../../kill-switch.ts";
import { EXIT } from "../exit.ts";
import { latestRun } from "../find-run.ts";
import type { CommandContext } from "../main.ts";
import { colors } from "../output.ts";
import { findJournal } from "./replay.ts";

interface HaltFlags {
  readonly reason?: string;
  readonly flatten?: true;
  readonly reduceOnly?: true;
}

const WAIT_MS = 5000;
const LOOK_EVERY_MS = 20;

const HELP = `
A halt denies every new order and cancels all that are open; by default the session then closes with exit code 4 (risk.afterHalt).
The same is done by a file named "halt" in the run's folder, and by the signal SIGUSR2.
Exit code: 0 the session has heard it; 1 no session took it within 5 s: the word stays, for the session that goes on with the run.`;

/** `pitlane halt [RUN]`: the kill switch of a session on this machine. */
export function addHalt(program: Command, context: CommandContext): void {
  program
    .command("halt")
    .description("stop a running session's trading: deny new orders, cancel all open ones")
    .argument("[run]", "the run's id, its folder, or its journal (default: the latest run here)")
    .option("--flatten", "close what it holds at the market as well")
    .option("--reduce-only", "let orders pass that can only shrink a position, in place of a full stop")
    .option("--reason <text>", "why, for the journal and the report")
    .addHelpText("after", HELP)
    .action(async (run: string | undefined, { reason = "", flatten, reduceOnly }: HaltFlags) => {
      if (flatten === true && reduceOnly === true)
        throw new InvalidInputError("--flatten halts, and --reduce-only does not: leave one out");
      const order: KillSwitchOrder = {
        reason,
        by: "cli",
        ...(flatten === true ? { flatten } : {}),
        ...(reduceOnly === true ? { state: "reduceOnly" } : {}),
      };
      await tell(run, HALT_FILE, order, reduceOnly === true ? "reduce-only" : "halted", context);
    });
}

/** `pitlane resume-trading [RUN]`: lets a halted or reduce-only session trade again. */
export function addResumeTrading(program: Command, context: CommandContext): void {
  program
    .command("resume-trading")
    .description("let a session trade again that was halted or made reduce-only")
    .argument("[run]", "the run's id, its folder, or its journal (default: the latest run here)")
    .option("--reason <text>", "why, for the journal and the report")
    .action(async (run: string | undefined, { reason = "" }: Pick<HaltFlags, "reason">) => {
      await tell(run, RESUME_FILE, { reason, by: "cli" }, "active", context);
    });
}

/** Leaves the word in the run's folder and waits until the session has taken it. */
async function tell(
  run: string | undefined,
  file: string,
  order: KillSwitchOrder,
  outcome: string,
  { cwd, output, stop, end }: CommandContext,
): Promise<void> {
  const folder = dirname(findJournal(run ?? latestRun(cwd), cwd));
  const name = relative(cwd, folder) || folder;
  const clock = createSystemClock();
  const deadlineNs = clock.monotonicNs() + WAIT_MS * 1e6;
  leaveOrder(folder, file, order);
  while (isLeft(folder, file)) {
    if (stop.aborted || clock.monotonicNs() > deadlineNs) {
      output.line(
        colors.yellow(
          `no session of ${name} has taken it: ${join(name, file)} stays for one that goes on with the run`,
        ),
      );
      return end(EXIT.failed);
    }
    await clock.sleep(LOOK_EVERY_MS);
  }
  output.line(`${colors.green(outcome)}: the session of ${name} has heard it`);
}
