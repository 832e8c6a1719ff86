import type { Clock } from "../clock.ts";
import { inRange, integerInRange } from "../errors.ts";
import { abortable } from "../flow/abortable.ts";
import { ClosedError, QueueFullError } from "../flow/errors.ts";
import { AcquireTimeoutError } from "./errors.ts";
import { HeldLease, type Lease } from "./lease.ts";
import { WaitingLine } from "./waiting-line.ts";

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
  /** How many may be open and idle; 1 to 10,000, 20 unless told. */
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

interface Entry<T> {
  readonly resource: T;
  readonly expiresNs: number;
  idleSinceNs: number;
}

/**
 * Shares resources that are slow to open and few, such as connections.
 *
 * - Never more than `max + overflow` are open, those being opened or closed included. Callers beyond that wait in line, and a
 *   resource given back goes to the one that waits longest. Without a line, the one used last is lent first.
 * - A failed `create` is thrown to the caller it was for. To have it repeated, wrap it in `retry`.
 * - A caller that gives up leaves nothing behind: what was opened for it goes to the next.
 * - A timer runs from the first `acquire` to `close`.
 *
 * @example
 * const pool = new ResourcePool({ create: (signal) => connect(url, signal), destroy: (c) => c.end(), onError, clock });
 * const rows = await pool.use((connection) => connection.query("select 1"), signal);
 * await pool.close(AbortSignal.timeout(10_000));
 */
export class ResourcePool<T> {
  readonly #create: (signal: AbortSignal) => Promise<T>;
  readonly #destroy: (resource: T) => Promise<void>;
  readonly #check: ((resource: T, signal: AbortSignal) => Promise<boolean>) | undefined;
  readonly #onError: (error: unknown, during: "create" | "check" | "destroy") => void;
  readonly #min: number;
  readonly #max: number;
  readonly #limit: number;
  readonly #maxWaiting: number;
  readonly #acquireTimeoutMs: number;
  readonly #recycleAfterNs: number;
  readonly #idleTimeoutMs: number;
  readonly #clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly #line: WaitingLine;
  readonly #idle: Entry<T>[] = []; // a stack: the top was used last
  readonly #closing = new AbortController();
  // Permits: whoever holds, opens, checks or closes a resource has one. Those and the idle ones are never more than the limit.
  #permits = 0;
  #lent = 0;
  #ending = 0; // permits that close a resource and open none for it
  #isTended = false;
  #drained: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  /** @throws {InvalidInputError} When a number is out of range. */
  constructor(options: ResourcePoolOptions<T>) {
    const { max = 20, overflow = 10, acquireTimeoutMs = 30_000, recycleAfterMs = 3_600_000 } = options;
    this.#max = integerInRange("max", max, 1, 10_000);
    this.#min = integerInRange("min", options.min ?? 0, 0, max);
    this.#limit = max + integerInRange("overflow", overflow, 0, 10_000);
    this.#maxWaiting = integerInRange("maxWaiting", options.maxWaiting ?? 1_000, 0, 1e6);
    this.#acquireTimeoutMs = inRange("acquireTimeoutMs", acquireTimeoutMs, 1, 3_600_000);
    this.#recycleAfterNs = inRange("recycleAfterMs", recycleAfterMs, 1, 86_400_000) * 1e6;
    this.#idleTimeoutMs = inRange("idleTimeoutMs", options.idleTimeoutMs ?? 30_000, 1, 86_400_000);
    this.#create = options.create;
    this.#destroy = options.destroy;
    this.#check = options.check;
    this.#onError = options.onError;
    this.#clock = options.clock;
    this.#line = new WaitingLine(options.clock, () => new AcquireTimeoutError(acquireTimeoutMs));
  }

  /**
   * Runs `fn` with a resource and gives it back however `fn` ends. Throws as `acquire`, and what `fn` throws.
   * A resource that `fn` may have broken is found out by `check`; without one, use `acquire` and `discard`.
   */
  async use<R>(fn: (resource: T) => Promise<R>, signal?: AbortSignal): Promise<R> {
    const lease = await this.acquire(signal);
    try {
      return await fn(lease.resource);
    } finally {
      lease.release();
    }
  }

