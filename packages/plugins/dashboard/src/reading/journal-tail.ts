import { lastRow, readRowsWithSegments } from "pitlane";
import type { JournalHead } from "../protocol.ts";
import { toHead } from "./rows.ts";

export interface TailQuery {
  readonly path: string;
  /** Rows above it; 0 or more. From now on when left out. */
  readonly after?: number | undefined;
  /** 1 to 500. */
  readonly limit: number;
}

export interface TailAnswer {
  /** Oldest first. */
  readonly rows: readonly JournalHead[];
  /** For the next call's `after`. */
  readonly last: number;
  /** Older new rows that there was no room for. */
  readonly skipped: number;
}

/** What was written to a journal since the last look: its newest rows. @throws As `readRowsWithSegments`. */
export async function readTail({ path, after, limit }: TailQuery): Promise<TailAnswer> {
  const last = lastRow(path)?.seq ?? 0;
  if (after === undefined || last <= after) return { rows: [], last: Math.max(last, after ?? 0), skipped: 0 };
  const from = Math.max(after + 1, last - limit + 1);
  const rows: JournalHead[] = [];
  for await (const row of readRowsWithSegments(path, { fromSeq: from, untilSeq: last })) rows.push(toHead(row));
  return { rows, last, skipped: from - after - 1 };
}
