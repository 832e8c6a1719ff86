import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { PoolExhaustedError, SlotPool, StaleHandleError } from "../../src/pool/index.ts";

test("lends every slot once, then refuses", () => {
  const slots = new SlotPool(3);
  const handles = [slots.acquire(), slots.acquire(), slots.acquire()];
  expect(handles.map((handle) => slots.slotOf(handle))).toEqual([0, 1, 2]);
  expect(slots.tryAcquire()).toBe(-1);
  expect(() => slots.acquire()).toThrow(PoolExhaustedError);
  expect(slots.stats()).toEqual({ capacity: 3, inUse: 3, highWater: 3 });
});

test("a handle is worth nothing after its release, even when its slot is lent again", () => {
  const slots = new SlotPool(1);
  const old = slots.acquire();
  slots.release(old);
  expect(() => slots.release(old)).toThrow(StaleHandleError);
  const current = slots.acquire();
  expect(slots.isInUse(old)).toBe(false);
  expect(() => slots.slotOf(old)).toThrow(StaleHandleError);
  expect(() => slots.release(old)).toThrow(StaleHandleError);
  expect(slots.slotOf(current)).toBe(0);
});

test("what is no handle is refused", () => {
  const slots = new SlotPool(4);
  slots.acquire();
  for (const wrong of [-1, 0, 1, 3, 1.5, Number.NaN, 2 ** 40]) expect(slots.isInUse(wrong)).toBe(false);
});

test("handles stay positive 31-bit integers when a slot's loans outnumber what they can count", () => {
  const slots = new SlotPool(2 ** 24);
  let handle = slots.acquire();
  for (let loan = 0; loan < 300; loan++) {
    expect(handle).toBeGreaterThanOrEqual(0);
    expect(handle).toBeLessThan(2 ** 31);
    expect(slots.slotOf(handle)).toBe(0);
    const old = handle;
    slots.release(handle);
    handle = slots.acquire();
    expect(slots.isInUse(old)).toBe(false);
  }
});

test.each([0, -1, 1.5, 2 ** 24 + 1])("refuses a capacity of %d", (capacity) => {
  expect(() => new SlotPool(capacity)).toThrow(InvalidInputError);
});

test("under any sequence slots in use are distinct, and only their handles are taken", () => {
  const step = fc.record({ isAcquire: fc.boolean(), nth: fc.nat({ max: 30 }) });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 200 }), (capacity, steps) => {
      const slots = new SlotPool(capacity);
      const lent: number[] = [];
      const ended: number[] = [];
      for (const { isAcquire, nth } of steps) {
        if (isAcquire) {
          const handle = slots.tryAcquire();
          expect(handle === -1).toBe(lent.length === capacity);
          if (handle !== -1) lent.push(handle);
        } else if (lent.length > 0) {
          const [handle] = lent.splice(nth % lent.length, 1) as [number];
          slots.release(handle);
          ended.push(handle);
        }
        const rows = lent.map((handle) => slots.slotOf(handle));
        expect(new Set(rows).size).toBe(lent.length);
        for (const row of rows) expect(row).toBeLessThan(capacity);
        for (const handle of ended) expect(slots.isInUse(handle)).toBe(false);
        expect(slots.stats().inUse).toBe(lent.length);
      }
    }),
  );
});
