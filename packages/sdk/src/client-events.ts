import { EventEmitter } from "eventemitter3";
import { check, checkFunction } from "./checks.ts";
import type { RequestError } from "./errors.ts";
import type { ConnectionState } from "./health.ts";

/** What a client tells besides the answers to its calls, as `client.events.on("regionChanged", ...)`. Listeners must not throw. */
export interface ClientEvents {
  /** Calls or sockets of a service go to another region from now on. */
  regionChanged: (event: {
    readonly service: string;
    readonly from: string;
    readonly to: string;
    readonly reason: string;
  }) => void;
  /** An endpoint is given up until a probe finds it well again. */
  endpointDown: (event: {
    readonly service: string;
    readonly region: string;
    readonly url: string;
    readonly reason: string;
  }) => void;
  endpointUp: (event: { readonly service: string; readonly region: string; readonly url: string }) => void;
  /** A call is tried again. */
  retried: (event: {
    readonly call: string;
    readonly attempt: number;
    readonly delayMs: number;
    readonly error: RequestError;
  }) => void;
  /** The venue asked for a pause; calls wait for it before they go out. */
  rateLimited: (event: { readonly origin: string; readonly retryAfterMs: number }) => void;
  /** A call or an order waited for the request budget, however that ended. Times are of the monotonic clock. */
  waited: (event: {
    /** As in `health().budgets`. */
    readonly budget: string;
    readonly call: string;
    readonly startNs: number;
    readonly endNs: number;
  }) => void;
  /** A socket that is meant to stay open is in another state. Planned changes from one socket to the next are none. */
  connectionChanged: (event: {
    /** As in `health().connections`. */
    readonly connection: string;
    readonly state: ConnectionState;
    readonly region: string;
    readonly url: string;
    /** What the last socket, or the last attempt, ended by; empty when it is open or its owner closed it. */
    readonly reason: string;
    /** On the monotonic clock. */
    readonly atNs: number;
  }) => void;
  sessionRefreshed: (event: { readonly expiresAtUs: number }) => void;
  /** The session cannot be renewed: log in again. */
  sessionLost: (event: { readonly error: Error }) => void;
  /** The venue's clock was measured: how far it is ahead of ours. */
  clockMeasured: (event: { readonly offsetUs: number; readonly roundTripUs: number }) => void;
  /** The venue refused a timestamp and our idea of its time was too far off to be worked in: calls are signed with the measured time from now on. */
  clockStepped: (event: {
    /** What was added to the time told; negative when it was ahead. */
    readonly steppedUs: number;
  }) => void;
  /** Something in the background failed that no call tells of; it goes on by itself. */
  failed: (event: { readonly service: string; readonly error: Error }) => void;
}

export type ClientEmitter = EventEmitter<ClientEvents>;

type EventName = keyof ClientEvents;

/** Every event there is, by its name. */
export const EVENT_NAMES = [
  "regionChanged",
  "endpointDown",
  "endpointUp",
  "retried",
  "rateLimited",
  "waited",
  "connectionChanged",
  "sessionRefreshed",
  "sessionLost",
  "clockMeasured",
  "clockStepped",
  "failed",
] as const satisfies readonly EventName[];

/** An emitter for a client's events, without listeners. It refuses names that are none, and listeners that are no functions. */
export function createEvents(): ClientEmitter {
  const events = new EventEmitter<ClientEvents>();
  for (const verb of ["on", "once", "off"] as const) {
    const plain: (...given: never[]) => ClientEmitter = events[verb];
    events[verb] = (event: EventName, listener: unknown, ...more: unknown[]) => {
      // A misspelt name would be silence for good.
      check(EVENT_NAMES.includes(event), "event", `one of ${EVENT_NAMES.join(", ")}`, event);
      if (verb !== "off" || listener !== undefined) checkFunction("listener", listener);
      return plain.apply(events, [event, listener, ...more] as never[]);
    };
  }
  return events;
}
