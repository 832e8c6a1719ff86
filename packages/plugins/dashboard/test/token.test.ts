import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import { keepToken, projectFolder } from "../src/token.ts";

const folders: string[] = [];

function setUp() {
  const project = mkdtempSync(join(tmpdir(), "pitlane-token-"));
  folders.push(project);
  const run = join(project, ".pitlane", "runs", "20260101-000000-aaaa");
  mkdirSync(run, { recursive: true });
  let made = 0;
  const keep = (folder = run) => keepToken(folder, (count) => new Uint8Array(count).fill(++made));
  return { project, run, file: join(project, ".pitlane", "dashboard-token"), keep };
}

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

test("the token of a project outlives its runs, in a file that its owner alone can read", () => {
  const { file, keep } = setUp();
  const token = keep();
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, "utf8")).toBe(`${token}\n`);
  expect(keep()).toBe(token);
});

test("a file that others can read, that is a link, or that holds no token is replaced", () => {
  const { project, file, keep } = setUp();
  const first = keep();
  chmodSync(file, 0o644);
  const second = keep();
  expect(second).not.toBe(first);
  writeFileSync(file, "short\n");
  const third = keep();
  expect(third).toMatch(/^[\w-]{43}$/);
  rmSync(file);
  const elsewhere = join(project, "elsewhere");
  writeFileSync(elsewhere, `${second}\n`, { mode: 0o600 });
  symlinkSync(elsewhere, file);
  expect(keep()).not.toBe(second);
  expect(readFileSync(elsewhere, "utf8")).toBe(`${second}\n`);
});

test("a run outside a project gets a token of its own, and nothing is written", () => {
  const { project, keep } = setUp();
  const folder = join(project, "elsewhere");
  mkdirSync(folder);
  expect(keep(folder)).not.toBe(keep(folder));
  expect(existsSync(join(folder, "dashboard-token"))).toBe(false);
  expect(projectFolder(folder)).toBeUndefined();
});

test("a token that cannot be kept is an error that names the remedy", () => {
  const { file, keep } = setUp();
  mkdirSync(join(file, "in the way"), { recursive: true });
  expect(() => keep()).toThrow('set "token" in its settings');
});
