import { expect, test, vi } from "vitest";
import { LocalBus } from "../../src/cache/bus.ts";
import type { LoadRequest, TieredCacheOptions } from "../../src/cache/cache-options.ts";
import { CacheClosedError, CacheContendedError, type CacheFault } from "../../src/cache/errors.ts";
import { MemoryTier } from "../../src/cache/memory-tier.ts";
import type { Tier } from "../../src/cache/tier.ts";
import { TieredCache } from "../../src/cache/tiered-cache.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { ManualClock } from "../../src/testing.ts";

type Classes = "market" | "quiet";
const CLASSES = { market: { ttlMs: 1_000, staleMs: 4_000, notFoundTtlMs: 300 }, quiet: { ttlMs: 1_000 } };

function setUp(options: Partial<TieredCacheOptions<string, Classes>> = {}) {
  const clock = new ManualClock();
  const faults: CacheFault[] = [];
  const onError = (fault: CacheFault) => void faults.push(fault);
  const make = () =>
    new TieredCache<string, Classes>({ clock, classes: CLASSES, resolutionMs: 0, onError, ...options });
  const load = vi.fn(async (key: string): Promise<string | undefined> => `${key} v1`);
  const request: LoadRequest<string, Classes> = { class: "market", tags: ["t"], load };
  return { clock, faults, make, cache: make(), load, request };
}

/** A load whose end the test decides. */
function gated() {
  const ends: ((value: string | undefined) => void)[] = [];
  const load = vi.fn((_key: string, _signal?: AbortSignal) => new Promise<string | undefined>((end) => ends.push(end)));
  return { load, end: (i: number, value: string | undefined) => ends[i]?.(value) };
}

const settled = async () => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
};

test("loads once, then gives the value at once until its time has passed", async () => {
  const { clock, cache, load, request } = setUp();
  expect(cache.get("k")).toBeUndefined();
  expect(await cache.getOrLoad("k", request)).toBe("k v1");
  clock.advance({ ms: 999 });
  expect(cache.get("k")).toBe("k v1");
  expect(await cache.getOrLoad("k", request)).toBe("k v1");
  expect(load).toHaveBeenCalledTimes(1);
  clock.advance({ ms: 1 });
  expect(cache.get("k")).toBeUndefined();
});

test("reads the clock at most once per resolution", async () => {
  const { clock, cache, request } = setUp({ resolutionMs: 10 });
  await cache.getOrLoad("k", request);
  clock.advance({ ms: 995 });
  expect(cache.get("k")).toBe("k v1");
  clock.advance({ ms: 5 });
  expect(cache.get("k")).toBe("k v1"); // the reading of 5 ms ago
  clock.advance({ ms: 5 });
  await settled();
  expect(cache.get("k")).toBeUndefined();
});

test("a hundred callers cause one load and get one value", async () => {
  const { cache } = setUp();
  const { load, end } = gated();
  const calls = Array.from({ length: 100 }, () => cache.getOrLoad("k", { class: "market", load }));
  end(0, "once");
  expect(new Set(await Promise.all(calls))).toEqual(new Set(["once"]));
  expect(load).toHaveBeenCalledTimes(1);
});

test("one caller that aborts leaves the others; when all have, the load is aborted", async () => {
  const { cache } = setUp();
  const { load, end } = gated();
  const [first, second] = [new AbortController(), new AbortController()];
  const one = cache.getOrLoad("k", { class: "market", load }, first.signal);
  const two = cache.getOrLoad("k", { class: "market", load }, second.signal);
  first.abort(new Error("enough"));
  await expect(one).rejects.toThrow("enough");
  expect(load.mock.calls[0]?.[1]?.aborted).toBe(false);
  end(0, "v");
  expect(await two).toBe("v");

  const third = new AbortController();
  const three = cache.getOrLoad("other", { class: "market", load }, third.signal);
  third.abort(new Error("me too"));
  await expect(three).rejects.toThrow("me too");
  expect(load.mock.calls[1]?.[1]?.aborted).toBe(true);
});

