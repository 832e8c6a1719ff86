import type { Clock } from "@pitlane/perf";
import type { Peer } from "../peer.ts";
import type { Reader } from "../protocol.ts";
import type { MessageLimit } from "./message-limit.ts";
import type { StreamHub } from "./stream-hub.ts";
import { inUnit, type TimeUnit } from "./time-unit.ts";
import { toVenueRefusal } from "./venue-refusal.ts";

/** Streams of one connection. Source: web-socket-streams.md, "Websocket Limits". */
const MOST_STREAMS = 1024;

export interface StreamSocketOptions {
  readonly peer: Peer;
  readonly hub: StreamHub;
  readonly clock: Pick<Clock, "nowUs">;
  readonly limit: MessageLimit;
  /** True wraps every event in `{"stream","data"}`. */
  readonly combined: boolean;
  readonly unit: TimeUnit;
  /** Streams named in the URL, which `refusedNames` has let pass. */
  readonly names: readonly string[];
}

const TOO_MANY = `Too many subscriptions; a connection may listen to ${MOST_STREAMS} streams`;

/** What a connection is refused with whose URL names too many streams; undefined for one that may be. */
export function refusedNames(names: readonly string[]): string | undefined {
  return new Set(names).size > MOST_STREAMS ? failure(4, TOO_MANY, undefined) : undefined;
}

type RequestId = string | number | null;

/**
 * One connection to the market streams: its subscriptions, and the control messages it sends.
 *
 * Answers are never wrapped. More than 5 messages, pings and pongs in a rolling second end it with close code 1008.
 * Source: web-socket-streams.md, "Live Subscribing/Unsubscribing to streams".
 */
export class StreamSocket implements Reader {
  /** Written by the hub. */
  readonly names = new Set<string>();
  readonly peer: Peer;
  readonly unit: TimeUnit;
  readonly #hub: StreamHub;
  readonly #clock: Pick<Clock, "nowUs">;
  readonly #limit: MessageLimit;
  #combined: boolean;

  constructor({ peer, hub, clock, limit, combined, unit, names }: StreamSocketOptions) {
    this.peer = peer;
    this.unit = unit;
    this.#hub = hub;
    this.#clock = clock;
    this.#limit = limit;
    this.#combined = combined;
    hub.add(this);
    for (const name of names) hub.subscribe(this, name);
  }

  get combined(): boolean {
    return this.#combined;
  }

  /** @param name Its stream, or the method it answers. */
  send(text: string, name: string): void {
    this.peer.send(text, name);
  }

  onPing(): void {
    this.#admit();
  }

  /** The answers to our pings are our doing, not the client's; others count. */
  onStrayPong(): void {
    this.#admit();
  }

  /** Source: web-socket-streams.md, "serverShutdown". */
  shutdownNotice(): string {
    const event = `{"e":"serverShutdown","E":${inUnit(this.#clock.nowUs(), this.unit)}}`;
    return this.#combined ? `{"stream":"!serverShutdown","data":${event}}` : event;
  }

  // Counts a message, ping or pong from the client; false, and the connection is ending, when it is one too many.
  #admit(): boolean {
    if (!this.peer.isOpen) return false;
    if (this.#limit.tryTake()) return true;
    this.peer.close(1008, "Too many requests");
    return false;
  }

  /** Performs a control message. */
  onMessage(data: Buffer): void {
    if (!this.#admit()) return;
    let request: unknown;
    try {
      request = JSON.parse(data.toString());
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.send(failure(3, `Invalid JSON: ${error.message}`, undefined), "");
      return;
    }
    if (typeof request !== "object" || request === null || Array.isArray(request)) {
      this.send(failure(2, "Invalid request: request must be an object", undefined), "");
      return;
    }
    const { method, params, id } = request as Record<string, unknown>;
    const name = typeof method === "string" ? method : "";
    this.peer.run<string>(name, {
      act: (done) => done(this.#perform(method, params, id)),
      refuse: (refusal) => {
        const { venueCode, message } = toVenueRefusal(refusal, this.#clock.nowUs());
        return failure(venueCode, message, isRequestId(id) ? id : undefined);
      },
      send: (answer) => this.send(answer, name),
    });
  }

  /** The connection is gone. */
  onClose(): void {
    this.#hub.remove(this);
  }

  #perform(method: unknown, params: unknown, id: unknown): string {
    if (!isRequestId(id)) {
      return failure(
        2,
        "Invalid request: request ID must be an unsigned integer, a string of at most 36 characters, or null",
        undefined,
      );
    }
    switch (method) {
      case "SUBSCRIBE":
      case "UNSUBSCRIBE":
        if (isNames(params)) return this.#change(method, params, id);
        return failure(2, "Invalid request: params must be a non-empty array of stream names", id);
      case "LIST_SUBSCRIPTIONS":
        return success([...this.names], id);
      case "GET_PROPERTY":
        if (!isList(params) || params[0] !== "combined") return failure(0, "Unknown property", id);
        return success(this.#combined, id);
      case "SET_PROPERTY":
        return this.#setProperty(params, id);
      default:
        return failure(
          2,
          `Invalid request: unknown variant ${JSON.stringify(method)}, expected one of SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY`,
          id,
        );
    }
  }

  #change(method: "SUBSCRIBE" | "UNSUBSCRIBE", names: readonly string[], id: RequestId): string {
    if (method === "UNSUBSCRIBE") {
      for (const name of names) this.#hub.unsubscribe(this, name);
      return success(null, id);
    }
    const added = names.filter((name) => !this.names.has(name)).length;
    if (this.names.size + added > MOST_STREAMS) {
      return failure(4, TOO_MANY, id);
    }
    if (this.peer.isOpen) for (const name of names) this.#hub.subscribe(this, name);
    return success(null, id);
  }

  #setProperty(params: unknown, id: RequestId): string {
    if (!isList(params) || params[0] !== "combined") return failure(0, "Unknown property", id);
    if (typeof params[1] !== "boolean") return failure(1, "Invalid value type: expected Boolean", id);
    this.#combined = params[1];
    return success(null, id);
  }
}

function success(result: unknown, id: RequestId): string {
  return JSON.stringify({ result, id });
}

function failure(code: number, msg: string, id: RequestId | undefined): string {
  return JSON.stringify(id === undefined ? { error: { code, msg } } : { error: { code, msg }, id });
}

function isRequestId(id: unknown): id is RequestId {
  return id === null || (typeof id === "number" && Number.isInteger(id)) || (typeof id === "string" && id.length <= 36);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function isNames(value: unknown): value is readonly string[] {
  return isList(value) && value.length > 0 && value.every((name) => typeof name === "string");
}
