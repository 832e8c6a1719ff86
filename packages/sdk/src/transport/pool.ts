import { type Dispatcher, Pool } from "undici";
import { NetworkError, TimeoutError } from "../errors.ts";

export interface HttpPoolOptions {
  /** `https://api.example.com`, no path. */
  readonly origin: string;
  /** Limit for connecting, TLS included, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Limit for a whole call, waiting for a free socket included, in milliseconds. */
  readonly callTimeoutMs: number;
  /** Most sockets. Calls beyond that wait, within their own time limit. */
  readonly connections: number;
}

export interface HttpRequest {
  readonly method: "GET" | "POST" | "DELETE";
  /** With the query, already encoded. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Called once, synchronously, right before the bytes are handed to the socket. When it throws, nothing is sent. */
  readonly onSent?: (() => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpResponse {
  readonly status: number;
  /** The `Retry-After` header, where there was one. */
  readonly retryAfter: string | undefined;
  readonly text: string;
}

const KEEP_ALIVE_MS = 60_000;
const MAX_RESPONSE_BYTES = 64 * 1024 * 1024; // Binance's exchangeInfo, the largest reply, has about 15 MB

/**
 * The network edge for HTTP: keep-alive connections to one origin, one request on each at a time, nothing ever sent twice.
 *
 * @example
 * const pool = new HttpPool({ origin: "http://127.0.0.1:8080", connectTimeoutMs: 5_000, callTimeoutMs: 10_000, connections: 20 });
 * const { status, text } = await pool.send({ method: "GET", path: "/api/v3/time", headers: {} });
 * await pool.close();
 */
export class HttpPool {
  readonly #pool: Pool;
  readonly #origin: string;
  readonly #callTimeoutMs: number;

  constructor({ origin, connectTimeoutMs, callTimeoutMs, connections }: HttpPoolOptions) {
    this.#origin = origin;
    this.#callTimeoutMs = callTimeoutMs;
    this.#pool = new Pool(origin, {
      connections,
      pipelining: 1, // more would let a broken socket hand requests on to another one
      connect: { timeout: connectTimeoutMs },
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: callTimeoutMs,
      bodyTimeout: callTimeoutMs,
      maxResponseSize: MAX_RESPONSE_BYTES,
    });
  }

  /**
   * Sends one request and reads the whole answer, whatever its status.
   *
   * @throws {NetworkError | TimeoutError} With outcome `unsent` only when no byte can have left. An aborted `signal` is a
   * `NetworkError` too, with the signal's reason as its cause.
   */
  send(request: HttpRequest): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      const call = new Call(request, `${request.method} ${this.#origin}${withoutQuery(request.path)}`, resolve, reject);
      if (request.signal?.aborted) return call.onAbort();
      call.arm(this.#callTimeoutMs);
      const { method, path, headers, body = null } = request;
      this.#pool.dispatch({ method, path, headers, body }, call);
    });
  }

  /** Closes every socket at once; calls under way fail. */
  close(): Promise<void> {
    return this.#pool.destroy();
  }
}

/** One request on its way: collects the answer, and settles exactly once. */
class Call implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest;
  readonly #what: string;
  readonly #resolve: (response: HttpResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStarted = false; // from here on bytes may have left
  #isSettled = false;
  #status = 0;
  #retryAfter: string | undefined;

  constructor(
    request: HttpRequest,
    what: string,
    resolve: (response: HttpResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.#request = request;
    this.#what = what;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  readonly onAbort = (): void => {
    this.#stop(this.#networkError("was aborted by the caller", this.#request.signal?.reason));
  };

  arm(timeoutMs: number): void {
    this.#timer = setTimeout(() => this.#stop(this.#timeoutError(`got no answer in ${timeoutMs} ms`)), timeoutMs);
    this.#request.signal?.addEventListener("abort", this.onAbort, { once: true });
  }

  // undici calls this from client-h1's writeH1, which builds the header text right after it and writes it to the socket in
  // the same synchronous step (no hook comes later and still before the bytes). Throwing here makes it drop the request unwritten.
  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#isSettled) throw new Error("the call has ended");
    // undici would write a request again whose socket it closed by itself. With one request a socket that cannot happen; if
    // a later version finds a way, an order must still not go out twice.
    if (this.#isStarted) throw new Error("a request must not be written twice");
    this.#request.onSent?.();
    this.#isStarted = true;
    this.#controller = controller;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    const retryAfter = headers["retry-after"];
    this.#status = status;
    this.#retryAfter = Array.isArray(retryAfter) ? retryAfter[0] : retryAfter;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (!this.#settle()) return;
    const chunks = this.#chunks;
    const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
    this.#resolve({ status: this.#status, retryAfter: this.#retryAfter, text: body.toString("utf8") });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (!this.#settle()) return;
    const { code } = error as NodeJS.ErrnoException;
    const isTimeout = code === "UND_ERR_CONNECT_TIMEOUT" || code === "ETIMEDOUT";
    this.#reject(isTimeout ? this.#timeoutError("timed out", error) : this.#networkError("failed", error));
  }

  /** Ends the call from our side; a request that is on the wire loses its socket, one still queued is refused when its turn comes. */
  #stop(error: Error): void {
    if (!this.#settle()) return;
    this.#reject(error);
    this.#controller?.abort(error);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener("abort", this.onAbort);
    return true;
  }

  get #outcome(): "unsent" | "unknown" {
    return this.#isStarted ? "unknown" : "unsent";
  }

  #networkError(how: string, cause: unknown): NetworkError {
    return new NetworkError(`${this.#what} ${how}${wordsOf(cause)}`, { outcome: this.#outcome, cause: clean(cause) });
  }

  #timeoutError(how: string, cause?: unknown): TimeoutError {
    return new TimeoutError(`${this.#what} ${how}${wordsOf(cause)}`, { outcome: this.#outcome, cause: clean(cause) });
  }
}

function withoutQuery(path: string): string {
  const end = path.indexOf("?");
  return end < 0 ? path : path.slice(0, end);
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error && cause.message !== "" ? `: ${cause.message}` : "";
}

/** A parser error carries the bytes it choked on, which may echo what we sent, keys included: only its words are kept. */
function clean(cause: unknown): unknown {
  return cause instanceof Error && "data" in cause ? new Error(`${cause.name}: ${cause.message}`) : cause;
}
