import type { Clock } from "@pitlane/perf";
import { check, checkFunction, checkList, checkMethods, checkSignal, checkText } from "../checks.ts";
import type { Endpoint, EndpointChoice } from "../region/endpoints.ts";
import type { WaitOptions } from "../transport/deadline.ts";

// Shapes that several parts of the kit take. Each check names the option and its rule in an InvalidInputError.

export function checkClock(clock: unknown, ...methods: readonly (keyof Clock)[]): void {
  checkMethods("clock", clock, ...methods);
}

export function checkRandom(random: unknown): void {
  checkMethods("random", random, "next");
}

/** A client's emitter, or none. */
export function checkEvents(events: unknown): void {
  if (events !== undefined) checkMethods("events", events, "emit");
}

/** Functions among the fields of `options`; those that are not given are not looked at. */
export function checkCallbacks<T extends object>(options: T, ...names: readonly (keyof T & string)[]): void {
  for (const name of names) if (options[name] !== undefined) checkFunction(name, options[name]);
}

export function checkChoice(name: string, choice: EndpointChoice): void {
  checkMethods(name, choice, "pick", "succeeded", "failed", "onDown");
  if (choice.suspect !== undefined) checkFunction(`${name}.suspect`, choice.suspect);
}

/** Endpoints of one service, the preferred one first. */
export function checkEndpoints(name: string, endpoints: readonly Endpoint[]): void {
  checkList(name, endpoints);
  check(endpoints.length > 0, name, "a list of at least one", "none");
  for (const [i, endpoint] of endpoints.entries()) {
    const isOne = typeof endpoint?.region === "string" && typeof endpoint.url === "string";
    check(isOne, `${name}[${i}]`, "an endpoint: a region and a url", endpoint);
  }
}

/** What a layer that waits needs. */
export function checkWaiting({ clock, closing, outcome }: WaitOptions): void {
  checkClock(clock, "monotonicNs", "sleep");
  checkSignal(closing, "closing");
  const isOutcome = outcome === undefined || outcome === "unsent" || outcome === "unknown";
  check(isOutcome, "outcome", "unsent or unknown", outcome);
}

/** The path of a call, without its query. */
export function checkPath(path: unknown): void {
  checkText("path", /^\//, "text that begins with /", path);
}
