import { expect, test } from "vitest";
import { MemoryTier } from "../../src/cache/memory-tier.ts";
import { entryOf, testTier } from "./tier-contract.ts";

testTier(() => ({ tier: new MemoryTier({ capacity: 100 }), close: () => {} }));

test("keeps no more entries than it may", async () => {
  const tier = new MemoryTier({ capacity: 2 });
  for (const key of ["a", "b", "c"]) await tier.set(key, entryOf(key), 0);
  expect((await tier.get("a")).entry).toBeUndefined();
  expect((await tier.get("c")).entry).toBeDefined();
});