  /**
   * Waits for a resource. Prefer `use`, which cannot forget to give it back.
   *
   * @throws {AcquireTimeoutError} When `acquireTimeoutMs` have passed.
   * @throws {QueueFullError} When too many wait.
   * @throws {ClosedError} After `close`, and when it is called meanwhile.
   * @throws What `create` throws; the signal's reason when it aborts first.
   */
  async acquire(signal?: AbortSignal): Promise<Lease<T>> {
    signal?.throwIfAborted();
    if (this.#drained !== undefined) throw closedError();
    if (!this.#isTended) void this.#tend();
    let nowNs = this.#clock.monotonicNs();
    const dueNs = nowNs + this.#acquireTimeoutMs * 1e6;
    if (this.#permits < this.#limit) this.#permits++;
    else if (this.#line.size === this.#maxWaiting) throw new QueueFullError(this.#line.size);
    else {
      await this.#line.wait(dueNs, signal);
      nowNs = this.#clock.monotonicNs();
    }
    const isReady = this.#check === undefined && signal?.aborted !== true; // it may have aborted since it was woken
    return this.#lease((isReady ? this.#popReady(nowNs) : undefined) ?? (await this.#prepare(dueNs, signal)));
  }

  /** Opens `min` resources now, instead of with the first callers. Throws as `acquire`, after those that could be opened are. */
  async warmUp(signal?: AbortSignal): Promise<void> {
    const leases = await Promise.allSettled(Array.from({ length: this.#min }, () => this.acquire(signal)));
    for (const lease of leases) if (lease.status === "fulfilled") lease.value.release();
    for (const lease of leases) if (lease.status === "rejected") throw lease.reason;
  }

  stats(): ResourcePoolStats {
    const idle = this.#idle.length;
    return { open: this.#permits + idle, lent: this.#lent, idle, waiting: this.#line.size };
  }

  /**
   * Refuses further callers and those in line, closes what is idle, and resolves when the rest has been given back and closed.
   *
   * @throws The signal's reason when it aborts first. What comes back later is still closed; `close` may be called again.
   */
  close(signal?: AbortSignal): Promise<void> {
    if (this.#drained === undefined) {
      this.#drained = new Promise((resolve) => {
        this.#onDrained = resolve;
      });
      const reason = closedError();
      this.#closing.abort(reason);
      this.#line.close(reason);
      this.#closeIdle(() => true);
      if (this.#permits === 0) this.#onDrained?.();
    }
    return signal === undefined ? this.#drained : abortable(this.#drained, signal);
  }

  /** The idle resource used last, unless it is too old. */
  #popReady(nowNs: number): Entry<T> | undefined {
    const top = this.#idle.at(-1);
    return top !== undefined && nowNs < top.expiresNs ? this.#idle.pop() : undefined;
  }

  /** Finds or opens a resource for a caller with a permit, who waits until `dueNs`. */
  async #prepare(dueNs: number, signal: AbortSignal | undefined): Promise<Entry<T>> {
    const caller = new AbortController(); // gives up by its signal, by `close` or at `dueNs`
    const served = new AbortController();
    const onAbort = () => caller.abort(signal?.reason);
    const onClose = () => caller.abort(this.#closing.signal.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    this.#closing.signal.addEventListener("abort", onClose, { once: true });
    this.#clock.sleep((dueNs - this.#clock.monotonicNs()) / 1e6, served.signal).then(
      () => caller.abort(new AcquireTimeoutError(this.#acquireTimeoutMs)),
      () => undefined, // served before
    );
    if (signal?.aborted) onAbort();
    if (this.#drained !== undefined) onClose();
    const found = this.#findOrOpen(caller.signal);
    try {
      return await abortable(found, caller.signal);
    } catch (error) {
      if (caller.signal.aborted) this.#settleLater(found, caller.signal);
      else this.#passPermit();
      throw error;
    } finally {
      served.abort();
      signal?.removeEventListener("abort", onAbort);
      this.#closing.signal.removeEventListener("abort", onClose);
    }
  }

  /** Takes back what still comes though nobody waits for it, and its permit. A failure other than by `signal` is reported. */
  #settleLater(opening: Promise<Entry<T>>, signal: AbortSignal): void {
    opening.then(
      (entry) => this.#takeBack(entry),
      (error: unknown) => {
        this.#passPermit();
        if (error !== signal.reason) this.#onError(error, "create");
      },
    );
  }

  async #findOrOpen(signal: AbortSignal): Promise<Entry<T>> {
    for (;;) {
      signal.throwIfAborted();
      const entry = this.#idle.pop();
      if (entry === undefined) return this.#open(signal);
      const isFresh = this.#clock.monotonicNs() < entry.expiresNs;
      if (isFresh && (await this.#works(entry, signal))) return entry;
      await this.#tryDestroy(entry);
    }
  }

  async #open(signal: AbortSignal): Promise<Entry<T>> {
    const resource = await this.#create(signal);
    const openedNs = this.#clock.monotonicNs();
    return { resource, expiresNs: openedNs + this.#recycleAfterNs, idleSinceNs: openedNs };
  }

  async #works({ resource }: Entry<T>, signal: AbortSignal): Promise<boolean> {
    try {
      return this.#check === undefined || (await this.#check(resource, signal));
    } catch (error) {
      if (error !== signal.reason) this.#onError(error, "check");
      return false; // one that was cut off may have left the resource in the middle of something
    }
  }

  #lease(entry: Entry<T>): Lease<T> {
    this.#lent++;
    return new HeldLease(entry.resource, (isBroken) => {
      this.#lent--;
      if (isBroken) void this.#closeOne(entry);
      else this.#takeBack(entry);
    });
  }

  /** Puts a resource back, with the permit of who had it. */
  #takeBack(entry: Entry<T>): void {
    const nowNs = this.#clock.monotonicNs();
    const isSurplus = this.#line.size === 0 && this.#kept > this.#max;
    if (isSurplus || nowNs >= entry.expiresNs || this.#drained !== undefined) return void this.#closeOne(entry);
    entry.idleSinceNs = nowNs;
    this.#idle.push(entry);
    this.#passPermit();
  }

  /** Closes a resource for which a permit is held. */
  async #closeOne(entry: Entry<T>): Promise<void> {
    this.#ending++;
    await this.#tryDestroy(entry);
    this.#ending--;
    this.#passPermit();
    this.#refill();
  }

  async #tryDestroy({ resource }: Entry<T>): Promise<void> {
    try {
      await this.#destroy(resource);
    } catch (error) {
      this.#onError(error, "destroy");
    }
  }

  #passPermit(): void {
    if (this.#line.wakeOldest()) return;
    this.#permits--;
    if (this.#permits === 0) this.#onDrained?.();
  }

  async #tend(): Promise<void> {
    this.#isTended = true;
    const { signal } = this.#closing;
    for (;;) {
      await this.#clock.sleep(this.#idleTimeoutMs, signal).catch(() => undefined); // rejects only by `close`
      if (signal.aborted) return;
      const nowNs = this.#clock.monotonicNs();
      let spare = this.#kept - this.#min;
      this.#closeIdle(({ expiresNs, idleSinceNs }) => {
        const isLongIdle = spare > 0 && nowNs - idleSinceNs >= this.#idleTimeoutMs * 1e6;
        if (nowNs < expiresNs && !isLongIdle) return false;
        spare--;
        return true;
      });
      this.#refill();
    }
  }

  #closeIdle(isDone: (entry: Entry<T>) => boolean): void {
    for (const entry of this.#idle.splice(0)) {
      if (!isDone(entry)) {
        this.#idle.push(entry);
        continue;
      }
      this.#permits++; // there is one: with the idle ones permits are never more than the limit
      void this.#closeOne(entry);
    }
  }

  /** Opens in reserve what is missing of `min`. One that fails is tried again when the pool is next looked after. */
  #refill(): void {
    while (this.#drained === undefined && this.#kept < this.#min && this.#permits + this.#idle.length < this.#limit) {
      this.#permits++;
      this.#settleLater(this.#open(this.#closing.signal), this.#closing.signal);
    }
  }

  /** How many there are, or will be, without those being closed. */
  get #kept(): number {
    return this.#permits - this.#ending + this.#idle.length;
  }
}

const closedError = () => new ClosedError("this pool is closed");
