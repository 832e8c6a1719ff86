import type { Clock } from "@pitlane/perf";
import type { CoreTimers } from "./core/core-options.ts";

export interface PluginTimersOptions {
  readonly clock: Pick<Clock, "nowUs">;
  readonly onDue: (owner: number, id: number) => void;
}

const LONGEST_MS = 2 ** 31 - 1; // what setTimeout takes

/** The timers of plugins on the wall clock. None fires before `start`: those that are due by then do at once. */
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
    const waitMs = (timer.dueAtUs - this.#options.clock.nowUs()) / 1000;
    const onTime = () => {
      if (waitMs > LONGEST_MS) return this.#arm(key);
      this.#forget(key);
      this.#options.onDue(timer.owner, timer.id);
    };
    this.#handles.set(key, setTimeout(onTime, Math.min(Math.max(0, waitMs), LONGEST_MS)));
  }

  #forget(key: string): void {
    clearTimeout(this.#handles.get(key));
    this.#handles.delete(key);
    this.#due.delete(key);
  }
}
