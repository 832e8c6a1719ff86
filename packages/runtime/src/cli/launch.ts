import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import { calmFlags } from "./calm-gc.ts";

const SIGNALS: readonly NodeJS.Signals[] = [
  "SIGINT",
  "SIGTERM",
  "SIGHUP",
  ...(process.platform === "win32" ? [] : (["SIGUSR2"] as const)), // the kill switch; Windows has none
];
const PARENT_CHECK_MS = 500;

/**
 * Runs the command line in a process with a calm collector, where it trades, and resolves with its exit code; undefined when this process
 * can run it itself. Nothing but Node is loaded here: this process only waits.
 *
 * The new one has our terminal, gets our signals, and closes in order when we are killed outright; when whoever launched us is, we end
 * for the same to happen.
 *
 * @param program The program's file.
 * @param args Without the program's own name.
 */
export async function launchCalm(program: string, args: readonly string[]): Promise<number | undefined> {
  const { env, execArgv, execPath, pid } = process;
  const flags = calmFlags(args, env, execArgv);
  if (flags.length === 0) return undefined;
  const child = spawn(execPath, [...execArgv, ...flags, program, ...args], {
    stdio: "inherit",
    env: { ...env, PITLANE_LAUNCHER_PID: String(pid) },
  });
  return exitOf(child);
}

function exitOf(child: ChildProcess): Promise<number> {
  const forward = (signal: NodeJS.Signals) => void child.kill(signal);
  const launcher = Number(process.env["PITLANE_LAUNCHER_PID"]);
  const check = setInterval(() => {
    if (process.ppid !== launcher) process.exit(1);
  }, PARENT_CHECK_MS);
  if (launcher !== process.ppid) clearInterval(check);
  for (const signal of SIGNALS) process.on(signal, forward);
  return new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGKILL"]));
  }).finally(() => {
    clearInterval(check);
    for (const signal of SIGNALS) process.off(signal, forward);
  });
}
