import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { InvalidInputError } from "@pitlane/perf";
import type { Terminal } from "./output.ts";

/** Where a command reads from; `process.stdin` is one. */
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };

const MAX_INPUT_CHARACTERS = 65_536;

/**
 * Asks a person for a line and shows nothing of what they type.
 *
 * @throws {InvalidInputError} When the input ends or Ctrl-C is pressed before the line does; `signal`'s reason when it is aborted.
 */
export async function askHidden(question: string, input: Input, out: Terminal, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: true, historySize: 0 });
  let onAbort = () => {};
  out.write(question);
  try {
    return await new Promise<string>((resolve, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener("abort", onAbort, { once: true });
      lines.on("line", resolve);
      const stopped = () => reject(new InvalidInputError("stopped: nothing was entered"));
      lines.on("SIGINT", stopped);
      lines.on("close", stopped);
    });
  } finally {
    signal.removeEventListener("abort", onAbort);
    lines.close();
    out.write("\n");
  }
}

/** All of a piped input, without the line end that `echo` adds. @throws {InvalidInputError} When it is longer than any secret. */
export async function readPiped(input: Input): Promise<string> {
  let text = "";
  for await (const chunk of input) {
    text += chunk.toString();
    if (text.length > MAX_INPUT_CHARACTERS)
      throw new InvalidInputError(`the input has more than ${MAX_INPUT_CHARACTERS} characters`);
  }
  return text.replace(/\r?\n$/, "");
}
