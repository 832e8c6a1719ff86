import { type JournalRow, lastRow, readRowsWithSegments } from "pitlane";
import type { JournalPage, JournalRowInfo } from "../protocol.ts";
import { toRowInfo } from "./rows.ts";

/** Rows that one search looks at. */
const MOST_LOOKED = 5000;
const CHUNK = 500;

/** Kinds that a filter offers: what a run writes. */
const ROW_KINDS: readonly string[] = [
  "inputs",
  "intent",
  "report",
  "cancel",
  "cancel.end",
  "amend",
  "amend.end",
  "cancel.open",
  "failure",
  "overdue",
  "reconciled",
  "route",
  "risk.state",
  "risk.breach",
  "operator",
  "alert",
  "fault",
  "account",
  "account.venue",
  "plugin.control",
  "plugin.swap",
  "phase",
  "snapshot",
  "clock",
  "stop",
  "run.start",
  "run.resume",
  "run.failed",
  "run.end",
];

export interface PageQuery {
  readonly path: string;
  /** Rows below it. From the end when left out. */
  readonly before?: number | undefined;
  /** 1 to 500. */
  readonly limit: number;
  readonly kind?: string | undefined;
  /** Of the row's kind or body, whatever its case. Blocks of inputs are not searched. */
  readonly text?: string | undefined;
}

/**
 * Rows of a journal from its end backwards. Reads 5,000 rows at most: a search that has found less goes on from `nextBefore`.
 *
 * @throws As `readRowsWithSegments`.
 */
export async function readPage({ path, before, limit, kind, text }: PageQuery): Promise<JournalPage> {
  const needle = text?.toLowerCase();
  const rows: JournalRowInfo[] = [];
  let until = before === undefined ? (lastRow(path)?.seq ?? 0) : before - 1;
  let looked = 0;
  while (until >= 1 && rows.length < limit && looked < MOST_LOOKED) {
    // Without a filter as many rows hold enough.
    const chunk = kind === undefined && needle === undefined ? limit - rows.length : CHUNK;
    const from = Math.max(1, until - chunk + 1);
    const found: JournalRow[] = [];
    for await (const row of readRowsWithSegments(path, { fromSeq: from, untilSeq: until })) {
      looked++;
      if (passes(row, kind, needle)) found.push(row);
    }
    for (const row of found.reverse()) {
      if (rows.length === limit) return { rows, nextBefore: row.seq + 1, looked, kinds: ROW_KINDS };
      rows.push(toRowInfo(row));
    }
    until = from - 1;
  }
  return { rows, nextBefore: until >= 1 ? until + 1 : null, looked, kinds: ROW_KINDS };
}

function passes({ kind, body }: JournalRow, wanted: string | undefined, needle: string | undefined): boolean {
  if (wanted !== undefined && kind !== wanted) return false;
  if (needle === undefined) return true;
  return kind.includes(needle) || (typeof body === "string" && body.toLowerCase().includes(needle));
}
