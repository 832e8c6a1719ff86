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

const KIND = 0x4d504d43; // "MPMC"
const TURN_BYTES = 8; // 4 used; 8 keep the record aligned

/**
 * A shared ring that any number of threads may push to and take from.
 *
 * Nothing is lost and nothing comes twice; each record goes to one taker, and the records of one pusher leave in its
 * order. Each slot carries a turn, the position it waits for, so that threads meet only on the position they claim:
 *
 *   turn = p                  free for the pusher of position p
 *   turn = p + 1              holds the record of position p
 *   turn = p + capacity       taken, free for the next round
 *
 * When a thread is killed between claiming a position and finishing (nanoseconds inside `tryPush` or `tryTake`), its slot
 * stays as it is: takers that reach an unfinished push see an empty ring, pushers that reach an unfinished take a full
 * one, for good. Let threads that use the ring end by themselves, and after one was terminated make a new ring.
 *
 * Source: D. Vyukov, "Bounded MPMC queue", 1024cores.net.
 *
 * @example
 * const layout = recordLayout({ job: "u32" });
 * const ring = createSharedMpmcRing({ layout, capacity: 1024 });
 * for (let i = 0; i < 4; i++) new Worker(file, { workerData: ring.buffer }); // there: attachSharedMpmcRing(workerData, layout)
 * ring.tryPush({ job: 7 });
 */
export class SharedMpmcRing<F extends Fields> extends SharedRing<F> {
  readonly #codec: RecordCodec<F>;
  readonly #slotBytes: number;
  readonly #mask: number;

  /** Made by `createSharedMpmcRing` and `attachSharedMpmcRing`. */
  constructor(parts: SharedRingParts<F>) {
    super(parts);
    this.#codec = parts.layout.createCodec(parts.buffer);
    this.#slotBytes = slotBytes(parts.layout);
    this.#mask = this.capacity - 1;
  }

  tryPush(record: Readonly<RecordOf<F>>): boolean {
    const { header } = this;
    if (this.closed) return false;
    let position = Atomics.load(header, TAIL);
    for (;;) {
      const offset = HEADER_BYTES + (position & this.#mask) * this.#slotBytes;
      const turn = offset >>> 2;
      const ahead = (Atomics.load(header, turn) - position) | 0;
      if (ahead < 0) return false; // not taken yet since the last round
      if (ahead > 0) {
        position = Atomics.load(header, TAIL); // another pusher was here first
        continue;
      }
      const found = Atomics.compareExchange(header, TAIL, position, (position + 1) | 0);
      if (found !== position) {
        position = found;
        continue;
      }
      this.#codec.write(offset + TURN_BYTES, record);
      Atomics.store(header, turn, (position + 1) | 0); // publishes: whoever sees it sees the record
      this.wakeTakers();
      return true;
    }
  }

  tryTake(into: RecordOf<F>): boolean {
    const { header } = this;
    let position = Atomics.load(header, HEAD);
    for (;;) {
      const offset = HEADER_BYTES + (position & this.#mask) * this.#slotBytes;
      const turn = offset >>> 2;
      const ahead = (Atomics.load(header, turn) - position - 1) | 0;
      if (ahead < 0) return false; // not pushed yet
      if (ahead > 0) {
        position = Atomics.load(header, HEAD); // another taker was here first
        continue;
      }
      const found = Atomics.compareExchange(header, HEAD, position, (position + 1) | 0);
      if (found !== position) {
        position = found;
        continue;
      }
      this.#codec.read(offset + TURN_BYTES, into);
      Atomics.store(header, turn, (position + this.#mask + 1) | 0); // gives the slot to the next round
      return true;
    }
  }
}

/**
 * A new ring in shared memory of its own.
 *
 * @throws {InvalidInputError} When `capacity` is not a power of two from 2 to 2^24, or the memory would be 2 GiB or more.
 */
export function createSharedMpmcRing<F extends Fields>(options: SharedRingOptions<F>): SharedMpmcRing<F> {
  const { layout } = options;
  const buffer = allocateRing(KIND, options, slotBytes(layout));
  const words = new Int32Array(buffer);
  for (let i = 0; i < options.capacity; i++) {
    const position = (FIRST_POSITION + i) | 0;
    words[(HEADER_BYTES + (position & (options.capacity - 1)) * slotBytes(layout)) >>> 2] = position;
  }
  return new SharedMpmcRing({ buffer, layout, clock: createSystemClock() });
}

/**
 * The ring that another thread created, from its `buffer`.
 *
 * @throws {InvalidInputError} When `buffer` is no such ring, or was created with another layout.
 */
export function attachSharedMpmcRing<F extends Fields>(
  buffer: SharedArrayBuffer,
  layout: RecordLayout<F>,
): SharedMpmcRing<F> {
  checkRing(KIND, buffer, layout);
  return new SharedMpmcRing({ buffer, layout, clock: createSystemClock() });
}

function slotBytes(layout: RecordLayout<Fields>): number {
  return TURN_BYTES + layout.byteLength;
}
