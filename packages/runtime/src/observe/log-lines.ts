import type { LogLine } from "./observer.ts";

const MOST = 500;

/** The last 500 lines that a session said, and who is told of each. What a listener throws goes to `onFault`. */
export class LogLines {
  readonly #lines: LogLine[] = [];
  readonly #listeners = new Set<(line: LogLine) => void>();
  readonly #nowUs: () => number;
  readonly #onFault: (error: Error) => void;

  constructor(nowUs: () => number, onFault: (error: Error) => void) {
    this.#nowUs = nowUs;
    this.#onFault = onFault;
  }

  /** Oldest first. */
  list(): readonly LogLine[] {
    return [...this.#lines];
  }

  add(source: string, message: string): void {
    const line: LogLine = { atUs: this.#nowUs(), source, message };
    this.#lines.push(line);
    if (this.#lines.length > MOST) this.#lines.shift();
    for (const listener of this.#listeners) {
      try {
        listener(line);
      } catch (error) {
        this.#listeners.delete(listener); // it would fail at the line that tells of it, too
        this.#onFault(error as Error);
      }
    }
  }

  /** @returns Ends it. */
  onLine(listener: (line: LogLine) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
