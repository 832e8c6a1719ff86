import { createSystemClock } from "../clock.ts";
import type { Fields, RecordCodec, RecordLayout, RecordOf } from "./record-layout.ts";
import {
  allocateRing,
  checkRing,
  FIRST_POSITION,
  HEAD,
  HEADER_BYTES,
  SharedRing,
  type SharedRingOptions,
  type SharedRingParts,
  TAIL,
} from "./shared-ring.ts";

const KIND = 0x53505343; // "SPSC"

/** While draining, slots go back to the pusher in groups: each time costs more than reading a record. */
const GIVE_BACK_EVERY = 64;

/**
 * A shared ring for one pushing thread and one taking thread; the fastest way from one to the other.
 *
 * Order is kept, nothing is lost and nothing comes twice. Each side remembers how far it last saw the other: the word that
 * the other thread writes is read again only when the ring looks full or empty by that memory. The two roles may pass to
 * other threads, as long as there is one of each at a time and the successor starts after its predecessor has stopped.
 *
 *          HEAD (taker writes)      TAIL (pusher writes)
 *           v                        v
 * [ . . . . r1 r2 r3 r4 r5 r6 r7 r8 . . . ]    slot = position & (capacity - 1)
 *
 * When a thread dies: everything pushed can still be taken, by a successor too, and a record being written is not seen.
 * What the dead thread had read but not given back comes again to its successor: one record of `tryTake`, up to 64 of
 * `drain`. Nobody is told: closing is the survivor's to do, on the worker's "exit" event.
 *
 * Source: L. Lamport, "Proving the correctness of multiprocess programs", 1977; remembered positions and giving back in
 * groups as in P. Lee, T. Bu, G. Chandranmenon, "A lock-free, cache-efficient shared ring buffer", 2009.
 *
 * @example
 * const layout = recordLayout({ atUs: "f64", priceTicks: "f64" });
 * const ring = createSharedSpscRing({ layout, capacity: 4096 });
 * new Worker(file, { workerData: ring.buffer }); // there: attachSharedSpscRing(workerData, layout)
 * ring.tryPush({ atUs: clock.nowUs(), priceTicks: 101 });
 */
export class SharedSpscRing<F extends Fields> extends SharedRing<F> {
  readonly #codec: RecordCodec<F>;
  readonly #recordBytes: number;
  readonly #mask: number;
  // Never ahead of the real ones; when more than a round behind, after a change of roles, the ring looks full or empty.
  #headSeen = FIRST_POSITION;
  #tailSeen = FIRST_POSITION;
  #kept = 0; // slots read and not yet given back

  /** Made by `createSharedSpscRing` and `attachSharedSpscRing`. */
  constructor(parts: SharedRingParts<F>) {
    super(parts);
    this.#codec = parts.layout.createCodec(parts.buffer);
    this.#recordBytes = parts.layout.byteLength;
    this.#mask = this.capacity - 1;
  }

  tryPush(record: Readonly<RecordOf<F>>): boolean {
    const { header } = this;
    const tail = header[TAIL]!; // plain: nobody else writes it
    if ((tail - this.#headSeen) >>> 0 > this.#mask) {
      this.#headSeen = Atomics.load(header, HEAD);
      if ((tail - this.#headSeen) >>> 0 > this.#mask) return false;
    }
    if (this.closed) return false;
    this.#codec.write(HEADER_BYTES + (tail & this.#mask) * this.#recordBytes, record);
    Atomics.store(header, TAIL, (tail + 1) | 0); // publishes: whoever sees it sees the record
    this.wakeTakers();
    return true;
  }

  tryTake(into: RecordOf<F>): boolean {
    if (!this.#read(into)) return false;
    this.#giveBack();
    return true;
  }

  override drain(handle: (record: Readonly<RecordOf<F>>) => void, max = this.capacity): number {
    let taken = 0;
    try {
      while (taken < max && this.#read(this.drained)) {
        taken++;
        if (this.#kept >= GIVE_BACK_EVERY) this.#giveBack();
        handle(this.drained);
      }
    } finally {
      this.#giveBack();
    }
    return taken;
  }

  /** Reads the next record; its slot still has to be given back. */
  #read(into: RecordOf<F>): boolean {
    const head = (this.header[HEAD]! + this.#kept) | 0; // plain: nobody else writes it
    if ((this.#tailSeen - head - 1) >>> 0 > this.#mask) {
      this.#tailSeen = Atomics.load(this.header, TAIL);
      if (this.#tailSeen === head) return false;
    }
    this.#codec.read(HEADER_BYTES + (head & this.#mask) * this.#recordBytes, into);
    this.#kept++;
    return true;
  }

  #giveBack(): void {
    Atomics.store(this.header, HEAD, (this.header[HEAD]! + this.#kept) | 0);
    this.#kept = 0;
  }
}

/**
 * A new ring in shared memory of its own.
 *
 * @throws {InvalidInputError} When `capacity` is not a power of two from 2 to 2^24, or the memory would be 2 GiB or more.
 */
export function createSharedSpscRing<F extends Fields>(options: SharedRingOptions<F>): SharedSpscRing<F> {
  const { layout } = options;
  return new SharedSpscRing({
    buffer: allocateRing(KIND, options, layout.byteLength),
    layout,
    clock: createSystemClock(),
  });
}

/**
 * The ring that another thread created, from its `buffer`.
 *
 * @throws {InvalidInputError} When `buffer` is no such ring, or was created with another layout.
 */
export function attachSharedSpscRing<F extends Fields>(
  buffer: SharedArrayBuffer,
  layout: RecordLayout<F>,
): SharedSpscRing<F> {
  checkRing(KIND, buffer, layout);
  return new SharedSpscRing({ buffer, layout, clock: createSystemClock() });
}
