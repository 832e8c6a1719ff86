import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { runProgram } from "../../src/cli/main.ts";

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** What is piped in; nothing unless given. */
  readonly piped?: string;
  /** Answers of a person on a terminal, typed as they are asked for; a function for one that is not known before. */
  readonly typed?: readonly (string | (() => string))[];
}

/** Runs `pitlane ARGS` in this process, on a host of the test's own. */
export async function run(args: readonly string[], { cwd, env = {}, piped = "", typed }: RunOptions = {}) {
  const folder = cwd ?? mkdtempSync(join(tmpdir(), "pitlane-cli-"));
  const stdin = Object.assign(new PassThrough(), { isTTY: typed !== undefined });
  if (typed === undefined) stdin.end(piped);
  const answers = [...(typed ?? [])];
  let out = "";
  let err = "";
  const stdout = {
    write: (text: string) => {
      out += text;
      // A question ends with a colon and no line end: a person answers now.
      if (text.endsWith(": ")) setImmediate(() => stdin.write(`${answerOf(answers.shift())}\r`));
    },
  };
  const code = await runProgram(args, {
    cwd: folder,
    env,
    stdin,
    stdout,
    stderr: { write: (text: string) => (err += text) },
    stop: new AbortController().signal,
  });
  return { code, out, err, cwd: folder };
}

/** Ctrl-C when there is none left. */
function answerOf(answer: string | (() => string) = "\x03"): string {
  return typeof answer === "string" ? answer : answer();
}
