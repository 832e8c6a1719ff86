import { defineConfig } from "tsup";

/** The build every published package shares: ESM, CJS and types for each entry (`{ "metrics/index": "src/metrics/index.ts" }`). */
export const library = (entry: Record<string, string>) =>
  defineConfig({
    entry,
    format: ["esm", "cjs"],
    target: "node20",
    platform: "node",
    clean: true,
    sourcemap: true,
    splitting: true,
    shims: true,
    // TypeScript 6 calls tsup's own baseUrl deprecated; tsup 9 would not need this but has left Node 20.
    dts: { compilerOptions: { ignoreDeprecations: "6.0", customConditions: [], allowImportingTsExtensions: true } },
  });
