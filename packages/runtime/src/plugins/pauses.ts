/** What a paused plugin keeps for the time after. */
export interface PauseRecord {
  readonly plugin: string;
  /** Numbers of its timers that came due meanwhile, in the order of the first time each did. */
  readonly timers: readonly number[];
}

/**
 * Which plugins hear nothing of the market: those that an operator has paused, and those that the quarantine has shed. Either is enough, so
 * that the end of one does not undo the other.
 *
 * A timer that comes due while its plugin is paused waits, and fires once when it goes on.
 */
export class Pauses {
  readonly #setShed: (owner: number, isShed: boolean) => void;
  readonly #due = new Map<number, Set<number>>(); // by owner that is paused: its timers
  readonly #shed = new Set<number>();

  /** @param setShed Told whether a plugin is spared the market. */
  constructor(setShed: (owner: number, isShed: boolean) => void) {
    this.#setShed = setShed;
  }

  isPaused(owner: number): boolean {
    return this.#due.has(owner);
  }

  /** @returns False when it is paused already. */
  pause(owner: number): boolean {
    if (this.#due.has(owner)) return false;
    this.#due.set(owner, new Set());
    this.#setShed(owner, true);
    return true;
  }

  /** @returns Timers to be fired now; undefined when it is not paused. */
  resume(owner: number): readonly number[] | undefined {
    const due = this.#due.get(owner);
    if (due === undefined) return undefined;
    this.#due.delete(owner);
    this.#setShed(owner, this.#shed.has(owner));
    return [...due];
  }

  /** The quarantine's word. */
  shed(owner: number, isShed: boolean): void {
    if (isShed) this.#shed.add(owner);
    else this.#shed.delete(owner);
    this.#setShed(owner, isShed || this.#due.has(owner));
  }

  /** Its code was replaced: nothing is shed any more, and timers of the old code are gone. A pause stays. */
  renew(owner: number): void {
    this.#due.get(owner)?.clear();
    this.shed(owner, false);
  }

  /** @returns True when the timer waits for the plugin to go on. */
  holds(owner: number, timer: number): boolean {
    const due = this.#due.get(owner);
    due?.add(timer);
    return due !== undefined;
  }

  record(names: readonly string[]): readonly PauseRecord[] {
    return Array.from(this.#due, ([owner, timers]) => ({ plugin: names[owner]!, timers: [...timers] }));
  }

  /** Plugins that are no longer there are passed over. */
  restore(names: readonly string[], records: readonly PauseRecord[]): void {
    for (const { plugin, timers } of records) {
      const owner = names.indexOf(plugin);
      if (owner < 0) continue;
      this.pause(owner);
      for (const timer of timers) this.holds(owner, timer);
    }
  }
}
