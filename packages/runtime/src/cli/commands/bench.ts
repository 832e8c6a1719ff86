import { relative, resolve } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import type { Command } from "commander";
import { runUpdateTest } from "../../observe/update-test.ts";
import { EXIT } from "../exit.ts";
import { checkWritable, writeJson } from "../json-file.ts";
import type { CommandContext } from "../main.ts";
import { colors } from "../output.ts";
import { parseWhole } from "../parse.ts";

interface UpdatesFlags {
  readonly updates: string;
  readonly perSecond: string;
  readonly json?: string;
}

/** `pitlane bench updates`: is this machine fast enough? */
export function addBench(program: Command, { cwd, output, stop, end }: CommandContext): void {
  program
    .command("bench")
    .description("measure this machine")
    .command("updates")
    .description("send price updates through an engine of its own: passed when p95 is below 1 ms")
    .option("--updates <count>", "how many, 100 to 1,000,000", "10000")
    .option("--per-second <count>", "how many are due in a second", "10000")
    .option("-j, --json <file>", "write the figures to this file")
    .addHelpText("after", "\nExit code: 0 passed; 1 not passed.")
    .action(async (flags: UpdatesFlags) => {
      const jsonPath = flags.json === undefined ? undefined : checkWritable(resolve(cwd, flags.json));
      const result = await runUpdateTest({
        updates: parseWhole("--updates", flags.updates, 100, 1_000_000),
        perSecond: parseWhole("--per-second", flags.perSecond, 100, 1_000_000),
        clock: createSystemClock(),
        signal: stop,
      });
      const { updates, perSecond, elapsedMs, p50Us, p95Us, p99Us, maxUs, limitUs, passed } = result;
      if (jsonPath !== undefined) writeJson(jsonPath, result);
      output.line(
        `${passed ? colors.green("passed") : colors.red("not passed")}: p95 ${p95Us} us, the limit is ${limitUs} us`,
      );
      output.line(`updates  ${updates} at ${perSecond} a second, in ${elapsedMs} ms`);
      output.line(`latency  p50 ${p50Us} us, p95 ${p95Us} us, p99 ${p99Us} us, longest ${maxUs} us`);
      if (jsonPath !== undefined) output.line(`report   ${relative(cwd, jsonPath) || jsonPath}`);
      end(passed ? EXIT.done : EXIT.failed);
    });
}
