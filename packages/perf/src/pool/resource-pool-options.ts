import type { Clock } from "../clock.ts";

export interface ResourcePoolOptions<T> {
  /** Opens one. `signal` aborts when nobody wants it any more; one that comes nevertheless is kept. */
  readonly create: (signal: AbortSignal) => Promise<T>;
  /** Closes one. Until it settles the resource counts as open. */
  readonly destroy: (resource: T) => Promise<void>;
  /** Says whether an idle one still works, before it is lent. One that does not, or throws, is closed and another taken. */
  readonly check?: (resource: T, signal: AbortSignal) => Promise<boolean>;
  /** Told what fails where nobody waits for it: closing, checking, opening in reserve or for a caller that gave up. Must not throw. */
  readonly onError: (error: unknown, during: "create" | "check" | "destroy") => void;
  /** How many are kept open though idle; 0 to `max`, 0 unless told. Opened by `warmUp`, or within `idleTimeoutMs` of the first `acquire`. */
  readonly min?: number;
  /** How many may be open and idle; 1 to 10,000, 20 unless told. May be changed later. */
  readonly max?: number;
  /** How many more may be open while all are in use; 0 to 10,000, 10 unless told. They are closed when given back. */
  readonly overflow?: number;
  /** How many callers may wait; 0 to 1e6, 1,000 unless told. More are refused. */
  readonly maxWaiting?: number;
  /** Longest wait for a resource, opening and checking included, in milliseconds; 1 to 3,600,000, 30,000 unless told. */
  readonly acquireTimeoutMs?: number;
  /** Age at which one is closed rather than lent again, in milliseconds; 1 to 86,400,000, an hour unless told. */
  readonly recycleAfterMs?: number;
  /** Idle ones above `min` are closed after this time and before twice it, in milliseconds; 1 to 86,400,000, 30,000 unless told. */
  readonly idleTimeoutMs?: number;
  readonly clock: Pick<Clock, "monotonicNs" | "sleep">;
}

/** What a resource pool holds. `open` is all there are: lent, idle, and those being opened, checked or closed. */
export interface ResourcePoolStats {
  readonly open: number;
  readonly lent: number;
  readonly idle: number;
  /** Callers in line. */
  readonly waiting: number;
}
