import type { Clock } from "@pitlane/perf";
import type { Config } from "./config/schema.ts";
import type { CoreOptions } from "./core/core.ts";
import { type Divergence, Replay } from "./core/replay.ts";
import { readRowsWithSegments } from "./journal/read.ts";
import { fromInstrumentRecord } from "./orders/records.ts";
import type { PluginEntry } from "./plugins/host.ts";
import { readStart } from "./run-record.ts";

/** The settings that decisions follow from. */
type DecidingSettings = keyof CoreOptions["config"];

export interface ReplayRunOptions {
  readonly journalPath: string;
  /** The strategies of the run, loaded anew. */
  readonly plugins: readonly PluginEntry[];
  /** What if these had been the settings: decisions that differ are counted, and the replay goes on. What is left out is that of the run. */
  readonly whatIf?: Partial<Pick<Config, DecidingSettings>>;
  /** First row whose decisions are compared; what came before is replayed all the same. Default 1. */
  readonly fromSeq?: number;
  /** Last row that is replayed; default the journal's last. */
  readonly untilSeq?: number;
  readonly clock: Clock;
  /** A line of a plugin, for people. */
  readonly log: (source: string, message: string) => void;
  readonly signal?: AbortSignal;
}

/** What a replay found. */
export interface ReplayReport {
  readonly run: { readonly id: string; readonly version: string; readonly strategies: readonly string[] };
  readonly isWhatIf: boolean;
  readonly rows: number;
  /** Inputs given to the core: market events, ends of frames, timers, reports and all else. */
  readonly inputs: number;
  /** Decisions that are those of the run, byte for byte. */
  readonly decisions: number;
  readonly divergences: number;
  /** The first of them; null when there is none. */
  readonly first: Divergence | null;
  readonly elapsedMs: number;
}

/**
 * Replays a run from its journal through the same code, and compares each decision.
 *
 * @throws {InvalidInputError} When the journal is missing or none, or a plugin's setup fails. @throws The signal's reason.
 * @example
 * const report = await replayRun({ journalPath: "run/journal.db", plugins: [{ plugin }], clock, log });
 * report.divergences; // 0
 */
export async function replayRun(options: ReplayRunOptions): Promise<ReplayReport> {
  const { journalPath, plugins, whatIf, fromSeq = 1, untilSeq, clock, log, signal } = options;
  const startedNs = clock.monotonicNs();
  const start = readStart(journalPath);
  const replay = await Replay.create({
    runKey: start.key,
    config: { ...start.config, ...whatIf },
    instruments: start.instruments.map(fromInstrumentRecord),
    plugins,
    seed: start.config.seed,
    budgets: start.config.budgets,
    startedAtUs: start.startedAtUs,
    fromSeq,
    goesOn: whatIf !== undefined,
    clock,
    log,
    onFault: log,
  });
  try {
    for await (const row of readRowsWithSegments(journalPath, { untilSeq })) {
      signal?.throwIfAborted();
      await replay.take(row);
      if (replay.isOver) break;
    }
    if (!replay.isOver) replay.end();
  } finally {
    await replay.close();
  }
  const { rows, inputs, decisions, divergences, first } = replay.tally;
  return {
    run: { id: start.id, version: start.version, strategies: start.plugins.map(({ name }) => name) },
    isWhatIf: whatIf !== undefined,
    rows,
    inputs,
    decisions,
    divergences,
    first: first ?? null,
    elapsedMs: Math.round((clock.monotonicNs() - startedNs) / 1e3) / 1e3,
  };
}
