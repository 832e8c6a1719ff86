import { type Clock, InvalidInputError } from "@pitlane/perf";
import type { Config } from "./config/schema.ts";
import type { CoreOptions } from "./core/core-options.ts";
import { type Divergence, Replay } from "./core/replay.ts";
import { JournalCorruptError } from "./journal/errors.ts";
import { lastRow, readRowsWithSegments } from "./journal/read.ts";
import { verifyJournal } from "./journal/verify.ts";
import { fromInstrumentRecord } from "./orders/records.ts";
import type { PluginEntry } from "./plugins/host.ts";
import { readStartWithSegments } from "./run-record.ts";

/** The settings that decisions follow from. */
type DecidingSettings = keyof CoreOptions["config"];

/** Last rows of a run that is over. A journal without one was cut, left by a process that was killed, or is being written. */
const ENDS: ReadonlySet<string> = new Set(["run.end", "run.failed"]);

export interface ReplayRunOptions {
  readonly journalPath: string;
  /** The strategies of the run, loaded anew. */
  readonly plugins: readonly PluginEntry[];
  /** What if these had been the settings: decisions that differ are counted, and the replay goes on. What is left out is that of the run. */
  readonly whatIf?: Partial<Pick<Config, DecidingSettings>>;
  /** First row whose decisions are compared and counted; what came before is replayed all the same. Default 1. */
  readonly fromSeq?: number;
  /** Last row that is replayed; default the journal's last. What an input before it led to after it is not judged. */
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
  /** Decisions from `fromSeq` on that are those of the run, byte for byte. */
  readonly decisions: number;
  readonly divergences: number;
  /** The first of them; null when there is none. */
  readonly first: Divergence | null;
  readonly elapsedMs: number;
}

/**
 * Replays a run from its journal through the same code, and compares each decision.
 *
 * The chain of the journal is followed first: what is replayed is what was written.
 *
 * @throws {InvalidInputError} When the journal is missing or none, has no run or no row `fromSeq`, or a plugin's setup fails.
 * @throws {JournalCorruptError} When its chain is broken at or before `untilSeq`. @throws {JournalSegmentError} When a segment is missing or damaged.
 * @throws The signal's reason.
 * @example
 * const report = await replayRun({ journalPath: "run/journal.db", plugins: [{ plugin }], clock, log });
 * report.divergences; // 0
 */
export async function replayRun(options: ReplayRunOptions): Promise<ReplayReport> {
  const { journalPath, plugins, whatIf, fromSeq = 1, untilSeq, clock, log, signal } = options;
  const startedNs = clock.monotonicNs();
  const start = await readStartWithSegments(journalPath);
  checkRows(journalPath, fromSeq, untilSeq);
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
  let lastKind = "";
  try {
    for await (const row of readRowsWithSegments(journalPath, { untilSeq })) {
      signal?.throwIfAborted();
      await replay.take(row);
      lastKind = row.kind;
      if (replay.isOver) break;
    }
    if (!replay.isOver && ENDS.has(lastKind)) replay.end();
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

/** Bodies in segments are compared with the chain as they are read. */
function checkRows(journalPath: string, fromSeq: number, untilSeq = Number.MAX_SAFE_INTEGER): void {
  const { events, fault } = verifyJournal(journalPath);
  if (fault !== undefined && events < untilSeq)
    throw new JournalCorruptError(
      `${journalPath} is broken: ${fault}; the ${events} events before it are intact${events > 0 ? `, and are replayed with --until ${events}` : ""}`,
      { firstBadSeq: events + 1, intactRows: events },
    );
  const lastSeq = lastRow(journalPath)?.seq ?? 0;
  if (fromSeq > lastSeq)
    throw new InvalidInputError(`${journalPath} has no event ${fromSeq} to compare from: the last is ${lastSeq}`);
}
