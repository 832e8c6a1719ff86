import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { RateLimitError, VenueUnavailableError } from "../../src/index.ts";
import type { Endpoint, EndpointChoice } from "../../src/region/endpoints.ts";
import type { Api } from "../../src/venues/binance/api.ts";

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
  /** Refuses a handshake with an HTTP status; undefined lets it pass. */
  readonly refuse?: (request: IncomingMessage) => number | undefined;
}

/** A venue that does what a test says, on a free port: for faults that an honest exchange does not have. */
export class FakeVenue {
  readonly requests: FakeRequest[] = [];
  readonly sockets: WebSocket[] = [];
  readonly socketUrls: string[] = [];
  /** Headers of every handshake, refused ones among them. */
  readonly handshakes: IncomingMessage["headers"][] = [];
  readonly #http: Server;
  readonly #ws: WebSocketServer;
  readonly #connections = new Set<Socket>();

  private constructor({ onRequest = () => {}, onSocket = () => {}, refuse }: FakeVenueOptions) {
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
    this.#ws = new WebSocketServer({
      server: this.#http,
      perMessageDeflate: false,
      verifyClient: ({ req }, answer) => {
        this.handshakes.push(req.headers);
        const status = refuse?.(req);
        answer(status === undefined, status, "", status === 429 ? { "retry-after": "3" } : {});
      },
    });
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

/** A region that accepts connections and never says a word. */
export async function createSilentServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The first of some endpoints that is neither excluded nor down, with a log of what it was told. */
export class TestChoice implements EndpointChoice {
  readonly endpoints: readonly Endpoint[];
  readonly log: string[] = [];
  readonly #down = new Set<Endpoint>();
  readonly #listeners = new Set<(endpoint: Endpoint, reason: string) => void>();

  constructor(...urls: readonly string[]) {
    this.endpoints = urls.map((url, i) => ({ region: `region${i}`, url }));
  }

  get listeners(): number {
    return this.#listeners.size;
  }

  pick(exclude: ReadonlySet<Endpoint> = new Set()): Endpoint {
    const up = this.endpoints.filter((endpoint) => !this.#down.has(endpoint));
    return up.find((endpoint) => !exclude.has(endpoint)) ?? up[0] ?? (this.endpoints[0] as Endpoint);
  }

  succeeded({ region }: Endpoint, latencyMs: number): void {
    this.log.push(`succeeded ${region}${latencyMs >= 0 ? "" : " in no time"}`);
  }

  failed({ region }: Endpoint, error: Error): void {
    this.log.push(`failed ${region}: ${error.message.replace(/^127.0.0.1:\d+ /, "")}`);
  }

  suspect({ region }: Endpoint): void {
    this.log.push(`suspect ${region}`);
  }

  onDown(listener: (endpoint: Endpoint, reason: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Gives an endpoint up. */
  takeDown(index: number, reason: string): void {
    const endpoint = this.endpoints[index] as Endpoint;
    this.#down.add(endpoint);
    for (const listener of this.#listeners) listener(endpoint, reason);
  }

  bringUp(index: number): void {
    this.#down.delete(this.endpoints[index] as Endpoint);
  }
}

/** Binance's REST API without the layers of a client: one call, one request. */
export function plainApi(rest: string): Api {
  return {
    async call({ verb, path, params, control }) {
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(params)) query.set(name, String(value));
      const response = await fetch(`${rest}/api/v3${path}?${query}`, { method: verb, signal: control.signal ?? null });
      const text = await response.text();
      const { status } = response;
      if (status === 200) return JSON.parse(text);
      const message = `${verb} ${path}: HTTP ${status}`;
      const retryAfterMs = Number(response.headers.get("retry-after") ?? 0) * 1_000;
      if (status === 429) throw new RateLimitError(message, { status, venueText: text, retryAfterMs });
      throw new VenueUnavailableError(message, { status, venueText: text });
    },
  };
}
