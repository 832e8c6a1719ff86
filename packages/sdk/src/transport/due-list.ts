import type { Clock } from "@pitlane/perf";
import { Chain, Link } from "./chain.ts";

/** Something under way that must hear when its time has come. */
export abstract class Due<T extends Due<T>> extends Link<T> {
  /** On the monotonic clock. Changed only before it is added, and in `onDue`. */
  dueNs = Number.POSITIVE_INFINITY;
  /** Its time has come: it takes itself out, or sets `dueNs` to a later one. */
  abstract onDue(): void;
}

/**
 * What is under way, in the order it began, with one timer for all: a timer of its own costs a call about half a microsecond.
 *
 * The timer is set for the earliest. As most calls may take equally long and end before that, it is seldom set anew: once in ten
 * seconds where that is the limit. It holds no process up: a call has a socket that does. When nothing is under way any more
 * it fires once for nothing, unless `close` ends it.
 */
export class DueList<T extends Due<T>> {
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #chain = new Chain<T>();
  #timer: NodeJS.Timeout | undefined = undefined;
  #timerNs = Number.POSITIVE_INFINITY; // when it fires

  constructor(clock: Pick<Clock, "monotonicNs">) {
    this.#clock = clock;
  }

  /** The one that began first; its `next` is the second. */
  get first(): T | undefined {
    return this.#chain.first;
  }

  add(due: T, nowNs: number): void {
    this.#chain.add(due);
    if (due.dueNs < this.#timerNs) this.#set(due.dueNs, nowNs);
  }

  /** Takes out `due`, which must be in. */
  remove(due: T): void {
    this.#chain.remove(due);
  }

  /** Ends the timer. */
  close(): void {
    clearTimeout(this.#timer);
  }

  /** Calls `onDue` of what is due. The timer does. */
  look(): void {
    const nowNs = this.#clock.monotonicNs();
    const due: T[] = [];
    for (let it = this.#chain.first; it !== undefined; it = it.next) if (it.dueNs <= nowNs) due.push(it);
    for (const it of due) it.onDue(); // not while the chain is walked: one may take others out
    let nextNs = Number.POSITIVE_INFINITY;
    for (let it = this.#chain.first; it !== undefined; it = it.next) nextNs = Math.min(nextNs, it.dueNs);
    this.#timerNs = Number.POSITIVE_INFINITY;
    if (nextNs < Number.POSITIVE_INFINITY) this.#set(nextNs, nowNs);
  }

  #set(dueNs: number, nowNs: number): void {
    clearTimeout(this.#timer);
    this.#timerNs = dueNs;
    this.#timer = setTimeout(look, Math.max(1, Math.ceil((dueNs - nowNs) / 1e6)), this);
    this.#timer.unref();
  }
}

function look(list: { look(): void }): void {
  list.look();
}
