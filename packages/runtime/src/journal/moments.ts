import { openToRead } from "./absorb.ts";
import { opened } from "./store.ts";

/** Rows of a journal from which its run at one moment can be worked out. */
export interface MomentRows {
  /** Last row that was written at the moment or before it. */
  readonly untilSeq: number;
  /** The last row at or before it that holds the whole state: of kind `snapshot` or `run.resume`; 1 when there is none. */
  readonly stateSeq: number;
}

const STEP = 4_096;

/**
 * Finds the rows of a moment by halving: times never go back in a journal. A handful of look-ups, however long it is, and from there
 * backwards to the last snapshot, of which there is one every `journal.snapshotEvery` rows.
 *
 * @throws {InvalidInputError} When the file is missing or no journal.
 */
export function findMoment(path: string, atUs: number, lastSeq: number): MomentRows {
  const database = openToRead(path);
  try {
    return opened(path, () => {
      const timeOf = database.prepare("SELECT CAST(at_us AS INTEGER) AS atUs FROM events WHERE seq = ?");
      let low = 1; // is at the moment or before it, as the run's first row must be
      let high = lastSeq + 1;
      while (high - low > 1) {
        const middle = Math.floor((low + high) / 2);
        const row = timeOf.get(middle) as { readonly atUs: number } | undefined;
        if (row !== undefined && row.atUs <= atUs) low = middle;
        else high = middle;
      }
      const kinds = database.prepare(
        `SELECT seq FROM events WHERE seq > ? AND seq <= ? AND kind IN ('snapshot', 'run.resume') ORDER BY seq DESC LIMIT 1`,
      );
      for (let until = low; until > 0; until -= STEP) {
        const state = kinds.get(until - STEP, until) as { readonly seq: number } | undefined;
        if (state !== undefined) return { untilSeq: low, stateSeq: state.seq };
      }
      return { untilSeq: low, stateSeq: 1 };
    });
  } finally {
    database.close();
  }
}
