import { fileURLToPath } from "node:url";

/** Our own files, whether they are installed, built or run from their sources; and Node's. */
const OWN = /^node:|[\\/]node_modules[\\/]|[\\/]packages[\\/](?:perf|paper|sdk|runtime)[\\/](?:src|dist)[\\/]/;
const FRAME = /^\s*at (?:.*\()?((?:file:\/\/)?[^()]+?):(\d+):\d+\)?$/;

/**
 * Where in a strategy an error comes from: ` at /desk/strategy.ts:12`, of the first frame of its stack that is not ours; nothing when no
 * frame is, or there is no stack. Pure.
 */
export function placeOf(error: unknown): string {
  const stack = error instanceof Error ? error.stack : undefined;
  if (typeof stack !== "string") return ""; // what a plugin throws may hold anything
  for (const line of stack.split("\n")) {
    const [, file, row] = FRAME.exec(line) ?? [];
    if (file === undefined || row === undefined || OWN.test(file)) continue;
    return ` at ${file.startsWith("file://") ? fileURLToPath(file) : file}:${row}`;
  }
  return "";
}
