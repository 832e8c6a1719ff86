import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type BusListener, type InvalidationBus, LocalBus } from "../../src/cache/bus.ts";
import type { LoadRequest } from "../../src/cache/cache-options.ts";
import { MemoryTier } from "../../src/cache/memory-tier.ts";
import type { InvalidationOutcome } from "../../src/cache/outbox.ts";
import type { Tier } from "../../src/cache/tier.ts";
import { TieredCache } from "../../src/cache/tiered-cache.ts";
import { ManualClock } from "../../src/testing.ts";

// Two caches share up to two tiers, a bus and a source. The scheduler may delay each step of each operation, or not at all, and
// tiers may fail before or after they have acted; first tiers change their size. The source counts versions; whoever changes it invalidates. What is checked:
// once an invalidation has returned, no read gives a version older than the one it announced.

const RUNS = 2_000;
const KEYS = ["a:1", "b:1"];
const tagOf = (key: string) => key.slice(0, 1);

type Action =
  | { readonly kind: "read" | "set" | "change-key"; readonly cache: 0 | 1; readonly key: string }
  | { readonly kind: "change-tag" | "change-glob"; readonly cache: 0 | 1; readonly tag: string }
  | { readonly kind: "change-all"; readonly cache: 0 | 1 }
  | { readonly kind: "resize"; readonly cache: 0 | 1; readonly capacity: number }
  | { readonly kind: "wait"; readonly ms: number };

const cache = fc.constantFrom(0 as const, 1 as const);
const key = fc.constantFrom(...KEYS);
const tag = fc.constantFrom("a", "b");
const read = fc.record({ kind: fc.constant("read" as const), cache, key });
const change = fc.oneof(
  fc.record({ kind: fc.constantFrom("change-key" as const, "set" as const), cache, key }),
  fc.record({ kind: fc.constantFrom("change-tag" as const, "change-glob" as const), cache, tag }),
  fc.record({ kind: fc.constant("change-all" as const), cache }),
);
const resize = fc.record({ kind: fc.constant("resize" as const), cache, capacity: fc.integer({ min: 1, max: 3 }) });
const wait = fc.record({ kind: fc.constant("wait" as const), ms: fc.constantFrom(50, 1_000) });
const actions = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: read },
    { weight: 4, arbitrary: change },
    { weight: 1, arbitrary: resize },
    { weight: 2, arbitrary: wait },
  ),
  { minLength: 2, maxLength: 14 },
);

type Fault = "none" | "before" | "after";

/** How the world around the caches behaves; the lists are cycled through. */
const worlds = fc.record({
  tiers: fc.integer({ min: 0, max: 2 }),
  /** Which steps can be delayed: without it, an operation of many steps could hardly overtake one of few. */
  delays: fc.array(fc.boolean(), { minLength: 1, maxLength: 12 }),
});
const faultLists = fc.array(fc.constantFrom<Fault>("none", "none", "before", "after"), { minLength: 1, maxLength: 12 });

interface World {
  readonly tiers: number;
  readonly delays: readonly boolean[];
  readonly faults: readonly Fault[];
}

function cycle<T>(items: readonly T[]): () => T {
  let next = 0;
  return () => items[next++ % items.length]!;
}

type Step = (what: string) => Promise<unknown> | undefined;

function slowTier(tier: Tier, step: Step, nextFault: () => Fault): Tier {
  const slow = async <R>(what: string, act: () => Promise<R>): Promise<R> => {
    const fault = nextFault();
    await step(`${tier.name} ${what} on its way`);
    if (fault === "before") throw new Error(`${tier.name} is down`);
    const result = await act();
    await step(`${tier.name} ${what} on its way back`);
    if (fault === "after") throw new Error(`${tier.name} went down`);
    return result;
  };
  return {
    name: tier.name,
    get: (name) => slow("get", () => tier.get(name)),
    set: (name, entry, epoch) => slow("set", () => tier.set(name, entry, epoch)),
    invalidate: (list) => slow("invalidate", () => tier.invalidate(list)),
  };
}

function slowBus(step: Step): InvalidationBus {
  const bus = new LocalBus();
  return {
    connect(listener: BusListener) {
      const { publish, close } = bus.connect(listener);
      return {
        publish: async (list) => {
          await step("message on its way");
          await publish(list);
          await step("receipt on its way back");
        },
        close,
      };
    },
  };
}

