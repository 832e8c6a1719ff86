interface Timer {
  readonly owner: number;
  readonly id: number;
  readonly dueAtUs: number;
}

/** Timers on a time that the test moves: due ones come out one by one, the earliest first. */
export class TimerQueue {
  readonly #timers: Timer[] = [];

  /** Timers but those of one owner. */
  countBut(owner: number): number {
    return this.#timers.filter((timer) => timer.owner !== owner).length;
  }

  set(owner: number, id: number, dueAtUs: number): void {
    this.clear(owner, id);
    this.#timers.push({ owner, id, dueAtUs });
  }

  clear(owner: number, id: number): void {
    const at = this.#timers.findIndex((timer) => timer.owner === owner && timer.id === id);
    if (at >= 0) this.#timers.splice(at, 1);
  }

  /** Takes out the next timer due by then; undefined when there is none. */
  takeDue(untilUs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.dueAtUs <= untilUs && (next === undefined || timer.dueAtUs < next.dueAtUs)) next = timer;
    if (next !== undefined) this.#timers.splice(this.#timers.indexOf(next), 1);
    return next;
  }
}
