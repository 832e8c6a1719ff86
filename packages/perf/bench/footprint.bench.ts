// What a program pays before it does anything: time to import, and what a bundler keeps of one limiter.
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { Case, Suite } from "../../../scripts/bench/suite.ts";

const SUBPATHS = [
  "@pitlane/perf",
  "@pitlane/perf/metrics",
  "@pitlane/perf/ring",
  "@pitlane/perf/pool",
  "@pitlane/perf/limit",
  "@pitlane/perf/flow",
  "@pitlane/perf/cache",
  "@pitlane/perf/cache/sqlite",
  "@pitlane/perf/simd",
  "@pitlane/perf/monitor",
  "@pitlane/perf/tune",
  "@pitlane/perf/load",
];

const PEERS = [
  "bottleneck",
  "rate-limiter-flexible",
  "lru-cache",
  "prom-client",
  "generic-pool",
  "bentocache",
  "piscina",
];

const importing = (names: readonly string[]): Case => ({
  value: async () => {
    const startedMs = performance.now();
    for (const name of names) await import(name);
    return performance.now() - startedMs;
  },
});

const bundled = (code: string): Case => ({
  value: async () => {
    const { outputFiles } = await build({
      stdin: { contents: code, resolveDir: import.meta.dirname },
      bundle: true,
      minify: true,
      write: false,
      platform: "node",
      format: "esm",
    });
    return gzipSync(outputFiles[0]?.contents ?? "").length;
  },
});

const suite: Suite = {
  name: "footprint",
  comparisons: [
    {
      name: "import of the whole package, every subpath",
      unit: "ms",
      rounds: 9,
      ours: importing(SUBPATHS),
      peers: { "seven libraries for the same jobs": { case: importing(PEERS), note: "aim: 30 ms or less" } },
    },
    {
      name: "one limiter in a bundle, minified and gzipped",
      unit: "bytes",
      rounds: 1,
      ours: bundled('export { TokenBucket } from "@pitlane/perf/limit";'),
      peers: {
        "limiter 4 RateLimiter": {
          case: bundled('export { RateLimiter } from "limiter";'),
          note: "aim: 3,000 or less",
        },
        "bottleneck 2": { case: bundled('export { default } from "bottleneck";') },
      },
    },
  ],
};

export default suite;
