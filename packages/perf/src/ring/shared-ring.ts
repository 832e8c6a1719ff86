import type { Clock } from "../clock.ts";
import { InvalidInputError, inRange, integerInRange } from "../errors.ts";
import type { Fields, RecordLayout, RecordOf } from "./record-layout.ts";

export interface SharedRingOptions<F extends Fields> {
  readonly layout: RecordLayout<F>;
  /** Most records held: a power of two, 2 to 2^24. */
  readonly capacity: number;
}

/** What a ring is made of; the `create` and `attach` functions put it together. */
export interface SharedRingParts<F extends Fields> {
  readonly buffer: SharedArrayBuffer;
  readonly layout: RecordLayout<F>;
  /** For the time-out of `takeBlocking`; real time, as the engine's own waiting is. */
  readonly clock: Pick<Clock, "monotonicNs">;
}

/** Bytes before the first record. */
export const HEADER_BYTES = 512;

// Words (of 4 bytes) of the header. What different threads write is 128 bytes apart: two cache lines, since processors
// fetch lines in pairs.
const KIND = 0;
const FINGERPRINT = 1;
const CAPACITY = 2;
/** Position of the next record in. */
export const TAIL = 32;
/** Position of the next record out. */
export const HEAD = 64;
const WAITERS = 96; // takers asleep, or about to be
const SIGNAL = 97; // changes whenever sleepers should look again
const CLOSED = 98;

/**
 * Positions are 32-bit counters that wrap. They start just before the sign changes, so that every program crosses that
 * point in its first moments and not after two thousand million records.
 */
export const FIRST_POSITION = 2 ** 31 - 100;

/** Looks before a taker goes to sleep: as long, in all, as falling asleep and being woken takes (some 10 us). */
const SPINS = 50;

/** Keeps a waiting process alive, since a pending `Atomics.waitAsync` does not; far longer than any wait. */
const KEEP_ALIVE_MS = 2 ** 30;

/**
 * A bounded queue of fixed-size records in memory that threads share; `SharedSpscRing` and `SharedMpmcRing` say who may use it.
 *
 * Pass `buffer` to other threads and attach to it there. No message is made of a record: one thread writes it into shared
 * memory and another reads it out. Taking can wait; pushing never does: a full ring refuses, and
 * the pusher decides whether to drop, count or try later.
 */
export abstract class SharedRing<F extends Fields> {
  /** The shared memory: header and records. */
  readonly buffer: SharedArrayBuffer;
  /** Most records held. */
  readonly capacity: number;
  protected readonly header: Int32Array;
  /** What `drain` hands over, filled anew each time. */
  protected readonly drained: RecordOf<F>;
  readonly #clock: Pick<Clock, "monotonicNs">;

  constructor({ buffer, layout, clock }: SharedRingParts<F>) {
    this.buffer = buffer;
    this.header = new Int32Array(buffer);
    this.capacity = this.header[CAPACITY]!;
    this.drained = layout.createRecord();
    this.#clock = clock;
  }

  /** Appends a copy of `record`; false, and nothing is changed, when the ring is full or `closed`. Never waits. */
  abstract tryPush(record: Readonly<RecordOf<F>>): boolean;

  /** Moves the oldest record into `into`; false, and `into` is left as it was, when there is none. Never waits. */
  abstract tryTake(into: RecordOf<F>): boolean;

  /** Records held; while other threads are at work, what it was a moment ago. */
  get size(): number {
    return Math.max(0, (Atomics.load(this.header, TAIL) - Atomics.load(this.header, HEAD)) | 0);
  }

