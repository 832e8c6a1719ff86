import { spawn } from "node:child_process";
import { ancestors, hasLostAncestor } from "./ancestors.mjs";
import { Stop, signalExitCode } from "./stop.mjs";

const FORWARDED = /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"]);
const PARENT_CHECK_MS = 500;

/** Read when this file loads, so that one that dies early is noticed too. */
const ANCESTORS = ancestors();

/**
 * @typedef {object} Finished
 * @property {number} code The exit code; 128 + n when signal n ended the program.
 * @property {string} output What it printed, both streams in order of arrival; empty unless `quiet`.
 */

/**
 * Runs a program to its end and takes it along when this process is told to go.
 *
 * SIGINT, SIGTERM and SIGHUP are forwarded. A signal sent to npm alone never gets here: npm ends and this process lives
 * on; that is noticed within half a second and the program gets SIGTERM. Signals sent to the whole process group (Ctrl-C)
 * reach the program twice.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, quiet?: boolean }} options `quiet` captures the output and gives no stdin.
 * @returns {Promise<Finished & { stoppedBy: NodeJS.Signals | undefined }>} `stoppedBy` is the first signal that was passed on.
 * @throws {Stop} When the program cannot be started.
 */
export function supervise(command, args, { cwd, env, quiet = false }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: quiet ? ["ignore", "pipe", "pipe"] : "inherit" });

    /** @type {Buffer[]} */
    const chunks = [];
    child.stdout?.on("data", (chunk) => chunks.push(chunk));
    child.stderr?.on("data", (chunk) => chunks.push(chunk));

    /** @type {NodeJS.Signals | undefined} */
    let stoppedBy;
    /** @param {NodeJS.Signals} signal */
    const forward = (signal) => {
      stoppedBy ??= signal;
      child.kill(signal);
    };
    const parentCheck = setInterval(() => {
      if (!hasLostAncestor(ANCESTORS)) return;
      clearInterval(parentCheck);
      forward("SIGTERM");
    }, PARENT_CHECK_MS);
    for (const signal of FORWARDED) process.on(signal, forward);
    const detach = () => {
      clearInterval(parentCheck);
      for (const signal of FORWARDED) process.removeListener(signal, forward);
    };

    child.once("error", (error) => {
      detach();
      reject(new Stop(`${command} could not be started: ${error.message}`, 1));
    });
    child.once("close", (code, signal) => {
      detach();
      resolve({
        code: signal === null ? (code ?? 1) : signalExitCode(signal),
        output: Buffer.concat(chunks).toString("utf8"),
        stoppedBy,
      });
    });
  });
}

/**
 * Runs one of the workspace's tools with its output held back.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<Finished>} Code 127 and the reason as output when it cannot be started.
 * @throws {Stop} When this process was told to go meanwhile.
 */
export async function runTool(command, args, options) {
  const { stoppedBy, ...finished } = await supervise(command, args, { ...options, quiet: true }).catch((error) => ({
    code: 127,
    output: `${error.message}\n`,
    stoppedBy: undefined,
  }));
  if (stoppedBy !== undefined) throw new Stop("", signalExitCode(stoppedBy));
  return finished;
}
