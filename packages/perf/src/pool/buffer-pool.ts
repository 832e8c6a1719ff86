import { integerInRange } from "../errors.ts";
import { ObjectPool } from "./object-pool.ts";

export interface BufferPoolOptions {
  /** Buffers that may be in use at once, oversized ones included; 1 to 1e6, 512 unless told. */
  readonly buffers?: number;
  /** Size of each, in bytes; 1 to 2^24, 1,024 unless told. */
  readonly bufferBytes?: number;
  /** Largest buffer that can be asked for, in bytes; `bufferBytes` to 2^30, 1 MiB unless told. */
  readonly maxBufferBytes?: number;
}

/** What a buffer pool holds, in buffers and bytes. */
export interface BufferPoolStats {
  readonly inUse: number;
  readonly free: number;
  /** Most buffers that were in use at once. */
  readonly highWater: number;
  /** Calls that got a buffer. */
  readonly acquired: number;
  /** Buffers in use that are larger than `bufferBytes`. */
  readonly oversized: number;
  /** Memory held now: `buffers * bufferBytes`, and the oversized ones. */
  readonly bytes: number;
}

/**
 * Lends buffers that lie side by side in one block of memory, made at construction.
 *
 *     block  | 1 KiB | 1 KiB | 1 KiB | ...      oversized   | 9 KiB |
 *                ^ lent          ^ set aside <------ in its place
 *
 * A larger one than `bufferBytes` is allocated for its loan, and takes the place of one of the block, so that the count stays
 * bounded. At its release it is dropped and the place shrinks back: one large message does not leave the pool large for ever.
 * Buffers keep what the last user wrote.
 *
 * @example
 * const buffers = new BufferPool();
 * const buffer = buffers.acquire(frame.length);
 * frame.copy(buffer);
 * buffers.release(buffer);
 */
export class BufferPool {
  readonly #bufferBytes: number;
  readonly #maxBufferBytes: number;
  readonly #block: Buffer;
  readonly #standard: ObjectPool<Buffer>;
  readonly #setAside = new Map<Buffer, Buffer>(); // by the oversized one in its place
  #oversizedBytes = 0;

  /** @throws {InvalidInputError} When a number is out of range, or the block would be larger than 4 GiB. */
  constructor({ buffers = 512, bufferBytes = 1024, maxBufferBytes = 2 ** 20 }: BufferPoolOptions = {}) {
    integerInRange("buffers", buffers, 1, 1e6);
    this.#bufferBytes = integerInRange("bufferBytes", bufferBytes, 1, 2 ** 24);
    this.#maxBufferBytes = integerInRange("maxBufferBytes", maxBufferBytes, bufferBytes, 2 ** 30);
    const block = Buffer.alloc(integerInRange("buffers * bufferBytes", buffers * bufferBytes, 1, 2 ** 32));
    let offset = 0;
    const create = () => {
      offset += bufferBytes;
      return block.subarray(offset - bufferBytes, offset);
    };
    this.#block = block;
    this.#standard = new ObjectPool<Buffer>({ create, initial: buffers, max: buffers });
  }

  /**
   * A buffer of at least `minBytes` bytes: one of `bufferBytes`, or else of exactly `minBytes`.
   *
   * @throws {InvalidInputError} When `minBytes` is not from 0 to `maxBufferBytes`.
   * @throws {PoolExhaustedError} When as many are in use as there may be.
   */
  acquire(minBytes = 0): Buffer {
    if (minBytes >= 0 && minBytes <= this.#bufferBytes) return this.#standard.acquire();
    integerInRange("minBytes", minBytes, 0, this.#maxBufferBytes);
    const oversized = Buffer.allocUnsafeSlow(minBytes); // first, so that no place is lost when there is no memory
    this.#setAside.set(oversized, this.#standard.acquire());
    this.#oversizedBytes += minBytes;
    return oversized;
  }

  /**
   * Takes back what `acquire` gave, the very buffer and not a part of it. The caller must not keep it.
   *
   * @throws {DoubleReleaseError} When it was given back before and not lent since.
   * @throws {ForeignReleaseError} When it is not of this pool, or an oversized one given back before.
   */
  release(buffer: Buffer): void {
    const place = buffer.length > this.#bufferBytes ? this.#setAside.get(buffer) : undefined;
    if (place === undefined) return this.#standard.release(buffer);
    this.#setAside.delete(buffer);
    this.#oversizedBytes -= buffer.length;
    this.#standard.release(place);
  }

  stats(): BufferPoolStats {
    const { inUse, free, highWater, acquired } = this.#standard.stats();
    const bytes = this.#block.length + this.#oversizedBytes;
    return { inUse, free, highWater, acquired, oversized: this.#setAside.size, bytes };
  }
}
