import { JournalFollower } from "pitlane";
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

/** Reads the newest rows of a journal, look after look. The one it was last asked about stays open. */
export class TailReader {
  #open: { readonly path: string; readonly journal: JournalFollower } | undefined;

  /** What was written since the last look. @throws As `JournalFollower`. */
  async read({ path, after, limit }: TailQuery): Promise<TailAnswer> {
    const journal = this.#follow(path);
    const last = journal.lastSeq();
    if (after === undefined || last <= after) return { rows: [], last: Math.max(last, after ?? 0), skipped: 0 };
    const from = Math.max(after + 1, last - limit + 1);
    const rows: JournalHead[] = [];
    for await (const row of journal.rows({ fromSeq: from, untilSeq: last })) rows.push(toHead(row));
    return { rows, last, skipped: from - after - 1 };
  }

  close(): void {
    this.#open?.journal.close();
    this.#open = undefined;
  }

  #follow(path: string): JournalFollower {
    if (this.#open?.path !== path) {
      this.close();
      this.#open = { path, journal: new JournalFollower(path) };
    }
    return this.#open.journal;
  }
}
