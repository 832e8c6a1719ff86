import type { Clock } from "@pitlane/perf";
import { NetworkError, TimeoutError } from "../../errors.ts";
import { Due, DueList } from "../../transport/due-list.ts";
import { CallAbortedError } from "../../transport/errors.ts";
import { offAbort, onAbort } from "../../transport/on-abort.ts";
import type { ApiCall } from "./api.ts";

/** A call of the WebSocket API between its caller and its answer. It ends once; what comes after that is not heard. */
export class PendingCall extends Due<PendingCall> {
  readonly call: ApiCall;
  /** `order.place`. */
  readonly what: string;
  /** Id of the present try; 0 while no byte of one can have left. */
  id = 0;
  /** Credentials were refused once and renewed. */
  isRenewed = false;
  /** Signature of the present try, which no message may show. */
  signature = "";
  readonly #timeoutMs: number;
  readonly #onEnd: (pending: PendingCall) => void;
  readonly #onResult: (result: unknown) => void;
  readonly #onError: (error: unknown) => void;
  #hasEnded = false;

  constructor(
    what: string,
    call: ApiCall,
    timeoutMs: number,
    onEnd: (pending: PendingCall) => void,
    onResult: (result: unknown) => void,
    onError: (error: unknown) => void,
  ) {
    super();
    this.what = what;
    this.call = call;
    this.#timeoutMs = timeoutMs;
    this.#onEnd = onEnd;
    this.#onResult = onResult;
    this.#onError = onError;
  }

  resolve(result: unknown): void {
    if (this.#end()) this.#onResult(result);
  }

  reject(error: Error): void {
    if (this.#end()) this.#onError(error);
  }

  onDue(): void {
    const { what, outcome } = this;
    this.reject(new TimeoutError(`${what} got no answer in ${Math.round(this.#timeoutMs)} ms`, { outcome }));
  }

  /** The caller's signal aborted. An object that listens saves a closure a call. */
  handleEvent(): void {
    const { what, outcome, call } = this;
    const cause: unknown = call.control.signal?.reason;
    if (!this.#end()) return;
    // A read has no outcome to tell: its caller gets the reason back.
    this.#onError(call.isRead ? cause : new CallAbortedError(`${what} was aborted by the caller`, { outcome, cause }));
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  get outcome(): "unsent" | "unknown" {
    return this.id > 0 ? "unknown" : "unsent";
  }

  #end(): boolean {
    if (this.#hasEnded) return false;
    this.#hasEnded = true;
    offAbort(this.call.control.signal, this);
    this.#onEnd(this);
    return true;
  }
}

/**
 * The calls under way on one socket: those that wait for it to be ready, in order, and those sent, by id.
 *
 * Every call ends once: by its answer, its time limit, its signal, or the loss of the socket. A lost socket sends a read back to
 * the waiting ones, since asking again does no harm; a write that was sent ends with outcome `unknown`.
 */
export class PendingCalls {
  readonly #clock: Pick<Clock, "monotonicNs">;
  readonly #defaultTimeoutMs: number;
  readonly #due: DueList<PendingCall>;
  readonly #waiting = new Set<PendingCall>();
  readonly #sent = new Map<number, PendingCall>();
  #lastId = 0;

  constructor(clock: Pick<Clock, "monotonicNs">, defaultTimeoutMs: number) {
    this.#clock = clock;
    this.#defaultTimeoutMs = defaultTimeoutMs;
    this.#due = new DueList(clock);
  }

  /** Takes a call on. @param onAdded Called with it when it waits for the socket. @returns The result of its answer. */
  add(what: string, call: ApiCall, onAdded: (pending: PendingCall) => void): Promise<unknown> {
    const { signal, timeoutMs = this.#defaultTimeoutMs } = call.control;
    return new Promise((resolve, reject) => {
      const pending = new PendingCall(what, call, timeoutMs, this.#onEnd, resolve, reject);
      const nowNs = this.#clock.monotonicNs();
      pending.dueNs = nowNs + timeoutMs * 1e6;
      this.#due.add(pending, nowNs);
      this.#waiting.add(pending);
      if (signal?.aborted) return pending.handleEvent();
      onAbort(signal, pending);
      onAdded(pending);
    });
  }

  /** Those that wait for the socket, oldest first. */
  waiting(): readonly PendingCall[] {
    return [...this.#waiting];
  }

  /**
   * Hands a call to the socket by `write`, under an id of its own, and tells its caller right before. It goes on waiting when
   * `write` says that the socket took nothing.
   */
  send(pending: PendingCall, write: (id: number) => boolean): void {
    try {
      pending.call.control.onSent?.(this.#clock.monotonicNs());
    } catch (cause) {
      pending.reject(new CallAbortedError(`${pending.what} was stopped by its onSent`, { outcome: "unsent", cause }));
    }
    if (pending.hasEnded) return; // its caller has ended it just now, and was told that nothing was sent
    const id = ++this.#lastId;
    this.#waiting.delete(pending);
    this.#sent.set(id, pending);
    pending.id = id;
    if (!write(id)) this.requeue(pending);
  }

  /** The call that `id` answers; undefined for one that has ended meanwhile. */
  answered(id: number): PendingCall | undefined {
    return this.#sent.get(id);
  }

  /** Puts a call that was refused back to the waiting ones. */
  requeue(pending: PendingCall): void {
    this.#forget(pending);
    pending.id = 0;
    this.#waiting.add(pending);
  }

  /** The socket is gone. */
  lost(reason: string): void {
    for (const pending of [...this.#sent.values()]) {
      if (pending.call.isRead) this.requeue(pending);
      else pending.reject(new NetworkError(`${pending.what}: the socket was lost: ${reason}`, { outcome: "unknown" }));
    }
  }

  /** Ends all of them with the error that is made for each. */
  rejectAll(toError: (pending: PendingCall) => Error): void {
    for (const pending of [...this.#waiting, ...this.#sent.values()]) pending.reject(toError(pending));
  }

  /** Ends the timer; what is under way must have ended. */
  close(): void {
    this.#due.close();
  }

  readonly #onEnd = (pending: PendingCall): void => {
    this.#due.remove(pending);
    this.#forget(pending);
  };

  #forget(pending: PendingCall): void {
    this.#waiting.delete(pending);
    this.#sent.delete(pending.id);
  }
}
