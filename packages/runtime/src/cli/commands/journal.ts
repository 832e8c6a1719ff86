import { resolve } from "node:path";
import type { Command } from "commander";
import { verifyJournal } from "../../journal/verify.ts";
import { EXIT } from "../exit.ts";
import type { CommandContext } from "../main.ts";
import { colors } from "../output.ts";

/** `pitlane journal verify FILE...`: is every event of these runs still as it was written? */
export function addJournal(program: Command, { cwd, output, end }: CommandContext): void {
  program
    .command("journal")
    .description("look into a run's journal")
    .command("verify")
    .description("recompute the hash chain of journals")
    .argument("<file...>", "the journals, as the runs' reports name them")
    .action((files: readonly string[]) => {
      const verdicts = files.map((file) => verifyJournal(resolve(cwd, file)));
      for (const [index, { events, headHash, fault }] of verdicts.entries()) {
        const name = files.length > 1 ? `${files[index]}: ` : "";
        if (fault === undefined) output.line(`${name}${colors.green("intact")}: ${events} events, head ${headHash}`);
        else output.line(`${name}${colors.red("broken")}: ${fault}; the ${events} events before it are intact`);
      }
      end(verdicts.every(({ fault }) => fault === undefined) ? EXIT.done : EXIT.failed);
    });
}
