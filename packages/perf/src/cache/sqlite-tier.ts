import { createRequire } from "node:module";
import type Libsql from "libsql";
import type { Clock } from "../clock.ts";
import { InvalidInputError, integerInRange, PitlaneError } from "../errors.ts";
import type { Invalidation } from "./invalidation.ts";
import { DELETE_ENDED, INVALIDATE, NEXT_KEYS, READ, SCHEMA, SCHEMA_VERSION, WRITE } from "./sqlite-schema.ts";
import type { Tier, TierEntry, TierRead } from "./tier.ts";

export interface SqliteTierOptions {
  /** The file, made when missing; its folder must exist. Several processes of one host may share it. */
  readonly path: string;
  /** "sqlite" unless told. */
  readonly name?: string;
  /** Largest size of the file, in bytes, 1 MiB to 1 TiB; 256 MiB unless told. Full, it gives up 1,000 entries, whichever they are. */
  readonly maxBytes?: number;
  /** How long a write waits for another process's, in milliseconds, 0 to 10,000; 50 unless told. The wait blocks the thread. */
  readonly busyTimeoutMs?: number;
  readonly clock: Pick<Clock, "nowUs">;
}

/** A package that this part needs and that is not installed with it. */
export class MissingPackageError extends PitlaneError {
  readonly code = "MISSING_PACKAGE";
  readonly retryable = false;
}

type ReadRow = [
  epoch: number,
  isFound: 0 | 1,
  value: string | null,
  freshUntilUs: number,
  staleUntilUs: number,
  tags: string,
];
type WriteRow = [
  key: string,
  value: string | null,
  freshUntilUs: number,
  staleUntilUs: number,
  tags: string,
  epoch: number,
];

const PAGE_BYTES = 4096;
const WRITES_PER_SWEEP = 16;
const KEYS_PER_SWEEP = 64; // more than can have come since the last sweep: the sweeps gain on the writes
const KEYS_GIVEN_UP = 1_000; // when the file is full
const NO_TAGS: readonly string[] = [];

/**
 * A tier in an SQLite file: it survives restarts, and processes of one host share it.
 *
 * Calls run on the calling thread (measured: 5 us a read, 17 us a write; a glob looks at every key) and only their results
 * are promises. Write-ahead log, synchronous NORMAL: a killed process tears nothing, a power cut may lose the last writes.
 * Every 16th write looks at 64 more keys in turn and removes what has expired, so the file does not grow with keys that
 * nobody asks for again.
 * Remembers the last 10,000 invalidations of all processes; a write that began before them is refused.
 *
 * Needs the package `libsql` (`npm install libsql`).
 *
 * @example
 * const tier = new SqliteTier({ path: "cache.db", clock });
 * const cache = new TieredCache<Balance>({ clock, tiers: [tier] });
 * await cache.close();
 * tier.close();
 */
export class SqliteTier implements Tier {
  readonly name: string;
  readonly #clock: Pick<Clock, "nowUs">;
  readonly #database: Libsql.Database;
  readonly #read: Libsql.Statement<[string]>;
  readonly #write: Libsql.Statement<WriteRow>;
  readonly #invalidate: Libsql.Statement<[string, string]>;
  readonly #nextKeys: Libsql.Statement<[string, number]>;
  readonly #deleteEnded: Libsql.Statement<[string, string, number]>;
  #writes = 0;
  #sweptKey = ""; // the sweep goes through the keys in order, and begins again at the end

  /**
   * @throws {InvalidInputError} When an option is out of range, or the file cannot be opened or is not such a cache.
   * @throws {MissingPackageError} When `libsql` is not installed.
   */
  constructor({ path, name = "sqlite", maxBytes = 2 ** 28, busyTimeoutMs = 50, clock }: SqliteTierOptions) {
    const mostPages = Math.floor(integerInRange("maxBytes", maxBytes, 2 ** 20, 2 ** 40) / PAGE_BYTES);
    integerInRange("busyTimeoutMs", busyTimeoutMs, 0, 10_000);
    this.name = name;
    this.#clock = clock;
    const database = open(path);
    this.#database = database;
    try {
      database.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
      prepareFile(database, path);
      database.exec(`PRAGMA synchronous = NORMAL; PRAGMA max_page_count = ${mostPages}`);
      this.#read = database.prepare(READ).raw();
      this.#write = database.prepare(WRITE);
      this.#invalidate = database.prepare(INVALIDATE);
      this.#nextKeys = database.prepare(NEXT_KEYS).raw();
      this.#deleteEnded = database.prepare(DELETE_ENDED);
    } catch (error) {
      database.close();
      throw error instanceof PitlaneError ? error : cannotOpen(path, error);
    }
  }

