import { type Clock, InvalidInputError, inRange, integerInRange } from "@pitlane/perf";
import { createWorkerPool } from "@pitlane/perf/pool";
import type { UpdateFigures, UpdateTask } from "./update-worker.ts";

export interface UpdateTestOptions {
  /** Price updates, 100 to 1,000,000. Default 10,000. */
  readonly updates?: number;
  /** How many of them are due in a second, 100 to 1,000,000. Default 10,000. */
  readonly perSecond?: number;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
  /** The built program of its thread; beside this one unless told. */
  readonly workerEntry?: URL;
  readonly signal?: AbortSignal;
}

/** How an update test went. Times are from the moment an update was due until the strategy's hook had returned, microseconds. */
export interface UpdateTestResult extends UpdateFigures {
  readonly updates: number;
  readonly perSecond: number;
  readonly limitUs: number;
  /** p95 is below the limit. */
  readonly passed: boolean;
}

/** What p95 must stay below: the product's target for a price update at 10,000 a second. */
export const UPDATE_LIMIT_US = 1_000;

const WARM_UP = 5_000;
const START_MS = 20_000;

/**
 * Sends price updates through an engine of its own at a fixed rate: decoder, core, bus, book and quote, and a strategy's hook. In a thread of
 * its own, so that a session that trades is not held up; it shares the machine's cores with it all the same, and its figures show that.
 *
 * @throws {InvalidInputError} When a number is out of range. @throws {TaskTimeoutError} When it does not end. @throws The signal's reason.
 * @example
 * const { passed, p95Us } = await runUpdateTest({ clock });
 */
export async function runUpdateTest(options: UpdateTestOptions): Promise<UpdateTestResult> {
  const { clock, signal, workerEntry } = options;
  const updates = integerInRange("updates", options.updates ?? 10_000, 100, 1e6);
  const perSecond = inRange("perSecond", options.perSecond ?? 10_000, 100, 1e6);
  const pool = await createWorkerPool<UpdateTask, UpdateFigures>({
    file: workerEntry ?? defaultEntry(),
    workers: 1,
    clock,
    taskTimeoutMs: START_MS + (4 * updates * 1000) / perSecond,
  });
  try {
    const figures = await pool.run({ updates, perSecond, warmUp: WARM_UP }, {}, signal);
    return { updates, perSecond, limitUs: UPDATE_LIMIT_US, passed: figures.p95Us < UPDATE_LIMIT_US, ...figures };
  } finally {
    await pool.close();
  }
}

/** Built, this code stands in dist/ beside the thread's program. */
function defaultEntry(): URL {
  if (import.meta.url.endsWith(".ts"))
    throw new InvalidInputError("the update test runs the built package, and this is its source: build it");
  return new URL("./update-worker.js", import.meta.url);
}
