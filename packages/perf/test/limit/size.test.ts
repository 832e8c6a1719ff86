import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";

test("a program that imports one limiter carries less than 3 KB of it", async () => {
  const { outputFiles } = await build({
    stdin: {
      contents: `export { TokenBucket } from "./index.ts";`,
      resolveDir: fileURLToPath(new URL("../../src/limit", import.meta.url)),
    },
    bundle: true,
    minify: true,
    write: false,
    platform: "node",
    format: "esm",
    target: "node20",
  });
  const code = outputFiles[0]?.contents ?? new Uint8Array();
  expect(Buffer.from(code).toString()).toContain("tokensPerSecond");
  expect(gzipSync(code).byteLength).toBeLessThan(3000);
});
