import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { BufferPool, DoubleReleaseError, ForeignReleaseError, PoolExhaustedError } from "../../src/pool/index.ts";

test("holds 512 buffers of 1 KiB in one block of memory unless told otherwise", () => {
  const pool = new BufferPool();
  const buffers = Array.from({ length: 512 }, () => pool.acquire(1024));
  expect(new Set(buffers.map((buffer) => buffer.buffer)).size).toBe(1);
  expect(new Set(buffers.map((buffer) => buffer.byteOffset % 1024)).size).toBe(1);
  expect(pool.stats()).toMatchObject({ inUse: 512, free: 0, highWater: 512, bytes: 512 * 1024 });
  expect(() => pool.acquire()).toThrow(PoolExhaustedError);
});

test("buffers do not overlap", () => {
  const pool = new BufferPool({ buffers: 3, bufferBytes: 4 });
  const buffers = [pool.acquire(), pool.acquire(), pool.acquire()];
  for (const [i, buffer] of buffers.entries()) buffer.fill(i + 1);
  expect(buffers.map((buffer) => buffer.toString("hex"))).toEqual(["01010101", "02020202", "03030303"]);
});

test("an oversized buffer takes a place while it is lent, and the place shrinks back at its release", () => {
  const pool = new BufferPool({ buffers: 1 });
  const frame = pool.acquire(9000);
  expect(frame).toHaveLength(9000);
  expect(pool.stats()).toMatchObject({ inUse: 1, free: 0, oversized: 1, bytes: 1024 + 9000 });
  expect(() => pool.acquire(10)).toThrow(PoolExhaustedError);
  expect(() => pool.acquire(5000)).toThrow(PoolExhaustedError);
  pool.release(frame);
  expect(pool.stats()).toMatchObject({ inUse: 0, free: 1, oversized: 0, bytes: 1024 });
  expect(pool.acquire()).toHaveLength(1024);
});

test("a buffer given back twice is an error", () => {
  const pool = new BufferPool();
  const buffer = pool.acquire();
  pool.release(buffer);
  expect(() => pool.release(buffer)).toThrow(DoubleReleaseError);
});

test("what is not of the pool is refused: strangers, parts, oversized ones given back before", () => {
  const pool = new BufferPool();
  const buffer = pool.acquire();
  const oversized = pool.acquire(2000);
  pool.release(oversized);
  expect(() => pool.release(oversized)).toThrow(ForeignReleaseError);
  expect(() => pool.release(Buffer.alloc(1024))).toThrow(ForeignReleaseError);
  expect(() => pool.release(Buffer.alloc(2000))).toThrow(ForeignReleaseError);
  expect(() => pool.release(buffer.subarray(0, 10))).toThrow(ForeignReleaseError);
  expect(pool.stats().inUse).toBe(1);
});

test.each([-1, 2000.5, Number.NaN, 2 ** 20 + 1])("refuses to lend %d bytes, and loses no place", (minBytes) => {
  const pool = new BufferPool({ buffers: 1 });
  expect(() => pool.acquire(minBytes)).toThrow(InvalidInputError);
  expect(pool.stats()).toMatchObject({ inUse: 0, oversized: 0 });
});

test.each([
  { buffers: 0 },
  { bufferBytes: 0 },
  { maxBufferBytes: 1000 },
  { buffers: 1e6, bufferBytes: 2 ** 24, maxBufferBytes: 2 ** 24 },
])("refuses the options %o", (options) => {
  expect(() => new BufferPool(options)).toThrow(InvalidInputError);
});

test("under any sequence memory is the block and the oversized buffers in use, and returns to the block", () => {
  const step = fc.record({ bytes: fc.integer({ min: 0, max: 64 }), isAcquire: fc.boolean(), nth: fc.nat({ max: 20 }) });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const pool = new BufferPool({ buffers: 5, bufferBytes: 16, maxBufferBytes: 64 });
      const lent: Buffer[] = [];
      for (const { bytes, isAcquire, nth } of steps) {
        if (isAcquire && lent.length === 5) expect(() => pool.acquire(bytes)).toThrow(PoolExhaustedError);
        else if (isAcquire) lent.push(pool.acquire(bytes));
        else for (const buffer of lent.splice(nth % 6, 1)) pool.release(buffer);
        const oversized = lent.filter((buffer) => buffer.length > 16);
        const oversizedBytes = oversized.reduce((sum, buffer) => sum + buffer.length, 0);
        expect(pool.stats()).toMatchObject({
          inUse: lent.length,
          oversized: oversized.length,
          bytes: 80 + oversizedBytes,
        });
      }
      for (const buffer of lent) pool.release(buffer);
      expect(pool.stats()).toMatchObject({ inUse: 0, oversized: 0, bytes: 80 });
    }),
  );
});
