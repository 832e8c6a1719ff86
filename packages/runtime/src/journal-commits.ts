import type { Core } from "./core/core.ts";
import type { Journal } from "./journal/journal.ts";
import type { Pace } from "./observe/session-watch.ts";

export interface JournalCommitsOptions {
  readonly journal: Pick<Journal, "queued" | "events" | "settle" | "snapshot">;
  readonly core: Pick<Core, "isIdle" | "nowUs" | "record">;
  /** Read each time: it may be tuned while the session runs. */
  readonly pace: Pace;
  /** Rows between two snapshots. */
  readonly snapshotEvery: number;
  /** The journal cannot be written. */
  readonly onFailure: (error: Error) => void;
}

/** When the journal of a live session is committed, and when a snapshot goes into it. */
export class JournalCommits {
  readonly #options: JournalCommitsOptions;
  #snapshotSeq = 0; // of the last one
  #soon: NodeJS.Immediate | undefined;
  #isAsked = false;
  #by: NodeJS.Timeout | undefined;

  constructor(options: JournalCommitsOptions) {
    this.#options = options;
  }

  /**
   * Soon, and several rows at once: most of a transaction's time is its own. Asked for when the orders that it holds have been given to
   * their connection, which writes in an immediate too (undici looks at one that was idle first): theirs comes before this one then.
   */
  soon(): void {
    const { journal, pace } = this.#options;
    if (journal.queued >= pace.commitRows && !this.#isAsked) {
      this.#isAsked = true;
      queueMicrotask(() => {
        if (!this.#isAsked) return; // ended meanwhile
        this.#soon = setImmediate(() => {
          this.#isAsked = false;
          this.now();
        });
      });
    }
    this.#by ??= setTimeout(() => {
      this.#by = undefined;
      this.now();
    }, pace.commitWithinMs);
  }

  now(): void {
    try {
      this.#snapshotIfDue();
      this.#options.journal.settle();
    } catch (error) {
      this.#options.onFailure(error as Error);
    }
  }

  /** Drops what was to be done soon. */
  stop(): void {
    clearImmediate(this.#soon);
    this.#isAsked = false;
    clearTimeout(this.#by);
  }

  /** Recovery begins at the last snapshot, so that it does not grow with the run. */
  #snapshotIfDue(): void {
    const { journal, core, snapshotEvery } = this.#options;
    if (journal.events >= this.#snapshotSeq + snapshotEvery && core.isIdle)
      this.#snapshotSeq = journal.snapshot({ core: core.record() }, core.nowUs);
  }
}
