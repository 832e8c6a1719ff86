import type { ReplayedBooks } from "../core/replayed-books.ts";
import { decodeInputs } from "../journal/input-reader.ts";
import type { InputRecord } from "../journal/inputs.ts";
import { readRowsWithSegments } from "../journal/read.ts";

/** Where the market of a moment is read. */
export interface MarketSpan {
  readonly journalPath: string;
  /** Last row that was written at the moment or before it; the block of inputs after it may hold some of the moment too. */
  readonly untilSeq: number;
  readonly atUs: number;
  /** How many instruments there are. */
  readonly instruments: number;
  readonly signal?: AbortSignal;
}

/** Where reading has to begin. */
export interface MarketStart {
  readonly fromSeq: number;
  /** Numbers of instruments with news whose whole book lies further back than was looked. */
  readonly unknown: readonly number[];
}

const STEP = 256;
/** A busy session writes about twenty blocks a second, and each whole book again every five minutes: this is several times that. */
const MOST_ROWS = 40_000;

/**
 * Goes back from a moment to where the book and the quote of every instrument are known: its last whole book or gap, and its last quote. Ends
 * where the process began, which knew of no market, or after 40,000 rows.
 *
 * @throws The signal's reason. @throws {JournalError} At a row that cannot be read.
 */
export async function findMarketStart(span: MarketSpan): Promise<MarketStart> {
  const { journalPath, untilSeq, atUs, instruments, signal } = span;
  const hasBook = new Set<number>();
  const hasQuote = new Set<number>();
  const changed = new Set<number>(); // a book that has moved, and whose whole was not seen yet
  const lowest = Math.max(1, untilSeq - MOST_ROWS);
  let fromSeq = untilSeq + 1;
  for (let last = untilSeq; last >= lowest; last -= STEP) {
    signal?.throwIfAborted();
    const rows = [];
    const range = { fromSeq: Math.max(lowest, last - STEP + 1), untilSeq: last };
    for await (const row of readRowsWithSegments(journalPath, range)) rows.push(row);
    for (const { seq, kind, body } of rows.reverse()) {
      fromSeq = seq;
      if (kind === "run.resume") return { fromSeq, unknown: [] };
      if (kind !== "inputs") continue;
      for (const record of [...decodeInputs(body as Uint8Array)].reverse()) {
        if (record.atUs > atUs) continue;
        note(record, hasBook, hasQuote, changed);
      }
      if (hasBook.size === instruments && hasQuote.size === instruments) return { fromSeq, unknown: [] };
    }
  }
  return { fromSeq, unknown: fromSeq <= 1 ? [] : [...changed] };
}

function note(record: InputRecord, hasBook: Set<number>, hasQuote: Set<number>, changed: Set<number>): void {
  if (record.kind === "quote") hasQuote.add(record.instrument);
  else if (record.kind === "book" && !hasBook.has(record.instrument)) {
    if (!record.isSnapshot) {
      changed.add(record.instrument);
      return;
    }
    hasBook.add(record.instrument);
    changed.delete(record.instrument);
  } else if (record.kind === "gap" && record.channel === "book") {
    // What came before it counts for nothing.
    hasBook.add(record.instrument);
    hasQuote.add(record.instrument);
    changed.delete(record.instrument);
  }
}

/**
 * Reads the market forwards to the moment, and gives each event to `onEvent` once `books` have moved.
 * Changes of a book whose whole is not known are passed over.
 */
export async function readMarket(
  { journalPath, untilSeq, atUs, signal }: MarketSpan,
  { fromSeq, unknown }: MarketStart,
  books: ReplayedBooks,
  onEvent: (event: ReturnType<ReplayedBooks["toEvent"]>, instrument: number) => void,
): Promise<void> {
  const skipped = new Set(unknown);
  for await (const { seq, kind, body } of readRowsWithSegments(journalPath, { fromSeq, untilSeq: untilSeq + 1 })) {
    signal?.throwIfAborted();
    if (kind !== "inputs") {
      if (kind === "run.resume" && seq <= untilSeq) books.clear();
      continue;
    }
    for (const record of decodeInputs(body as Uint8Array)) {
      if (record.atUs > atUs) return;
      if (!("instrument" in record)) continue;
      if (record.kind === "book" && skipped.has(record.instrument)) continue;
      onEvent(books.toEvent(record), record.instrument);
    }
  }
}
