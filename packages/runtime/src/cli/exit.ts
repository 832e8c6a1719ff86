import { InvalidInputError, PitlaneError, RequestError } from "@pitlane/sdk";
import { HookOrderError } from "../hooks/errors.ts";
import type { Report } from "../report.ts";

/** What a process says by ending: the one table of the whole CLI. */
export const EXIT = {
  done: 0,
  /** Anything that no other code names. */
  failed: 1,
  /** Bad usage, config or input: nothing was traded. */
  badInput: 2,
  /** The venue could not be reached or refused the login. */
  venue: 3,
  /** Halted by risk. */
  halted: 4,
  /** Orders of the run may still be open at the venue, or nobody knows what became of them. */
  unsettled: 5,
} as const;

/** What was given cannot be begun with: bad input, by an error that in the midst of the work would be a failure. Its code stays. */
export class RefusedInputError extends InvalidInputError {
  override readonly code: string;

  constructor(cause: PitlaneError) {
    super(cause.message, { cause });
    this.code = cause.code;
  }
}

/** Exit code of a session that has ended. What is left at the venue is said before anything else: somebody must look. Pure. */
export function exitCodeOfRun({ run, orders }: Pick<Report, "run" | "orders">): number {
  if (orders.open > 0) return EXIT.unsettled;
  if (run.endedBy === "riskHalted") return EXIT.halted;
  return run.endedBy === "halted" ? EXIT.failed : EXIT.done;
}

/** Exit code of an error that ended a command. Pure. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InvalidInputError || error instanceof HookOrderError) return EXIT.badInput;
  return error instanceof RequestError ? EXIT.venue : EXIT.failed;
}

/** ` [PLUGIN_CYCLE]`: the code that the guides explain; nothing where an error has none of its own. Pure. */
export function codeOf(error: unknown): string {
  return error instanceof PitlaneError && error.code !== "INVALID_INPUT" ? ` [${error.code}]` : "";
}
