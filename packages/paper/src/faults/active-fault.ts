import type { Random } from "@pitlane/perf";
import type { Fault, FaultAim, FaultHandle } from "./fault.ts";

/** A fault and what has become of it so far. */
export class ActiveFault implements FaultHandle {
  readonly id: number;
  readonly fault: Fault;
  readonly random: Random;
  readonly #aim: FaultAim;
  readonly #end: (fault: ActiveFault) => void;
  state: FaultHandle["state"] = "waiting";
  #hits = 0;

  /** @param end Called with it when it is removed, or has hit as often as it may. */
  constructor(id: number, fault: Fault, random: Random, end: (fault: ActiveFault) => void) {
    this.id = id;
    this.fault = fault;
    this.#aim = fault;
    this.random = random;
    this.#end = end;
  }

  get hits(): number {
    return this.#hits;
  }

  /** True when its route is that of `name`, or of `path`, by whole words. Without a route everything is. */
  matches(name: string, path: string): boolean {
    const { route } = this.#aim;
    return route === undefined || beginsWith(name, route) || beginsWith(path, route);
  }

  /** Decides whether it hits what it matches, and counts the hit; the last one it may have ends it, unless it holds what it has hit. */
  tryHit(): boolean {
    if (this.state !== "active") return false;
    const { probability, count } = this.#aim;
    if (this.#hits === count) return false;
    if (probability !== undefined && this.random.next() >= probability) return false;
    this.#hits++;
    if (this.#hits === count && !HOLDING.has(this.fault.kind)) this.remove();
    return true;
  }

  /** Uniform from `ms` to `ms + jitterMs`. */
  delayMs(ms: number, jitterMs: number): number {
    return jitterMs === 0 ? ms : ms + this.random.next() * jitterMs;
  }

  remove(): void {
    this.#end(this);
  }
}

/** Kinds that keep connections as they are until they end: with enough of them they take no more, and go on. */
const HOLDING: ReadonlySet<string> = new Set(["silent", "halfOpen"]);

const WORD_END = /[a-zA-Z0-9]$/;
const WORD = /^[a-zA-Z0-9_-]/;

/** True when `name` begins with `route` and the route does not stop inside a word. A route that ends with a sign begins anything. */
export function beginsWith(name: string, route: string): boolean {
  if (!name.startsWith(route)) return false;
  return (
    name.length === route.length || !WORD_END.test(route) || !WORD.test(name.slice(route.length, route.length + 1))
  );
}
