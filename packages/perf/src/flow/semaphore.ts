import { integerInRange, PitlaneError } from "../errors.ts";
import { QueueFullError } from "./errors.ts";
import { WaiterQueue } from "./waiter-queue.ts";

export interface SemaphoreOptions {
  /** How many may hold a permit at once; 1 to 1e9. */
  readonly permits: number;
  /** How many may wait for one; 0 to 1e9, 10,000 unless told. More are refused. */
  readonly maxWaiting?: number;
}

/** A permit was given back a second time: two owners would hold what is one permit. */
export class DoubleReleaseError extends PitlaneError {
  readonly code = "DOUBLE_RELEASE";
  readonly retryable = false;
}

/** The right to be one of those inside, until `release`. */
export interface Permit {
  /** Gives the permit back. @throws {DoubleReleaseError} The second time. */
  release(): void;
}

/**
 * Lets at most `permits` callers in at a time, in the order they came.
 *
 * A permit given back goes straight to the caller that waits longest, so nobody overtakes. Waiting ends by a permit or by the
 * signal; a caller beyond `maxWaiting` is refused at once.
 *
 * @example
 * const gate = new Semaphore({ permits: 4 });
 * const page = await gate.use(() => fetchPage(url), signal);
 */
export class Semaphore {
  readonly #maxWaiting: number;
  readonly #waiting = new WaiterQueue();
  #permits: number;
  #free: number; // below 0 while more are inside than `permits`, since these were lowered; above 0 only while nobody waits

  /** @throws {InvalidInputError} When a number is out of range. */
  constructor({ permits, maxWaiting = 10_000 }: SemaphoreOptions) {
    this.#permits = validPermits(permits);
    this.#free = permits;
    this.#maxWaiting = integerInRange("maxWaiting", maxWaiting, 0, 1e9);
  }

  /**
   * How many may hold a permit at once; 1 to 1e9. May be set at any time: a larger number lets in at once who waits longest, a
   * smaller one is reached as permits come back, since none is taken from its holder.
   *
   * @throws {InvalidInputError} When set out of range; nothing has changed then.
   */
  get permits(): number {
    return this.#permits;
  }

  set permits(permits: number) {
    this.#free += validPermits(permits) - this.#permits;
    this.#permits = permits;
    while (this.#free > 0 && this.#waiting.wakeOldest()) this.#free--;
  }

  /** Permits that nobody holds; 0 also while more are held than `permits` allows now. */
  get free(): number {
    return Math.max(0, this.#free);
  }

  /** Callers waiting for a permit. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Runs `fn` with a permit and gives it back however `fn` ends.
   *
   * @throws {QueueFullError} When too many wait; the signal's reason when it aborts before `fn` is called; what `fn` throws.
   */
  async use<T>(fn: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await this.#wait(signal);
    try {
      signal?.throwIfAborted();
      return await fn();
    } finally {
      this.#release();
    }
  }

  /**
   * Waits for a permit. Prefer `use`, which cannot forget to give it back.
   *
   * @throws {QueueFullError} When too many wait; the signal's reason when it aborts first.
   */
  async acquire(signal?: AbortSignal): Promise<Permit> {
    signal?.throwIfAborted();
    const free = this.tryAcquire();
    if (free !== undefined) return free;
    await this.#wait(signal);
    return new HeldPermit(() => this.#release());
  }

  /** A permit when one is free now, else undefined. Nobody is overtaken: while callers wait, none is free. */
  tryAcquire(): Permit | undefined {
    if (this.#free <= 0) return undefined;
    this.#free--;
    return new HeldPermit(() => this.#release());
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    if (this.#waiting.size >= this.#maxWaiting) return Promise.reject(new QueueFullError(this.#waiting.size));
    return this.#waiting.wait(signal);
  }

  #release(): void {
    if (this.#free < 0 || !this.#waiting.wakeOldest()) this.#free++;
  }
}

function validPermits(permits: number): number {
  return integerInRange("permits", permits, 1, 1e9);
}

class HeldPermit implements Permit {
  #giveBack: (() => void) | undefined;

  constructor(giveBack: () => void) {
    this.#giveBack = giveBack;
  }

  release(): void {
    const giveBack = this.#giveBack;
    if (giveBack === undefined) throw new DoubleReleaseError("this permit was given back before");
    this.#giveBack = undefined;
    giveBack();
  }
}
