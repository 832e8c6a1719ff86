import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const GUIDES = fileURLToPath(new URL("../guide", import.meta.url));
const JITI = join(dirname(createRequire(import.meta.url).resolve("jiti/package.json")), "lib/jiti-cli.mjs");

/** Runs an example as a reader would, on the packages as they are published. */
function run(file: string) {
  return promisify(execFile)(process.execPath, [JITI, file], { timeout: 20_000 });
}

/** Folders of examples, each with the packages that it needs built, and guides of the same name. */
const FOLDERS = [
  { name: "perf", packages: ["perf"] },
  { name: "sdk", packages: ["perf", "paper", "sdk"] },
] as const;

describe.each(FOLDERS)("the examples of the guides, $name", ({ name, packages }) => {
  const folder = join(ROOT, "examples", name);
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));
  const guides = readdirSync(join(GUIDES, name))
    .filter((file) => file.endsWith(".md"))
    .map((file) => readFileSync(join(GUIDES, name, file), "utf8"));
  const unbuilt = packages.filter((one) => !existsSync(join(ROOT, "packages", one, "dist/index.js")));
  const missing = unbuilt.length === 0 ? "" : ` (skipped: not built: ${unbuilt.join(", ")}; run their build)`;

  test.skipIf(missing !== "").each(files)(
    `%s runs to its end, prints something and complains of nothing${missing}`,
    async (file) => {
      const { stdout, stderr } = await run(join(folder, file));
      expect(stdout.trim()).not.toBe("");
      expect(stderr).toBe("");
    },
  );

  test.each(files)("%s is shown in a guide", (file) => {
    expect(guides.some((text) => text.includes(`/examples/${name}/${file}`))).toBe(true);
  });
});
