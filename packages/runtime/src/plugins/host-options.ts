import type { Clock } from "@pitlane/perf";
import type { LatencyHistogram } from "@pitlane/perf/metrics";
import type { PluginEntry } from "./entry.ts";
import type { Budgets } from "./quarantine.ts";
import type { HostServices } from "./services.ts";

export interface PluginHostOptions {
  readonly entries: readonly PluginEntry[];
  readonly services: HostServices;
  /** Measures hooks and waits; no decision reads it. */
  readonly clock: Clock;
  /** Of the run; 0 to 2^32 - 1. */
  readonly seed: number;
  /** Whether caches of plugins keep anything. Default true. */
  readonly caches?: boolean;
  /** For plugins that state none, fixed at the start; `DEFAULT_BUDGETS` for what is left out. */
  readonly budgets?: Partial<Budgets>;
  /** Where the time of each hot hook and timer is recorded, by owner, a worker's as it tells once a second. Left out, it is not. */
  readonly hookTimes?: readonly LatencyHistogram[];
  /** Capabilities of the runtime itself. */
  readonly provides?: Readonly<Record<string, { readonly version: string; readonly handle: unknown }>>;
  /** True in a replay: budgets of wall time decide nothing and workers are not started; both come by `applyControl`. */
  readonly isReplay?: boolean;
  /** This program's version, unless told. */
  readonly version?: string;
  /** Longest setup and longest close of a plugin, in milliseconds. Default 30,000. */
  readonly stepTimeoutMs?: number;
  /** The built module that worker threads run; beside this one unless told. */
  readonly workerEntry?: URL;
}

/** Longest setup and longest close of a plugin, unless told. */
export const STEP_TIMEOUT_MS = 30_000;
