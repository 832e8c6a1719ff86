import { PitlaneError } from "@pitlane/perf";

/** Sockets between two ends of one process did not come to rest. */
class NotSettledError extends PitlaneError {
  readonly code = "NOT_SETTLED";
  readonly retryable = false;
}

const QUIET_TURNS = 4; // a frame is through the kernel and decoded within two
const MOST_TURNS = 200_000;

/** One turn of the event loop: what the kernel has for this process is read. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/**
 * Turns the event loop until nothing has come for a while and nothing is under way. Both ends of every socket are in this process and time
 * stands still, so what is on its way arrives within a few turns.
 *
 * @param progress A count of all that came.
 * @throws {NotSettledError} When that has no end.
 */
export async function settle(progress: () => number, isBusy: () => boolean): Promise<void> {
  let seen = progress();
  for (let quiet = 0, turns = 0; quiet < QUIET_TURNS; turns++) {
    await turn();
    const now = progress();
    quiet = now === seen && !isBusy() ? quiet + 1 : 0;
    seen = now;
    if (turns > MOST_TURNS)
      throw new NotSettledError(`after ${MOST_TURNS} turns of the event loop something is still under way`);
  }
}

/** Runs one piece of work after the other, in the order they came. */
export class Sequence {
  #last: Promise<unknown> = Promise.resolve();
  #count = 0;

  /** Pieces that are not done. */
  get size(): number {
    return this.#count;
  }

  run<T>(work: () => Promise<T>): Promise<T> {
    this.#count++;
    const done = this.#last.then(work).finally(() => {
      this.#count--;
    });
    this.#last = done.catch(() => undefined); // its caller hears of it; those after it do not mind
    return done;
  }
}
