import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { type Clock, InvalidInputError } from "@pitlane/perf";
import { type Moment, MomentReader, runUpdateTest, type UpdateTestResult } from "pitlane";

/** What the runtime does on threads and in processes of its own; undefined where it is not to be had. */
export interface RuntimeParts {
  /** The performance test of 10,000 updates. */
  readonly updateTest: ((signal: AbortSignal) => Promise<UpdateTestResult>) | undefined;
  /** A run, by its journal, as it stood at a moment. */
  readonly momentOf: ((journalPath: string, atUs: number, signal: AbortSignal) => Promise<Moment>) | undefined;
}

/** Those of the runtime that is installed beside this package. */
export function runtimeParts(clock: Clock): RuntimeParts {
  const program = findProgram();
  let isTesting = false;
  const moments = program === undefined ? undefined : new MomentReader([process.execPath, program]);
  return {
    async updateTest(signal) {
      if (isTesting) throw new InvalidInputError("a performance test is running: two would only measure each other");
      isTesting = true;
      try {
        return await runUpdateTest({ clock, signal });
      } finally {
        isTesting = false;
      }
    },
    momentOf: moments && ((path, atUs, signal) => moments.of({ runFolder: path, atUs, signal })),
  };
}

/** The runtime's own program: whoever embeds the runtime has another one in `process.argv`. */
function findProgram(): string | undefined {
  try {
    return join(dirname(createRequire(import.meta.url).resolve("pitlane/package.json")), "bin", "pitlane.mjs");
  } catch {
    return undefined; // bundled into one file: it can do without
  }
}
