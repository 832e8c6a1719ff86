import type { IncomingHttpHeaders, OutgoingHttpHeaders } from "node:http";
import type { Peer } from "./peer.ts";

/** Where a port stands. One object for as long as the port lives; its skew changes with the faults. */
export interface Place {
  readonly region: string;
  /** What this region's clock is ahead of the exchange's, microseconds: of told times and checked timestamps, never of what the engine is given. */
  readonly skewUs: number;
}

/** A request with its whole body, or a handshake. */
export interface HttpRequest {
  readonly method: string;
  /** `/api/v3/order`: without the query. */
  readonly path: string;
  /** What follows `?`, as received; "" without one. */
  readonly query: string;
  readonly headers: IncomingHttpHeaders;
  /** The body as UTF-8; "" without one, and in a handshake. */
  readonly body: string;
  /** Address of the client. */
  readonly ip: string;
}

/** What is answered. The length is added; a header may be a list, as several cookies are. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: OutgoingHttpHeaders;
  readonly text: string;
}

/** A refusal that a fault asks for, to be put into the venue's words. */
export interface Refusal {
  /** HTTP status, 400 to 599. */
  readonly status: number;
  /** The venue's code; undefined for the one it goes by with that status. */
  readonly code: number | undefined;
  /** The venue's text; undefined for the usual one. */
  readonly text: string | undefined;
  /** When to come back, where the venue would say so. */
  readonly retryAfterSeconds: number | undefined;
}

/** What reads the messages of one WebSocket connection. */
export interface Reader {
  onMessage(data: Buffer, isBinary: boolean): void;
  onClose(): void;
  /** A ping of the client's, which was answered. */
  onPing?(): void;
  /** A pong that answers no ping of ours. */
  onStrayPong?(): void;
  /** The frame by which the venue says that this connection will end soon; undefined where it says nothing. */
  shutdownNotice?(): string | undefined;
}

/** What becomes of a handshake: a reader for the new connection, or an answer that refuses it. `accept` must not throw. */
export type Upgrade = { readonly accept: (peer: Peer) => Reader } | { readonly refuse: HttpAnswer };

/** What one venue's protocol does with the requests and connections of one port. */
export interface Protocol {
  /** Longest body taken, in bytes; a longer one is answered by `refusal` with 413. */
  readonly mostBodyBytes: number;
  /** Longest message taken of a WebSocket, in bytes; a longer one ends the connection. */
  readonly mostMessageBytes: number;
  /** Performs a request and answers it once, now or later. A failure of the exchange itself is answered too, never thrown. */
  handle(request: HttpRequest, answer: (answer: HttpAnswer) => void): void;
  /** Decides on a handshake, of which `request` has no body. */
  upgrade(request: HttpRequest): Upgrade;
  /** A refusal in the venue's form. */
  refusal(refusal: Refusal, request: HttpRequest): HttpAnswer;
  /** Refuses everything from `ip` for `forMs` from now on. */
  ban?(ip: string, forMs: number): void;
  /** Counts at least `weight` of this minute's request weight of `ip` as used. */
  useWeight?(ip: string, weight: number): void;
  /** Makes every access token given out so far worthless, on open connections too. */
  expireTokens?(): void;
  /** Whether logins need a Turnstile token from now on. */
  demandTurnstile?(isDemanded: boolean): void;
}

/**
 * One request to be answered on a WebSocket, as `Peer.run` performs it: straight, or as the faults will have it.
 * `A` is whatever the protocol calls an answer.
 */
export interface Errand<A> {
  /** Performs the request and hands over its answer, now or later. */
  act(done: (answer: A) => void): void;
  /** The answer that refuses it. */
  refuse(refusal: Refusal): A;
  send(answer: A): void;
}
