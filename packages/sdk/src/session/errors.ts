import { PitlaneError, RequestError, type RequestOutcome } from "../errors.ts";

/** The session cannot be renewed: what it was renewed with was refused. Log in again, or supply new tokens. */
export class SessionLostError extends RequestError {
  readonly code = "SESSION_LOST";
  readonly retryable = false;
  /** `unsent` for a call that found the session lost; `refused` for the one whose refusal led to it. */
  readonly outcome: Exclude<RequestOutcome, "unknown">;

  constructor(message: string, options: { readonly cause: unknown; readonly outcome?: "unsent" | "refused" }) {
    super(message, { cause: options.cause });
    this.outcome = options.outcome ?? "unsent";
  }
}

/** The session has run out and could not be renewed for now. Nothing was sent; `cause` is what the renewal failed with. */
export class SessionUnavailableError extends RequestError {
  readonly code = "SESSION_UNAVAILABLE";
  readonly retryable = true;
  readonly outcome = "unsent";
  /** Whole milliseconds until the renewal is tried again: calls before that fail at once. */
  readonly retryAfterMs: number;

  constructor(message: string, options: { readonly cause: unknown; readonly retryAfterMs: number }) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A token's claims cannot be read. Never shows the token. */
export class UnreadableTokenError extends PitlaneError {
  readonly code = "TOKEN_UNREADABLE";
  readonly retryable = false;
}

/** A stored session could not be read or written. Nothing was sent, and no message shows what is stored. */
export abstract class SessionStoreError extends RequestError {
  readonly retryable = false;
  readonly outcome = "unsent";
}

/** The file system refused: no right, no space, a folder in its place. `cause` is its error. */
export class SessionFileAccessError extends SessionStoreError {
  readonly code = "SESSION_FILE_ACCESS";
}

/** What is stored is no session, is cut short, or was altered. Clear the store and log in again. */
export class SessionCorruptError extends SessionStoreError {
  readonly code = "SESSION_CORRUPT";
}

/** The file is whole and was sealed with another passphrase. */
export class WrongPassphraseError extends SessionStoreError {
  readonly code = "WRONG_PASSPHRASE";
}

/** Others than its owner may read or write the file. It is not used until that is mended. */
export class SessionFileExposedError extends SessionStoreError {
  readonly code = "SESSION_FILE_EXPOSED";
}
