import { existsSync, statSync } from "node:fs";
import { type Clock, InvalidInputError } from "@pitlane/perf";
import type Database from "libsql";
import { bodyText } from "./body-text.ts";
import { GENESIS } from "./chain.ts";
import { Checkpoints } from "./checkpoints.ts";
import { JournalError } from "./errors.ts";
import { InputWriter } from "./input-writer.ts";
import type { JournalLock } from "./lock.ts";
import { checkResumable, createFile, underLock, withDatabase } from "./opening.ts";
import { RowInserter } from "./row-inserter.ts";
import { type Behind, SteadyTime } from "./steady-time.ts";
import { createTables, opened } from "./store.ts";
import { Tail, type TailRow, tailPath } from "./tail.ts";

export { JournalError } from "./errors.ts";

/** What survives: `process`, the end of this process in any way; `disk`, a power cut too, at the cost of one fsync a commit. */
export type Durability = "process" | "disk";

export interface JournalOptions {
  readonly path: string;
  readonly clock: Pick<Clock, "nowUs" | "monotonicNs">;
  /** `process` unless told. */
  readonly durability?: Durability | undefined;
}

/** What `Journal.resume` found. */
export interface Recovery {
  /** Rows in the journal. */
  readonly events: number;
  /** Time of the last one; 0 when there is none. */
  readonly lastAtUs: number;
  /** Kind of the last one: `run.end` of a run that was closed. "" when there is none. */
  readonly lastKind: string;
  /** Where to begin: the last row of kind `snapshot`; undefined when there is none. */
  readonly lastSnapshotSeq: number | undefined;
  /** Bytes of write-ahead log that the last writer left: 0 after an orderly close. */
  readonly walBytes: number;
}

const ROW_BYTES = 160; // of a row besides its body: two hashes and its numbers
const COMMIT_AT_BYTES = 1024 * 1024;
const MOST_QUEUED_BYTES = 16 * 1024 * 1024;

/**
 * The append-only event log of one run: an SQLite file whose rows form a hash chain.
 *
 * `append` and `inputs` only queue; `commit` writes everything queued in one transaction, so that several events share its cost. What
 * was committed is safe from a killed process (WAL mode, synchronous = NORMAL), with durability `disk` from a power cut too (FULL);
 * a power cut may lose the last commits of a `process` journal but never tears the chain. Whoever sends an order commits its intent
 * first, or secures it, which is as safe.
 *
 * Inputs go into a block that any `append` cuts, so the order of the rows is the order of what happened. Times in it never decrease:
 * see `nowUs`. The queue commits itself at 1 MiB; while that fails (a full disk, say) it grows to 16 MiB, and then `append` throws.
 *
 * @example
 * const journal = Journal.create({ path: "run/journal.db", clock });
 * journal.inputs.quote(journal.nowUs(), 0, quote);
 * journal.append("intent", { clientOrderId: "pl-1-0-1" });
 * journal.commit();
 * journal.close();
 */
