import type { Instrument } from "@pitlane/sdk";
import type { Core } from "./core/core.ts";
import { jsonRows, recover } from "./core/recovery.ts";
import { Journal } from "./journal/journal.ts";
import { readRows } from "./journal/read.ts";
import { instrumentsById } from "./orders/records.ts";
import { resumeRecord, startRecord } from "./run-record.ts";
import type { RuntimeOptions } from "./runtime-types.ts";

/** Opens and locks the journal of the run to go on with; undefined of a new run. Throws as `Journal.resume`. */
export function lockResumed({
  isResumed = false,
  resumed,
  journalPath: path,
  clock,
  config,
}: Pick<RuntimeOptions, "isResumed" | "resumed" | "journalPath" | "clock" | "config">): Journal | undefined {
  if (!isResumed) return undefined;
  return resumed ?? Journal.resume({ path, clock, durability: config.journal.durability });
}

/**
 * Begins a run's journal, or goes on with it from where an earlier process was: `core` is then brought there.
 * @param onBehind See `Journal.onBehind`.
 */
export function openJournal(
  options: RuntimeOptions,
  instruments: readonly Instrument[],
  core: Core,
  startedAtUs: number,
  onBehind: Journal["onBehind"],
): Journal {
  const { journalPath, clock, config } = options;
  const journal = lockResumed(options);
  if (journal === undefined) {
    const begun = Journal.create({ path: journalPath, clock, durability: config.journal.durability });
    begun.onBehind = onBehind;
    begun.append("run.start", startRecord(options, instruments, startedAtUs), core.at(begun.nowUs()));
    begun.commit();
    return begun;
  }
  journal.onBehind = onBehind;
  try {
    const from = { fromSeq: journal.recovery?.lastSnapshotSeq ?? 1 };
    recover(core, jsonRows(readRows(journalPath, from)), instrumentsById(instruments), core.plugins.names);
    journal.append("run.resume", resumeRecord(core, startedAtUs), core.at(journal.nowUs()));
    journal.commit();
    return journal;
  } catch (error) {
    journal.close();
    throw error;
  }
}
