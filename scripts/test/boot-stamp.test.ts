import { rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { contentStamp, installStamp, listFiles, listingStamp, readStamp, writeStamp } from "../lib/stamp.mjs";
import { createFolder } from "./programs.ts";

const installation = {
  lockfile: "lock",
  packageManager: "pnpm@10.34.9",
  nodeAbi: "115",
  platform: "linux",
  arch: "x64",
};

test("the same installation has the same stamp", () => {
  expect(installStamp({ ...installation })).toBe(installStamp(installation));
});

test.each(Object.keys(installation))("another %s makes another installation", (key) => {
  expect(installStamp({ ...installation, [key]: "other" })).not.toBe(installStamp(installation));
});

test("text that moves from one input to the next is noticed", () => {
  const moved = { ...installation, platform: "linuxx", arch: "64" };
  expect(installStamp(moved)).not.toBe(installStamp(installation));
});

test("a stamp is read back as it was written, and a missing one is undefined", () => {
  const { root } = createFolder();
  const path = join(root, "deep", "er", "stamp");
  expect(readStamp(path)).toBeUndefined();
  writeStamp(path, "abc def");
  expect(readStamp(path)).toBe("abc def");
});

test("a content stamp sees edits, new names and files that went, not times or order", () => {
  const { root, write } = createFolder();
  write("a.ts", "1");
  write("b.ts", "2");
  const before = contentStamp(root, ["a.ts", "b.ts"]);
  utimesSync(join(root, "a.ts"), 1, 1);
  expect(contentStamp(root, ["b.ts", "a.ts"])).toBe(before);
  write("a.ts", "3");
  expect(contentStamp(root, ["a.ts", "b.ts"])).not.toBe(before);
  write("a.ts", "1");
  rmSync(join(root, "b.ts"));
  expect(contentStamp(root, ["a.ts", "b.ts"])).not.toBe(before);
});

test("a listing stamp sees a file that was written again", () => {
  const { root, write } = createFolder();
  write("a.js", "1");
  utimesSync(join(root, "a.js"), 1, 1);
  const before = listingStamp(root, ["a.js"]);
  expect(listingStamp(root, ["a.js"])).toBe(before);
  utimesSync(join(root, "a.js"), 1, 2);
  expect(listingStamp(root, ["a.js"])).not.toBe(before);
});

test("lists files at every depth, leaves out the folders it is told to and knows nothing of a missing one", () => {
  const { root, write } = createFolder();
  for (const path of ["p/a.ts", "p/src/b.ts", "p/src/deep/c.ts", "p/test/d.ts", "p/src/test/e.ts"]) write(path, "");
  expect(listFiles(root, "p", new Set(["test"])).sort()).toEqual(["p/a.ts", "p/src/b.ts", "p/src/deep/c.ts"]);
  expect(listFiles(root, "absent", new Set())).toEqual([]);
});
