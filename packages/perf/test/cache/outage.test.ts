import { expect, test } from "vitest";
import { LocalBus } from "../../src/cache/bus.ts";
import type { LoadRequest } from "../../src/cache/cache-options.ts";
import { MemoryTier } from "../../src/cache/memory-tier.ts";
import type { Tier } from "../../src/cache/tier.ts";
import { TieredCache } from "../../src/cache/tiered-cache.ts";
import { ManualClock } from "../../src/testing.ts";

/** A tier that can be taken down, and its calls. */
function breakable(name = "second") {
  const store = new MemoryTier({ name });
  const state = { isDown: false, hangs: false, calls: 0 };
  const guarded = <R>(act: () => Promise<R>): Promise<R> => {
    state.calls++;
    if (state.hangs) return new Promise(() => {});
    return state.isDown ? Promise.reject(new Error(`${name} is down`)) : act();
  };
  const tier: Tier = {
    name,
    get: (key) => guarded(() => store.get(key)),
    set: (key, entry, epoch) => guarded(() => store.set(key, entry, epoch)),
    invalidate: (list) => guarded(() => store.invalidate(list)),
  };
  return { tier, state, store };
}

function setUp() {
  const clock = new ManualClock();
  const { tier, state, store } = breakable();
  const bus = new LocalBus();
  const classes = { account: { ttlMs: 60_000 } };
  const make = (tiers = [tier]) => new TieredCache<string, "account">({ clock, classes, tiers, bus, resolutionMs: 0 });
  let version = 1;
  const request: LoadRequest<string, "account"> = { class: "account", tags: ["t"], load: async () => `v${version}` };
  const change = () => void version++;
  return { clock, tier, state, store, make, cache: make(), request, change };
}

const settled = async () => {
  for (let i = 0; i < 50; i++) await Promise.resolve();
};

test("a tier that is down costs misses, then nothing, and is tried again later", async () => {
  const { clock, state, cache, request } = setUp();
  state.isDown = true;
  for (let i = 0; i < 10; i++) expect(await cache.getOrLoad(`k:${i}`, request)).toBe("v1");
  expect(state.calls).toBe(3);
  expect(cache.stats().tiers[0]).toMatchObject({ failures: 3, refusals: 7, misses: 10 });
  state.isDown = false;
  clock.advance({ ms: 1_000 });
  await cache.getOrLoad("k:10", request);
  await settled();
  expect(state.calls).toBe(5); // read and written
});

test("a tier that hangs costs its timeout", async () => {
  const { clock, state, cache, request } = setUp();
  state.hangs = true;
  const value = cache.getOrLoad("k", request);
  await settled();
  clock.advance({ ms: 100 });
  expect(await value).toBe("v1");
});

test("what was invalidated while its tier was down is not given when the tier is back", async () => {
  const { clock, state, store, cache, request, change } = setUp();
  await cache.getOrLoad("k", request);
  await settled();
  state.isDown = true;
  change();
  expect(await cache.invalidateTag("t")).toEqual({ pending: ["second"] });
  state.isDown = false; // and still has the old value
  expect((await store.get("k")).entry?.value).toBe('"v1"');
  expect(await cache.getOrLoad("k", request)).toBe("v2");
  expect(cache.stats().pendingInvalidations).toBe(1);

  clock.advance({ ms: 1_000 });
  await settled();
  expect(cache.stats().pendingInvalidations).toBe(0);
  expect((await store.get("k")).entry).toBeUndefined();
  expect(await cache.getOrLoad("k", request)).toBe("v2");
});

test("the other caches are told again once the tier has taken it", async () => {
  const { clock, state, make, cache, request, change } = setUp();
  const other = make();
  await cache.getOrLoad("k", request);
  await settled();
  state.isDown = true;
  change();
  await cache.invalidateKey("k");
  state.isDown = false;
  expect(await other.getOrLoad("k", request)).toBe("v1"); // pending said so
  clock.advance({ ms: 1_000 });
  await settled();
  expect(await other.getOrLoad("k", request)).toBe("v2");
});

test("a deeper tier that is down leaves the ones above in doubt too", async () => {
  const { clock, tier, make, request, change } = setUp();
  const third = breakable("third");
  const [cache, other] = [make([tier, third.tier]), make([tier, third.tier])];
  await cache.getOrLoad("k", request);
  await settled();
  third.state.isDown = true;
  change();
  expect(await cache.invalidateKey("k")).toEqual({ pending: ["third"] });
  third.state.isDown = false;
  expect(await other.getOrLoad("k", request)).toBe("v1"); // from the third tier, and handed up to the second
  await settled();
  expect(await cache.getOrLoad("k", request)).toBe("v2");
  clock.advance({ ms: 1_000 });
  await settled();
  expect(await other.getOrLoad("k", request)).toBe("v2");
});

test("more invalidations than can wait become one of everything", async () => {
  const { clock, state, cache, request, change } = setUp();
  await cache.getOrLoad("k", request);
  await settled();
  state.isDown = true;
  change();
  await cache.invalidateKey("k");
  for (let i = 0; i < 10_000; i++) void cache.invalidateKey(`other:${i}`);
  await settled();
  expect(cache.stats().pendingInvalidations).toBeLessThanOrEqual(10_000);
  state.isDown = false;
  expect(await cache.getOrLoad("k", request)).toBe("v2");
  clock.advance({ ms: 1_000 });
  await settled();
  expect(await cache.getOrLoad("k", request)).toBe("v2");
});

test("closing gives up what is pending, and leaves no timer", async () => {
  const { clock, state, cache } = setUp();
  state.hangs = true;
  const outcome = cache.invalidateKey("k");
  await settled();
  await cache.close();
  expect(await outcome).toEqual({ pending: ["second"] });
  await settled();
  expect(clock.sleeping).toBe(0);
});
