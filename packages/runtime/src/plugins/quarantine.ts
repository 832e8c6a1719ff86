import { type Clock, inRange, integerInRange } from "@pitlane/perf";

/** What a plugin may use up. */
export interface Budgets {
  /** Longest run of one hot hook, in milliseconds; 0.01 to 60,000. Default 5. */
  readonly hookMs: number;
  /** Wall time of all its hot hooks in a second, in milliseconds; 0.1 to 1,000. Default 200. */
  readonly msPerSecond: number;
  /** Hooks that may throw before it is quarantined; 1 to 1e6. Default 10. */
  readonly faults: number;
  /** Intents in a minute of the session's time; 1 to 1e6. Default 6,000. More are denied. */
  readonly ordersPerMinute: number;
  /** Heap of a plugin in a worker, in MB; 16 to 65,536. Default 256. */
  readonly workerMemoryMb: number;
}

export const DEFAULT_BUDGETS: Budgets = {
  hookMs: 5,
  msPerSecond: 200,
  faults: 10,
  ordersPerMinute: 6_000,
  workerMemoryMb: 256,
};

/** @throws {InvalidInputError} When a budget is out of range. */
function checkBudgets(budgets: Budgets): Budgets {
  inRange("budgets.hookMs", budgets.hookMs, 0.01, 60_000);
  inRange("budgets.msPerSecond", budgets.msPerSecond, 0.1, 1_000);
  integerInRange("budgets.faults", budgets.faults, 1, 1e6);
  integerInRange("budgets.ordersPerMinute", budgets.ordersPerMinute, 1, 1e6);
  integerInRange("budgets.workerMemoryMb", budgets.workerMemoryMb, 16, 65_536);
  return budgets;
}

/** What happens to the orders of a plugin that is taken out: they stay; they are cancelled; and what it holds is sold or bought back too. */
export type FaultPolicy = "hold" | "cancel" | "flatten";

/** How a plugin stands. A shed one hears nothing of the market, but of its own orders; a quarantined one nothing at all. */
export type Standing = "active" | "warned" | "shed" | "quarantined";

/** What to do about a plugin. */
export interface QuarantineAction {
  readonly owner: number;
  readonly kind: "warn" | "shed" | "restore" | "quarantine";
  /** For people. */
  readonly reason: string;
}

export interface QuarantineOptions {
  /** By plugin index. */
  readonly budgets: readonly Budgets[];
  /** Read when a budget is passed, and by `tick`. */
  readonly clock: Pick<Clock, "monotonicNs">;
  /** Told of every step, once. It performs it; the states here have moved on already. */
  readonly onAction: (action: QuarantineAction) => void;
}

/** Strikes at which a plugin is shed, and at which it is quarantined. A calm second forgives one. */
const SHED_AT = 10;
const QUARANTINE_AT = 20;
/** More are not counted: it would take as many seconds to forgive them. */
const MOST_STRIKES = 30;
/** Strikes of one budget of wall time used up within a second; a slow hook and a refused order are one each. */
const SPENT_STRIKES = 5;
const SECOND_NS = 1e9;

const STANDINGS: readonly Standing[] = ["active", "warned", "shed", "quarantined"];
const ACTIVE = 0;
const WARNED = 1;
const SHED = 2;
const QUARANTINED = 3;

/**
 * Decides who is over budget, and what is done: a warning, then shedding, then quarantine.
 *
 *     a hook over hookMs        1 strike  \
 *     msPerSecond used up       5 strikes  > 1: warn   10: shed   20: quarantine      a calm second: -1; none left: restore
 *     an order over its budget  1 strike  /
 *     `faults` thrown                       quarantine at once
 *
 * So a pause of the collector costs an innocent plugin a warning, one that always takes 250 ms of a second is shed after two seconds
 * and taken out after four if shedding did not help, and one that takes all of the thread is out within one.
 *
 * A second begins at the first hook after the last one is over and is looked at when the budget is used up: a call of `meter` within
 * budget adds and compares, and reads no clock. Wall time is no function of a session's inputs: what is decided here has to be an
 * input of its own, and a replay takes it from the journal.
 */
export class Quarantine {
  readonly #budgets: readonly Budgets[];
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #onAction: (action: QuarantineAction) => void;
  readonly #hookNs: Float64Array;
  readonly #secondNs: Float64Array;
  readonly #spentNs: Float64Array; // since #sinceNs
  readonly #sinceNs: Float64Array;
  readonly #strikes: Float64Array;
  readonly #calmFromNs: Float64Array; // of the last strike, or of the last one forgiven
  readonly #faults: Int32Array;
  readonly #standing: Uint8Array;

  constructor({ budgets, clock, onAction }: QuarantineOptions) {
    for (const one of budgets) checkBudgets(one);
    const count = budgets.length;
    this.#budgets = budgets;
    this.#clock = clock;
    this.#onAction = onAction;
    this.#hookNs = Float64Array.from(budgets, ({ hookMs }) => hookMs * 1e6);
    this.#secondNs = Float64Array.from(budgets, ({ msPerSecond }) => msPerSecond * 1e6);
    this.#spentNs = new Float64Array(count);
    this.#sinceNs = new Float64Array(count).fill(clock.monotonicNs());
    this.#strikes = new Float64Array(count);
    this.#calmFromNs = new Float64Array(count);
    this.#faults = new Int32Array(count);
    this.#standing = new Uint8Array(count);
  }

