import { InvalidInputError } from "@pitlane/perf";
import type { Instrument } from "@pitlane/sdk";
import type { Config } from "./config.ts";
import type { Core } from "./core/core.ts";
import type { CoreRecord } from "./core/core-record.ts";
import type { JournalRow } from "./journal/chain.ts";
import { readRows, readRowsWithSegments } from "./journal/read.ts";
import { type InstrumentRecord, toInstrumentRecord } from "./orders/records.ts";
import { nameOf } from "./plugins/entry.ts";
import type { RunMode } from "./report.ts";
import type { RuntimeOptions } from "./runtime-types.ts";
import { VERSION } from "./version.ts";

/** The first row of a journal: what a run was started with, enough to run it again. */
export interface StartRecord {
  readonly id: string;
  readonly key: string;
  readonly mode: RunMode;
  /** Pitlane's version. */
  readonly version: string;
  /** Node's version. */
  readonly node: string;
  readonly config: Config;
  /** When its plugins were set up, microseconds since the epoch. */
  readonly startedAtUs: number;
  readonly plugins: readonly { readonly name: string; readonly version: string }[];
  readonly instruments: readonly InstrumentRecord[];
}

/** The row that a process writes when it has taken a run over from one that was killed. */
export interface ResumeRecord {
  readonly version: string;
  readonly node: string;
  /** When the plugins were set up again, microseconds since the epoch. */
  readonly startedAtUs: number;
  /** What was recovered: a replay must come to the same. */
  readonly core: CoreRecord;
}

export function resumeRecord(core: Core, startedAtUs: number): ResumeRecord {
  return { version: VERSION, node: process.version, startedAtUs, core: core.record() };
}

/**
 * How a run was started, from its journal.
 *
 * @throws {InvalidInputError} When it is missing, no journal, or does not begin with that.
 * @throws {JournalSegmentError} When the run was archived: `readStartWithSegments` waits for its segment.
 */
export function readStart(journalPath: string): StartRecord {
  const [first] = readRows(journalPath, { untilSeq: 1 });
  return startIn(journalPath, first);
}

/** As `readStart`, of a run that may have been archived. @throws {JournalSegmentError} When its segment is missing or damaged. */
export async function readStartWithSegments(journalPath: string): Promise<StartRecord> {
  for await (const first of readRowsWithSegments(journalPath, { untilSeq: 1 })) return startIn(journalPath, first);
  return startIn(journalPath, undefined);
}

function startIn(journalPath: string, first: JournalRow | undefined): StartRecord {
  if (first?.kind === "run.start" && typeof first.body === "string") return JSON.parse(first.body) as StartRecord;
  throw new InvalidInputError(
    first?.kind === "record.start"
      ? `${journalPath} is a recording of a market, not of a run: there are no decisions to replay or to go on from`
      : `${journalPath} does not say how its run was started: the process ended before it had begun`,
  );
}

export function startRecord(
  { run, mode, config, plugins }: RuntimeOptions,
  instruments: readonly Instrument[],
  startedAtUs: number,
): StartRecord {
  return {
    id: run.id,
    key: run.key,
    mode,
    version: VERSION,
    node: process.version,
    config,
    startedAtUs,
    plugins: plugins.map((entry) => ({ name: nameOf(entry), version: entry.plugin.version })),
    instruments: instruments.map(toInstrumentRecord),
  };
}