test("a failed load is every caller's error and is not kept", async () => {
  const { cache, load, request } = setUp();
  load.mockRejectedValueOnce(new Error("no answer"));
  const calls = [cache.getOrLoad("k", request), cache.getOrLoad("k", request)];
  for (const call of calls) await expect(call).rejects.toThrow("no answer");
  expect(await cache.getOrLoad("k", request)).toBe("k v1");
});

test("that there is nothing is kept for its own time", async () => {
  const tier = new MemoryTier();
  const { clock, cache, make, load, request } = setUp({ tiers: [tier] });
  load.mockResolvedValue(undefined);
  expect(await cache.getOrLoad("k", request)).toBeUndefined();
  clock.advance({ ms: 299 });
  expect(await cache.getOrLoad("k", request)).toBeUndefined();
  expect(await make().getOrLoad("k", request)).toBeUndefined();
  expect(load).toHaveBeenCalledTimes(1);
  clock.advance({ ms: 1 });
  load.mockResolvedValue("now there is");
  expect(await cache.getOrLoad("k", request)).toBe("now there is");
});

test("what a deep tier has is handed up with the life it has left", async () => {
  const [second, third] = [new MemoryTier({ name: "second" }), new MemoryTier({ name: "third" })];
  const { clock, make, load, request } = setUp({ tiers: [second, third] });
  await setUpIn(third, clock, "k", 600);
  const cache = make();
  expect(await cache.getOrLoad("k", request)).toBe("deep");
  await settled();
  expect((await second.get("k")).entry?.value).toBe('"deep"');
  clock.advance({ ms: 599 });
  expect(cache.get("k")).toBe("deep");
  clock.advance({ ms: 1 });
  expect(cache.get("k")).toBeUndefined();
  expect(load).not.toHaveBeenCalled();
});

async function setUpIn(tier: Tier, clock: ManualClock, key: string, freshMs: number): Promise<void> {
  const freshUntilUs = clock.nowUs() + freshMs * 1000;
  await tier.set(key, { value: '"deep"', freshUntilUs, staleUntilUs: freshUntilUs, tags: [] }, 0);
}

test("an entry from a host whose clock is ahead lives no longer than its class allows", async () => {
  const tier = new MemoryTier();
  const { clock, cache, request } = setUp({ tiers: [tier] });
  await setUpIn(tier, clock, "k", 3_600_000);
  await cache.getOrLoad("k", request);
  clock.advance({ ms: 1_000 });
  expect(cache.get("k")).toBeUndefined();
});

test("gives a stale value at once while one refresh runs", async () => {
  const { clock, cache, load, request } = setUp();
  await cache.getOrLoad("k", request);
  clock.advance({ ms: 1_500 });
  const slow = gated();
  load.mockImplementation(slow.load);
  expect(await cache.getOrLoad("k", request)).toBe("k v1");
  expect(await cache.getOrLoad("k", request)).toBe("k v1");
  expect(slow.load).toHaveBeenCalledTimes(1);
  slow.end(0, "k v2");
  await settled();
  expect(cache.get("k")).toBe("k v2");
});

test("a refresh that fails is reported, rests for a while, and leaves the stale value until its end", async () => {
  const { clock, faults, cache, load, request } = setUp();
  await cache.getOrLoad("k", request);
  clock.advance({ ms: 1_500 });
  load.mockRejectedValue(new Error("no answer"));
  for (let i = 0; i < 3; i++) {
    expect(await cache.getOrLoad("k", request)).toBe("k v1");
    await settled();
  }
  expect(faults).toMatchObject([{ operation: "refresh", key: "k", error: { message: "no answer" } }]);
  clock.advance({ ms: 200 });
  await settled();
  await cache.getOrLoad("k", request);
  await settled();
  expect(faults).toHaveLength(2);
  clock.advance({ ms: 3_300 });
  await expect(cache.getOrLoad("k", request)).rejects.toThrow("no answer");
});

