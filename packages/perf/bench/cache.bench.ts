// Every strategy asks a cache before it asks a venue: a regression here is paid on each look-up. The floor is a plain Map.
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { MemoryTier, TieredCache } from "@pitlane/perf/cache";
import { SqliteTier } from "@pitlane/perf/cache/sqlite";
import { BentoCache, bentostore } from "bentocache";
import { memoryDriver } from "bentocache/drivers/memory";
import { Cacheable } from "cacheable";
import Database from "libsql";
import { LRUCache } from "lru-cache";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";

interface Quote {
  readonly symbol: string;
  readonly bidTicks: number;
}

const KEYS = 10_000;
const TTL_MS = 3_600_000; // nothing expires while it is measured
const CLASSES = { config: { ttlMs: TTL_MS } };
const keys = Array.from({ length: KEYS }, (_, i) => `quote:binance:SYM${i}/USDT`);
const quoteOf = (key: string): Quote => ({ symbol: key, bidTicks: 6_512_345 });

/** Which key each look-up asks for: low ones far more often, as with instruments. */
const picks = Uint16Array.from({ length: 65_536 }, (_, i) => {
  const u = (Math.imul(i, 2_654_435_761) >>> 0) / 2 ** 32;
  return Math.floor(KEYS * u * u * u);
});
const pick = (i: number): string => keys[picks[i & 65_535]!]!;

const request = { class: "config", load: async (key: string) => quoteOf(key) } as const;

function ours(): TieredCache<Quote, "config"> {
  return new TieredCache({ clock: createSystemClock(), classes: CLASSES });
}

/** The same loop over each cache, synchronous: `get` is called once, so that it can be inlined. */
function syncLoop<C>(
  create: () => C | Promise<C>,
  fill: (cache: C, key: string) => unknown,
  get: (cache: C, key: string) => unknown,
): Case {
  return {
    loop: async () => {
      const cache = await create();
      for (const key of keys) await fill(cache, key);
      return (n) => {
        let last: unknown;
        for (let i = 0; i < n; i++) last = get(cache, pick(i));
        return last;
      };
    },
  };
}

function awaitedLoop<C>(create: () => C | Promise<C>, get: (cache: C, key: string) => Promise<unknown>): Case {
  return {
    loop: async () => {
      const cache = await create();
      for (const key of keys) await get(cache, key);
      return async (n) => {
        let last: unknown;
        for (let i = 0; i < n; i++) last = await get(cache, pick(i));
        return last;
      };
    },
  };
}

const bento = () =>
  new BentoCache({
    default: "memory",
    stores: { memory: bentostore().useL1Layer(memoryDriver({ maxItems: KEYS, serialize: false })) },
  });
const cacheable = () => new Cacheable({ ttl: TTL_MS });
const lruFetch = () =>
  new LRUCache<string, Quote>({ max: KEYS, ttl: TTL_MS, fetchMethod: async (key) => quoteOf(key) });

/** A hundred callers ask for a key that nobody has. */
function stampede<C>(create: () => C, get: (cache: C, key: string) => Promise<unknown>): Case {
  return {
    loop: () => {
      const cache = create();
      let asked = 0;
      return async (n) => {
        let last: unknown;
        for (let i = 0; i < n; i++) {
          const key = `cold:${asked++}`;
          const calls = Array.from({ length: 100 }, () => get(cache, key));
          last = await Promise.all(calls);
        }
        return last;
      };
    },
  };
}

const file = () => join(mkdtempSync(join(tmpdir(), "pitlane-bench-")), "cache.db");
const entryOf = (key: string) => ({
  value: JSON.stringify(quoteOf(key)),
  freshUntilUs: Date.now() * 1000 + TTL_MS * 1000,
  staleUntilUs: Date.now() * 1000 + TTL_MS * 1000,
  tags: [],
});

function rawSqlite() {
  const database = new Database(file());
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  database.exec("CREATE TABLE entries (key TEXT PRIMARY KEY, value TEXT, expires_us INTEGER) STRICT, WITHOUT ROWID");
  const read = database.prepare("SELECT value, expires_us FROM entries WHERE key = ?").raw();
  const write = database.prepare("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)");
  return { read, write };
}

const sqliteTier = () => new SqliteTier({ path: file(), clock: createSystemClock() });

