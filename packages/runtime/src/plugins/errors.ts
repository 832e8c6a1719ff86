import { InvalidInputError, PitlaneError } from "@pitlane/perf";

/** What can be wrong with plugins before the first event. Stable. */
export type PluginBootCode =
  | "PLUGIN_DUPLICATE"
  | "PLUGIN_HOST_VERSION"
  | "PLUGIN_BAD_RANGE"
  | "PLUGIN_MISSING_NEED"
  | "PLUGIN_NEED_VERSION"
  | "PLUGIN_DUPLICATE_PROVIDER"
  | "PLUGIN_CYCLE"
  | "PLUGIN_NOT_PROVIDED"
  | "PLUGIN_CONFIG"
  | "PLUGIN_SETUP"
  | "PLUGIN_STATE"
  | "PLUGIN_WORKER";

/** A plugin cannot be started: nothing of the session has run. The message names the path to the fault and the fix. */
export class PluginBootError extends InvalidInputError {
  override readonly code: PluginBootCode;
  /** Plugins and capabilities on the way to the fault, `["a", "b", "a"]` for a cycle. */
  readonly path: readonly string[];
  /** What to do about it. */
  readonly fix: string;

  constructor(
    code: PluginBootCode,
    message: string,
    { path, fix, cause }: { readonly path: readonly string[]; readonly fix: string; readonly cause?: unknown },
  ) {
    super(fix === "" ? message : `${message}: ${fix}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.path = path;
    this.fix = fix;
  }
}

/** A plugin asked for what its permissions do not give it. Nothing was done. */
export class PermissionError extends PitlaneError {
  readonly code = "PLUGIN_PERMISSION";
  readonly retryable = false;
}

/** A plugin that is closed, or was replaced by newer code, tried to act: it kept a reference to its context. */
export class PluginClosedError extends PitlaneError {
  readonly code = "PLUGIN_CLOSED";
  readonly retryable = false;

  constructor(plugin: string) {
    super(`${plugin} is closed: its context does nothing any more`);
  }
}

/** The message of anything thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
