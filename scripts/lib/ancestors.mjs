import { readFileSync } from "node:fs";

const MOST_LEVELS = 4;

/**
 * Who this process works for: its parent, and when npm started it, every process up to and including npm.
 *
 * npm runs scripts through a shell. When npm is killed outright the shell lives on, so the parent alone would not show
 * it. What is above the parent is known on Linux only (from /proc); elsewhere the answer has one entry.
 *
 * @param {(pid: number) => { name: string, parent: number } | undefined} look Default: /proc.
 * @returns {number[]} Process ids, nearest first.
 */
export function ancestors(look = lookInProc) {
  const parents = [process.ppid];
  for (let pid = process.ppid; parents.length < MOST_LEVELS; ) {
    const seen = look(pid);
    if (seen === undefined) break;
    if (seen.name.startsWith("npm")) return parents;
    pid = seen.parent;
    parents.push(pid);
  }
  return [process.ppid]; // not under npm: a shell that ends after a program it left running is nobody's concern
}

/**
 * True when one of `before` has gone, or does not belong to the next one any more.
 *
 * @param {readonly number[]} before What `ancestors` said earlier.
 * @param {(pid: number) => { name: string, parent: number } | undefined} look Default: /proc.
 */
export function hasLostAncestor(before, look = lookInProc) {
  let parent = process.ppid;
  for (const [level, pid] of before.entries()) {
    if (parent !== pid) return true;
    if (level < before.length - 1) parent = look(pid)?.parent ?? 0;
  }
  return false;
}

/**
 * Source: proc(5), /proc/pid/stat: `pid (name) state ppid ...`, where the name may itself have parentheses.
 *
 * @param {number} pid
 */
function lookInProc(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const end = stat.lastIndexOf(")");
    return { name: stat.slice(stat.indexOf("(") + 1, end), parent: Number(stat.slice(end + 2).split(" ")[1]) };
  } catch {
    return undefined; // no such process, or no /proc
  }
}
