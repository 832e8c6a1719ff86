import type { Clock } from "@pitlane/perf";
import { NetworkError, TimeoutError } from "../../errors.ts";
import type { ApiCall } from "./api.ts";

/** A call of the WebSocket API between its caller and its answer. */
export interface PendingCall {
  readonly call: ApiCall;
  /** `order.place`. */
  readonly what: string;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
  /** Id of the present try; 0 while no byte of one can have left. */
  id: number;
  /** Credentials were refused once and renewed. */
  isRenewed: boolean;
  /** Signature of the present try, which no message may show. */
  signature: string;
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
  readonly #waiting = new Set<PendingCall>();
  readonly #sent = new Map<number, PendingCall>();
  #lastId = 0;

  constructor(clock: Pick<Clock, "monotonicNs">, defaultTimeoutMs: number) {
    this.#clock = clock;
    this.#defaultTimeoutMs = defaultTimeoutMs;
  }

  /** Takes a call on. @param onAdded Called with it when it waits for the socket. @returns The result of its answer. */
  add(what: string, call: ApiCall, onAdded: (pending: PendingCall) => void): Promise<unknown> {
    const { signal, timeoutMs = this.#defaultTimeoutMs } = call.control;
    return new Promise((resolve, reject) => {
      const onAbort = () => fail("was aborted by the caller", signal?.reason);
      const timer = setTimeout(() => {
        const error = new TimeoutError(`${what} got no answer in ${timeoutMs} ms`, { outcome: outcomeOf(pending) });
        end();
        reject(error);
      }, timeoutMs);
      const end = () => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        this.#forget(pending);
      };
      const fail = (how: string, cause: unknown) => {
        const error = new NetworkError(`${what} ${how}`, { outcome: outcomeOf(pending), cause });
        end();
        reject(call.isRead ? cause : error); // a read has no outcome to tell: its caller gets the reason back
      };
      const pending: PendingCall = {
        call,
        what,
        resolve: (result) => {
          end();
          resolve(result);
        },
        reject: (error) => {
          end();
          reject(error);
        },
        id: 0,
        isRenewed: false,
        signature: "",
      };
      if (signal?.aborted) return onAbort();
      signal?.addEventListener("abort", onAbort, { once: true });
      this.#waiting.add(pending);
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
    const id = ++this.#lastId;
    pending.call.control.onSent?.(this.#clock.monotonicNs());
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

  #forget(pending: PendingCall): void {
    this.#waiting.delete(pending);
    this.#sent.delete(pending.id);
  }
}

function outcomeOf({ id }: PendingCall): "unsent" | "unknown" {
  return id > 0 ? "unknown" : "unsent";
}
