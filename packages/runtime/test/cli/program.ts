import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = fileURLToPath(new URL("../..", import.meta.url));
const BIN = join(PACKAGE, "bin/pitlane.mjs");
const running = new Set<ChildProcess>();

/** Ends what `start` started and is still running. */
export function killAll(): void {
  for (const child of running) child.kill("SIGKILL");
}

/** Runs the built `pitlane ARGS`, in a new empty folder unless one is given. */
export function start(args: readonly string[], cwd = mkdtempSync(join(tmpdir(), "pitlane-cli-"))) {
  if (!existsSync(join(PACKAGE, "dist/cli.js"))) {
    throw new Error("these tests run the built program: build first (`npm test` does)");
  }
  const child = spawn(process.execPath, [BIN, ...args], {
    cwd,
    env: { ...process.env, NO_COLOR: "1" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.add(child);
  let out = "";
  let err = "";
  let isOver = false; // its output is whole: when it exits there may be some on its way
  const watchers = new Set<() => void>();
  child.stdout.on("data", (data: Buffer) => {
    out += data.toString();
    for (const watch of watchers) watch();
  });
  child.stderr.on("data", (data: Buffer) => {
    err += data.toString();
  });
  const done = new Promise<{ code: number | null; out: string; err: string; cwd: string }>((resolve) => {
    child.on("close", (code) => {
      running.delete(child);
      isOver = true;
      for (const watch of watchers) watch();
      resolve({ code, out, err, cwd });
    });
  });
  /** Resolves when the output holds `text`. */
  const shows = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const watch = () => {
        if (out.includes(text)) resolve(out);
        else if (isOver) reject(new Error(`ended without "${text}": ${out}${err}`));
        else return;
        watchers.delete(watch);
      };
      watchers.add(watch);
      watch();
    });
  return { child, done, shows, cwd };
}
