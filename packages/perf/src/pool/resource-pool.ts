import { setMaxListeners } from "node:events";
import type { Clock } from "../clock.ts";
import { inRange, integerInRange } from "../errors.ts";
import { abortable } from "../flow/abortable.ts";
import { ClosedError, QueueFullError } from "../flow/errors.ts";
import { AcquireTimeoutError } from "./errors.ts";
import { HeldLease, type Lease } from "./lease.ts";
import { Patience } from "./patience.ts";
import { type Entry, ResourceHandler } from "./resource-handler.ts";
import type { ResourcePoolOptions, ResourcePoolStats } from "./resource-pool-options.ts";
import { WaitingLine } from "./waiting-line.ts";

/**
 * Shares resources that are slow to open and few, such as connections.
 *
 * - Never more than `max + overflow` are open, those being opened or closed included; after `max` was lowered, never more than
 *   were. Callers beyond that wait in line, and a resource given back goes to the one that waits longest. Without a line, the one
 *   used last is lent first.
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
  readonly #handler: ResourceHandler<T>;
  readonly #min: number;
  readonly #overflow: number;
  readonly #maxWaiting: number;
  readonly #acquireTimeoutMs: number;
  readonly #idleTimeoutMs: number;
  readonly #clock: Pick<Clock, "monotonicNs" | "sleep">;
  readonly #line: WaitingLine;
  readonly #idle: Entry<T>[] = []; // a stack: the top was used last
  readonly #closing = new AbortController();
  #max: number;
  #limit: number; // max + overflow
  // Permits: whoever holds, opens, checks or closes a resource has one. Those and the idle ones that no woken caller is about to
  // take are never more than the limit, and do not grow while a lowered limit is exceeded.
  #permits = 0;
  #woken = 0; // callers called from the line, each with a permit, that have not yet looked for an idle one
  #lent = 0;
  #ending = 0; // permits that close a resource and open none for it
  #isTended = false;
  #drained: Promise<void> | undefined;
  #onDrained: (() => void) | undefined;

  /** @throws {InvalidInputError} When a number is out of range. */
  constructor(options: ResourcePoolOptions<T>) {
    const { max = 20, overflow = 10, acquireTimeoutMs = 30_000, recycleAfterMs = 3_600_000 } = options;
    this.#max = integerInRange("max", max, 1, MOST);
    this.#min = integerInRange("min", options.min ?? 0, 0, max);
    this.#overflow = integerInRange("overflow", overflow, 0, MOST);
    this.#limit = max + overflow;
    this.#maxWaiting = integerInRange("maxWaiting", options.maxWaiting ?? 1_000, 0, 1e6);
    this.#acquireTimeoutMs = inRange("acquireTimeoutMs", acquireTimeoutMs, 1, 3_600_000);
    const recycleAfterNs = inRange("recycleAfterMs", recycleAfterMs, 1, 86_400_000) * 1e6;
    this.#idleTimeoutMs = inRange("idleTimeoutMs", options.idleTimeoutMs ?? 30_000, 1, 86_400_000);
    this.#handler = new ResourceHandler(options, recycleAfterNs);
    this.#clock = options.clock;
    setMaxListeners(0, this.#closing.signal); // each caller being served listens; Node would warn of a leak at eleven
    this.#line = new WaitingLine(options.clock, () => new AcquireTimeoutError(acquireTimeoutMs));
  }

  /**
   * How many may be open and idle. May be set at any time, to what is at least 1 and `min`, and at most 10,000.
   *
   * A larger number calls in at once those in line for whom there is a place now. A smaller one closes at once the idle ones
   * above it, those used longest ago first, and others as they are given back; none is taken from its user. As long as more
   * than `max + overflow` are open, a new one is opened only in place of one that is closed.
   *
   * @throws {InvalidInputError} When set out of range; nothing has changed then.
   */
  get max(): number {
    return this.#max;
  }

  set max(max: number) {
    this.#max = integerInRange("max", max, Math.max(1, this.#min), MOST);
    this.#limit = max + this.#overflow;
    this.#callIn();
    this.#closeSurplus();
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
    if (this.#line.size === 0 && this.#hasPlace) this.#permits++;
    else if (this.#line.size === this.#maxWaiting) throw new QueueFullError(this.#line.size);
    else {
      await this.#line.wait(dueNs, signal);
      this.#woken--;
      nowNs = this.#clock.monotonicNs();
    }
    const isReady = !this.#handler.hasCheck && signal?.aborted !== true; // it may have aborted since it was woken
    return this.#lease((isReady ? this.#popReady(nowNs) : undefined) ?? (await this.#prepare(dueNs, signal)));
  }

  /** Opens `min` resources now, instead of with the first callers. Throws as `acquire`, after those that could be opened are. */
  async warmUp(signal?: AbortSignal): Promise<void> {
    const leases = await Promise.allSettled(Array.from({ length: this.#min }, () => this.acquire(signal)));
    for (const lease of leases) if (lease.status === "fulfilled") lease.value.release();
    for (const lease of leases) if (lease.status === "rejected") throw lease.reason;
  }

  stats(): ResourcePoolStats {
    const open = this.#permits + this.#spareIdle;
    return { open, lent: this.#lent, idle: this.#idle.length, waiting: this.#line.size };
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
    const patience = new Patience(this.#clock, dueNs, () => new AcquireTimeoutError(this.#acquireTimeoutMs), [
      signal,
      this.#closing.signal,
    ]);
    const found = this.#findOrOpen(patience.signal);
    try {
      return await abortable(found, patience.signal);
    } catch (error) {
      if (patience.signal.aborted) this.#settleLater(found, patience.signal);
      else this.#passPermit();
      throw error;
    } finally {
      patience.end();
    }
  }

  /** Takes back what still comes though nobody waits for it, and its permit. A failure other than by `signal` is reported. */
  #settleLater(opening: Promise<Entry<T>>, signal: AbortSignal): void {
    opening.then(
      (entry) => this.#takeBack(entry),
      (error: unknown) => {
        this.#passPermit();
        this.#closeSurplus(); // what the caller was to take, if nobody waits
        if (error !== signal.reason) this.#handler.report(error, "create");
      },
    );
  }

  async #findOrOpen(signal: AbortSignal): Promise<Entry<T>> {
    for (;;) {
      signal.throwIfAborted();
      const entry = this.#idle.pop();
      if (entry === undefined) return this.#handler.open(signal);
      if (await this.#handler.mayLend(entry, signal)) return entry;
      await this.#handler.close(entry);
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
    const isSurplus = this.#kept > (this.#line.size === 0 ? this.#max : this.#limit);
    if (isSurplus || nowNs >= entry.expiresNs || this.#drained !== undefined) return void this.#closeOne(entry);
    entry.idleSinceNs = nowNs;
    this.#idle.push(entry);
    this.#passPermit();
  }

  /** Closes a resource for which a permit is held. */
  async #closeOne(entry: Entry<T>): Promise<void> {
    this.#ending++;
    await this.#handler.close(entry);
    this.#ending--;
    this.#passPermit();
    this.#refill();
  }

  #passPermit(): void {
    this.#permits--;
    this.#callIn();
    if (this.#permits === 0) this.#onDrained?.();
  }

  /** Gives permits to those in line, as far as there are places. */
  #callIn(): void {
    while (this.#hasPlace && this.#line.wakeOldest()) {
      this.#permits++;
      this.#woken++;
    }
  }

  /** Closes what is idle above `max`. */
  #closeSurplus(): void {
    let surplus = Math.min(this.#kept - this.#max, this.#spareIdle);
    if (surplus > 0) this.#closeIdle(() => surplus-- > 0);
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
      this.#permits++; // for the place it had while idle
      void this.#closeOne(entry);
    }
  }

  /** Opens in reserve what is missing of `min`. One that fails is tried again when the pool is next looked after. */
  #refill(): void {
    while (this.#drained === undefined && this.#kept < this.#min && this.#permits + this.#spareIdle < this.#limit) {
      this.#permits++;
      this.#settleLater(this.#handler.open(this.#closing.signal), this.#closing.signal);
    }
  }

  /** How many there are, or will be, without those being closed. */
  get #kept(): number {
    return this.#permits - this.#ending + this.#spareIdle;
  }

  /** How many are idle, without those that woken callers are about to take. */
  get #spareIdle(): number {
    return Math.max(0, this.#idle.length - this.#woken);
  }

  /** Whether one more may have a permit: to open a resource, or to use an idle one, which there can be above a lowered limit. */
  get #hasPlace(): boolean {
    return this.#permits < this.#limit || this.#idle.length > this.#woken;
  }
}

const MOST = 10_000;

const closedError = () => new ClosedError("this pool is closed");
