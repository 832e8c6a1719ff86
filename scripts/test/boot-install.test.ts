import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureInstalled } from "../lib/install.mjs";
import { pinnedVersion, pnpmRunners } from "../lib/pnpm.mjs";
import { createTestHouse } from "./programs.ts";

const LOG = 'echo "$(basename "$0") $*" >> log';

function setUp(programs: Readonly<Record<string, string>>) {
  // Every name is taken, so that no real program of the host can answer.
  const absent = { pnpm: "exit 1", npx: "exit 1", corepack: "exit 1" };
  const parts = createTestHouse({ ...absent, ...programs });
  parts.write("package.json", JSON.stringify({ packageManager: "pnpm@10.34.9+sha512.abc" }));
  parts.write("pnpm-lock.yaml", "lockfileVersion: 9");
  const calls = () =>
    existsSync(join(parts.root, "log")) ? readFileSync(join(parts.root, "log"), "utf8").trim().split("\n") : [];
  return { ...parts, calls };
}

test("reads the pinned version from the packageManager field", () => {
  expect(pinnedVersion("pnpm@10.34.9+sha512.f49b")).toBe("10.34.9");
  expect(pinnedVersion("pnpm@10.34.9")).toBe("10.34.9");
});

test.each([undefined, "pnpm@10", "pnpm@^10.34.9", "npm@11.0.0"])("does not accept %s as a pin", (pin) => {
  expect(() => pinnedVersion(pin)).toThrow('"packageManager" must pin pnpm');
});

test("takes the pnpm in PATH only at exactly the pinned version", () => {
  const commands = (inPath: string | undefined) => pnpmRunners("10.34.9", inPath).map(({ command }) => command);
  expect(commands("10.34.9")).toEqual(["pnpm", "npx", "corepack"]);
  expect(commands("12.21.0")).toEqual(["npx", "corepack"]);
  expect(commands(undefined)).toEqual(["npx", "corepack"]);
});

test("installs once from the lockfile, development tools included, then never again", async () => {
  const { house, lines, calls } = setUp({ npx: LOG });
  await ensureInstalled(house);
  await ensureInstalled(house);
  expect(calls()).toHaveLength(1);
  expect(calls()[0]).toMatch(/^npx --yes pnpm@10\.34\.9 install --frozen-lockfile --prefer-offline --prod=false/);
  expect(lines).toEqual(["Installing dependencies (npx pnpm@10.34.9) ..."]);
});

test("installs again when the lockfile has changed", async () => {
  const { house, write, calls } = setUp({ npx: LOG });
  await ensureInstalled(house);
  write("pnpm-lock.yaml", "lockfileVersion: 10");
  await ensureInstalled(house);
  expect(calls()).toHaveLength(2);
});

test("prefers a pnpm of the pinned version, asked for it outside the repository", async () => {
  const { house, calls } = setUp({
    pnpm: `if [ "$1" = --version ]; then [ -e pnpm-lock.yaml ] && echo 1.0.0 || echo 10.34.9; else ${LOG}; fi`,
    npx: LOG,
  });
  await ensureInstalled(house);
  expect(calls()).toHaveLength(1);
  expect(calls()[0]).toMatch(/^pnpm install/);
});

test("goes on to the next way when one fails", async () => {
  const { house, calls } = setUp({ npx: `${LOG}; exit 7`, corepack: LOG });
  await ensureInstalled(house);
  expect(calls().map((call) => call.split(" ")[0])).toEqual(["npx", "corepack"]);
});

test("says what every way printed when all fail, and tries again the next time", async () => {
  const { house, calls } = setUp({
    npx: `${LOG}; echo no network >&2; exit 7`,
    corepack: `${LOG}; echo no key; exit 9`,
  });
  await expect(ensureInstalled(house)).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringMatching(
      /npx pnpm@10\.34\.9, exit code 7:\nno network\n--- corepack pnpm, exit code 9:\nno key\n\nThe dependencies could not be installed/,
    ),
  });
  await expect(ensureInstalled(house)).rejects.toThrow("could not be installed");
  expect(calls()).toHaveLength(4);
});