const suite: Suite = {
  name: "cache",
  comparisons: [
    {
      name: "hit in the first tier, synchronous, 10,000 skewed keys",
      unit: "ns/op",
      ours: syncLoop(
        ours,
        (cache, key) => cache.getOrLoad(key, request),
        (cache, key) => cache.get(key),
      ),
      peers: {
        "plain Map (floor)": {
          case: syncLoop(
            () => new Map<string, Quote>(),
            (map, key) => map.set(key, quoteOf(key)),
            (map, key) => map.get(key),
          ),
          aim: 2.6,
          note: "the aim is 60 ns, where a Map takes 23; no bound, no TTL, no counts",
        },
        "lru-cache 11 (max, ttl)": {
          case: syncLoop(
            () => new LRUCache<string, Quote>({ max: KEYS, ttl: TTL_MS }),
            (cache, key) => cache.set(key, quoteOf(key)),
            (cache, key) => cache.get(key),
          ),
          aim: 1.3,
          note: "counts nothing; ours keeps times and tags beside each value, one more memory access",
        },
      },
    },
    {
      name: "hit in the first tier, awaited with a loader at hand",
      unit: "ns/op",
      rounds: 3,
      ours: awaitedLoop(ours, (cache, key) => cache.getOrLoad(key, request)),
      peers: {
        "plain Map in an async function (floor)": {
          case: awaitedLoop(
            () => new Map<string, Quote>(),
            async (map, key) => {
              const held = map.get(key);
              if (held !== undefined) return held;
              const loaded = quoteOf(key);
              map.set(key, loaded);
              return loaded;
            },
          ),
          aim: 1.75,
          note: "the aim is 140 ns, where this takes 80; no bound, no TTL, no counts, no single flight",
        },
        "lru-cache 11 fetch": {
          case: awaitedLoop(lruFetch, (cache, key) => cache.fetch(key)),
          aim: 1.15,
          note: "counts nothing",
        },
        "bentocache getOrSet (serialize: false)": {
          case: awaitedLoop(bento, (cache, key) =>
            cache.getOrSet({ key, ttl: TTL_MS, factory: async () => quoteOf(key) }),
          ),
        },
        "cacheable getOrSet": {
          case: awaitedLoop(cacheable, (cache, key) => cache.getOrSet(key, async () => quoteOf(key))),
        },
      },
    },
    {
      name: "set, awaited, no other tier",
      unit: "ns/op",
      rounds: 3,
      ours: awaitedLoop(ours, (cache, key) => cache.set(key, quoteOf(key), request)),
      peers: {
        "lru-cache 11 set (max, ttl), awaited (floor)": {
          case: awaitedLoop(
            () => new LRUCache<string, Quote>({ max: KEYS, ttl: TTL_MS }),
            async (cache, key) => cache.set(key, quoteOf(key)),
          ),
          aim: null,
          note: "overtakes no load under way",
        },
        "bentocache set": {
          case: awaitedLoop(bento, (cache, key) => cache.set({ key, value: quoteOf(key), ttl: TTL_MS })),
        },
        "cacheable set": { case: awaitedLoop(cacheable, (cache, key) => cache.set(key, quoteOf(key))) },
      },
    },
    {
      name: "100 callers, one cold key",
      unit: "us/op",
      rounds: 3,
      ours: stampede(ours, (cache, key) => cache.getOrLoad(key, request)),
      peers: {
        "lru-cache 11 fetch": { case: stampede(lruFetch, (cache, key) => cache.fetch(key)) },
        "bentocache getOrSet": {
          case: stampede(bento, (cache, key) =>
            cache.getOrSet({ key, ttl: TTL_MS, factory: async () => quoteOf(key) }),
          ),
        },
        "cacheable getOrSet": {
          case: stampede(cacheable, (cache, key) => cache.getOrSet(key, async () => quoteOf(key))),
        },
      },
    },
    {
      name: "hit in a second tier (memory), handed up",
      unit: "us/op",
      rounds: 3,
      ours: {
        loop: async () => {
          const tier = new MemoryTier();
          for (const key of keys) await tier.set(key, entryOf(key), 0);
          // Room for one: nearly every look-up goes to the second tier.
          const cache = new TieredCache<Quote, "config">({
            clock: createSystemClock(),
            classes: CLASSES,
            capacity: 1,
            tiers: [tier],
          });
          return async (n) => {
            let last: unknown;
            for (let i = 0; i < n; i++) last = await cache.getOrLoad(keys[i % KEYS]!, request);
            return last;
          };
        },
      },
      peers: {
        "Map of texts, JSON.parse, awaited (floor)": {
          case: awaitedLoop(
            () => new Map<string, string>(keys.map((key) => [key, JSON.stringify(quoteOf(key))])),
            async (map, key) => JSON.parse(map.get(key)!),
          ),
          aim: null,
          note: "what the guards of a tier cost: timeout, breaker, epoch, latency record",
        },
      },
    },
    {
      name: "SQLite tier, get",
      unit: "us/op",
      rounds: 3,
      ours: awaitedLoop(
        async () => {
          const tier = sqliteTier();
          for (const key of keys) await tier.set(key, entryOf(key), 0);
          return tier;
        },
        (tier, key) => tier.get(key),
      ),
      peers: {
        "libsql, prepared SELECT by key (floor)": {
          case: awaitedLoop(
            () => {
              const raw = rawSqlite();
              for (const key of keys) raw.write.run(key, JSON.stringify(quoteOf(key)), 0);
              return raw;
            },
            async ({ read }, key) => read.get(key),
          ),
          aim: 1.5,
          note: "no epoch, no tags",
        },
      },
    },
    {
      name: "SQLite tier, set",
      unit: "us/op",
      rounds: 3,
      ours: awaitedLoop(sqliteTier, (tier, key) => tier.set(key, entryOf(key), 0)),
      peers: {
        "libsql, prepared INSERT OR REPLACE (floor)": {
          case: awaitedLoop(rawSqlite, async ({ write }, key) => write.run(key, JSON.stringify(quoteOf(key)), 0)),
          aim: 3,
          note: "refuses no overtaken write, removes nothing that expired",
        },
      },
    },
  ],
};

export default suite;
