import fc from "fast-check";
import { expect, test } from "vitest";
import { InvalidInputError } from "../../src/index.ts";
import { DoubleReleaseError, ForeignReleaseError, ObjectPool, PoolExhaustedError } from "../../src/pool/index.ts";

interface Order {
  id: number;
  owner: object | null;
}

function setUp({ initial = 2, max = 4 } = {}) {
  let made = 0;
  const reset = (order: Order) => {
    order.owner = null;
  };
  return new ObjectPool<Order>({ create: () => ({ id: ++made, owner: null }), reset, initial, max });
}

test("lends the object last given back, reset, and the rest of it as it was", () => {
  const pool = setUp();
  const order = pool.acquire();
  order.id = 77;
  order.owner = {};
  pool.release(order);
  expect(pool.acquire()).toBe(order);
  expect(order).toMatchObject({ id: 77, owner: null });
});

test("makes `initial` objects at first, and others when those are in use, up to `max`", () => {
  const pool = setUp({ initial: 2, max: 3 });
  expect(pool.stats()).toEqual({ created: 2, inUse: 0, free: 2, highWater: 0, acquired: 0 });
  const lent = [pool.acquire(), pool.acquire(), pool.acquire()];
  expect(new Set(lent).size).toBe(3);
  expect(pool.stats()).toEqual({ created: 3, inUse: 3, free: 0, highWater: 3, acquired: 3 });
  expect(pool.tryAcquire()).toBeUndefined();
  expect(() => pool.acquire()).toThrow(PoolExhaustedError);
  expect(pool.stats().acquired).toBe(3);
});

test("an object given back twice is an error and is lent once", () => {
  const pool = setUp();
  const order = pool.acquire();
  pool.release(order);
  expect(() => pool.release(order)).toThrow(DoubleReleaseError);
  expect(pool.acquire()).not.toBe(pool.acquire());
});

test("what is not of the pool is refused: strangers, another pool's, copies", () => {
  const pool = setUp();
  const order = pool.acquire();
  const other = setUp().acquire();
  expect(() => pool.release({ id: 1, owner: null })).toThrow(ForeignReleaseError);
  expect(() => pool.release(other)).toThrow(ForeignReleaseError);
  expect(() => pool.release({ ...order })).toThrow(ForeignReleaseError);
  expect(pool.stats().inUse).toBe(1);
});

test("users of the object do not see that it is pooled", () => {
  const order = setUp().acquire();
  expect(JSON.stringify(order)).toBe('{"id":1,"owner":null}');
  expect(Object.keys(order)).toEqual(["id", "owner"]);
});

test("an object whose reset throws stays in use", () => {
  let isBroken = true;
  const reset = () => {
    if (isBroken) throw new Error("reset failed");
  };
  const pool = new ObjectPool({ create: () => ({}), reset, max: 1 });
  const object = pool.acquire();
  expect(() => pool.release(object)).toThrow("reset failed");
  expect(pool.stats().inUse).toBe(1);
  isBroken = false;
  pool.release(object);
  expect(pool.stats().inUse).toBe(0);
});

test("a failed create leaves the pool as it was", () => {
  let isDown = false;
  const create = () => {
    if (isDown) throw new Error("no memory");
    return {};
  };
  const pool = new ObjectPool({ create, initial: 1, max: 2 });
  pool.acquire();
  isDown = true;
  expect(() => pool.acquire()).toThrow("no memory");
  isDown = false;
  pool.acquire();
  expect(pool.stats()).toMatchObject({ created: 2, inUse: 2 });
});

test.each([{ initial: -1 }, { initial: 5, max: 4 }, { max: 0 }, { max: 1.5 }, { max: 1e8 }])(
  "refuses %o before it makes anything",
  (sizes) => {
    const create = () => expect.fail("made an object");
    expect(() => new ObjectPool({ create, ...sizes })).toThrow(InvalidInputError);
  },
);

test("under any sequence no object has two users, and the counts are those of a plain model", () => {
  const step = fc.record({ does: fc.constantFrom("acquire", "release", "again"), nth: fc.nat({ max: 30 }) });
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 3, max: 6 }),
      fc.array(step),
      (initial, max, steps) => {
        const pool = setUp({ initial, max });
        const lent: Order[] = [];
        const free = new Set<Order>();
        let [highWater, acquired] = [0, 0];
        for (const { does, nth } of steps) {
          if (does === "acquire") {
            const order = pool.tryAcquire();
            expect(order === undefined).toBe(lent.length === max);
            if (order === undefined) continue;
            expect(lent).not.toContain(order);
            free.delete(order);
            lent.push(order);
            acquired++;
            highWater = Math.max(highWater, lent.length);
          } else if (does === "release" && lent.length > 0) {
            const [order] = lent.splice(nth % lent.length, 1) as [Order];
            pool.release(order);
            free.add(order);
          } else if (does === "again") {
            for (const order of free) expect(() => pool.release(order)).toThrow(DoubleReleaseError);
          }
          expect(pool.stats()).toMatchObject({ inUse: lent.length, highWater, acquired });
          expect(pool.stats().created).toBe(Math.max(initial, highWater));
        }
      },
    ),
  );
});