  async get(key: string): Promise<TierRead> {
    const [epoch, isFound, value, freshUntilUs, staleUntilUs, tags] = this.#read.get(key) as ReadRow;
    if (!isFound) return { entry: undefined, epoch };
    return {
      entry: { value, freshUntilUs, staleUntilUs, tags: tags === "[]" ? NO_TAGS : (JSON.parse(tags) as string[]) },
      epoch,
    };
  }

  async set(key: string, entry: TierEntry, epoch: number): Promise<boolean> {
    if (++this.#writes % WRITES_PER_SWEEP === 0) this.#sweep(KEYS_PER_SWEEP, this.#clock.nowUs());
    const { value, freshUntilUs, staleUntilUs, tags } = entry;
    const row: WriteRow = [key, value, freshUntilUs, staleUntilUs, JSON.stringify(tags), epoch];
    return this.#inBounds(() => this.#write.run(...row).changes > 0);
  }

  async invalidate(invalidations: readonly Invalidation[]): Promise<number> {
    let epoch = 0;
    for (const { kind, text } of invalidations) {
      epoch = this.#inBounds(() => Number(this.#invalidate.run(kind, text).lastInsertRowid));
    }
    return epoch;
  }

  /** Closes the file. */
  close(): void {
    this.#database.close();
  }

  /** Deletes, of the next `count` keys, the entries whose end is not after `untilUs`. */
  #sweep(count: number, untilUs: number): void {
    let last = this.#lastOfNext(count);
    if (last === null) {
      this.#sweptKey = "";
      last = this.#lastOfNext(count);
    }
    if (last === null) return;
    this.#deleteEnded.run(this.#sweptKey, last, untilUs);
    this.#sweptKey = last;
  }

  #lastOfNext(count: number): string | null {
    const [last] = this.#nextKeys.get(this.#sweptKey, count) as [string | null];
    return last;
  }

  /** Does `statement`; when the file is full, once more after giving up some entries. */
  #inBounds<R>(statement: () => R): R {
    try {
      return statement();
    } catch (error) {
      if ((error as { code?: unknown }).code !== "SQLITE_FULL") throw error;
      this.#sweep(KEYS_GIVEN_UP, Number.MAX_SAFE_INTEGER);
      return statement();
    }
  }
}

function open(path: string): Libsql.Database {
  let Database: typeof Libsql;
  try {
    Database = createRequire(import.meta.url)("libsql") as typeof Libsql;
  } catch (error) {
    throw new MissingPackageError("the SQLite tier needs the package libsql: npm install libsql", { cause: error });
  }
  try {
    return new Database(path);
  } catch (error) {
    throw cannotOpen(path, error);
  }
}

function cannotOpen(path: string, cause: unknown): InvalidInputError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new InvalidInputError(`the cache file ${path} cannot be opened (${why}): name one that can be written`, {
    cause,
  });
}

function prepareFile(database: Libsql.Database, path: string): void {
  database.pragma("journal_mode = WAL");
  database.exec("BEGIN IMMEDIATE"); // of several processes that open a new file, one makes the tables
  try {
    const [version, tables] = database
      .prepare("SELECT (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)")
      .raw()
      .get() as [number, number];
    if (version !== SCHEMA_VERSION && tables > 0) {
      throw new InvalidInputError(`${path} is not a cache of this version: name another file, or delete it`);
    }
    if (tables === 0) database.exec(SCHEMA);
    database.exec("COMMIT");
  } catch (error) {
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
