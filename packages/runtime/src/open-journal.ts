import type { Instrument } from "@pitlane/sdk";
import type { Core } from "./core/core.ts";
import { jsonRows, recover } from "./core/recovery.ts";
import { Journal } from "./journal/journal.ts";
import { readRows } from "./journal/read.ts";
import { instrumentsById } from "./orders/records.ts";
import { resumeRecord, startRecord } from "./run-record.ts";
import type { RuntimeOptions } from "./runtime-types.ts";

/** Begins a run's journal, or goes on with it from where an earlier process was: `core` is then brought there. */
export function openJournal(
  options: RuntimeOptions,
  instruments: readonly Instrument[],
  core: Core,
  startedAtUs: number,
): Journal {
  const { journalPath, clock, config, isResumed = false } = options;
  const journalOptions = { path: journalPath, clock, durability: config.journal.durability };
  if (!isResumed) {
    const journal = Journal.create(journalOptions);
    journal.append("run.start", startRecord(options, instruments, startedAtUs), core.at(journal.nowUs()));
    journal.commit();
    return journal;
  }
  const journal = Journal.resume(journalOptions);
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
