import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterEach, expect, test } from "vitest";
import { parse } from "yaml";
import { PROJECT_VERSIONS } from "../../src/cli/new-project.ts";
import type { Report } from "../../src/index.ts";
import { run } from "./host.ts";
import { killAll, start } from "./program.ts";

afterEach(killAll);

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const folder = () => mkdtempSync(join(tmpdir(), "pitlane-new-"));

test("new writes a strategy that runs and trades, without an install or a build", async () => {
  const cwd = folder();
  const written = await run(["new", "my-strategy", "--json", "new.json"], { cwd });
  expect({ code: written.code, err: written.err }).toEqual({ code: 0, err: "" });
  expect(written.out).toContain("npx pitlane run ./strategy.ts");
  const project = join(cwd, "my-strategy");
  expect(JSON.parse(readFileSync(join(cwd, "new.json"), "utf8"))).toEqual({
    name: "my-strategy",
    folder: project,
    files: expect.arrayContaining(readdirSync(project)),
  });
  const dip = "strategies[0].config.my-strategy.dipBps=1"; // so that it need not wait for a deep fall
  const args = ["run", "./strategy.ts", "--set", dip, "--duration", "60s", "--json", "out.json"];
  const { child, done, shows } = start(args, project);
  await shows("my-strategy: buy");
  child.kill("SIGINT");
  const { code, err } = await done;
  expect({ code, err }).toEqual({ code: 0, err: "" });
  const report = JSON.parse(readFileSync(join(project, "out.json"), "utf8")) as Report;
  expect(report).toMatchObject({ run: { strategies: ["my-strategy"] }, faults: [] });
  expect(report.fills.count).toBeGreaterThan(0);
}, 120_000);

test("its own test and its types pass, on the packages as they are published", async () => {
  const cwd = folder();
  await run(["new", "my-strategy"], { cwd });
  const project = join(cwd, "my-strategy");
  // What `npm install` would put there.
  mkdirSync(join(project, "node_modules"));
  const runtime = fileURLToPath(new URL("../..", import.meta.url));
  const installed = {
    pitlane: runtime,
    valibot: join(runtime, "node_modules/valibot"),
    vitest: join(ROOT, "node_modules/vitest"),
  };
  for (const [name, target] of Object.entries(installed)) symlinkSync(target, join(project, "node_modules", name));
  const bin = (name: string) => join(ROOT, "node_modules", name);
  const node = (...args: readonly string[]) => promisify(execFile)(process.execPath, args, { cwd: project });
  await node(bin("typescript/bin/tsc"));
  const { stdout } = await node(bin("vitest/vitest.mjs"), "run");
  expect(stdout.replace(/\x1b\[[0-9;]*m/g, "")).toMatch(/Tests\s+2 passed/);
}, 120_000);

test("it asks for the versions that this repository is tested with", () => {
  const { catalog } = parse(readFileSync(join(ROOT, "pnpm-workspace.yaml"), "utf8")) as {
    readonly catalog: Readonly<Record<string, string>>;
  };
  const asked = Object.entries(PROJECT_VERSIONS);
  expect(asked.map(([name]) => [name, `^${catalog[name]}`])).toEqual(asked);
});

test.each([
  ["a folder with something in it", "full", "full is there already"],
  ["a file of that name", "file", "file is there already"],
  ["a name that is no strategy's", "../My_Strategy", "use kebab case"],
])("%s is refused, and nothing is written", async (_, name, message) => {
  const cwd = folder();
  mkdirSync(join(cwd, "full"));
  writeFileSync(join(cwd, "full", "mine.ts"), "");
  writeFileSync(join(cwd, "file"), "");
  const { code, err } = await run(["new", name], { cwd });
  expect(code).toBe(2);
  expect(err).toContain(message);
  expect(readdirSync(join(cwd, "full"))).toEqual(["mine.ts"]);
  mkdirSync(join(cwd, "empty"));
  expect((await run(["new", "empty"], { cwd })).code).toBe(0);
  expect(existsSync(join(cwd, "empty", "strategy.ts"))).toBe(true);
});