async function play(s: fc.Scheduler, script: readonly Action[], { tiers, delays, faults }: World): Promise<void> {
  const clock = new ManualClock();
  const nextFault = cycle(faults);
  const isDelayed = cycle(delays);
  const step: Step = (what) => (isDelayed() ? s.schedule(Promise.resolve(), what) : undefined);
  const stores = ["second", "third"].slice(0, tiers).map((name) => new MemoryTier({ name, capacity: 10 }));
  const bus = slowBus(step);
  const caches = [0, 1].map(
    () =>
      new TieredCache<number, "data">({
        clock,
        capacity: 10,
        bus,
        tiers: stores.map((store) => slowTier(store, step, nextFault)),
        resolutionMs: 0,
        tierTimeoutMs: 60_000,
        classes: { data: { ttlMs: 200, staleMs: 500 } },
        breaker: { consecutiveErrors: 1_000, openMs: 1 },
      }),
  );

  const source = new Map(KEYS.map((name) => [name, 1]));
  const announced = caches.map(() => new Map(KEYS.map((name) => [name, 1]))); // by cache: the oldest version it may still give
  const request = (name: string): LoadRequest<number, "data"> => ({
    class: "data",
    tags: [tagOf(name)],
    load: async () => {
      await step(`asking for ${name}`);
      const version = source.get(name);
      await step(`answer for ${name}`);
      return version;
    },
  });

  const check = (of: 0 | 1, name: string, version: number | undefined) => {
    if (version !== undefined) expect(version).toBeGreaterThanOrEqual(announced[of]!.get(name)!);
  };
  const neverFails = faults.every((fault) => fault === "none");
  const checkAll = async () => {
    for (const of of [0, 1] as const) {
      for (const name of KEYS) {
        check(of, name, caches[of]!.get(name));
        if (!neverFails) continue; // only then may a tier still hold an old value, and its cache not believe it
        const oldest = announced[of]!.get(name)!;
        for (const store of stores) {
          const { entry } = await store.get(name);
          if (entry !== undefined) expect(Number(entry.value)).toBeGreaterThanOrEqual(oldest);
        }
      }
    }
  };
  const changed = async (of: 0 | 1, names: readonly string[], invalidate: () => Promise<InvalidationOutcome>) => {
    const versions = names.map((name) => source.get(name)! + 1);
    for (const [i, name] of names.entries()) source.set(name, versions[i]!);
    const { pending } = await invalidate();
    for (const other of [0, 1] as const) {
      if (pending.length > 0 && other !== of) continue; // only then may another cache lag behind
      for (const [i, name] of names.entries()) {
        announced[other]!.set(name, Math.max(announced[other]!.get(name)!, versions[i]!));
      }
    }
    await checkAll();
  };
  const act = async (action: Action): Promise<void> => {
    if (action.kind === "wait") return clock.advance({ ms: action.ms });
    const of = caches[action.cache]!;
    switch (action.kind) {
      case "read":
        return check(action.cache, action.key, await of.getOrLoad(action.key, request(action.key)));
      case "set":
        return changed(action.cache, [action.key], () =>
          of.set(action.key, source.get(action.key)!, { class: "data", tags: [tagOf(action.key)] }),
        );
      case "change-key":
        return changed(action.cache, [action.key], () => of.invalidateKey(action.key));
      case "change-tag":
        return changed(
          action.cache,
          KEYS.filter((name) => tagOf(name) === action.tag),
          () => of.invalidateTag(action.tag),
        );
      case "change-glob":
        return changed(
          action.cache,
          KEYS.filter((name) => tagOf(name) === action.tag),
          () => of.invalidateGlob(`${action.tag}:?`),
        );
      case "change-all":
        return changed(action.cache, KEYS, () => of.clear());
      case "resize":
        of.capacity = action.capacity;
        return checkAll();
    }
  };

  const readAll = (of: 0 | 1) => Promise.all(KEYS.map((name) => act({ kind: "read", cache: of, key: name })));
  await driven(readAll(0)); // so that the tiers have something to give to the other cache
  await driven(Promise.all(script.map((action) => s.schedule(Promise.resolve(), action.kind).then(() => act(action)))));
  await driven(Promise.all([readAll(0), readAll(1)]));
  await driven(Promise.all(caches.map((each) => each.close())));

  /** Runs scheduled steps, and time when there are none, until `work` is done. */
  async function driven(work: Promise<unknown>): Promise<void> {
    let isDone = false;
    const end = work.finally(() => {
      isDone = true;
    });
    end.catch(() => undefined); // thrown below
    while (!isDone) {
      while (s.count() > 0) await s.waitOne();
      await new Promise(setImmediate); // lets everything run that waits for nothing
      if (s.count() === 0) clock.advance({ ms: 1 });
    }
    await end;
  }
}

test("after an invalidation has returned, no interleaving gives back an older value", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), actions, worlds, (s, script, world) =>
      play(s, script, { ...world, faults: ["none"] }),
    ),
    { numRuns: RUNS },
  );
});

test("a cache gives nothing older than its own invalidations when tiers fail at any point", async () => {
  await fc.assert(
    fc.asyncProperty(fc.scheduler(), actions, worlds, faultLists, (s, script, world, faults) =>
      play(s, script, { ...world, faults }),
    ),
    { numRuns: RUNS },
  );
});
