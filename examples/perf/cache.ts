// A cache of two tiers: memory in front of a file that survives restarts. Run: npx jiti examples/perf/cache.ts
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSystemClock } from "@pitlane/perf";
import { type LoadRequest, TieredCache } from "@pitlane/perf/cache";
import { SqliteTier } from "@pitlane/perf/cache/sqlite";

interface Balance {
  readonly asset: string;
  readonly units: string;
}

const clock = createSystemClock();
const folder = mkdtempSync(join(tmpdir(), "cache-example-"));
const file = new SqliteTier({ path: join(folder, "cache.db"), clock });
const cache = new TieredCache<Balance>({ clock, tiers: [file], onError: (fault) => console.error(fault) });

let asked = 0; // how often the venue was
const balances: LoadRequest<Balance> = {
  class: "account", // 30 s
  tags: ["balances"],
  load: async (asset) => ({ asset, units: `${++asked}000` }),
};

const many = await Promise.all(Array.from({ length: 100 }, () => cache.getOrLoad("EUR", balances)));
console.log(`${many.length} callers, asked ${asked} time:`, many[0]); // 100 callers, asked 1 time
console.log("without waiting:", cache.get("EUR"));

await cache.invalidateTag("balances"); // after a fill, say
console.log("after an invalidation:", await cache.getOrLoad("EUR", balances)); // asked again

const { first, tiers, loads } = cache.stats();
console.log(`first tier ${first.hits} hits, ${tiers[0]?.name} ${tiers[0]?.misses} misses, ${loads.count} loads`);

await cache.close();
file.close();
rmSync(folder, { recursive: true });
