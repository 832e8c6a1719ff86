import { PitlaneError } from "@pitlane/perf";

/** The journal could not be written or read: nothing that depends on it may go on. */
export class JournalError extends PitlaneError {
  readonly code: string = "JOURNAL";
  readonly retryable: boolean = false;
}

/** Another process writes this journal. Repeating helps once that one has ended; its end, in whatever way, frees the journal. */
export class JournalLockedError extends JournalError {
  override readonly code = "JOURNAL_LOCKED";
  override readonly retryable = true;
  /** The process that holds it; undefined when the lock does not tell. */
  readonly pid: number | undefined;

  constructor(message: string, { pid }: { readonly pid: number | undefined }) {
    super(message);
    this.pid = pid;
  }
}

/** What the journal holds is not what was written: a damaged page, a changed row, a hole. */
export class JournalCorruptError extends JournalError {
  override readonly code = "JOURNAL_CORRUPT";
  /** First row that is damaged, changed or missing; undefined when all rows are whole and only the file around them is not. */
  readonly firstBadSeq: number | undefined;
  /** Rows before it, all of which are as they were written. */
  readonly intactRows: number;

  constructor(
    message: string,
    options: { readonly firstBadSeq: number | undefined; readonly intactRows: number; readonly cause?: unknown },
  ) {
    super(message, { cause: options.cause });
    this.firstBadSeq = options.firstBadSeq;
    this.intactRows = options.intactRows;
  }
}

/** The file was written by another version of Pitlane. */
export class JournalVersionError extends JournalError {
  override readonly code = "JOURNAL_VERSION";
  /** Version of the file's tables. */
  readonly version: number;

  constructor(message: string, { version }: { readonly version: number }) {
    super(message);
    this.version = version;
  }
}

/** The body of a row lies in a segment that is missing, damaged, or cannot be read without waiting. */
export class JournalSegmentError extends JournalError {
  override readonly code = "JOURNAL_SEGMENT";
}
