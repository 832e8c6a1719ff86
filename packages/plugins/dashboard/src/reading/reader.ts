import type { Clock } from "@pitlane/perf";
import { createWorkerPool, type WorkerPool } from "@pitlane/perf/pool";
import { HttpError } from "../reply.ts";
import {
  type AnswerOf,
  type QueryOf,
  type ReadingName,
  type ReadingOutcome,
  Readings,
  type ReadingTask,
} from "./tasks.ts";

const MOST_WAITING = 32;
const IDLE_MS = 30_000;
const MOST_MS = 20_000;

/** Reads journals, runs and profiles for the server. */
export interface Reader {
  /** @throws {HttpError} When it cannot be read, takes too long, or too many wait. */
  read<Name extends ReadingName>(name: Name, query: QueryOf<Name>): Promise<AnswerOf<Name>>;
  close(): Promise<void>;
}

/**
 * A reader on a thread of its own: a page of a journal is read, hashed and parsed for milliseconds, a search or a flame graph for seconds, and
 * the trading thread does none of that. The thread starts with the first reading and ends after 30 s without one; one reading at a time,
 * 32 wait at most, each ends after 20 s.
 *
 * @param file The built `reading/thread.ts`.
 */
export async function openThreadReader(file: URL, clock: Clock): Promise<Reader> {
  const pool: WorkerPool<ReadingTask, ReadingOutcome> = await createWorkerPool({
    file,
    workers: 1,
    maxQueue: MOST_WAITING,
    idleTimeoutMs: IDLE_MS,
    taskTimeoutMs: MOST_MS,
    resourceLimits: { maxOldGenerationSizeMb: 512 },
    clock,
  });
  return {
    async read<Name extends ReadingName>(name: Name, query: QueryOf<Name>): Promise<AnswerOf<Name>> {
      let outcome: ReadingOutcome;
      try {
        outcome = await pool.run({ name, query });
      } catch (error) {
        throw new HttpError(503, (error as Error).message); // queue full, too slow, out of memory: another try may do
      }
      return take(outcome) as AnswerOf<Name>;
    },
    close: () => pool.close(AbortSignal.abort()),
  };
}

/** A reader on this thread, for sources that no thread can run as they are: tests and work on the dashboard itself. */
export function createInlineReader(): Reader {
  const readings = new Readings();
  return {
    async read<Name extends ReadingName>(name: Name, query: QueryOf<Name>): Promise<AnswerOf<Name>> {
      return take(await readings.perform({ name, query })) as AnswerOf<Name>;
    },
    close: async () => readings.close(),
  };
}

function take(outcome: ReadingOutcome): unknown {
  if (!outcome.isDone) throw new HttpError(500, outcome.message);
  return outcome.answer;
}
