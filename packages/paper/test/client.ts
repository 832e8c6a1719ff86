import { createHmac } from "node:crypto";
import { WebSocket } from "ws";
import type { Paper } from "../src/index.ts";

/** An answer of the REST API. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: JSON of the wire, looked at by the tests field by field
  readonly body: any;
}

type Fields = Readonly<Record<string, string | number | boolean>>;

/** A REST client with nothing clever in it: what the tests say is what is sent. */
export class RestClient {
  readonly #paper: Pick<Paper, "urls" | "apiKey" | "apiSecret">;
  readonly #nowMs: () => number;

  /** @param paper Where to send and as whom: an exchange, or parts of one. @param nowMs Time of the client; the host's unless the exchange runs on another clock. */
  constructor(paper: Pick<Paper, "urls" | "apiKey" | "apiSecret">, nowMs: () => number = Date.now) {
    this.#paper = paper;
    this.#nowMs = nowMs;
  }

  /** Any request, as it is. */
  async send(method: string, pathAndQuery: string, init: RequestInit = {}): Promise<Answer> {
    const response = await fetch(this.#paper.urls.rest + pathAndQuery, { method, ...init });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text };
  }

  /** A public GET below `/api/v3/`. */
  get(path: string, fields: Fields = {}): Promise<Answer> {
    return this.send("GET", `/api/v3/${path}?${formOf(fields)}`);
  }

  /** A signed request below `/api/v3/` with everything in the query. */
  signed(method: string, path: string, fields: Fields = {}): Promise<Answer> {
    const query = formOf({ ...fields, timestamp: fields["timestamp"] ?? this.#nowMs() });
    return this.send(method, `/api/v3/${path}?${query}&signature=${sign(query, this.#paper.apiSecret)}`, {
      headers: { "X-MBX-APIKEY": this.#paper.apiKey },
    });
  }

  /** A good order of AAAUSDT unless told otherwise: far below the market, so that it rests. */
  place(fields: Fields = {}): Promise<Answer> {
    const order = { symbol: "AAAUSDT", side: "BUY", type: "LIMIT", timeInForce: "GTC", quantity: "1", price: "50" };
    return this.signed("POST", "order", { ...order, ...fields });
  }
}

/** `name=value&...` of the fields, each encoded once. */
export function formOf(fields: Fields): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join("&");
}

export function sign(payload: string, secret: string): string {
  return createHmac("sha256", secret).update(payload).digest("hex");
}

/** A WebSocket client that keeps every message and lets a test wait for one. */
export class SocketClient {
  readonly socket: WebSocket;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly messages: any[] = [];
  readonly texts: string[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  #onMessage = () => {};

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data: Buffer) => {
      this.texts.push(data.toString());
      this.messages.push(JSON.parse(data.toString()));
      this.#onMessage();
    });
    this.closed = new Promise((resolve) => {
      socket.on("close", (code: number, reason: Buffer) => {
        resolve({ code, reason: reason.toString() });
        this.#onMessage();
      });
    });
  }

  static open(url: string): Promise<SocketClient> {
    return new Promise((resolve, reject) => {
      const client = new SocketClient(new WebSocket(url));
      client.socket.once("open", () => resolve(client));
      client.socket.on("error", reject); // after opening, what follows is "close"
    });
  }

  send(message: unknown): void {
    this.socket.send(JSON.stringify(message));
  }

  /** Resolves when `count` messages fulfil `test`, with those. Throws when the socket closes before. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async until(test: (message: any) => boolean, count = 1): Promise<any[]> {
    for (;;) {
      const found = this.messages.filter(test);
      if (found.length >= count) return found;
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed after ${this.messages.length} messages`);
      await new Promise<void>((resolve) => {
        this.#onMessage = resolve;
      });
    }
  }

  /** Sends a request of the WebSocket API and resolves with its answer. */
  // biome-ignore lint/suspicious/noExplicitAny: as above
  async ask(id: number | string, method: string, params: Readonly<Record<string, unknown>> = {}): Promise<any> {
    this.send({ id, method, params });
    return (await this.until((message) => message.id === id))[0];
  }

  close(): void {
    this.socket.terminate();
  }
}

/** `params` of a signed WebSocket API request. */
export function signedParams(paper: Paper, params: Readonly<Record<string, unknown>> = {}, nowMs = Date.now()) {
  const all: Record<string, unknown> = { ...params, apiKey: paper.apiKey, timestamp: nowMs };
  const payload = Object.keys(all)
    .sort()
    .map((name) => `${name}=${all[name]}`)
    .join("&");
  return { ...all, signature: sign(payload, paper.apiSecret) };
}
