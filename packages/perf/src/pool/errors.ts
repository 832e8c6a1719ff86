import { PitlaneError } from "../errors.ts";

/** Everything the pool may hold is in use. Nothing was taken. */
export class PoolExhaustedError extends PitlaneError {
  readonly code = "POOL_EXHAUSTED";
  readonly retryable = true;

  constructor(max: number) {
    super(`all ${max} of the pool are in use: one was not released, or the pool is too small`);
  }
}

/** What was given back never came from this pool. The pool is as before. */
export class ForeignReleaseError extends PitlaneError {
  readonly code = "FOREIGN_RELEASE";
  readonly retryable = false;
}

/** A slot's handle was used after its release. Nothing was read or changed. */
export class StaleHandleError extends PitlaneError {
  readonly code = "STALE_HANDLE";
  readonly retryable = false;

  constructor(handle: number) {
    super(`handle ${handle} is of no slot in use: it was released before, or is of another pool`);
  }
}

/** No resource could be had in time; the caller no longer waits for one. */
export class AcquireTimeoutError extends PitlaneError {
  readonly code = "ACQUIRE_TIMEOUT";
  readonly retryable = true;

  constructor(timeoutMs: number) {
    super(`no resource within ${timeoutMs} ms`);
  }
}

/** A task ran longer than it may. Its thread was ended, and the next task gets a new one. */
export class TaskTimeoutError extends PitlaneError {
  readonly code = "TASK_TIMEOUT";
  readonly retryable = false;

  constructor(timeoutMs: number) {
    super(`the task ran for ${timeoutMs} ms, which is as long as it may`);
  }
}

/** The thread ended under its task, or could not start: an exit, a lack of memory, a file that throws. `cause` says which. */
export class WorkerCrashedError extends PitlaneError {
  readonly code = "WORKER_CRASHED";
  readonly retryable = false;

  constructor(cause: unknown) {
    super("the worker thread ended before the task", { cause });
  }
}
