import { InvalidInputError } from "@pitlane/perf";
import { check, checkObject } from "../checks.ts";

const EXCERPT_CHARACTERS = 80;

/**
 * A recording cannot be used. The message names the file, the line where there is one, what is wrong and what to do.
 *
 * @example
 * try { await openRecording(paths); }
 * catch (error) { if (error instanceof RecordingError) console.error(error.message); }
 */
export class RecordingError extends InvalidInputError {
  override readonly code = "INVALID_RECORDING";
  readonly path: string;
  /** Counted from 1, blank lines too, in the unpacked text. `undefined` when the whole file is meant. */
  readonly line: number | undefined;

  constructor(what: string, place: { readonly path: string; readonly line?: number; readonly cause?: unknown }) {
    check(typeof what === "string", "what", "text", what);
    checkObject("place", place);
    const { path, line, cause } = place;
    check(typeof path === "string", "place.path", "text", path);
    super(`${line === undefined ? path : `${path}:${line}`}: ${what}`, { cause });
    this.path = path;
    this.line = line;
  }
}

/** What is wrong with one line, told by code that does not know which line it is. Never leaves this folder. */
export class LineProblem extends Error {
  readonly remedy: string;

  constructor(
    what: string,
    { remedy = "repair or delete that line", cause }: { remedy?: string; cause?: unknown } = {},
  ) {
    super(what, { cause });
    this.remedy = remedy;
  }

  /** The same, with its place and the beginning of the line. */
  at(path: string, line: number, text: string): RecordingError {
    return new RecordingError(`${this.message}; ${this.remedy}: ${excerpt(text)}`, { path, line, cause: this.cause });
  }
}

/** The line is whole, but cannot stand in this recording: of another venue or product, or out of order. */
export class MisplacedLine extends LineProblem {}

// Longer than any name or number of a market's message: a listen key, a signature.
const CREDENTIAL = /[A-Za-z0-9]{40,}/g;

/** The first 80 characters of `text`, safe to print on one line and without credentials. */
export function excerpt(text: string): string {
  const shown = text
    .slice(0, 4 * EXCERPT_CHARACTERS)
    .replace(CREDENTIAL, "***")
    .slice(0, EXCERPT_CHARACTERS)
    .replace(/\p{Cc}/gu, "\ufffd");
  return text.length > EXCERPT_CHARACTERS ? `${shown}...` : shown;
}
