/**
 * The recorded depth snapshots that a replay has reached, each handed out once.
 *
 * A request that comes before the next snapshot waits for it; when the recording ends, all that still wait are told. Per symbol one
 * snapshot is held, the newest.
 */
export class RecordedSnapshots {
  readonly #newest = new Map<string, string>();
  readonly #waiting = new Map<string, ((text: string | undefined) => void)[]>();
  readonly #onTaken = new Map<string, () => void>();
  #hasEnded = false;

  /** A replay begins: requests wait again. */
  begin(): void {
    this.#hasEnded = false;
    this.#newest.clear();
  }

  /** The replay has reached a snapshot. */
  offer(symbol: string, text: string): void {
    const waiting = this.#waiting.get(symbol);
    if (waiting === undefined) {
      this.#newest.set(symbol, text);
      return;
    }
    this.#waiting.delete(symbol);
    for (const resolve of waiting) resolve(text);
  }

  /** No more will come: those who wait get undefined, and so does everybody after what is held. */
  end(): void {
    this.#hasEnded = true;
    for (const waiting of this.#waiting.values()) for (const resolve of waiting) resolve(undefined);
    this.#waiting.clear();
  }

  /** The newest snapshot not handed out yet, else the next one; undefined when the recording ends before. */
  take(symbol: string): Promise<string | undefined> {
    const text = this.#newest.get(symbol);
    if (text !== undefined || this.#hasEnded) {
      this.#newest.delete(symbol);
      this.#onTaken.get(symbol)?.();
      return Promise.resolve(text);
    }
    return new Promise((resolve) => {
      const waiting = this.#waiting.get(symbol);
      if (waiting === undefined) this.#waiting.set(symbol, [resolve]);
      else waiting.push(resolve);
    });
  }

  /** Resolves when no snapshot of the symbol is held any more; one caller per symbol at a time. */
  taken(symbol: string): Promise<void> {
    if (!this.#newest.has(symbol)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onTaken.set(symbol, () => {
        this.#onTaken.delete(symbol);
        resolve();
      });
    });
  }
}