test("a stale entry of a tier is given and refreshed, and the refresh does not take it again", async () => {
  const { clock, make, load, request } = setUp({ tiers: [new MemoryTier()] });
  await make().getOrLoad("k", request);
  clock.advance({ ms: 2_000 });
  load.mockResolvedValue("k v2");
  const cache = make();
  expect(await cache.getOrLoad("k", request)).toBe("k v1");
  await settled();
  expect(cache.get("k")).toBe("k v2");
});

test("invalidates by key, by tag, by glob, and altogether, on all tiers and in other caches on the bus", async () => {
  for (const invalidate of ["invalidateKey", "invalidateTag", "invalidateGlob", "clear"] as const) {
    const { make, cache, load, request } = setUp({ tiers: [new MemoryTier()], bus: new LocalBus() });
    const other = make();
    await cache.getOrLoad("a:1", request);
    await other.getOrLoad("a:1", request);
    load.mockResolvedValue("new");
    const text = { invalidateKey: "a:1", invalidateTag: "t", invalidateGlob: "a:*", clear: "" }[invalidate];
    expect(await other[invalidate](text)).toEqual({ pending: [] });
    expect(cache.get("a:1")).toBeUndefined();
    expect(await cache.getOrLoad("a:1", request)).toBe("new");
  }
});

test("an invalidation leaves alone what it does not mean", async () => {
  const { cache, request } = setUp({ tiers: [new MemoryTier()] });
  await cache.getOrLoad("a:1", request);
  await cache.invalidateKey("a:2");
  await cache.invalidateTag("other");
  await cache.invalidateGlob("a:??");
  expect(cache.get("a:1")).toBe("a:1 v1");
});

test("a load that an invalidation overtakes is made again, also for those who asked before", async () => {
  const { cache } = setUp();
  const { load, end } = gated();
  const before = cache.getOrLoad("k", { class: "market", load });
  await cache.invalidateKey("k");
  const after = cache.getOrLoad("k", { class: "market", load });
  end(0, "old");
  await settled();
  expect(load).toHaveBeenCalledTimes(2);
  end(1, "new");
  expect(await Promise.all([before, after])).toEqual(["new", "new"]);
  expect(cache.get("k")).toBe("new");
  expect(cache.stats().overtaken).toBe(1);
});

test("between the end of a load and its caller there is no gap for an invalidation", async () => {
  for (let hops = 0; hops < 12; hops++) {
    const { cache } = setUp();
    const { load, end } = gated();
    const log: string[] = [];
    const read = cache.getOrLoad("k", { class: "market", load }).then((value) => log.push(`read ${value}`));
    end(0, "old");
    for (let i = 0; i < hops; i++) await Promise.resolve();
    const invalidated = cache.invalidateKey("k").then(() => log.push("invalidated"));
    await invalidated;
    await settled();
    end(1, "new");
    await read;
    if (log[0] === "invalidated") expect(log[1]).toBe("read new");
  }
});

test("a tier higher up cannot take the old value from one further down while it is invalidated", async () => {
  const [second, third] = [new MemoryTier({ name: "second" }), new MemoryTier({ name: "third" })];
  let letSecondGo = () => {};
  const slow: Tier = {
    name: "second",
    get: (key) => second.get(key),
    set: (key, entry, epoch) => second.set(key, entry, epoch),
    invalidate: async (list) => {
      await new Promise<void>((resolve) => {
        letSecondGo = resolve;
      });
      return second.invalidate(list);
    },
  };
  const { clock, make, load, request } = setUp({ tiers: [slow, third] });
  await setUpIn(third, clock, "k", 1_000);
  const [cache, reader] = [make(), make()];
  const invalidated = cache.invalidateKey("k");
  await settled(); // the third tier has been told, the second not
  load.mockResolvedValue("new");
  expect(await reader.getOrLoad("k", request)).toBe("new");
  letSecondGo();
  await invalidated;
  expect((await second.get("k")).entry).toBeUndefined();
  expect((await third.get("k")).entry?.value).not.toBe('"deep"');
});