  /**
   * Moves the oldest record into `into`, putting this thread to sleep until there is one: for worker threads, whose event
   * loop stands still meanwhile. Elsewhere use `take`.
   *
   * @param timeoutMs Longest sleep in milliseconds, 0 or more; for ever when left out.
   * @returns False when the ring is closed and empty, or when the time is over.
   * @throws {InvalidInputError} When `timeoutMs` is negative or no number.
   * @example
   * const record = layout.createRecord();
   * while (ring.takeBlocking(record)) handle(record); // until the ring is closed and empty
   */
  takeBlocking(into: RecordOf<F>, timeoutMs = Number.POSITIVE_INFINITY): boolean {
    inRange("timeoutMs", timeoutMs, 0, Number.POSITIVE_INFINITY);
    const { header } = this;
    for (let spin = 0; spin < SPINS; spin++) {
      if (this.tryTake(into)) return true;
      pause(header);
    }
    const untilNs = this.#clock.monotonicNs() + timeoutMs * 1e6;
    Atomics.add(header, WAITERS, 1);
    try {
      for (;;) {
        const seen = Atomics.load(header, SIGNAL); // a signal after this makes the wait below return at once
        const { closed } = this; // before the look: whatever was pushed before the close is then found
        if (this.tryTake(into)) return true;
        const leftMs = (untilNs - this.#clock.monotonicNs()) / 1e6;
        if (closed || leftMs <= 0) return false;
        Atomics.wait(header, SIGNAL, seen, leftMs);
      }
    } finally {
      Atomics.sub(header, WAITERS, 1);
    }
  }

  /**
   * Moves the oldest record into `into` when there is one, while the event loop runs on. A pending call keeps the process
   * alive.
   *
   * A promise and a wake-up cost microseconds: take what is there by `tryTake` or `drain`, and await only when it is gone.
   *
   * @returns False when the ring is closed and empty.
   * @throws The signal's reason when `signal` aborts first; no record is then lost.
   */
  async take(into: RecordOf<F>, signal?: AbortSignal): Promise<boolean> {
    signal?.throwIfAborted();
    if (this.tryTake(into)) return true;
    const { header } = this;
    // Waiting by waitAsync cannot be cancelled, so an abort wakes every sleeper; the others look and sleep again.
    const onAbort = () => wakeAll(header);
    const keepAlive = setInterval(() => {}, KEEP_ALIVE_MS);
    signal?.addEventListener("abort", onAbort, { once: true });
    Atomics.add(header, WAITERS, 1);
    try {
      for (;;) {
        signal?.throwIfAborted();
        const seen = Atomics.load(header, SIGNAL);
        const { closed } = this;
        if (this.tryTake(into)) return true;
        if (closed) return false;
        await waitAsync(header, SIGNAL, seen).value;
      }
    } finally {
      Atomics.sub(header, WAITERS, 1);
      signal?.removeEventListener("abort", onAbort);
      clearInterval(keepAlive);
    }
  }

  /**
   * Takes what is there, at most `max` records, and hands each to `handle`, oldest first; returns how many. Never waits.
   *
   * The record handed over is one and the same object, filled anew each time: copy what should outlive the call, or a
   * `drain` within it. When `handle` throws, its record is gone and the rest stay.
   */
  drain(handle: (record: Readonly<RecordOf<F>>) => void, max = this.capacity): number {
    let taken = 0;
    while (taken < max && this.tryTake(this.drained)) {
      taken++;
      handle(this.drained);
    }
    return taken;
  }

  /** Whether `close` was called, by any thread. */
  get closed(): boolean {
    return Atomics.load(this.header, CLOSED) === 1;
  }

  /**
   * Refuses further pushes and lets waiting takers return once the ring is empty. Any thread may call it, more than once.
   *
   * What was pushed before can still be taken. A push of another thread that overlaps the call may get in and stay
   * untaken: where that matters, close when the pushers are done.
   */
  close(): void {
    Atomics.store(this.header, CLOSED, 1);
    wakeAll(this.header);
  }

  /** To be called after each publication: wakes takers if any sleep. */
  protected wakeTakers(): void {
    // Takers announce themselves before they look for the last time, and the record is out before this look at them:
    // whichever comes first, one sees the other.
    if (Atomics.load(this.header, WAITERS) !== 0) wakeAll(this.header);
  }
}

/**
 * New shared memory for a ring of this kind.
 *
 * @param slotBytes Bytes of one slot, a multiple of 8.
 * @throws {InvalidInputError} When `capacity` is not a power of two in range, or the memory would be 2 GiB or more.
 */
export function allocateRing(
  kind: number,
  { layout, capacity }: SharedRingOptions<Fields>,
  slotBytes: number,
): SharedArrayBuffer {
  integerInRange("capacity", capacity, 2, 2 ** 24);
  if ((capacity & (capacity - 1)) !== 0)
    throw new InvalidInputError(`capacity must be a power of two, got ${capacity}`);
  const bytes = integerInRange("bytes of the ring", HEADER_BYTES + capacity * slotBytes, 0, 2 ** 31 - 1);
  const buffer = new SharedArrayBuffer(bytes);
  const header = new Int32Array(buffer);
  header[KIND] = kind;
  header[FINGERPRINT] = layout.fingerprint;
  header[CAPACITY] = capacity;
  header[TAIL] = FIRST_POSITION;
  header[HEAD] = FIRST_POSITION;
  return buffer;
}

/** @throws {InvalidInputError} When `buffer` is not a ring of this kind, or holds records of another layout. */
export function checkRing(kind: number, buffer: SharedArrayBuffer, layout: RecordLayout<Fields>): void {
  if (!(buffer instanceof SharedArrayBuffer) || buffer.byteLength < HEADER_BYTES)
    throw new InvalidInputError("buffer must be the shared memory of a ring");
  const header = new Int32Array(buffer);
  if (header[KIND] !== kind) throw new InvalidInputError("buffer must be the shared memory of a ring of this kind");
  if (header[FINGERPRINT] !== layout.fingerprint)
    throw new InvalidInputError("layout must have the fields, types and order that the ring was created with");
}

// All rather than one: an aborted taker may still be in the engine's list and would swallow the only wake-up.
function wakeAll(header: Int32Array): void {
  Atomics.add(header, SIGNAL, 1);
  Atomics.notify(header, SIGNAL);
}

/** Passes some 0.2 us without touching a word that the pusher writes: a taker that keeps looking slows every push. */
function pause(header: Int32Array): void {
  for (let i = 0; i < 50; i++) Atomics.load(header, CAPACITY);
}

/** ES2024, in Node since 16; our library setting is ES2023. */
const waitAsync = (
  Atomics as unknown as {
    waitAsync(words: Int32Array, index: number, value: number): { readonly value: string | Promise<string> };
  }
).waitAsync;
