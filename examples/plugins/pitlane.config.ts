import { defineConfig } from "pitlane";

export default defineConfig({
  seed: 7,
  strategies: [
    { use: "./vwap.ts", config: { vwap: { trades: 50 } } },
    { use: "./pace.ts" },
    { use: "./round-lots.ts" },
    { use: "./fade.ts", config: { fade: { entryBps: 5 } } },
  ],
});
