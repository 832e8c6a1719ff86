import { PitlaneError } from "../errors.ts";

/** As many callers wait as may; this one was refused before anything was done for it. */
export class QueueFullError extends PitlaneError {
  readonly code = "QUEUE_FULL";
  readonly retryable = true;
  /** Callers waiting when it was refused: the bound. */
  readonly waiting: number;

  constructor(waiting: number) {
    super(`${waiting} callers wait already, and no more may`);
    this.waiting = waiting;
  }
}

/** The part was closed before the call. */
export class ClosedError extends PitlaneError {
  readonly code = "CLOSED";
  readonly retryable = false;
}
