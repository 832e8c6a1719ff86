import { type Clock, InvalidInputError } from "@pitlane/perf";
import type { Dispatcher } from "undici";
import { NetworkError, ProtocolError, type RequestError, TimeoutError } from "../errors.ts";
import { Due, type DueList } from "./due-list.ts";
import { CallAbortedError } from "./errors.ts";
import { ReplyTooLargeError } from "./http1-reader.ts";
import { offAbort, onAbort } from "./on-abort.ts";
import type { HttpCall, HttpReply, Wire } from "./transport.ts";
import { WireReply } from "./wire-reply.ts";

/**
 * One attempt of a call on its way through undici, or over a connection of our own: collects the answer, and settles exactly once.
 *
 * It has the older of undici's two forms of a handler (`onConnect` and so on), to which the newer one is adapted at every call: it
 * saves two objects and the text of every header, about a tenth of a call's CPU time.
 */
export class Attempt extends Due<Attempt> implements Dispatcher.DispatchHandler, Wire {
  readonly #call: HttpCall;
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #resolve: (reply: HttpReply) => void;
  readonly #reject: (error: Error) => void;
  #abort: ((error: Error) => void) | undefined = undefined;
  #list: DueList<Attempt> | undefined = undefined; // that it is in
  #limitMs = 0;
  #isStarted = false; // from here on bytes may have left
  #isSettled = false;
  #status = 0;
  #rawHeaders: readonly Buffer[] = NONE;
  #body: Buffer | undefined = undefined; // the first chunk: mostly there is only one
  #more: Buffer[] | undefined = undefined; // all chunks, from the second on

  constructor(
    call: HttpCall,
    clock: Pick<Clock, "monotonicNs">,
    resolve: (reply: HttpReply) => void,
    reject: (error: Error) => void,
  ) {
    super();
    this.#call = call;
    this.#clock = clock;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** The caller's signal aborted. An object that listens saves a closure a call. */
  handleEvent(): void {
    this.end("was aborted by the caller", this.#call.signal?.reason);
  }

  /** Gives it `limitMs`, and its caller the means to abort it. False when there is no time left, and it has ended. */
  arm(list: DueList<Attempt>, limitMs: number, nowNs: number): boolean {
    if (limitMs <= 0) {
      this.#stop(this.#timeoutError("had no time left"));
      return false;
    }
    this.#limitMs = limitMs;
    this.dueNs = nowNs + limitMs * 1e6;
    this.#list = list;
    list.add(this, nowNs);
    onAbort(this.#call.signal, this);
    return true;
  }

  onDue(): void {
    this.#stop(this.#timeoutError(`got no answer in ${Math.round(this.#limitMs)} ms`));
  }

  abandon(reason: string): void {
    if (this.#isStarted && !this.#call.isRead) return; // its answer is the only one there will be
    this.#stop(this.#networkError(`was abandoned: ${reason}`, undefined));
  }

  /** Ends the attempt for a reason of our side's. */
  end(how: string, cause: unknown): void {
    this.#stop(new CallAbortedError(`${this.#what} ${how}`, { outcome: this.#outcome, cause }));
  }

  // undici calls this from client-h1's writeH1, which builds the header text right after it and writes it to the socket in
  // the same synchronous step (no hook comes later and still before the bytes). Throwing here makes it drop the request unwritten.
  onConnect(abort: (error?: Error) => void): void {
    if (this.#isSettled) throw new Error("the call has ended");
    // undici would write a request again whose socket it closed by itself. With one request a socket that cannot happen; if
    // a later version finds a way, an order must still not go out twice.
    if (this.#isStarted) throw new Error("a request must not be written twice");
    const sentNs = this.#clock.monotonicNs();
    if (this.#call.onSent !== undefined) {
      try {
        this.#call.onSent(sentNs);
      } catch (error) {
        this.end("was stopped by its onSent", error);
        throw error;
      }
      if (this.#isSettled) throw new Error("the call was ended by its onSent"); // which may have aborted its signal
    }
    this.#call.sentNs = sentNs;
    this.#isStarted = true;
    this.#abort = abort;
  }

  onHeaders(status: number, headers: Buffer[]): boolean {
    this.#status = status;
    this.#rawHeaders = headers;
    return true;
  }

  onData(chunk: Buffer): boolean {
    if (this.#body === undefined) this.#body = chunk;
    else if (this.#more === undefined) this.#more = [this.#body, chunk];
    else this.#more.push(chunk);
    return true;
  }

  onComplete(): void {
    if (!this.#settle()) return;
    const body = this.#more === undefined ? (this.#body ?? EMPTY) : Buffer.concat(this.#more);
    const reply = new WireReply(this.#status, this.#rawHeaders, body);
    this.#call.reply = reply;
    this.#resolve(reply);
  }

  onError(error: Error): void {
    if (this.#settle()) this.#reject(this.#toError(error));
  }

  #toError(error: Error): RequestError | InvalidInputError {
    if (error instanceof CallAbortedError) {
      return new CallAbortedError(`${this.#what} was ended: ${error.message}`, { outcome: this.#outcome });
    }
    if (error instanceof ReplyTooLargeError) return this.#tooLarge();
    const { code } = error as NodeJS.ErrnoException;
    switch (code) {
      case "UND_ERR_CONNECT_TIMEOUT":
      case "UND_ERR_HEADERS_TIMEOUT":
      case "ETIMEDOUT":
        return this.#timeoutError("timed out", error);
      case "UND_ERR_INVALID_ARG": // found out while the request is made, long before it is sent
        return new InvalidInputError(`${this.#what} cannot be sent: ${error.message}`);
      case "UND_ERR_RES_EXCEEDED_MAX_SIZE":
        return this.#tooLarge();
      default:
        return this.#networkError("failed", error);
    }
  }

  /** Ends the attempt from our side; a request that is on the wire loses its socket, one still queued is refused when its turn comes. */
  #stop(error: RequestError): void {
    if (!this.#settle()) return;
    this.#reject(error);
    this.#abort?.(error);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#list?.remove(this);
    offAbort(this.#call.signal, this);
    return true;
  }

  get #what(): string {
    return `${this.#call.method} ${this.#call.origin}${this.#call.path}`;
  }

  get #outcome(): "unsent" | "unknown" {
    return this.#isStarted ? "unknown" : "unsent";
  }

  #tooLarge(): ProtocolError {
    return new ProtocolError(`${this.#what} was answered with more bytes than maxResponseBytes`);
  }

  #networkError(how: string, cause: unknown): NetworkError {
    return new NetworkError(`${this.#what} ${how}${wordsOf(cause)}`, { outcome: this.#outcome, cause: clean(cause) });
  }

  #timeoutError(how: string, cause?: unknown): TimeoutError {
    return new TimeoutError(`${this.#what} ${how}${wordsOf(cause)}`, { outcome: this.#outcome, cause: clean(cause) });
  }
}

const NONE: readonly Buffer[] = [];
const EMPTY = /* @__PURE__ */ Buffer.alloc(0);

function wordsOf(cause: unknown): string {
  if (!(cause instanceof Error)) return "";
  const words = cause.message || (cause as NodeJS.ErrnoException).code; // of several refused addresses there is only the code
  return words === undefined ? "" : `: ${words}`;
}

/** A parser error carries the bytes it choked on, which may echo what we sent, keys included: only its words are kept. */
function clean(cause: unknown): unknown {
  return cause instanceof Error && "data" in cause ? new Error(`${cause.name}: ${cause.message}`) : cause;
}
