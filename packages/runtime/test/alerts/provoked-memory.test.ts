import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test, vi } from "vitest";
import { defineStrategy, type Plugin } from "../../src/index.ts";
import { openAlerted, SOON } from "./alerted-session.ts";

// In a process of its own: what is measured is the memory of all of it.

const MIB = 2 ** 20;
const LIMIT_BYTES = 512 * MIB;
const ROW = 8192; // figures of one trade
const ROWS = 640; // of one block: 40 MiB, which the allocator gives back to the system as a whole
const KEPT_MS = 10_000; // a slow machine does not hear of 2,000 trades in a second
const MOST_BLOCKS = 10;

/** Keeps a row of figures of each trade of the last ten seconds: as many as the market makes it, up to 400 MiB. */
function hoarder(): { readonly plugin: Plugin; readonly blocks: () => number; readonly heard: () => number } {
  let blocks: { readonly rows: Float64Array; startedAtMs: number; used: number }[] = [];
  let heard = 0;
  const plugin = defineStrategy({
    name: "hoarder",
    setup(ctx) {
      const instrument = ctx.instruments[0]!;
      ctx.on("trade", { instrument }, ({ priceTicks, receivedAtUs }) => {
        heard++;
        const last = blocks.at(-1);
        if (last === undefined || last.used === ROWS) {
          if (blocks.length === MOST_BLOCKS) blocks.shift();
          blocks.push({
            rows: new Float64Array(ROW * ROWS).fill(priceTicks), // pages that nobody touches are no memory
            startedAtMs: receivedAtUs / 1000,
            used: 1,
          });
        } else last.rows.fill(priceTicks, ROW * last.used, ROW * ++last.used);
      });
      ctx.every(500, () => {
        blocks = blocks.filter(({ startedAtMs }) => startedAtMs > Date.now() - KEPT_MS);
      });
    },
  });
  return { plugin, blocks: () => blocks.length, heard: () => heard };
}

test("a wild market that a strategy keeps too much of: memory and memory-limit, until it is calm", {
  timeout: 300_000,
}, async ({ onTestFinished }) => {
  const { plugin, blocks, heard } = hoarder();
  collect();
  const at = process.memoryUsage.rss() + 220 * MIB;
  const { paper, quiet, raised, over } = await openAlerted({
    onTestFinished,
    plugin,
    config: {
      budgets: { hookMs: 60_000, msPerSecond: 1000 },
      alerts: {
        rules: {
          memory: { warning: { threshold: at }, critical: { threshold: at + 40 * MIB } },
          "memory-limit": {
            warning: { threshold: at / LIMIT_BYTES },
            critical: { threshold: (at + 40 * MIB) / LIMIT_BYTES, forMs: 1000 },
          },
        },
      },
    },
  });
  await vi.waitFor(() => expect(heard()).toBeGreaterThan(100), SOON);
  quiet("memory", "memory-limit");
  const flood = paper.faults.add({ kind: "flood", tradesPerSecond: 2000 });
  await raised("memory", "critical");
  await raised("memory-limit", "critical");
  flood.remove();
  await vi.waitFor(() => expect(blocks()).toBeLessThan(2), SOON);
  collect();
  await over("memory", "memory-limit");
});

function collect(): void {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
}
