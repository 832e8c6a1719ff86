import { InvalidInputError, inRange } from "@pitlane/perf";

/** A timer of a plugin. */
export interface PluginTimer {
  /** Number in its plugin, from 1 in the order they were set: how inputs and journals name it. */
  readonly id: number;
  readonly isSet: boolean;
  /** Ends it; again is no fault. */
  clear(): void;
}

/** A timer as a snapshot keeps it. */
export interface TimerRecord {
  readonly id: number;
  /** When it fires next, microseconds since the epoch. */
  readonly dueAtUs: number;
}

export interface TimersRecord {
  /** Id of the next timer. */
  readonly nextId: number;
  readonly timers: readonly TimerRecord[];
}

/** Where timers are kept: a live session sets real ones, a replay none. */
export interface TimerHost {
  setTimer(id: number, dueAtUs: number): void;
  clearTimer(id: number): void;
}

interface Entry {
  dueAtUs: number;
  /** Undefined for one that fires once. */
  readonly everyUs: number | undefined;
  readonly run: () => unknown;
}

const LONGEST_MS = 366 * 86_400_000;

/**
 * The timers of one plugin. They run on the session's time: the host is told when one is due, and brings the firing back as an input, so
 * that a replay fires the same ones at the same places.
 *
 * At most 1,000 at a time.
 */
export class ScopeTimers {
  readonly #nowUs: () => number;
  readonly #entries = new Map<number, Entry>();
  #host: TimerHost | undefined;
  #nextId = 1;

  constructor(nowUs: () => number) {
    this.#nowUs = nowUs;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** @throws {InvalidInputError} When `ms` is out of range or too many timers are set. */
  set(ms: number, isRepeated: boolean, run: () => unknown): PluginTimer {
    inRange("a timer's duration in ms", ms, isRepeated ? 1 : 0, LONGEST_MS);
    if (typeof run !== "function") throw new InvalidInputError("a timer needs a function to call");
    if (this.#entries.size >= 1000) throw new InvalidInputError("1,000 timers are set: clear some, or share one");
    const id = this.#nextId++;
    const spanUs = Math.round(ms * 1000);
    const entry = { dueAtUs: this.#nowUs() + spanUs, everyUs: isRepeated ? spanUs : undefined, run };
    this.#entries.set(id, entry);
    this.#host?.setTimer(id, entry.dueAtUs);
    const entries = this.#entries;
    return {
      id,
      get isSet() {
        return entries.get(id) === entry;
      },
      clear: () => {
        if (entries.get(id) === entry) this.#clear(id);
      },
    };
  }

  /** Timers set before this are told to the host now: a plugin that fails in setup has set none. */
  attach(host: TimerHost): void {
    this.#host = host;
    for (const [id, { dueAtUs }] of this.#entries) host.setTimer(id, dueAtUs);
  }

  /**
   * Calls what the timer is for; nothing when it is no longer set. A repeated one is due again at the next multiple of its time that is
   * still to come: those that were missed are left out. Returns and throws what the plugin does.
   */
  fire(id: number): unknown {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    if (entry.everyUs === undefined) this.#entries.delete(id);
    else {
      const late = Math.max(0, this.#nowUs() - entry.dueAtUs);
      entry.dueAtUs += (1 + Math.floor(late / entry.everyUs)) * entry.everyUs;
      this.#host?.setTimer(id, entry.dueAtUs);
    }
    return entry.run();
  }

  record(): TimersRecord {
    return { nextId: this.#nextId, timers: Array.from(this.#entries, ([id, { dueAtUs }]) => ({ id, dueAtUs })) };
  }

  /**
   * Takes over the times of an earlier process for the timers that setup has set again: by number, as setup sets them in the same order.
   * Those that had ended by then end here.
   *
   * @returns Numbers of timers that nothing has set again: ones that a hook had set.
   */
  restore({ nextId, timers }: TimersRecord): readonly number[] {
    const lost: number[] = [];
    const recorded = new Set<number>();
    for (const { id, dueAtUs } of timers) {
      recorded.add(id);
      const entry = this.#entries.get(id);
      if (entry === undefined) {
        lost.push(id);
        continue;
      }
      entry.dueAtUs = dueAtUs;
      this.#host?.setTimer(id, dueAtUs);
    }
    for (const id of [...this.#entries.keys()]) if (id < nextId && !recorded.has(id)) this.#clear(id);
    this.#nextId = Math.max(this.#nextId, nextId);
    return lost;
  }

  clearAll(): void {
    for (const id of [...this.#entries.keys()]) this.#clear(id);
  }

  #clear(id: number): void {
    this.#entries.delete(id);
    this.#host?.clearTimer(id);
  }
}
