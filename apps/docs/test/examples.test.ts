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
  return promisify(execFile)(process.execPath, [JITI, file], { timeout: 90_000 });
}

interface Folder {
  readonly name: string;
  /** Folder of the guides that show them. */
  readonly guide: string;
  /** What needs to be built. */
  readonly packages: readonly string[];
  /** The files that run by themselves; all of them when left out. */
  readonly programs?: readonly string[];
}

const FOLDERS: readonly Folder[] = [
  { name: "perf", guide: "perf", packages: ["perf"] },
  { name: "sdk", guide: "sdk", packages: ["perf", "paper", "sdk"] },
  { name: "plugins", guide: "runtime", packages: ["perf", "paper", "sdk", "runtime"], programs: ["plugins.test.ts"] },
];

describe.each(FOLDERS)("the examples of the guides, $name", ({ name, guide, packages, programs }) => {
  const folder = join(ROOT, "examples", name);
  const files = readdirSync(folder).filter((file) => file.endsWith(".ts"));
  const guides = readdirSync(join(GUIDES, guide))
    .filter((file) => file.endsWith(".md"))
    .map((file) => readFileSync(join(GUIDES, guide, file), "utf8"));
  const unbuilt = packages.filter((one) => !existsSync(join(ROOT, "packages", one, "dist/index.js")));
  const missing = unbuilt.length === 0 ? "" : ` (skipped: not built: ${unbuilt.join(", ")}; run their build)`;

  test.skipIf(missing !== "").each(programs ?? files)(
    `%s runs to its end, prints something and complains of nothing${missing}`,
    { timeout: 120_000 },
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
