import { symlinkSync } from "node:fs";
import { delimiter, join } from "node:path";
import { expect, test } from "vitest";
import { foreignPath, toolEnvironment, userFolder } from "../lib/house.mjs";
import { createFolder } from "./programs.ts";

function setUp() {
  const { root: folder, write } = createFolder();
  write("pitlane/package.json", "{}");
  return { folder, root: join(folder, "pitlane"), write };
}

test("puts the workspace's tools first in PATH, by an absolute name and once", () => {
  const { root } = setUp();
  const bin = join(root, "node_modules", ".bin");
  const env = toolEnvironment(root, {
    PATH: ["/usr/bin", bin, "", join(root, "x", "node_modules", ".bin")].join(delimiter),
  });
  expect(env["PATH"]).toBe([bin, "/usr/bin"].join(delimiter));
});

test("keeps the user's environment and lets no tool report home", () => {
  const env = toolEnvironment("/pitlane", { PATH: "/usr/bin", HOME: "/home/ann" });
  expect(env).toMatchObject({ HOME: "/home/ann", TURBO_TELEMETRY_DISABLED: "1", DO_NOT_TRACK: "1" });
});

test("tells a folder beside the repository from one inside it", () => {
  expect(
    foreignPath("/a/pitlane", ["/a/pitlane-tools", "/a/pitlane", "/a/pitlane/bin", "/a", "/a/..x"].join(delimiter)),
  ).toEqual(["/a/pitlane-tools", "/a", "/a/..x"]);
});

test("starts relative paths where npm was called, inside the repository or not", () => {
  const { root, folder } = setUp();
  const env = (calledIn: string) => ({ INIT_CWD: calledIn, npm_package_json: join(root, "package.json") });
  expect(userFolder(root, env(join(root, "examples")), root)).toBe(join(root, "examples"));
  expect(userFolder(root, env(folder), root)).toBe(folder);
});

test("knows its own manifest behind a symbolic link", () => {
  const { root, folder } = setUp();
  symlinkSync(root, join(folder, "link"));
  const env = { INIT_CWD: folder, npm_package_json: join(folder, "link", "package.json") };
  expect(userFolder(root, env, root)).toBe(folder);
});

test("does not believe an INIT_CWD that another package's npm left behind", () => {
  const { root, folder, write } = setUp();
  write("package.json", "{}");
  expect(userFolder(root, { INIT_CWD: "/elsewhere", npm_package_json: join(folder, "package.json") }, root)).toBe(root);
  expect(userFolder(root, { INIT_CWD: "/elsewhere", npm_package_json: "/gone/package.json" }, root)).toBe(root);
  expect(userFolder(root, { INIT_CWD: "/elsewhere" }, root)).toBe(root);
  expect(userFolder(root, {}, "/home/ann")).toBe("/home/ann");
});
