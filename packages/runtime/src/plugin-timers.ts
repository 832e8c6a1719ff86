import type { CoreTimers } from "./core/core-options.ts";

export interface PluginTimersOptions {
  /** The session's time, microseconds since the epoch: while the clock is behind it, it goes on more slowly than timers do. */
  readonly nowUs: () => number;
  readonly onDue: (owner: number, id: number) => void;
}

const LONGEST_MS = 2 ** 31 - 1; // what setTimeout takes
const EARLY_MS = 1; // that setTimeout may be

/** The timers of plugins on the session's time. None fires before `start`: those that are due by then do at once. */
export class PluginTimers implements CoreTimers {
  readonly #options: PluginTimersOptions;
  readonly #due = new Map<string, { readonly owner: number; readonly id: number; readonly dueAtUs: number }>();
  readonly #handles = new Map<string, NodeJS.Timeout>();
  #isStarted = false;

  constructor(options: PluginTimersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#isStarted = true;
    for (const key of this.#due.keys()) this.#arm(key);
  }

  set(owner: number, id: number, dueAtUs: number): void {
    const key = `${owner} ${id}`;
    this.#due.set(key, { owner, id, dueAtUs });
    if (this.#isStarted) this.#arm(key);
  }

  clear(owner: number, id: number): void {
    this.#forget(`${owner} ${id}`);
  }

  /** Ends them all, for good. */
  close(): void {
    this.#isStarted = false;
    for (const key of [...this.#due.keys()]) this.#forget(key);
  }

  #arm(key: string): void {
    const timer = this.#due.get(key);
    if (timer === undefined) return;
    clearTimeout(this.#handles.get(key));
    const leftMs = () => (timer.dueAtUs - this.#options.nowUs()) / 1000;
    const onTime = () => {
      if (leftMs() > EARLY_MS) return this.#arm(key);
      this.#forget(key);
      this.#options.onDue(timer.owner, timer.id);
    };
    this.#handles.set(key, setTimeout(onTime, Math.min(Math.max(0, leftMs()), LONGEST_MS)));
  }

  #forget(key: string): void {
    clearTimeout(this.#handles.get(key));
    this.#handles.delete(key);
    this.#due.delete(key);
  }
}
