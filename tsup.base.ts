import { transform } from "esbuild";
import { defineConfig, type Options } from "tsup";

type Plugin = NonNullable<Options["plugins"]>[number];

/**
 * Makes CommonJS of the split chunks by esbuild, in place of tsup's own sucrase.
 *
 * Sucrase rewrites every class with fields as `_class = class ...`, so that errors lose their names and each construction makes a
 * call per field. esbuild leaves classes as they are.
 */
const commonJs: Plugin = {
  name: "common-js",
  async renderChunk(code, info) {
    if (this.format !== "cjs" || info.type !== "chunk") return undefined;
    this.splitting = false; // tsup's step after this one asks it, and has nothing left to do
    const made = await transform(code, {
      format: "cjs",
      platform: "node",
      target: "node20",
      banner: '"use strict";', // as modules are
      sourcefile: info.path, // tsup finds the map of what the chunk was made of by it
      sourcemap: "external",
    });
    return { code: made.code, map: made.map };
  },
};

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
    plugins: [commonJs],
    // TypeScript 6 calls tsup's own baseUrl deprecated; tsup 9 would not need this but has left Node 20.
    dts: { compilerOptions: { ignoreDeprecations: "6.0", customConditions: [], allowImportingTsExtensions: true } },
  });
