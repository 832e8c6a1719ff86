import { createServer, type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "@pitlane/perf";
import { type WebSocket, WebSocketServer } from "ws";
import type { Conditions, Treatment } from "../faults/conditions.ts";
import { listenError } from "../host.ts";
import type { Timeline } from "../timeline.ts";
import { performErrand } from "./errand.ts";
import { headOf, readRequest, refusalBytes, writeAnswer } from "./http-request.ts";
import { Peer } from "./peer.ts";
import type { HttpAnswer, HttpRequest, Protocol, Reader } from "./protocol.ts";

export interface ServerOptions {
  readonly protocol: Protocol;
  readonly conditions: Conditions;
  /** Answers what is asked below `/_paper/`, whatever the faults. */
  readonly admin: (request: HttpRequest) => HttpAnswer;
  readonly clock: Clock;
  readonly timeline: Timeline;
  /** Life of a WebSocket, milliseconds. */
  readonly connectionLifeMs: number;
  /** Told of each new connection, once it has its reader. */
  readonly onPeer: (peer: Peer) => void;
  readonly onError: (error: Error) => void;
}

const ADMIN_ROOT = "/_paper/";
const MOST_ADMIN_BYTES = 64 * 1024;
/** From the notice to the end of a connection that has lived long enough: a tenth of its life, a minute at most. */
const LONGEST_NOTICE_MS = 60_000;
const GOING_AWAY = 1001;

/** One port that speaks one venue's protocol over HTTP and WebSocket, in the conditions of its region. */
export class PaperServer {
  readonly #options: ServerOptions;
  readonly #server: Server;
  readonly #sockets: WebSocketServer;
  readonly #streams = new Set<Duplex>(); // of handshakes and WebSockets, which the HTTP server knows nothing of any more
  readonly #peers = new Map<Peer, Reader>(); // oldest first
  readonly #ending = new Set<Peer>(); // those that have been told of their end
  #host = "";
  #port = 0;
  #isClosed = false;
  #turning: Promise<void> = Promise.resolve(); // off and on again, one after the other

  constructor(options: ServerOptions) {
    this.#options = options;
    const { mostMessageBytes } = options.protocol;
    this.#sockets = new WebSocketServer({
      noServer: true,
      perMessageDeflate: false,
      maxPayload: mostMessageBytes,
      autoPong: false, // pongs pass the faults as frames do
    });
    this.#server = createServer((request, response) => this.#request(request, response));
    this.#server.keepAliveTimeout = 60_000; // clients reuse a connection for longer than Node's 5 s
    this.#server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      this.#upgrade(request, stream, head),
    );
  }

  /** 0 until it listens; then the same for good. */
  get port(): number {
    return this.#port;
  }

  /** The WebSockets that are open, oldest first. */
  get peers(): IterableIterator<Peer> {
    return this.#peers.keys();
  }

  /** Starts to listen. @throws {CannotListenError} When nothing can listen there; a `PortInUseError` when something else does. */
  async listen(port: number, host: string): Promise<void> {
    this.#host = host;
    await this.#listen(port);
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Pings every WebSocket, and ends those that have not answered for a minute. */
  keepAlive(): void {
    for (const peer of this.#peers.keys()) peer.keepAlive();
  }

  /** Ends the WebSockets that have lived long enough, after a notice. Call often. */
  recycle(): void {
    const { clock, connectionLifeMs } = this.#options;
    const noticeMs = Math.min(LONGEST_NOTICE_MS, connectionLifeMs / 10);
    const beforeNs = clock.monotonicNs() - (connectionLifeMs - noticeMs) * 1e6;
    for (const peer of this.#peers.keys()) {
      if (peer.openedNs > beforeNs) return;
      this.endPolitely(peer, noticeMs);
    }
  }

  /** Tells a WebSocket's client that its end is near, where the venue does so, and closes it with 1001 after `noticeMs`. */
  endPolitely(peer: Peer, noticeMs: number): void {
    if (this.#ending.has(peer)) return;
    this.#ending.add(peer);
    const notice = this.#peers.get(peer)?.shutdownNotice?.();
    if (notice !== undefined) peer.send(notice, "serverShutdown");
    this.#options.timeline.after(noticeMs, () => peer.close(GOING_AWAY, ""));
  }

  /** Ends all connections and refuses new ones, until `turnOn`. */
  turnOff(): void {
    this.#turning = this.#turning.then(() => this.#stop());
  }

  /** Listens again, on the same port. */
  turnOn(): void {
    this.#turning = this.#turning
      .then(() => (this.#isClosed ? undefined : this.#listen(this.#port)))
      .catch((error: unknown) => this.#options.onError(error instanceof Error ? error : new Error(String(error))));
  }

  /** Ends all connections and stops listening. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.turnOff();
    await this.#turning;
  }

  #listen(port: number): Promise<void> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      const onError = (cause: NodeJS.ErrnoException) => reject(listenError(this.#host, port, cause));
      server.removeAllListeners("error");
      server.once("error", onError);
      server.listen(port, this.#host, () => {
        server.off("error", onError);
        server.on("error", this.#options.onError);
        resolve();
      });
    });
  }

  #stop(): Promise<void> {
    for (const peer of this.#peers.keys()) peer.terminate();
    for (const stream of this.#streams) stream.destroy();
    return new Promise((resolve) => {
      if (!this.#server.listening) return resolve();
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #request(message: IncomingMessage, response: ServerResponse): void {
    const { protocol, admin } = this.#options;
    const isAdmin = message.url?.startsWith(ADMIN_ROOT) === true;
    readRequest(message, isAdmin ? MOST_ADMIN_BYTES : protocol.mostBodyBytes, (request, fault) => {
      if (fault === "aborted") response.destroy();
      else if (isAdmin) writeAnswer(response, admin(request));
      else this.#perform(request, response, fault === "tooLong");
    });
  }

  #perform(request: HttpRequest, response: ServerResponse, isTooLong: boolean): void {
    const { protocol, conditions, timeline } = this.#options;
    const act = isTooLong
      ? (done: (answer: HttpAnswer) => void) =>
          done(
            protocol.refusal({ status: 413, code: undefined, text: undefined, retryAfterSeconds: undefined }, request),
          )
      : (done: (answer: HttpAnswer) => void) => protocol.handle(request, done);
    const send = (answer: HttpAnswer) => writeAnswer(response, answer);
    const treatment = conditions.treatHttp(`${request.method} ${request.path}`, request.path);
    if (treatment === undefined) {
      act(send);
      return;
    }
    performErrand({ act, send, refuse: (refusal) => protocol.refusal(refusal, request) }, treatment, {
      timeline,
      ban: (forMs) => protocol.ban?.(request.ip, forMs),
      useWeight: (weight) => protocol.useWeight?.(request.ip, weight),
      destroy: () => reset(response.socket),
    });
  }

  #upgrade(message: IncomingMessage, stream: Duplex, head: Buffer): void {
    const { protocol, conditions, timeline } = this.#options;
    stream.on("error", () => stream.destroy()); // a reset by the client; its socket closes and says so
    this.#streams.add(stream);
    stream.on("close", () => this.#streams.delete(stream));
    const request = headOf(message);
    const refuse = (answer: HttpAnswer) => {
      stream.end(refusalBytes(answer, STATUS_CODES[answer.status] ?? ""));
    };
    const accept = () => {
      if (stream.destroyed) return;
      const upgrade = protocol.upgrade(request);
      if ("refuse" in upgrade) refuse(upgrade.refuse);
      else
        this.#sockets.handleUpgrade(message, stream, head, (socket) =>
          this.#connect(socket, stream, request, upgrade.accept),
        );
    };
    const treatment = conditions.treatHttp(`${request.method} ${request.path}`, request.path);
    if (treatment === undefined) {
      accept();
      return;
    }
    performErrand<HttpAnswer>(
      { act: accept, send: refuse, refuse: (refusal) => protocol.refusal(refusal, request) },
      ofHandshake(treatment),
      {
        timeline,
        ban: (forMs) => protocol.ban?.(request.ip, forMs),
        useWeight: (weight) => protocol.useWeight?.(request.ip, weight),
        destroy: () => reset(stream),
      },
    );
  }

  #connect(socket: WebSocket, stream: Duplex, request: HttpRequest, accept: (peer: Peer) => Reader): void {
    const { conditions, clock, timeline, protocol, onPeer, onError } = this.#options;
    const ban = (forMs: number) => protocol.ban?.(request.ip, forMs);
    const useWeight = (weight: number) => protocol.useWeight?.(request.ip, weight);
    const peer = new Peer(socket, stream, { clock, conditions, timeline, path: request.path, ban, useWeight });
    const reader = accept(peer);
    this.#peers.set(peer, reader);
    socket.on("message", (data: Buffer, isBinary: boolean) => {
      try {
        reader.onMessage(data, isBinary);
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
        peer.close(1011, "internal error");
      }
    });
    socket.on("ping", (data: Buffer) => {
      peer.answerPing(data);
      reader.onPing?.();
    });
    socket.on("pong", (data: Buffer) => {
      if (!peer.receivePong(data.toString())) reader.onStrayPong?.();
    });
    socket.on("error", () => peer.terminate()); // a frame against the protocol; "close" follows
    socket.on("close", () => {
      this.#peers.delete(peer);
      this.#ending.delete(peer);
      peer.end();
      reader.onClose();
    });
    onPeer(peer);
  }
}

// The answer to a handshake is the connection itself: what comes late or never is that, and nothing has been performed.
function ofHandshake(treatment: Treatment): Treatment {
  const { end, requestDelayMs, answerDelayMs } = treatment;
  return {
    ...treatment,
    requestDelayMs: requestDelayMs + answerDelayMs,
    answerDelayMs: 0,
    acted: false,
    end: end === "lost" ? "reset" : end === "unanswered" ? "ignored" : end,
  };
}

// As a crashed process leaves it: with RST where the stream can.
function reset(stream: Duplex | Socket | null): void {
  if (stream === null) return;
  if ("resetAndDestroy" in stream) stream.resetAndDestroy();
  else stream.destroy();
}
