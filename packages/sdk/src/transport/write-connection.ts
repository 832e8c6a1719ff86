import * as net from "node:net";
import * as tls from "node:tls";
import type { Clock } from "@pitlane/perf";
import type { Attempt } from "./attempt.ts";
import { Http1Reader, type Http1Reply } from "./http1-reader.ts";

export interface WriteConnectionOptions {
  /** Options of node:net and node:tls, the address among them. */
  readonly connect: tls.ConnectionOptions & net.TcpNetConnectOpts;
  readonly isSecure: boolean;
  readonly maxResponseBytes: number;
  /** How long it is kept unused, in milliseconds. */
  readonly keepAliveMs: number;
  /** Limit for connecting, TLS included, in milliseconds. */
  readonly connectTimeoutMs: number;
  readonly clock: Pick<Clock, "monotonicNs">;
  /** It can take a request. */
  readonly onIdle: (connection: WriteConnection) => void;
  /** It takes none any more. */
  readonly onGone: (connection: WriteConnection) => void;
}

const READ_BYTES = 16_384; // the answer to an order has about one; a longer one is read in pieces

/**
 * One connection for writes: a request at a time, written in the step that asks for it, and its answer.
 *
 * It opens by itself and tells `onIdle` when a request may be sent; whatever is not as HTTP/1.1 has it ends the connection, and with it
 * the request on it, whose outcome is then unknown. So does a byte that comes while none is under way. While it is unused it holds no process up.
 */
export class WriteConnection {
  readonly #options: WriteConnectionOptions;
  readonly #socket: net.Socket;
  readonly #reader: Http1Reader;
  readonly #abort = (error?: Error): void => this.#end(error);
  #attempt: Attempt | undefined;
  #isGone = false;
  #restMs: number; // how long it may be unused now
  #unusedSinceNs = 0;

  constructor(options: WriteConnectionOptions) {
    this.#options = options;
    const { connect, isSecure, maxResponseBytes, connectTimeoutMs, keepAliveMs } = options;
    this.#reader = new Http1Reader(maxResponseBytes);
    this.#restMs = keepAliveMs;
    const onread = {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback: (length: number, bytes: Uint8Array) => this.#read(bytes as Buffer, length),
    };
    const socket = isSecure
      ? tls.connect({ ...connect, ALPNProtocols: ["http/1.1"], onread } as tls.ConnectionOptions)
      : net.connect({ ...connect, onread });
    this.#socket = socket;
    socket.unref();
    socket.setTimeout(connectTimeoutMs);
    socket.once("timeout", () => this.#end(new Error(`it was not open in ${connectTimeoutMs} ms`)));
    socket.once(isSecure ? "secureConnect" : "connect", () => {
      socket.setTimeout(0); // which each read and write would set anew: its owner looks who has been unused for too long
      this.#rest();
    });
    socket.on("end", () => {
      const reply = this.#reader.end();
      if (reply !== undefined) this.#deliver(reply);
      this.#end(new Error("the other side has closed the connection"));
    });
    socket.on("error", (error) => this.#end(error));
    socket.on("close", () => this.#end(new Error("the connection was closed")));
  }

  /** It can still be written to, and has not been unused for longer than both sides allow. @param nowNs On the monotonic clock. */
  isFresh(nowNs: number): boolean {
    return this.#socket.writable && nowNs - this.#unusedSinceNs < this.#restMs * 1e6;
  }

  /**
   * Sends the request of an attempt: its bytes are with the system when this returns, unless the attempt refused to be written. Only while it is unused.
   *
   * @param request The whole of it, in Latin-1.
   */
  send(attempt: Attempt, request: string): void {
    this.#attempt = attempt;
    try {
      attempt.onConnect(this.#abort);
    } catch (error) {
      this.#attempt = undefined;
      attempt.onError(error as Error);
      this.#rest();
      return;
    }
    this.#socket.write(request, "latin1");
    this.#socket.ref();
  }

  /** Ends it now, and resolves when its socket is gone. A request under way fails with `error`. */
  destroy(error?: Error): Promise<void> {
    this.#end(error);
    const socket = this.#socket;
    return new Promise((resolve) => {
      if (socket.closed) resolve();
      else socket.once("close", () => resolve());
    });
  }

  /** True: the socket reads on. */
  #read(bytes: Buffer, length: number): boolean {
    if (this.#isGone) return true;
    if (this.#attempt === undefined) {
      this.#end(new Error("bytes came that nobody had asked for"));
      return true;
    }
    let reply: Http1Reply | undefined;
    try {
      reply = this.#reader.read(Buffer.from(bytes.subarray(0, length)));
    } catch (error) {
      this.#end(error as Error);
      return true;
    }
    if (reply !== undefined) this.#deliver(reply);
    return true;
  }

  #deliver({ status, headers, body, idleMs }: Http1Reply): void {
    const attempt = this.#attempt as Attempt;
    this.#attempt = undefined;
    this.#reader.reset();
    this.#restMs = Math.min(this.#options.keepAliveMs, idleMs);
    if (idleMs > 0) this.#rest();
    else this.#end(undefined);
    attempt.onHeaders(status, headers);
    attempt.onData(body);
    attempt.onComplete();
  }

  #rest(): void {
    this.#unusedSinceNs = this.#options.clock.monotonicNs();
    this.#socket.unref();
    if (!this.#isGone) this.#options.onIdle(this);
  }

  #end(error: Error | undefined): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#socket.destroy();
    const attempt = this.#attempt;
    this.#attempt = undefined;
    this.#options.onGone(this);
    attempt?.onError(error ?? new Error("the connection was closed"));
  }
}
