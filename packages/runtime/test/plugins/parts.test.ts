import { ManualClock } from "@pitlane/perf/testing";
import { expect, test } from "vitest";
import { ScopeParts } from "../../src/plugins/parts.ts";

test.each([
  [true, 1],
  [false, 2],
])("with caches %s a value that is asked for twice is loaded %i times", async (caches, loads) => {
  const parts = new ScopeParts("maker", new ManualClock(), () => {}, caches);
  const cache = parts.cache<number>({ capacity: 10 });
  let loaded = 0;
  const request = { class: "market", load: async () => ++loaded } as const;
  await cache.getOrLoad("fee", request);
  await cache.getOrLoad("fee", request);
  expect(loaded).toBe(loads);
  await cache.close();
});

test("tells how caches and pools do, numbered in the order they were made, until they are gone", async () => {
  const parts = new ScopeParts("maker", new ManualClock(), () => {}, true);
  const cache = parts.cache<number>({ capacity: 10 });
  const request = { class: "market", load: async () => 7 } as const;
  await cache.getOrLoad("fee", request);
  await cache.getOrLoad("fee", request);
  const objects = parts.objectPool({ create: () => ({ id: 0 }), initial: 3, max: 5 });
  objects.acquire();
  const buffers = parts.bufferPool();
  buffers.acquire(10);
  const { caches, pools } = parts.usage();
  expect(caches).toEqual([{ name: "maker/cache-1", tier: "memory", hits: 1, misses: 1, entries: 1 }]);
  expect(pools[0]).toEqual({ name: "maker/objects-1", free: 2, inUse: 1, created: 3 });
  expect(pools[1]).toMatchObject({ name: "maker/buffers-2", inUse: 1 });
  parts.clear();
  expect(parts.usage()).toEqual({ caches: [], pools: [] });
  await cache.close();
});

test("of a plugin that makes one pool after the other the first hundred are told", () => {
  const parts = new ScopeParts("maker", new ManualClock(), () => {}, true);
  for (let i = 0; i < 150; i++) parts.objectPool({ create: () => ({ id: 0 }), initial: 0 });
  expect(parts.usage().pools).toHaveLength(100);
});
