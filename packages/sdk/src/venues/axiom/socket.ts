import type { Clock, Random } from "@pitlane/perf";
import type { EndpointChoice } from "../../region/endpoints.ts";
import type { SessionManager } from "../../session/session-manager.ts";
import { Connection, type ConnectionOptions } from "../../stream/connection.ts";
import { sessionHandshake } from "./handshake.ts";
import type { AxiomSession } from "./tokens.ts";

/** What the streams of a client share. */
export interface SocketParts {
  readonly sessions: SessionManager<AxiomSession>;
  readonly userAgent: string;
  readonly connectTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Random;
  /** Called when a stream is closed and its socket gone. */
  readonly onClose: () => void;
}

const PING_EVERY_MS = 30_000; // as the site
const MOST_FRAME_BYTES = 16 * 1024 * 1024; // a whole set of Pulse tables; trending rows with their charts
export const PING = '{"method":"ping"}';

type Events = Pick<ConnectionOptions, "onOpen" | "onFrame" | "onLost" | "onError" | "onTick">;

/**
 * A socket under the client's session: cookies in the handshake, renewed when they have ended or are refused; the venue's own ping
 * every 30 s. @param isAnswered The venue answers that ping: no answer ends the socket. Elsewhere pings of the protocol find out.
 */
export function openSocket(
  endpoints: EndpointChoice,
  isAnswered: boolean,
  events: Events,
  { sessions, userAgent, connectTimeoutMs, clock, random }: SocketParts,
  signal: AbortSignal,
): Connection {
  const handshake = sessionHandshake(sessions, userAgent);
  return new Connection({
    endpoints,
    headers: () => handshake.headers(signal),
    onRefused: () => handshake.onRefused(signal),
    ...events,
    ...(isAnswered ? { ping: false, keepalive: { everyMs: PING_EVERY_MS, text: PING, isAnswer: isPong } } : {}),
    connectTimeoutMs,
    maxFrameBytes: MOST_FRAME_BYTES,
    clock,
    random,
  });
}

const PONG = /^\s*\{\s*"method"\s*:\s*"pong"\s*\}\s*$/;

/** Whether a frame is the answer to the venue's ping. */
export function isPong(data: Buffer, isBinary: boolean): boolean {
  return !isBinary && data.length < 64 && PONG.test(data.toString("utf8"));
}