test("gives up with an error when every load is overtaken", async () => {
  const { cache } = setUp();
  const load = vi.fn(async (key: string) => {
    await cache.invalidateKey(key);
    return "old";
  });
  await expect(cache.getOrLoad("k", { class: "market", load })).rejects.toThrow(CacheContendedError);
  expect(load).toHaveBeenCalledTimes(16);
});

test("a value that was set replaces what tiers, other caches and loads under way have", async () => {
  const tier = new MemoryTier();
  const { make, cache, request } = setUp({ tiers: [tier], bus: new LocalBus() });
  const other = make();
  await other.getOrLoad("k", request);
  await cache.getOrLoad("other", request); // the cache has heard from its tier
  await cache.set("k", "k v2", { class: "market" });
  expect(cache.get("k")).toBe("k v2");
  expect(other.get("k")).toBeUndefined();
  expect(await other.getOrLoad("k", request)).toBe("k v2");
});

test("of sets at the same time the one called last stays", async () => {
  const { cache } = setUp({ tiers: [new MemoryTier()] });
  await Promise.all(["v1", "v2", "v3"].map((value) => cache.set("k", value, { class: "market" })));
  expect(cache.get("k")).toBe("v3");
});

test("keeps nothing in its first tier while the bus cannot be heard", async () => {
  const bus = new LocalBus();
  const listeners: Parameters<LocalBus["connect"]>[0][] = [];
  const connect: LocalBus["connect"] = (listener) => {
    listeners.push(listener);
    return bus.connect(listener);
  };
  const { cache, load, request } = setUp({ bus: { connect } });
  await cache.getOrLoad("k", request);
  listeners[0]?.lost();
  expect(cache.get("k")).toBeUndefined();
  await cache.getOrLoad("k", request);
  expect(cache.get("k")).toBeUndefined();
  listeners[0]?.restored();
  await cache.getOrLoad("k", request);
  expect(cache.get("k")).toBe("k v1");
  expect(load).toHaveBeenCalledTimes(3);
});

test("a value without text stays in the first tier, and text without value is loaded again; both are reported", async () => {
  const tier = new MemoryTier();
  const { faults, make } = setUp({ tiers: [tier] });
  const cache = make() as unknown as TieredCache<bigint, Classes>;
  await cache.getOrLoad("k", { class: "market", load: async () => 1n });
  expect(cache.get("k")).toBe(1n);
  await tier.set("broken", { value: "{", freshUntilUs: 1e18, staleUntilUs: 1e18, tags: [] }, 0);
  expect(await cache.getOrLoad("broken", { class: "market", load: async () => 2n })).toBe(2n);
  expect(faults.map(({ operation }) => operation)).toEqual(["encode", "decode", "encode"]);
});

test("a smaller first tier keeps what was used last, and a larger one loses nothing", async () => {
  const { cache, request } = setUp({ capacity: 3 });
  for (const key of ["a", "b", "c"]) await cache.getOrLoad(key, request);
  cache.get("a");
  cache.capacity = 2;
  expect(["a", "b", "c"].map((key) => cache.get(key))).toEqual(["a v1", undefined, "c v1"]);
  cache.capacity = 10;
  for (const key of ["d", "e", "f"]) await cache.getOrLoad(key, request);
  expect(["a", "c", "d", "e", "f"].filter((key) => cache.get(key) !== undefined)).toHaveLength(5);
  expect([cache.capacity, cache.stats().entries]).toEqual([10, 5]);
});

test("a first tier without room keeps nothing: every look-up is a load, and one at a time for a key", async () => {
  const { cache, request } = setUp({ capacity: 0 });
  expect(await Promise.all([cache.getOrLoad("a", request), cache.getOrLoad("a", request)])).toEqual(["a v1", "a v1"]);
  expect(cache.get("a")).toBeUndefined();
  expect(await cache.getOrLoad("a", request)).toBe("a v1");
  expect(cache.stats()).toMatchObject({ entries: 0, first: { hits: 0 } });
});

