const MINUTE_US = 60_000_000;

/** By plugin: the minute since the epoch, and the orders of that minute. */
export type OrderCounts = Readonly<Record<string, readonly [minute: number, taken: number]>>;

/**
 * Counts intents by minute of the session's time, for each plugin: minutes of the clock, so that a replay counts alike wherever it begins.
 */
export class OrderBudget {
  readonly #most: Float64Array;
  readonly #minutes: Float64Array;
  readonly #taken: Int32Array;

  /** @param perMinute By owner. */
  constructor(perMinute: readonly number[]) {
    this.#most = Float64Array.from(perMinute);
    this.#minutes = new Float64Array(perMinute.length).fill(-1);
    this.#taken = new Int32Array(perMinute.length);
  }

  most(owner: number): number {
    return this.#most[owner]!;
  }

  /** False when this minute's are used up. */
  hasRoom(owner: number, nowUs: number): boolean {
    const taken = this.#minutes[owner] === Math.floor(nowUs / MINUTE_US) ? this.#taken[owner]! : 0;
    return taken < this.#most[owner]!;
  }

  /** Counts one. */
  take(owner: number, nowUs: number): void {
    const minute = Math.floor(nowUs / MINUTE_US);
    if (this.#minutes[owner] !== minute) {
      this.#minutes[owner] = minute;
      this.#taken[owner] = 0;
    }
    this.#taken[owner]!++;
  }

  /** What was counted, by plugin. */
  record(names: readonly string[]): OrderCounts {
    return Object.fromEntries(names.map((name, owner) => [name, [this.#minutes[owner]!, this.#taken[owner]!]]));
  }

  /** Takes over what an earlier process counted. */
  restore(names: readonly string[], counts: OrderCounts): void {
    for (const [owner, name] of names.entries()) {
      const [minute, taken] = counts[name] ?? [-1, 0];
      this.#minutes[owner] = minute;
      this.#taken[owner] = taken;
    }
  }
}
