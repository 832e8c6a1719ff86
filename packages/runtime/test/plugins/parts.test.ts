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
