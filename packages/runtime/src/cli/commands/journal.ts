import { resolve } from "node:path";
import type { Command } from "commander";
import { verifyJournal } from "../../journal/verify.ts";
import { EXIT } from "../exit.ts";
import type { CommandContext } from "../main.ts";
import { colors } from "../output.ts";

/** `pitlane journal verify FILE`: is every event of a run still as it was written? */
export function addJournal(program: Command, { cwd, output, end }: CommandContext): void {
  program
    .command("journal")
    .description("look into a run's journal")
    .command("verify")
    .description("recompute the hash chain of a journal")
    .argument("<file>", "the journal, as the run's report names it")
    .action((file: string) => {
      const { events, headHash, fault } = verifyJournal(resolve(cwd, file));
      if (fault === undefined) {
        output.line(`${colors.green("intact")}: ${events} events, head ${headHash}`);
        return end(EXIT.done);
      }
      output.line(`${colors.red("broken")}: ${fault}; the ${events} events before it are intact`);
      end(EXIT.failed);
    });
}
