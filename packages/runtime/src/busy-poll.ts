import type { Clock } from "@pitlane/perf";

/** When a session's event loop does not sleep: while a market is busy, always, or never. */
export const BUSY_POLL = ["auto", "always", "never"] as const;
export type BusyPoll = (typeof BUSY_POLL)[number];

const LOOK_MS = 100;
const FROM_PER_SECOND = 800; // events: chosen, not measured; above the demo market, below the 1,000 of the bench
const BELOW_PER_SECOND = 400; // it sleeps again
const LEAST_SHARE = 0.75; // of a core, for a process that never sleeps: with less, others want that core too
const GIVEN_BACK_NS = 10e9;
// A turn of the event loop takes one and leaves 600 bytes to the collector: turn after turn, that would be two hundred collections a second.
const TURN_NS = 5_000;
const MOST_READINGS = 1_000; // of the clock in one: ten turns' worth, should it stand still

/** What is known of a session at one moment. */
export interface PollLook {
  /** On the monotonic clock. */
  readonly nowNs: number;
  /** Market events so far. */
  readonly events: number;
  /** Time of the processor that this process has used, in microseconds. */
  readonly cpuUs: number;
}

/**
 * Whether the event loop is to go without sleep, by how busy its market is: from 800 events a second on, until there are fewer than 400.
 *
 * A process that does not sleep has a core for itself, or nearly: where it gets less than three quarters of one, somebody else waits for
 * the rest, and the core is given back for 10 s.
 *
 * Linux's haltpoll and KVM's `halt_poll_ns` decide alike for a virtual core: to wait awake pays where the wait is short.
 */
export class PollRule {
  #isAwake = false;
  #last: PollLook;
  #asleepUntilNs = Number.NEGATIVE_INFINITY;

  constructor(start: PollLook) {
    this.#last = start;
  }

  /** To be asked every 100 ms or so: each answer is about the time since the last. */
  look(look: PollLook): boolean {
    const { nowNs, events, cpuUs } = look;
    const elapsedNs = nowNs - this.#last.nowNs;
    if (elapsedNs <= 0) return this.#isAwake; // no time, no pace
    const perSecond = ((events - this.#last.events) * 1e9) / elapsedNs;
    const share = ((cpuUs - this.#last.cpuUs) * 1e3) / elapsedNs;
    this.#last = look;
    if (this.#isAwake && share < LEAST_SHARE) this.#asleepUntilNs = nowNs + GIVEN_BACK_NS;
    const least = this.#isAwake ? BELOW_PER_SECOND : FROM_PER_SECOND;
    this.#isAwake = nowNs >= this.#asleepUntilNs && perSecond >= least;
    return this.#isAwake;
  }
}

/** False where the event loop sleeps whatever comes: with fewer than two cores, whoever is waited for may need this one. */
export function polls(when: BusyPoll, cores: number): boolean {
  return when === "always" || (when === "auto" && cores >= 2);
}

export interface PollOptions {
  /** Cores that this process may use. */
  readonly cores: number;
  /** Market events so far. */
  readonly events: () => number;
  readonly clock: Pick<Clock, "monotonicNs">;
}

/**
 * Keeps the event loop from sleeping when it is to, until what it returns is called: sockets are asked again and again instead of waited for. A
 * core that sleeps takes tens of microseconds to wake in a virtual machine, and then finds its caches cold; this one is kept busy for that.
 *
 * As the busy-spin idle strategy of Aeron and LMAX, or `SO_BUSY_POLL` of Linux for one socket; `auto` is a back-off from it.
 *
 * @example
 * const stop = pollBusily("auto", { cores: 4, events: () => data.events, clock });
 * stop();
 */
export function pollBusily(when: BusyPoll, { cores, events, clock }: PollOptions): () => void {
  if (!polls(when, cores)) return () => {};
  let immediate: NodeJS.Immediate | undefined;
  function turn(): void {
    immediate = setImmediate(turn);
    const untilNs = clock.monotonicNs() + TURN_NS;
    for (let i = 0; i < MOST_READINGS && clock.monotonicNs() < untilNs; i++);
  }
  function rest(): void {
    clearImmediate(immediate);
    immediate = undefined;
  }
  if (when === "always") {
    turn();
    return rest;
  }
  const seen = (): PollLook => {
    const { user, system } = process.cpuUsage();
    return { nowNs: clock.monotonicNs(), events: events(), cpuUs: user + system };
  };
  const rule = new PollRule(seen());
  const timer = setInterval(() => {
    if (!rule.look(seen())) rest();
    else if (immediate === undefined) turn();
  }, LOOK_MS);
  return () => {
    clearInterval(timer);
    rest();
  };
}
