import type { Clock, Random } from "@pitlane/perf";
import type { EndpointChoice } from "../../region/endpoints.ts";
import type { SessionManager } from "../../session/session-manager.ts";
import { Connection, type ConnectionOptions, type ConnectionWatch } from "../../stream/connection.ts";
import { type Keepalive, keepalive as keepaliveOf } from "../../stream/keepalive.ts";
import { sessionHandshake } from "./handshake.ts";
import type { AxiomSession } from "./tokens.ts";

/** What the streams of a client share. */
export interface SocketParts {
  readonly sessions: SessionManager<AxiomSession>;
  readonly userAgent: string;
  readonly connectTimeoutMs: number;
  /** Hears what becomes of the stream's socket. */
  readonly watch?: ConnectionWatch | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when a stream is closed and its socket gone. */
  readonly onClose: () => void;
}

const MOST_FRAME_BYTES = 16 * 1024 * 1024; // a whole set of Pulse tables; trending rows with their charts
export const PING = '{"method":"ping"}';
const PONG = /^\s*\{\s*"method"\s*:\s*"pong"\s*\}\s*$/;

/** Whether a frame is the answer to the venue's ping. */
export function isPong(data: Buffer, isBinary: boolean): boolean {
  return !isBinary && data.length < 64 && PONG.test(data.toString("utf8"));
}

/** The venue's own ping, as often as the site sends it. */
export const VENUE_PING: Keepalive = keepaliveOf({ everyMs: 30_000, text: PING, isAnswer: isPong });

type Events = Pick<ConnectionOptions, "onOpen" | "onFrame" | "onLost" | "onError" | "onTick">;

/**
 * A socket under the client's session: cookies in the handshake, renewed when they have ended or are refused.
 *
 * @param keepalive What the venue answers on this socket: no answer in 10 s ends it. Left out, pings of the protocol find out.
 */
export function openSocket(
  endpoints: EndpointChoice,
  keepalive: Keepalive | undefined,
  events: Events,
  { sessions, userAgent, connectTimeoutMs, watch, clock, random }: SocketParts,
  signal: AbortSignal,
): Connection {
  const handshake = sessionHandshake(sessions, userAgent);
  return new Connection({
    endpoints,
    headers: () => handshake.headers(signal),
    onRefused: () => handshake.onRefused(signal),
    ...events,
    ...(keepalive === undefined ? {} : { ping: false, keepalive }),
    connectTimeoutMs,
    watch,
    maxFrameBytes: MOST_FRAME_BYTES,
    clock,
    random,
  });
}