  standing(owner: number): Standing {
    return STANDINGS[this.#standing[owner] ?? ACTIVE]!;
  }

  /** Hooks of `owner` that failed since it was started. */
  faults(owner: number): number {
    return this.#faults[owner] ?? 0;
  }

  /** A hot hook of `owner` took so long. */
  meter(owner: number, kind: string, elapsedNs: number): void {
    const spentNs = this.#spentNs[owner]! + elapsedNs;
    this.#spentNs[owner] = spentNs;
    if (elapsedNs > this.#hookNs[owner]!) this.#onSlow(owner, kind, elapsedNs);
    if (spentNs > this.#secondNs[owner]!) this.#onSpent(owner);
  }

  /** A hook of `owner` threw, or returned a promise. @param mustEnd The hook's own policy is to quarantine at the first. */
  fault(owner: number, kind: string, reason: string, mustEnd = false): void {
    if (this.#standing[owner] === QUARANTINED) return;
    const faults = ++this.#faults[owner]!;
    const most = this.#budgets[owner]!.faults;
    if (mustEnd) this.#move(owner, QUARANTINED, `its ${kind} hook failed: ${reason}`);
    else if (faults >= most)
      this.#move(owner, QUARANTINED, `${faults} of its hooks failed, the last (${kind}) with: ${reason}`);
  }

  /** An intent of `owner` was refused for being one too many. */
  flood(owner: number): void {
    const { ordersPerMinute } = this.#budgets[owner]!;
    this.#strike(owner, 1, this.#clock.monotonicNs(), `more than ${ordersPerMinute} orders a minute`);
  }

  /** Takes a plugin out for a reason found elsewhere: its worker hangs, say. */
  end(owner: number, reason: string): void {
    this.#move(owner, QUARANTINED, reason);
  }

  /** Forgives what was long ago. To be called about once a second: a shed plugin is not metered and could not come back otherwise. */
  tick(): void {
    const nowNs = this.#clock.monotonicNs();
    for (let owner = 0; owner < this.#standing.length; owner++) this.#forgive(owner, nowNs);
  }

  /** Starts over with a plugin: its code was replaced. */
  reset(owner: number): void {
    this.#spentNs[owner] = 0;
    this.#sinceNs[owner] = this.#clock.monotonicNs();
    this.#strikes[owner] = 0;
    this.#faults[owner] = 0;
    this.#standing[owner] = ACTIVE;
  }

  #onSlow(owner: number, kind: string, elapsedNs: number): void {
    const { hookMs } = this.#budgets[owner]!;
    const took = `its ${kind} hook took ${(elapsedNs / 1e6).toFixed(1)} ms, the budget is ${hookMs} ms`;
    this.#strike(owner, 1, this.#clock.monotonicNs(), took);
  }

  #onSpent(owner: number): void {
    const nowNs = this.#clock.monotonicNs();
    const spentNs = this.#spentNs[owner]!;
    const overNs = Math.max(SECOND_NS, nowNs - this.#sinceNs[owner]!);
    this.#spentNs[owner] = 0;
    this.#sinceNs[owner] = nowNs;
    // How often the budget of the time that has passed was used up: within a second at least once, by one long hook several times.
    const times = Math.floor((spentNs * SECOND_NS) / (overNs * this.#secondNs[owner]!));
    if (times === 0) return;
    const { msPerSecond } = this.#budgets[owner]!;
    this.#strike(owner, SPENT_STRIKES * times, nowNs, `its hooks took more than ${msPerSecond} ms of a second`);
  }

  #strike(owner: number, strikes: number, nowNs: number, reason: string): void {
    if (this.#standing[owner] === QUARANTINED) return;
    this.#forgive(owner, nowNs);
    const sum = Math.min(this.#strikes[owner]! + strikes, MOST_STRIKES);
    this.#strikes[owner] = sum;
    this.#calmFromNs[owner] = nowNs;
    // One step at a time, so that nobody is taken out who was not shed before.
    if (sum >= QUARANTINE_AT && this.#standing[owner] === SHED) this.#move(owner, QUARANTINED, reason);
    else if (sum >= SHED_AT) this.#move(owner, SHED, reason);
    else this.#move(owner, WARNED, reason);
  }

  #forgive(owner: number, nowNs: number): void {
    if (this.#strikes[owner] === 0 || this.#standing[owner] === QUARANTINED) return;
    const seconds = Math.floor((nowNs - this.#calmFromNs[owner]!) / SECOND_NS);
    if (seconds <= 0) return;
    this.#calmFromNs[owner] = this.#calmFromNs[owner]! + seconds * SECOND_NS;
    this.#strikes[owner] = Math.max(0, this.#strikes[owner]! - seconds);
    if (this.#strikes[owner] === 0) this.#restore(owner);
  }

  #restore(owner: number): void {
    const wasShed = this.#standing[owner] === SHED;
    this.#standing[owner] = ACTIVE;
    if (wasShed) this.#onAction({ owner, kind: "restore", reason: "it has kept to its budget again" });
  }

  /** Only upward; going back is `#restore`. */
  #move(owner: number, to: number, reason: string): void {
    if (this.#standing[owner]! >= to) return;
    this.#standing[owner] = to;
    this.#onAction({ owner, kind: to === QUARANTINED ? "quarantine" : to === SHED ? "shed" : "warn", reason });
  }
}
