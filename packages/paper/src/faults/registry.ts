import { InvalidInputError, type Random } from "@pitlane/perf";
import type { Timeline } from "../timeline.ts";
import { ActiveFault } from "./active-fault.ts";
import { checkFault } from "./check.ts";
import type { Fault, FaultHandle, FaultKind } from "./fault.ts";
import type { MarketSite } from "./market-site.ts";

/** The faults of a paper exchange: to add, to see, to end. */
export interface Faults {
  /** The faults of the plan that the exchange was created with, in order of their start; empty without one. Printed, they repeat a run. */
  readonly schedule: readonly Fault[];
  /**
   * Adds a fault; it strikes at once, or when its time comes.
   *
   * @throws {InvalidInputError} Naming the option that breaks its rule; nothing was added.
   * @example
   * const lost = paper.faults.add({ kind: "responseLost", route: "POST /api/v3/order", count: 1 });
   * // ... place an order ...
   * console.log(lost.hits, lost.state); // 1 over
   */
  add(fault: Fault): FaultHandle;
  /** The faults that wait or are active, oldest first, and the last 100 that are over. */
  list(): readonly FaultHandle[];
  /** Ends all faults, those that wait included. */
  clear(): void;
}

/** What faults act on: one port, of one venue in one region. */
export interface FaultSite {
  readonly region: string;
  readonly venue: string;
  /** A fault starts here; `active` are all that are active here, this one included. */
  begin(fault: ActiveFault, active: readonly ActiveFault[]): void;
  /** It ends; `active` are those left. */
  end(fault: ActiveFault, active: readonly ActiveFault[]): void;
}

/** Kinds that are a moment: over as soon as they have begun. */
const MOMENTS: ReadonlySet<string> = new Set(["close", "recycle", "tokensExpired"]);

/** Kinds that only one venue knows. */
const VENUE_OF: Readonly<Partial<Record<FaultKind, string>>> = {
  tokensExpired: "axiom",
  turnstile: "axiom",
  weightUsed: "binance",
};

const MOST_FAULTS = 20_000;
const OVER_KEPT = 100;

/** Starts and ends faults on the ports they are aimed at, by the clock. */
export class FaultRegistry implements Faults {
  readonly #sites: readonly FaultSite[];
  readonly #market: MarketSite;
  readonly #timeline: Timeline;
  readonly #random: Random;
  readonly #faults = new Map<number, { readonly fault: ActiveFault; cancel: () => void }>(); // waiting and active
  readonly #over: ActiveFault[] = [];
  #schedule: readonly Fault[] = [];
  #nextId = 1;

  constructor(sites: readonly FaultSite[], market: MarketSite, timeline: Timeline, random: Random) {
    this.#sites = sites;
    this.#market = market;
    this.#timeline = timeline;
    this.#random = random;
  }

  get schedule(): readonly Fault[] {
    return this.#schedule;
  }

  /** Adds a plan's faults. */
  follow(schedule: readonly Fault[]): void {
    this.#schedule = schedule;
    for (const fault of schedule) this.add(fault);
  }

  add(given: Fault): FaultHandle {
    const fault = checkFault(given);
    this.checkPlace(fault);
    if (this.#faults.size >= MOST_FAULTS) {
      throw new InvalidInputError(`there are ${MOST_FAULTS} faults already: remove some, or clear them`);
    }
    const id = this.#nextId++;
    const active = new ActiveFault(id, fault, this.#random.fork(`fault ${id}`), (ended) => this.#end(ended));
    const entry = { fault: active, cancel: () => {} };
    this.#faults.set(id, entry);
    if ((fault.afterMs ?? 0) > 0) {
      const waiting = this.#timeline.after(fault.afterMs!, () => this.#begin(active));
      entry.cancel = () => this.#timeline.cancel(waiting);
    } else this.#begin(active);
    return active;
  }

  list(): readonly FaultHandle[] {
    return [...this.#over, ...[...this.#faults.values()].map(({ fault }) => fault)].sort((a, b) => a.id - b.id);
  }

  clear(): void {
    for (const { fault } of [...this.#faults.values()]) fault.remove();
  }

  /** The fault of that id, when it is listed. */
  find(id: number): FaultHandle | undefined {
    return this.#faults.get(id)?.fault ?? this.#over.find((fault) => fault.id === id);
  }

  /** @throws {InvalidInputError} When there is no such region, venue or instrument, or no market model for a fault of the market. */
  checkPlace(fault: Fault): void {
    const { region, kind } = fault;
    const regions = [...new Set(this.#sites.map((site) => site.region))];
    if (region !== undefined && !regions.includes(region)) {
      throw new InvalidInputError(`fault.region must be one of ${regions.join(", ")}; got "${region}"`);
    }
    const needed = venueOf(fault);
    if (needed !== undefined && !this.#sites.some((site) => site.venue === needed)) {
      throw new InvalidInputError(`fault ${kind} needs venue ${needed}, which this exchange does not serve`);
    }
    this.#market.check(fault);
  }

  #begin(active: ActiveFault): void {
    const { fault, id } = active;
    active.state = "active";
    for (const site of this.#sitesOf(fault)) site.begin(active, this.#activeOn(site));
    this.#market.begin(active);
    if (MOMENTS.has(fault.kind)) {
      active.remove();
      return;
    }
    const entry = this.#faults.get(id);
    if (fault.forMs === undefined || entry === undefined) return; // it may have hit often enough already
    const ending = this.#timeline.after(fault.forMs, () => active.remove());
    entry.cancel = () => this.#timeline.cancel(ending);
  }

  #end(ended: ActiveFault): void {
    const entry = this.#faults.get(ended.id);
    if (entry === undefined) return;
    this.#faults.delete(ended.id);
    entry.cancel();
    const wasActive = ended.state === "active";
    ended.state = "over";
    this.#over.push(ended);
    if (this.#over.length > OVER_KEPT) this.#over.shift();
    if (!wasActive) return;
    for (const site of this.#sitesOf(ended.fault)) site.end(ended, this.#activeOn(site));
    this.#market.end(ended);
  }

  #sitesOf(fault: Fault): readonly FaultSite[] {
    const { region } = fault;
    const venue = venueOf(fault);
    return this.#sites.filter(
      (site) => (region === undefined || site.region === region) && (venue === undefined || site.venue === venue),
    );
  }

  #activeOn({ region, venue }: FaultSite): ActiveFault[] {
    const active: ActiveFault[] = [];
    for (const { fault } of this.#faults.values()) {
      if (fault.state !== "active") continue;
      const aim = fault.fault;
      if ((aim.region ?? region) === region && (venueOf(aim) ?? venue) === venue) active.push(fault);
    }
    return active;
  }
}

/** The one venue it concerns; undefined for all there are. */
function venueOf({ kind, venue }: Fault): string | undefined {
  return VENUE_OF[kind] ?? venue;
}
