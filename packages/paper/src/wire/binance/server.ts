import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { type Clock, InvalidInputError } from "@pitlane/perf";
import { type WebSocket, WebSocketServer } from "ws";
import { VenueRefusal } from "./errors.ts";
import { errorJson, type HttpApi } from "./http-api.ts";
import { MessageLimit } from "./message-limit.ts";
import { Peer } from "./peer.ts";
import type { SocketApi } from "./socket-api.ts";
import type { StreamHub } from "./stream-hub.ts";
import { parseTarget, type SocketTarget } from "./stream-path.ts";
import { StreamSocket } from "./stream-socket.ts";

/** The port is in use. Another one, or 0 for a free one, helps. */
export class PortInUseError extends InvalidInputError {
  override readonly code = "PORT_IN_USE";
}

export interface BinanceServerOptions {
  readonly http: HttpApi;
  readonly api: SocketApi;
  readonly hub: StreamHub;
  readonly clock: Clock;
  readonly onError: (error: Error) => void;
}

const MOST_MESSAGE_BYTES = 64 * 1024;

/** What reads the messages of one connection. */
interface Reader {
  onMessage(text: string): void;
  onClose(): void;
}

/** One port with the REST API, the market streams and the WebSocket API, told apart by path. */
export class BinanceServer {
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: MOST_MESSAGE_BYTES });
  readonly #peers = new Set<Peer>();
  readonly #options: BinanceServerOptions;

  constructor(options: BinanceServerOptions) {
    this.#options = options;
    this.#server = createServer((request, response) => options.http.handle(request, response));
    this.#server.keepAliveTimeout = 60_000; // clients reuse a connection for longer than Node's 5 s
    this.#server.on("upgrade", (request: IncomingMessage, stream: Duplex, head: Buffer) =>
      this.#upgrade(request, stream, head),
    );
  }

  /** Starts to listen. @returns The port. @throws {PortInUseError} When something else listens there. */
  listen(port: number, host: string): Promise<number> {
    const server = this.#server;
    return new Promise((resolve, reject) => {
      server.once("error", (cause: NodeJS.ErrnoException) => {
        if (cause.code !== "EADDRINUSE") return reject(cause);
        reject(
          new PortInUseError(`port ${port} of ${host} is in use: choose another port, or 0 for a free one`, { cause }),
        );
      });
      server.listen(port, host, () => {
        server.removeAllListeners("error");
        server.on("error", this.#options.onError);
        resolve((server.address() as AddressInfo).port);
      });
    });
  }

  /** Pings every WebSocket, and ends those that have not answered for a minute. */
  keepAlive(): void {
    for (const peer of this.#peers) peer.keepAlive();
  }

  /** Ends all connections and stops listening. */
  close(): Promise<void> {
    for (const peer of this.#peers) peer.terminate();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  #upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on("error", () => stream.destroy()); // a reset by the client; its socket closes and says so
    const ip = request.socket.remoteAddress ?? "";
    let target: SocketTarget | undefined;
    try {
      target = parseTarget(request.url ?? "/");
    } catch (error) {
      if (error instanceof VenueRefusal) return refuseUpgrade(stream, "400 Bad Request", errorJson(error));
      if (error instanceof URIError) return refuseUpgrade(stream, "400 Bad Request", "");
      throw error;
    }
    if (target === undefined) return refuseUpgrade(stream, "404 Not Found", "");
    const found = target;
    this.#sockets.handleUpgrade(request, stream, head, (socket) => this.#connect(socket, stream, ip, found));
  }

  #connect(socket: WebSocket, stream: Duplex, ip: string, target: SocketTarget): void {
    const { hub, clock, api, onError } = this.#options;
    const peer = new Peer(socket, stream, clock);
    this.#peers.add(peer);
    let reader: Reader;
    if (target.kind === "streams") {
      const { combined, unit, names } = target;
      const streams = new StreamSocket({ peer, hub, limit: new MessageLimit(clock), combined, unit, names });
      socket.on("ping", () => streams.admit());
      socket.on("pong", (data: Buffer) => {
        if (!peer.receivePong(data.toString())) streams.admit(); // the answers to our pings are our doing, not the reader's
      });
      reader = streams;
    } else {
      socket.on("pong", (data: Buffer) => peer.receivePong(data.toString()));
      try {
        reader = api.connect(peer, ip, target.unit, target.showsRateLimits);
      } catch (error) {
        this.#peers.delete(peer);
        if (!(error instanceof VenueRefusal)) throw error;
        peer.close(1008, error.message.slice(0, 120));
        return;
      }
    }
    socket.on("message", (data: Buffer) => {
      try {
        reader.onMessage(data.toString());
      } catch (error) {
        onError(error instanceof Error ? error : new Error(String(error)));
        peer.close(1011, "internal error");
      }
    });
    socket.on("error", () => peer.terminate()); // a frame against the protocol; "close" follows
    socket.on("close", () => {
      this.#peers.delete(peer);
      reader.onClose();
    });
  }
}

function refuseUpgrade(stream: Duplex, status: string, body: string): void {
  stream.end(`HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
}
