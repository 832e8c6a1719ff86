import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  /** Of the query and the body. */
  readonly params: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  readonly text: string;
}

export interface FakeVenueOptions {
  /** Answers a REST request; one that does nothing leaves the caller waiting. */
  readonly onRequest?: (request: FakeRequest, response: ServerResponse, socket: Socket) => void;
  /** Sees every WebSocket on opening, with its URL. */
  readonly onSocket?: (socket: WebSocket, url: string) => void;
}

/** A venue that does what a test says, on a free port: for faults that an honest exchange does not have. */
export class FakeVenue {
  readonly requests: FakeRequest[] = [];
  readonly sockets: WebSocket[] = [];
  readonly socketUrls: string[] = [];
  readonly #http: Server;
  readonly #ws: WebSocketServer;
  readonly #connections = new Set<Socket>();

  private constructor({ onRequest = () => {}, onSocket = () => {} }: FakeVenueOptions) {
    this.#http = createServer(async (incoming, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const url = new URL(incoming.url ?? "/", "http://fake");
      const body = Buffer.concat(chunks).toString("utf8");
      const request: FakeRequest = {
        method: incoming.method ?? "",
        path: url.pathname,
        params: new URLSearchParams([...url.searchParams, ...new URLSearchParams(body)]),
        headers: incoming.headers,
        text: `${incoming.url} ${body} ${JSON.stringify(incoming.headers)}`,
      };
      this.requests.push(request);
      onRequest(request, response, incoming.socket);
    });
    this.#http.on("connection", (socket) => {
      this.#connections.add(socket);
      socket.on("close", () => this.#connections.delete(socket));
    });
    this.#ws = new WebSocketServer({ server: this.#http, perMessageDeflate: false });
    this.#ws.on("connection", (socket, { url = "" }) => {
      this.sockets.push(socket);
      this.socketUrls.push(url);
      onSocket(socket, url);
    });
  }

  static async create(options: FakeVenueOptions = {}): Promise<FakeVenue> {
    const venue = new FakeVenue(options);
    await new Promise<void>((resolve) => venue.#http.listen(0, "127.0.0.1", resolve));
    return venue;
  }

  get urls() {
    const { port } = this.#http.address() as AddressInfo;
    return {
      rest: `http://127.0.0.1:${port}`,
      stream: `ws://127.0.0.1:${port}`,
      wsApi: `ws://127.0.0.1:${port}/ws-api/v3`,
    };
  }

  /** Connections that are open now, HTTP and WebSocket. */
  get connections(): number {
    return this.#connections.size;
  }

  /** The newest socket. */
  get socket(): WebSocket {
    const socket = this.sockets.at(-1);
    if (socket === undefined) throw new Error("no socket was opened yet");
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.#connections) socket.destroy();
    this.#ws.close();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

export function sendJson(
  response: ServerResponse,
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(value));
}
