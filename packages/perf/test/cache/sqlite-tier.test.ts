import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, expect, test } from "vitest";
import { SqliteTier } from "../../src/cache/sqlite-tier.ts";
import { InvalidInputError } from "../../src/errors.ts";
import { ManualClock } from "../../src/testing.ts";
import { entryOf, testTier } from "./tier-contract.ts";

const folder = mkdtempSync(join(tmpdir(), "pitlane-cache-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;

function setUp(options: { path?: string; maxBytes?: number } = {}) {
  const clock = new ManualClock();
  const path = join(folder, `${++files}.db`);
  return { clock, path, tier: new SqliteTier({ path, clock, ...options }) };
}

testTier(() => {
  const { tier } = setUp();
  return { tier, close: () => tier.close() };
});

test("survives a restart, entries and epoch", async () => {
  const { path, clock, tier } = setUp();
  await tier.invalidate([{ kind: "key", text: "other" }]);
  await tier.set("k", entryOf("1", ["x"]), 1);
  tier.close();
  const again = new SqliteTier({ path, clock });
  expect(await again.get("k")).toEqual({ entry: entryOf("1", ["x"]), epoch: 1 });
  again.close();
});

test("an invalidation through one connection refuses the overtaken write of another", async () => {
  const { path, clock, tier } = setUp();
  const other = new SqliteTier({ path, clock });
  const { epoch } = await other.get("k");
  await tier.invalidate([{ kind: "key", text: "k" }]);
  expect(await other.set("k", entryOf("old"), epoch)).toBe(false);
  tier.close();
  other.close();
});

test("removes expired entries in small portions as it writes", async () => {
  const { clock, tier } = setUp();
  const shortLived = { ...entryOf("v"), freshUntilUs: clock.nowUs() + 1, staleUntilUs: clock.nowUs() + 1 };
  for (let i = 0; i < 30; i++) await tier.set(`old:${i}`, shortLived, 0);
  clock.advance({ ms: 1 });
  for (let i = 0; i < 48; i++) await tier.set("new", entryOf("v"), 0);
  expect((await tier.get("new")).entry).toBeDefined();
  for (let i = 0; i < 30; i++) expect((await tier.get(`old:${i}`)).entry).toBeUndefined();
  tier.close();
});

test("a full file gives up entries and takes new ones", async () => {
  const { path, tier } = setUp({ maxBytes: 2 ** 20 });
  const value = "x".repeat(1_000);
  for (let i = 0; i < 3_000; i++)
    expect(await tier.set(`k:${i}`, { ...entryOf(value, ["t"]), staleUntilUs: i }, 0)).toBe(true);
  expect(statSync(path).size).toBeLessThanOrEqual(2 ** 20);
  expect((await tier.get("k:2999")).entry?.value).toBe(value);
  expect(await tier.invalidate([{ kind: "tag", text: "t" }])).toBe(1);
  expect((await tier.get("k:2999")).entry).toBeUndefined();
  tier.close();
});

test("names the file when it is not a cache, or cannot be opened", () => {
  const path = join(folder, "notes.db");
  writeFileSync(path, "these are notes, no database".repeat(200));
  const clock = new ManualClock();
  expect(() => new SqliteTier({ path, clock })).toThrow(/notes\.db/);
  expect(() => new SqliteTier({ path: join(folder, "missing", "x.db"), clock })).toThrow(InvalidInputError);
  expect(() => new SqliteTier({ path: join(folder, "y.db"), maxBytes: 5, clock })).toThrow(/maxBytes/);
});

test("processes that open one new file at the same time share it", async () => {
  const path = join(folder, "shared.db");
  const tierFile = fileURLToPath(new URL("../../src/cache/sqlite-tier.ts", import.meta.url));
  const outfile = join(folder, "many.cjs");
  const contents = `import { SqliteTier } from ${JSON.stringify(tierFile)};
    const options = { path: ${JSON.stringify(path)}, busyTimeoutMs: 10_000, clock: { nowUs: () => 0 } };
    async function run() {
      const tier = new SqliteTier(options);
      for (let i = 0; i < 100; i++) await tier.invalidate([{ kind: "key", text: process.argv[2] }]);
      tier.close();
    }
    run();`;
  const define = { "import.meta.url": JSON.stringify(import.meta.url) }; // from where libsql is found
  const stdin = { contents, resolveDir: folder };
  await build({ stdin, bundle: true, platform: "node", format: "cjs", target: "node20", outfile, define });
  await Promise.all(["a", "b", "c"].map((name) => promisify(execFile)(process.execPath, [outfile, name])));
  const tier = new SqliteTier({ path, clock: new ManualClock() });
  expect((await tier.get("k")).epoch).toBe(300);
  tier.close();
});

test("says which package to install when libsql is missing", async () => {
  const entry = fileURLToPath(new URL("../../src/cache/sqlite-tier.ts", import.meta.url));
  const outfile = join(folder, "tier.mjs"); // nothing is installed beside it
  await build({ entryPoints: [entry], bundle: true, platform: "node", format: "esm", target: "node20", outfile });
  const program = `import { SqliteTier } from "./tier.mjs";
    try { new SqliteTier({ path: "x.db", clock: { nowUs: () => 0 } }); } catch ({ code, message }) { console.log(code, message); }`;
  writeFileSync(join(folder, "program.mjs"), program);
  const { NODE_PATH: _, ...env } = process.env; // pnpm's way of showing programs all packages of the workspace
  const { stdout } = await promisify(execFile)(process.execPath, [join(folder, "program.mjs")], { cwd: folder, env });
  expect(stdout.trim()).toBe("MISSING_PACKAGE the SQLite tier needs the package libsql: npm install libsql");
});
