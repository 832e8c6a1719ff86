import type { Clock } from "../clock.ts";
import { InvalidInputError, inRange, integerInRange } from "../errors.ts";
import { SingleFlight } from "../flow/single-flight.ts";
import { LatencyHistogram } from "../metrics/latency-histogram.ts";
import type { BusConnection, BusListener } from "./bus.ts";
import type { LoadRequest, TieredCacheOptions } from "./cache-options.ts";
import type { CacheStats } from "./cache-stats.ts";
import { CoarseClock } from "./coarse-clock.ts";
import { type Codec, jsonCodec } from "./codec.ts";
import { DATA_CLASSES, type DataClass, type Lifetimes, toLifetimes } from "./data-class.ts";
import { CacheClosedError, CacheContendedError, type CacheFault } from "./errors.ts";
import { Guard, type GuardOptions } from "./guard.ts";
import { GuardedTier } from "./guarded-tier.ts";
import { fromTierEntry, type Held, hold, type Moment, toTierEntry } from "./held.ts";
import { EVERYTHING, type Invalidation, InvalidationLog, validName } from "./invalidation.ts";
import { type InvalidationOutcome, Outbox } from "./outbox.ts";
import { Refresher } from "./refresher.ts";
import { TaggedLru } from "./tagged-lru.ts";
import type { TierEntry } from "./tier.ts";

interface Found<V> {
  readonly value: V | undefined;
  readonly tags: readonly string[];
  /** The cache's epoch before the value was looked for. */
  readonly since: number;
  readonly isLoaded: boolean;
  readonly isStale: boolean;
}

const HITS = 0;
const STALE_HITS = 1;
const MISSES = 2;
const HITS_BELOW = 3;
const NO_TAGS: readonly string[] = [];
const REMEMBERED_INVALIDATIONS = 10_000;
const MOST_ATTEMPTS = 16;

/**
 * A cache of several tiers: the first in memory and synchronous, those below as slow and as shared as they like.
 *
 * ```text
 * get ------> first tier (LRU, values)
 * getOrLoad -> first tier -> tier 2 -> tier 3 -> load         one such walk per key, whoever asks
 *                   ^ found values are handed up, with the life they have left
 * invalidate          tier 3, then tier 2, then the bus, then returns
 * ```
 *
 * **After an invalidation has returned with nothing pending, no cache on the bus gives a value that was read before it**:
 * not from a tier, not from a load under way, not to callers who asked before. A load that was overtaken is made again.
 * With something pending (a tier is down, say) the same holds for this cache; it is told to the others as soon as possible.
 * The source must have changed before the invalidation is called.
 *
 * Callers never see a tier fail: one that is down is a miss, and left alone for a while after several failures. Values are
 * given as they are kept, not copied: treat them as read-only. Keys and tags are 1 to 1,024 characters of well-formed text.
 *
 * @example
 * const cache = new TieredCache<Balance>({ clock, tiers: [redisTier] });
 * const balances = { class: "account", load: (key, signal) => fetchBalance(key, signal) } as const;
 * const balance = cache.get("EUR") ?? (await cache.getOrLoad("EUR", balances, signal));
 */
export class TieredCache<V, C extends string = DataClass> {
  readonly #first: TaggedLru<Held<V>>;
  readonly #time: CoarseClock;
  readonly #counts = new Float64Array(4);
  readonly #classes: ReadonlyMap<string, Lifetimes>;
  readonly #tiers: readonly GuardedTier[];
  readonly #clock: Pick<Clock, "nowUs" | "monotonicNs" | "sleep">;
  readonly #codec: Codec<V>;
  readonly #onError: (fault: CacheFault) => void;
  readonly #log = new InvalidationLog(REMEMBERED_INVALIDATIONS); // an own one when called, and again when the tiers are told
  readonly #called = new InvalidationLog(REMEMBERED_INVALIDATIONS); // each once, when called or heard of
  readonly #outbox: Outbox;
  readonly #bus: { readonly connection: BusConnection; readonly guard: Guard } | undefined;
  readonly #flights = new SingleFlight<string, Found<V>>();
  readonly #refresher: Refresher;
  readonly #firstLatency = new LatencyHistogram();
  readonly #loadLatency = new LatencyHistogram();
  readonly #closing = new AbortController();
  #hearsBus = true;
  #isNextTimed = false;
  #loadFailures = 0;
  #overtaken = 0;

