import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const PACKAGE = fileURLToPath(new URL("..", import.meta.url));

/**
 * Builds the program of worker threads from the sources as they are now: threads cannot run TypeScript, and a test of yesterday's build
 * would prove nothing. The folder is in the package, so that its dependencies are found.
 *
 * @param name Of the folder; each test file has its own. @param entry Of the program. @param source In the package.
 */
export async function buildWorker(name: string, entry: string, source: string): Promise<URL> {
  const outdir = join(PACKAGE, "node_modules/.cache/pitlane", name);
  mkdirSync(dirname(outdir), { recursive: true });
  await build({
    entryPoints: { [entry]: join(PACKAGE, source) },
    outdir,
    bundle: true,
    splitting: true,
    platform: "node",
    format: "esm",
    target: "node20",
    conditions: ["@pitlane/source"],
    // What this package has installed stays outside; its siblings have no build to find, and what they use is not to be found from here.
    external: ["libsql", "jiti", "@bokuweb/zstd-wasm", "hyparquet", "hyparquet-writer", "valibot", "semver", "yaml"],
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
    logLevel: "warning",
  });
  return pathToFileURL(join(outdir, `${entry}.js`));
}
