import { InvalidInputError, RequestError } from "@pitlane/sdk";

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
} as const;

/** Exit code of an error that ended a command. Pure. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InvalidInputError) return EXIT.badInput;
  return error instanceof RequestError ? EXIT.venue : EXIT.failed;
}