  /** @throws {InvalidInputError} When an option is out of range, or two tiers have one name. */
  constructor(options: TieredCacheOptions<V, C>) {
    const { clock, tiers = [], bus, breaker = { consecutiveErrors: 3, openMs: 1_000 }, onError = () => {} } = options;
    const guard: GuardOptions = {
      timeoutMs: inRange("tierTimeoutMs", options.tierTimeoutMs ?? 100, 1, 60_000),
      ...breaker,
      clock,
      onError,
    };
    if (new Set(tiers.map(({ name }) => name)).size < tiers.length) {
      throw new InvalidInputError(`tiers must have different names, got ${tiers.map(({ name }) => name).join(", ")}`);
    }
    this.#first = new TaggedLru(validCapacity(options.capacity ?? 10_000));
    // One look-up is timed for each reading of the clock: reading it twice for all would take longer than the look-up.
    this.#time = new CoarseClock(clock, inRange("resolutionMs", options.resolutionMs ?? 1, 0, 1_000), () => {
      this.#isNextTimed = true;
    });
    this.#classes = toLifetimes(options.classes ?? DATA_CLASSES);
    this.#tiers = tiers.map((tier) => new GuardedTier(tier, guard));
    this.#clock = clock;
    this.#codec = options.codec ?? jsonCodec();
    this.#onError = onError;
    this.#refresher = new Refresher(clock, onError, this.#closing.signal);
    this.#bus = bus && { guard: new Guard("bus", guard), connection: bus.connect(this.#busListener()) };
    this.#outbox = new Outbox({ tiers: this.#tiers, bus: this.#bus, clock, onTiersTold: (done) => this.#forget(done) });
  }

  /**
   * Most entries of the first tier; 0 to 1e7. May be set at any time: a smaller number keeps those used last.
   *
   * Setting another number copies the entries that are kept, in one step: some 3 ms for 10,000, 50 ms for 100,000.
   *
   * @throws {InvalidInputError} When set out of range; nothing has changed then.
   */
  get capacity(): number {
    return this.#first.capacity;
  }

  set capacity(capacity: number) {
    this.#first.capacity = validCapacity(capacity);
  }

  /** The value, when the first tier has it fresh; undefined also when it is known that there is nothing. */
  get(key: string): V | undefined {
    const held = this.#lookUp(key);
    if (held !== undefined && this.#time.nowMs() < held.freshUntilMs) {
      this.#counts[HITS]!++;
      return held.value;
    }
    this.#counts[MISSES]!++;
    return undefined;
  }

  /**
   * The value from the first tier that has it, or else from `request.load`; undefined when there is nothing under `key`.
   *
   * A hundred callers cause one load. A value past its time but within `staleMs` is given at once while one refresh runs.
   *
   * @throws What `load` throws, to all who wait for it; nothing is kept then. The signal's reason when `signal` aborts.
   * @throws {CacheContendedError} When 16 loads in a row were overtaken by invalidations of this key.
   * @throws {InvalidInputError} When the class is unknown, or key or tags are not well-formed.
   * @throws {CacheClosedError} After `close`.
   */
  getOrLoad(key: string, request: LoadRequest<V, C>, signal?: AbortSignal): Promise<V | undefined> {
    const held = this.#lookUp(key);
    if (held !== undefined) {
      const nowMs = this.#time.nowMs();
      if (nowMs < held.freshUntilMs) {
        this.#counts[HITS]!++;
        return Promise.resolve(held.value);
      }
      if (nowMs < held.staleUntilMs) {
        this.#counts[STALE_HITS]!++;
        this.#refresh(key, request);
        return Promise.resolve(held.value);
      }
    }
    this.#counts[MISSES]!++;
    return this.#waitFor(key, request, signal);
  }

  /**
   * Puts `value`, the new truth, in place of what the tiers and any load under way have for `key`.
   *
   * Of several sets of one key at the same time, the one called last stays; one that an invalidation overtakes is not kept.
   * A tier takes the value only when it is sure to be newer than all that other processes have invalidated there, and
   * otherwise just forgets the old one. Waits as an invalidation does, and for the tiers to write.
   *
   * @throws As `getOrLoad` does for its input, and after `close`.
   */
  async set(
    key: string,
    value: V,
    { class: name, tags = NO_TAGS }: { readonly class: C; readonly tags?: readonly string[] },
  ): Promise<InvalidationOutcome> {
    const lifetimes = this.#check(key, name, tags);
    const own: Invalidation = { kind: "key", text: key };
    const since = this.#announce(own);
    const seen = this.#tiers.map((tier) => tier.seenEpoch);
    const { pending, epochs } = await this.#outbox.send(own);
    const held = hold(value, tags, lifetimes, this.#time.exactMs());
    if (this.#called.overtakes(since, key, tags) || !this.#keep(key, held)) return { pending };
    const entry = this.#encode(key, held);
    // The value is as old as this call. Where the tier has counted more than our own invalidation since, another may mean it.
    const safe = epochs.map((epoch, depth) => (epoch === (seen[depth] ?? Number.NaN) + 1 ? epoch : undefined));
    if (entry !== undefined) await Promise.all(this.#writeTo(this.#tiers, key, entry, safe));
    return { pending };
  }

  /**
   * Makes every tier and every other cache on the bus forget `key`. From the call on, the first tier no longer has it.
   *
   * Waits at most for the timeouts of all tiers and the bus, and takes no signal: half an invalidation is none.
   *
   * @throws {InvalidInputError} When `key` is not well-formed. @throws {CacheClosedError} After `close`. The same for the three below.
   */
  invalidateKey(key: string): Promise<InvalidationOutcome> {
    return this.#invalidate("key", key);
  }

  /** As `invalidateKey`, for every entry that carries `tag`. */
  invalidateTag(tag: string): Promise<InvalidationOutcome> {
    return this.#invalidate("tag", tag);
  }

  /** As `invalidateKey`, for every key that matches: `*` is any run of characters, `?` one, the rest stand for themselves. */
  invalidateGlob(pattern: string): Promise<InvalidationOutcome> {
    return this.#invalidate("glob", pattern);
  }

  /** As `invalidateKey`, for everything. */
  clear(): Promise<InvalidationOutcome> {
    return this.#invalidate(EVERYTHING.kind, EVERYTHING.text);
  }

  /** What happened since the cache was made. */
  stats(): CacheStats {
    const [hits = 0, staleHits = 0, misses = 0, hitsBelow = 0] = this.#counts;
    const given = hits + staleHits;
    const lookups = given + misses;
    const ratio = (part: number) => (lookups === 0 ? 0 : part / lookups);
    return {
      first: { hits, staleHits, misses, hitRatio: ratio(given), latency: this.#firstLatency.summary() },
      tiers: this.#tiers.map((tier) => tier.stats()),
      loads: {
        count: this.#loadLatency.count + this.#loadFailures,
        failures: this.#loadFailures,
        latency: this.#loadLatency.summary(),
      },
      hitRatio: ratio(given + hitsBelow),
      entries: this.#first.size,
      overtaken: this.#overtaken,
      pendingInvalidations: this.#outbox.size,
    };
  }

  /** Leaves the bus, stops refreshes and what is still pending, and waits for writes under way. Tiers stay open. */
  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(new CacheClosedError("the cache has been closed"));
    this.#first.clear();
    this.#outbox.close();
    this.#bus?.connection.close();
    this.#bus?.guard.close();
    await Promise.all(this.#tiers.map((tier) => tier.close()));
  }

  #lookUp(key: string): Held<V> | undefined {
    if (!this.#isNextTimed) return this.#first.get(key);
    this.#isNextTimed = false;
    const startedNs = this.#clock.monotonicNs();
    const held = this.#first.get(key);
    this.#firstLatency.record(this.#clock.monotonicNs() - startedNs);
    return held;
  }

  // The last look at the log and the return are one step: an invalidation that returns later lets its caller go on later too.
  async #waitFor(key: string, request: LoadRequest<V, C>, signal: AbortSignal | undefined): Promise<V | undefined> {
    for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
      const found = await this.#flights.run(key, (shared) => this.#walk(key, request, true, shared), signal);
      if (!this.#log.overtakes(found.since, key, found.tags)) {
        if (!found.isLoaded) this.#counts[HITS_BELOW]!++;
        if (found.isStale) this.#refresh(key, request);
        return found.value;
      }
      this.#overtaken++;
    }
    throw new CacheContendedError(`${MOST_ATTEMPTS} loads of ${key} in a row were overtaken by invalidations`);
  }

  /** Looks in each tier, then asks the source, and hands what it finds to the tiers above. */
  async #walk(
    key: string,
    { class: name, tags = NO_TAGS, load }: LoadRequest<V, C>,
    mayBeStale: boolean,
    signal: AbortSignal | undefined,
  ): Promise<Found<V>> {
    const lifetimes = this.#check(key, name, tags);
    const since = this.#log.epoch;
    const epochs: (number | undefined)[] = [];
    for (const [depth, tier] of this.#tiers.entries()) {
      const read = await tier.read(key);
      const held = read?.entry && this.#decode(key, read.entry, lifetimes, tier.name);
      const nowMs = this.#time.exactMs();
      if (held !== undefined && nowMs < (mayBeStale ? held.staleUntilMs : held.freshUntilMs)) {
        tier.countHit();
        if (!this.#log.overtakes(since, key, held.tags) && this.#keep(key, held)) {
          void this.#writeTo(this.#tiers.slice(0, depth), key, read!.entry!, epochs);
        }
        return { value: held.value, tags: held.tags, since, isLoaded: false, isStale: nowMs >= held.freshUntilMs };
      }
      epochs.push(read?.epoch);
    }
    const value = await this.#load(key, load, signal);
    const held = hold(value, tags, lifetimes, this.#time.exactMs());
    if (!this.#log.overtakes(since, key, tags) && this.#keep(key, held)) {
      const entry = this.#encode(key, held);
      if (entry !== undefined) void this.#writeTo(this.#tiers, key, entry, epochs);
    }
    return { value, tags, since, isLoaded: true, isStale: false };
  }

  async #load(key: string, load: LoadRequest<V, C>["load"], signal: AbortSignal | undefined): Promise<V | undefined> {
    const startedNs = this.#clock.monotonicNs();
    try {
      const value = await load(key, signal);
      this.#loadLatency.record(this.#clock.monotonicNs() - startedNs);
      return value;
    } catch (error) {
      this.#loadFailures++;
      throw error;
    }
  }

  /** Loads `key` anew in the background. */
  #refresh(key: string, request: LoadRequest<V, C>): void {
    this.#refresher.start(key, (signal) =>
      this.#flights.run(key, (shared) => this.#walk(key, request, false, shared), signal),
    );
  }

  /** Puts `held` in the first tier unless it has expired; true when it may be given to the tiers too. */
  #keep(key: string, held: Held<V>): boolean {
    if (this.#closing.signal.aborted) return false;
    if (this.#time.exactMs() >= held.staleUntilMs) return false;
    if (this.#hearsBus) this.#first.set(key, held);
    return true;
  }

  #writeTo(
    tiers: readonly GuardedTier[],
    key: string,
    entry: TierEntry,
    epochs: readonly (number | undefined)[],
  ): Promise<void>[] {
    return tiers.flatMap((tier, depth) => {
      const epoch = epochs[depth]; // unknown where the tier did not answer
      return epoch === undefined ? [] : [tier.write(key, entry, epoch)];
    });
  }

  async #invalidate(kind: Invalidation["kind"], text: string): Promise<InvalidationOutcome> {
    this.#closing.signal.throwIfAborted();
    const invalidation: Invalidation = { kind, text: validName(kind, text) };
    this.#announce(invalidation);
    const { pending } = await this.#outbox.send(invalidation);
    return { pending };
  }

  /** Takes note of an invalidation that has just been called, or heard of. */
  #announce(invalidation: Invalidation): number {
    this.#forget(invalidation);
    return this.#called.add(invalidation);
  }

  /** Drops what is meant here, and overtakes every walk under way. */
  #forget(invalidation: Invalidation): void {
    this.#first.invalidate(invalidation);
    if (invalidation.kind === "key") this.#flights.forget(invalidation.text); // whoever asks from now on need not wait for it
    this.#log.add(invalidation);
  }

  #busListener(): BusListener {
    return {
      invalidated: (invalidations) => {
        for (const invalidation of invalidations) this.#announce(invalidation);
      },
      lost: () => {
        this.#hearsBus = false;
        this.#first.clear();
      },
      restored: () => {
        this.#announce(EVERYTHING);
        this.#hearsBus = true;
      },
    };
  }

  /** Undefined when the entry cannot be read, or may be one that was invalidated. */
  #decode(key: string, entry: TierEntry, lifetimes: Lifetimes, tier: string): Held<V> | undefined {
    if (this.#outbox.withholds(key, entry.tags)) return undefined;
    try {
      const value = entry.value === null ? undefined : this.#codec.decode(entry.value);
      return fromTierEntry(entry, value, lifetimes, this.#now());
    } catch (error) {
      this.#onError({ operation: "decode", at: tier, key, error });
      return undefined;
    }
  }

  /** Undefined when the value has no text. */
  #encode(key: string, held: Held<V>): TierEntry | undefined {
    if (this.#tiers.length === 0) return undefined;
    try {
      return toTierEntry(held, held.value === undefined ? null : this.#codec.encode(held.value), this.#now());
    } catch (error) {
      this.#onError({ operation: "encode", at: "codec", key, error });
      return undefined;
    }
  }

  #now(): Moment {
    return { nowMs: this.#time.exactMs(), nowUs: this.#clock.nowUs() };
  }

  #check(key: string, name: string, tags: readonly string[]): Lifetimes {
    this.#closing.signal.throwIfAborted();
    validName("key", key);
    for (const tag of tags) validName("tag", tag);
    const lifetimes = this.#classes.get(name);
    if (lifetimes !== undefined) return lifetimes;
    throw new InvalidInputError(`class must be one of ${[...this.#classes.keys()].join(", ")}, got ${name}`);
  }
}

function validCapacity(capacity: number): number {
  return integerInRange("capacity", capacity, 0, 1e7);
}