export class Journal {
  readonly path: string;
  /** Takes market inputs, drain points and timers, in the order in which the core takes them. */
  readonly inputs: InputWriter = new InputWriter(() => this.#cut());
  /** What was found by `resume`; undefined of a new journal. */
  readonly recovery: Recovery | undefined;
  /** Told of each row of kind `clock`: the clock is behind the journal's time. Nobody is, unless set. */
  onBehind: ((behind: Behind) => void) | undefined;
  readonly #clock: Pick<Clock, "nowUs">;
  readonly #time: SteadyTime;
  readonly #database: Database.Database;
  readonly #lock: JournalLock;
  readonly #rows: RowInserter;
  readonly #tail: Tail;
  readonly #checkpoints: Checkpoints;
  readonly #isSynced: boolean; // what is committed survives a power cut
  #queued: TailRow[] = [];
  #queuedBytes = 0;
  #secured = 0; // of the queued rows, those that are in the tail
  #longestWaitUs = 0;
  #isFailing = false;
  #seq: number;
  #headHash: string;
  /** Of the last row. */
  #rowAtUs: number;
  #isClosed = false;

  private constructor(
    { path, clock, durability = "process" }: JournalOptions,
    database: Database.Database,
    lock: JournalLock,
    start: { readonly seq: number; readonly headHash: string; readonly lastAtUs: number },
    recovery: Recovery | undefined,
  ) {
    this.path = path;
    this.recovery = recovery;
    this.#clock = clock;
    this.#time = new SteadyTime(clock, start.lastAtUs, (behind) => {
      this.append("clock", behind, behind.heldAtUs);
      this.onBehind?.(behind);
    });
    this.#database = database;
    this.#lock = lock;
    this.#seq = start.seq;
    this.#headHash = start.headHash;
    this.#rowAtUs = start.lastAtUs;
    database.pragma(`synchronous = ${durability === "disk" ? "FULL" : "NORMAL"}`);
    this.#rows = new RowInserter(database);
    this.#tail = new Tail(tailPath(path));
    this.#checkpoints = new Checkpoints(path, database);
    this.#isSynced = durability === "disk";
  }

  /**
   * Begins a journal; its folder is made when missing.
   *
   * @throws {InvalidInputError} When the file exists already or cannot be created.
   * @throws {JournalLockedError} When another process is just creating it.
   */
  static create(options: JournalOptions): Journal {
    const { path } = options;
    createFile(path);
    return underLock(path, (lock) =>
      withDatabase(path, (database) => {
        createTables(database);
        database.pragma("wal_checkpoint(TRUNCATE)"); // a power cut right after may lose rows, but not that this is a journal
        return new Journal(options, database, lock, { seq: 0, headHash: GENESIS, lastAtUs: 0 }, undefined);
      }),
    );
  }

  /**
   * Opens the journal of a run that ended, in whatever way, to write on. The whole chain is followed first: one that does not hold is
   * not written to. A commit that the end tore is gone as a whole.
   *
   * @throws {InvalidInputError} When the file is missing or no journal.
   * @throws {JournalLockedError} When another process writes it.
   * @throws {JournalCorruptError} When a row is damaged, changed or missing; it names the first.
   * @throws {JournalVersionError} When another version of Pitlane wrote it.
   */
  static resume(options: JournalOptions): Journal {
    const { path } = options;
    if (!existsSync(path))
      throw new InvalidInputError(`there is no journal at ${path}: name the one of the run to resume`);
    return underLock(path, (lock) => {
      const walBytes = sizeOf(`${path}-wal`);
      return opened(path, () =>
        withDatabase(path, (database) => {
          const { events, headHash, lastAtUs, lastKind, lastSnapshotSeq } = checkResumable(path, database);
          const recovery: Recovery = { events, lastAtUs, lastKind, lastSnapshotSeq, walBytes };
          return new Journal(options, database, lock, { seq: events, headHash, lastAtUs }, recovery);
        }),
      );
    });
  }

  /** Rows so far, queued ones among them. */
  get events(): number {
    return this.#seq;
  }

  /** Rows that wait for the next commit, those that are secured among them. */
  get queued(): number {
    return this.#queued.length;
  }

  /** Time of the oldest row or input that waits for the next commit, microseconds since the epoch; undefined when none does. */
  get oldestQueuedUs(): number | undefined {
    return this.#queued[0]?.atUs ?? (this.inputs.count > 0 ? this.inputs.firstAtUs : undefined);
  }

  /**
   * Longest that a row or input had waited for its commit, of those committed since the last call; microseconds, 0 when none was. A look at
   * what waits now misses it: after a stall the commit comes first.
   */
  takeLongestWaitUs(): number {
    const longest = this.#longestWaitUs;
    this.#longestWaitUs = 0;
    return longest;
  }

  /** Hash of the last committed row, in hex. */
  get headHash(): string {
    return this.#headHash;
  }

  /**
   * Wall time that never goes back within the journal, over restarts too: an input is stamped with this, journaled with it, and the core
   * sees the same. While the clock is behind the last time given out, time goes on from there: see `SteadyTime`. How far it is behind is
   * noted in a row of kind `clock`, when it falls behind and when it falls back by another second or more.
   */
  nowUs(): number {
    return this.#time.nowUs();
  }

  /**
   * Queues a row for the next commit, after the inputs so far.
   *
   * @param body Must survive JSON; bigint becomes decimal text.
   * @param atUs When it happened; `nowUs()` when left out. Held at the time of the row before when it is less.
   * @returns Its sequence number.
   * @throws {JournalError} When the queue is at its bound because nothing can be written.
   */
  append(kind: string, body: object, atUs: number = this.nowUs()): number {
    return this.appendText(kind, bodyText(body), atUs);
  }

  /** As `append`. @param text What `bodyText` makes of the body: for who makes it in less time. */
  appendText(kind: string, text: string, atUs: number = this.nowUs()): number {
    this.#cut();
    this.#push(kind, text, atUs);
    return this.#seq;
  }

  /** Queues a snapshot of what the core holds: recovery begins at the last one. How often is the caller's rule. Else as `append`. */
  snapshot(body: object, atUs?: number): number {
    return this.append("snapshot", body, atUs);
  }

  /**
   * Makes what is queued safe as `commit` does, for a fraction of its time: it goes to a file beside the journal, from which the journal takes
   * it over with the next `commit`, or, when the process was killed, with the next one that opens it. Readers see it from then on. With
   * durability `disk` it is `commit`: to sync two files would take longer than one.
   *
   * @throws {JournalError} As `commit`.
   */
  secure(): void {
    if (this.#isSynced) return this.commit();
    if (this.#queuedBytes < MOST_QUEUED_BYTES) this.#enqueue();
    if (this.#secured === this.#queued.length) return;
    try {
      this.#tail.write(this.#queued, this.#secured);
    } catch (error) {
      throw unwritable(this.path, error);
    }
    this.#secured = this.#queued.length;
  }

  /** Makes what is queued safe as cheaply as can be just now: `commit`, or `secure` while the write-ahead log is folded in. Throws as `commit`. */
  settle(): void {
    if (this.#checkpoints.isUnderWay) this.secure();
    else this.commit();
  }

  /** Writes what is queued. @throws {JournalError} When the file cannot be written; the queue is kept, and a later call tries again. */
  commit(): void {
    const oldestUs = this.oldestQueuedUs;
    if (this.#queuedBytes < MOST_QUEUED_BYTES) this.#enqueue();
    const rows = this.#queued;
    if (rows.length === 0) return;
    try {
      this.#headHash = this.#rows.insert(rows, this.#headHash);
    } catch (error) {
      this.#isFailing = true;
      throw unwritable(this.path, error);
    }
    this.#isFailing = false;
    if (oldestUs !== undefined) this.#longestWaitUs = Math.max(this.#longestWaitUs, this.#clock.nowUs() - oldestUs);
    this.#checkpoints.count(this.#queuedBytes + rows.length * ROW_BYTES);
    this.#queued = [];
    this.#queuedBytes = 0;
    this.#secured = 0;
    this.#tail.settled();
    if (this.inputs.count > 0) this.commit(); // they had no room in the queue
  }

  /** Bytes on disk, write-ahead log included. */
  get bytes(): number {
    return sizeOf(this.path) + sizeOf(`${this.path}-wal`) + sizeOf(tailPath(this.path));
  }

  /** Commits, folds the write-ahead log into the file, closes it and lets it go. Throws as `commit`; it is closed then too. A second call does nothing. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      this.commit();
      this.#checkpoints.finish();
    } catch (error) {
      throw error instanceof JournalError ? error : unwritable(this.path, error);
    } finally {
      this.#checkpoints.close();
      this.#database.close();
      this.#tail.close(this.#queued.length === 0);
      this.#lock.release();
    }
  }

  /** Ends the block of inputs, which becomes a row. */
  #cut(): void {
    if (this.#queuedBytes >= MOST_QUEUED_BYTES)
      throw new JournalError(
        `the journal ${this.path} cannot be written and ${this.#queued.length} rows wait already: no more are taken`,
      );
    this.#enqueue();
    if (this.#queuedBytes >= COMMIT_AT_BYTES && !this.#isFailing) this.commit();
  }

  #enqueue(): void {
    const block = this.inputs.take();
    if (block !== undefined) this.#push("inputs", block, this.inputs.lastAtUs);
  }

  #push(kind: string, body: string | Uint8Array, atUs: number): void {
    if (atUs > this.#rowAtUs) this.#rowAtUs = atUs;
    this.#time.note(atUs);
    this.#queued.push({ seq: ++this.#seq, atUs: this.#rowAtUs, kind, body });
    this.#queuedBytes += body.length;
  }
}

function unwritable(path: string, cause: unknown): JournalError {
  return new JournalError(`cannot write the journal ${path}: ${(cause as Error).message}`, { cause });
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}
