import { spawnSync } from "node:child_process";

/** Debian's package prometheus has it. */
export function hasPromtool(): boolean {
  return spawnSync("promtool", ["--version"]).status === 0;
}
