import { PitlaneError, RequestError } from "../errors.ts";

/** The mailbox cannot be read, and waiting will not mend it: a wrong password, name or certificate. Nothing of the login was sent on. */
export class MailboxError extends RequestError {
  readonly code = "MAILBOX";
  readonly retryable = false;
  readonly outcome = "unsent";
}

/** A package that this part needs and that is not installed with it. */
export class MissingPackageError extends PitlaneError {
  readonly code = "MISSING_PACKAGE";
  readonly retryable = false;
}
