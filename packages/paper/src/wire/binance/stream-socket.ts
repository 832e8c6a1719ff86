import type { MessageLimit } from "./message-limit.ts";
import type { Peer } from "./peer.ts";
import type { StreamHub } from "./stream-hub.ts";
import type { TimeUnit } from "./time-unit.ts";

/** Streams that one connection may listen to. */
const MOST_STREAMS = 1024;

export interface StreamSocketOptions {
  readonly peer: Peer;
  readonly hub: StreamHub;
  readonly limit: MessageLimit;
  /** True wraps every event in `{"stream","data"}`. */
  readonly combined: boolean;
  readonly unit: TimeUnit;
  /** Streams named in the URL. */
  readonly names: readonly string[];
}

type RequestId = string | number | null;

/**
 * One connection to the market streams: its subscriptions, and the control messages it sends.
 *
 * Answers are never wrapped. More than 5 messages, pings and pongs in a rolling second end it with close code 1008.
 * Source: web-socket-streams.md, "Live Subscribing/Unsubscribing to streams".
 */
export class StreamSocket {
  /** Written by the hub. */
  readonly names = new Set<string>();
  readonly peer: Peer;
  readonly unit: TimeUnit;
  readonly #hub: StreamHub;
  readonly #limit: MessageLimit;
  #combined: boolean;

  constructor({ peer, hub, limit, combined, unit, names }: StreamSocketOptions) {
    this.peer = peer;
    this.unit = unit;
    this.#hub = hub;
    this.#limit = limit;
    this.#combined = combined;
    hub.add(this);
    for (const name of names.slice(0, MOST_STREAMS)) hub.subscribe(this, name);
  }

  get combined(): boolean {
    return this.#combined;
  }

  send(text: string): void {
    this.peer.send(text);
  }

  /** Counts a message, ping or pong from the client; false, and the connection is ending, when it is one too many. */
  admit(): boolean {
    if (!this.peer.isOpen) return false;
    if (this.#limit.tryTake()) return true;
    this.peer.close(1008, "Too many requests");
    return false;
  }

  /** Performs a control message. */
  onMessage(text: string): void {
    if (!this.admit()) return;
    let request: unknown;
    try {
      request = JSON.parse(text);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      this.#fail(3, `Invalid JSON: ${error.message}`, undefined);
      return;
    }
    this.#perform(request);
  }

  /** The connection is gone. */
  onClose(): void {
    this.#hub.remove(this);
  }

  #perform(request: unknown): void {
    if (typeof request !== "object" || request === null || Array.isArray(request)) {
      this.#fail(2, "Invalid request: request must be an object", undefined);
      return;
    }
    const { method, params, id } = request as Record<string, unknown>;
    if (!isRequestId(id)) {
      this.#fail(
        2,
        "Invalid request: request ID must be an unsigned integer, a string of at most 36 characters, or null",
        undefined,
      );
      return;
    }
    switch (method) {
      case "SUBSCRIBE":
      case "UNSUBSCRIBE":
        if (isNames(params)) this.#change(method, params, id);
        else this.#fail(2, "Invalid request: params must be a non-empty array of stream names", id);
        return;
      case "LIST_SUBSCRIPTIONS":
        this.#answer([...this.names], id);
        return;
      case "GET_PROPERTY":
        if (!isList(params) || params[0] !== "combined") this.#fail(0, "Unknown property", id);
        else this.#answer(this.#combined, id);
        return;
      case "SET_PROPERTY":
        this.#setProperty(params, id);
        return;
      default:
        this.#fail(
          2,
          `Invalid request: unknown variant ${JSON.stringify(method)}, expected one of SUBSCRIBE, UNSUBSCRIBE, LIST_SUBSCRIPTIONS, SET_PROPERTY, GET_PROPERTY`,
          id,
        );
    }
  }

  #change(method: "SUBSCRIBE" | "UNSUBSCRIBE", names: readonly string[], id: RequestId): void {
    if (method === "UNSUBSCRIBE") {
      for (const name of names) this.#hub.unsubscribe(this, name);
    } else {
      const added = names.filter((name) => !this.names.has(name)).length;
      if (this.names.size + added > MOST_STREAMS) {
        this.#fail(4, `Too many subscriptions; a connection may listen to ${MOST_STREAMS} streams`, id);
        return;
      }
      for (const name of names) this.#hub.subscribe(this, name);
    }
    this.#answer(null, id);
  }

  #setProperty(params: unknown, id: RequestId): void {
    if (!isList(params) || params[0] !== "combined") {
      this.#fail(0, "Unknown property", id);
    } else if (typeof params[1] !== "boolean") {
      this.#fail(1, "Invalid value type: expected Boolean", id);
    } else {
      this.#combined = params[1];
      this.#answer(null, id);
    }
  }

  #answer(result: unknown, id: RequestId): void {
    this.send(JSON.stringify({ result, id }));
  }

  #fail(code: number, msg: string, id: RequestId | undefined): void {
    this.send(JSON.stringify(id === undefined ? { error: { code, msg } } : { error: { code, msg }, id }));
  }
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