test("what was invalidated does not come back when the first tier is resized, nor what is loaded meanwhile", async () => {
  const { cache, request } = setUp();
  const { load, end } = gated();
  for (const key of ["a", "b", "c"]) await cache.getOrLoad(key, request);
  await cache.invalidateKey("a");
  const loading = cache.getOrLoad("d", { class: "market", tags: ["t"], load });
  cache.capacity = 20;
  expect(cache.get("a")).toBeUndefined();
  await cache.invalidateTag("t");
  end(0, "old");
  await settled();
  cache.capacity = 5;
  expect(["a", "b", "c", "d"].map((key) => cache.get(key))).toEqual([undefined, undefined, undefined, undefined]);
  end(1, "new");
  expect(await loading).toBe("new");
});

test("counts hits and misses per tier", async () => {
  const { clock, make, cache, request } = setUp({ tiers: [new MemoryTier()] });
  await cache.getOrLoad("k", request);
  cache.get("k");
  const other = make();
  await other.getOrLoad("k", request);
  await other.getOrLoad("k", request);
  clock.advance({ ms: 1_500 });
  await other.getOrLoad("k", request);
  await settled();
  expect(cache.stats()).toMatchObject({
    first: { hits: 1, misses: 1, hitRatio: 0.5 },
    tiers: [{ name: "memory", hits: 0, misses: 1 }],
    loads: { count: 1, failures: 0 },
    entries: 1,
  });
  expect(other.stats()).toMatchObject({
    first: { hits: 1, staleHits: 1, misses: 1 },
    tiers: [{ hits: 1, misses: 1, hitRatio: 0.5, latency: { count: 2 } }], // the refresh read it too
    hitRatio: 1,
  });
});

test("times one look-up in the first tier for each reading of the clock", async () => {
  const { clock, cache, request } = setUp({ resolutionMs: 1 });
  await cache.getOrLoad("k", request);
  const before = cache.stats().first.latency.count;
  for (let ms = 0; ms < 3; ms++) {
    for (let i = 0; i < 100; i++) cache.get("k");
    await settled();
    clock.advance({ ms: 1 });
    await settled();
  }
  expect(cache.stats().first.latency.count - before).toBe(3);
});

test("after closing, nothing is given, nothing is loaded, and no timer is left", async () => {
  const { clock, cache, request } = setUp({ tiers: [new MemoryTier()], bus: new LocalBus() });
  await cache.getOrLoad("k", request);
  await cache.close();
  await cache.close();
  await settled();
  expect(cache.get("k")).toBeUndefined();
  await expect(cache.getOrLoad("k", request)).rejects.toThrow(CacheClosedError);
  await expect(cache.invalidateKey("k")).rejects.toThrow(CacheClosedError);
  expect(clock.sleeping).toBe(0);
});

test("refuses options, classes and names that make no sense, before any load", async () => {
  const { clock, cache, load, request } = setUp();
  expect(() => setUp({ capacity: -1 })).toThrow(/capacity/);
  for (const wrong of [-1, 1.5, 1e7 + 1])
    expect(() => {
      cache.capacity = wrong;
    }).toThrow(/capacity/);
  expect(cache.capacity).toBe(10_000);
  expect(() => setUp({ tierTimeoutMs: 0 })).toThrow(/tierTimeoutMs/);
  expect(() => setUp({ tiers: [new MemoryTier(), new MemoryTier()] })).toThrow(/different names/);
  expect(() => new TieredCache({ clock, classes: { x: { ttlMs: -1 } } })).toThrow(/classes\.x\.ttlMs/);
  await expect(cache.getOrLoad("", request)).rejects.toThrow(InvalidInputError);
  await expect(cache.getOrLoad("k", { ...request, tags: ["a\0"] })).rejects.toThrow(/tag/);
  await expect(cache.getOrLoad("k", { ...request, class: "other" as Classes })).rejects.toThrow(/market, quiet/);
  await expect(cache.invalidateGlob("")).rejects.toThrow(InvalidInputError);
  expect(load).not.toHaveBeenCalled();
});
