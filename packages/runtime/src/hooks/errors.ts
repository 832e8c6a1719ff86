import { PitlaneError } from "@pitlane/perf";

/** The order that hooks ask for cannot be kept. */
export class HookOrderError extends PitlaneError {
  readonly code = "HOOK_ORDER";
  readonly retryable = false;
  /** Names of the plugins concerned; of a cycle, in order, the first again at the end. */
  readonly path: readonly string[];

  constructor(message: string, path: readonly string[]) {
    super(message);
    this.path = path;
  }
}

/** A hot hook returned a promise. What it does after its first `await` would happen at no defined moment, so it counts as a fault. */
export class HookReturnedPromiseError extends PitlaneError {
  readonly code = "HOOK_RETURNED_PROMISE";
  readonly retryable = false;

  constructor(kind: string) {
    super(`a hook of "${kind}" returned a promise: these hooks are synchronous, so start no async work in them`);
  }
}

/** A voter returned something that is no verdict. */
export class NoVerdictError extends PitlaneError {
  readonly code = "NO_VERDICT";
  readonly retryable = false;

  constructor(kind: string, returned: unknown) {
    super(`a vote on "${kind}" returned ${typeof returned}: return allow() or deny(code, reason)`);
  }
}

/** A control hook threw. `cause` is what it threw. */
export class ControlHookError extends PitlaneError {
  readonly code = "CONTROL_HOOK_FAILED";
  readonly retryable = false;
  readonly plugin: string;
  readonly phase: string;

  constructor(plugin: string, phase: string, cause: unknown) {
    super(`plugin ${plugin} failed in ${phase}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.plugin = plugin;
    this.phase = phase;
  }
}

/** A control hook did not end in time. Its signal has been aborted; what it still does goes unheard. */
export class ControlHookTimeoutError extends PitlaneError {
  readonly code = "CONTROL_HOOK_TIMEOUT";
  readonly retryable = false;
  readonly plugin: string;
  readonly phase: string;

  constructor(plugin: string, phase: string, timeoutMs: number) {
    super(`plugin ${plugin} did not finish ${phase} within ${timeoutMs} ms`);
    this.plugin = plugin;
    this.phase = phase;
  }
}
