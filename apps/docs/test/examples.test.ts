import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const EXAMPLES = fileURLToPath(new URL("../../../examples/perf", import.meta.url));
const BUILT = fileURLToPath(new URL("../../../packages/perf/dist/index.js", import.meta.url));
const JITI = join(dirname(createRequire(import.meta.url).resolve("jiti/package.json")), "lib/jiti-cli.mjs");

const GUIDES = fileURLToPath(new URL("../guide/perf", import.meta.url));

const missing = existsSync(BUILT) ? "" : " (skipped: @pitlane/perf is not built; run its build)";
const guides = readdirSync(GUIDES).map((file) => readFileSync(join(GUIDES, file), "utf8"));
const files = readdirSync(EXAMPLES).filter((file) => file.endsWith(".ts"));

/** Runs an example as a reader would, on the package as it is published. */
function run(file: string) {
  return promisify(execFile)(process.execPath, [JITI, join(EXAMPLES, file)], { timeout: 20_000 });
}

describe.skipIf(missing !== "")(`the examples of the guides${missing}`, () => {
  test.each(files)("%s runs to its end, prints something and complains of nothing", async (file) => {
    const { stdout, stderr } = await run(file);
    expect(stdout.trim()).not.toBe("");
    expect(stderr).toBe("");
  });

  test.each(files)("%s is shown in a guide", (file) => {
    expect(guides.some((text) => text.includes(`/examples/perf/${file}`))).toBe(true);
  });
});
