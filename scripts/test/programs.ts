import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import type { House } from "../lib/house.mjs";

/** A folder for the running test alone, and a way to put files into it. */
export function createFolder() {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "pitlane-boot-")));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  return { root, write };
}

/** A house whose PATH has only the given programs (name to shell script) and the system's own folders. */
export function createTestHouse(programs: Readonly<Record<string, string>>) {
  const { root, write } = createFolder();
  const bin = createFolder().root;
  for (const [name, script] of Object.entries(programs)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(bin, name), 0o755);
  }
  const lines: string[] = [];
  const house: House = {
    root,
    env: { PATH: [bin, "/usr/bin", "/bin"].join(delimiter) },
    userFolder: root,
    say: (line) => lines.push(line),
  };
  return { house, root, write, lines };
}
