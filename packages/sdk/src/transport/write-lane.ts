import * as net from "node:net";
import type { ConnectionOptions } from "node:tls";
import type { Clock } from "@pitlane/perf";
import type { Attempt } from "./attempt.ts";
import type { HttpCall } from "./transport.ts";
import { WriteConnection } from "./write-connection.ts";

export interface WriteLaneOptions {
  /** `https://api.example.com`. */
  readonly origin: string;
  /** Most connections; 1 or more. */
  readonly connections: number;
  readonly maxResponseBytes: number;
  readonly keepAliveMs: number;
  readonly connectTimeoutMs: number;
  /** Options of node:net and node:tls beside the address: a resolver of one's own, say. */
  readonly connect: ConnectionOptions & Partial<net.TcpNetConnectOpts>;
  /** A connection did not come about. */
  readonly onUnreachable: () => void;
  readonly clock: Pick<Clock, "monotonicNs">;
}

const PAUSE_NS = 1e9; // after a connection that did not come about
const TARGET = /^[\x21-\x7e]+$/;
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
// Of a request's framing, which is ours to say.
const FRAMING: ReadonlySet<string> = new Set([
  "connection",
  "content-length",
  "expect",
  "host",
  "keep-alive",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);
const MOST_HEADS = 8; // for calls whose headers change: the others are few

/** What a request has besides its query and its body, put together once for all that have the same headers. */
interface Head {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** `POST /api/v3/order`. */
  readonly target: string;
  /** From behind the query to the length of the body, which follows. */
  readonly text: string;
}

/**
 * The quickest way to a venue for what places and cancels orders: a few connections of its own, on which a request is written in the very step
 * that asks for it, by the one that was used last.
 *
 * It is a shortcut and no promise: whoever calls `trySend` has another way for what it does not take. It takes nothing while no connection of it is free,
 * and opens another one then; nor anything that HTTP/1.1 has no plain form for. What it takes is sent once, as over any other connection.
 *
 * Why not over undici's pool alone: it lets an idle connection rest for one turn of the event loop before a request is written to it, and what
 * it does for a request and its answer is more than an order needs. Both are measured by `npm run bench -- tick-to-order`.
 */
export class WriteLane {
  readonly #options: WriteLaneOptions;
  readonly #url: URL;
  readonly #all = new Set<WriteConnection>();
  readonly #idle: WriteConnection[] = [];
  #heads: readonly Head[] = []; // the newest first
  #isOpening = false;
  #sweep: NodeJS.Timeout | undefined; // while there are connections
  #openAgainNs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(options: WriteLaneOptions) {
    this.#options = options;
    this.#url = new URL(options.origin);
  }

  /** Sends a call's request and returns true, or does nothing and returns false. */
  trySend(call: HttpCall, attempt: Attempt): boolean {
    const connection = this.#take();
    if (connection === undefined) {
      this.#open();
      return false;
    }
    const request = this.#requestOf(call);
    if (request === undefined) {
      this.#idle.push(connection);
      return false;
    }
    connection.send(attempt, request);
    return true;
  }

  /** Ends all connections, and resolves when they are gone; requests under way fail with `error`. */
  async close(error: Error): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#sweep);
    await Promise.all(Array.from(this.#all, (connection) => connection.destroy(error)));
  }

  /** The one used last: it is the least likely to have been closed meanwhile. */
  #take(): WriteConnection | undefined {
    if (this.#idle.length === 0) return undefined;
    const nowNs = this.#options.clock.monotonicNs();
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.isFresh(nowNs)) return connection;
      void connection.destroy();
    }
    return undefined;
  }

  #open(): void {
    const { origin: _, connections, connect, onUnreachable, ...rest } = this.#options;
    const { clock } = rest;
    if (this.#isOpening || this.#isClosed || this.#all.size >= connections) return;
    if (clock.monotonicNs() < this.#openAgainNs) return;
    this.#isOpening = true;
    const host = this.#url.hostname.replace(/^\[(.*)\]$/, "$1");
    const isSecure = this.#url.protocol === "https:";
    const port = Number(this.#url.port) || (isSecure ? 443 : 80);
    let wasOpen = false;
    const connection = new WriteConnection({
      ...rest,
      isSecure,
      connect: { ...connect, host, port, noDelay: true, servername: net.isIP(host) === 0 ? host : "" },
      onIdle: (it) => {
        if (!wasOpen) this.#isOpening = false;
        wasOpen = true;
        this.#idle.push(it);
        this.#sweep ??= setTimeout(() => this.#closeUnused(), rest.keepAliveMs).unref();
      },
      onGone: (it) => {
        this.#all.delete(it);
        const at = this.#idle.indexOf(it);
        if (at >= 0) this.#idle.splice(at, 1);
        if (wasOpen) return;
        this.#isOpening = false;
        this.#openAgainNs = clock.monotonicNs() + PAUSE_NS;
        if (!this.#isClosed) onUnreachable();
      },
    });
    this.#all.add(connection);
  }

  #closeUnused(): void {
    const { clock, keepAliveMs } = this.#options;
    const nowNs = clock.monotonicNs();
    for (const connection of this.#idle.filter((it) => !it.isFresh(nowNs))) void connection.destroy();
    this.#sweep = this.#all.size === 0 ? undefined : setTimeout(() => this.#closeUnused(), keepAliveMs).unref();
  }

  /** Undefined where another way must say what is wrong with it, or send it otherwise. */
  #requestOf(call: HttpCall): string | undefined {
    const { sentQuery, sentBody } = call;
    if (sentQuery !== "" && !TARGET.test(sentQuery)) return undefined;
    const length = Buffer.byteLength(sentBody);
    if (length !== sentBody.length) return undefined; // more than ASCII
    const head = this.#headOf(call);
    if (head === undefined) return undefined;
    const target = sentQuery === "" ? head.target : `${head.target}?${sentQuery}`;
    return `${target}${head.text}${length}\r\n\r\n${sentBody}`;
  }

  #headOf({ method, path, sentHeaders }: HttpCall): Head | undefined {
    for (const head of this.#heads)
      if (head.path === path && head.method === method && hasSame(sentHeaders, head.headers)) return head;
    const headers = Object.entries(sentHeaders);
    if (!TARGET.test(path) || !headers.every(isPlain)) return undefined;
    const own = headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
    const text = ` HTTP/1.1\r\nhost: ${this.#url.host}\r\n${own}content-length: `;
    const head = { method, path, headers, target: `${method} ${path}`, text };
    this.#heads = [head, ...this.#heads.slice(0, MOST_HEADS - 1)];
    return head;
  }
}

function isPlain([name, value]: readonly [string, string]): boolean {
  return HEADER_NAME.test(name) && !FRAMING.has(name.toLowerCase()) && HEADER_VALUE.test(value);
}

/** By value: whoever signs may write into one object again and again. */
function hasSame(headers: Readonly<Record<string, string>>, lines: Head["headers"]): boolean {
  let at = 0;
  for (const name in headers) {
    const line = lines[at++];
    if (line === undefined || line[0] !== name || line[1] !== headers[name]) return false;
  }
  return at === lines.length;
}
